#[path = "suite/demo.rs"]
mod demo;
