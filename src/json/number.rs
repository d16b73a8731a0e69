//! A number as it is written.

/// A JSON number, `NaN`, `Infinity` or `-Infinity`, with its digits as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number<'d>(&'d str);

impl<'d> Number<'d> {
    pub(super) fn new(raw: &'d str) -> Self {
        Self(raw)
    }

    /// The digits as written.
    #[must_use]
    pub fn raw(self) -> &'d str {
        self.0
    }

    /// Whether it is written without fraction and exponent: what Python reads as `int`.
    #[must_use]
    pub fn is_integer_literal(self) -> bool {
        self.0.bytes().all(|byte| byte == b'-' || byte.is_ascii_digit())
    }

    /// Whether it is none of `NaN`, `Infinity` and `-Infinity`.
    #[must_use]
    pub fn is_finite_literal(self) -> bool {
        !self.0.ends_with(['N', 'y'])
    }

    /// The nearest double, as both SDKs' languages read the literal: an infinity when it is too large for one.
    #[must_use]
    pub fn to_f64(self) -> f64 {
        match self.0 {
            "Infinity" => f64::INFINITY,
            "-Infinity" => f64::NEG_INFINITY,
            // Rust reads every finite JSON literal; what is left is `NaN`.
            digits => digits.parse().unwrap_or(f64::NAN),
        }
    }

    /// The value of an integer literal that fits.
    #[must_use]
    pub fn to_i64(self) -> Option<i64> {
        self.0.parse().ok()
    }

    /// The value of a non-negative integer literal that fits; `-0` is 0.
    #[must_use]
    pub fn to_u64(self) -> Option<u64> {
        match self.0 {
            "-0" => Some(0),
            digits => digits.parse().ok(),
        }
    }

    /// The value of an integer literal that fits.
    #[must_use]
    pub fn to_i128(self) -> Option<i128> {
        self.0.parse().ok()
    }

    /// The value of a non-negative integer literal that fits; `-0` is 0.
    #[must_use]
    pub fn to_u128(self) -> Option<u128> {
        match self.0 {
            "-0" => Some(0),
            digits => digits.parse().ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_read_from_integer_literals_alone() {
        let integers = |raw| (Number(raw).to_i64(), Number(raw).to_u64(), Number(raw).is_integer_literal());
        assert_eq!(integers("0"), (Some(0), Some(0), true));
        assert_eq!(integers("-0"), (Some(0), Some(0), true));
        assert_eq!(integers("-7"), (Some(-7), None, true));
        assert_eq!(integers("9223372036854775808"), (None, Some(1 << 63), true));
        assert_eq!(integers("18446744073709551616"), (None, None, true));
        assert_eq!(integers("1.0"), (None, None, false));
        assert_eq!(integers("1e2"), (None, None, false));
        assert_eq!(integers("NaN"), (None, None, false));
        assert_eq!(Number("18446744073709551616").to_u128(), Some(1 << 64));
        assert_eq!(Number("-18446744073709551616").to_i128(), Some(-(1 << 64)));
    }

    #[test]
    fn doubles_are_the_nearest() {
        assert_eq!(Number("0.1").to_f64(), 0.1);
        assert_eq!(Number("1E400").to_f64(), f64::INFINITY);
        assert_eq!(Number("-1e400").to_f64(), f64::NEG_INFINITY);
        assert!(Number("-0").to_f64().is_sign_negative());
        assert!(Number("NaN").to_f64().is_nan());
        assert_eq!(Number("-Infinity").to_f64(), f64::NEG_INFINITY);
    }

    #[test]
    fn only_words_are_not_finite() {
        for raw in ["NaN", "Infinity", "-Infinity"] {
            assert!(!Number(raw).is_finite_literal());
        }
        for raw in ["0", "1E5", "1e400", "-0.0"] {
            assert!(Number(raw).is_finite_literal());
        }
    }
}
