//! From `--var`, `--cases`, `--prompt` and a prompt to what is sent: one round for each prompt and case.

use std::path::Path;

use super::args::Asking;
use super::world::Loaded;
use super::{Stop, text_or_file};
use crate::model::Attachment;
use crate::model::Cases;
use crate::model::Filled;
use crate::model::Prompt;
use crate::model::Template;
use crate::model::Values;
use crate::model::Version;
use crate::model::did_you_mean;
use crate::model::unescaped;
use crate::store::Prompts;
use crate::store::load_cases;

/// One round to be.
pub(super) struct Sent {
    pub(super) prompt: Prompt,
    pub(super) filled: Option<Filled>,
}

/// A prompt as it was written.
pub(super) struct Written {
    pub(super) text: String,
    /// Somebody wrote it as a prompt: `\@` in it is an `@`.
    pub(super) escaped: bool,
    pub(super) system: Option<String>,
    /// What goes with it, whatever it is filled with.
    pub(super) files: Vec<Attachment>,
}

/// The library beside the config.
pub(super) fn library(config: Option<&Path>) -> Result<Prompts, String> {
    let none = || "no place for a library: set HOME, or BAKEOFF_CONFIG to a file".to_owned();
    config.map(Prompts::beside).ok_or_else(none)
}

/// A prompt of the library: `NAME`, or `NAME@2` for its second version.
pub(super) fn saved(loaded: &Loaded, word: &str) -> Result<(String, Version), Stop> {
    let (name, number) = match word.rsplit_once('@') {
        Some((name, number)) => {
            let number: usize = number.parse().map_err(|_| {
                Stop::usage(format!("--prompt {word}: after the @ stands the number of a version"))
            })?;
            (name, Some(number))
        }
        None => (word, None),
    };
    let version = version(loaded, name, number)?;
    Ok((name.to_owned(), version))
}

/// One version of a prompt, the newest without a number.
pub(super) fn version(loaded: &Loaded, name: &str, number: Option<usize>) -> Result<Version, Stop> {
    let kept = library(loaded.path.as_deref()).and_then(|l| l.get(name)).map_err(Stop::usage)?;
    kept.version(number).cloned().ok_or_else(|| {
        let (n, all) = (number.unwrap_or_default(), kept.versions.len());
        Stop::usage(format!("{name} has no version {n}: it has 1 to {all}"))
    })
}

/// The values of `--var`: `name=value`, or `name=@file` for a file's text without its last line break.
pub(super) fn vars(given: &[String]) -> Result<Values, Stop> {
    let mut values = Values::default();
    for one in given {
        let Some((name, value)) = one.split_once('=') else {
            return Err(Stop::usage(format!("--var {one}: write --var name=value, or --var name=@file")));
        };
        let begins = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        if !begins || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            return Err(Stop::usage(format!("--var {one}: a name has letters a to z, digits and _")));
        }
        if values.get(name).is_some() {
            return Err(Stop::usage(format!("--var {name} is given twice")));
        }
        let text = text_or_file(value)?;
        let text = if value.starts_with('@') { text.trim_end_matches(['\n', '\r']) } else { &text };
        values.set(name, text);
    }
    Ok(values)
}

/// The file of `--cases`, if there is one.
pub(super) fn cases(asking: &Asking) -> Result<Option<Cases>, Stop> {
    asking.cases.as_deref().map(load_cases).transpose().map_err(Stop::usage)
}

/// Every prompt with every case, in this order; whatever is wrong is found before anything is sent.
pub(super) fn rounds(written: Vec<Written>, vars: &Values, cases: Option<&Cases>) -> Result<Vec<Sent>, Stop> {
    let wrong = |why: String| Stop::usage(format!("the prompt: {why}; --verbatim sends it as it is"));
    let mut templates = Vec::new();
    for one in &written {
        let read = if one.escaped { Template::of_prompt } else { Template::parse };
        templates.push(read(&one.text).map_err(|e| wrong(e.to_string()))?);
    }
    for name in vars.names() {
        let uses = |t: &Option<Template>| t.as_ref().is_some_and(|t| t.unknown(name).is_none());
        if !templates.iter().any(uses) {
            let known = templates.iter().flatten().flat_map(Template::names).map(String::as_str);
            let near = did_you_mean(name, known);
            return Err(Stop::usage(format!("--var {name}: the prompt has no {{{{{name}}}}}{near}")));
        }
    }
    let mut rounds = Vec::new();
    for (one, template) in written.into_iter().zip(templates) {
        let (system, files) = (one.system, one.files);
        let filled = match (template, cases) {
            (None, None) => {
                let text = if one.escaped { unescaped(&one.text) } else { one.text };
                let prompt = Prompt::new(text).with_system(system).attach(&files);
                rounds.push(Sent { prompt, filled: None });
                continue;
            }
            (None, Some(cases)) => {
                return Err(Stop::usage(format!(
                    "{}: the prompt has no {{{{variable}}}} for the cases to fill",
                    cases.name
                )));
            }
            (Some(template), None) => {
                let missing = template.missing(vars);
                if !missing.is_empty() {
                    let how = missing.iter().map(|name| format!("--var {name}=…"));
                    let how = how.collect::<Vec<_>>().join(" ");
                    let names: Vec<_> = missing.iter().map(|name| format!("{{{{{name}}}}}")).collect();
                    let has = if names.len() == 1 { "has" } else { "have" };
                    let names = names.join(" and ");
                    return Err(wrong(format!("{names} {has} no value: {how}, or --cases FILE")));
                }
                vec![Filled::new(&template, vars, None).map_err(|e| wrong(e.to_string()))?]
            }
            (Some(template), Some(cases)) => {
                cases.serve(&template, vars).map_err(Stop::usage)?;
                cases.fill(0..cases.rows.len(), &template, vars).map_err(Stop::usage)?
            }
        };
        rounds.extend(filled.into_iter().map(|filled| Sent {
            prompt: Prompt::new(filled.text.as_str()).with_system(system.clone()).attach(&files),
            filled: Some(filled),
        }));
    }
    if let Some(at) = rounds.iter().position(|r| r.prompt.question().trim().is_empty()) {
        let label = rounds.get(at).and_then(|r| r.filled.as_ref()).map(Filled::label).unwrap_or_default();
        return Err(Stop::usage(format!("the prompt is empty once it is filled in: {label}")));
    }
    Ok(rounds)
}
