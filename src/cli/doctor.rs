//! `bakeoff doctor`: each endpoint step by step, and for a step that fails, what to do.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::sync::mpsc::UnboundedReceiver;

use super::args::{Cli, DoctorArgs, ListFormat};
use super::asked::Asked;
use super::output::{say, write_out};
use super::world::World;
use super::{Stop, asked, runtime, world};
use crate::engine::Engine;
use crate::model::Answer;
use crate::model::AnswerId;
use crate::model::Class;
use crate::model::Endpoint;
use crate::model::Fault;
use crate::model::Outcome;
use crate::model::Prompt;
use crate::model::Report;
use crate::model::Stop as Ended;
use crate::model::clean_line;

/// Costs next to nothing anywhere, and every model can answer it.
const QUESTION: &str = "Say ok.";

/// Enough for a word after some thought, little enough to cost nothing. It stands only where
/// the endpoint sets no limit and asks for no thought: what is examined is its own request.
const MOST_TOKENS: u32 = 512;

/// An endpoint under examination.
struct Case {
    endpoint: Endpoint,
    /// The limit on its answer is the doctor's.
    capped: bool,
    findings: Vec<Finding>,
}

/// One line of the report.
struct Finding {
    step: &'static str,
    took: Option<Duration>,
    /// What was found, or the fault; a step that was not tried has neither.
    result: Result<String, Fault>,
}

pub(super) fn run(cli: &Cli, args: &DoctorArgs) -> Result<u8, Stop> {
    let who = cli.who.and(&args.who);
    let loaded = world::load()?;
    let named = asked::named(&who, &loaded.config)?;
    if named.endpoints.is_empty() && who.models.is_empty() {
        return Err(runtime()?.block_on(asked::nobody(&loaded)));
    }
    let limits = world::limits(&loaded.config, None);
    let runtime = runtime()?;
    let found = runtime.block_on(async {
        let files = asked::needs_files(&who, &named.endpoints);
        let (world, reports) = World::look(&loaded, limits, files).await?;
        let Asked { lineup, absent, .. } = world.lineup(&who, &loaded.config).await?;
        say(&absent);
        let cases = lineup.endpoints.into_iter().map(Case::new).collect();
        Ok(examine(&world.engine, reports, cases, !args.no_ask).await)
    })?;
    runtime.shutdown_background();
    let failed = !found.iter().all(Case::is_well);
    write_out(&match args.list.format {
        ListFormat::Json => as_json(&found),
        ListFormat::Table => as_text(&found),
    })?;
    Ok(u8::from(failed))
}

impl Case {
    fn new(mut endpoint: Endpoint) -> Self {
        let params = &mut endpoint.params;
        let capped = params.max_tokens.is_none() && !params.thinks();
        if capped {
            params.max_tokens = Some(MOST_TOKENS);
        }
        Self { endpoint, capped, findings: Vec::new() }
    }

    fn is_well(&self) -> bool {
        self.findings.iter().all(|f| f.result.is_ok())
    }
}

async fn examine(
    engine: &Engine,
    mut reports: UnboundedReceiver<Report>,
    mut cases: Vec<Case>,
    ask: bool,
) -> Vec<Case> {
    let prompt = Prompt::new(QUESTION);
    let before = cases.iter().map(|case| prepare(engine, &case.endpoint, &prompt));
    let before = futures_util::future::join_all(before).await;
    for (case, findings) in cases.iter_mut().zip(before) {
        case.findings = findings;
    }
    let mut answers: Vec<Option<Answer>> =
        cases.iter().map(|case| (ask && case.is_well()).then(Answer::default)).collect();
    let asked = (0..).zip(&cases).zip(&answers).filter(|(_, answer)| answer.is_some());
    let count = u64::try_from(cases.len()).unwrap_or(u64::MAX).max(1);
    let mut open = 0;
    for ((id, case), _) in asked {
        engine.launch(AnswerId(id), case.endpoint.clone(), prompt.clone());
        open += 1;
    }
    while open > 0
        && let Some(report) = reports.recv().await
    {
        // A second question to the same endpoint has its number again, one round on.
        let at = usize::try_from(report.id.0 % count).unwrap_or(usize::MAX);
        let Some(Some(answer)) = answers.get_mut(at) else { continue };
        let was_over = answer.is_over();
        answer.apply(report.at, report.step);
        if !answer.is_over() || was_over {
            continue;
        }
        open -= 1;
        let refused = answer.fault.as_ref().and_then(|fault| fault.setting.as_deref()) == Some("max_tokens");
        if let Some(case) = cases.get_mut(at).filter(|case| case.capped && refused) {
            // Nobody else sends that limit: the endpoint's own request is the one that counts.
            (case.capped, case.endpoint.params.max_tokens) = (false, None);
            *answer = Answer::default();
            engine.launch(AnswerId(report.id.0 + count), case.endpoint.clone(), prompt.clone());
            open += 1;
        }
    }
    for (case, answer) in cases.iter_mut().zip(answers) {
        let heard = answer.map(|answer| heard(&answer, case.capped));
        case.findings.extend(heard.into_iter().flatten());
    }
    cases
}

/// What can be known before a question is asked.
async fn prepare(engine: &Engine, endpoint: &Endpoint, prompt: &Prompt) -> Vec<Finding> {
    let sending = match engine.rehearse(endpoint, prompt).await {
        Ok(sending) => sending,
        Err(fault) => {
            // A credential that is asked for means that the configuration was understood.
            let config = fault.class == Class::Setup;
            let mut findings = Vec::new();
            if !config {
                findings.push(Finding { step: "config", took: None, result: Ok("understood".into()) });
            }
            let step = if config { "config" } else { "credential" };
            findings.push(Finding { step, took: None, result: Err(fault) });
            return findings;
        }
    };
    let host =
        url::Url::parse(&sending.url).ok().and_then(|u| u.host_str().map(str::to_owned)).unwrap_or_default();
    let via = sending.via.clone().unwrap_or_else(|| "none is asked for".into());
    let changed: Vec<_> = sending
        .parity
        .iter()
        .filter(|p| p.fate.differs())
        .map(|p| format!("{} {}", p.param, p.fate.word()))
        .collect();
    let changed = if changed.is_empty() { String::new() } else { format!(" ({})", changed.join(", ")) };
    let mut findings = vec![
        Finding {
            step: "config",
            took: None,
            result: Ok(format!("{} at {host}{changed}", endpoint.sent_model())),
        },
        Finding { step: "credential", took: sending.identity, result: Ok(via) },
    ];
    for reached in engine.reach(&sending.url).await {
        findings.push(Finding { step: reached.step, took: Some(reached.took), result: reached.result });
    }
    findings
}

/// What an answer says about its endpoint: was the credential taken, is the model there, does it speak.
fn heard(answer: &Answer, capped: bool) -> Vec<Finding> {
    let headers = answer.timeline.headers;
    if let Some(fault) = &answer.fault {
        let step = match fault.class {
            Class::Key | Class::Denied => "auth",
            Class::NotFound => "model",
            _ => "answer",
        };
        return vec![Finding { step, took: headers, result: Err(fault.clone()) }];
    }
    let model = answer.served.model.clone().unwrap_or_else(|| "answers".into());
    let first = answer.timeline.first_text.or(answer.timeline.first_reasoning);
    let spoke = first.is_some() && answer.outcome() == Some(Outcome::Complete);
    let token = if spoke {
        Ok("an answer came".to_owned())
    } else if capped && matches!(answer.stop, Some((Ended::Length, _))) {
        // It works: what ended it is a limit that no other request has.
        Ok(format!("none within the {MOST_TOKENS} tokens that doctor allows: this model thinks first"))
    } else {
        Err(Fault::new(Class::Garbled, "the answer held no text").hint(match answer.stop {
            Some((Ended::Length, _)) => "raise max_tokens: this model thinks first",
            Some((Ended::Filtered, _)) => {
                "a filter took the answer: ask something else to see whether it takes all"
            }
            _ => "re-run it; if it stays so, try another model or API of this provider",
        }))
    };
    vec![
        Finding { step: "auth", took: headers, result: Ok("accepted".into()) },
        Finding { step: "model", took: None, result: Ok(model) },
        Finding { step: "first token", took: first, result: token },
    ]
}

fn as_text(found: &[Case]) -> String {
    let mut out = String::new();
    for (at, Case { endpoint, findings, .. }) in found.iter().enumerate() {
        let gap = if at == 0 { "" } else { "\n" };
        let name = clean_line(&endpoint.name);
        let cloud = if name.contains(&endpoint.provider) {
            String::new()
        } else {
            format!(" · {}", endpoint.provider)
        };
        let _ = writeln!(out, "{gap}{name}{cloud}");
        for finding in findings {
            let took = finding.took.map(|t| format!(", {} ms", t.as_millis())).unwrap_or_default();
            let (mark, words) = match &finding.result {
                Ok(words) => ("✓", words.clone()),
                Err(fault) => ("✗", fault.message.clone()),
            };
            let _ = writeln!(out, "  {mark} {:<12} {}{took}", finding.step, clean_line(&words));
            if let Err(fault) = &finding.result {
                let _ = writeln!(out, "    {:<12} → {}", "", clean_line(fault.advice()));
            }
        }
    }
    out
}

fn as_json(found: &[Case]) -> String {
    let rows = found.iter().flat_map(|Case { endpoint, findings, .. }| {
        findings.iter().map(|f| {
            let mut map = Map::new();
            map.insert("endpoint".into(), json!(endpoint.name));
            map.insert("provider".into(), json!(endpoint.provider));
            map.insert("step".into(), json!(f.step));
            map.insert("ok".into(), json!(f.result.is_ok()));
            if let Some(took) = f.took {
                map.insert("took_ms".into(), json!(took.as_secs_f64() * 1e3));
            }
            match &f.result {
                Ok(words) => _ = map.insert("found".into(), json!(words)),
                Err(fault) => {
                    map.insert("class".into(), json!(fault.class.word()));
                    map.insert("message".into(), json!(fault.message));
                    map.insert("fix".into(), json!(fault.advice()));
                }
            }
            Value::Object(map)
        })
    });
    format!("{}\n", serde_json::to_string_pretty(&rows.collect::<Vec<_>>()).unwrap_or_default())
}
