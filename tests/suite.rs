//! The one test binary: one link, one start.

#[cfg(test)]
#[path = "suite/attach.rs"]
mod attach;
#[cfg(test)]
#[path = "suite/bedrock.rs"]
mod bedrock;
#[cfg(test)]
#[path = "suite/clouds.rs"]
mod clouds;
#[cfg(test)]
#[path = "suite/code.rs"]
mod code;
#[cfg(test)]
#[path = "suite/commands.rs"]
mod commands;
#[cfg(test)]
#[path = "suite/connect.rs"]
mod connect;
#[cfg(test)]
#[path = "suite/converse.rs"]
mod converse;
#[cfg(test)]
#[path = "suite/cost.rs"]
mod cost;
#[cfg(test)]
#[path = "suite/credentials.rs"]
mod credentials;
#[cfg(test)]
#[path = "suite/demo.rs"]
mod demo;
#[cfg(test)]
#[path = "suite/editor.rs"]
mod editor;
#[cfg(test)]
#[path = "suite/engine.rs"]
mod engine;
#[cfg(test)]
#[path = "suite/errors.rs"]
mod errors;
#[cfg(test)]
#[path = "suite/faults.rs"]
mod faults;
#[cfg(test)]
#[path = "suite/floors.rs"]
mod floors;
#[cfg(test)]
#[path = "suite/headless.rs"]
mod headless;
#[cfg(test)]
#[path = "suite/identity.rs"]
mod identity;
#[cfg(test)]
#[path = "suite/judge.rs"]
mod judge;
#[cfg(test)]
#[path = "suite/keys.rs"]
mod keys;
#[cfg(test)]
#[path = "support/killed.rs"]
mod killed;
#[cfg(test)]
#[path = "suite/look.rs"]
mod look;
#[cfg(test)]
#[path = "support/loopback.rs"]
mod loopback;
#[cfg(test)]
#[path = "suite/models.rs"]
mod models;
#[cfg(test)]
#[path = "suite/palette.rs"]
mod palette;
#[cfg(test)]
#[path = "suite/params.rs"]
mod params;
#[cfg(test)]
#[path = "suite/parity.rs"]
mod parity;
#[cfg(test)]
#[path = "suite/picker.rs"]
mod picker;
#[cfg(test)]
#[path = "suite/prices.rs"]
mod prices;
#[cfg(test)]
#[path = "support/program.rs"]
mod program;
#[cfg(test)]
#[path = "suite/provider.rs"]
mod provider;
#[cfg(test)]
#[path = "support/pty.rs"]
mod pty;
#[cfg(test)]
#[path = "suite/reading.rs"]
mod reading;
#[cfg(test)]
#[path = "suite/readme.rs"]
mod readme;
#[cfg(test)]
#[path = "support/replies.rs"]
mod replies;
#[cfg(test)]
#[path = "suite/rounds.rs"]
mod rounds;
#[cfg(test)]
#[path = "suite/rows.rs"]
mod rows;
#[cfg(test)]
#[path = "suite/screen.rs"]
mod screen;
#[cfg(test)]
#[path = "suite/secure.rs"]
mod secure;
#[cfg(test)]
#[path = "suite/sessions.rs"]
mod sessions;
#[cfg(test)]
#[path = "suite/simulator.rs"]
mod simulator;
#[cfg(test)]
#[path = "suite/spending.rs"]
mod spending;
#[cfg(target_os = "linux")]
#[cfg(test)]
#[path = "suite/stalls.rs"]
mod stalls;
#[cfg(test)]
#[path = "support/streams.rs"]
mod streams;
#[cfg(test)]
#[path = "suite/templates.rs"]
mod templates;
#[cfg(test)]
#[path = "suite/terminal.rs"]
mod terminal;
#[cfg(test)]
#[path = "suite/transcripts.rs"]
mod transcripts;
#[cfg(test)]
#[path = "suite/trials.rs"]
mod trials;
#[cfg(test)]
#[path = "suite/truth.rs"]
mod truth;
#[cfg(test)]
#[path = "suite/views.rs"]
mod views;
#[cfg(test)]
#[path = "suite/votes.rs"]
mod votes;
#[cfg(test)]
#[path = "suite/wire.rs"]
mod wire;
#[cfg(test)]
#[path = "suite/wired.rs"]
mod wired;
