//! Floor 3: files.
