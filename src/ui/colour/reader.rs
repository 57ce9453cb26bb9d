//! Colours of code, line by line.

use syntect::parsing::{ParseState, Scope, ScopeStack, SyntaxSet};

use super::Uncoloured;
use crate::model::AnswerId;
use crate::ui::markdown::{Coloured, Role};

/// Blocks whose state is kept, so that a growing one is read on from where it was.
pub(super) const KEPT: usize = 64;

/// Scopes of the field's grammars, and what they are to a reader. The innermost that is here counts.
const SCOPES: [(&str, Role); 14] = [
    ("comment", Role::Comment),
    ("punctuation.definition.comment", Role::Comment),
    ("string", Role::String),
    ("punctuation.definition.string", Role::String),
    ("constant.character", Role::String),
    ("constant", Role::Number),
    ("keyword.operator", Role::Text),
    ("keyword", Role::Keyword),
    ("storage", Role::Keyword),
    ("entity.name", Role::Name),
    ("entity.other.attribute-name", Role::Name),
    ("support", Role::Name),
    ("variable.function", Role::Name),
    ("markup.heading", Role::Keyword),
];

/// Where a block is being read.
struct Place {
    next: usize,
    state: ParseState,
    stack: ScopeStack,
}

pub(super) struct Reader {
    /// The languages, with what was made of those that were read: some 8 MB.
    set: Option<SyntaxSet>,
    scopes: Vec<(Scope, Role)>,
    /// The one that was read last at the end.
    places: Vec<((AnswerId, usize), Place)>,
}

impl Reader {
    pub(super) fn new() -> Self {
        let scopes = SCOPES.iter().filter_map(|(name, role)| Some((Scope::new(name).ok()?, *role)));
        Self { set: None, scopes: scopes.collect(), places: Vec::new() }
    }

    /// Lets the languages go; what was read is remembered.
    pub(super) fn rest(&mut self) {
        self.set = None;
    }

    /// The colours of some lines, none where the lines before are not known any more; `None` where
    /// nothing is known of the language.
    pub(super) fn read(&mut self, code: &Uncoloured) -> Option<Vec<Coloured>> {
        let key = (code.id, code.block);
        let set = self.set.get_or_insert_with(two_face::syntax::extra_newlines);
        let kept = self.places.iter().position(|(k, _)| *k == key).map(|at| self.places.remove(at).1);
        let mut place = match kept.filter(|p| p.next == code.from) {
            Some(place) => place,
            None if code.from == 0 => {
                let syntax = set.find_syntax_by_token(&code.language)?;
                Place { next: 0, state: ParseState::new(syntax), stack: ScopeStack::new() }
            }
            None => return Some(Vec::new()),
        };
        let mut out = Vec::new();
        for line in code.lines.split_inclusive('\n') {
            out.push(coloured(set, &self.scopes, &mut place, line)?);
            place.next += 1;
        }
        if self.places.len() >= KEPT {
            self.places.remove(0);
        }
        self.places.push((key, place));
        Some(out)
    }
}

/// The colours of one line, read from where the line before has ended.
fn coloured(set: &SyntaxSet, scopes: &[(Scope, Role)], place: &mut Place, line: &str) -> Option<Coloured> {
    let role = |stack: &ScopeStack| {
        let known = |scope: &Scope| scopes.iter().find(|(prefix, _)| prefix.is_prefix_of(*scope));
        stack.as_slice().iter().rev().find_map(known).map_or(Role::Text, |(_, role)| *role)
    };
    let operations = place.state.parse_line(line, set).ok()?;
    let length = line.trim_end_matches('\n').len();
    let mut out: Coloured = Vec::new();
    let mut add = |end: usize, role: Role| match out.last_mut() {
        Some(last) if last.1 == role => last.0 = end,
        Some(last) if last.0 >= end => {}
        _ => out.push((end, role)),
    };
    for (at, operation) in operations {
        if at > 0 {
            add(at.min(length), role(&place.stack));
        }
        place.stack.apply(&operation).ok()?;
    }
    add(length, role(&place.stack));
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(language: &str, from: usize, lines: &str) -> Uncoloured {
        Uncoloured { id: AnswerId(1), block: 7, language: language.into(), from, lines: lines.into() }
    }

    fn shown(line: &str, coloured: &Coloured) -> Vec<(String, Role)> {
        let mut at = 0;
        let mut out = Vec::new();
        for (end, role) in coloured {
            out.push((line.get(at..*end).unwrap().to_owned(), *role));
            at = *end;
        }
        out
    }

    #[test]
    fn words_of_a_language_are_told_apart() {
        let mut reader = Reader::new();
        let line = "let name = \"x\"; // why 42";
        let coloured = reader.read(&code("rust", 0, &format!("{line}\n"))).unwrap();
        let shown = shown(line, &coloured[0]);
        for (text, role) in [("let", Role::Keyword), ("\"x\"", Role::String), ("// why 42", Role::Comment)] {
            assert!(shown.iter().any(|(t, r)| t.trim() == text && *r == role), "{text}: {shown:?}");
        }
        for language in [
            "python",
            "js",
            "TypeScript",
            "tsx",
            "bash",
            "sh",
            "json",
            "toml",
            "yaml",
            "sql",
            "go",
            "cpp",
            "c++",
            "java",
            "html",
            "diff",
            "dockerfile",
        ] {
            assert!(reader.read(&code(language, 0, "x\n")).is_some(), "{language}");
        }
        assert!(reader.read(&code("no such language", 0, "x\n")).is_none());
    }

    #[test]
    fn a_block_that_grows_is_read_on() {
        let mut reader = Reader::new();
        reader.read(&code("rust", 0, "/* begins\n")).unwrap();
        // The languages may be let go in between.
        reader.rest();
        let lines = reader.read(&code("rust", 1, "goes on\nends */ let\n")).unwrap();
        assert_eq!(lines[0], [(7, Role::Comment)]);
        assert_eq!(lines[1].first(), Some(&(7, Role::Comment)));
        assert_eq!(reader.read(&code("rust", 9, "x\n")), Some(vec![]), "what came before is not known");
        reader.read(&code("rust", 0, "let\n")).unwrap();
        for block in 0..KEPT {
            reader.read(&Uncoloured { block: 1_000 + block, ..code("rust", 0, "x\n") }).unwrap();
        }
        assert_eq!(reader.places.len(), KEPT, "the oldest gave way, and no other");
        assert_eq!(reader.read(&code("rust", 1, "x\n")), Some(vec![]));
    }
}
