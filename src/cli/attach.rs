//! `--attach`, and `@path` in a prompt that was given as an argument.

use super::Stop;
use crate::model::Attachment;
use crate::model::Reference;
use crate::model::attached;
use crate::model::clean_line;
use crate::model::reference;
use crate::store::Config;
use crate::store::Disk;

/// The files of `--attach`; every one must be there.
pub(super) fn given(names: &[String], disk: &Disk) -> Result<Vec<Attachment>, Stop> {
    let one = |name: &String| match disk.read(name) {
        Ok(Some(file)) => Ok(file),
        Ok(None) => Err(Stop::usage(format!("--attach: there is no file {}", clean_line(name)))),
        Err(why) => Err(Stop::usage(format!("--attach: {why}"))),
    };
    names.iter().map(one).collect()
}

/// A prompt that is sent at once takes the files of the draft with it.
pub(super) fn with(prompt: Option<String>, draft: &mut String) -> Option<String> {
    prompt.map(|prompt| format!("{prompt}\n{}", std::mem::take(draft)).trim_end().to_owned())
}

/// The same as the prompt's field writes them, and where it looks for others.
pub(super) fn draft(names: &[String], config: &Config) -> Result<(Disk, String), Stop> {
    let disk = Disk::new(config.attach_text_kib);
    given(names, &disk)?;
    let written: Vec<_> = names.iter().map(|name| reference(name)).collect();
    let draft = if written.is_empty() { String::new() } else { format!("{} ", written.join(" ")) };
    Ok((disk, draft))
}

/// Everything that goes with a prompt: what it names, then what was given. What is to be said of it is
/// added to `notices`, unless it stands there.
pub(super) fn with_named(
    named: &[Reference],
    given: &[Attachment],
    disk: &Disk,
    notices: &mut Vec<String>,
) -> Result<Vec<Attachment>, Stop> {
    let (mut files, mut missed) = (Vec::new(), Vec::new());
    for named in named {
        match disk.find(named) {
            Ok(Some(file)) => files.push(file),
            Ok(None) if named.looks_like_a_path() => missed.push(format!("@{}", named.name)),
            Ok(None) => {}
            Err(why) => return Err(Stop::usage(format!("nothing was sent: {why}"))),
        }
    }
    for file in given {
        if !files.iter().any(|f: &Attachment| f.name() == file.name()) {
            files.push(file.clone());
        }
    }
    let missed = (!missed.is_empty()).then(|| format!("no such file, sent as text: {}", missed.join(", ")));
    for notice in [Some(attached(&files)).filter(|told| !told.is_empty()), missed].into_iter().flatten() {
        if !notices.contains(&notice) {
            notices.push(notice);
        }
    }
    Ok(files)
}
