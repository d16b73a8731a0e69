//! Lines, columns and pointers against a plain walk.

use proptest::prelude::*;
use runstate::json::{Aim, Node, Place, places};

use super::read;
use super::tree::spelt;

#[test]
fn pointers_are_escaped_and_columns_count_characters() {
    let doc = read("\u{feff}{\"~/é\":\r\n [1,\t{\"\": \"😀\", \"\\ud800\": 2}]}");
    let source = doc.source(0);
    let all: Vec<_> = (0..u32::try_from(source.len()).unwrap()).map(|index| (index, Aim::Value)).collect();
    let seen: Vec<_> =
        places(source, &all).into_iter().map(|place| (place.pointer, place.line, place.column)).collect();
    let wanted = [
        ("", 1, 1),
        ("/~0~1é", 1, 2),
        ("/~0~1é", 2, 2),
        ("/~0~1é/0", 2, 3),
        ("/~0~1é/1", 2, 6),
        ("/~0~1é/1/", 2, 7),
        ("/~0~1é/1/", 2, 11),
        ("/~0~1é/1/\u{fffd}", 2, 16),
        ("/~0~1é/1/\u{fffd}", 2, 26),
    ];
    assert_eq!(seen, wanted.map(|(pointer, line, column)| (pointer.to_owned(), line, column)));
    assert_eq!(
        places(source, &[(1000, Aim::Key), (0, Aim::Key)]),
        [&all[0], &all[0]].map(|&whole| places(source, &[whole]).remove(0))
    );
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn places_agree_with_a_plain_walk((_, text) in spelt(), start in any::<u32>(), step in 1..50_u32) {
        let doc = read(text.as_str());
        let mut wanted = Vec::new();
        walk(doc.root(), None, String::new(), &mut wanted);
        // Any order, some more than once, some not at all.
        let count = u32::try_from(wanted.len()).unwrap();
        let picked: Vec<_> = (0..60_u32).map(|turn| &wanted[(start.wrapping_add(turn * step) % count) as usize]).collect();
        let found = places(doc.source(0), &picked.iter().map(|(index, aim, _)| (*index, *aim)).collect::<Vec<_>>());
        for (found, (_, _, place)) in found.iter().zip(picked) {
            prop_assert_eq!(found, place);
        }
    }
}

fn walk(node: Node<'_>, key: Option<Node<'_>>, pointer: String, out: &mut Vec<(u32, Aim, Place)>) {
    for (aim, at) in [(Aim::Value, node), (Aim::Key, key.unwrap_or(node))] {
        let before = &node.source().text()[..at.span().start];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap().chars().count() + 1;
        out.push((node.index(), aim, Place { pointer: pointer.clone(), span: at.span(), line, column }));
    }
    for (place, element) in node.elements().enumerate() {
        walk(element, None, format!("{pointer}/{place}"), out);
    }
    for member in node.members() {
        let token = member.key.lossy().replace('~', "~0").replace('/', "~1");
        walk(member.value, Some(member.key.node()), format!("{pointer}/{token}"), out);
    }
}
