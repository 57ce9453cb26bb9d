//! Votes, kept in one file: a line each, only ever added to.
//!
//! Several programs may write at once: each line is appended under a lock, in one write. A line
//! that cannot be read is passed over and named; nothing is ever removed.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::data_dir;
use crate::model::Board;
use crate::model::Vote;
use crate::model::Voter;
use crate::model::clean_line;
use crate::model::last_of_each;
use crate::model::rank;

/// Of the lines that this version writes and reads.
const SCHEMA: &str = "bakeoff.vote/1";

/// Larger files are not read: that is not what somebody voted.
const MOST_BYTES: u64 = 256 << 20;

/// What was read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Votes {
    /// One of each round and voter.
    pub votes: Vec<Vote>,
    /// Lines that were passed over, in words.
    pub remarks: Vec<String>,
}

/// Whose votes are asked for: what people say and what models say is never counted together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Voters {
    #[default]
    People,
    /// Judges whose endpoint has this in its name; nothing takes all of them.
    Judges(String),
}

impl Voters {
    fn takes(&self, voter: &Voter) -> bool {
        match (self, voter) {
            (Self::People, Voter::Person) => true,
            (Self::Judges(part), Voter::Judge(spec)) => spec.contains(part.as_str()),
            _ => false,
        }
    }
}

/// Which votes are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    pub voters: Voters,
    /// One of these is among its tags; none takes all.
    pub tags: Vec<String>,
    pub blind_only: bool,
    /// Votes on scripted answers instead of real ones.
    pub simulated: bool,
}

impl Wanted {
    fn takes(&self, vote: &Vote) -> bool {
        let tagged = self.tags.is_empty() || self.tags.iter().any(|tag| vote.tags.contains(tag));
        tagged
            && self.voters.takes(&vote.voter)
            && (vote.blind || !self.blind_only)
            && vote.simulated == self.simulated
    }
}

impl Votes {
    /// The leaderboard of these votes.
    #[must_use]
    pub fn board(&self, wanted: &Wanted) -> Board {
        let votes = self.votes.iter().filter(|v| wanted.takes(v));
        rank(&votes.collect::<Vec<_>>())
    }

    /// The judges among these votes, each once, in the order in which they first judged.
    #[must_use]
    pub fn judges(&self, wanted: &Wanted) -> Vec<&str> {
        let mut out: Vec<&str> = Vec::new();
        for vote in self.votes.iter().filter(|v| wanted.takes(v)) {
            if let Voter::Judge(spec) = &vote.voter
                && !out.contains(&spec.as_str())
            {
                out.push(spec);
            }
        }
        out
    }
}

/// Where votes are kept.
#[derive(Debug, Clone)]
pub struct VoteFile {
    path: PathBuf,
    /// Names this session among others.
    session: String,
}

impl VoteFile {
    /// In the data directory: `BAKEOFF_DATA`, else the platform's; `None` without a home.
    #[must_use]
    pub fn usual(session: &str) -> Option<Self> {
        Some(Self::at(&data_dir()?, session))
    }

    /// In a directory.
    #[must_use]
    pub fn at(dir: &Path, session: &str) -> Self {
        Self { path: dir.join("votes.jsonl"), session: session.to_owned() }
    }

    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Adds a vote on a prompt; session and time are filled in.
    ///
    /// # Errors
    /// A sentence with the path; what was there is still there.
    pub fn add(&self, mut vote: Vote, prompt: &str) -> Result<(), String> {
        vote.session.clone_from(&self.session);
        vote.at = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        for byte in Sha256::digest(prompt) {
            // Writing to a string does not fail.
            let _ = std::fmt::Write::write_fmt(&mut vote.prompt, format_args!("{byte:02x}"));
        }
        let fail = |e: &dyn std::fmt::Display| format!("{}: {e}", self.path.display());
        let mut value = serde_json::to_value(&vote).map_err(|e| fail(&e))?;
        if let Value::Object(fields) = &mut value {
            fields.insert("schema".into(), SCHEMA.into());
        }
        self.append(&format!("{value}\n")).map_err(|e| fail(&e))
    }

    fn append(&self, line: &str) -> std::io::Result<()> {
        if let Some(dir) = self.path.parent() {
            std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
        }
        let mut file =
            OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(&self.path)?;
        file.lock()?;
        // A line that a crash cut off must not swallow this one.
        let torn = file.metadata()?.len() > 0 && {
            let mut last = [0];
            file.seek(SeekFrom::End(-1))?;
            file.read_exact(&mut last)?;
            last != *b"\n"
        };
        let line = if torn { format!("\n{line}") } else { line.to_owned() };
        file.write_all(line.as_bytes())?;
        file.sync_data()
        // The lock goes with the file.
    }

    /// Every vote that can be read; none where there is no file.
    ///
    /// # Errors
    /// A sentence with the path, where the file is there and cannot be read at all.
    pub fn read(&self) -> Result<Votes, String> {
        let fail = |e: std::io::Error| format!("{}: {e}", self.path.display());
        let file = match File::open(&self.path) {
            Ok(file) => file,
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(Votes::default()),
            Err(e) => return Err(fail(e)),
        };
        let there = file.metadata().map_err(fail)?;
        if !there.is_file() || there.len() > MOST_BYTES {
            return Err(format!("{}: no file of votes: correct or move it", self.path.display()));
        }
        let mut bytes = Vec::new();
        file.take(MOST_BYTES).read_to_end(&mut bytes).map_err(fail)?;
        Ok(self.parse(&String::from_utf8_lossy(&bytes)))
    }

    fn parse(&self, text: &str) -> Votes {
        let (mut votes, mut remarks, mut newer) = (Vec::new(), Vec::new(), 0);
        for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
            match parse_line(line) {
                Ok(Some(vote)) => votes.push(vote),
                Ok(None) => newer += 1,
                Err(why) => remarks.push(format!(
                    "{}:{number}: not counted: {}; the line stays where it is",
                    self.path.display(),
                    clean_line(&why)
                )),
            }
        }
        if newer > 0 {
            let s = if newer == 1 { "" } else { "s" };
            remarks.push(format!("{newer} vote{s} of another version of bakeoff not counted"));
        }
        Votes { votes: last_of_each(votes), remarks }
    }
}

/// `None` is a vote of another version.
fn parse_line(line: &str) -> Result<Option<Vote>, String> {
    let value: Value = serde_json::from_str(line).map_err(|e| format!("no JSON ({e})"))?;
    match value.get("schema").and_then(Value::as_str) {
        Some(SCHEMA) => {}
        Some(other) if other.starts_with("bakeoff.vote/") => return Ok(None),
        _ => return Err("it names no schema".into()),
    }
    let vote: Vote = serde_json::from_value(value).map_err(|e| e.to_string())?;
    vote.check()?;
    Ok(Some(vote))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::model::Contender;
    use crate::model::Ruling;

    fn vote(round: &str) -> Vote {
        let contender = |spec: &str| Contender { name: spec.into(), spec: format!("openai:{spec}") };
        Vote {
            session: String::new(),
            round: round.into(),
            at: String::new(),
            prompt: String::new(),
            tags: vec!["code".into()],
            blind: true,
            simulated: false,
            voter: Voter::Person,
            contenders: vec![contender("a"), contender("b")],
            verdict: Ruling::Won(1),
            revision: 0,
        }
    }

    #[test]
    fn what_is_added_comes_back_and_nobody_else_can_read_it() {
        let dir = tempfile::tempdir().unwrap();
        let file = VoteFile::at(&dir.path().join("new"), "s1");
        assert_eq!(file.read(), Ok(Votes::default()));
        file.add(vote("1"), "2+2?").unwrap();
        let read = file.read().unwrap();
        let kept = &read.votes[0];
        assert_eq!((kept.session.as_str(), kept.at.len()), ("s1", 20));
        assert!(
            kept.prompt.starts_with("30ad205245cd25231f697fa8934fdf8d65d0cb24040d9f0d4106fa4cfc68e4c7"),
            "{}",
            kept.prompt
        );
        let as_cast =
            Vote { session: String::new(), at: String::new(), prompt: String::new(), ..kept.clone() };
        assert_eq!(as_cast, vote("1"));
        assert_eq!(file.path().metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn many_writers_lose_nothing() {
        let dir = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for writer in 0..8 {
                let file = VoteFile::at(dir.path(), &format!("s{writer}"));
                scope.spawn(move || (0..25).for_each(|n| file.add(vote(&n.to_string()), "p").unwrap()));
            }
        });
        let read = VoteFile::at(dir.path(), "").read().unwrap();
        assert_eq!((read.votes.len(), read.remarks), (200, Vec::new()));
    }

    #[test]
    fn damaged_lines_and_those_of_other_versions_are_named_and_stay() {
        let dir = tempfile::tempdir().unwrap();
        let file = VoteFile::at(dir.path(), "s");
        file.add(vote("1"), "p").unwrap();
        let good = std::fs::read_to_string(file.path()).unwrap();
        let newer = good.replace("vote/1", "vote/2").replace("contenders", "who");
        let wrong = good.replace("{\"won\":1}", "{\"won\":7}");
        assert_ne!(good, wrong);
        // The last line was torn by a crash.
        let text = format!("{good}\u{1b}[2Jnonsense\n{newer}{wrong}{{}}\n{{\"schema\":\"bak");
        std::fs::write(file.path(), &text).unwrap();
        file.add(vote("2"), "p").unwrap();
        let read = file.read().unwrap();
        assert_eq!(read.votes.iter().map(|v| v.round.as_str()).collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(read.remarks.len(), 5, "{:?}", read.remarks);
        for (remark, words) in read.remarks.iter().zip([
            ":2: not counted: no JSON",
            ":4: not counted: number 7 won, but it has 2 endpoints",
            ":5: not counted: it names no schema",
            ":6: not counted",
            "1 vote of another version",
        ]) {
            assert!(remark.contains(words) && !remark.contains('\u{1b}'), "{remark}");
        }
        assert!(std::fs::read_to_string(file.path()).unwrap().starts_with(&text), "nothing is removed");
    }

    #[test]
    fn a_board_counts_what_is_asked_for() {
        let judge = Vote { voter: Voter::Judge("j".into()), round: "2".into(), ..vote("2") };
        let open = Vote { blind: false, tags: Vec::new(), ..vote("3") };
        let demo = Vote { simulated: true, ..vote("4") };
        let votes = Votes { votes: vec![vote("1"), judge, open, demo], remarks: Vec::new() };
        let count = |wanted: Wanted| votes.board(&wanted).votes;
        assert_eq!(count(Wanted::default()), 2);
        assert_eq!(count(Wanted { blind_only: true, ..Wanted::default() }), 1);
        assert_eq!(count(Wanted { tags: vec!["code".into(), "x".into()], ..Wanted::default() }), 1);
        let judged = |part: &str| Wanted { voters: Voters::Judges(part.into()), ..Wanted::default() };
        assert_eq!((count(judged("")), count(judged("j")), count(judged("other"))), (1, 1, 0));
        assert_eq!(votes.judges(&judged("")), ["j"]);
        assert!(votes.judges(&Wanted::default()).is_empty());
        assert_eq!(count(Wanted { simulated: true, ..Wanted::default() }), 1);
    }
}
