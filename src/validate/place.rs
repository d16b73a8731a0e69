//! From what was raised to findings: places, order, sentences.

use std::borrow::Cow;

use crate::codes::{self, Code};
use crate::finding::Finding;
use crate::json::{Aim, Document, Node, Place, places};
use crate::record::{Raised, Reader};

/// Works out where the findings are and puts them into the order of the file.
pub(crate) fn place<'d>(doc: &'d Document, cx: Reader<'d>) -> Vec<Finding> {
    let (raised, left_out) = cx.finish();
    // The chain of nodes that leads to a finding: inside nested texts first, in the file itself last.
    let mut aims: Vec<Vec<(Node<'d>, Aim)>> = Vec::with_capacity(raised.len());
    for finding in &raised {
        let mut chain = vec![(finding.node, finding.aim)];
        let mut node = finding.node;
        while let Some(holder) = doc.holder(node) {
            chain.push((holder, Aim::Value));
            node = holder;
        }
        aims.push(chain);
    }
    let mut wanted: Vec<(u32, u32, Aim, usize, usize)> = Vec::new();
    for (finding, chain) in aims.iter().enumerate() {
        for (step, (node, aim)) in chain.iter().enumerate() {
            wanted.push((node.source().id(), node.index(), *aim, finding, step));
        }
    }
    wanted.sort_unstable();
    let mut found = vec![Vec::new(); raised.len()];
    for group in wanted.chunk_by(|one, two| one.0 == two.0) {
        let source = doc.source(group[0].0);
        let aims: Vec<(u32, Aim)> = group.iter().map(|&(_, index, aim, ..)| (index, aim)).collect();
        for (place, &(.., finding, step)) in places(source, &aims).into_iter().zip(group) {
            found[finding].push((step, place));
        }
    }
    let mut findings: Vec<Finding> =
        raised.into_iter().zip(found).map(|(raised, places)| finish(raised, places)).collect();
    findings.sort_by(|one, two| (one.span.0, one.code, &one.inside).cmp(&(two.span.0, two.code, &two.inside)));
    for (code, count) in left_out {
        if let Some(last) = findings.iter_mut().rfind(|finding| finding.code == code) {
            last.message.push_str(&more(code, count));
        }
    }
    findings
}

fn more(code: Code, count: u32) -> String {
    format!(" ({count} more findings {code} are not listed)")
}

fn finish(raised: Raised<'_>, mut places: Vec<(usize, Place)>) -> Finding {
    places.sort_by_key(|(step, _)| std::cmp::Reverse(*step));
    let mut places = places.into_iter().map(|(_, place)| place);
    let outer = places.next().expect("every finding has the place of its own node");
    let help = match raised.help {
        Some(help) => help,
        None if raised.code == codes::STATE_ELSEWHERE => {
            Cow::Owned(format!("Read it with --at '{}'.", outer.pointer.replace('\'', r"'\''")))
        }
        None => Cow::Borrowed(raised.code.explanation().help),
    };
    Finding {
        code: raised.code,
        severity: raised.effect.severity(),
        effect: raised.effect,
        pointer: outer.pointer,
        line: outer.line,
        column: outer.column,
        span: (outer.span.start, outer.span.end),
        inside: places.map(|place| place.pointer).collect(),
        message: raised.message.into_owned(),
        help: help.into_owned(),
    }
}
