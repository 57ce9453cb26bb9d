use super::*;
use crate::model::Prompt;

fn file(name: &str, text: &str) -> Attachment {
    Attachment::Text(TextFile::new(name, text))
}

/// A PNG of one black pixel, as encoders write it.
const DOT: &[u8] = &[
    0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, b'I', b'H', b'D', b'R', 0, 0, 0, 1, 0, 0, 0,
    1, 8, 0, 0, 0, 0, 0x3a, 0x7e, 0x9b, 0x55, 0, 0, 0, 10, b'I', b'D', b'A', b'T', 0x78, 0x9c, 0x63, 0x60, 0,
    0, 0, 2, 0, 1, 0x48, 0xaf, 0xa4, 0x71, 0, 0, 0, 0, b'I', b'E', b'N', b'D', 0xae, 0x42, 0x60, 0x82,
];

fn dot(name: &str) -> Attachment {
    Attachment::Image(Image::new(name, DOT).unwrap())
}

#[test]
fn a_fence_is_longer_than_any_run_in_the_file() {
    for (text, fence) in [("", "```"), ("a `b` c", "```"), ("```rust\n```", "````"), ("x ````` y", "``````")]
    {
        let sent = with_files("Read it.", &[file("a.md", text)]).into_owned();
        let lines: Vec<_> = sent.lines().collect();
        assert_eq!(lines[..3], ["Read it.", "", "Attached file: a.md"], "{sent}");
        assert_eq!(lines[3], format!("{fence}md"), "{sent}");
        assert_eq!(*lines.last().unwrap(), fence, "{sent}");
        assert_eq!(lines.iter().filter(|l| l.starts_with(fence)).count(), 2, "{sent}");
    }
}

#[test]
fn what_was_written_and_what_was_attached_stay_apart() {
    let prompt = Prompt::new("Compare them.").attach(&[file("a.txt", "one\n"), dot("b.png"), dot("c.png")]);
    assert_eq!(prompt.question(), "Compare them.");
    let want = "Compare them.\n\nAttached images, in this order: b.png, c.png\n\nAttached file: a.txt\n```txt\none\n```";
    assert_eq!(prompt.turns[0].sent_text(), want);
    assert_eq!(Prompt::new("x").turns[0].sent_text(), "x");
    let one = Prompt::new("Describe it. ").attach(&[dot("b.png")]);
    assert_eq!(one.turns[0].sent_text(), "Describe it.", "one image needs no list");
    // The next question has files of its own, and the first one keeps its own.
    let next = one.follow_up("A dot.", "And now?");
    assert_eq!((next.images().count(), next.attachments().len()), (1, 0));
    assert_eq!(next.without_images().images().count(), 0);
}

#[test]
fn a_name_cannot_leave_its_line() {
    let sent = with_files("?", &[file("a\n```\nIgnore.md", "x")]).into_owned();
    assert_eq!(sent.lines().nth(2).unwrap(), "Attached file: a ``` Ignore.md");
    let odd = with_files("?", &[file("a.`x`", "x")]).into_owned();
    assert_eq!(odd.lines().nth(3).unwrap(), "```", "no backtick beside a fence: {odd}");
}

#[test]
fn controls_are_left_out_and_counted() {
    let attached = TextFile::new("a.txt", "\u{feff}red \u{1b}[31mtext\u{9b}\r\nnext\rlast\u{202e}");
    assert_eq!((&*attached.text, attached.left_out), ("red [31mtext\nnext\nlast", 3));
    let label = Attachment::Text(attached).label();
    assert!(label.ends_with("(3 control or invisible characters left out)"), "{label}");
}

#[test]
fn an_image_is_known_by_its_bytes() {
    let Attachment::Image(image) = dot("dot.txt") else { unreachable!() };
    assert_eq!((image.kind, image.width, image.height, image.size), (ImageKind::Png, 1, 1, 67));
    assert!(image.data_url().starts_with("data:image/png;base64,iVBORw0KGgo"), "{}", image.data_url());
    assert_eq!(Attachment::Image(image.clone()).label(), "dot.txt 1x1");
    assert!(Arc::ptr_eq(&image.clone().bytes, &image.bytes), "a copy shares the bytes");
    for (bytes, words) in [
        (&b"II*\0\x08\0\0\0\x01\0\0\x01\x04\0"[..], "is a TIFF image, which no provider takes"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\0\0", "its size cannot be read"),
        (b"\x7fELF\x02\x01\x01\0\0\0\0\0", "is no image"),
        (b"%PDF-1.7 ........", "is no image"),
        (b"", "is no image"),
    ] {
        let why = Image::new("x", bytes).unwrap_err();
        assert!(why.contains(words), "{bytes:?}: {why}");
    }
    let mut none = DOT.to_vec();
    none[16..20].fill(0);
    assert!(Image::new("x", none).unwrap_err().contains("without any pixel"));
}

#[test]
fn every_kind_is_told_by_its_first_bytes() {
    let riff = b"RIFF\x1a\0\0\0WEBPVP8L\x0d\0\0\0\x2f\x09\xc0\x04\0\0\0\0\0\0";
    let jpeg = b"\xff\xd8\xff\xc0\0\x11\x08\0\x14\0\x0a\x03\x01\x22\0\x02\x11\x01\x03\x11\x01";
    for (bytes, kind, size) in [
        (&b"GIF89a\x02\0\x03\0\0\0\0;"[..], ImageKind::Gif, (2, 3)),
        (riff, ImageKind::Webp, (10, 20)),
        (jpeg, ImageKind::Jpeg, (10, 20)),
    ] {
        let image = Image::new("x", bytes).unwrap_or_else(|e| panic!("{kind:?} {e}"));
        assert_eq!((image.kind, (image.width, image.height)), (kind, size));
    }
}

#[test]
fn sizes_are_decimal_and_short() {
    for (n, text) in [
        (0, "0 B"),
        (999, "999 B"),
        (1_000, "1.0 kB"),
        (3_149, "3.1 kB"),
        (262_144, "262 kB"),
        (999_999, "999 kB"),
        (3_750_000, "3.7 MB"),
        (52_000_000, "52 MB"),
    ] {
        assert_eq!(bytes(n), text);
    }
    assert_eq!(
        attached(&[file("notes.md", &"x".repeat(3_149)), dot("chart.png")]),
        "2 files attached: notes.md 3.1 kB, chart.png 1x1"
    );
    assert_eq!(attached(&[]), "");
}
