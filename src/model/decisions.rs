//! What can be done with decisions without changing what they mean, or only so that they reach less far.

use std::borrow::Cow;
use std::hash::Hash;

use crate::codes;
use crate::hash::{HashMap, HashSet};
use crate::json::{Key, Kind, Object, Value};

use super::state::{Decided, Record};
use super::{Account, Level};

/// Why a decision that cannot be read as one is lost.
pub(crate) const UNHEEDED: &str = "the SDK does not heed this decision: it does not say what it is about";
const NO_CALL: &str = "the state has no such call: nothing waits for the decision";
const NARROWED: &str =
    "a decision for all calls of a tool reaches further in the target: it is kept for the calls that wait";

/// What a dialect calls the parts of a record that the other calls otherwise.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spelling {
    /// What the model is told of rejected calls, by call id.
    pub(crate) messages: &'static str,
    /// What it is told of calls that a standing rejection covers.
    pub(crate) standing_message: &'static str,
    /// What binds a standing decision to the tool, which whoever needs it computes.
    pub(crate) scope: Option<&'static str>,
}

impl<'d> Record<'d> {
    /// Reads a record as it is written.
    pub(crate) fn read(value: Value<'d>, spelling: Spelling, account: &Account<'d>) -> Self {
        let origin = value.origin();
        let mut record = value.into_object().unwrap_or_default();
        let mut half = |key: &str| match record.take(key) {
            Some(list) if list.kind() == Kind::Array => Decided::Calls(list.into_elements()),
            Some(flag) if flag.as_bool() == Some(true) => Decided::Always,
            _ => Decided::default(),
        };
        let (approved, rejected) = (half("approved"), half("rejected"));
        let messages = record.take_filled(spelling.messages).and_then(Value::into_object);
        let standing_message = record.take_filled(spelling.standing_message);
        spelling.scope.and_then(|scope| record.take(scope));
        account.rest(record, Level::Bookkeeping, "no released SDK defines this member");
        let messages = messages.map_or_else(Vec::new, Object::into_members);
        Self { origin, approved, rejected, messages, standing_message }
    }

    /// Whether nothing is decided.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        [&self.approved, &self.rejected].iter().all(|half| matches!(half, Decided::Calls(ids) if ids.is_empty()))
    }

    /// Whether something is decided for calls that are still to come.
    #[must_use]
    pub fn is_standing(&self) -> bool {
        matches!(self.approved, Decided::Always) || matches!(self.rejected, Decided::Always)
    }

    /// Whether single calls are decided otherwise than all others: which of the two wins has changed in both SDKs.
    #[must_use]
    pub fn has_exceptions(&self) -> bool {
        let calls = |half: &Decided<'_>| matches!(half, Decided::Calls(ids) if !ids.is_empty());
        matches!(self.approved, Decided::Always) && calls(&self.rejected)
            || matches!(self.rejected, Decided::Always) && calls(&self.approved)
    }

    /// The record with the single calls that are `mine`, and its standing part.
    #[must_use]
    pub fn only(&self, mine: impl Fn(&[u8]) -> bool) -> Self {
        let half = |half: &Decided<'d>| match half {
            Decided::Always => Decided::Always,
            Decided::Calls(ids) => {
                Decided::Calls(ids.iter().filter(|id| id.wtf8().is_some_and(|id| mine(&id))).cloned().collect())
            }
        };
        Self {
            origin: self.origin,
            approved: half(&self.approved),
            rejected: half(&self.rejected),
            messages: self.messages.iter().filter(|(id, _)| mine(&id.wtf8())).cloned().collect(),
            standing_message: self.standing_message.clone(),
        }
    }

    /// The calls that are decided one by one.
    #[must_use]
    pub fn single(&self) -> HashSet<Cow<'d, [u8]>> {
        let ids = |half: &Decided<'d>| match half {
            Decided::Calls(ids) => ids.iter().filter_map(Value::wtf8).collect(),
            Decided::Always => Vec::new(),
        };
        ids(&self.approved).into_iter().chain(ids(&self.rejected)).collect()
    }

    /// Takes down what is decided about calls that are nowhere in the state.
    pub fn void(&self, known: impl Fn(&[u8]) -> bool, account: &Account<'d>) {
        let Self { approved, rejected, messages, .. } = self.only(|id| !known(id));
        for half in [approved, rejected] {
            if let Decided::Calls(ids) = half {
                ids.iter().for_each(|id| account.lost(Level::Bookkeeping, id, NO_CALL));
            }
        }
        messages.iter().for_each(|(_, message)| account.lost(Level::Bookkeeping, message, NO_CALL));
    }

    /// What is decided about single calls of the tool that the record is about. Where decisions go by name, those about
    /// calls of another tool or agent would begin to hold.
    #[must_use]
    pub fn heeded(&self, whole: &Value<'d>, mine: impl Fn(&[u8]) -> bool, account: &Account<'d>) -> Self {
        let kept = self.only(&mine);
        if kept.is_empty() {
            account.lost(Level::Bookkeeping, whole, NO_CALL);
        } else {
            self.void(mine, account);
        }
        kept
    }

    /// Single decisions win over standing ones. What a standing one overruled is no decision.
    #[must_use]
    pub fn exact_first(mut self, waiting: &[Value<'d>], account: &Account<'d>) -> Self {
        if matches!(self.approved, Decided::Always) {
            let single = self.single();
            if waiting.iter().filter_map(Value::wtf8).any(|id| single.contains(&id)) {
                let reason = "the call is rejected, which older releases overlook because all calls are approved";
                account.note(codes::NARROWED, Level::Resume, self.origin, reason);
            }
        } else if let Decided::Calls(ids) = std::mem::take(&mut self.approved) {
            for id in ids {
                let reason = "older releases overlook this approval because all calls are rejected";
                account.lost(Level::Bookkeeping, &id, reason);
            }
        }
        self
    }

    /// The same as [`Record::listed`], told where there is a standing part.
    #[must_use]
    pub fn narrowed(self, covered: &[Value<'d>], account: &Account<'d>) -> Self {
        if !self.is_standing() {
            return self;
        }
        account.note(codes::NARROWED, Level::Resume, self.origin, NARROWED);
        self.listed(covered)
    }

    /// The standing part becomes a list of the calls that wait and that it covers; single decisions win over it.
    #[must_use]
    pub fn listed(self, covered: &[Value<'d>]) -> Self {
        let always = (matches!(self.approved, Decided::Always), matches!(self.rejected, Decided::Always));
        let single = self.single();
        let open = covered.iter().filter(|id| id.wtf8().is_some_and(|id| !single.contains(&id)));
        let open: Vec<Value<'d>> = open.cloned().collect();
        let list = |half: Decided<'d>| match half {
            Decided::Calls(ids) => ids,
            Decided::Always => Vec::new(),
        };
        let (mut approved, mut rejected, mut messages) = (list(self.approved), list(self.rejected), self.messages);
        if always.0 {
            approved.extend(open);
        } else if always.1 {
            let told: HashSet<Vec<u8>> = messages.iter().map(|(key, _)| key.wtf8().into_owned()).collect();
            for id in &open {
                let text = id.wtf8().unwrap_or_default().into_owned();
                if let Some(message) = self.standing_message.clone().filter(|_| !told.contains(&text)) {
                    messages.push((Key::Made(text), message));
                }
            }
            rejected.extend(open);
        }
        let (approved, rejected) = (Decided::Calls(approved), Decided::Calls(rejected));
        Self { origin: self.origin, approved, rejected, messages, standing_message: None }
    }

    /// Adds what another record says of single calls, and its standing part. Of one call, what is there already stays.
    pub fn merge(&mut self, other: Self) {
        *self = std::mem::take(self).join([other]);
    }

    /// The same of several records, one after the other.
    #[must_use]
    pub fn join(mut self, others: impl IntoIterator<Item = Self>) -> Self {
        let ids = |half: &Decided<'d>| match half {
            Decided::Calls(ids) => ids.iter().filter_map(Value::wtf8).collect(),
            Decided::Always => HashSet::default(),
        };
        let mut known: [HashSet<Cow<'d, [u8]>>; 2] = [ids(&self.approved), ids(&self.rejected)];
        let mut told: HashSet<Vec<u8>> = self.messages.iter().map(|(key, _)| key.wtf8().into_owned()).collect();
        for other in others {
            let is_fresh = |id: &Value<'d>| id.wtf8().is_some_and(|id| !known.iter().any(|half| half.contains(&id)));
            let fresh = [other.approved, other.rejected].map(|half| match half {
                Decided::Calls(ids) => Some(ids.into_iter().filter(is_fresh).collect::<Vec<_>>()),
                Decided::Always => None,
            });
            let halves = [&mut self.approved, &mut self.rejected];
            for ((half, known), fresh) in halves.into_iter().zip(&mut known).zip(fresh) {
                match (half, fresh) {
                    (Decided::Calls(own), Some(fresh)) => {
                        known.extend(fresh.iter().filter_map(Value::wtf8));
                        own.extend(fresh);
                    }
                    (half, _) => {
                        *half = Decided::Always;
                        known.clear();
                    }
                }
            }
            self.messages.extend(other.messages.into_iter().filter(|(key, _)| told.insert(key.wtf8().into_owned())));
            self.standing_message = self.standing_message.take().or(other.standing_message);
        }
        self
    }

    /// What the record says of calls, by what they have in common, in order; with the first of these calls. Each call comes with
    /// that and with its id, if one is meant. Every part has the standing part of the record.
    pub fn by<C, K: Eq + Hash>(&self, calls: impl IntoIterator<Item = (C, K, Option<Vec<u8>>)>) -> Vec<(C, Self)> {
        let mut parts: Vec<(C, Self)> = Vec::new();
        let mut places: HashMap<K, usize> = HashMap::default();
        let mut of: HashMap<Vec<u8>, Vec<usize>> = HashMap::default();
        let standing = self.only(|_| false);
        for (call, key, id) in calls {
            let at = *places.entry(key).or_insert(parts.len());
            if at == parts.len() {
                parts.push((call, standing.clone()));
            }
            if let Some(id) = id {
                of.entry(id).or_default().push(at);
            }
        }
        for own in of.values_mut() {
            own.sort_unstable();
            own.dedup();
        }
        let mut give = |half: &Decided<'d>, own: fn(&mut Self) -> &mut Decided<'d>| {
            let Decided::Calls(ids) = half else { return };
            for id in ids {
                for &at in id.wtf8().and_then(|id| of.get(&*id)).into_iter().flatten() {
                    if let Decided::Calls(own) = own(&mut parts[at].1) {
                        own.push(id.clone());
                    }
                }
            }
        };
        give(&self.approved, |own| &mut own.approved);
        give(&self.rejected, |own| &mut own.rejected);
        for (id, message) in &self.messages {
            for &at in of.get(&*id.wtf8()).into_iter().flatten() {
                parts[at].1.messages.push((id.clone(), message.clone()));
            }
        }
        parts
    }
}

/// Records under names, to which others are added.
#[derive(Debug)]
pub(crate) struct Named<'d> {
    records: Vec<(Key<'d>, Option<Value<'d>>, Vec<Record<'d>>)>,
    /// The first record of each name.
    places: HashMap<Vec<u8>, usize>,
}

impl<'d> Named<'d> {
    /// The records as they are written.
    #[must_use]
    pub(crate) fn new(members: Vec<(Key<'d>, Value<'d>)>) -> Self {
        let mut places = HashMap::default();
        for (at, (name, _)) in members.iter().enumerate() {
            places.entry(name.wtf8().into_owned()).or_insert(at);
        }
        let records = members.into_iter().map(|(name, value)| (name, Some(value), Vec::new())).collect();
        Self { records, places }
    }

    /// Adds what is decided under a name.
    pub(crate) fn add(&mut self, name: Vec<u8>, record: Record<'d>) {
        if record.is_empty() {
            return;
        }
        let at = *self.places.entry(name.clone()).or_insert(self.records.len());
        if at == self.records.len() {
            self.records.push((Key::Made(name), None, Vec::new()));
        }
        self.records[at].2.push(record);
    }

    /// The records as they are written. Those to which something was added are written by `lower`, which also gets what stood
    /// there before.
    pub(crate) fn finish(
        self,
        spelling: Spelling,
        account: &Account<'d>,
        lower: impl Fn(Record<'d>, Option<Value<'d>>) -> Value<'d>,
    ) -> Vec<(Key<'d>, Value<'d>)> {
        let written = |(name, value, more): (Key<'d>, Option<Value<'d>>, Vec<Record<'d>>)| {
            let mut more = more.into_iter();
            let value = match value {
                Some(value) if more.len() == 0 => value,
                Some(value) => lower(Record::read(value.clone(), spelling, account).join(more), Some(value)),
                None => lower(more.next().unwrap_or_default().join(more), None),
            };
            (name, value)
        };
        self.records.into_iter().map(written).collect()
    }
}

/// What is looked up by keys, of which each may have several.
pub(crate) fn index<'c, T, K: Eq + Hash>(all: &'c [T], keys: impl Fn(&T) -> Vec<K>) -> HashMap<K, Vec<&'c T>> {
    let mut found: HashMap<K, Vec<&'c T>> = HashMap::default();
    for own in all {
        for key in keys(own) {
            found.entry(key).or_default().push(own);
        }
    }
    found
}

/// What an [`index`] has under a key.
#[must_use]
pub(crate) fn found<'c, T, K: Eq + Hash>(index: &'c HashMap<K, Vec<&'c T>>, key: &K) -> &'c [&'c T] {
    index.get(key).map_or(&[], Vec::as_slice)
}
