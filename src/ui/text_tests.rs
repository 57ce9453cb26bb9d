use super::*;

/// A small generator, so that a failure can be repeated.
struct Random(u64);

impl Random {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % below as u64).unwrap()
    }
}

const PIECES: [&str; 18] = [
    "a",
    "bc",
    " ",
    "  ",
    "\n",
    "\n\n",
    "word ",
    "longerword",
    "日本",
    "語 ",
    "e\u{301}",
    "👨‍👩‍👧",
    "\t",
    "- item\n",
    "    code",
    "supercalifragilisticexpialidocious",
    "é",
    ".",
];

fn rows(flow: &mut Flow, width: u16) -> Vec<String> {
    let count = flow.rows(width);
    (0..count).map(|i| flow.row(i).to_owned()).collect()
}

#[test]
fn appended_piece_by_piece_equals_laid_out_at_once() {
    for seed in 1..400_u64 {
        let mut random = Random(seed * 7919);
        let width = u16::try_from(1 + random.next(60)).unwrap();
        let (mut grown, mut text) = (Flow::new(), String::new());
        for _ in 0..random.next(60) {
            let piece = PIECES[random.next(PIECES.len())];
            text.push_str(piece);
            grown.push(piece);
            if random.next(3) == 0 {
                grown.rows(width);
            }
            if random.next(20) == 0 {
                grown.rows(width + 7);
            }
        }
        grown.finish();
        let mut whole = Flow::new();
        whole.push(&text);
        whole.finish();
        assert_eq!(rows(&mut grown, width), rows(&mut whole, width), "seed {seed}, width {width}, {text:?}");
    }
}

#[test]
fn no_row_is_wider_than_the_width_and_no_word_is_lost() {
    for seed in 1..400_u64 {
        let mut random = Random(seed * 104_729);
        let width = 1 + random.next(50);
        let text: String = (0..80).map(|_| PIECES[random.next(PIECES.len())]).collect();
        let mut flow = Flow::new();
        flow.push(&text);
        flow.finish();
        let rows = rows(&mut flow, u16::try_from(width).unwrap());
        for row in &rows {
            let single = row.graphemes(true).count() == 1;
            assert!(row.width() <= width || single, "width {width}: {row:?}");
            assert!(!row.contains('\n'));
        }
        let visible = |s: &str| s.chars().filter(|c| !c.is_whitespace()).collect::<String>();
        assert_eq!(visible(&rows.concat()), visible(&text), "width {width}");
    }
}

#[test]
fn words_break_at_spaces_and_long_ones_at_the_edge() {
    let lay = |text: &str, width| {
        let mut flow = Flow::new();
        flow.push(text);
        flow.finish();
        rows(&mut flow, width)
    };
    assert_eq!(lay("the quick brown fox", 10), ["the quick", "brown fox"]);
    assert_eq!(lay("abcdefghij", 4), ["abcd", "efgh", "ij"]);
    assert_eq!(lay("a abcdefgh", 4), ["a", "abcd", "efgh"]);
    assert_eq!(lay("日本語テキスト", 5), ["日本", "語テ", "キス", "ト"]);
    assert_eq!(lay("one\n\ntwo\n", 9), ["one", "", "two"]);
    assert_eq!(lay("    indented line", 9), ["    inden", "ted line"]);
    assert_eq!(lay("ab cd", 5), ["ab cd"]);
    assert_eq!(lay("ab cd", 4), ["ab", "cd"]);
}

/// A hundred thousand tokens on one line: each append looks at a row or two, not at the text.
#[test]
fn appending_costs_what_is_new() {
    for token in ["word ", "語", "x"] {
        let mut flow = Flow::new();
        let mut bytes = 0;
        for _ in 0..100_000 {
            flow.push(token);
            bytes += token.len();
            flow.rows(48);
        }
        let most = 100_000 * 3 * 48 * 2 + bytes;
        assert!(flow.work < most, "{token:?}: {} bytes looked at", flow.work);
    }
}
