//! The one test binary: one link, one start.
//!
//! The modules are marked as tests so that the lints against `unwrap` and
//! indexing, which guard the program, leave their helpers alone.

#[cfg(test)]
#[path = "suite/converse.rs"]
mod converse;
#[cfg(test)]
#[path = "suite/errors.rs"]
mod errors;
#[cfg(test)]
#[path = "suite/wire.rs"]
mod wire;
