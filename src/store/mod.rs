//! Floor 3: files.

mod attach;
mod cases;
mod config;
mod contrast;
mod drafts;
mod export;
mod machine;
mod prices;
mod prompts;
mod record;
mod sent;
mod sessions;
mod theme_files;
mod transcript;
mod votes;

pub use attach::{Disk, Listed, TEXT_KIB};
pub use cases::{load_cases, parse_cases};
pub use config::{
    Config, ConfigError, KeyRow, LookConfig, Network, PlainKeys, ThemeWish, Timeouts, Writing, config_path,
    private, save_lineup, save_theme, write_whole,
};
pub use contrast::{Contrast, Figure, Pair, contrast, matched};
pub use drafts::Drafts;
pub use export::{EXPORTS, Export, Meta, Round, Run, aligned, export, pretty, session};
pub use machine::{machine, shorten_home};
pub use prices::{Origin, PriceFiles, origin, with_origin};
pub use prompts::{KeptList, Prompts};
pub use record::answer::AnswerRecord;
pub use record::{Detail, RoundRecord, rfc3339};
pub use sent::PromptHistory;
pub use sessions::{
    Claim, Done, Filter, Growth, Keeper, KeptSession, Listing, MOST_UNKEPT, Mark, News, PACE, Pictures, Save,
    SessionRecord, Sessions, grown, sessions_path, weight,
};
pub use theme_files::{ThemeText, theme_file, theme_files};
pub use transcript::{Transcript, title};
pub use votes::{VoteFile, Voters, Votes, Wanted};

/// Where the program keeps what is its user's: `BAKEOFF_DATA`, else the platform's place; `None`
/// without a home.
#[must_use]
pub fn data_dir() -> Option<std::path::PathBuf> {
    if let Some(path) = std::env::var_os("BAKEOFF_DATA").filter(|p| !p.is_empty()) {
        return Some(path.into());
    }
    directories::ProjectDirs::from("", "", "bakeoff").map(|d| d.data_dir().to_owned())
}
