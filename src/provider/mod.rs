//! Floor 2: who speaks which dialect, where, with which key.
