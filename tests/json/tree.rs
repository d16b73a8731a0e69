//! Values against serde_json: the same values in the same order, however they are spelt.

use proptest::prelude::*;
use runstate::json::{Document, Kind, Node, Style};
use serde_json::Value;

use super::{read, write};

/// A value with its digits, its order and its duplicate keys.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Tree {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    Array(Vec<Tree>),
    Object(Vec<(String, Tree)>),
}

impl Tree {
    pub(crate) fn of(node: Node<'_>) -> Self {
        match node.kind() {
            Kind::Null => Self::Null,
            Kind::Bool => Self::Bool(node.as_bool().unwrap()),
            Kind::Number => Self::Number(node.number().unwrap().raw().to_owned()),
            Kind::String => Self::Text(node.text().unwrap().exact().unwrap().into_owned()),
            Kind::Array => Self::Array(node.elements().map(Self::of).collect()),
            Kind::Object => Self::Object(
                node.members()
                    .map(|member| (member.key.exact().unwrap().into_owned(), Self::of(member.value)))
                    .collect(),
            ),
        }
    }

    /// Spells the value with white space and escapes chosen by `dice`.
    pub(crate) fn spell(&self, dice: &mut dyn FnMut(u32) -> u32, out: &mut String) {
        blank(dice, out);
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Number(digits) => out.push_str(digits),
            Self::Text(text) => spell_text(text, dice, out),
            Self::Array(elements) => {
                out.push('[');
                for (place, element) in elements.iter().enumerate() {
                    out.push_str(if place > 0 { "," } else { "" });
                    element.spell(dice, out);
                }
                blank(dice, out);
                out.push(']');
            }
            Self::Object(members) => {
                out.push('{');
                for (place, (key, value)) in members.iter().enumerate() {
                    out.push_str(if place > 0 { "," } else { "" });
                    blank(dice, out);
                    spell_text(key, dice, out);
                    blank(dice, out);
                    out.push(':');
                    value.spell(dice, out);
                }
                blank(dice, out);
                out.push('}');
            }
        }
        blank(dice, out);
    }
}

fn blank(dice: &mut dyn FnMut(u32) -> u32, out: &mut String) {
    match dice(8) {
        0 => out.push('\n'),
        1 => out.push_str("\r\n\t"),
        2 => out.extend((0..dice(40)).map(|_| ' ')),
        _ => {}
    }
}

fn spell_text(text: &str, dice: &mut dyn FnMut(u32) -> u32, out: &mut String) {
    out.push('"');
    for char in text.chars() {
        let short = match char {
            '"' | '\\' | '/' => Some(char),
            '\u{8}' => Some('b'),
            '\u{c}' => Some('f'),
            '\n' => Some('n'),
            '\r' => Some('r'),
            '\t' => Some('t'),
            _ => None,
        };
        match (short, dice(6)) {
            (Some(short), 0..=3) => out.extend(['\\', short]),
            (None, 0..=3) if char >= ' ' => out.push(char),
            (_, style) => {
                for unit in char.encode_utf16(&mut [0; 2]) {
                    out.push_str(&if style == 4 { format!("\\u{unit:04x}") } else { format!("\\u{unit:04X}") });
                }
            }
        }
    }
    out.push('"');
}

/// Numbers that serde_json reads exactly, in every spelling.
fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<i64>().prop_map(|value| value.to_string()),
        any::<u64>().prop_map(|value| value.to_string()),
        "-?(0|[1-9][0-9]{0,6})(\\.[0-9]{1,6})?([eE][+-]?[0-9])?",
        Just("-0".to_owned()),
    ]
}

pub(crate) fn tree() -> impl Strategy<Value = Tree> {
    let text =
        prop_oneof!["[a-z]{0,12}", any::<String>(), "[\\x00-\\x7F]{0,40}", "[a\"\\\\/é注😀\u{7f}\u{2028}]{0,70}"];
    let key = prop_oneof!["[abc]{0,2}", text.clone()];
    let leaf = prop_oneof![
        Just(Tree::Null),
        any::<bool>().prop_map(Tree::Bool),
        number().prop_map(Tree::Number),
        text.prop_map(Tree::Text),
    ];
    leaf.prop_recursive(6, 80, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Tree::Array),
            prop::collection::vec((key.clone(), inner), 0..8).prop_map(Tree::Object),
        ]
    })
}

/// A spelling of a value, next to the value.
pub(crate) fn spelt() -> impl Strategy<Value = (Tree, String)> {
    (tree(), any::<u64>()).prop_map(|(tree, mut seed)| {
        let mut dice = |sides| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            u32::try_from(seed >> 33).unwrap() % sides
        };
        let mut text = String::new();
        tree.spell(&mut dice, &mut text);
        (tree, text)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn a_value_is_what_serde_json_reads((tree, text) in spelt()) {
        let doc = read(text.clone());
        prop_assert_eq!(Tree::of(doc.root()), tree);
        let value: Value = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(&serde_json::to_value(doc.root()).unwrap(), &value);
        prop_assert_eq!(&doc.root().parse_into::<Value>().unwrap(), &value);
    }

    #[test]
    fn writing_keeps_everything((tree, text) in spelt()) {
        let doc = read(text);
        let python = write(&doc, Style::Python);
        let typescript = write(&doc, Style::TypeScript);
        prop_assert!(python.is_ascii());
        for written in [&python, &typescript] {
            let again = read(written.as_str());
            prop_assert_eq!(&Tree::of(again.root()), &tree);
            prop_assert_eq!(&write(&again, Style::Python), &python);
            prop_assert_eq!(&write(&again, Style::TypeScript), &typescript);
        }
    }

    #[test]
    fn duplicates_are_the_members_that_a_map_forgets((_, text) in spelt()) {
        let doc = read(text);
        let found: Vec<u32> = doc.source(0).duplicates().iter().map(|node| node.index()).collect();
        let mut wanted = Vec::new();
        overridden(doc.root(), &mut wanted);
        wanted.sort_unstable();
        prop_assert_eq!(found, wanted);
    }

    /// Text that is nearly JSON: read by us and by serde_json, or refused by both, except for what only Python reads.
    #[test]
    fn verdicts_are_those_of_serde_json(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..12)) {
        let text = pieces.concat();
        let ours = Document::parse(text.clone().into_bytes());
        let theirs = serde_json::from_str::<Value>(&text);
        match (&ours, theirs) {
            (Ok(doc), Ok(value)) => prop_assert_eq!(serde_json::to_value(doc.root()).unwrap(), value),
            (Err(_), Err(_)) => {}
            (Ok(doc), Err(error)) => {
                let odd = doc.source(0).nonfinite().count() + doc.source(0).lone_surrogates().count();
                prop_assert!(odd > 0, "{text:?}: {error}");
            }
            (Err(error), Ok(_)) => prop_assert!(false, "{text:?}: {error}"),
        }
    }
}

const PIECES: &[&str] = &[
    "[", "[", "]", "]", "{", "}", "{\"a\":", "\"k\":", ",", ",", ":", "\"", "\"", "\"x\"", "\\", "\\u", "00e9", "d83d",
    "\\ud83d", "\\ude00", "\\n", "1", "0", "-", ".5", "e1", "E-2", "true", "null", "false", "NaN", "Infinity", " ",
    "\n", "\t", "é", "\u{1}", "\u{7f}", "/", "'", "[1]", "{}",
];

fn overridden(node: Node<'_>, out: &mut Vec<u32>) {
    let members: Vec<_> = node.members().collect();
    for (place, member) in members.iter().enumerate() {
        if members[place + 1..].iter().any(|later| later.key.wtf8() == member.key.wtf8()) {
            out.push(member.value.index());
        }
        overridden(member.value, out);
    }
    node.elements().for_each(|element| overridden(element, out));
}
