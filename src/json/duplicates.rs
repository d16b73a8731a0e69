//! Members that a later member with the same key overrides.

use std::collections::HashMap;
use std::collections::hash_map::{Entry, RandomState};
use std::hash::{BuildHasher, BuildHasherDefault, Hasher};

use super::{Kind, Member, Node, Source, Text};

/// Objects up to this size are searched by comparison.
const SMALL: usize = 32;

/// The overridden values of all objects of a source, in order.
pub(super) fn find(source: &Source) -> Vec<Node<'_>> {
    let mut search = Search::default();
    let mut index = 0;
    // A key is no container, so that no step has to know keys from values.
    while (index as usize) < source.len() {
        if source.entry(index).scalar().is_none() && source.kind(index) == Kind::Object {
            let object = Node::new(source, index);
            if !seem_different(object) {
                search.object(object);
            }
        }
        index += 1;
    }
    let mut found = search.found;
    found.sort_unstable_by_key(|node| node.index());
    found
}

/// Whether a look at the lengths and at two characters tells all keys of a small object apart.
fn seem_different(object: Node<'_>) -> bool {
    let (source, end) = (object.source(), object.end_index());
    let bytes = source.text().as_bytes();
    let mut seen = [0_u64; 4];
    let mut index = object.index() + 1;
    while index < end {
        let key = source.entry(index);
        let (first, last) = (bytes[key.start as usize + 1], bytes[key.end as usize - 2]);
        let [length, ..] = (key.end - key.start).to_le_bytes();
        let sign = length.wrapping_mul(31) ^ first.wrapping_mul(7) ^ last;
        let (word, bit) = (&mut seen[usize::from(sign >> 6)], 1 << (sign & 63));
        if key.is_escaped() || *word & bit != 0 {
            return false;
        }
        *word |= bit;
        index = source.entry(index + 1).next(index + 1);
    }
    true
}

/// Buffers that every object uses again.
#[derive(Default)]
struct Search<'d> {
    found: Vec<Node<'d>>,
    /// The members of the object so far, the last one of each key.
    members: Vec<Member<'d>>,
    /// Of a large object: the place in `members` by the hash of the key. The key of the map is hashed already.
    places: HashMap<u64, usize, BuildHasherDefault<Hashed>>,
    decoded: Vec<u8>,
    random: RandomState,
}

impl<'d> Search<'d> {
    fn object(&mut self, object: Node<'d>) {
        self.members.clear();
        // Most keys of an object differ in their lengths, which the tape knows: a bit for each length so far.
        let mut lengths = 0_u64;
        let mut members = object.members();
        for member in members.by_ref() {
            let entry = member.key.node().entry();
            let length = if entry.is_escaped() { u64::MAX } else { 1 << ((entry.end - entry.start) & 63) };
            let twin = if lengths & length != 0 { self.twin(member.key) } else { None };
            lengths |= length;
            match twin {
                Some(twin) => self.found.push(std::mem::replace(&mut self.members[twin], member).value),
                None => self.members.push(member),
            }
            if self.members.len() == SMALL {
                break;
            }
        }
        let mut rest = members.peekable();
        if rest.peek().is_some() {
            self.large(rest);
        }
    }

    /// The place of the member so far that has this key.
    fn twin(&self, key: Text<'d>) -> Option<usize> {
        match key.plain() {
            Some(plain) => self.members.iter().position(|earlier| earlier.key.is(plain)),
            None => self.members.iter().position(|earlier| earlier.key.same_text(key)),
        }
    }

    /// Goes on with an object that has turned out to be large.
    fn large(&mut self, rest: impl Iterator<Item = Member<'d>>) {
        if self.places.capacity() > 64 * SMALL {
            // Clearing a map takes as long as it is large, and the objects behind a huge one may all be small.
            self.places = HashMap::default();
        }
        self.places.clear();
        for place in 0..self.members.len() {
            self.place(place);
        }
        for member in rest {
            self.members.push(member);
            if let Some(twin) = self.place(self.members.len() - 1) {
                self.members.pop();
                self.found.push(std::mem::replace(&mut self.members[twin], member).value);
            }
        }
    }

    /// Files the member under its key, or returns the place of the one that is filed there.
    fn place(&mut self, place: usize) -> Option<usize> {
        let key = self.members[place].key;
        let random = self.random.clone();
        let mut hash = random.hash_one(self.key(key));
        loop {
            match self.places.entry(hash) {
                Entry::Vacant(free) => {
                    free.insert(place);
                    return None;
                }
                Entry::Occupied(taken) if self.members[*taken.get()].key.same_text(key) => return Some(*taken.get()),
                // Two keys with one hash, which chance alone does not bring about.
                Entry::Occupied(_) => hash = hash.wrapping_add(1),
            }
        }
    }

    /// The key decoded, without an allocation of its own.
    fn key<'k>(&'k mut self, key: Text<'k>) -> &'k [u8] {
        match key.plain_bytes() {
            Some(plain) => plain,
            None => {
                self.decoded.clear();
                key.push_wtf8(&mut self.decoded);
                &self.decoded
            }
        }
    }
}

/// Takes a hash for its own hash.
#[derive(Default)]
struct Hashed(u64);

impl Hasher for Hashed {
    fn write(&mut self, _: &[u8]) {}

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
