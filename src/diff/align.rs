//! Which element of one list stands for which of another.

use std::hash::Hash;

use crate::hash::HashMap;

/// What an element is known by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    /// What it is: the same for the same call id, whatever else stands in it, or else the same for the same content.
    pub(super) name: u128,
    /// What kind of thing it is: two elements of one kind may be two versions of one thing.
    pub(super) kind: u128,
}

/// Pairs of places in order; one side is `None` for what only the other list has. Sorting apart, linear.
pub(super) fn align(one: &[Mark], two: &[Mark]) -> Vec<(Option<usize>, Option<usize>)> {
    let names = |marks: &[Mark]| numbered(marks.iter().map(|mark| mark.name));
    let places: HashMap<(u128, usize), usize> =
        names(two).into_iter().enumerate().map(|(at, name)| (name, at)).collect();
    let met = names(one).into_iter().enumerate().filter_map(|(at, name)| Some((at, *places.get(&name)?)));
    let anchors = rising(&met.collect::<Vec<_>>());
    let mut pairs = Vec::with_capacity(one.len().max(two.len()));
    let (mut left, mut right) = (0, 0);
    for (at, to) in anchors.into_iter().chain([(one.len(), two.len())]) {
        gap(left..at, right..to, one, two, &mut pairs);
        if at < one.len() {
            pairs.push((Some(at), Some(to)));
        }
        (left, right) = (at + 1, to + 1);
    }
    pairs
}

/// Every name with how often it came up before.
fn numbered<T: Copy + Eq + Hash>(names: impl Iterator<Item = T>) -> Vec<(T, usize)> {
    let mut counts: HashMap<T, usize> = HashMap::default();
    let count = |name| {
        let count = counts.entry(name).or_default();
        *count += 1;
        (name, *count)
    };
    names.map(count).collect()
}

/// The longest run of pairs that rises on both sides; the left sides rise already.
fn rising(pairs: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let mut ends: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::with_capacity(pairs.len());
    for (at, &(_, to)) in pairs.iter().enumerate() {
        let length = ends.partition_point(|&end| pairs[end].1 < to);
        before.push(length.checked_sub(1).map(|last| ends[last]));
        match ends.get_mut(length) {
            Some(end) => *end = at,
            None => ends.push(at),
        }
    }
    let mut found = Vec::with_capacity(ends.len());
    let mut last = ends.last().copied();
    while let Some(at) = last {
        found.push(pairs[at]);
        last = before[at];
    }
    found.reverse();
    found
}

/// What stands between two elements that are known on both sides: things of one kind stand for one another in order.
fn gap(
    left: std::ops::Range<usize>,
    right: std::ops::Range<usize>,
    one: &[Mark],
    two: &[Mark],
    pairs: &mut Vec<(Option<usize>, Option<usize>)>,
) {
    let mut kinds: HashMap<u128, std::collections::VecDeque<usize>> = HashMap::default();
    for at in right.clone() {
        kinds.entry(two[at].kind).or_default().push_back(at);
    }
    let mut next = right.start;
    for at in left {
        let queue = kinds.get_mut(&one[at].kind);
        let twin = queue.and_then(|queue| {
            while queue.front().is_some_and(|front| *front < next) {
                queue.pop_front();
            }
            queue.pop_front()
        });
        if let Some(twin) = twin {
            pairs.extend((next..twin).map(|to| (None, Some(to))));
            next = twin + 1;
        }
        pairs.push((Some(at), twin));
    }
    pairs.extend((next..right.end).map(|to| (None, Some(to))));
}

#[cfg(test)]
mod tests {
    use super::{Mark, align};

    fn marks(text: &str) -> Vec<Mark> {
        // Letters of one case are of one kind.
        text.bytes().map(|byte| Mark { name: u128::from(byte), kind: u128::from(byte & 0x20) }).collect()
    }

    fn shown(one: &str, two: &str) -> String {
        let char = |text: &str, at: Option<usize>| at.map_or('.', |at| text.as_bytes()[at] as char);
        let pairs = align(&marks(one), &marks(two));
        pairs.into_iter().map(|(at, to)| format!("{}{} ", char(one, at), char(two, to))).collect()
    }

    #[test]
    fn an_insertion_is_one_insertion() {
        assert_eq!(shown("abcd", "abXcd"), "aa bb .X cc dd ");
        assert_eq!(shown("aaa", "aaaa"), "aa aa aa .a ");
        assert_eq!(shown("abcd", "bcd"), "a. bb cc dd ");
    }

    #[test]
    fn what_is_of_one_kind_stands_for_one_another() {
        assert_eq!(shown("abc", "axc"), "aa bx cc ");
        assert_eq!(shown("aBc", "axc"), "aa B. .x cc ");
        assert_eq!(shown("abCd", "aXyd"), "aa .X by C. dd ");
        assert_eq!(shown("", "ab"), ".a .b ");
        assert_eq!(shown("ab", ""), "a. b. ");
    }

    #[test]
    fn everything_is_paired_once_and_in_order() {
        let pairs = align(&marks("abcdefgh"), &marks("hxgafbcY"));
        let left: Vec<usize> = pairs.iter().filter_map(|pair| pair.0).collect();
        let right: Vec<usize> = pairs.iter().filter_map(|pair| pair.1).collect();
        assert_eq!(left, (0..8).collect::<Vec<_>>());
        assert_eq!(right, (0..8).collect::<Vec<_>>());
    }
}
