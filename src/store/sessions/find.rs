//! Sessions as a list, and by their words.

use std::collections::HashSet;
use std::sync::Mutex;

use rusqlite::functions::FunctionFlags;
use rusqlite::{Connection, Row, ToSql, named_params};

/// Which sessions are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// All of them occur in one prompt or answer; the last may be the beginning of a word.
    pub words: String,
    /// A part of an endpoint's name, its provider or its model.
    pub endpoint: Option<String>,
    pub tag: Option<String>,
    /// Milliseconds since 1970.
    pub since: Option<i64>,
    pub until: Option<i64>,
    /// At most so many.
    pub limit: usize,
}

/// One session of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    pub id: String,
    pub title: String,
    /// Milliseconds since 1970.
    pub begun: i64,
    pub touched: i64,
    pub simulated: bool,
    pub rounds: usize,
    pub answers: usize,
    /// Answers that did not end before the program did.
    pub interrupted: usize,
    /// What its texts and records take, bytes.
    pub bytes: u64,
    pub tags: Vec<String>,
    /// Names of those that were asked.
    pub endpoints: Vec<String>,
    /// Where its words were found: the round, from 0, and the text around them between `\u{1}` and `\u{2}`.
    pub found: Option<(usize, String)>,
}

const COLUMNS: &str = "
    s.id, s.title, s.begun, s.touched, s.simulated,
    (SELECT count(*) FROM round r WHERE r.session = s.id),
    (SELECT count(*) FROM answer a WHERE a.session = s.id),
    (SELECT count(*) FROM answer a WHERE a.session = s.id AND (a.status IS NULL OR a.status = 'interrupted')),
    (SELECT group_concat(word, char(10)) FROM (SELECT word FROM tag WHERE session = s.id ORDER BY word)),
    (SELECT group_concat(endpoint, char(10)) FROM (SELECT endpoint FROM answer WHERE session = s.id GROUP BY endpoint ORDER BY min(seat))),
    (SELECT coalesce(sum(bytes), 0) FROM round r WHERE r.session = s.id)
        + (SELECT coalesce(sum(bytes), 0) FROM answer a WHERE a.session = s.id)";

const WHICH: &str = "
    (:tag IS NULL OR EXISTS (SELECT 1 FROM tag t WHERE t.session = s.id AND t.word = :tag))
    AND (:since IS NULL OR s.touched >= :since) AND (:until IS NULL OR s.begun <= :until)
    AND (:endpoint IS NULL OR EXISTS (SELECT 1 FROM answer a WHERE a.session = s.id
         AND instr(lower(a.endpoint || char(10) || a.provider || ':' || a.model), lower(:endpoint))))";

fn lines(text: Option<String>) -> Vec<String> {
    text.map(|t| t.lines().map(str::to_owned).collect()).unwrap_or_default()
}

fn listing(row: &Row<'_>) -> rusqlite::Result<Listing> {
    let count = |at: usize| row.get::<_, i64>(at).map(|n| usize::try_from(n).unwrap_or_default());
    Ok(Listing {
        id: row.get(0)?,
        title: row.get(1)?,
        begun: row.get(2)?,
        touched: row.get(3)?,
        simulated: row.get(4)?,
        rounds: count(5)?,
        answers: count(6)?,
        interrupted: count(7)?,
        bytes: row.get::<_, i64>(10).map(|n| u64::try_from(n).unwrap_or_default())?,
        tags: lines(row.get(8)?),
        endpoints: lines(row.get(9)?),
        found: None,
    })
}

/// What a user types as SQLite's language of search: each word as it is, the last as a beginning.
fn expression(words: &str) -> Option<String> {
    let words: Vec<String> = words
        .split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|w| !w.is_empty())
        .map(|w| format!("\"{w}\""))
        .collect();
    (!words.is_empty()).then(|| format!("{}*", words.join(" ")))
}

/// Sessions, the newest first.
pub(super) fn find(connection: &Connection, filter: &Filter) -> rusqlite::Result<Vec<Listing>> {
    let limit = i64::try_from(filter.limit).unwrap_or(i64::MAX);
    let (tag, endpoint) = (&filter.tag, &filter.endpoint);
    let mut out = Vec::new();
    if filter.words.trim().is_empty() {
        let sql = format!(
            "SELECT {COLUMNS} FROM session s WHERE {WHICH} ORDER BY s.touched DESC, s.id DESC LIMIT :limit"
        );
        let mut read = connection.prepare_cached(&sql)?;
        let rows = read.query_map(
            named_params! {
                ":tag": tag, ":since": filter.since, ":until": filter.until, ":endpoint": endpoint, ":limit": limit,
            },
            listing,
        )?;
        out = rows.collect::<rusqlite::Result<_>>()?;
    } else if let Some(words) = expression(&filter.words) {
        // The newest texts first: a word that is everywhere need not be ranked everywhere.
        // A session is looked at once, whatever else of it has the words.
        let seen = Mutex::new(HashSet::new());
        connection.create_scalar_function("is_new", 1, FunctionFlags::SQLITE_UTF8, move |c| {
            let id: String = c.get(0)?;
            Ok(seen.lock().is_ok_and(|mut seen| seen.insert(id)))
        })?;
        let mut hits = connection.prepare(
            "SELECT w.session, w.round, snippet(found, 0, char(1), char(2), '…', 16)
             FROM found JOIN words w ON w.id = found.rowid
             WHERE found MATCH ?1 AND is_new(w.session) ORDER BY found.rowid DESC",
        )?;
        let sql = format!("SELECT {COLUMNS} FROM session s WHERE s.id = :id AND {WHICH}");
        let mut one = connection.prepare_cached(&sql)?;
        let mut rows = hits.query([&words])?;
        while out.len() < filter.limit
            && let Some(row) = rows.next()?
        {
            let id: String = row.get(0)?;
            let parameters: [(&str, &dyn ToSql); 5] = [
                (":id", &id),
                (":tag", tag),
                (":since", &filter.since),
                (":until", &filter.until),
                (":endpoint", endpoint),
            ];
            let mut kept = one.query_map(&parameters[..], listing)?;
            if let Some(kept) = kept.next() {
                let round = usize::try_from(row.get::<_, i64>(1)?).unwrap_or_default();
                out.push(Listing { found: Some((round, row.get(2)?)), ..kept? });
            }
        }
    }
    Ok(out)
}
