//! Floor 3: the simulated clouds.
