//! Who plays: the simulated models, one row each.

use crate::model::Endpoint;
use crate::model::KeySource;
use crate::model::Lineup;
use crate::model::Params;
use crate::model::Thinking;

use super::script::Voice;

/// The protocol a request came in by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    Responses,
    Chat,
    Messages,
    Gemini,
    Converse,
    Ollama,
}

impl Wire {
    /// The provider id that speaks it to this server.
    pub fn provider(self) -> &'static str {
        match self {
            Self::Responses => "openai",
            Self::Chat => "compatible",
            Self::Messages => "anthropic",
            Self::Gemini => "gemini",
            Self::Converse => "bedrock",
            Self::Ollama => "ollama",
        }
    }
}

/// When a character speaks. Times are milliseconds after the request was read.
#[derive(Debug, Clone, Copy)]
pub struct Tempo {
    pub headers: u64,
    /// First token of any kind.
    pub first: u64,
    /// How long the reasoning lasts; 0 for a character that shows none.
    pub think: u64,
    /// Tokens per second of the text.
    pub rate: u32,
    /// How far a gap may be off, in percent of the mean gap.
    pub jitter: u32,
    /// Characters held back and sent at once; 0 sends token by token.
    pub burst: usize,
}

/// One simulated model.
#[derive(Debug)]
pub struct Character {
    /// Exactly as a request names it. No vendor has such a model.
    pub model: &'static str,
    pub wire: Wire,
    pub name: &'static str,
    pub voice: Voice,
    pub tempo: Tempo,
    /// Prompt tokens reported as read from a cache, on top of the prompt's own.
    pub cached: u64,
    /// Breaks off after this share of the text, in percent.
    pub breaks_at: Option<u64>,
    /// Reads text alone, and refuses images as such models do.
    pub blind: bool,
    /// Answers every request with this status.
    pub refuses: Option<u16>,
    /// Stands in the lineup that the demo opens with.
    pub listed: bool,
}

const PLAIN: Character = Character {
    model: "",
    wire: Wire::Chat,
    name: "",
    voice: Voice::Concise,
    tempo: Tempo { headers: 120, first: 300, think: 0, rate: 80, jitter: 40, burst: 0 },
    cached: 0,
    breaks_at: None,
    blind: false,
    refuses: None,
    listed: false,
};

/// Every simulated model; the listed ones come first and in pane order.
pub const CAST: [Character; 11] = [
    Character {
        model: "demo-swift",
        wire: Wire::Responses,
        name: "demo-swift",
        voice: Voice::Concise,
        tempo: Tempo { headers: 90, first: 180, think: 0, rate: 160, jitter: 35, burst: 0 },
        listed: true,
        ..PLAIN
    },
    Character {
        model: "demo-ponder",
        wire: Wire::Messages,
        name: "demo-ponder",
        voice: Voice::Thoughtful,
        tempo: Tempo { headers: 240, first: 400, think: 2000, rate: 80, jitter: 45, burst: 0 },
        listed: true,
        ..PLAIN
    },
    Character {
        model: "demo-surge",
        wire: Wire::Gemini,
        name: "demo-surge",
        voice: Voice::Lively,
        tempo: Tempo { headers: 380, first: 400, think: 0, rate: 120, jitter: 30, burst: 300 },
        listed: true,
        ..PLAIN
    },
    Character {
        model: "us.demo-steady-v1:0",
        wire: Wire::Converse,
        name: "demo-steady",
        voice: Voice::Structured,
        tempo: Tempo { headers: 310, first: 450, think: 0, rate: 65, jitter: 10, burst: 0 },
        cached: 640,
        listed: true,
        ..PLAIN
    },
    Character {
        model: "demo-atlas:8b",
        wire: Wire::Ollama,
        name: "demo-atlas",
        voice: Voice::World,
        tempo: Tempo { headers: 520, first: 560, think: 0, rate: 90, jitter: 25, burst: 0 },
        listed: true,
        ..PLAIN
    },
    Character {
        model: "demo-brittle",
        wire: Wire::Chat,
        name: "demo-brittle",
        voice: Voice::Coder,
        tempo: Tempo { headers: 150, first: 340, think: 0, rate: 95, jitter: 60, burst: 0 },
        breaks_at: Some(60),
        blind: true,
        listed: true,
        ..PLAIN
    },
    Character {
        model: "demo-sage",
        wire: Wire::Messages,
        name: "demo-sage",
        voice: Voice::Structured,
        tempo: Tempo { headers: 420, first: 700, think: 0, rate: 55, jitter: 40, burst: 0 },
        ..PLAIN
    },
    Character {
        model: "demo-muse",
        wire: Wire::Gemini,
        name: "demo-muse",
        voice: Voice::Thoughtful,
        tempo: Tempo { headers: 500, first: 600, think: 1500, rate: 100, jitter: 40, burst: 40 },
        ..PLAIN
    },
    Character {
        model: "demo-smith",
        wire: Wire::Chat,
        name: "demo-smith",
        voice: Voice::Coder,
        tempo: Tempo { headers: 200, first: 350, think: 1200, rate: 110, jitter: 40, burst: 0 },
        ..PLAIN
    },
    Character {
        model: "us.demo-relay-v1:0",
        wire: Wire::Converse,
        name: "demo-relay",
        voice: Voice::Lively,
        tempo: Tempo { headers: 260, first: 380, think: 0, rate: 90, jitter: 40, burst: 0 },
        breaks_at: Some(60),
        ..PLAIN
    },
    Character {
        model: "demo-crowded",
        wire: Wire::Responses,
        name: "demo-crowded",
        refuses: Some(429),
        ..PLAIN
    },
];

/// Environment variable of the key for the `compatible` endpoints, which have none of their own.
pub const COMPATIBLE_KEY: &str = "BAKEOFF_DEMO_KEY";

/// Every credential the demo endpoints look up. None of them opens anything.
pub const VARIABLES: [(&str, &str); 6] = [
    ("OPENAI_API_KEY", "demo-openai-not-a-secret"),
    (COMPATIBLE_KEY, "demo-compatible-not-a-secret"),
    ("ANTHROPIC_API_KEY", "demo-anthropic-not-a-secret"),
    ("GEMINI_API_KEY", "demo-gemini-not-a-secret"),
    ("AWS_BEARER_TOKEN_BEDROCK", "demo-bedrock-not-a-secret"),
    ("AWS_REGION", "us-east-1"),
];

/// An endpoint that asks for `model` by `wire` on the server at `root` (`http://127.0.0.1:PORT`).
pub fn endpoint(root: &str, wire: Wire, model: &str, name: &str) -> Endpoint {
    let base = match wire {
        Wire::Responses | Wire::Chat => format!("{root}/v1"),
        _ => root.to_owned(),
    };
    Endpoint {
        name: name.to_owned(),
        provider: wire.provider().to_owned(),
        model: model.to_owned(),
        place: (wire == Wire::Converse).then(|| "us-east-1".to_owned()),
        base_url: Some(base),
        key: (wire == Wire::Chat).then(|| KeySource::Env(COMPATIBLE_KEY.to_owned())),
        simulated: true,
        ..Endpoint::default()
    }
}

impl Character {
    fn endpoint(&self, root: &str) -> Endpoint {
        let mut endpoint = endpoint(root, self.wire, self.model, self.name);
        // Without being asked, the real APIs of these wires show no reasoning.
        if self.tempo.think > 0 && matches!(self.wire, Wire::Messages | Wire::Gemini) {
            endpoint.params = Params { thinking: Some(Thinking::On), ..Params::default() };
        }
        endpoint
    }
}

/// The endpoints the demo opens with, one on each wire; `everyone` adds the rest of the cast.
pub fn lineup(root: &str, everyone: bool) -> Lineup {
    let endpoints = CAST.iter().filter(|c| c.listed || everyone).map(|c| c.endpoint(root)).collect();
    Lineup { name: "demo".to_owned(), endpoints, baseline: Some(0) }
}
