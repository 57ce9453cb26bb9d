use super::*;

/// Whatever a cloud writes around it, the name stays the same.
#[test]
fn ids_of_every_cloud_become_one_name() {
    for (id, name) in [
        ("claude-opus-5-5", "claude-opus-5-5"),
        ("us.anthropic.claude-opus-5-5-v1:0", "claude-opus-5-5-v1"),
        ("anthropic.claude-opus-5-5:0", "claude-opus-5-5"),
        ("us-gov.anthropic.claude-opus-5-5", "claude-opus-5-5"),
        ("anthropic/claude-opus-5.5", "claude-opus-5-5"),
        ("claude-opus-5-5@default", "claude-opus-5-5"),
        ("claude-opus-4-5@20251101", "claude-opus-4-5"),
        ("Claude-Opus-5-5", "claude-opus-5-5"),
        ("openai/gpt-oss-120b-maas", "gpt-oss-120b-maas"),
        ("openai.gpt-oss-120b-1:0", "gpt-oss-120b-1"),
        ("gpt-oss:120b", "gpt-oss-120b"),
        ("models/gemini-3.8-flash", "gemini-3-8-flash"),
        (
            "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-opus-5-5",
            "claude-opus-5-5",
        ),
        ("arn:aws:bedrock:eu-west-1::foundation-model/amazon.nova-2-lite-v1:0", "nova-2-lite-v1"),
        ("in.openai.gpt-5.6-terra", "gpt-5-6-terra"),
        ("FW-GLM-5.3", "glm-5-3"),
        ("deepseek.v3.2", "deepseek-v3-2"),
        ("  gpt-6-sol ", "gpt-6-sol"),
        ("", ""),
    ] {
        assert_eq!(plain(id), name, "{id}");
    }
}

/// Every id of a line is the same generation.
#[test]
fn every_spelling_finds_the_same_row() {
    for ids in [
        &["claude-opus-5-5", "us.anthropic.claude-opus-5-5-v1:0", "anthropic/claude-opus-5.5"][..],
        &[
            "claude-opus-4-5",
            "claude-opus-4-5@20251101",
            "claude-opus-4-5-20251101",
            "anthropic/claude-opus-4.5",
        ],
        &[
            "gpt-oss-120b",
            "openai/gpt-oss-120b-maas",
            "openai.gpt-oss-120b-1:0",
            "gpt-oss:20b",
            "GPT-OSS-20B",
        ],
        &["gemini-3.8-flash", "models/gemini-3.8-flash", "google/gemini-3.8-flash", "gemini-3.7-flash"],
        &["gpt-5", "gpt-5-mini", "openai/gpt-5", "gpt-5-2025-08-07"],
        &["claude-sonnet-4-20250514", "claude-3-7-sonnet-20250219", "claude-haiku-4-5-20251001"],
        &["llama3.3:70b", "us.meta.llama3-3-70b-instruct-v1:0", "meta-llama/llama-4-scout", "llama4:scout"],
        &["mistral-large-2512", "mistralai/mistral-large-4-0", "Mistral-Large-3", "mistral-medium-latest"],
    ] {
        let first = takes(ids[0]).unwrap();
        for id in ids {
            assert!(std::ptr::eq(takes(id).unwrap(), first), "{id}");
        }
    }
}

#[test]
fn neighbouring_generations_are_told_apart() {
    use Temperature::{No, OnlyWhenEffortIsNone, OnlyWithoutThinking};
    let old = OnlyWithoutThinking { max: 1.0 };
    for (id, temperature, efforts) in [
        ("gpt-4.1-mini", ANY, &[][..]),
        ("o3-mini", No, LOW_TO_HIGH),
        ("gpt-5-mini", No, MINIMAL_TO_HIGH),
        ("gpt-5.1", OnlyWhenEffortIsNone, NONE_TO_XHIGH),
        ("gpt-5.4-nano", OnlyWhenEffortIsNone, NONE_TO_XHIGH),
        ("gpt-5.6-luna", OnlyWhenEffortIsNone, NONE_TO_MAX),
        ("gpt-6-sol", OnlyWhenEffortIsNone, NONE_TO_MAX),
        ("gpt-6-astra", No, LOW_TO_MAX),
        ("gpt-6.1-sol", No, LOW_TO_MAX),
        ("gpt-6.1-terra", OnlyWhenEffortIsNone, NONE_TO_MAX),
        ("gpt-6.2-sol", No, LOW_TO_XHIGH),
        ("claude-2.1", Temperature::Yes { max: 1.0 }, &[]),
        ("claude-3-opus-20240229", Temperature::Yes { max: 1.0 }, &[]),
        ("claude-3-5-haiku", Temperature::Yes { max: 1.0 }, &[]),
        ("claude-haiku-4-5", old, &[]),
        ("claude-opus-4-6", old, &[Effort::Low, Effort::Medium, Effort::High, Effort::Max]),
        ("claude-opus-4-7", No, LOW_TO_MAX),
        ("claude-opus-5", No, LOW_TO_MAX),
        ("gemini-2.5-flash-lite", ANY, &[]),
        ("gemini-3.1-pro-preview", ANY, LOW_TO_HIGH),
        ("gemini-3.5-flash", ANY, MINIMAL_TO_HIGH),
        ("gemini-4-argon", ANY, LOW_TO_XHIGH),
        ("qwen3:32b", ANY, NONE_TO_HIGH),
        ("qwen/qwen3-coder", ANY, &[]),
        ("us.amazon.nova-2-lite-v1:0", Temperature::Yes { max: 1.0 }, NONE_TO_HIGH),
        ("amazon.nova-pro-v1:0", Temperature::Yes { max: 1.0 }, &[]),
    ] {
        let found = takes(id).unwrap_or_else(|| panic!("{id} has no row"));
        assert_eq!((found.temperature, found.efforts), (temperature, efforts), "{id}");
    }
}

#[test]
fn claude_tells_how_it_may_think() {
    let budget = Some(CLAUDE_BUDGET);
    for (id, expected) in [
        ("claude-opus-5-5", ALWAYS),
        ("claude-sonnet-5.5", ALWAYS),
        ("claude-fable-5-2", ALWAYS),
        ("claude-mythos-5", ALWAYS),
        ("claude-haiku-5-5", thinking(Off::UpTo(Effort::High), true, None)),
        ("claude-opus-5", thinking(Off::UpTo(Effort::High), true, budget)),
        ("claude-sonnet-5", thinking(Off::Yes, true, budget)),
        ("claude-opus-4-8", thinking(Off::Yes, true, budget)),
        ("claude-sonnet-4-6", thinking(Off::Yes, true, budget)),
        ("claude-sonnet-4-5", thinking(Off::Yes, false, budget)),
    ] {
        assert_eq!(takes(id).unwrap().thinking, expected, "{id}");
    }
}

#[test]
fn what_no_source_describes_is_not_guessed() {
    for id in [
        "",
        "*",
        "my-deployment",
        "gpt",
        "gpt-5.7",
        "gpt-6",
        "gpt-7-sol",
        "claude-opus-6",
        "claude-next",
        "gemini-5-flash",
        "qwen3.5",
        "grok-4.7",
        "deepseek.v3.2",
        "kimi-k3",
        "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2c3",
    ] {
        assert_eq!(takes(id), None, "{id}");
    }
}

/// [`Effort::ALL`] is an order, and the rows keep it: the nearest value is found by it.
#[test]
fn efforts_stand_in_their_order() {
    let place = |e: &Effort| Effort::ALL.iter().position(|a| a == e).unwrap();
    for row in ROWS {
        assert!(row.takes.efforts.is_sorted_by_key(place), "{:?}", row.names);
    }
}
