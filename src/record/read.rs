//! JSON to records. Readers loop over the members that are there; what no row claims is reported.

use std::borrow::Cow;
use std::fmt;

use crate::codes::{self, Code};
use crate::finding::Effect;
use crate::format::{Bound, Dialect, Release, Target};
use crate::json::{Aim, Document, Kind, Kinds, Node, Text, Writer};
use crate::parallel;

use super::write::{write_slot, write_tag};
use super::{Column, Field, Record, Row, Rows, Shape, Slot, Tag, Unknown, Wire, find};

/// How many findings of one code are kept for a file; the rest is only counted.
const LIMIT_PER_CODE: u32 = 1_000;

/// So many elements of one list may have something wrong with them; what stands behind is kept and not looked at, because
/// a record takes much more memory than the two or three bytes that pretend to be one.
const WRONG_ELEMENTS: usize = 100_000;

/// How deep nested runs and spans are read; what is deeper stays opaque.
pub const NESTING: u8 = 64;

/// A finding before its place is worked out.
#[derive(Clone, Debug)]
pub struct Raised<'d> {
    /// What is wrong.
    pub code: Code,
    /// What it leads to.
    pub effect: Effect,
    /// Where.
    pub node: Node<'d>,
    /// At the value or at its key.
    pub aim: Aim,
    /// One sentence.
    pub message: Cow<'static, str>,
    /// What to do, where the code's own help is not enough.
    pub help: Option<Cow<'static, str>>,
}

impl<'d> Raised<'d> {
    /// A finding at a value that makes the file unreadable.
    #[must_use]
    pub fn new(code: Code, node: Node<'d>, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, effect: Effect::Refused, node, aim: Aim::Value, message: message.into(), help: None }
    }
}

/// What the dialect's reader does about faults in a part of the state.
#[derive(Clone, Copy, Debug)]
pub struct Zone {
    /// What a fault leads to where no row says otherwise.
    pub fault: Effect,
    /// Nothing in here is worse than this: a nested run that cannot be read does not make the file unreadable.
    pub worst: Effect,
}

/// A range of releases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Writers {
    /// The first one.
    pub from: Option<Release>,
    /// The first one that is not among them any more.
    pub until: Option<Release>,
}

/// Reads records and collects findings.
pub struct Reader<'d> {
    /// The document that is read.
    pub doc: &'d Document,
    /// Whose state it is.
    pub dialect: Dialect,
    /// The label's number behind `1.` of the state that is being read.
    pub label: u16,
    /// The release of the dialect's SDK that is to read the state.
    pub reader: Target,
    /// What the dialect's reader does about faults here.
    pub zone: Zone,
    /// How many nested runs or spans the value that is being read is in.
    pub depth: u8,
    /// Between which releases the state was written, as far as fields tell that came without a new label.
    pub writer: Writers,
    /// The roots of the texts in the state that were read as states of their own.
    pub texts: Vec<Node<'d>>,
    findings: Vec<Raised<'d>>,
    counts: Vec<(Code, u32)>,
    faults: u64,
    /// How many findings were raised, those that are not kept included.
    raised: u64,
    /// The row whose value is being read, for the list or map that it holds.
    row: Option<&'static Row>,
}

impl<'d> Reader<'d> {
    /// Reads one state as the newest release of its SDK does; another one is set in `reader`.
    #[must_use]
    pub fn new(doc: &'d Document, dialect: Dialect, label: u16) -> Self {
        let zone = Zone { fault: Effect::Refused, worst: Effect::Refused };
        Self {
            doc,
            dialect,
            label,
            reader: dialect.newest(),
            zone,
            depth: 0,
            writer: Writers::default(),
            texts: Vec::new(),
            findings: Vec::new(),
            counts: Vec::new(),
            faults: 0,
            raised: 0,
            row: None,
        }
    }

    /// Another reader at the same place, for another thread.
    #[must_use]
    pub fn apart(&self) -> Self {
        let Self { doc, dialect, label, reader, zone, depth, writer, .. } = *self;
        Self { label, reader, zone, depth, writer, ..Self::new(doc, dialect, label) }
    }

    /// Takes over what the other reader has raised, and what it has seen.
    pub fn join(&mut self, other: Self) {
        self.writer.from = self.writer.from.max(other.writer.from);
        self.writer.until = self.writer.until.into_iter().chain(other.writer.until).min();
        self.texts.extend(other.texts);
        self.faults += other.faults;
        self.raised += other.raised;
        for (code, count) in other.counts {
            let own = self.count(code);
            let room = LIMIT_PER_CODE.saturating_sub(*own) as usize;
            *own += count;
            let found = other.findings.iter().filter(|raised| raised.code == code).take(room).cloned();
            self.findings.extend(found);
        }
    }

    /// Everything raised, and how many findings of each code were left out.
    #[must_use]
    pub fn finish(self) -> (Vec<Raised<'d>>, Vec<(Code, u32)>) {
        let mut left_out = self.counts;
        left_out.retain(|(_, count)| *count > LIMIT_PER_CODE);
        left_out.iter_mut().for_each(|(_, count)| *count -= LIMIT_PER_CODE);
        (self.findings, left_out)
    }

    /// Whether the release that is to read the state is from this bound on.
    #[must_use]
    pub fn reader_has(&self, bound: Bound) -> bool {
        self.reader.has(bound)
    }

    /// How many faults were met so far that make the dialect's reader do what the zone says, or worse. The
    /// difference over a value tells whether the reader keeps the value. A fault whose effect a row names itself
    /// counts only when that effect is worse than the zone's, and none counts that lies within a row's own `inside`.
    #[must_use]
    pub fn faults(&self) -> u64 {
        self.faults
    }

    /// Raises a finding at a value.
    pub fn raise(&mut self, code: Code, effect: Effect, node: Node<'d>, message: impl Into<Cow<'static, str>>) {
        let fault = effect >= self.zone.fault;
        self.raise_at(code, effect, fault, node, Aim::Value, message.into());
    }

    /// Raises a finding at the key in front of a value.
    pub fn raise_at_key(&mut self, code: Code, effect: Effect, node: Node<'d>, message: impl Into<Cow<'static, str>>) {
        let fault = effect >= self.zone.fault;
        self.raise_at(code, effect, fault, node, Aim::Key, message.into());
    }

    /// Raises a structural finding: what the row says, else what the zone says.
    fn raise_fault(&mut self, code: Code, named: Option<Effect>, node: Node<'d>, message: String) {
        let effect = named.unwrap_or(self.zone.fault);
        let fault = named.is_none() || effect > self.zone.fault || effect == Effect::Refused;
        self.raise_at(code, effect, fault, node, Aim::Value, message.into());
    }

    fn raise_at(
        &mut self,
        code: Code,
        effect: Effect,
        fault: bool,
        node: Node<'d>,
        aim: Aim,
        message: Cow<'static, str>,
    ) {
        self.faults += u64::from(fault);
        self.raised += 1;
        let effect = effect.min(self.zone.worst);
        let count = self.count(code);
        *count += 1;
        if *count <= LIMIT_PER_CODE {
            self.findings.push(Raised { code, effect, node, aim, message, help: None });
        }
    }

    /// How many findings of the code were raised so far.
    fn count(&mut self, code: Code) -> &mut u32 {
        let at = self.counts.iter().position(|(counted, _)| *counted == code).unwrap_or_else(|| {
            self.counts.push((code, 0));
            self.counts.len() - 1
        });
        &mut self.counts[at].1
    }

    /// Forgets what was raised inside of these values, which stand in the order of their text: the earlier ones of
    /// duplicate keys, which neither SDK looks at.
    pub fn forget_inside(&mut self, values: &[Node<'d>]) {
        let mut outermost: Vec<Node<'d>> = Vec::new();
        for &value in values {
            if outermost.last().is_none_or(|last| value.index() >= last.end_index()) {
                outermost.push(value);
            }
        }
        if let Some(first) = outermost.first() {
            let source = first.source().id();
            self.findings.retain(|raised| {
                let index = raised.node.index();
                let before = outermost.partition_point(|value| value.index() <= index);
                raised.node.source().id() != source || before == 0 || index >= outermost[before - 1].end_index()
            });
        }
    }

    /// Reads with another zone.
    pub fn within<T>(&mut self, zone: Zone, read: impl FnOnce(&mut Self) -> T) -> T {
        let outer = std::mem::replace(&mut self.zone, zone);
        let value = read(self);
        self.zone = outer;
        value
    }

    /// Reads something whose faults lead to nothing worse than `worst` and do not count for what it stands in.
    pub fn tolerating<T>(&mut self, worst: Effect, read: impl FnOnce(&mut Self) -> T) -> T {
        let faults = self.faults;
        let zone = Zone { fault: worst.min(self.zone.worst), worst: worst.min(self.zone.worst) };
        let value = self.within(zone, read);
        self.faults = faults;
        value
    }

    /// Reads a state inside the state, under its own label: what makes it unreadable leaves the state around it readable,
    /// but stuck. Also tells whether the dialect's reader would refuse the inner one.
    pub fn nested<T>(&mut self, label: u16, read: impl FnOnce(&mut Self) -> T) -> (T, bool) {
        let (outer_label, outer_faults) = (self.label, self.faults);
        let zone = Zone { fault: Effect::Refused, worst: self.zone.worst.min(Effect::Stuck) };
        self.label = label;
        self.depth += 1;
        let value = self.within(zone, read);
        let refused = self.faults != outer_faults;
        (self.label, self.faults) = (outer_label, outer_faults);
        self.depth -= 1;
        (value, refused)
    }

    /// Reads an object as a record.
    pub fn record<R: Record<'d>>(&mut self, node: Node<'d>) -> Option<R> {
        if node.kind() != Kind::Object {
            return None;
        }
        let mut record = R::blank(node);
        self.members(&mut record);
        Some(record)
    }

    fn members(&mut self, rows: &mut dyn Rows<'d>) {
        let (info, node) = (rows.info(), rows.origin());
        let mut cursor = 0;
        let mut present = 0_u64;
        for member in node.members() {
            let Some(row) = find(info, |own| member.key.is(own), &mut cursor) else {
                self.unknown_key(info.unknown, info.name, info.fields, member.key, member.value);
                continue;
            };
            let field = &info.fields[row];
            present |= 1 << row;
            if field.row.is_timeless() {
                rows.column_mut(row).read(field, member.value, self);
                continue;
            }
            let bound = field.row.since.filter(|bound| field.row.tags.is_empty() && !self.reader_has(*bound));
            if let Some(since) = bound {
                self.not_in_reader(info.unknown, &field.row, since, member.value);
                self.unseen(|cx| rows.column_mut(row).read(field, member.value, cx));
                continue;
            }
            self.writer.from = self.writer.from.max(self.first_writer(&field.row));
            if field.row.is_in(self.label) {
                rows.column_mut(row).read(field, member.value, self);
            } else {
                let effect = self.not_in_label(&field.row, member.value);
                self.out_of_place(effect, |cx| match field.row.passed_over {
                    true => cx.unseen(|cx| rows.column_mut(row).read(field, member.value, cx)),
                    false => rows.column_mut(row).read(field, member.value, cx),
                });
            }
        }
        let absent = info.needed & !present;
        if absent == 0 {
            return;
        }
        for (_, field) in info.fields.iter().enumerate().filter(|(row, _)| absent & 1 << row != 0) {
            if field.row.is_required_in(self.label) && !field.row.judged_elsewhere {
                let message = format!("`{}` is missing", field.row.key);
                let named = field.row.for_reader(self.reader).if_absent;
                self.raise_fault(codes::MISSING_FIELD, named, node, message);
            } else if let Some(release) = self.first_writer(&field.row) {
                self.writer.until = Some(self.writer.until.map_or(release, |until| until.min(release)));
            }
        }
    }

    /// The release that first wrote a field, where the label does not tell whether the state was written before or after.
    fn first_writer(&self, row: &Row) -> Option<Release> {
        let since = row.since.filter(|since| since.label == self.label && self.depth == 0);
        since.and_then(|since| since.release)
    }

    #[cold]
    fn unknown_key(&mut self, unknown: Unknown, name: &str, fields: &[Field], key: Text<'d>, value: Node<'d>) {
        let (code, effect, fault) = match unknown {
            Unknown::Dropped => (codes::UNKNOWN_FIELD, Effect::Lost.min(self.zone.fault), false),
            Unknown::Rejected => (codes::UNKNOWN_FIELD, self.zone.fault, true),
            // The models of Python's openai package take any key that is Unicode.
            Unknown::Kept if self.dialect == Dialect::Python && key.has_lone_surrogate() => {
                (codes::LONE_SURROGATE, self.zone.fault, true)
            }
            Unknown::Kept => (codes::KEPT_UNKNOWN, Effect::Note, false),
            Unknown::Open => return,
        };
        let near = nearest(&key.lossy(), fields.iter().map(|field| field.row.key));
        let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        let what = match unknown {
            Unknown::Dropped => "the SDK drops it",
            Unknown::Rejected => "the SDK refuses it",
            Unknown::Kept | Unknown::Open => "the SDK keeps it",
        };
        let message = format!("`{}` is no field of {}; {what}{near}", key.lossy(), spoken(name));
        self.raise_at(code, effect, fault, value, Aim::Key, message.into());
    }

    /// Reads what the dialect's reader does not look at: nothing that is wrong with it matters.
    fn unseen<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> T {
        self.tolerating(Effect::Note, read)
    }

    /// A field that the release knows nothing of is a key like any other that it does not know. Under a label that it does not
    /// know either, that says it all.
    #[cold]
    fn not_in_reader(&mut self, unknown: Unknown, row: &Row, since: Bound, value: Node<'d>) {
        if self.label > self.reader.format.label {
            return;
        }
        let (effect, fault, what) = match unknown {
            Unknown::Dropped => (Effect::Lost.min(self.zone.fault), false, "drops it"),
            Unknown::Rejected => (self.zone.fault, true, "refuses it"),
            Unknown::Kept | Unknown::Open => (Effect::Note, false, "keeps it and does not use it"),
        };
        let message = format!("`{}` came with {since}; {} {what}", row.key, self.reader);
        self.raise_at(codes::NOT_IN_READER, effect, fault, value, Aim::Key, message.into());
    }

    /// Reads an object as the variant of a union that its tag names. A variant that the release does not know is an unknown
    /// tag to it; one that the label does not have says nothing of what the label's objects hold.
    pub fn variant<T: Wire<'d>>(&mut self, node: Node<'d>, tag: &str) -> Option<T> {
        let Shape::Record(info) = T::shape() else { return T::read(node, self) };
        let Some(since) = info.since else { return T::read(node, self) };
        if !self.reader_has(since) {
            // Under a label that the release does not know either, that says it all.
            if self.label <= self.reader.format.label {
                let named = node.member(tag).unwrap_or(node);
                let message = format!("this kind of object came with {since}; {} does not know it", self.reader);
                self.raise_fault(codes::NOT_IN_READER, None, named, message);
            }
            return self.unseen(|cx| T::read(node, cx));
        }
        if since.may_hold(self.label) {
            return T::read(node, self);
        }
        let row = info.tag_row(tag).zip(node.member(tag));
        let effect = row.map_or(Effect::Note, |(row, value)| self.not_in_label(row, value));
        self.out_of_place(effect, |cx| T::read(node, cx))
    }

    /// Reads what the label does not have, which leads to `effect`: no format says what it should look like under this
    /// label, so that only what leads to something worse is worth a word.
    fn out_of_place<T>(&mut self, effect: Effect, read: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.findings.len();
        let value = read(self);
        let mut position = 0;
        self.findings.retain(|raised| {
            position += 1;
            position <= before || !raised.code.is_structural() || raised.effect > effect.max(Effect::Lost)
        });
        value
    }

    #[cold]
    fn not_in_label(&mut self, row: &Row, value: Node<'d>) -> Effect {
        // A null that is no value of the field is judged as that.
        let gated = row.gated && (!value.is_null() || row.need.allows_null());
        let effect = if gated { self.zone.fault } else { Effect::Note };
        let label = self.label;
        let message = match (row.since, row.until) {
            (Some(since), _) if !since.may_hold(label) => {
                format!("`{}` came with {since} and is not in 1.{label}", row.key)
            }
            (_, until) => {
                let until = until.unwrap_or(Bound::label(0));
                format!("`{}` was removed with {until} and is not in 1.{label}", row.key)
            }
        };
        self.raise_at(codes::NOT_IN_LABEL, effect, gated, value, Aim::Key, message.into());
        effect
    }

    #[cold]
    fn wrong(&mut self, shape: Shape, node: Node<'d>, named: Option<Effect>, coerced: bool) {
        let found = node.kind();
        let (code, message) = match shape.kinds().has(found) {
            true => (codes::INVALID_VALUE, format!("expected {shape}, found another value")),
            false => (codes::WRONG_TYPE, format!("expected {shape}, found {found}")),
        };
        if coerced {
            let message = format!("expected {shape}, found {found} that the SDK converts");
            return self.raise_at(code, Effect::Note, false, node, Aim::Value, message.into());
        }
        self.raise_fault(code, named, node, message);
    }

    /// The tag of an object: `None` when the value is no object, `Some(None)` when the tag is absent.
    pub fn tag(&mut self, node: Node<'d>, key: &str) -> Option<Option<Text<'d>>> {
        if node.kind() != Kind::Object {
            return None;
        }
        Some(node.member(key).and_then(Node::text))
    }

    /// Raises the finding for an object whose tag is not one of the union's.
    #[cold]
    pub fn unknown_tag(&mut self, node: Node<'d>, key: &str, shape: Shape) {
        let Some(tag) = node.member(key) else {
            return self.raise_fault(codes::MISSING_FIELD, None, node, format!("`{key}` is missing"));
        };
        let Some(text) = tag.text() else {
            let message = format!("expected a string, found {}", tag.kind());
            return self.raise_fault(codes::WRONG_TYPE, None, tag, message);
        };
        let mut known = Vec::new();
        shape.tags(key, &mut |tag| known.extend(tag));
        let near = nearest(&text.lossy(), known.iter().copied());
        let near = near.map(|near| format!("; did you mean \"{near}\"?")).unwrap_or_default();
        // Item types may be shown; what stands under other keys may be anything.
        let shown = if key == "type" { format!("\"{}\"", text.lossy()) } else { "the value".to_owned() };
        let message = format!("{shown} is no known `{key}` here{near}");
        self.raise_fault(codes::UNKNOWN_TYPE, None, tag, message);
    }

    /// Raises the finding for an object that is none of the records of a union `by fields`.
    #[cold]
    pub fn no_record(&mut self, node: Node<'d>, shape: Shape) {
        let Shape::Union(choices) = shape else { return };
        let fields = |shape: &fn() -> Shape| match shape() {
            Shape::Record(info) => {
                let required = info.fields.iter().filter(|field| !field.row.need.allows_absence());
                required.map(|field| format!("`{}`", field.row.key)).collect::<Vec<_>>().join(" with ")
            }
            other => other.to_string(),
        };
        let known: Vec<String> = choices.shapes.iter().map(fields).collect();
        self.raise_fault(codes::MISSING_FIELD, None, node, format!("expected {}", known.join(" or ")));
    }

    /// Reads the elements of the list or the values of the map that the row being read holds: both halves of a list of large
    /// elements at the same time, where that is allowed.
    pub fn elements<T: Wire<'d>, R, E: Send>(
        &mut self,
        whole: Node<'d>,
        items: impl Iterator<Item = R> + Clone + Send,
        value: impl Fn(&R) -> Node<'d> + Sync,
        keep: impl Fn(R, Slot<'d, T>) -> E + Sync,
    ) -> Vec<E> {
        let row = self.row.take();
        // Deep within a state the stack is precious: a thread that waits for the other half takes up something else.
        if !T::IS_LARGE || self.depth > 0 || !parallel::is_worth_it(whole.raw().len()) {
            return self.some(row, items, 0, &value, &keep).0;
        }
        let middle = whole.span().start.midpoint(whole.span().end);
        let half = items.clone().take_while(|item| value(item).span().start < middle).count();
        let mut apart = self.apart();
        let (first, second) = (items.clone().take(half), items.skip(half));
        let behind = second.clone();
        let ((mut kept, wrong), (mut behind, wrong_behind)) =
            parallel::join(|| self.some(row, first, 0, &value, &keep), || apart.some(row, behind, 0, &value, &keep));
        if wrong + wrong_behind < WRONG_ELEMENTS {
            self.join(apart);
        } else {
            // Of both together too much is wrong, which nobody knew.
            let rest = second.take(if wrong < WRONG_ELEMENTS { usize::MAX } else { 0 });
            behind = self.some(row, rest, wrong, &value, &keep).0;
        }
        kept.append(&mut behind);
        kept
    }

    /// Reads elements behind others of which so many are wrong, and counts on.
    fn some<T: Wire<'d>, R, E>(
        &mut self,
        row: Option<&'static Row>,
        items: impl Iterator<Item = R> + Clone,
        mut wrong: usize,
        value: &impl Fn(&R) -> Node<'d>,
        keep: &impl Fn(R, Slot<'d, T>) -> E,
    ) -> (Vec<E>, usize) {
        let kinds = T::kinds();
        let mut kept = room_for(items.clone());
        for item in items {
            let node = value(&item);
            let raised = self.raised;
            let slot = self.value(node, false, kinds);
            if slot.is_invalid() {
                let named =
                    row.and_then(|row| row.weighed_elements.and_then(|weigh| weigh(node)).or(row.if_element_wrong));
                let coerced = !row.is_some_and(|row| row.strict) && T::coerced(node, self);
                self.wrong(T::shape(), node, named, coerced);
            }
            self.row = None;
            wrong += usize::from(self.raised != raised);
            kept.push(keep(item, slot));
            if wrong == WRONG_ELEMENTS {
                let message = "too much in here is wrong: what stands behind this is not looked at";
                self.raise_fault(codes::INVALID_VALUE, None, node, message.to_owned());
                break;
            }
        }
        (kept, wrong)
    }

    /// Reads a value without raising what is wrong with the value itself.
    fn value<T: Wire<'d>>(&mut self, node: Node<'d>, null: bool, kinds: Kinds) -> Slot<'d, T> {
        let kind = node.kind();
        if kind == Kind::Null && !T::TAKES_NULL {
            if null {
                return Slot::Null(node);
            }
        } else if kinds.has(kind)
            && let Some(value) = T::read(node, self)
        {
            return Slot::Value(value);
        }
        Slot::Invalid(node)
    }
}

impl<'d, T: Wire<'d>> Column<'d> for Slot<'d, T> {
    fn read(&mut self, field: &'static Field, node: Node<'d>, cx: &mut Reader<'d>) {
        let row = field.row.for_reader(cx.reader);
        let (outer, faults) = (cx.zone, cx.faults);
        cx.zone.fault = row.inside.unwrap_or(outer.fault);
        if row.ignored {
            cx.zone = Zone { fault: Effect::Note, worst: Effect::Note };
        }
        cx.row = Some(row);
        *self = cx.value(node, field.row.allows_null_in(cx.label), field.row.kinds_in(cx.label));
        cx.zone = outer;
        if row.inside.is_some() {
            cx.faults = faults;
        }
        if self.is_invalid() {
            let named = row.weighed.and_then(|weigh| weigh(node)).or(row.if_wrong);
            let coerced = !row.strict && T::coerced(node, cx);
            cx.wrong(T::shape(), node, named, coerced);
        }
    }

    fn node(&self) -> Option<Node<'d>> {
        Slot::node(self)
    }

    fn write(&self, out: &mut Writer) {
        write_slot(self, out);
    }

    fn debug(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Slot::Absent => f.write_str("absent"),
            Slot::Null(_) => f.write_str("null"),
            Slot::Invalid(node) => write!(f, "invalid {node:?}"),
            Slot::Value(value) => value.debug(f),
        }
    }
}

impl<'d> Column<'d> for Tag<'d> {
    fn read(&mut self, field: &'static Field, node: Node<'d>, cx: &mut Reader<'d>) {
        *self = Tag(Some(node));
        if !node.text().is_some_and(|text| field.row.tags.iter().any(|tag| text.is(tag))) {
            let row = field.row.for_reader(cx.reader);
            let named = row.weighed.and_then(|weigh| weigh(node)).or(row.if_wrong);
            cx.wrong(Shape::Words(field.row.tags), node, named, false);
        }
    }

    fn node(&self) -> Option<Node<'d>> {
        self.0
    }

    fn write(&self, out: &mut Writer) {
        write_tag(self.0, out);
    }

    fn debug(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.and_then(Node::text) {
            Some(text) => write!(f, "{:?}", text.lossy()),
            None => f.write_str("invalid"),
        }
    }
}

/// Room for all of the elements, and no more: most lists have one or two, for which a vector would take room for four. A
/// list of very many may turn out to be full of what does not belong there, and grows step by step.
fn room_for<T>(elements: impl Iterator) -> Vec<T> {
    const MANY: usize = 1_000;
    Vec::with_capacity(elements.take(MANY).count())
}

/// `ToolCallOutputItem` as `a tool call output item`.
fn spoken(name: &str) -> String {
    let mut words = String::from(if name.starts_with(['A', 'E', 'I', 'O']) { "an" } else { "a" });
    for char in name.chars() {
        if char.is_ascii_uppercase() {
            words.push(' ');
        }
        words.push(char.to_ascii_lowercase());
    }
    words
}

/// The known name that differs from `name` by a slip of the finger: by case and underscores alone, or by one edit.
fn nearest<'k>(name: &str, known: impl Iterator<Item = &'k str> + Clone) -> Option<&'k str> {
    let folded = |text: &str| text.chars().filter(|&char| char != '_').flat_map(char::to_lowercase).collect::<String>();
    let wanted = folded(name);
    if wanted.len() < 3 || wanted.len() > 64 {
        return None;
    }
    known
        .clone()
        .find(|key| folded(key) == wanted)
        .or_else(|| known.clone().find(|key| one_edit(&wanted, &folded(key))))
}

fn one_edit(one: &str, two: &str) -> bool {
    let (short, long) = if one.len() <= two.len() { (one, two) } else { (two, one) };
    let (short, long) = (short.as_bytes(), long.as_bytes());
    let same = short.iter().zip(long).take_while(|(a, b)| a == b).count();
    match long.len() - short.len() {
        0 => short[same..].iter().zip(&long[same..]).skip(1).all(|(a, b)| a == b),
        1 => short[same..] == long[same + 1..],
        _ => false,
    }
}
