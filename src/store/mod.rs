//! Floor 3: files.

mod attach;
mod config;
mod export;
mod machine;
mod prices;
mod votes;

pub use attach::{Disk, Listed, TEXT_KIB};
pub use config::{
    Config, ConfigError, KeyRow, Network, PlainKeys, ThemeWish, Timeouts, config_path, private, save_lineup,
    save_theme, write_whole,
};
pub use export::{EXPORTS, Export, Meta, Round, Run, aligned, export};
pub use machine::{machine, shorten_home};
pub use prices::{Origin, PriceFiles, origin, with_origin};
pub use votes::{VoteFile, Votes, Wanted};
