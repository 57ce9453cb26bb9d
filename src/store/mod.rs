//! Floor 3: files.

mod cases;
mod config;
mod export;
mod machine;
mod prices;
mod prompts;

pub use cases::{load_cases, parse_cases};
pub use config::{
    Config, ConfigError, KeyRow, Network, PlainKeys, Timeouts, config_path, private, save_lineup, write_whole,
};
pub use export::{EXPORTS, Export, Meta, Round, aligned, export};
pub use machine::{machine, shorten_home};
pub use prices::{Origin, PriceFiles, origin, with_origin};
pub use prompts::{Listed, Prompts};
