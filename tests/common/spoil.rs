//! Structural edits of a text, seeded: what people and programs do to states.

use runstate::json::{Document, Kind, Node};

/// A small generator, the same on every machine.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).expect("less than a usize")
    }
}

/// A spoiled text and what was done to it.
pub(crate) struct Spoiled {
    pub(crate) text: String,
    pub(crate) what: String,
}

/// What to put in the place of a value.
const OTHERS: &[&str] = &["null", "true", "7", "-1", "1.5", "\"x\"", "\"\"", "[]", "{}", "[0]", "{\"x\":1}", "1e400"];

/// One edit of a text that is JSON.
pub(crate) fn spoil(text: &str, random: &mut Random) -> Spoiled {
    let doc = Document::parse(text.as_bytes().to_vec()).expect("what is spoiled is JSON");
    let places = places(doc.root());
    let (node, key, next) = places[random.below(places.len())];
    let value = node.span();
    let whole = key.map_or(value.start, |key| key.span().start)..value.end;
    let label = key.map_or("an element", |key| key.text().map_or("", |text| text.raw())).to_owned();
    match random.below(6) {
        0 | 1 => {
            let other = OTHERS[random.below(OTHERS.len())];
            Spoiled { text: replace(text, value, other), what: format!("{label} becomes {other}") }
        }
        2 => {
            // With the comma behind it, or the one before it.
            let cut = match next {
                Some(next) => whole.start..next,
                None => text[..whole.start].trim_end().trim_end_matches(',').len()..whole.end,
            };
            Spoiled { text: replace(text, cut, ""), what: format!("{label} is removed") }
        }
        3 => match key {
            Some(key) => {
                let span = key.span();
                Spoiled {
                    text: replace(text, span.start + 1..span.start + 1, "z"),
                    what: format!("{label} is renamed"),
                }
            }
            None => Spoiled { text: replace(text, value, "\"x\""), what: format!("{label} becomes a string") },
        },
        4 => match node.kind() {
            Kind::Object => {
                let comma = if node.members().next().is_some() { "," } else { "" };
                let at = value.start + 1;
                Spoiled {
                    text: replace(text, at..at, &format!("\"zz\":1{comma}")),
                    what: format!("{label} gets a key"),
                }
            }
            Kind::Array => {
                let comma = if node.elements().next().is_some() { "," } else { "" };
                let at = value.start + 1;
                Spoiled { text: replace(text, at..at, &format!("7{comma}")), what: format!("{label} gets an element") }
            }
            Kind::String => {
                let at = value.start + 1;
                Spoiled { text: replace(text, at..at, "x"), what: format!("{label} gets a letter") }
            }
            _ => Spoiled { text: replace(text, value, "\"7\""), what: format!("{label} becomes digits in a string") },
        },
        _ => {
            let (other, ..) = places[random.below(places.len())];
            Spoiled { text: replace(text, value, other.raw()), what: format!("{label} becomes a value from elsewhere") }
        }
    }
}

/// All values but the root, each with its key and the start of what follows it in its container.
fn places(root: Node<'_>) -> Vec<(Node<'_>, Option<Node<'_>>, Option<usize>)> {
    let mut found = Vec::new();
    let mut open = vec![root];
    while let Some(node) = open.pop() {
        let children: Vec<_> = match node.kind() {
            Kind::Object => node.members().map(|member| (member.value, Some(member.key.node()))).collect(),
            _ => node.elements().map(|element| (element, None)).collect(),
        };
        for (at, &(value, key)) in children.iter().enumerate() {
            let next = children.get(at + 1).map(|(value, key)| key.unwrap_or(*value).span().start);
            found.push((value, key, next));
            open.push(value);
        }
    }
    found
}

fn replace(text: &str, range: std::ops::Range<usize>, with: &str) -> String {
    format!("{}{with}{}", &text[..range.start], &text[range.end..])
}
