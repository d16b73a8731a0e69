//! Values that are put together from parts of documents and from parts that are new: what a conversion writes.

use std::borrow::Cow;

use super::{Kind, Node, Text, Writer};
use crate::hash::{HashMap, HashSet};
use crate::parallel;

/// A value as it stands in a document, or a new one.
#[derive(Clone, Debug)]
pub enum Value<'d> {
    /// A value of a document, with everything in it.
    Node(Node<'d>),
    /// A string in generalized UTF-8, as [`Text::wtf8`] gives it.
    Text(Cow<'d, [u8]>),
    /// A number, `true`, `false` or `null`.
    Literal(Cow<'static, str>),
    /// An array.
    List(Vec<Value<'d>>),
    /// An object.
    Object(Object<'d>),
}

/// The key of a member.
#[derive(Clone, Debug)]
pub enum Key<'d> {
    /// One that a dialect names.
    Known(&'static str),
    /// One of a document.
    Text(Text<'d>),
    /// A new one, in generalized UTF-8.
    Made(Vec<u8>),
}

/// Members in order. Of a document's duplicate keys the last one is kept, at the place of the first, as both SDKs read
/// them.
#[derive(Clone, Debug, Default)]
pub struct Object<'d> {
    members: Vec<(Key<'d>, Value<'d>)>,
    origin: Option<Node<'d>>,
}

impl<'d> Value<'d> {
    /// `null`
    pub const NULL: Self = Self::Literal(Cow::Borrowed("null"));

    /// A string that the program knows.
    #[must_use]
    pub const fn text(text: &'static str) -> Self {
        Self::Text(Cow::Borrowed(text.as_bytes()))
    }

    /// `true` or `false`
    #[must_use]
    pub const fn bool(value: bool) -> Self {
        Self::Literal(Cow::Borrowed(if value { "true" } else { "false" }))
    }

    /// An integer.
    #[must_use]
    pub fn integer(value: u64) -> Self {
        Self::Literal(Cow::Owned(value.to_string()))
    }

    /// The value's kind.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Node(node) => node.kind(),
            Self::Text(_) => Kind::String,
            Self::List(_) => Kind::Array,
            Self::Object(_) => Kind::Object,
            Self::Literal(literal) => match literal.as_bytes() {
                b"null" => Kind::Null,
                b"true" | b"false" => Kind::Bool,
                _ => Kind::Number,
            },
        }
    }

    /// The value of the document that this is, or that this was made from.
    #[must_use]
    pub fn origin(&self) -> Option<Node<'d>> {
        match self {
            Self::Node(node) => Some(*node),
            Self::Object(object) => object.origin,
            _ => None,
        }
    }

    /// Whether this is `null`.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.kind() == Kind::Null
    }

    /// Whether this is an array or object with nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Node(node) => node.is_empty(),
            Self::List(list) => list.is_empty(),
            Self::Object(object) => object.members.is_empty(),
            _ => false,
        }
    }

    /// The value of a boolean.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Node(node) => node.as_bool(),
            Self::Literal(literal) => match literal.as_bytes() {
                b"true" => Some(true),
                b"false" => Some(false),
                _ => None,
            },
            _ => None,
        }
    }

    /// The value of a whole number that is not negative.
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        match self {
            Self::Node(node) => node.number()?.to_u64(),
            Self::Literal(literal) => literal.parse().ok(),
            _ => None,
        }
    }

    /// The string, in generalized UTF-8.
    #[must_use]
    pub fn wtf8(&self) -> Option<Cow<'d, [u8]>> {
        match self {
            Self::Node(node) => node.text().map(Text::wtf8),
            Self::Text(text) => Some(text.clone()),
            _ => None,
        }
    }

    /// Whether this is the string.
    #[must_use]
    pub fn is(&self, text: &str) -> bool {
        match self {
            Self::Node(node) => node.text().is_some_and(|own| own.is(text)),
            Self::Text(own) => **own == *text.as_bytes(),
            _ => false,
        }
    }

    /// Whether this is the string, in generalized UTF-8.
    #[must_use]
    pub fn is_wtf8(&self, text: &[u8]) -> bool {
        match self {
            Self::Node(node) => node.text().is_some_and(|own| own.is_wtf8(text)),
            Self::Text(own) => **own == *text,
            _ => false,
        }
    }

    /// Takes the value out; `null` stays.
    #[must_use]
    pub fn take(&mut self) -> Self {
        std::mem::replace(self, Self::NULL)
    }

    /// Whether this is an object whose `type` is this one, as everything in a state that has kinds says it.
    #[must_use]
    pub fn is_type(&self, kind: &str) -> bool {
        self.get("type").is_some_and(|own| own.is(kind))
    }

    /// The member of an object, the last one of several.
    #[must_use]
    pub fn member(&self, key: &str) -> Option<Self> {
        self.get(key).map(Cow::into_owned)
    }

    /// The same, as it is.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<Cow<'_, Self>> {
        match self {
            Self::Node(node) => Some(Cow::Owned(Self::Node(node.member(key)?))),
            Self::Object(object) => object.get(key).map(Cow::Borrowed),
            _ => None,
        }
    }

    /// What stands in objects within objects, by their keys.
    #[must_use]
    pub fn at(&self, path: &[&str]) -> Option<Self> {
        match path {
            [] => Some(self.clone()),
            [key, rest @ ..] => self.get(key)?.at(rest),
        }
    }

    /// The elements of an array; nothing for anything else.
    #[must_use]
    pub fn elements(&self) -> Vec<Cow<'_, Self>> {
        match self {
            Self::Node(node) => node.elements().map(|element| Cow::Owned(Self::Node(element))).collect(),
            Self::List(list) => list.iter().map(Cow::Borrowed).collect(),
            _ => Vec::new(),
        }
    }

    /// The elements of an array; nothing for anything else.
    #[must_use]
    pub fn into_elements(self) -> Vec<Self> {
        match self {
            Self::Node(node) => node.elements().map(Self::Node).collect(),
            Self::List(list) => list,
            _ => Vec::new(),
        }
    }

    /// The elements of an array, to be changed in place; nothing for anything else.
    pub fn elements_mut(&mut self) -> &mut [Self] {
        if let Self::Node(node) = self
            && node.kind() == Kind::Array
        {
            *self = Self::List(node.elements().map(Self::Node).collect());
        }
        match self {
            Self::List(list) => list,
            _ => &mut [],
        }
    }

    /// The members of an object; nothing for anything else.
    #[must_use]
    pub fn into_object(self) -> Option<Object<'d>> {
        match self {
            Self::Node(node) => Object::of(node),
            Self::Object(object) => Some(object),
            _ => None,
        }
    }

    /// The members of an object apart from some; nothing for anything else.
    #[must_use]
    pub fn without(&self, keys: &[&str]) -> Option<Object<'d>> {
        let opened;
        let object = match self {
            Self::Object(object) => object,
            Self::Node(node) => {
                opened = Object::of(*node)?;
                &opened
            }
            _ => return None,
        };
        let rest = object.iter().filter(|(key, _)| !keys.iter().any(|left_out| key.is(left_out)));
        Some(rest.cloned().collect())
    }

    /// The members of an object, to be changed in place; nothing for anything else.
    pub fn object_mut(&mut self) -> Option<&mut Object<'d>> {
        if let Self::Node(node) = self {
            *self = Self::Object(Object::of(*node)?);
        }
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }

    /// Writes the value. Recurses only where values are put together, which no input drives.
    pub fn write(&self, out: &mut Writer) {
        match self {
            Self::Node(node) => out.node(*node),
            Self::Text(text) => out.string(text),
            Self::Literal(literal) => out.literal(literal),
            Self::List(list) => {
                out.begin_array();
                let elements = |list: &[Self], out: &mut Writer| list.iter().for_each(|value| value.write(out));
                match parallel::is_long(list.len()) {
                    true => {
                        let (first, second) = list.split_at(list.len() / 2);
                        let mut behind = out.apart();
                        parallel::join(|| elements(first, out), || elements(second, &mut behind));
                        out.join(behind);
                    }
                    false => elements(list, out),
                }
                out.end_array();
            }
            Self::Object(object) => {
                out.begin_object();
                for (key, value) in &object.members {
                    match key {
                        Key::Known(key) => out.name(key),
                        Key::Text(text) => out.key_text(*text),
                        Key::Made(key) => out.key_wtf8(key),
                    }
                    value.write(out);
                }
                out.end_object();
            }
        }
    }
}

impl<'d> From<Node<'d>> for Value<'d> {
    fn from(node: Node<'d>) -> Self {
        Self::Node(node)
    }
}

impl<'d> From<Object<'d>> for Value<'d> {
    fn from(object: Object<'d>) -> Self {
        Self::Object(object)
    }
}

impl<'d> From<Vec<Value<'d>>> for Value<'d> {
    fn from(list: Vec<Value<'d>>) -> Self {
        Self::List(list)
    }
}

impl From<Vec<u8>> for Value<'_> {
    fn from(wtf8: Vec<u8>) -> Self {
        Self::Text(Cow::Owned(wtf8))
    }
}

impl Key<'_> {
    /// Whether this is the key.
    #[must_use]
    pub fn is(&self, key: &str) -> bool {
        match self {
            Self::Known(own) => *own == key,
            Self::Text(own) => own.is(key),
            Self::Made(own) => **own == *key.as_bytes(),
        }
    }

    /// The key in generalized UTF-8.
    #[must_use]
    pub fn wtf8(&self) -> Cow<'_, [u8]> {
        match self {
            Self::Known(own) => Cow::Borrowed(own.as_bytes()),
            Self::Text(own) => own.wtf8(),
            Self::Made(own) => Cow::Borrowed(own),
        }
    }
}

impl<'d> Object<'d> {
    /// An object with nothing in it.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The members of a document's object, each as it is.
    #[must_use]
    pub fn of(node: Node<'d>) -> Option<Self> {
        if node.kind() != Kind::Object {
            return None;
        }
        let mut members: Vec<(Key<'d>, Value<'d>)> =
            node.members().map(|member| (Key::Text(member.key), Value::Node(member.value))).collect();
        if !node.source().overridden().is_empty() {
            settle(&mut members);
        }
        Some(Self { members, origin: Some(node) })
    }

    /// Where the object stands in a document.
    #[must_use]
    pub fn origin(&self) -> Option<Node<'d>> {
        self.origin
    }

    /// The same object, known to be made from this one of a document.
    #[must_use]
    pub(crate) fn made_from(mut self, origin: Option<Node<'d>>) -> Self {
        self.origin = origin;
        self
    }

    /// The value of a member.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value<'d>> {
        self.members.iter().find(|(own, _)| own.is(key)).map(|(_, value)| value)
    }

    /// The value of a member, to be changed in place.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Value<'d>> {
        self.members.iter_mut().find(|(own, _)| own.is(key)).map(|(_, value)| value)
    }

    /// Removes a member and gives its value.
    pub fn take(&mut self, key: &str) -> Option<Value<'d>> {
        let at = self.members.iter().position(|(own, _)| own.is(key))?;
        Some(self.members.remove(at).1)
    }

    /// Removes a member and gives its value unless it is `null`.
    pub fn take_filled(&mut self, key: &str) -> Option<Value<'d>> {
        self.take(key).filter(|value| !value.is_null())
    }

    /// Removes a member and gives its elements; nothing for what is no array.
    #[must_use]
    pub fn take_elements(&mut self, key: &str) -> Vec<Value<'d>> {
        self.take(key).map_or_else(Vec::new, Value::into_elements)
    }

    /// Gives a member this value, at its place if it is there, at the end if not.
    pub fn set(&mut self, key: &'static str, value: impl Into<Value<'d>>) {
        match self.get_mut(key) {
            Some(own) => *own = value.into(),
            None => self.push(Key::Known(key), value),
        }
    }

    /// Adds a member that is not there yet.
    pub fn push(&mut self, key: Key<'d>, value: impl Into<Value<'d>>) {
        self.members.push((key, value.into()));
    }

    /// Adds the members whose keys are not there yet, in order, and gives `taken` the values of the others. Linear in the
    /// members.
    pub fn fill(&mut self, members: Vec<(Key<'d>, Value<'d>)>, mut taken: impl FnMut(Value<'d>)) {
        let mut many = (self.members.len() + members.len() > SMALL)
            .then(|| self.members.iter().map(|(key, _)| key.wtf8().into_owned()).collect::<HashSet<_>>());
        for (key, value) in members {
            let is_new = match &mut many {
                Some(keys) => keys.insert(key.wtf8().into_owned()),
                None => !self.members.iter().any(|(own, _)| same(own, &key)),
            };
            if is_new {
                self.push(key, value);
            } else {
                taken(value);
            }
        }
    }

    /// The same with a key that the program knows; nothing is added for `None`. For objects that are made in order.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: impl Into<Option<Value<'d>>>) -> Self {
        if let Some(value) = value.into() {
            self.push(Key::Known(key), value);
        }
        self
    }

    /// Gives a member this value; a new one stands behind the first of `behind` that is there, or at the end.
    pub fn place(&mut self, key: &'static str, behind: &[&str], value: impl Into<Value<'d>>) {
        if self.get(key).is_some() {
            return self.set(key, value);
        }
        let at = behind.iter().find_map(|other| self.members.iter().position(|(own, _)| own.is(other)));
        let at = at.map_or(self.members.len(), |at| at + 1);
        self.members.insert(at, (Key::Known(key), value.into()));
    }

    /// Gives a member another key.
    pub fn rename(&mut self, from: &str, to: &'static str) {
        if let Some(member) = self.members.iter_mut().find(|(own, _)| own.is(from)) {
            member.0 = Key::Known(to);
        }
    }

    /// The members in order.
    pub fn iter(&self) -> impl Iterator<Item = &(Key<'d>, Value<'d>)> {
        self.members.iter()
    }

    /// The members in order, to be changed in place.
    pub fn members_mut(&mut self) -> &mut Vec<(Key<'d>, Value<'d>)> {
        &mut self.members
    }

    /// The members in order.
    #[must_use]
    pub fn into_members(self) -> Vec<(Key<'d>, Value<'d>)> {
        self.members
    }

    /// Whether there are no members.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }
}

impl<'d> FromIterator<(Key<'d>, Value<'d>)> for Object<'d> {
    fn from_iter<I: IntoIterator<Item = (Key<'d>, Value<'d>)>>(members: I) -> Self {
        Self { members: members.into_iter().collect(), origin: None }
    }
}

/// The members of objects with so many are compared one by one.
const SMALL: usize = 24;

/// Of several members with one key, the last value at the first place.
fn settle(members: &mut Vec<(Key<'_>, Value<'_>)>) {
    if members.len() <= SMALL {
        let mut at = 1;
        while at < members.len() {
            let (before, from) = members.split_at_mut(at);
            let Some(first) = before.iter_mut().find(|(key, _)| same(key, &from[0].0)) else {
                at += 1;
                continue;
            };
            first.1 = from[0].1.clone();
            members.remove(at);
        }
        return;
    }
    let mut first: HashMap<Vec<u8>, usize> = HashMap::default();
    let mut kept: Vec<(Key<'_>, Value<'_>)> = Vec::with_capacity(members.len());
    for (key, value) in members.drain(..) {
        match first.entry(key.wtf8().into_owned()) {
            std::collections::hash_map::Entry::Occupied(at) => kept[*at.get()].1 = value,
            std::collections::hash_map::Entry::Vacant(slot) => {
                slot.insert(kept.len());
                kept.push((key, value));
            }
        }
    }
    *members = kept;
}

fn same(one: &Key<'_>, two: &Key<'_>) -> bool {
    match (one, two) {
        (Key::Text(one), Key::Text(two)) => one.same_text(*two),
        _ => one.wtf8() == two.wtf8(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Object, Value};
    use crate::json::{Document, Style, Writer};

    fn written(value: &Value<'_>) -> String {
        let mut out = Writer::new(Style::TypeScript);
        value.write(&mut out);
        String::from_utf8(out.finish()).expect("a writer writes UTF-8")
    }

    #[test]
    fn of_duplicate_keys_the_last_value_stands_at_the_first_place() {
        let many: String = (0..30).map(|n| format!(",\"k{n}\":{n}")).collect();
        for more in ["", &many] {
            let text = format!("{{\"a\":1,\"b\":2,\"\\u0061\":3{more}}}");
            let doc = Document::parse(text.into_bytes()).expect("it is JSON");
            let object = Object::of(doc.root()).expect("it is an object");
            assert_eq!(written(&object.into()), format!("{{\"a\":3,\"b\":2{more}}}"));
        }
    }

    #[test]
    fn what_is_not_touched_stays_as_it_is_written() {
        let doc = Document::parse(br#"{"a":{"n":1.50,"s":"\ud800"},"b":[1,2]}"#.to_vec()).expect("it is JSON");
        let mut value = Value::from(doc.root());
        let object = value.object_mut().expect("it is an object");
        object.place("c", &["a"], Value::integer(7));
        object.rename("b", "list");
        assert_eq!(written(&value), r#"{"a":{"n":1.50,"s":"\ud800"},"c":7,"list":[1,2]}"#);
    }
}
