//! Floor 1: which model is sold where, at what price.
