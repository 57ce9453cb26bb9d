use super::*;

/// Rows as the map has them, one for each thing that it can say.
const MAP: &str = r#"{
 "sample_spec": {"mode": "one of chat, embedding"},
 "gpt-9": {"litellm_provider": "openai", "mode": "chat", "max_output_tokens": 1000, "source": "https://example.com/p",
   "input_cost_per_token": 2.9999900000000002e-06, "output_cost_per_token": 1e-05, "output_cost_per_reasoning_token": 1e-05,
   "cache_read_input_token_cost": 1e-07, "cache_creation_input_token_cost": 2.5e-06, "cache_creation_input_token_cost_above_1hr": 5e-06,
   "input_cost_per_token_above_272k_tokens": 4e-06, "input_cost_per_audio_token_above_272k_tokens": 4e-06, "output_cost_per_token_above_272k_tokens": 1.5e-05,
   "input_cost_per_token_flex": 1e-06, "output_cost_per_token_flex": 5e-06,
   "input_cost_per_token_above_272k_tokens_flex": 2e-06, "output_cost_per_token_above_272k_tokens_flex": 7.5e-06,
   "input_cost_per_token_ultrafast": 9e-06, "regional_processing_uplift_multiplier_us": 1.1,
   "search_context_cost_per_query": {"search_context_size_low": 0.014}},
 "text-embedding-9": {"litellm_provider": "openai", "mode": "embedding", "input_cost_per_token": 1e-08, "output_cost_per_token": 1e-08},
 "azure/eu/gpt-9": {"litellm_provider": "azure", "mode": "responses", "input_cost_per_token": 2.4e-06, "output_cost_per_token": 1.2e-05},
 "azure/mistery/gpt-9": {"litellm_provider": "azure", "mode": "chat", "input_cost_per_token": 2.4e-06, "output_cost_per_token": 1.2e-05},
 "azure_ai/model-router": {"litellm_provider": "azure_ai", "mode": "chat", "input_cost_per_token": 1.4e-07, "output_cost_per_token": 0},
 "global.anthropic.claude-9": {"litellm_provider": "bedrock_converse", "mode": "chat", "input_cost_per_token": 4e-06, "output_cost_per_token": 2e-05},
 "anthropic.claude-9": {"litellm_provider": "bedrock_converse", "mode": "chat", "input_cost_per_token": 4e-06, "output_cost_per_token": 2e-05},
 "anthropic.claude-8": {"litellm_provider": "bedrock_converse", "mode": "chat", "input_cost_per_token": 4e-06, "output_cost_per_token": 2e-05},
 "bedrock/eu-west-2/open.model": {"litellm_provider": "bedrock", "mode": "chat", "input_cost_per_token": 2e-07, "output_cost_per_token": 1e-06},
 "bedrock/eu-west-2/6-month-commitment/open.model": {"litellm_provider": "bedrock", "mode": "chat", "input_cost_per_token": 1, "output_cost_per_token": 1},
 "bedrock/some_platform/open.model": {"litellm_provider": "bedrock", "mode": "chat", "input_cost_per_token": 1e-07, "output_cost_per_token": 1e-06},
 "gemini/gemma-4-31b-it": {"litellm_provider": "gemini", "mode": "chat", "input_cost_per_token": 0, "output_cost_per_token": 0},
 "gemini/gemini-exp": {"litellm_provider": "gemini", "mode": "chat", "input_cost_per_token": 0, "output_cost_per_token": 0},
 "vertex_ai/claude-9@default": {"litellm_provider": "vertex_ai-anthropic_models", "mode": "chat", "input_cost_per_token": 4e-06, "output_cost_per_token": 2e-05, "regional_endpoint_uplift_multiplier": 1.1, "provider_specific_entry": {"us": null}},
 "xai/grok-9": {"litellm_provider": "xai", "mode": "chat", "input_cost_per_token": 1e-06, "output_cost_per_token": 2e-06, "input_cost_per_token_above_200k_tokens": 2e-06},
 "deepseek/deepseek-9": {"litellm_provider": "deepseek", "mode": "chat", "input_cost_per_token": 1.32e-06, "output_cost_per_token": 3.96e-06, "cache_creation_input_token_cost": 0.0,
   "off_peak_pricing": {"input_cost_per_token": 6.6e-07, "output_cost_per_token": 1.98e-06,
     "windows": [{"hours_utc": ["00:00-01:00", "10:00-00:00"], "weekdays": [1, 2, 3, 4, 5]}, {"hours_utc": "00:00-00:00", "weekdays": [6, 7]}]}},
 "deepseek/over-midnight": {"litellm_provider": "deepseek", "mode": "chat", "input_cost_per_token": 1e-06, "output_cost_per_token": 1e-06, "source": "https://example.com/a\u200bb\"",
   "off_peak_pricing": {"input_cost_per_token": 5e-07, "windows": [{"hours_utc": "16:30-00:30", "weekdays": [1, 3, 7]}]}},
 "deepseek/odd-hours": {"litellm_provider": "deepseek", "mode": "chat", "input_cost_per_token": 1e-06, "output_cost_per_token": 1e-06, "off_peak_pricing": {"input_cost_per_token": 5e-07, "windows": [{"hours_utc": "late"}]}},
 "azure/model-router": {"litellm_provider": "azure", "mode": "chat", "input_cost_per_token": 1.4e-07, "output_cost_per_token": 0},
 "together_ai/half": {"litellm_provider": "together_ai", "mode": "chat", "input_cost_per_token": 1.4e-07, "output_cost_per_token": 0},
 "cohere/command": {"litellm_provider": "cohere", "mode": "chat", "input_cost_per_token": 1e-06, "output_cost_per_token": 2e-06}
}"#;

/// What follows the head.
const BOOK: &str = r#"
[[price]]
kind = "azure"
id = "gpt-9"
scope = "data-zone-eu"
rates = { input = "2.4", output = "12" }

[[price]]
kind = "bedrock"
id = "anthropic.claude-8"
scope = "in-region"
rates = { input = "4", output = "20" }

[[price]]
kind = "bedrock"
id = "anthropic.claude-9"
scope = "in-region"
rates = { input = "4.4", output = "22" }

[[price]]
kind = "bedrock"
id = "global.anthropic.claude-9"
scope = "global"
rates = { input = "4", output = "20" }

[[price]]
kind = "bedrock"
id = "open.model"
scope = "eu-west-2"
rates = { input = "0.2", output = "1" }

[[price]]
kind = "deepseek"
id = "deepseek-9"
scope = "global"
rates = { input = "1.32", output = "3.96" }
off_peak = { input = "0.66", output = "1.98" }
off_peak_windows_utc = ["Mon-Fri 00:00-01:00", "Mon-Fri 10:00-24:00", "Sat-Sun all day"]

[[price]]
kind = "deepseek"
id = "over-midnight"
scope = "global"
rates = { input = "1", output = "1" }
off_peak = { input = "0.5" }
off_peak_windows_utc = ["Mon 16:30-24:00", "Wed 16:30-24:00", "Sun 16:30-24:00", "Mon-Tue 00:00-00:30", "Thu 00:00-00:30"]
source_page = SOURCE

[[price]]
kind = "gemini"
id = "gemma-4-31b-it"
scope = "global"
rates = { input = "0", output = "0" }

[[price]]
kind = "openai"
id = "gpt-9"
scope = "global"
rates = { input = "2.99999", cached_input = "0.1", cache_write_1h = "5", cache_write = "2.5", output = "10" }
tiers = [{ above = 272000, input = "4", output = "15" }]
service.flex = { input = "1", output = "5", tiers = [{ above = 272000, input = "2", output = "7.5" }] }
region_uplift = "1.1"
max_output = 1000
source_page = "https://example.com/p"

[[price]]
kind = "vertex"
id = "claude-9@default"
scope = "global"
rates = { input = "4", output = "20" }
region_uplift = "1.1"

[[price]]
kind = "xai"
id = "grok-9"
scope = "global"
rates = { input = "1", output = "2" }
tiers = [{ above = 200000, inclusive = true, input = "2" }]
"#;

#[test]
fn the_map_becomes_a_book_row_by_row() {
    let text = convert(MAP, "2026-12-01", "a map").unwrap();
    let (head, rows) = text.split_at(text.find("\n[[price]]").unwrap());
    assert!(head.contains("as_of = \"2026-12-01\"\nsource = \"a map\"\n"), "{head}");
    let page = "https://example.com/a\u{200b}b\"";
    assert_eq!(rows, BOOK.replace("SOURCE", &toml::Value::from(page).to_string()));
    let book = super::super::book::read(&text).unwrap();
    assert_eq!(book.rows.len(), 11);
}

#[test]
fn what_is_no_map_is_refused_with_the_reason() {
    let with = |from: &str, to: &str| MAP.replace(from, to);
    for (text, words) in [
        (String::new(), "it is empty"),
        (" <!DOCTYPE html><title>Sign in</title>".to_owned(), "a web page"),
        (MAP.get(..MAP.len() / 2).unwrap().to_owned(), "no JSON object"),
        ("[1, 2]".to_owned(), "no JSON object"),
        (
            with("\"output_cost_per_token\": 1e-05", "\"output_cost_per_token\": -1e-05"),
            "gpt-9: -0.00001 is no price",
        ),
        (with("\"output_cost_per_token\": 1e-05", "\"output_cost_per_token\": 0.5"), "which no model costs"),
        (
            with("\"output_cost_per_token\": 1e-05", "\"output_cost_per_token\": \"much\""),
            "gpt-9: \"much\" is no price",
        ),
    ] {
        let error = convert(&text, "2026-12-01", "a map").unwrap_err();
        assert!(error.contains(words), "{error}, wanted {words}");
    }
}
