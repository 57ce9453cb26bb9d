//! Floor 3: the only room that calls out.
