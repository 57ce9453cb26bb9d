use super::*;
use crate::ui::key::Key;
use crate::ui::theme::Theme;
use ratatui::Terminal;
use ratatui::backend::TestBackend;

fn press(editor: &mut Editor, name: &str) {
    let key = Key::parse(name).unwrap();
    if !editor.vi_key(key) {
        editor.input(&KeyEvent::new(key.code, key.modifiers));
    }
}

fn typed(editor: &mut Editor, text: &str) {
    for c in text.chars() {
        if c == '\n' {
            editor.newline();
        } else {
            press(editor, &if c == ' ' { "space".to_owned() } else { c.to_string() });
        }
    }
}

fn with(text: &str) -> Editor {
    let mut editor = Editor::new();
    editor.set_text(text);
    editor
}

fn drawn(editor: &mut Editor, width: u16, height: u16) -> Vec<String> {
    let mut screen = Terminal::new(TestBackend::new(width, height)).unwrap();
    let theme = Theme::named("default").unwrap();
    screen.draw(|frame| editor.draw(frame, frame.area(), true, &theme)).unwrap();
    let buffer = screen.backend().buffer();
    (0..height)
        .map(|y| (0..width).map(|x| buffer[(x, y)].symbol()).collect::<String>().trim_end().to_owned())
        .collect()
}

#[test]
fn a_paste_is_text_and_keeps_no_escape() {
    let mut editor = Editor::new();
    let notice =
        editor.paste("two\r\nlines\rand \u{1b}[31mred\u{1b}[201~ he\u{200f} naïve 日本\u{9b}").unwrap();
    assert_eq!(editor.text(), "two\nlines\nand [31mred[201~ he naïve 日本");
    assert!(notice.starts_with("4 control or invisible characters"), "{notice}");
    assert_eq!(editor.paste("plain"), None);
    editor.paste("\u{10f000}").unwrap();
    assert!(editor.text().ends_with("plain"), "the sign of a folded paste is let in from nowhere");
}

#[test]
fn a_long_paste_is_one_unit_and_comes_out_whole() {
    let mut editor = Editor::new();
    typed(&mut editor, "see ");
    let (one, two) = ("line\n".repeat(1_204), "x".repeat(5_000));
    assert_eq!(editor.paste(&one), None);
    typed(&mut editor, " and ");
    assert_eq!(editor.paste(&two), None);
    typed(&mut editor, " [pasted 1,204 lines, 7 kB #1]");
    let all = format!("see {one} and {two} [pasted 1,204 lines, 7 kB #1]");
    assert_eq!(editor.text(), all);
    let rows = drawn(&mut editor, 100, 3).join("\n");
    assert!(
        rows.contains("see [pasted 1,204 lines, 7 kB #1] and [pasted 1 line, 5 kB #2] [pasted"),
        "{rows}"
    );
    // The cursor steps over it, backspace takes it whole, undo brings it back.
    editor.go(Go::Start, false);
    (0..5).for_each(|_| editor.go(Go::Right, false));
    editor.delete(Go::Left);
    assert_eq!(editor.text(), all.replacen(&one, "", 1));
    assert!(editor.undo());
    assert_eq!(editor.text(), all);
    // Copying and the user's editor get all of it; what comes back unchanged is folded again.
    editor.select_all();
    assert_eq!(editor.copy(false).unwrap(), all);
    assert!(!editor.rewrite(&all), "nothing has changed");
    assert!(editor.rewrite(&format!("{all}!")));
    assert!(drawn(&mut editor, 100, 3)[0].starts_with("see [pasted 1,204 lines"));
    assert!(editor.undo() && editor.text() == all);
    // Unfolded it is text like any other.
    editor.go(Go::Start, false);
    (0..4).for_each(|_| editor.go(Go::Right, false));
    assert!(editor.unfold());
    assert_eq!((editor.text(), editor.rows(100)), (all.clone(), 120));
    assert_eq!(editor.take(), all);
    assert!(editor.is_empty() && editor.bytes() == 0);
}

#[test]
fn what_is_too_much_is_refused_in_words() {
    let mut editor = with("kept");
    let said = editor.paste(&"x".repeat(MOST_PASTED + 1)).unwrap();
    assert_eq!(said, "nothing was pasted: the paste has 16.7 MB, the prompt takes up to 16.7 MB");
    assert_eq!(editor.text(), "kept");
    assert_eq!(editor.paste(&"y".repeat(10 << 20)), None);
    assert_eq!(editor.text().len(), 4 + (10 << 20));
}

#[test]
fn typing_and_taking() {
    let mut editor = Editor::new();
    typed(&mut editor, "hi 日本");
    editor.newline();
    assert!(!editor.on_first_line() && editor.on_last_line());
    assert_eq!(editor.rows(20), 2);
    assert_eq!(editor.take(), "hi 日本\n");
    assert!(editor.is_empty() && editor.rows(20) == 1);
}

#[test]
fn words_are_undone_one_by_one() {
    let mut editor = Editor::new();
    typed(&mut editor, "one two three");
    let mut seen = Vec::new();
    while editor.undo() {
        seen.push(editor.text());
    }
    assert_eq!(seen, ["one two ", "one ", ""]);
    while editor.redo() {}
    assert_eq!(editor.text(), "one two three");
    editor.delete(Go::WordLeft);
    editor.delete(Go::WordLeft);
    assert_eq!(editor.text(), "one ");
    assert!(editor.undo());
    typed(&mut editor, "x");
    assert!(!editor.redo(), "what was typed since stands");
}

#[test]
fn selecting_cutting_and_putting_back() {
    let mut editor = with("one two\nthree");
    editor.go(Go::WordLeft, true);
    editor.go(Go::Up, true);
    assert_eq!(editor.copy(true).as_deref(), Some("one two\nthree"));
    assert!(editor.put_back() && editor.put_back());
    assert_eq!(editor.text(), "one two\nthreeone two\nthree");
    // Without shift: a mark, and motions.
    editor.go(Go::Start, false);
    assert!(editor.mark());
    editor.go(Go::WordRight, false);
    typed(&mut editor, "X");
    assert!(editor.text().starts_with("X two"));
    assert_eq!(editor.copy(false), None, "nothing is selected any more");
    editor.select_all();
    editor.paste("all");
    assert_eq!(editor.text(), "all");
}

#[test]
fn the_mouse_puts_the_cursor_and_selects() {
    let mut editor = with("one two three four five\nsix");
    // Rows of nine cells: the tenth is the cursor's.
    assert_eq!(drawn(&mut editor, 10, 4), ["one two", "three", "four five", "six"]);
    editor.click((2, 1));
    typed(&mut editor, "|");
    assert_eq!(editor.text(), "one two th|ree four five\nsix");
    editor.click((0, 0));
    editor.drag((3, 0));
    assert_eq!(editor.copy(true).as_deref(), Some("one"));
    editor.click((9, 9));
    typed(&mut editor, "!");
    assert!(editor.text().ends_with("six!"));
    editor.click((1, 0));
    editor.select_word();
    assert_eq!(editor.copy(false).as_deref(), Some("two"));
    let mut long = with(&(0..50).map(|n| n.to_string()).collect::<Vec<_>>().join("\n"));
    assert_eq!(drawn(&mut long, 10, 3), ["47", "48", "49"]);
    long.scroll(-10);
    assert_eq!(drawn(&mut long, 10, 3), ["37", "38", "39"], "the wheel moves the view");
    long.go(Go::Up, false);
    assert_eq!(drawn(&mut long, 10, 3), ["46", "47", "48"], "a key brings the cursor back");
    long.go(Go::PageUp, false);
    assert_eq!(drawn(&mut long, 10, 3), ["46", "47", "48"]);
    long.go(Go::Start, false);
    assert!(long.on_first_line() && !long.on_last_line());
}

#[test]
fn up_and_down_go_by_rows_and_keep_their_column() {
    let mut editor = with("a long line that wraps\nx\nanother long one");
    drawn(&mut editor, 12, 8);
    let mut path = Vec::new();
    for _ in 0..6 {
        path.push((editor.buffer.cursor().line, editor.buffer.cursor().byte));
        editor.go(Go::Up, false);
    }
    assert_eq!(path, [(2, 16), (2, 7), (1, 1), (0, 20), (0, 8), (0, 0)]);
}

/// A key echo must not depend on how long the prompt is: counted in bytes laid out.
#[test]
fn a_key_in_a_megabyte_costs_a_few_rows() {
    for text in
        ["x".repeat(1 << 20), "word ".repeat(200_000), "a line\n".repeat(150_000), "日本".repeat(180_000)]
    {
        let mut editor = with(&text);
        for place in [Go::End, Go::Start] {
            editor.go(place, false);
            let _ = editor.rows(80);
            drawn(&mut editor, 80, 8);
            for name in ["a", "b", "up", "down", "x"] {
                let before = editor.buffer.wraps.borrow().work;
                press(&mut editor, name);
                let _ = editor.rows(80);
                drawn(&mut editor, 80, 8);
                let work = editor.buffer.wraps.borrow().work - before;
                assert!(work < 60_000, "{work} bytes laid out for {name} {place:?}");
            }
        }
    }
}

/// The cases of vi's keys: text with the cursor as `|`, keys, what comes out.
const CASES: &[(&str, &str, &str)] = &[
    ("one| two", "i X esc", "one|X two"),
    ("|one two", "w", "one |two"),
    ("one two|", "b", "one |two"),
    ("|one two", "e", "on|e two"),
    ("|one two three", "2 w", "one two |three"),
    ("|one.two", "w", "one|.two"),
    ("|one.two x", "W", "one.two |x"),
    ("one.two x|", "B B", "|one.two x"),
    ("|one.two x", "E", "one.tw|o x"),
    ("  one|", "0", "|  one"),
    ("  one|", "^", "  |one"),
    ("|one", "$", "on|e"),
    ("a\nb|\nc", "g g", "|a\nb\nc"),
    ("a|\nb\nc", "G", "a\nb\n|c"),
    ("a|\nb\nc", "2 G", "a\n|b\nc"),
    ("|one two", "f t", "one |two"),
    ("|one two", "t t", "one| two"),
    ("one two|", "F n", "o|ne two"),
    ("one two|", "T n", "on|e two"),
    ("|a.b.c.d", "f . ; ;", "a.b.c|.d"),
    ("|a.b.c.d", "3 f . ,", "a.b|.c.d"),
    ("|one two", "x", "|ne two"),
    ("|one two", "3 x", "| two"),
    ("one two|", "X", "one t|o"),
    ("|one two", "d w", "|two"),
    ("one |two", "d w", "one| "),
    ("|one two three", "2 d w", "|three"),
    ("|one two three four", "2 d 1 w", "|three four"),
    ("|one two", "d e", "| two"),
    ("one |two", "d b", "|two"),
    ("one t|wo", "d $", "one |t"),
    ("one t|wo", "D", "one |t"),
    ("one| two", "d 0", "| two"),
    ("|one two", "d f o", "|"),
    ("|one two", "d t o", "|o"),
    ("x one two|", "d F o", "x |o"),
    ("a\n|b\nc", "d d", "a\n|c"),
    ("a\nb\n|c", "d d", "a\n|b"),
    ("|a\nb\nc", "2 d d", "|c"),
    ("|a\nb\nc", "d j", "|c"),
    ("a\nb\n|c", "d k", "|a"),
    ("a\n|b\nc", "d G", "|a"),
    ("a\nb|\nc", "d g g", "|c"),
    ("|only", "d d", "|"),
    ("o|ne two", "d i w", "| two"),
    ("o|ne two", "d a w", "|two"),
    ("one t|wo", "d a w", "on|e"),
    ("one tw|o three", "c i w X esc", "one |X three"),
    ("|one two", "c w X esc", "|X two"),
    ("|a two", "c w X esc", "|X two"),
    ("|one two three", "c 2 w X esc", "|X three"),
    ("a\n  |b\nc", "c c X esc", "a\n|X\nc"),
    ("one |two", "C X esc", "one |X"),
    ("|one", "s X esc", "|Xne"),
    ("a\n|b\nc", "S X esc", "a\n|X\nc"),
    ("a\n|b\nc", "y y p", "a\nb\n|b\nc"),
    ("a\n|b\nc", "Y P", "a\n|b\nb\nc"),
    ("|a\nb", "y y 2 p", "a\n|a\na\nb"),
    ("|one two", "y w $ p", "one twoone| "),
    ("|one two", "y w P", "one| one two"),
    ("|ab", "x p", "b|a"),
    ("|one", "A X esc", "one|X"),
    ("  o|ne", "I X esc", "  |Xone"),
    ("|one", "a X esc", "o|Xne"),
    ("|one", "o X esc", "one\n|X"),
    ("|one", "O X esc", "|X\none"),
    ("|one two", "d w u", "|one two"),
    ("|one two", "d w u ctrl+r", "|two"),
    ("|one two", "c w X space Y esc u", "|one two"),
    ("|one", "o X esc u", "|one"),
    ("|one two", "v e d", "| two"),
    ("one two|", "v b y P", "one tw|otwo"),
    ("a\n|b\nc\nd", "V j d", "a\n|d"),
    ("o|ne two", "v i w c X esc", "|X two"),
    ("|one two", "v l l o l d", "o| two"),
    ("|one two", "y i w w v i w p", "one on|e"),
    ("|abc", "r x", "|xbc"),
    ("|abc", "2 r x", "x|xc"),
    ("|one\n  two", "J", "one| two"),
    ("|abc", "2 ~", "AB|c"),
    ("a|\nb", "j k l h", "|a\nb"),
    ("|one two", "d esc w", "one |two"),
    ("|one", "d q x", "|ne"),
    ("|one", "9 9 9 9 9 9 9 l", "on|e"),
    ("one|", "backspace", "o|ne"),
];

#[test]
fn vi_does_what_vi_does() {
    let mut wrong = Vec::new();
    for (before, keys, after) in CASES {
        let mut editor = with(&before.replace('|', ""));
        editor.set_vi(true);
        let at = before.find('|').unwrap();
        let (above, below) = before.split_at(at);
        editor.buffer.go(
            Pos { line: above.matches('\n').count(), byte: at - above.rfind('\n').map_or(0, |n| n + 1) },
            false,
        );
        // Into normal mode without its step to the left, but from behind the end.
        let behind = below.trim_start_matches('|').chars().next().is_none_or(|c| c == '\n');
        if !behind {
            editor.go(Go::Right, false);
        }
        press(&mut editor, "esc");
        for key in keys.split(' ') {
            press(&mut editor, key);
        }
        let cursor = editor.buffer.cursor();
        let text = editor.text();
        let above: usize = text.split('\n').take(cursor.line).map(|l| l.len() + 1).sum();
        let mut shown = text.clone();
        shown.insert(above + cursor.byte, '|');
        if &shown != after || editor.mode() != Some("normal") {
            wrong.push(format!("{before:?} {keys}: {shown:?}, not {after:?}, {:?}", editor.mode()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(CASES.len() > 70);
}

#[test]
fn vi_shows_its_mode_and_lets_other_keys_through() {
    let mut editor = with("text");
    assert_eq!(editor.mode(), None);
    editor.set_vi(true);
    let mut seen = vec![editor.mode().unwrap()];
    for key in ["esc", "v", "V", "esc", "i"] {
        press(&mut editor, key);
        seen.push(editor.mode().unwrap());
    }
    assert_eq!(seen, ["insert", "normal", "visual", "visual lines", "normal", "insert"]);
    let other = |editor: &mut Editor, name: &str| !editor.vi_key(Key::parse(name).unwrap());
    assert!(other(&mut editor, "x") && other(&mut editor, "enter") && other(&mut editor, "ctrl+r"));
    press(&mut editor, "esc");
    assert!(other(&mut editor, "enter") && other(&mut editor, "tab") && other(&mut editor, "ctrl+e"));
    assert!(other(&mut editor, "esc"), "esc in normal mode is the way to the panes");
    press(&mut editor, "v");
    assert_eq!(editor.copy(false).as_deref(), Some("x"));
    assert_eq!(editor.mode(), Some("normal"), "a selection that was used is over");
    press(&mut editor, "v");
    editor.paste("s");
    assert_eq!((editor.text().as_str(), editor.mode()), ("test", Some("normal")));
    editor.take();
    assert_eq!(editor.mode(), Some("insert"), "the next prompt is written at once");
}

/// Twenty thousand random keys against a text and a cursor in characters.
#[test]
fn random_keys_do_what_a_simple_model_does() {
    fastrand::seed(7);
    let mut editor = Editor::new();
    let (mut model, mut at): (Vec<char>, usize) = (Vec::new(), 0);
    let word = |c: char| c.is_alphanumeric() || c == '_';
    for step in 0..20_000 {
        let key = fastrand::usize(0..14);
        match key {
            0..=3 => {
                let c = *fastrand::choice(&['a', 'b', ' ', '.', 'é', '日', '\n']).unwrap();
                typed(&mut editor, &c.to_string());
                model.insert(at, c);
                at += 1;
            }
            4 => {
                editor.go(Go::Left, false);
                at = at.saturating_sub(1);
            }
            5 => {
                editor.go(Go::Right, false);
                at = (at + 1).min(model.len());
            }
            6 => {
                editor.delete(Go::Left);
                if at > 0 {
                    at -= 1;
                    model.remove(at);
                }
            }
            7 => {
                editor.delete(Go::Right);
                if at < model.len() {
                    model.remove(at);
                }
            }
            8 => {
                editor.go(Go::WordLeft, false);
                while at > 0 && !word(model[at - 1]) {
                    at -= 1;
                }
                while at > 0 && word(model[at - 1]) {
                    at -= 1;
                }
            }
            9 => {
                editor.go(Go::WordRight, false);
                while at < model.len() && !word(model[at]) {
                    at += 1;
                }
                while at < model.len() && word(model[at]) {
                    at += 1;
                }
            }
            10 => {
                editor.go(Go::LineStart, false);
                while at > 0 && model[at - 1] != '\n' {
                    at -= 1;
                }
            }
            11 => {
                editor.go(Go::LineEnd, false);
                while at < model.len() && model[at] != '\n' {
                    at += 1;
                }
            }
            12 if model.len() > 200 => {
                editor.go(Go::End, true);
                editor.copy(true);
                model.truncate(at);
            }
            12 => {
                let pasted = "p q\nr";
                editor.paste(pasted);
                model.splice(at..at, pasted.chars());
                at += pasted.len();
            }
            _ => {
                // Undone and done again is as if nothing had been.
                let before = (editor.text(), editor.buffer.cursor());
                if editor.undo() && editor.redo() {
                    assert_eq!(editor.text(), before.0);
                }
                editor.buffer.go(before.1, false);
            }
        }
        let text: String = model.iter().collect();
        assert_eq!(editor.text(), text, "step {step}, key {key}");
        let cursor = editor.buffer.cursor();
        let above: usize = text.split('\n').take(cursor.line).map(|l| l.len() + 1).sum();
        let wanted: usize = model[..at].iter().map(|c| c.len_utf8()).sum();
        assert_eq!(above + cursor.byte, wanted, "step {step}, key {key}, {text:?}");
        if step % 50 == 0 {
            // What is laid out bit by bit is what is laid out at once.
            let (fresh, rows) = (with(&text), editor.rows(30));
            assert_eq!(rows, fresh.rows(30), "step {step}");
        }
    }
}

/// Random signs of vi's never break the text's own rules, and everything can be undone.
#[test]
fn random_vi_keys_keep_the_cursor_in_the_text() {
    fastrand::seed(11);
    let keys: Vec<char> = "hjklwbeWBE0^$gGfFtT;,dcyxXDCsSYiaIAoOpPuvVJ~r123.a日".chars().collect();
    let start = "one two, three\n\n  four 日本語\nfive";
    let mut editor = with(start);
    editor.set_vi(true);
    for step in 0..20_000 {
        if fastrand::usize(0..6) == 0 {
            press(&mut editor, "esc");
        }
        press(&mut editor, &fastrand::choice(&keys).unwrap().to_string());
        let at = editor.buffer.cursor();
        assert_eq!(at, editor.buffer.clamp(at), "step {step}");
        assert_eq!(editor.buffer.bytes(), editor.buffer.text().len(), "step {step}");
        if editor.bytes() > 3_000 {
            editor.set_text(start);
            editor.set_vi(true);
        }
    }
}
