//! A record of decisions, as both SDKs keep it.

use crate::json::{Key, Kind, Object, Value};

/// The names that a dialect gives the members.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Names {
    /// What the model is told of rejected calls.
    pub(crate) messages: &'static str,
    /// What it is told of calls that a standing rejection covers.
    pub(crate) standing: &'static str,
}

/// What a decision does to a record.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Change<'c> {
    /// Whether the call may run.
    pub(crate) approve: bool,
    /// The call.
    pub(crate) id: &'c [u8],
    /// What the model is told.
    pub(crate) message: Option<&'c str>,
}

/// A record that is taken apart.
#[derive(Clone, Debug)]
pub(crate) struct Record<'d> {
    pub(crate) approved: Half<'d>,
    pub(crate) rejected: Half<'d>,
    pub(crate) messages: Vec<(Key<'d>, Value<'d>)>,
    pub(crate) standing: Option<Value<'d>>,
    /// What only Python has: the scope of a standing decision.
    pub(crate) scope: Option<Value<'d>>,
}

/// One half of a record.
#[derive(Clone, Debug)]
pub(crate) enum Half<'d> {
    /// A standing decision, or `false`.
    Flag(bool),
    /// Decisions about single calls.
    Calls(Vec<Value<'d>>),
}

impl<'d> Half<'d> {
    fn of(value: Option<Value<'d>>) -> Self {
        match value {
            Some(value) if value.kind() == Kind::Array => Self::Calls(value.into_elements()),
            Some(value) => value.as_bool().map_or_else(|| Self::Calls(Vec::new()), Self::Flag),
            None => Self::Calls(Vec::new()),
        }
    }

    /// Adds a call; a half that is a flag becomes a list only where the release does so.
    fn add(&mut self, id: &[u8], turns_flags: bool) {
        if matches!(self, Self::Flag(false)) && turns_flags {
            *self = Self::Calls(Vec::new());
        }
        if let Self::Calls(calls) = self
            && !calls.iter().any(|own| own.is_wtf8(id))
        {
            calls.push(Value::from(id.to_vec()));
        }
    }

    fn remove(&mut self, id: &[u8]) {
        if let Self::Calls(calls) = self {
            // One, as both SDKs do.
            if let Some(at) = calls.iter().position(|own| own.is_wtf8(id)) {
                calls.remove(at);
            }
        }
    }

    fn into_value(self) -> Value<'d> {
        match self {
            Self::Flag(flag) => Value::bool(flag),
            Self::Calls(calls) => Value::List(calls),
        }
    }
}

/// How a release changes records.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Habits {
    /// Whether a decision about one call takes back the opposite one.
    pub(crate) takes_back: bool,
    /// Whether a `false` of a standing decision becomes a list when a call is decided.
    pub(crate) turns_flags: bool,
    /// Whether the words about a call go when it is approved.
    pub(crate) forgets_words: Forgets,
}

/// Which words about a call go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Forgets {
    /// None.
    Never,
    /// Those about a call that is approved.
    OnApproval,
    /// Those about a call that is decided anew without words.
    Always,
}

impl<'d> Record<'d> {
    /// The record, or an empty one.
    pub(crate) fn of(value: Option<Value<'d>>, names: Names) -> Self {
        let mut object = value.and_then(Value::into_object).unwrap_or_default();
        Self {
            approved: Half::of(object.take("approved")),
            rejected: Half::of(object.take("rejected")),
            messages: object
                .take(names.messages)
                .and_then(Value::into_object)
                .map_or_else(Vec::new, Object::into_members),
            standing: object.take_filled(names.standing),
            scope: object.take_filled("sticky_scope"),
        }
    }

    /// Decides about one call.
    pub(crate) fn decide(&mut self, change: Change<'_>, habits: Habits) {
        let Change { approve, id, message } = change;
        let (target, opposite) = match approve {
            true => (&mut self.approved, &mut self.rejected),
            false => (&mut self.rejected, &mut self.approved),
        };
        if habits.takes_back {
            opposite.remove(id);
        }
        target.add(id, habits.turns_flags);
        let forgets = match habits.forgets_words {
            Forgets::Never => false,
            Forgets::OnApproval => approve,
            Forgets::Always => approve || message.is_none(),
        };
        if forgets {
            self.messages.retain(|(key, _)| *key.wtf8() != *id);
        }
        if let Some(message) = message.filter(|_| !approve) {
            self.tell(id, message);
        }
    }

    /// Says what the model is told of a rejected call.
    pub(crate) fn tell(&mut self, id: &[u8], message: &str) {
        let value = Value::from(message.as_bytes().to_vec());
        match self.messages.iter_mut().find(|(key, _)| *key.wtf8() == *id) {
            Some((_, own)) => *own = value,
            None => self.messages.push((Key::Made(id.to_vec()), value)),
        }
    }

    /// The record as it is written.
    pub(crate) fn into_value(self, names: Names, order: fn(Vec<(Key<'d>, Value<'d>)>) -> Object<'d>) -> Value<'d> {
        let messages = (!self.messages.is_empty()).then(|| Value::Object(order(self.messages)));
        Object::new()
            .with("approved", self.approved.into_value())
            .with("rejected", self.rejected.into_value())
            .with(names.messages, messages)
            .with(names.standing, self.standing)
            .with("sticky_scope", self.scope)
            .into()
    }
}
