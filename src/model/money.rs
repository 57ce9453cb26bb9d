//! Exact money: integers of 10^-15 USD, decimal strings in and out.

use std::borrow::Cow;
use std::iter::Sum;
use std::ops::Add;

/// Decimal places of a USD that [`Money`] holds.
const PLACES: u32 = 15;

/// An exact amount in femto-dollars (10^-15 USD).
///
/// Rates have at most nine decimals per million tokens (`prices.md` §4.3), so a
/// femto-dollar per token holds every one of them exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Money(pub u128);

impl Money {
    /// Reads a decimal amount of USD, in scientific notation too.
    ///
    /// # Errors
    /// A sentence, when it is not a plain non-negative decimal or finer than 10^-15.
    pub fn parse(text: &str) -> Result<Self, String> {
        decimal(&plain(text), PLACES).map(Self)
    }

    /// The amount in dollars, for comparing and drawing; sums are made of the exact one.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a figure to draw")]
    pub fn dollars(self) -> f64 {
        self.0 as f64 / 1e15
    }

    /// The amount nearest to so many dollars, for display only; nothing below zero.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to zero, saturating"
    )]
    pub fn about(dollars: f64) -> Self {
        Self((dollars * 1e15).round().max(0.0) as u128)
    }

    /// So many times the amount.
    #[must_use]
    pub fn times(self, n: u64) -> Self {
        Self(self.0.saturating_mul(u128::from(n)))
    }

    /// The share of a thousand where the amount is for `n`, to the nearest 10^-15 USD; `None` for none.
    #[must_use]
    pub fn per_thousand(self, n: u64) -> Option<Self> {
        let n = u128::from(n);
        Some(Self((self.0.checked_mul(1000)?.checked_add(n / 2)?).checked_div(n)?))
    }

    /// The amount as a plain decimal string, nothing rounded, no trailing zeros.
    #[must_use]
    pub fn exact(self) -> String {
        let unit = 10_u128.pow(PLACES);
        let (whole, rest) = (self.0 / unit, self.0 % unit);
        let digits = format!("{rest:015}");
        let digits = digits.trim_end_matches('0');
        if digits.is_empty() { whole.to_string() } else { format!("{whole}.{digits}") }
    }

    /// For display, `prices.md` §4.4: two places from 1 USD, four from 0.01, six
    /// below, half up; `<$0.000001` under half of the last place.
    #[must_use]
    pub fn shown(self) -> String {
        self.written(false)
    }

    /// The same rounded up, for what must not be passed.
    #[must_use]
    pub fn shown_up(self) -> String {
        self.written(true)
    }

    fn written(self, up: bool) -> String {
        let unit = 10_u128.pow(PLACES);
        if self.0 == 0 {
            return "$0.00".into();
        }
        let places: u32 = if self.0 >= unit {
            2
        } else if self.0 >= unit / 100 {
            4
        } else {
            6
        };
        let step = 10_u128.pow(PLACES - places);
        let rounded = if up { self.0.div_ceil(step) } else { (self.0 + step / 2) / step };
        if rounded == 0 {
            return "<$0.000001".into();
        }
        let scale = 10_u128.pow(places);
        format!("${}.{:0width$}", rounded / scale, rounded % scale, width = places as usize)
    }
}

impl Add for Money {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sum for Money {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::default(), Add::add)
    }
}

/// The plain form of a number in scientific notation, as JSON writers make them: `9.5e-05`.
/// Anything else comes back as it is.
fn plain(text: &str) -> Cow<'_, str> {
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else { return Cow::Borrowed(text) };
    let Ok(exponent) = exponent.parse::<i32>() else { return Cow::Borrowed(text) };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    if digits.is_empty() {
        return Cow::Borrowed(text);
    }
    // Where the point stands among the digits; far outside of them is no amount of money.
    let Some(point) = i32::try_from(whole.len()).ok().map(|w| w + exponent).filter(|p| p.abs() < 40) else {
        return Cow::Borrowed(text);
    };
    let zeros = "0".repeat(point.unsigned_abs() as usize);
    Cow::Owned(match usize::try_from(point) {
        Err(_) => format!("0.{zeros}{digits}"),
        Ok(at) => match digits.split_at_checked(at) {
            Some((whole, fraction)) => format!("{whole}.{fraction}0"),
            None => format!("{digits}{}", "0".repeat(at - digits.len())),
        },
    })
}

/// A plain non-negative decimal, scaled by `10^places`; anything finer is an error, not a rounding.
pub(super) fn decimal(text: &str, places: u32) -> Result<u128, String> {
    let wrong = || format!("{text:?} is not a plain decimal");
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |s: &str| s.chars().all(|c| c.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || (whole.is_empty() && fraction.is_empty()) {
        return Err(wrong());
    }
    let fraction = fraction.trim_end_matches('0');
    let finer = fraction.len() > places as usize;
    if finer {
        return Err(format!("{text:?} is finer than {places} decimals"));
    }
    let scale = |n: u128, power: usize| n.checked_mul(10_u128.checked_pow(u32::try_from(power).ok()?)?);
    let number = |s: &str| if s.is_empty() { Some(0) } else { s.parse::<u128>().ok() };
    let whole = number(whole).and_then(|n| scale(n, places as usize)).ok_or_else(wrong)?;
    let rest = number(fraction).and_then(|n| scale(n, places as usize - fraction.len())).ok_or_else(wrong)?;
    whole.checked_add(rest).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_come_back_as_they_went_in() {
        for text in ["0", "1", "0.00214", "0.000000000000001", "123456.5", "3200"] {
            assert_eq!(Money::parse(text).unwrap().exact(), text);
        }
        assert_eq!(Money::parse("1.50").unwrap().exact(), "1.5");
        for (text, exact) in
            [("9.5e-05", "0.000095"), ("1e3", "1000"), ("1.25E1", "12.5"), ("5e-1", "0.5"), ("12e-2", "0.12")]
        {
            assert_eq!(Money::parse(text).unwrap().exact(), exact, "{text}");
        }
        for wrong in [
            "",
            ".",
            "-1",
            "1e",
            "e5",
            "1e99",
            "1e-99",
            "NaN",
            "1.0000000000000001",
            "1,5",
            " 1",
            "9".repeat(60).as_str(),
        ] {
            assert!(Money::parse(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn places_follow_the_size_and_halves_go_up() {
        for (exact, shown) in [
            ("0", "$0.00"),
            ("0.0000004", "<$0.000001"),
            ("0.0000005", "$0.000001"),
            ("0.00214", "$0.002140"),
            ("0.0123", "$0.0123"),
            ("0.01235", "$0.0124"),
            ("1.385", "$1.39"),
            ("1234.5", "$1234.50"),
        ] {
            assert_eq!(Money::parse(exact).unwrap().shown(), shown, "{exact}");
        }
    }
}
