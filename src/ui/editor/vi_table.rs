//! vi's keys as tables: what a sign means where a command may begin, and after an operator.

/// A motion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Motion {
    Left,
    Right,
    Up,
    Down,
    Word,
    BigWord,
    Back,
    BigBack,
    End,
    BigEnd,
    LineStart,
    FirstSign,
    LineEnd,
    Top,
    Bottom,
    /// The last `f`, `F`, `t` or `T` again, or the other way round.
    FindAgain,
    FindBack,
}

/// What an operator takes with such a motion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Up to where the motion ends.
    Exclusive,
    /// What the motion ends on too.
    Inclusive,
    /// Every line that it touches.
    Lines,
}

/// `gg` is `g` after `g`.
pub const MOTIONS: &[(char, Motion, Reach)] = &[
    ('h', Motion::Left, Reach::Exclusive),
    ('l', Motion::Right, Reach::Exclusive),
    (' ', Motion::Right, Reach::Exclusive),
    ('k', Motion::Up, Reach::Lines),
    ('j', Motion::Down, Reach::Lines),
    ('w', Motion::Word, Reach::Exclusive),
    ('W', Motion::BigWord, Reach::Exclusive),
    ('b', Motion::Back, Reach::Exclusive),
    ('B', Motion::BigBack, Reach::Exclusive),
    ('e', Motion::End, Reach::Inclusive),
    ('E', Motion::BigEnd, Reach::Inclusive),
    ('0', Motion::LineStart, Reach::Exclusive),
    ('^', Motion::FirstSign, Reach::Exclusive),
    ('$', Motion::LineEnd, Reach::Exclusive),
    ('G', Motion::Bottom, Reach::Lines),
    (';', Motion::FindAgain, Reach::Inclusive),
    (',', Motion::FindBack, Reach::Inclusive),
];

/// An operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    Delete,
    Change,
    Yank,
}

pub const OPERATORS: &[(char, Op)] = &[('d', Op::Delete), ('c', Op::Change), ('y', Op::Yank)];

/// Signs that stand for others.
pub const SHORT: &[(char, &str)] =
    &[('x', "dl"), ('X', "dh"), ('D', "d$"), ('C', "c$"), ('s', "cl"), ('S', "cc"), ('Y', "yy")];

/// Everything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    Insert,
    Append,
    InsertAtFirst,
    AppendAtEnd,
    OpenBelow,
    OpenAbove,
    PutAfter,
    PutBefore,
    Undo,
    Visual,
    VisualLines,
    Join,
    Case,
}

pub const ACTS: &[(char, Act)] = &[
    ('i', Act::Insert),
    ('a', Act::Append),
    ('I', Act::InsertAtFirst),
    ('A', Act::AppendAtEnd),
    ('o', Act::OpenBelow),
    ('O', Act::OpenAbove),
    ('p', Act::PutAfter),
    ('P', Act::PutBefore),
    ('u', Act::Undo),
    ('v', Act::Visual),
    ('V', Act::VisualLines),
    ('J', Act::Join),
    ('~', Act::Case),
];

/// The row of a sign.
pub fn row<T: Copy>(table: &[(char, T)], sign: char) -> Option<T> {
    table.iter().find(|(c, _)| *c == sign).map(|(_, t)| *t)
}
