//! Sessions on a real disk.
