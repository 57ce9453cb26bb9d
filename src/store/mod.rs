//! Floor 3: files.

mod attach;
mod cases;
mod config;
mod export;
mod machine;
mod prices;
mod prompts;
mod theme_files;

pub use attach::{Disk, Listed, TEXT_KIB};
pub use cases::{load_cases, parse_cases};
pub use config::{
    Config, ConfigError, KeyRow, LookConfig, Network, PlainKeys, ThemeWish, Timeouts, config_path, private,
    save_lineup, save_theme, write_whole,
};
pub use export::{EXPORTS, Export, Meta, Round, Run, aligned, export};
pub use machine::{machine, shorten_home};
pub use prices::{Origin, PriceFiles, origin, with_origin};
pub use prompts::{KeptList, Prompts};
pub use theme_files::{ThemeText, theme_file, theme_files};
