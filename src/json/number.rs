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

    /// The nearest double, as both SDKs' languages read the literal.
    #[must_use]
    pub fn to_f64(self) -> f64 {
        match self.0 {
            "NaN" => f64::NAN,
            "Infinity" => f64::INFINITY,
            "-Infinity" => f64::NEG_INFINITY,
            digits => digits.parse().expect("the parser accepted these digits"),
        }
    }

    /// The value of an integer literal that fits.
    #[must_use]
    pub fn to_i64(self) -> Option<i64> {
        if self.is_integer_literal() { self.0.parse().ok() } else { None }
    }

    /// The value of a non-negative integer literal that fits.
    #[must_use]
    pub fn to_u64(self) -> Option<u64> {
        if self.is_integer_literal() {
            self.0.trim_start_matches('-').parse().ok().filter(|&value| value == 0 || !self.0.starts_with('-'))
        } else {
            None
        }
    }
}
