use super::*;

fn endpoint(key: KeySource) -> Endpoint {
    Endpoint { key: Some(key), ..Endpoint::default() }
}

fn command(argv: &[&str]) -> KeySource {
    KeySource::Command(argv.iter().map(|a| (*a).to_owned()).collect())
}

async fn got(keys: &Keys, source: &KeySource) -> Result<Option<String>, Fault> {
    let vars = keys.fill(&endpoint(source.clone()), &Vars::only(&[])).await?;
    Ok(vars.get(&source.label()))
}

#[tokio::test]
async fn a_command_gives_a_key_once_for_all_that_name_it() {
    let dir = tempfile::tempdir().unwrap();
    let count = dir.path().join("count");
    // No shell stands between: the script is the program's own argument.
    let script = format!("echo x >> {}; echo sk-from-command", count.display());
    let source = command(&["sh", "-c", &script]);
    let keys = Keys::default();
    let (one, two) = tokio::join!(got(&keys, &source), got(&keys, &source));
    assert_eq!(one.ok().flatten().unwrap().trim(), "sk-from-command");
    assert!(two.is_ok());
    assert_eq!(std::fs::read_to_string(&count).unwrap().lines().count(), 1, "two panes, one fetch");
    keys.forget(&endpoint(source.clone())).await;
    assert!(got(&keys, &source).await.is_ok());
    assert_eq!(std::fs::read_to_string(&count).unwrap().lines().count(), 2, "a refused key is fetched anew");
}

#[tokio::test]
async fn arguments_are_no_shell_words() {
    let source = command(&["echo", "$HOME;`id`"]);
    assert_eq!(got(&Keys::default(), &source).await.ok().flatten().unwrap().trim(), "$HOME;`id`");
}

#[tokio::test]
async fn each_failure_says_what_to_do_and_shows_no_key() {
    for (source, words) in [
        (command(&["no-such-program-here"]), "cannot be run"),
        (
            command(&["sh", "-c", "echo sk-secret-1; echo sk-secret-2 >&2; exit 3"]),
            "sh ended with exit status: 3",
        ),
        (KeySource::File("/dev/null".into()), "not a regular file"),
        (command(&["true"]), "empty key"),
        (KeySource::File("/no/such/file".into()), "cannot be read"),
    ] {
        let fault = got(&Keys::default(), &source).await.err().unwrap();
        assert_eq!(fault.class, Class::Key);
        assert!(fault.message.contains(words), "{}", fault.message);
        assert!(!fault.message.contains("sk-secret"), "{}", fault.message);
        assert!(fault.hint.is_some());
    }
}

#[tokio::test(start_paused = true)]
async fn a_command_that_hangs_is_ended() {
    let fault = got(&Keys::default(), &command(&["sleep", "600"])).await.err().unwrap();
    assert!(fault.message.contains("did not end within 30 s"), "{}", fault.message);
}

#[tokio::test]
async fn a_file_must_be_its_owners_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("key");
    std::fs::write(&path, "sk-from-file\n").unwrap();
    let mode = |m| std::fs::set_permissions(&path, std::fs::Permissions::from_mode(m)).unwrap();
    let source = KeySource::File(path.display().to_string());
    mode(0o640);
    let fault = got(&Keys::default(), &source).await.err().unwrap();
    assert!(fault.message.contains("can be read by others (mode 640)"), "{}", fault.message);
    mode(0o600);
    assert_eq!(got(&Keys::default(), &source).await.ok().flatten().unwrap().trim(), "sk-from-file");
}
