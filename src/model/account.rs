//! What a conversion could not keep as it was, place by place.

use std::borrow::Cow;
use std::cell::RefCell;
use std::fmt;

use crate::codes::{self, Code};
use crate::json::{Node, Object, Value};
use crate::parallel;

/// How much it matters that something changes, in rising order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum Level {
    /// The target rebuilds it or has no use for it.
    Bookkeeping,
    /// Only people would see it.
    Display,
    /// It is stored, but the model does not get it.
    History,
    /// It changes what the model gets, or what happens when the run goes on.
    Resume,
    /// Something would run that would not have run.
    Authority,
}

impl Level {
    /// The levels in rising order.
    pub const ALL: [Self; 5] = [Self::Bookkeeping, Self::Display, Self::History, Self::Resume, Self::Authority];

    /// The word that stands for the level in reports and options.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bookkeeping => "bookkeeping",
            Self::Display => "display",
            Self::History => "history",
            Self::Resume => "resume",
            Self::Authority => "authority",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// One thing that is not as it was.
#[derive(Clone, Debug)]
pub struct Entry<'d> {
    /// What kind of change it is.
    pub code: Code,
    /// How much it matters.
    pub level: Level,
    /// The value of the input that is concerned; the whole state when there is none.
    pub node: Option<Node<'d>>,
    /// What the user will notice.
    pub reason: Cow<'static, str>,
}

/// Takes down what a conversion could not keep. Values that the input does not hold cannot be lost.
#[derive(Debug, Default)]
pub struct Account<'d> {
    entries: RefCell<Vec<Entry<'d>>>,
}

impl<'d> Account<'d> {
    /// Takes down one thing about a value of the input.
    pub fn note(&self, code: Code, level: Level, node: Option<Node<'d>>, reason: impl Into<Cow<'static, str>>) {
        self.entries.borrow_mut().push(Entry { code, level, node, reason: reason.into() });
    }

    /// A value has no place in the target. Nothing is said of `null` and of what has nothing in it.
    pub fn lost(&self, level: Level, value: &Value<'d>, reason: &'static str) {
        self.each(codes::NO_PLACE, level, value, reason);
    }

    /// The same of a member that may be there.
    pub fn lost_member(&self, level: Level, value: Option<&Value<'d>>, reason: &'static str) {
        if let Some(value) = value {
            self.lost(level, value, reason);
        }
    }

    /// The target computes the value anew.
    pub fn rebuilt(&self, value: &Value<'d>, reason: &'static str) {
        self.each(codes::REBUILT, Level::Bookkeeping, value, reason);
    }

    /// The value stands in the output in another form or with another meaning.
    pub fn changed(&self, level: Level, value: &Value<'d>, reason: &'static str) {
        self.each(codes::CHANGED_FORM, level, value, reason);
    }

    /// The output says something that the input does not say.
    pub fn assumed(&self, level: Level, near: Option<Node<'d>>, reason: &'static str) {
        self.note(codes::ASSUMED, level, near, reason);
    }

    /// No place for any of the members.
    pub fn rest(&self, object: Object<'d>, level: Level, reason: &'static str) {
        for (_, value) in object.into_members() {
            self.lost(level, &value, reason);
        }
    }

    /// One entry for every value of the input that is in `value`.
    fn each(&self, code: Code, level: Level, value: &Value<'d>, reason: &'static str) {
        if value.is_null() || value.is_empty() {
            return;
        }
        if let Some(node) = value.origin() {
            return self.note(code, level, Some(node), reason);
        }
        match value {
            Value::List(list) => list.iter().for_each(|value| self.each(code, level, value, reason)),
            Value::Object(object) => object.iter().for_each(|(_, value)| self.each(code, level, value, reason)),
            _ => {}
        }
    }

    /// Takes down what stands in another account, too.
    pub fn extend(&self, other: Self) {
        self.entries.borrow_mut().extend(other.into_entries());
    }

    /// Every element as `each` makes it, in order; some may be left out.
    pub(crate) fn map<T: Send, U: Send, I: IntoIterator<Item = U>>(
        &self,
        list: Vec<T>,
        each: impl Fn(T, &Self) -> I + Sync,
    ) -> Vec<U> {
        let part = |list: Vec<T>| {
            let own = Self::default();
            let made: Vec<U> = list.into_iter().flat_map(|element| each(element, &own)).collect();
            (made, own)
        };
        let mut all = Vec::new();
        for (made, own) in parallel::parts(list, part) {
            all.extend(made);
            self.extend(own);
        }
        all
    }

    /// The highest level so far.
    #[must_use]
    pub fn worst(&self) -> Option<Level> {
        self.entries.borrow().iter().map(|entry| entry.level).max()
    }

    /// What was taken down, in the order in which it came up.
    #[must_use]
    pub fn into_entries(self) -> Vec<Entry<'d>> {
        self.entries.into_inner()
    }
}
