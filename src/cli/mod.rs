//! Floor 5: arguments and wiring.
