//! Exact integer arithmetic, so that the one thing a script can know is right.

/// A reduced fraction; the denominator is positive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Ratio {
    over: i128,
    under: i128,
}

impl Ratio {
    fn new(over: i128, under: i128) -> Option<Self> {
        if under == 0 {
            return None;
        }
        let divisor = i128::try_from(gcd(over.unsigned_abs(), under.unsigned_abs())).ok()?;
        let sign = under.signum();
        Some(Self {
            over: over.checked_div(divisor)?.checked_mul(sign)?,
            under: under.checked_div(divisor)?.checked_mul(sign)?,
        })
    }

    fn add(self, other: Self) -> Option<Self> {
        let (a, b) = (self.over.checked_mul(other.under)?, other.over.checked_mul(self.under)?);
        Self::new(a.checked_add(b)?, self.under.checked_mul(other.under)?)
    }

    fn minus(self) -> Option<Self> {
        Some(Self { over: self.over.checked_neg()?, under: self.under })
    }

    fn mul(self, other: Self) -> Option<Self> {
        Self::new(self.over.checked_mul(other.over)?, self.under.checked_mul(other.under)?)
    }

    fn div(self, other: Self) -> Option<Self> {
        Self::new(self.over.checked_mul(other.under)?, self.under.checked_mul(other.over)?)
    }

    fn pow(self, other: Self) -> Option<Self> {
        let exponent = u32::try_from(other.over).ok().filter(|_| other.under == 1)?;
        Self::new(self.over.checked_pow(exponent)?, self.under.checked_pow(exponent)?)
    }

    fn shown(self) -> String {
        if self.under == 1 {
            return self.over.to_string();
        }
        let (mut digits, mut rest) = (String::new(), self.over.unsigned_abs() % self.under.unsigned_abs());
        let whole = self.over.unsigned_abs() / self.under.unsigned_abs();
        while rest != 0 && digits.len() < 6 {
            let Some(ten) = rest.checked_mul(10) else { break };
            digits.push_str(&(ten / self.under.unsigned_abs()).to_string());
            rest = ten % self.under.unsigned_abs();
        }
        let sign = if self.over < 0 { "-" } else { "" };
        let how = if rest == 0 { "which is" } else { "about" };
        format!("{}/{}, {how} {sign}{whole}.{digits}", self.over, self.under)
    }
}

fn gcd(a: u128, b: u128) -> u128 {
    if b == 0 { a.max(1) } else { gcd(b, a % b) }
}

/// The first sum in `question` with its exact value, such as `2+2 = 4`;
/// `None` when there is none or it does not fit into 127 bits.
pub fn compute(question: &str) -> Option<String> {
    let mut text = question.to_lowercase();
    for (word, sign) in [
        (" plus ", " + "),
        (" minus ", " - "),
        (" times ", " * "),
        (" multiplied by ", " * "),
        (" divided by ", " / "),
        ("×", "*"),
        ("·", "*"),
        ("÷", "/"),
        ("−", "-"),
        ("**", "^"),
    ] {
        text = text.replace(word, sign);
    }
    let text = between_digits(&text);
    text.split(|c: char| !(c.is_ascii_digit() || "+-*/^() ".contains(c)))
        .map(|run| run.trim().trim_end_matches(|c: char| "+-*/^ ".contains(c)))
        .filter(|run| is_sum(run, &text))
        .find_map(|run| {
            let value = evaluate(run)?;
            // An asterisk would be read as emphasis by Markdown.
            Some(format!("{} = {}", run.replace('*', "×"), value.shown()))
        })
}

/// `6 x 7` means a product only where it stands between numbers.
fn between_digits(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let left = out.trim_end().ends_with(|c: char| c.is_ascii_digit());
        let mut ahead = chars.clone().skip_while(|c| *c == ' ');
        let right = ahead.next().is_some_and(|c| c.is_ascii_digit());
        out.push(if c == 'x' && left && right { '*' } else { c });
    }
    out
}

/// Whether a run of digits and signs is meant as a sum: dates, ranges and
/// `24/7` look like one.
fn is_sum(run: &str, text: &str) -> bool {
    let bare = run.trim_start_matches(|c: char| "(- ".contains(c));
    if !bare.starts_with(|c: char| c.is_ascii_digit()) || !bare.contains(|c: char| "+-*/^".contains(c)) {
        return false;
    }
    let certain = run.contains(['+', '*', '^']) || run.contains(" - ") || run.contains(" / ");
    let alone = text.split(run).flat_map(str::split_whitespace).all(|word| {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric());
        matches!(
            word,
            "" | "what"
                | "what's"
                | "is"
                | "compute"
                | "calculate"
                | "how"
                | "much"
                | "please"
                | "solve"
                | "evaluate"
        )
    });
    certain || (alone && run.matches('-').count() < 2)
}

fn evaluate(run: &str) -> Option<Ratio> {
    let signs: Vec<char> = run.chars().filter(|c| *c != ' ').collect();
    // Two numbers with only a space between them are not one number.
    if run.split_whitespace().collect::<Vec<_>>().windows(2).any(|pair| {
        pair.first().is_some_and(|a| a.ends_with(|c: char| c.is_ascii_digit()))
            && pair.last().is_some_and(|b| b.starts_with(|c: char| c.is_ascii_digit()))
    }) {
        return None;
    }
    let mut reader = Reader { signs: &signs, depth: 0 };
    let value = reader.sum()?;
    reader.signs.is_empty().then_some(value)
}

/// Recursive descent; every method leaves `signs` behind what it read.
struct Reader<'a> {
    signs: &'a [char],
    depth: u8,
}

/// Deeper nesting than a person types; bounds the recursion.
const DEEPEST: u8 = 32;

impl Reader<'_> {
    fn take(&mut self, wanted: &[char]) -> Option<char> {
        let (first, rest) = self.signs.split_first()?;
        wanted.contains(first).then(|| {
            self.signs = rest;
            *first
        })
    }

    fn sum(&mut self) -> Option<Ratio> {
        let mut value = self.product()?;
        while let Some(sign) = self.take(&['+', '-']) {
            let next = self.product()?;
            value = value.add(if sign == '-' { next.minus()? } else { next })?;
        }
        Some(value)
    }

    fn product(&mut self) -> Option<Ratio> {
        let mut value = self.signed()?;
        while let Some(sign) = self.take(&['*', '/']) {
            let next = self.signed()?;
            value = if sign == '*' { value.mul(next)? } else { value.div(next)? };
        }
        Some(value)
    }

    /// The sign binds less than the power: `-2^2` is -4.
    fn signed(&mut self) -> Option<Ratio> {
        self.depth = self.depth.checked_add(1).filter(|d| *d < DEEPEST)?;
        let value = if self.take(&['-']).is_some() { self.signed()?.minus() } else { self.power() };
        self.depth -= 1;
        value
    }

    fn power(&mut self) -> Option<Ratio> {
        let base = self.atom()?;
        if self.take(&['^']).is_some() { base.pow(self.signed()?) } else { Some(base) }
    }

    fn atom(&mut self) -> Option<Ratio> {
        if self.take(&['(']).is_some() {
            let value = self.sum()?;
            return self.take(&[')']).map(|_| value);
        }
        let digits = self.signs.iter().take_while(|c| c.is_ascii_digit()).count();
        let (number, rest) = self.signs.split_at_checked(digits)?;
        self.signs = rest;
        Ratio::new(number.iter().collect::<String>().parse().ok()?, 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_exact() {
        for (question, answer) in [
            ("2+2", Some("2+2 = 4")),
            ("What is 2 + 2?", Some("2 + 2 = 4")),
            ("(17+4)*3=", Some("(17+4)×3 = 63")),
            ("what is 6 x 7 please", Some("6 × 7 = 42")),
            ("12 divided by 4", Some("12 / 4 = 3")),
            ("7/2", Some("7/2 = 7/2, which is 3.5")),
            ("what is 1/3 - 1/2", Some("1/3 - 1/2 = -1/6, about -0.166666")),
            ("2^10 - -1", Some("2^10 - -1 = 1025")),
            ("-2^2 + 1", Some("-2^2 + 1 = -3")),
            ("2**3", Some("2^3 = 8")),
            ("99999999999 * 99999999999", Some("99999999999 × 99999999999 = 9999999999800000000001")),
            ("1/0", None),
            ("9^999 + 1", None),
            ("(((((((((((((((((((((((((((((((((((1+1", None),
            ("summarise 2026-11-23 in 3-5 points, 24/7", None),
            ("the box is 2 x wide", None),
            ("no numbers - none at all", None),
        ] {
            assert_eq!(compute(question).as_deref(), answer, "{question}");
        }
    }
}
