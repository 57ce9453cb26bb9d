//! Floor 3: files.

mod config;
mod export;

pub use config::{Config, ConfigError, KeyRow, Timeouts, config_path};
pub use export::{EXPORTS, Export, Meta, Round, aligned, export};
