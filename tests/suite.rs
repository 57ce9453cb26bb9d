//! The one test binary: one link, one start.

#[path = "suite/errors.rs"]
mod errors;
#[path = "suite/wire.rs"]
mod wire;
