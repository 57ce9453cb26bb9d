//! What is said when: a request becomes a schedule of beats.

use std::time::Duration;

use crate::model::Kind;
use crate::model::Prompt;

use super::ask::Ask;
use super::cast::CAST;
use super::cast::Character;
use super::cast::Tempo;
use super::pictures;
use super::script;
use super::script::Lines;
use super::switches::Break;
use super::switches::Switches;

/// Text that is due at a time after the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beat {
    pub at: Duration,
    pub kind: Kind,
    pub text: String,
    pub tokens: u64,
}

/// One answer, ready to be played.
pub struct Part {
    pub headers: Duration,
    pub beats: Box<dyn Iterator<Item = Beat> + Send>,
    /// The token limit cuts it.
    pub full: bool,
    pub input: u64,
    pub cached: u64,
    pub breaks: Option<(Break, u64)>,
}

/// Who answers for a model name: a character, a set of switches, or both. `None` for a name nobody has.
pub fn role(model: &str) -> Option<(Option<&'static Character>, Switches)> {
    let switched = CAST.iter().find_map(|c| {
        let rest = model.strip_prefix(c.model)?;
        let switches = if rest.is_empty() {
            Some(Switches::default())
        } else {
            Switches::parse(rest.strip_prefix('-')?)
        };
        Some((Some(c), switches?))
    });
    switched.or_else(|| Some((None, Switches::parse(model)?)))
}

/// Prompt tokens of a conversation: its text, a few for each turn, and some for each image.
fn weigh(prompt: &Prompt) -> u64 {
    const IMAGE: u64 = 258;
    let texts = prompt.turns.iter().map(|t| &t.text).chain(&prompt.system);
    texts.map(|t| count(tokens(t).len()) + 4).sum::<u64>() + count(prompt.images().count()) * IMAGE
}

fn count(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

/// The schedule of an answer.
pub fn part(ask: &Ask, character: Option<&'static Character>, switches: &Switches) -> Part {
    match character {
        Some(character) => scripted(ask, character, switches),
        None => load(ask, switches),
    }
}

fn scripted(ask: &Ask, character: &'static Character, switches: &Switches) -> Part {
    let tempo = character.tempo;
    let tempo = Tempo {
        headers: switches.headers.unwrap_or(if switches.rate == Some(0) { 0 } else { tempo.headers }),
        first: switches.delay.unwrap_or(if switches.rate == Some(0) { 0 } else { tempo.first }),
        think: if switches.rate == Some(0) { tempo.think.min(1) } else { tempo.think },
        rate: switches.rate.unwrap_or(tempo.rate),
        ..tempo
    };
    let lines = script::answer(&ask.prompt, character.voice, character.model, character.breaks_at.is_some());
    let lines = lines.map(|lines| match pictures::seen(ask.prompt.images()) {
        Some(seen) => Lines { text: format!("{seen}\n\n{}", lines.text), ..lines },
        None => lines,
    });
    let (mut reasoning, mut text) = match &lines {
        Some(lines) if tempo.think > 0 && !ask.no_thinking => (tokens(&lines.reasoning), tokens(&lines.text)),
        Some(lines) => (Vec::new(), tokens(&lines.text)),
        None => (Vec::new(), Vec::new()),
    };
    let limit = ask.limit.map_or(usize::MAX, |n| usize::try_from(n).unwrap_or(usize::MAX));
    let full = reasoning.len() + text.len() > limit;
    reasoning.truncate(limit);
    text.truncate(limit.saturating_sub(reasoning.len()));
    // A limit that cuts the answer hides the breakdown as well.
    let early = character.breaks_at.filter(|_| !full).map(|percent| count(text.len()) * percent / 100);
    let thought = count(reasoning.len());
    Part {
        headers: Duration::from_millis(tempo.headers),
        beats: Box::new(
            schedule(reasoning, text, tempo, script::seed(&ask.prompt, character.model)).into_iter(),
        ),
        full,
        input: weigh(&ask.prompt),
        cached: switches.cached.unwrap_or(character.cached),
        breaks: switches.breaks.or(early.map(|n| (Break::Fault, thought + n))),
    }
}

/// Places tokens on the time axis. Every time is reckoned from the start, so nothing drifts.
fn schedule(reasoning: Vec<String>, text: Vec<String>, tempo: Tempo, seed: u64) -> Vec<Beat> {
    let first = Duration::from_millis(tempo.first);
    let think = Duration::from_millis(if reasoning.is_empty() { 0 } else { tempo.think });
    let thoughts = u32::try_from(reasoning.len().max(1)).unwrap_or(u32::MAX);
    let mut beats: Vec<Beat> = (0..)
        .zip(reasoning)
        .map(|(i, text)| Beat { at: first + think * i / thoughts, kind: Kind::Reasoning, text, tokens: 1 })
        .collect();
    let gap = Duration::from_secs(1).checked_div(tempo.rate).unwrap_or_default();
    let mut state = seed | 1;
    let mut held = 0;
    for (i, text) in (0_u32..).zip(text) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        // Less than a gap, so that the order stays; the first token is on time.
        let late =
            if i == 0 { 0 } else { u32::try_from(state % 100).unwrap_or(0) * tempo.jitter.min(99) / 100 };
        let at = first + think + gap * i + gap * late / 100;
        match beats.last_mut() {
            Some(beat) if beat.kind == Kind::Text && held < tempo.burst => {
                held += text.chars().count();
                beat.text.push_str(&text);
                beat.tokens += 1;
            }
            _ => {
                held = text.chars().count();
                beats.push(Beat { at, kind: Kind::Text, text, tokens: 1 });
            }
        }
    }
    beats
}

/// An answer of a given size. It begins and ends with letters that occur
/// nowhere else in it, so that a harness can see the first and the last token drawn.
fn load(ask: &Ask, switches: &Switches) -> Part {
    let after = switches.breaks.map_or(0, |(_, after)| after);
    let total = switches.count.unwrap_or_else(|| 200.max(after.saturating_add(after / 2 + 1)));
    let thoughts = switches.reasoning.unwrap_or(0);
    let delay = Duration::from_millis(switches.delay.unwrap_or(0));
    let rate = switches.rate.unwrap_or(0);
    let pieces = cut(script::filler(switches.filler.unwrap_or("prose")), switches.width.unwrap_or(4));
    let due = move |i: u64| match rate {
        0 => delay,
        rate => delay + Duration::from_nanos(i.saturating_mul(1_000_000_000) / u64::from(rate)),
    };
    let mut cycle = pieces.into_iter().cycle();
    let beats = (0..thoughts.saturating_add(total)).map(move |i| {
        let kind = if i < thoughts { Kind::Reasoning } else { Kind::Text };
        let middle = cycle.next().unwrap_or("load");
        let text = match i.checked_sub(thoughts) {
            Some(0) if total == 1 => "\u{428} \u{416}".to_owned(),
            Some(0) => "\u{428} ".to_owned(),
            Some(i) if i + 1 == total => " \u{416}".to_owned(),
            _ => middle.to_owned(),
        };
        Beat { at: due(i), kind, text, tokens: 1 }
    });
    Part {
        headers: Duration::from_millis(switches.headers.unwrap_or(0)),
        beats: Box::new(beats),
        full: false,
        input: weigh(&ask.prompt),
        cached: switches.cached.unwrap_or(0),
        breaks: switches.breaks,
    }
}

/// Pieces of about `width` bytes, never cut inside a character.
fn cut(mut text: &'static str, width: usize) -> Vec<&'static str> {
    let mut out = Vec::new();
    while !text.is_empty() {
        let first = text.chars().next().map_or(1, char::len_utf8);
        let at = text.floor_char_boundary(width).max(first);
        let Some((piece, rest)) = text.split_at_checked(at) else { break };
        out.push(piece);
        text = rest;
    }
    out
}

/// Cuts text as a tokenizer might: words with the space before them, long words
/// in pieces, other scripts one or two characters at a time. Joined, the pieces
/// are the text again.
fn tokens(text: &str) -> Vec<String> {
    let (mut out, mut piece, mut size) = (Vec::new(), String::new(), 0);
    for c in text.chars() {
        let blank = c.is_whitespace();
        let full = if c.is_ascii() { size >= 7 } else { size >= 2 };
        let open = piece.ends_with(char::is_alphanumeric);
        let word = c.is_alphanumeric();
        if !piece.is_empty() && (full || (blank && size > 2) || (open && !word)) {
            out.push(std::mem::take(&mut piece));
            size = 0;
        }
        piece.push(c);
        size += 1;
    }
    if !piece.is_empty() {
        out.push(piece);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_the_text_again() {
        for text in
            ["", "Hello, wide 世界 👩‍💻!\n\n- **a**: b\n", "antidisestablishmentarianism  twice   spaced"]
        {
            let tokens = tokens(text);
            assert_eq!(tokens.concat(), text);
            assert!(tokens.iter().all(|t| !t.is_empty() && t.chars().count() <= 9), "{tokens:?}");
        }
        assert_eq!(tokens("It is so."), ["It", " is", " so", "."]);
    }

    #[test]
    fn a_schedule_repeats_keeps_order_and_does_not_drift() {
        let tempo = Tempo { headers: 10, first: 200, think: 1000, rate: 100, jitter: 50, burst: 0 };
        let make = |burst, seed| {
            let words = |n: usize| (0..n).map(|i| format!(" {i:03}")).collect::<Vec<_>>();
            schedule(words(50), words(400), Tempo { burst, ..tempo }, seed)
        };
        let beats = make(0, 7);
        assert_eq!(beats, make(0, 7));
        assert_ne!(beats, make(0, 8));
        assert!(beats.is_sorted_by_key(|b| b.at));
        let at = |i: usize| beats[i].at.as_millis();
        assert_eq!((at(0), at(25), at(50)), (200, 700, 1200));
        // The last of 400 tokens, ten milliseconds each, is at most half a gap late.
        assert!((5190..=5195).contains(&at(449)), "{}", at(449));
        let bursts: Vec<_> = make(300, 7).into_iter().filter(|b| b.kind == Kind::Text).collect();
        assert_eq!(bursts.iter().map(|b| b.tokens).collect::<Vec<_>>(), [75, 75, 75, 75, 75, 25]);
        assert!(bursts.iter().take(5).all(|b| b.text.len() == 300));
    }
}
