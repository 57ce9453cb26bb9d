use std::fs;

use tempfile::TempDir;

use super::*;
use crate::model::references;

fn disk() -> (TempDir, Disk) {
    let dir = tempfile::tempdir().unwrap();
    let disk = Disk { home: Some(dir.path().join("home")), here: dir.path().into(), text: 1_000 };
    fs::create_dir_all(dir.path().join("home")).unwrap();
    fs::create_dir_all(dir.path().join("src/deep")).unwrap();
    (dir, disk)
}

fn png() -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x02\x80\0\0\x01\xe0\x08\x06".to_vec();
    bytes.resize(64, 0);
    bytes
}

#[test]
fn text_and_images_are_told_by_their_bytes_not_by_their_names() {
    let (dir, disk) = disk();
    fs::write(dir.path().join("notes.md"), "# Hi\n").unwrap();
    fs::write(dir.path().join("chart.txt"), png()).unwrap();
    fs::write(dir.path().join("bmw.png"), "BMW and GIF89a are words here.").unwrap();
    let label = |name: &str| disk.read(name).unwrap().unwrap().label();
    assert_eq!(label("notes.md"), "notes.md 5 B");
    assert_eq!(label("chart.txt"), "chart.txt 640x480");
    assert_eq!(label("bmw.png"), "bmw.png 30 B");
    let absolute = dir.path().join("notes.md").display().to_string();
    assert_eq!(label(&absolute), format!("{absolute} 5 B"));
}

#[test]
fn names_are_found_at_home_and_before_the_end_of_a_sentence() {
    let (dir, disk) = disk();
    fs::write(dir.path().join("home/a b.txt"), "x").unwrap();
    fs::write(dir.path().join("notes.md"), "y").unwrap();
    let found = |text: &str| {
        let all: Vec<_> = references(text).iter().map(|r| disk.find(r).unwrap()).collect();
        all.into_iter().map(|f| f.map(|f| f.name().to_owned())).collect::<Vec<_>>()
    };
    assert_eq!(
        found("@\"~/a b.txt\" or @notes.md, or @nobody"),
        [Some("~/a b.txt".to_owned()), Some("notes.md".to_owned()), None]
    );
    assert_eq!(found("@notes.md/deeper @src/no.rs @\0"), [None, None, None]);
    assert_eq!(found(&format!("@{}", "x".repeat(5_000))), [None], "a name that no file can have");
}

#[test]
fn what_cannot_be_attached_says_why_and_what_to_do() {
    let (dir, disk) = disk();
    let mut bmp = b"BM\x9a\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x01\0\0\0\x01\0\0\0".to_vec();
    bmp.resize(80, 0xff);
    let cases: [(&str, Vec<u8>, &str); 10] = [
        ("empty.txt", vec![], "is empty"),
        ("long.txt", vec![b'x'; 1_001], "has 1.0 kB, and text is attached up to 1.0 kB"),
        ("latin.txt", b"na\xefve text".to_vec(), "is not UTF-8 text (byte 3 is none)"),
        ("wide.txt", b"\xff\xfeh\0i\0".to_vec(), "is UTF-16 text"),
        ("program", b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec(), "looks binary"),
        ("zeros.txt", b"a\0b".to_vec(), "looks binary"),
        ("noise", (0x80..=0xff).chain(1..=31).collect(), "looks binary"),
        ("paper.pdf", b"%PDF-1.7\n".to_vec(), "is a PDF"),
        ("old.bmp", bmp, "is a BMP image, which no provider takes: convert it to PNG"),
        ("cut.png", png()[..14].to_vec(), "its size cannot be read"),
    ];
    for (name, bytes, want) in cases {
        fs::write(dir.path().join(name), bytes).unwrap();
        let why = disk.read(name).unwrap_err();
        assert!(why.starts_with(name) && why.contains(want), "{name}: {why}");
    }
    assert!(disk.read("src").unwrap_err().contains("is a directory: name a file in it"));
}

#[test]
fn a_file_beyond_every_limit_is_not_read() {
    let (dir, disk) = disk();
    let huge = File::create(dir.path().join("huge.png")).unwrap();
    huge.set_len(1 << 40).unwrap();
    assert!(disk.read("huge.png").unwrap_err().contains("no more than 20 MB"));
}

#[cfg(unix)]
#[test]
fn what_may_never_answer_is_not_opened() {
    use std::os::unix::net::UnixListener;
    use std::process::Command;

    let (dir, disk) = disk();
    let fifo = dir.path().join("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let _socket = UnixListener::bind(dir.path().join("socket")).unwrap();
    for name in ["fifo", "socket", "/dev/zero", "/dev/tty"] {
        let why = disk.read(name).unwrap_err();
        assert!(why.contains("is a FIFO, a socket or a device"), "{name}: {why}");
    }
    let names: Vec<_> = disk.list("").unwrap().into_iter().map(|l| l.name).collect();
    assert_eq!(names, ["home", "src"], "none of them is offered");
}

#[cfg(unix)]
#[test]
fn what_may_not_be_read_says_so() {
    use std::os::unix::fs::PermissionsExt;

    let (dir, disk) = disk();
    let path = dir.path().join("secret.txt");
    fs::write(&path, "x").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    // Root reads everything.
    if File::open(&path).is_err() {
        assert_eq!(
            disk.read("secret.txt").unwrap_err(),
            "secret.txt cannot be read: you may not read it (permission denied)"
        );
    }
}

#[test]
fn a_directory_lists_what_can_be_written_directories_first() {
    let (dir, disk) = disk();
    for name in ["b.txt", "A.txt", ".hidden", "bad\u{1b}[2J.txt", "日本.md"] {
        fs::write(dir.path().join(name), "12345").unwrap();
    }
    let names: Vec<_> = disk.list("").unwrap().into_iter().map(|l| (l.name, l.directory, l.size)).collect();
    let plain: Vec<_> = names.iter().map(|(name, ..)| name.as_str()).collect();
    assert_eq!(plain, ["home", "src", ".hidden", "A.txt", "b.txt", "日本.md"]);
    assert!(names.iter().filter(|(_, directory, _)| !directory).all(|(.., size)| *size == 5));
    let inner: Vec<_> = disk.list("src/").unwrap().into_iter().map(|l| l.name).collect();
    assert_eq!(inner, ["deep"]);
    assert_eq!(disk.list("nowhere/").unwrap(), []);
    assert_eq!(disk.list("~/").unwrap(), []);
}
