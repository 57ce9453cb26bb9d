//! Floor 3: files.

mod config;
mod export;

pub use config::{Config, ConfigError, KeyRow, Network, PlainKeys, Timeouts, config_path, private};
pub use export::{EXPORTS, Export, Meta, Round, aligned, export};
