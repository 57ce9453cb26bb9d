//! Floor 4: state, update, view.
