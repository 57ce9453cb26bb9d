//! `bakeoff leaderboard`: endpoints by what was voted.

use std::io::Write;

use serde_json::{Value, json};

use super::Stop;
use super::args::{LeaderboardArgs, ListFormat};
use super::lists::list;
use crate::model::Standing;
use crate::model::clean_line;
use crate::store::VoteFile;
use crate::store::Voters;
use crate::store::Wanted;
use crate::ui::said;

pub(super) fn run(args: &LeaderboardArgs) -> Result<u8, Stop> {
    let file = VoteFile::usual("").ok_or_else(|| {
        Stop::usage("there is no place for votes: set HOME, or BAKEOFF_DATA to a directory")
    })?;
    let votes = file.read().map_err(Stop::usage)?;
    let by = args.judge.clone().map_or(Voters::People, Voters::Judges);
    let (tags, blind_only) = (args.tags.clone(), args.blind_only);
    let wanted = Wanted { voters: by, tags, blind_only, simulated: args.simulated };
    let board = votes.board(&wanted);
    let summary = if board.votes == 0 {
        match wanted.voters {
            Voters::People => "no such votes yet: w, = and W in the panes of the screen cast them".to_owned(),
            Voters::Judges(_) => {
                "no judge has said anything of this kind: J in the panes asks one".to_owned()
            }
        }
    } else {
        let judges: Vec<String> = votes.judges(&wanted).into_iter().map(str::to_owned).collect();
        said(&board, &judges)
    };
    for line in votes.remarks.iter().chain([&summary]) {
        let _ = writeln!(std::io::stderr(), "bakeoff: {}", clean_line(line));
    }
    list(board.standings.iter().map(|s| fields(s, args.list.format)).collect(), args.list.format)
}

fn fields(s: &Standing, format: ListFormat) -> Vec<(&'static str, Value)> {
    let points = |x: f64| if s.unranked { Value::Null } else { json!(x.round()) };
    let mut fields = vec![("group", json!(s.group + 1)), ("score", points(s.score))];
    if format == ListFormat::Json {
        fields.extend([("low", points(s.low)), ("high", points(s.high))]);
    } else {
        let interval = format!("{:.0} – {:.0}", s.low, s.high);
        fields.push(("95 %", if s.unranked { Value::Null } else { json!(interval) }));
    }
    let told = if s.unranked { "never compared" } else { s.told.words() };
    fields.extend([
        ("won", json!(s.won)),
        ("lost", json!(s.lost)),
        ("tied", json!(s.tied)),
        ("all_bad", json!(s.bad)),
        ("name", json!(s.name)),
        ("endpoint", json!(s.spec)),
        ("told", json!(told)),
    ]);
    fields
}
