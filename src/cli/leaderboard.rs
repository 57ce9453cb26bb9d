//! `bakeoff leaderboard`: endpoints by what was voted.

use std::io::Write;

use serde_json::{Value, json};

use super::Stop;
use super::args::{LeaderboardArgs, ListFormat};
use super::lists::list;
use crate::model::Standing;
use crate::model::clean_line;
use crate::store::VoteFile;
use crate::store::Wanted;
use crate::ui::said;

pub(super) fn run(args: &LeaderboardArgs) -> Result<u8, Stop> {
    let file = VoteFile::usual("").ok_or_else(|| {
        Stop::usage("there is no place for votes: set HOME, or BAKEOFF_DATA to a directory")
    })?;
    let votes = file.read().map_err(Stop::usage)?;
    let wanted = Wanted { tags: args.tags.clone(), blind_only: args.blind_only, simulated: args.simulated };
    let board = votes.board(&wanted);
    let summary = if board.votes == 0 {
        "no such votes yet: w, = and W in the panes of the screen cast them".to_owned()
    } else {
        said(&board)
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
