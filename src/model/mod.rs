//! Floor 0: the nouns and their arithmetic. No IO, no clock, no screen.
//!
//! Everything here is a value: the engine produces [`Step`]s, [`Answer::apply`]
//! folds them, and the screen, the headless run, exports and tests read the
//! same [`Answer`].

mod answer;
mod arrivals;
mod attachment;
mod capability;
mod cases;
mod diff;
mod estimate;
mod fault;
mod filter;
mod hours;
mod judge;
mod kept;
mod mask;
mod metric;
mod money;
mod near;
mod price;
mod prompt;
mod ranked;
mod ranking;
mod reference;
mod rotation;
mod route;
mod sending;
mod shell;
mod sight;
mod stats;
mod template;
mod timeline;
mod tokens;
mod tree;
mod trials;
mod usage;
mod votes;
mod word;

pub use answer::{Answer, AnswerId, Delta, Outcome, Phase, Report, Served, Step, Stop};
pub use arrivals::{Arrivals, Place};
pub use attachment::{Attachment, Image, ImageKind, TextFile, attached, bytes};
pub use capability::{Budget, Off, Takes, Temperature, ThinkingTaken, takes};
pub use cases::{Case, Cases};
pub use diff::{Change, Diff, Grain, Piece, words};
pub use estimate::{Estimate, Spending, so_far};
pub use fault::{Class, Fault};
pub use filter::{Filter, clean, clean_line};
pub use hours::{OffPeak, Window};
pub use judge::{Finding, Judge, Judged, Pick, comparisons, judging, pick, reason};
pub use kept::{Kept, Version};
pub use mask::{MASK, Mask};
pub use metric::{Better, METRICS, Metric, Reading, Unit, metric};
pub use money::Money;
pub use near::{did_you_mean, nearest};
pub use price::{Cost, CostStatus, Part, Price, Rates, Rule, Service, Tier, Total, settle};
pub use prompt::{Effort, PARAMS, Params, Prompt, Role, TIERS, Thinking, Turn};
pub use ranking::{Board, Standing, Told, rank};
pub use reference::{Reference, begins_word, reference, references, unescaped};
pub use rotation::{Lane, Ran, Rotation};
pub use route::{Endpoint, KeySource, Lineup};
pub use sending::{Connections, Fate, Parity, Sending, UNASKED};
pub use shell::shell_word;
pub use sight::is_blind;
pub use stats::{Comparison, Interval, LEAST_RUNS, Summary, Verdict, median_interval};
pub use template::{Filled, Template, TemplateError, Values};
pub use timeline::{Burstiness, Chunk, Kind, Phases, Stall, Timeline};
pub use tokens::{BYTES_PER_TOKEN, Counting, Tokens, prompt_by_length, tokens, tokens_by_length};
pub use tree::{Origin, Row, Tree};
pub use trials::{Cache, Pool, Pools, WITHOUT, counts_in_words};
pub use usage::{Source, Usage};
pub use votes::{Contender, Ruling, Vote, Voter, last_of_each, tag};
pub use word::Word;
