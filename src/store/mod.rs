//! Floor 3: files.

mod config;
mod export;
mod machine;
mod prices;

pub use config::{
    Config, ConfigError, KeyRow, Network, PlainKeys, Timeouts, config_path, private, save_lineup, write_whole,
};
pub use export::{EXPORTS, Export, Meta, Round, Run, aligned, export};
pub use machine::{machine, shorten_home};
pub use prices::{Origin, PriceFiles, origin, with_origin};
