//! Depth and numbers of members that would end a reader which recurses or compares everything with everything.

use runstate::json::{Aim, Style, places};

use super::{read, write};

const LEVELS: usize = 200_000;

/// Arrays and objects in turns.
fn nested() -> String {
    "[{\"k\":".repeat(LEVELS / 2) + "1" + &"}]".repeat(LEVELS / 2)
}

#[test]
fn depth_costs_nothing() {
    let text = nested();
    let doc = read(text.as_str());
    let source = doc.source(0);
    assert_eq!((source.depth(), source.len()), (LEVELS, LEVELS + LEVELS / 2 + 1));

    let mut node = doc.root();
    let mut levels = 0;
    while let Some(inner) = node.elements().next().or_else(|| node.member("k")) {
        node = inner;
        levels += 1;
    }
    assert_eq!((levels, node.raw()), (LEVELS, "1"));

    assert_eq!(write(&doc, Style::TypeScript), text);
    assert_eq!(write(&read(format!(" {text}").replacen("[{", "[ {", 1)), Style::TypeScript), text);
    let python = write(&doc, Style::Python);
    assert!(python.len() < 10_000_000, "indentation stops growing, or the output would be quadratic");
    assert_eq!(write(&read(python), Style::TypeScript), text);

    let found = places(source, &[(node.index(), Aim::Value), (node.index(), Aim::Key), (0, Aim::Value)]);
    assert_eq!(found[0].pointer, "/0/k".repeat(LEVELS / 2));
    assert_eq!((found[0].span.clone(), found[0].column), (node.span(), node.span().start + 1));
    assert_eq!(found[1].span, node.span().start - 4..node.span().start - 1);
    assert_eq!((found[2].pointer.as_str(), found[2].span.clone()), ("", 0..text.len()));
    assert!(source.duplicates().is_empty());

    let error = node.parse_into::<Vec<u8>>().unwrap_err();
    assert_eq!(error.offset(), Some(node.span().start));
    assert_eq!(
        doc.root().parse_into::<serde_json::Value>().unwrap_err().to_string(),
        "recursion limit exceeded at byte 379"
    );
    doc.root().parse_into::<serde::de::IgnoredAny>().unwrap();
}

#[test]
fn depth_that_never_closes_is_refused() {
    let error = super::refuse("[".repeat(LEVELS));
    assert_eq!(error.offset, LEVELS);
    let error = super::refuse("{\"a\":".repeat(LEVELS));
    assert_eq!(error.offset, 5 * LEVELS);
}

#[test]
fn a_million_members_with_one_key() {
    const COUNT: usize = 1_000_000;
    let text = format!("{{{}\"\\u0061\":2}}", "\"a\":1,".repeat(COUNT - 1));
    let doc = read(text.as_str());
    let found = doc.source(0).duplicates();
    assert_eq!(found.len(), COUNT - 1);
    assert!(found.iter().all(|node| node.raw() == "1"));
    assert_eq!(doc.root().member("a").unwrap().raw(), "2");
    assert_eq!(write(&doc, Style::TypeScript), text.replace("\\u0061", "a"));
}

#[test]
fn a_million_members_with_keys_of_their_own() {
    const COUNT: usize = 1_000_000;
    // Every tenth key comes again at the end, spelt with an escape.
    let mut text = String::from("{");
    for key in 0..COUNT {
        text.push_str(&format!("\"k{key}\":{key},"));
    }
    for key in (0..COUNT).step_by(10) {
        text.push_str(&format!("\"\\u006b{key}\":0,"));
    }
    text.pop();
    text.push('}');
    let doc = read(text);
    let found: Vec<usize> = doc.source(0).duplicates().iter().map(|node| node.raw().parse().unwrap()).collect();
    assert_eq!(found, (0..COUNT).step_by(10).collect::<Vec<_>>());
}

#[test]
fn the_switch_to_large_objects_loses_nothing() {
    for count in 1..100 {
        let keys = (0..count).map(|key| format!("\"{key}\":0")).collect::<Vec<_>>().join(",");
        let doc = read(format!("[{{{keys},{keys}}},{{{keys}}}]"));
        assert_eq!(doc.source(0).duplicates().len(), count);
    }
}

#[test]
fn places_of_a_million_elements() {
    const COUNT: u32 = 1_000_000;
    let doc = read(format!("[{}0]", "0,\n".repeat(COUNT as usize - 1)));
    let wanted: Vec<(u32, Aim)> = (1..=COUNT).rev().map(|index| (index, Aim::Value)).collect();
    let found = places(doc.source(0), &wanted);
    assert_eq!((found[0].pointer.as_str(), found[0].line, found[0].column), ("/999999", 1_000_000, 1));
    assert_eq!((found[999_999].pointer.as_str(), found[999_999].line, found[999_999].column), ("/0", 1, 2));
}
