//! What the simulated models say: a topic is found in the question, a voice gives it its shape.
//!
//! The same question on the same model always gives the same answer.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::OnceLock;

use serde::Deserialize;

use crate::model::Prompt;
use crate::model::Role;

use super::sums;
use super::verdict;

/// How a character writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Voice {
    /// One sentence, two bullets.
    Concise,
    /// Prose with caveats and a question back.
    Thoughtful,
    /// Paragraphs with bold openings.
    Lively,
    /// Headings, numbered points, a table.
    Structured,
    /// Many scripts, wide characters and emoji.
    World,
    /// Code first.
    Coder,
}

impl Voice {
    fn word(self) -> &'static str {
        match self {
            Self::Concise => "concise",
            Self::Thoughtful => "thoughtful",
            Self::Lively => "lively",
            Self::Structured => "structured",
            Self::World => "world",
            Self::Coder => "code",
        }
    }
}

/// One answer, with the reasoning that a thinking character shows before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lines {
    pub reasoning: String,
    pub text: String,
}

#[derive(Debug, Deserialize)]
struct Topic {
    name: String,
    title: String,
    weight: usize,
    words: Vec<String>,
    lead: String,
    points: Vec<(String, String)>,
    table: Option<String>,
    code: Option<String>,
    caveat: String,
    think: Vec<String>,
    /// Scripts of the world, for the voice that shows them.
    wide: Option<String>,
    /// Opening sentences by voice; `lead` for the others.
    #[serde(default)]
    leads: HashMap<String, String>,
    /// Examples by a word of the question; `code` for the others.
    #[serde(default)]
    codes: HashMap<String, String>,
    /// Whole answers by voice.
    #[serde(default)]
    voices: HashMap<String, String>,
}

#[derive(Debug, Default, Deserialize)]
struct Material {
    #[serde(default)]
    load: HashMap<String, String>,
    #[serde(default)]
    topic: Vec<Topic>,
}

fn material() -> &'static Material {
    static MATERIAL: OnceLock<Material> = OnceLock::new();
    // The file is part of the program; a test reads it, so the empty default never shows.
    MATERIAL.get_or_init(|| toml::from_str(include_str!("script.toml")).unwrap_or_default())
}

/// Endless-looking text for load: `prose`, `md` or `cjk`.
pub fn filler(kind: &str) -> &'static str {
    material().load.get(kind).map_or("load ", String::as_str)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Length {
    Brief,
    Usual,
    Long,
}

/// A number that depends on the conversation and the model alone (FNV-1a).
pub fn seed(prompt: &Prompt, model: &str) -> u64 {
    let parts = prompt.turns.iter().map(|t| t.text.as_str()).chain(prompt.system.as_deref()).chain([model]);
    parts
        .flat_map(|part| part.bytes().chain([0]))
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// The answer of `model`, in `voice`; `notice_first` for one that will not reach its last line.
pub fn answer(prompt: &Prompt, voice: Voice, model: &str, notice_first: bool) -> Option<Lines> {
    // What was asked, without the files behind it.
    let question = prompt.question();
    if let Some((reasoning, text)) = verdict::of(question) {
        return Some(Lines { reasoning, text });
    }
    let question = question.split_once("\n\nAttached ").map_or(question, |(asked, _)| asked);
    let mut asked = prompt.turns.iter().rev().filter(|t| t.role == Role::User).map(|t| t.text.as_str());
    let _current = asked.next();
    let previous = asked.next();
    let sum = sums::compute(question);
    // "Shorter, please" has no topic of its own: it is about what was asked before.
    let topic = match (&sum, find(question), previous) {
        (Some(_), ..) => named("sum")?,
        (None, Some(topic), _) => topic,
        (None, None, Some(previous)) if sums::compute(previous).is_none() => {
            find(previous).or_else(|| named("other"))?
        }
        (None, None, _) => named("other")?,
    };
    let length = length(question, prompt.system.as_deref());
    let subject = match previous {
        Some(previous) if find(question).is_none() => subject(previous),
        _ => subject(question),
    };
    let lead = topic.leads.get(voice.word()).unwrap_or(&topic.lead);
    let code = words(question).iter().find_map(|w| topic.codes.get(w)).or(topic.code.as_ref());
    let piece = Piece {
        topic,
        length,
        points: wanted_points(question, length, voice),
        code,
        lead,
        seed: seed(prompt, model),
    };
    let fill = |text: &str| {
        text.replace("{answer}", sum.as_deref().unwrap_or("That sum")).replace("{subject}", &subject)
    };
    let mut text = fill(&capitalised(&piece.spoken(voice)));
    if let Some(previous) = previous {
        text = format!("{} {text}", bridge(voice, previous));
    }
    Some(Lines { reasoning: fill(&piece.thought(previous)), text: piece.signed(&text, model, notice_first) })
}

fn named(name: &str) -> Option<&'static Topic> {
    material().topic.iter().find(|t| t.name == name)
}

/// The topic that most words of the question point at; earlier topics win ties.
fn find(question: &str) -> Option<&'static Topic> {
    let words = words(question);
    let mut best: Option<(usize, &Topic)> = None;
    for topic in &material().topic {
        // "Hi" opens many questions; it is the question only when little follows.
        if topic.name == "greeting" && words.len() > 4 {
            continue;
        }
        let score = topic.weight * words.iter().filter(|w| topic.words.contains(w)).count();
        if score > best.map_or(0, |(most, _)| most) {
            best = Some((score, topic));
        }
    }
    best.map(|(_, topic)| topic)
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace()
        .map(|w| w.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase())
        .filter(|w| !w.is_empty())
        .collect()
}

/// Words of a question that carry no subject.
const COMMON: &str = "a an the and or of to in on for with by from at as is are was were be do does did can could would \
    should will may might must i me my we our you your it its this that these those there what why how when where who \
    which please tell give show write make explain describe compare list short brief detail detailed one sentence \
    sentences line lines word words work works mean means name names two three four five some any really answer about between versus vs me us ideas idea translate into difference let's";

/// The words that carry the meaning of a question: from the first of them to
/// the last, at most eight.
fn subject(question: &str) -> String {
    let bare = |w: &str| w.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    let common = |w: &&str| {
        let plain = bare(w);
        plain.is_empty() || plain.parse::<u64>().is_ok() || COMMON.split_whitespace().any(|c| c == plain)
    };
    let all: Vec<&str> = question.split_whitespace().skip_while(common).take(8).collect();
    let tail = all.iter().rev().take_while(|w| common(w)).count();
    let joined = all.iter().take(all.len() - tail).copied().collect::<Vec<_>>().join(" ");
    // A word may be a whole page without a space.
    let joined: String =
        joined.chars().filter(|c| !c.is_control() && !"“”\"`|*_".contains(*c)).take(60).collect();
    let joined = joined.trim_matches(|c: char| !c.is_alphanumeric());
    if joined.is_empty() { "your question".to_owned() } else { joined.to_owned() }
}

fn length(question: &str, system: Option<&str>) -> Length {
    let asks = |text: &str, phrases: &[&str]| {
        let text = text.to_lowercase();
        phrases.iter().any(|p| text.contains(p))
    };
    let brief = [
        "one line",
        "one sentence",
        "single sentence",
        "single line",
        "shorter",
        "short",
        "brief",
        "tl;dr",
        "one word",
    ];
    let long = [
        "in detail",
        "detailed",
        "essay",
        "thorough",
        "in depth",
        "at length",
        "longer",
        "more detail",
        "long ",
    ];
    match system {
        _ if asks(question, &brief) => Length::Brief,
        _ if asks(question, &long) => Length::Long,
        Some(system) if asks(system, &brief) => Length::Brief,
        Some(system) if asks(system, &long) => Length::Long,
        // Somebody who writes two paragraphs wants more than a remark.
        _ if question.len() > 600 => Length::Long,
        _ => Length::Usual,
    }
}

/// "Three bullet points" is taken at its word.
fn wanted_points(question: &str, length: Length, voice: Voice) -> usize {
    let words = words(question);
    let counted = words.windows(3).find_map(|w| {
        let n = ["one", "two", "three", "four", "five"]
            .iter()
            .position(|n| Some(*n) == w.first().map(String::as_str));
        let n = n.map(|n| n + 1).or_else(|| w.first()?.parse().ok())?;
        let noun = w.iter().skip(1).any(|w| {
            matches!(
                w.as_str(),
                "bullet" | "bullets" | "points" | "ideas" | "items" | "reasons" | "tips" | "steps"
            )
        });
        noun.then_some(n)
    });
    counted.unwrap_or(match length {
        Length::Brief => 0,
        Length::Usual if voice == Voice::Concise => 2,
        Length::Usual => 3,
        Length::Long => usize::MAX,
    })
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    // Only a placeholder can start in lower case, and it is filled with the user's own words.
    chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
}

/// How a follow-up takes up what was asked before.
fn bridge(voice: Voice, previous: &str) -> String {
    let before = subject(previous);
    match voice {
        Voice::Concise => format!("Building on “{before}”:"),
        Voice::Thoughtful => {
            format!("Building on what you asked about {before}, and taking my earlier answer as read:")
        }
        Voice::Lively => format!("Building on {before}, round two!"),
        Voice::Structured => format!("*Building on: {before}.*\n\n"),
        Voice::World => format!("Building on “{before}” 🔁"),
        Voice::Coder => format!("Building on `{}`:", before.replace('`', "")),
    }
}

/// Shown by the worldly voice where a topic has nothing of its own. The last row
/// is spelt with combining marks.
const SCRIPTS: &str = "The quality to look for in an answer, in five scripts:\n\n\
    | language | word | meaning |\n|---|---|---|\n| 日本語 | 明確さ | clarity |\n| 中文 | 清楚 | clear |\n\
    | 한국어 | 명료함 | lucidity |\n| हिन्दी | स्पष्टता | plainness |\n| Tiếng Việt | ro\u{303} ra\u{300}ng | clear |";

struct Piece {
    topic: &'static Topic,
    length: Length,
    points: usize,
    lead: &'static str,
    code: Option<&'static String>,
    seed: u64,
}

impl Piece {
    fn points(&self) -> impl Iterator<Item = (usize, &'static (String, String))> {
        self.topic.points.iter().take(self.points).enumerate()
    }

    fn pick<'a>(&self, of: &[&'a str]) -> &'a str {
        let index = self.seed % u64::try_from(of.len().max(1)).unwrap_or(1);
        usize::try_from(index).ok().and_then(|i| of.get(i)).copied().unwrap_or_default()
    }

    fn spoken(&self, voice: Voice) -> String {
        if let Some(whole) = self.topic.voices.get(voice.word()) {
            return whole.clone();
        }
        if self.length == Length::Brief {
            return self.brief(voice);
        }
        match voice {
            Voice::Concise => self.concise(),
            Voice::Thoughtful => self.thoughtful(),
            Voice::Lively => self.lively(),
            Voice::Structured => self.structured(),
            Voice::World => self.world(),
            Voice::Coder => self.coder(),
        }
    }

    fn brief(&self, voice: Voice) -> String {
        let lead = self.lead;
        match voice {
            Voice::Concise | Voice::Lively => lead.to_owned(),
            Voice::Thoughtful => format!("With some caution: {lead}"),
            Voice::Structured => format!("**{}.** {lead}", self.topic.title),
            Voice::World => format!("🌍 {lead}"),
            Voice::Coder => format!("`// in short:` {lead}"),
        }
    }

    fn concise(&self) -> String {
        let mut out = self.lead.to_owned();
        out.push_str("\n\n");
        for (_, (title, text)) in self.points() {
            let _ = writeln!(out, "- **{title}**: {text}");
        }
        out.trim_end().to_owned()
    }

    fn thoughtful(&self) -> String {
        let mut out = self.lead.to_owned();
        let openings = [
            "The first thing I would look at",
            "Then there is a second matter",
            "Just as important",
            "Further along",
            "And last",
        ];
        for (i, (title, text)) in self.points() {
            let opening = openings.get(i).or(openings.last()).copied().unwrap_or_default();
            let _ = write!(out, "\n\n{opening}: *{title}*. {text}");
        }
        if self.length == Length::Long
            && let Some(table) = &self.topic.table
        {
            let _ = write!(out, "\n\nLaid out as a table, the same thoughts look like this:\n\n{table}");
        }
        let back = self.pick(&[
            "What would you do differently if I were wrong about this?",
            "Which of these is closest to what you are weighing?",
            "Is there a constraint that you have not told me about yet?",
        ]);
        let _ = write!(out, "\n\n> {}\n\n{back}", self.topic.caveat);
        out
    }

    fn lively(&self) -> String {
        let mut out =
            format!("**{}** {}", self.pick(&["Short version:", "Here we go:", "In a nutshell:"]), self.lead);
        for (_, (title, text)) in self.points() {
            let _ = write!(out, "\n\n**{title}.** {text}");
        }
        if let Some(table) = &self.topic.table {
            let _ = write!(out, "\n\nAnd on one card:\n\n{table}");
        }
        if self.length == Length::Long {
            let _ = write!(out, "\n\nOne warning before you run off with this. {}", self.topic.caveat);
        }
        out
    }

    fn structured(&self) -> String {
        let mut out = format!("## {}\n\n{}\n\n### Key points\n\n", self.topic.title, self.lead);
        for (i, (title, text)) in self.points() {
            let _ = writeln!(out, "{}. **{title}**: {text}", i + 1);
        }
        if let Some(table) = &self.topic.table {
            let _ = write!(out, "\n### At a glance\n\n{table}\n");
        }
        if self.length == Length::Long
            && let Some(code) = self.code
        {
            let _ = write!(out, "\n### Example\n\n{code}\n");
        }
        let _ = write!(out, "\n### Keep in mind\n\n{}", self.topic.caveat);
        out
    }

    fn world(&self) -> String {
        let mut out = format!("{}\n\n", self.lead);
        let marks = ["🧭", "👩‍💻", "⚖️", "🧑🏽‍🔬", "🏳️‍🌈"];
        for (i, (title, text)) in self.points() {
            let mark = marks.get(i).or(marks.last()).copied().unwrap_or_default();
            let _ = writeln!(out, "- {mark} **{title}**: {text}");
        }
        out.push_str(if self.points > 0 { "\n" } else { "" });
        out.push_str(self.topic.wide.as_deref().unwrap_or(SCRIPTS));
        out.push('\n');
        if let Some(code) = self.code {
            let _ = write!(out, "\n{code}\n");
        }
        let _ = write!(out, "\n{} 例外は必ずある。", self.topic.caveat);
        out
    }

    fn coder(&self) -> String {
        let mut out = format!("{}\n\n", self.lead);
        if let Some(code) = self.code {
            let _ = write!(out, "{code}\n\n");
        } else {
            let _ = writeln!(out, "```text\n{}", self.topic.title);
            let last = self.topic.points.len().saturating_sub(1);
            for (i, (title, _)) in self.topic.points.iter().enumerate() {
                let _ = writeln!(out, "{} {}", if i == last { "└─" } else { "├─" }, title.to_lowercase());
            }
            out.push_str("```\n\n");
        }
        for (i, (title, text)) in self.points() {
            let _ = writeln!(out, "{}. {title}: {text}", i + 1);
        }
        let _ = write!(out, "\n{}", self.topic.caveat);
        out
    }

    fn thought(&self, previous: Option<&str>) -> String {
        let mut out = String::new();
        if let Some(previous) = previous {
            let _ = write!(out, "This follows the question about {}. ", subject(previous));
        }
        for (i, line) in self.topic.think.iter().enumerate() {
            // A paragraph now and then, as reasoning summaries have them.
            out.push_str(if i == 0 {
                ""
            } else if i % 3 == 0 {
                "\n\n"
            } else {
                " "
            });
            out.push_str(line);
        }
        out.push_str(match self.length {
            Length::Brief => "\n\nOne sentence was asked for, so one it will be.",
            Length::Usual => "\n\nA middling length will do: the main points, then the limit.",
            Length::Long => "\n\nDetail is wanted: all the points, and an overview.",
        });
        out
    }

    fn signed(&self, text: &str, model: &str, first: bool) -> String {
        if self.length == Length::Brief {
            return if first {
                format!("(Simulated.) {text}")
            } else {
                format!("{text} (Simulated answer.)")
            };
        }
        let notice = format!("*Simulated: a scripted demo answer by {model}; no model was asked.*");
        if first { format!("{notice}\n\n{text}") } else { format!("{text}\n\n{notice}") }
    }
}
