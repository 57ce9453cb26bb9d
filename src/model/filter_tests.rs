use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};
use unicode_segmentation::UnicodeSegmentation;

use super::*;

fn counted(text: &str) -> (String, u64) {
    pieces(&[text])
}

fn pieces(parts: &[&str]) -> (String, u64) {
    let (mut filter, mut out) = (Filter::default(), String::new());
    for part in parts {
        filter.push(part, &mut out);
    }
    filter.finish(&mut out);
    (out, filter.hidden)
}

/// ASCII as the tag characters that carry it unseen.
fn tags(text: &str) -> String {
    text.chars().filter_map(|c| char::from_u32(0xE0000 + u32::from(c))).collect()
}

fn flag(region: &str) -> String {
    format!("\u{1F3F4}{}\u{E007F}", tags(region))
}

/// What must never come out, told by category and by name, not by the filter's own tables.
fn forbidden(out: &str) -> Option<char> {
    let flags = ["gbeng", "gbsct", "gbwls"].map(flag);
    let rest = flags.iter().fold(out.to_owned(), |text, f| text.replace(f.as_str(), ""));
    rest.chars().find(|&c| {
        matches!(c,
            '\0'..='\u{9}' | '\u{B}'..='\u{1F}' | '\u{7F}'..='\u{9F}' | '\u{AD}' | '\u{61C}'
            | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
            | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E00FF}')
            || matches!(
                c.general_category(),
                GeneralCategory::PrivateUse | GeneralCategory::Unassigned | GeneralCategory::Surrogate
            )
    })
}

const CATALOGUE: &[(&str, &str, &str, u64)] = &[
    ("A1 clear screen", "a\x1b[2J\x1b[Hb", "a␛[2J␛[Hb", 2),
    ("A2 clipboard write", "\x1b]52;c;aGk=\x07", "␛]52;c;aGk=␇", 2),
    ("A3 clipboard read", "\x1b]52;c;?\x07", "␛]52;c;?␇", 2),
    ("A4 link", "\x1b]8;;https://evil\x1b\\x\x1b]8;;\x1b\\", "␛]8;;https://evil␛\\x␛]8;;␛\\", 4),
    ("A5 open link", "\x1b]8;;https://evil\x1b\\rest", "␛]8;;https://evil␛\\rest", 2),
    ("A6 title", "\x1b]0;t\x07\x1b[21t", "␛]0;t␇␛[21t", 3),
    ("A7 queries", "\x1bP$q\"p\x1b\\\x1b[c\x1b[>0q", "␛P$q\"p␛\\␛[c␛[>0q", 4),
    ("A8 image", "\x1b_Gf=24;AAAA\x1b\\", "␛_Gf=24;AAAA␛\\", 2),
    ("A9 eight bits", "\u{9B}2J\u{9D}0;t\u{9C}", "‹U+009B›2J‹U+009D›0;t‹U+009C›", 3),
    ("A12 broken bytes", "a\u{FFFD}[2J", "a\u{FFFD}[2J", 0),
    ("A13 overwrite", "safe\rEVIL", "safe␍EVIL", 1),
    ("A13 line ends", "a\r\nb\r\r\nc\r", "a\nb␍\nc␍", 2),
    ("A14 backspace", "ab\x08\x08c\x7f", "ab␈␈c␡", 3),
    ("A15 bells", "\x07\x07\x07", "␇␇␇", 3),
    ("A16 paste", "\x1b[200~x\x1b[201~", "␛[200~x␛[201~", 2),
    ("A17 override", "exe.\u{202E}gpj", "exe.‹U+202E›gpj", 1),
    ("A18 isolates", "\u{2066}a\u{2069}\u{61C}\u{200E}", "‹U+2066›a‹U+2069›‹U+061C›‹U+200E›", 4),
    ("A23 line ends", "a\u{2028}b\u{2029}c\u{85}d\u{B}e\u{C}f", "a\nb\nc\nd\ne\nf", 0),
    ("tab", "a\tb", "a    b", 0),
    ("NUL", "a\0b", "a␀b", 1),
    ("unseen", "a\u{200B}b\u{2060}c\u{FEFF}d\u{AD}", "a‹U+200B›b‹U+2060›c‹U+FEFF›d‹U+00AD›", 4),
    ("annotation", "\u{FFF9}a\u{FFFA}b\u{FFFB}", "‹U+FFF9›a‹U+FFFA›b‹U+FFFB›", 3),
    ("private use", "\u{E000}\u{F0000}", "‹U+E000›‹U+F0000›", 2),
    ("unassigned", "\u{378}\u{FFFF}\u{10FFFF}", "‹U+0378›‹U+FFFF›‹U+10FFFF›", 3),
    ("one tag", "a\u{E0041}b", "a‹1 invisible tag char›b", 1),
];

#[test]
fn the_catalogue_of_hostile_text() {
    for (name, given, want, hidden) in CATALOGUE {
        assert_eq!(counted(given), ((*want).to_owned(), *hidden), "{name}");
    }
}

#[test]
fn a_sequence_does_not_form_across_pieces() {
    // A10 and A11: cut after the escape character.
    assert_eq!(pieces(&["a\x1b", "[2Jb"]), ("a␛[2Jb".into(), 1));
    assert_eq!(pieces(&["a\r", "\nb"]), ("a\nb".into(), 0));
}

#[test]
fn tag_characters_are_counted_unless_they_make_a_flag() {
    // A19 and A20.
    assert_eq!(counted(&tags("ignore all of it!")), ("‹17 invisible tag chars›".into(), 17));
    for good in ["gbeng", "gbsct", "gbwls", "usca", "gb1"] {
        assert_eq!(counted(&flag(good)), (flag(good), 0));
    }
    for bad in ["", "gb", "gbengland", "GBENG", "gb eng"] {
        let n = bad.len() as u64 + 1;
        let s = if n == 1 { "" } else { "s" };
        assert_eq!(counted(&flag(bad)), (format!("\u{1F3F4}‹{n} invisible tag char{s}›"), n), "{bad:?}");
    }
    // A flag covers its own tags only, and only directly.
    let two = format!("{}{}", flag("gbeng"), tags("gbsct"));
    assert_eq!(counted(&two), (format!("{}‹5 invisible tag chars›", flag("gbeng")), 5));
    let cut = format!("\u{1F3F4} {}\u{E007F}", tags("gbeng"));
    assert_eq!(counted(&cut), ("\u{1F3F4} ‹6 invisible tag chars›".into(), 6));
    let open = format!("\u{1F3F4}{}x", tags("gbeng"));
    assert_eq!(counted(&open), ("\u{1F3F4}‹5 invisible tag chars›x".into(), 5));
}

const LEGITIMATE: &[&str] = &[
    "plain ASCII ~ and !\nsecond line",
    // Emoji: families, couples, tones, variation selectors, keycaps, flags.
    "👨‍👩‍👧‍👦",
    "👩‍👩‍👦‍👦 and 👨‍👨‍👧",
    "👩🏽‍❤️‍💋‍👨🏿",
    "👩🏻‍🤝‍👩🏾",
    "🧑🏿‍🦽‍➡️",
    "🏳️‍🌈 🏳️‍⚧️ 🏴‍☠️",
    "👁️‍🗨️",
    "🐻‍❄️ 🐦‍🔥 🍋‍🟩",
    "👍🏻👍🏼👍🏽👍🏾👍🏿",
    "❤️ ☀️ ☎️ ✈️ ⚠️",
    "☎︎ ✈︎ text style",
    "0️⃣1️⃣9️⃣#️⃣*️⃣",
    "🇩🇪🇫🇷🇯🇵🇧🇷🇺🇦🇮🇳🇰🇪🇨🇱🇨🇦🇰🇷🇲🇽🇳🇴🇵🇱🇸🇪🇹🇷🇻🇳🇿🇦🇪🇸🇮🇹🇵🇹🇬🇷",
    "🧑‍💻👩‍🚀👨‍🌾🧑‍🍳👩‍⚕️",
    "©️®️™️ ‼️⁉️ 〰️ 〽️ ㊗️",
    // Persian, Arabic, Urdu, Kurdish, Hebrew, Yiddish, Syriac.
    "می‌خواهم کتاب‌ها را ببینم",
    "نمی‌شود خانه‌ام",
    "السَّلَامُ عَلَيْكُمْ وَرَحْمَةُ ٱللَّٰهِ",
    "مرحبا بالعالم، كيف حالك؟",
    "\u{600}١٢٣ \u{601}١٤٤٧ \u{603}٥",
    "قال تعالى \u{6DD}٢٥٥",
    "\u{8E2} نص",
    "یہ اردو ہے۔ ٹھیک ہے؟",
    "ئەمە کوردییە، زۆر باشە",
    "שָׁלוֹם עוֹלָם",
    "בְּרֵאשִׁית בָּרָא אֱלֹהִים",
    "דאָס איז ייִדיש",
    "ܫܠܡܐ \u{70F}ܐܒ",
    // India and its neighbours.
    "नमस्ते दुनिया, क्षत्रिय ज्ञान स्त्री",
    "क्‍ष र्‍य",
    "हिन्दी में लिखा हुआ वाक्य।",
    "বাংলা ভাষা ক্ষ স্ত্রী",
    "ਪੰਜਾਬੀ ਸਤਿ ਸ੍ਰੀ ਅਕਾਲ",
    "ગુજરાતી ક્ષમા",
    "தமிழ் வணக்கம் ஸ்ரீ",
    "తెలుగు స్త్రీ క్ష్మ",
    "ಕನ್ನಡ ಸ್ತ್ರೀ",
    "മലയാളം അവന്‍ ക്ഷ",
    "සිංහල ශ්‍රී ලංකා",
    "नेपाली काठमाडौँ",
    "བོད་སྐད་ བསྒྲུབས་",
    // South-east Asia.
    "ภาษาไทย น้ำใจ ที่นี่ ก็ได้",
    "ກຳລັງ ພາສາລາວ ນ້ຳ",
    "ភាសាខ្មែរ ស្ត្រី",
    "မြန်မာဘာသာ ကျွန်ုပ်",
    "ᮞᮥᮔ᮪ᮓ ꦗꦮ",
    // East Asia.
    "안녕하세요 세계",
    "\u{1112}\u{1161}\u{11AB}\u{1100}\u{116E}\u{11A8}\u{110B}\u{1165}",
    "漢字と仮名、カタカナ。「括弧」",
    "か\u{3099}は\u{309A} ﾊﾞﾊﾟ",
    "葛\u{E0100}城 辻\u{E0101}",
    "简体中文,繁體中文。",
    "𠮷野家 𩸽",
    "　全角スペース　",
    "ᠮᠣᠩᠭᠣᠯ ᠪᠠᠶᠢᠨ\u{180E}ᠠ",
    // Latin, Greek, Cyrillic and others with marks.
    "Việt Nam: Tiếng Việt rất đẹp",
    "Vie\u{323}\u{302}t e\u{301}a\u{308}o\u{302}\u{300}",
    "Ǹ̓ s̩̍ ɑ̃ː t͡ʃ",
    "Ἀθῆναι ᾧ ὤμοι",
    "Й й Ё Ў Ї ґ",
    "Łódź, Größe, cœur, niño, İstanbul, ħ",
    "አማርኛ ሰላም",
    "ქართული Հայերեն",
    "ⴰⵣⵓⵍ ᎣᏏᏲ ᐃᓄᒃᑎᑐᑦ",
    // Signs.
    "∑ᵢ xᵢ² ≥ 0 ⇒ ∀ε>0 ∃δ: |x|<δ",
    "a\u{338} ≠ ≠\u{338}  x\u{20D7} A\u{20DD}",
    "┌─┬─┐│█▓▒░⠿⣿└─┴─┘",
    "€ £ ¥ ₹ ₿ ½ ¼ № § ¶ † ‡ … – — ‘’“”«»‹›",
    "10\u{A0}000\u{202F}km 5\u{2009}m",
    "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𝒞 𝟘",
    "𓀀𓂀 𒀀 𐤀",
    "␛ ␀ and ‹U+202E› written out",
];

#[test]
fn legitimate_text_is_not_touched() {
    assert!(LEGITIMATE.len() >= 60, "{}", LEGITIMATE.len());
    for text in LEGITIMATE {
        assert_eq!(counted(text), ((*text).to_owned(), 0));
    }
    let all = LEGITIMATE.join("\n");
    assert_eq!(counted(&all), (all.clone(), 0));
    for region in ["gbeng", "gbsct", "gbwls"] {
        let text = format!("go {}!", flag(region));
        assert_eq!(counted(&text), (text.clone(), 0));
    }
}

/// Every control and format character, alone and inside sequences, plus what else hides.
fn hostile() -> Vec<String> {
    let codes = (0..=0x1F)
        .chain(0x7F..=0x9F)
        .chain([0xAD, 0x61C, 0x200B, 0xFEFF, 0xFFF9, 0xFFFA, 0xFFFB, 0xE000, 0xF8FF, 0x378, 0x1_D173])
        .chain(0x200E..=0x200F)
        .chain(0x2028..=0x202E)
        .chain(0x2060..=0x206F)
        .chain([0xE_0001, 0xE_0020, 0xE_0041, 0xE_007F, 0xE_0080, 0xE_00FF, 0x10_FFFD, 0x10_FFFF]);
    let mut all = Vec::new();
    for c in codes.filter_map(char::from_u32) {
        all.push(format!("a{c}b"));
        all.push(format!("{c}[2J{c}]52;c;aGk=\x07{c}\\{c}{c}"));
        all.push(format!("\u{1F3F4}{c}\r{c}\u{200D}{c}e\u{301}{c}"));
    }
    for introducer in ["\x1b[", "\u{9B}", "\x1b]", "\u{9D}", "\x1bP", "\u{90}", "\x1b_", "\x1b^", "\x1bX"] {
        for tail in ["6n", "c", "?1049l", "21t", "0;t\x07", "8;;x\x1b\\", "$q\"p\u{9C}", "200~", "~@\\]^_"] {
            all.push(format!("{introducer}{tail}"));
        }
    }
    for flags in 1..4 {
        all.push(format!("{}{}", flag("gbeng").repeat(flags), tags("run this now")));
    }
    all
}

#[test]
fn nothing_forbidden_is_left_of_a_hostile_text() {
    let all = hostile();
    assert!(all.len() >= 400, "{}", all.len());
    for text in &all {
        let out = clean(text);
        assert_eq!(forbidden(&out), None, "{text:?} became {out:?}");
        assert!(!clean_line(text).contains('\n'), "{text:?}");
        // What came out goes through again as it is.
        assert_eq!(counted(&out), (out.clone(), 0), "{text:?}");
    }
}

#[test]
fn any_split_gives_what_the_whole_gives() {
    let mut corpus = hostile();
    corpus.extend(LEGITIMATE.iter().map(|s| (*s).to_owned()));
    corpus.extend(CATALOGUE.iter().map(|(_, s, ..)| (*s).to_owned()));
    corpus.extend([flag("gbsct"), flag("gbengland"), tags("a long unseen sentence"), "\r\r\n\r".into()]);
    corpus.push(format!("a{}b{}", "\u{301}".repeat(40), "👩\u{200D}".repeat(20)));
    corpus.push(format!("{}a{}", "\u{600}".repeat(40), "क\u{94D}".repeat(30)));
    for text in &corpus {
        let whole = counted(text);
        for (at, _) in text.char_indices() {
            let (head, tail) = text.split_at(at);
            assert_eq!(pieces(&[head, tail]), whole, "{text:?} cut at {at}");
        }
        let mut buffer = [0; 4];
        let (mut filter, mut out) = (Filter::default(), String::new());
        for c in text.chars() {
            filter.push(c.encode_utf8(&mut buffer), &mut out);
        }
        filter.finish(&mut out);
        assert_eq!((out, filter.hidden), whole, "{text:?} one by one");
    }
}

#[test]
fn a_cluster_holds_at_most_its_cap() {
    // A22: two bytes each, so 31 marks fit behind the `a`.
    let tower = format!("a{}b", "\u{301}".repeat(10_000));
    assert_eq!(counted(&tower), (format!("a{}‹…›b", "\u{301}".repeat(31)), 10_000 - 31));
    // The mark stands once per cluster, and the next cluster has its own room.
    let two = "a".to_owned() + &"\u{301}".repeat(40) + "e\u{301}" + &"\u{302}".repeat(40);
    assert_eq!(clean(&two).matches("‹…›").count(), 2);

    for unit in [
        "\u{301}",
        "\u{E0100}",
        "\u{200D}",
        "\u{200C}",
        "👩\u{200D}",
        "👩🏽\u{FE0F}\u{200D}",
        "क\u{94D}",
        "क\u{94D}\u{200D}",
        "\u{1100}",
        "\u{1161}",
        "\u{11A8}",
        "\u{600}",
        "\u{E33}",
        "\u{FF9E}",
        "🏽",
        "🇩\u{301}",
        "\u{180E}",
        "\u{D4E}",
        "\u{600}\u{301}",
        "\u{1F3F4}\u{200D}",
        "\u{600}\u{200D}",
    ] {
        let out = clean(&format!("x{}y", unit.repeat(1000)));
        let widest = out.graphemes(true).map(str::len).max();
        assert!(widest <= Some(CLUSTER_CAP), "{unit:?}: {widest:?}");
    }
    let signs = format!("{}\x1b{}", "\u{600}".repeat(100), "\u{301}".repeat(100));
    assert!(clean(&signs).graphemes(true).all(|g| g.len() <= CLUSTER_CAP));
    let flags = format!("{}{}", "👩\u{200D}".repeat(5), flag("gbeng"));
    assert!(clean(&flags).graphemes(true).all(|g| g.len() <= CLUSTER_CAP));
}

/// Everything that has a rule of its own, in random order and random lengths.
#[test]
fn no_mixture_breaks_the_cap_or_lets_anything_through() {
    let pool: Vec<char> = "a \n\r\t\x1b\u{7F}\u{9B}é漢👩🏽❤‹›#\u{20E3}\u{FE0F}\u{200D}\u{200C}\u{301}\u{E0100}\
        \u{600}\u{D4E}क\u{94D}\u{93C}\u{93F}\u{1100}\u{1161}\u{11A8}가ำ\u{FF9E}🇩🇪\u{1F3F4}\u{202E}\u{180E}\u{E000}"
        .chars()
        .chain(tags("gbeng").chars())
        .chain(['\u{E007F}', '\u{E0001}'])
        .collect();
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let mut below = |n: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % n as u64).unwrap()
    };
    for round in 0..20_000 {
        // A few characters, much repeated: long clusters are made of such.
        let few: Vec<char> = (0..=below(4)).map(|_| pool[below(pool.len())]).collect();
        let text: String = (0..below(120)).map(|_| few[below(few.len())]).collect();
        let whole = counted(&text);
        let out = &whole.0;
        let widest = out.graphemes(true).map(str::len).max().unwrap_or(0);
        assert!(widest <= CLUSTER_CAP, "round {round}: {widest} bytes from {few:?}");
        assert!(!out.contains(['\r', '\t', '\x1b', '\u{7F}', '\u{9B}', '\u{202E}', '\u{E000}', '\u{E0001}']));
        let cut = text.char_indices().nth(below(120)).map_or(text.len(), |(at, _)| at);
        let (head, tail) = text.split_at(cut);
        assert_eq!(pieces(&[head, "", tail]), whole, "round {round}");
    }
}

#[test]
fn a_plain_long_text_is_copied_whole() {
    let text = "the quick brown fox, 1234567890\n".repeat(10_000);
    assert_eq!(counted(&text), (text.clone(), 0));
}

#[test]
fn one_line_has_no_breaks_and_no_ragged_spaces() {
    for (given, want) in [
        ("a\nb", "a b"),
        ("  a  b \r\n\n\t c\u{2028}", "a  b c"),
        ("\n\n", ""),
        ("a\rb", "a␍b"),
        ("x\u{85}y\u{C}z", "x y z"),
        ("\x1b[31mred", "␛[31mred"),
    ] {
        assert_eq!(clean_line(given), want, "{given:?}");
    }
}
