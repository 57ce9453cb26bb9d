//! What the simulated models say when they are asked which of two answers is better.
//!
//! They are scripts and cannot judge. They count, say so, and like what they read first where the
//! counts are close, so that the screen's two orders have something to find.

/// Answers whose lengths differ by less than a part of this many are close.
const CLOSE: usize = 5;

/// Reasoning and answer, where the question asks for a verdict between two marked answers.
pub(super) fn of(question: &str) -> Option<(String, String)> {
    let (one, two) = (piece(question, "answer 1")?, piece(question, "answer 2")?);
    if !question.contains("Verdict: tie") {
        return None;
    }
    let (first, second) = (words(&one), words(&two));
    let more = first.max(second);
    let (why, verdict) = if first == second {
        ("Both have as many words as the other".to_owned(), "tie")
    } else if first.abs_diff(second) * CLOSE < more {
        (format!("{first} words against {second} are close, and I read answer 1 first"), "1")
    } else if first > second {
        (format!("Answer 1 says more, with {first} words against {second}"), "1")
    } else {
        (format!("Answer 2 says more, with {second} words against {first}"), "2")
    };
    let text = format!("{why}. I am a script and only count: a real judge reads.\n\nVerdict: {verdict}");
    Some(("Count the words of both.".to_owned(), text))
}

/// What stands between the mark with this title and the next mark. Marks begin with the word that
/// the first line ends with.
fn piece(question: &str, title: &str) -> Option<String> {
    let word = question.lines().next()?.split_whitespace().last()?.trim_end_matches('.');
    let mark = format!("{word} {title}");
    let body = question.lines().skip_while(|line| *line != mark).skip(1);
    question
        .lines()
        .any(|line| line == mark)
        .then(|| body.take_while(|line| !line.starts_with(word)).collect::<Vec<_>>().join("\n"))
}

fn words(text: &str) -> usize {
    text.split_whitespace().count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Judged;
    use crate::model::Mask;
    use crate::model::Pick;
    use crate::model::Prompt;
    use crate::model::judging;
    use crate::model::pick;

    #[test]
    fn a_script_counts_and_is_swayed_by_the_order() {
        let prompt = Prompt::new("Why?");
        let said = |one: &str, two: &str| {
            let mask = Mask::new([], "");
            let (one, two) = (Judged::new(&prompt, one, &mask), Judged::new(&prompt, two, &mask));
            let asked = judging((&one, &two), None, "k7");
            pick(&of(asked.question()).unwrap().1)
        };
        let long = "one two three four five six";
        assert_eq!((said(long, "one two"), said("one two", long)), (Some(Pick::First), Some(Pick::Second)));
        let close = "one two three four five";
        assert_eq!((said(long, close), said(close, long)), (Some(Pick::First), Some(Pick::First)));
        assert_eq!(said("a b", "c d"), Some(Pick::Tie));
        assert_eq!(of("Why?"), None);
        assert_eq!(of(""), None);
    }
}
