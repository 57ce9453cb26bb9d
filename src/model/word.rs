//! Words that this program knows, and what records are written with.

use std::borrow::Cow;

/// A word of one of our tables; of a record it may be one that another version wrote.
pub type Word = Cow<'static, str>;

/// What a record leaves out.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "what serde calls")]
pub(super) fn is_false(value: &bool) -> bool {
    !*value
}
