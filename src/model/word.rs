//! Words that this program knows, and words that records bring.

use std::borrow::Cow;

/// A word of one of our tables; of a record it may be one that another version wrote.
pub type Word = Cow<'static, str>;
