//! OpenAI Responses (`wire-protocols` §2).

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::chat::{no_budget, role, split};
use super::error::stream_fault;
use super::images::{First, content};
use super::lenient::{Patience, Strays, count, error_event, word};
use super::{Call, Carried, Dialect, Frame, Framing, Pair, Progress, Reader, WireTakes};
use crate::model::Class;
use crate::model::Delta;
use crate::model::Effort;
use crate::model::Fault;
use crate::model::Image;
use crate::model::Off;
use crate::model::Served;
use crate::model::Stop;
use crate::model::Thinking;
use crate::model::ThinkingTaken;
use crate::model::Turn;
use crate::model::Usage;

/// `POST {base}/responses`.
pub struct Responses;

impl Dialect for Responses {
    fn id(&self) -> &'static str {
        "responses"
    }

    fn framing(&self) -> Framing {
        Framing::Sse
    }

    fn path(&self, _call: &Call<'_>) -> String {
        "/responses".to_owned()
    }

    /// `store` is always false: the vendor's default keeps every answer for 30 days.
    fn encode(&self, call: &Call<'_>) -> Result<Value, Fault> {
        let Call { model, prompt, params, quirks, .. } = *call;
        let off = match params.thinking {
            Some(Thinking::Budget(_)) => return Err(no_budget("the Responses API")),
            Some(Thinking::Off) => Some(Effort::None),
            Some(Thinking::On) | None => None,
        };
        let mut body = Map::new();
        body.insert("model".into(), model.into());
        if let Some(system) = &prompt.system {
            body.insert("instructions".into(), system.as_str().into());
        }
        let input: Vec<Value> = prompt.turns.iter().map(item).collect();
        body.insert("input".into(), input.into());
        if let Some(n) = params.max_tokens {
            body.insert("max_output_tokens".into(), n.into());
        }
        if let Some(t) = params.temperature {
            body.insert("temperature".into(), t.into());
        }
        let effort = params.effort.or(off);
        if effort.is_some() || params.thinking.is_some() {
            let mut reasoning = Map::new();
            if let Some(effort) = effort {
                reasoning.insert("effort".into(), effort.word().into());
            }
            // Without a summary no reasoning text is streamed; without reasoning there is none.
            if effort != Some(Effort::None) {
                reasoning.insert("summary".into(), "auto".into());
            }
            body.insert("reasoning".into(), reasoning.into());
        }
        if let Some(tier) = params.tier {
            body.insert("service_tier".into(), tier.into());
        }
        body.insert("store".into(), false.into());
        body.insert("stream".into(), true.into());
        if !quirks.plain && !quirks.no_stream_options {
            body.insert("stream_options".into(), json!({"include_obfuscation": false}));
        }
        Ok(body.into())
    }

    /// One field for effort and thinking, no budget; `on` is a summary of the reasoning.
    fn takes(&self, _model: &str) -> WireTakes {
        let mut wire = WireTakes::all("the Responses API");
        wire.pair = Pair::OneField;
        wire.takes.thinking = ThinkingTaken { off: Off::Yes, on: true, budget: None };
        wire
    }

    fn carries(&self) -> &'static [Carried] {
        const CARRIED: [Carried; 5] = [
            Carried::new("max_tokens", &["/max_output_tokens"]),
            Carried::new("temperature", &["/temperature"]),
            Carried::new("reasoning_effort", &["/reasoning/effort"]),
            Carried::new("thinking", &["/reasoning/effort", "/reasoning/summary"]),
            Carried::new("service_tier", &["/service_tier"]),
        ];
        &CARRIED
    }

    fn reader(&self) -> Box<dyn Reader> {
        Box::new(ResponsesReader::default())
    }
}

/// One item of the input.
fn item(turn: &Turn) -> Value {
    let text = |text: &str| json!({"type": "input_text", "text": text});
    let image = |image: &Image| json!({"type": "input_image", "image_url": image.data_url()});
    json!({"role": role(turn.role), "content": content(turn, text, image, First::Text)})
}

/// A text event, read without building a tree; everything else is read again as a [`Value`].
#[derive(Deserialize)]
struct Quick<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    delta: String,
    #[serde(default)]
    output_index: Option<u64>,
    #[serde(default)]
    summary_index: Option<u64>,
    #[serde(default)]
    content_index: Option<u64>,
}

/// Which part of which item a piece of reasoning belongs to.
type Place = (Option<u64>, Option<u64>);

/// Memory of one stream.
#[derive(Default)]
struct ResponsesReader {
    patience: Patience,
    strays: Strays,
    served: Served,
    /// Where the last piece of reasoning stood; a new place is a new paragraph.
    place: Option<Place>,
    said: bool,
    refused: bool,
    tool: bool,
    /// How it ended, once it has.
    ended: Option<Stop>,
}

impl Reader for ResponsesReader {
    fn read(&mut self, frame: &Frame, out: &mut Vec<Delta>) -> Result<(), Fault> {
        let Some((name, data)) = self.strays.sift(frame) else { return Ok(()) };
        // Compatible servers add it; it is no promise that the response was complete.
        if data.is_empty() || data.starts_with("[DONE]") {
            return Ok(());
        }
        if let Ok(quick) = serde_json::from_str::<Quick<'_>>(data) {
            self.patience.calm();
            self.piece(quick, out);
            return Ok(());
        }
        if name == "error" && !data.starts_with('{') {
            return Err(error_event(data.into()));
        }
        match self.patience.parse::<Value>(data, out)? {
            Some(event) => self.event(name, &event, out),
            None => Ok(()),
        }
    }

    fn read_whole(&mut self, body: &Value, out: &mut Vec<Delta>) -> Result<(), Fault> {
        if let Some(fault) = stream_fault(body) {
            return Err(fault);
        }
        if body.get("output").and_then(Value::as_array).is_none() {
            return Err(Fault::new(Class::Garbled, "the JSON that came is not a response"));
        }
        match body.get("status").and_then(Value::as_str) {
            Some("queued" | "in_progress") => {
                Err(Fault::new(Class::Garbled, "the server left the response to be fetched later"))
            }
            Some("failed" | "cancelled") => Err(unexplained()),
            Some("incomplete") => {
                self.incomplete(body, out);
                Ok(())
            }
            _ => {
                self.completed(body, out);
                Ok(())
            }
        }
    }

    fn progress(&self) -> Progress {
        self.ended.map_or(Progress::Open, |_| Progress::Closed)
    }

    fn at_end(&mut self) -> Option<Fault> {
        self.strays.fault()
    }
}

impl ResponsesReader {
    /// A delta that is a plain string. Kinds that bakeoff does not show pass.
    fn piece(&mut self, quick: Quick<'_>, out: &mut Vec<Delta>) {
        let Quick { kind, delta, output_index, summary_index, content_index } = quick;
        if delta.is_empty() {
            return;
        }
        match &*kind {
            "response.output_text.delta" => {
                self.said = true;
                out.push(Delta::Text(delta));
            }
            "response.refusal.delta" => {
                self.said = true;
                self.refused = true;
                out.push(Delta::Text(delta));
            }
            "response.reasoning_summary_text.delta" | "response.reasoning_text.delta" => {
                let here = (output_index, summary_index.or(content_index));
                let text = match self.place.replace(here) {
                    Some(before) if before != here => format!("\n\n{delta}"),
                    _ => delta,
                };
                out.push(Delta::Reasoning(text));
            }
            _ => {}
        }
    }

    fn event(&mut self, name: &str, event: &Value, out: &mut Vec<Delta>) -> Result<(), Fault> {
        let kind = event.get("type").and_then(Value::as_str).unwrap_or(name);
        let response = event.get("response").unwrap_or(&Value::Null);
        match kind {
            "response.created" | "response.queued" | "response.in_progress" => {
                self.serve(response, None, out);
                Ok(())
            }
            "response.output_item.added" => {
                let item = event.get("item").and_then(|i| i.get("type")).and_then(Value::as_str);
                self.tool |= item.is_some_and(|kind| matches!(kind, "function_call" | "custom_tool_call"));
                Ok(())
            }
            "response.completed" => {
                self.completed(response, out);
                Ok(())
            }
            "response.incomplete" => {
                self.incomplete(response, out);
                Ok(())
            }
            "response.failed" => {
                self.facts(response, out);
                Err(stream_fault(response).unwrap_or_else(unexplained))
            }
            // Both forms occur: the members at the top, or in an `error` of their own.
            "error" => Err(error_event(event.clone())),
            _ => stream_fault(event).map_or(Ok(()), Err),
        }
    }

    fn completed(&mut self, response: &Value, out: &mut Vec<Delta>) {
        self.facts(response, out);
        let stop = match () {
            () if self.refused => (Stop::Filtered, "refusal"),
            () if self.tool && !self.said => (Stop::Tool, "function_call"),
            () => (Stop::Natural, "completed"),
        };
        self.close(stop.0, stop.1.to_owned(), out);
    }

    fn incomplete(&mut self, response: &Value, out: &mut Vec<Delta>) {
        self.facts(response, out);
        let reason = word(response.get("incomplete_details").and_then(|d| d.get("reason")));
        let reason = reason.unwrap_or_else(|| "incomplete".to_owned());
        let stop = match reason.as_str() {
            "max_output_tokens" | "max_messages" => Stop::Length,
            "content_filter" => Stop::Filtered,
            _ => Stop::Other,
        };
        self.close(stop, reason, out);
    }

    fn close(&mut self, stop: Stop, reason: String, out: &mut Vec<Delta>) {
        out.push(Delta::Stop(stop, reason));
        self.ended = Some(stop);
    }

    /// What a terminal response states: who served, what it cost in tokens, and
    /// the text itself where none was streamed.
    fn facts(&mut self, response: &Value, out: &mut Vec<Delta>) {
        // Only here is the tier the one that served; before it is the one that was asked for.
        self.serve(response, word(response.get("service_tier")), out);
        if !self.said {
            self.output(response, out);
        }
        if let Some(usage) = response.get("usage").and_then(Value::as_object).filter(|u| !u.is_empty()) {
            out.push(Delta::Usage(Box::new(buckets(usage))));
        }
    }

    fn serve(&mut self, response: &Value, tier: Option<String>, out: &mut Vec<Delta>) {
        let now = Served {
            model: word(response.get("model")).or_else(|| self.served.model.clone()),
            response_id: word(response.get("id")).or_else(|| self.served.response_id.clone()),
            tier,
            ..Served::default()
        };
        if now != self.served {
            self.served = now.clone();
            out.push(Delta::Served(Box::new(now)));
        }
    }

    /// The items of a response that came in one piece.
    fn output(&mut self, response: &Value, out: &mut Vec<Delta>) {
        for item in list(response, "output") {
            let kind = item.get("type").and_then(Value::as_str);
            self.tool |= matches!(kind, Some("function_call" | "custom_tool_call"));
            if kind == Some("reasoning") {
                // Reasoning that was streamed is not told twice.
                let parts = list(item, "summary").iter().chain(list(item, "content"));
                let texts: Vec<String> = parts.filter_map(|part| word(part.get("text"))).collect();
                if self.place.is_none() && !texts.is_empty() {
                    out.push(Delta::Reasoning(texts.join("\n\n")));
                }
                continue;
            }
            for part in list(item, "content") {
                let refusal = word(part.get("refusal"));
                self.refused |= refusal.is_some();
                let text = word(part.get("text")).or(refusal);
                self.said |= text.is_some();
                out.extend(text.map(Delta::Text));
            }
        }
    }
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn unexplained() -> Fault {
    Fault::new(Class::Overloaded, "the response failed and the server did not say why")
}

/// Buckets of the Responses usage: parts are inside their totals (`wire-protocols` §2).
fn buckets(told: &Map<String, Value>) -> Usage {
    let number = |key: &str| count(told.get(key));
    let inside = |group: &str, key: &str| count(told.get(group).and_then(|g| g.get(key)));
    let of_input = |key: &str| inside("input_tokens_details", key);
    split(
        told,
        number("input_tokens"),
        [of_input("cached_tokens"), of_input("cache_write_tokens"), of_input("audio_tokens")],
        number("output_tokens"),
        inside("output_tokens_details", "reasoning_tokens"),
    )
}
