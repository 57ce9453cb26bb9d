//! The one test binary: one link, one start.

#[path = "suite/engine.rs"]
mod engine;
#[path = "suite/errors.rs"]
mod errors;
#[path = "suite/floors.rs"]
mod floors;
#[path = "suite/wire.rs"]
mod wire;
