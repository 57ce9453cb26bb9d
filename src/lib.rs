//! bakeoff: one prompt, several LLM clouds, live panes side by side.
//!
//! The house has six floors; imports go down only, and rooms on one floor do
//! not know each other. `tests/suite/floors.rs` enforces it.
//!
//! ```text
//!   5  cli                         arguments, wiring
//!   4  ui                          state, update, view
//!   3  engine   store   demo       sockets and clock | files | the simulated clouds
//!   2  provider                    rows, addresses, secrets
//!   1  wire     catalog            protocols | prices
//!   0  model                       nouns, arithmetic
//! ```

pub mod catalog;
pub mod cli;
pub mod demo;
pub mod engine;
pub mod model;
pub mod provider;
pub mod store;
pub mod ui;
pub mod wire;
