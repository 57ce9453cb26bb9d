//! The real binary, as a person at a shell meets it.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

/// The binary in a home of its own, with nothing of this machine's environment.
pub fn bakeoff(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bakeoff"));
    command.env_clear().env("HOME", home).env("PATH", std::env::var_os("PATH").unwrap_or_default());
    // Nothing may ask a machine for its role, but the test that plays the machine.
    command.env("AWS_EC2_METADATA_DISABLED", "true");
    command
}

pub fn home() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

/// A home that is not there.
pub fn nowhere() -> Command {
    bakeoff(&std::env::temp_dir().join("bakeoff-no-home"))
}

pub fn config(home: &Path, text: &str) {
    let dir = home.join(".config/bakeoff");
    fs::create_dir_all(&dir).unwrap();
    fs::write(dir.join("config.toml"), text).unwrap();
}

pub fn out(o: &Output) -> String {
    String::from_utf8_lossy(&o.stdout).into_owned()
}

pub fn err(o: &Output) -> String {
    String::from_utf8_lossy(&o.stderr).into_owned()
}

pub fn json(o: &Output) -> Value {
    serde_json::from_slice(&o.stdout).unwrap_or_else(|e| panic!("{e}: {}{}", out(o), err(o)))
}

/// The answers of the one round of a result.
pub fn answers(o: &Output) -> Vec<Value> {
    json(o)["rounds"][0]["answers"].as_array().unwrap().clone()
}
