//! What can be wrong with a run in either dialect although every part of it is sound.

use crate::codes;
use crate::finding::Effect;
use crate::format::{Bound, Dialect};
use crate::hash::{HashMap, HashSet};
use crate::json::{Node, Text};
use crate::model::{ApprovalStatus, Decision, Item, Role, Run, Step};
use crate::record::Reader;

/// Raises everything that the canonical view shows. Linear in the run.
pub(super) fn check<'d>(run: &Run<'d>, cx: &mut Reader<'d>) {
    pairs(run, cx);
    duplicates(run, cx);
    decisions(run, cx);
    counters(run, cx);
    responses(run, cx);
}

/// A call id as a key: decoded, without a copy where it is written plainly.
fn key(text: Text<'_>) -> std::borrow::Cow<'_, [u8]> {
    text.wtf8()
}

/// Calls and their outputs.
fn pairs<'d>(run: &Run<'d>, cx: &mut Reader<'d>) {
    // About every second item is a call.
    let expected = (run.items.len() + run.elsewhere.len()) / 2;
    let mut calls: HashMap<_, (Node<'d>, Option<Node<'d>>)> = HashMap::default();
    calls.reserve(expected / 2);
    let mut asked: HashSet<_> = HashSet::default();
    let mut answered: HashSet<_> = HashSet::default();
    for item in run.elsewhere.iter().chain(&run.items) {
        let Some(call) = item.call else { continue };
        match item.role {
            Role::Call | Role::HostedCall => {
                let first = *calls.entry(key(call)).or_insert((item.node, item.arguments));
                if let (Some(one), Some(two)) = (first.1, item.arguments)
                    && !one.is_same(two)
                {
                    let message = format!("two different calls have the id \"{}\"", call.lossy());
                    cx.raise(codes::DUPLICATE_CALL_ID, Effect::Note, item.node, message);
                }
            }
            Role::Approval => {
                asked.insert(key(call));
            }
            Role::Output => {
                answered.insert(key(call));
            }
            Role::Said | Role::Other => {}
        }
    }
    for item in &run.items {
        let Some(call) = item.call else { continue };
        let id = key(call);
        if item.role == Role::Output && !calls.contains_key(&id) && !asked.contains(&id) && run.server_managed.is_none()
        {
            let message = format!("the call \"{}\" that this answers is not in the history", call.lossy());
            cx.raise(codes::OUTPUT_WITHOUT_CALL, Effect::Note, item.node, message);
        }
        let open = item.role == Role::Call && !answered.contains(&id) && !asked.contains(&id);
        if open && run.step == Step::Over {
            let message = format!("the call \"{}\" has no output: the model is not sent it", call.lossy());
            cx.raise(codes::CALL_WITHOUT_OUTPUT, Effect::Lost, item.node, message);
        }
    }
}

/// The same item twice in what the model is sent.
fn duplicates<'d>(run: &Run<'d>, cx: &mut Reader<'d>) {
    let mut seen: HashSet<(Role, std::borrow::Cow<'_, [u8]>)> = HashSet::default();
    seen.reserve(run.items.len());
    for item in &run.items {
        let repeated = match item.role {
            Role::Approval | Role::Other => None,
            // The service never gives two items the same id, but some providers give no id of their own.
            Role::Said => item.id.filter(|id| !id.is("__fake_id__") && !id.is("FAKE_ID") && !id.is_empty()),
            Role::Call | Role::HostedCall | Role::Output => item.call,
        };
        if let Some(id) = repeated
            && !seen.insert((item.role, key(id)))
        {
            let message = format!("\"{}\" stands in the history a second time", id.lossy());
            cx.raise(codes::DUPLICATED_HISTORY, Effect::Note, item.node, message);
        }
    }
}

fn decisions<'d>(run: &Run<'d>, cx: &mut Reader<'d>) {
    if run.decisions.is_empty() {
        return;
    }
    let known: HashSet<_> = run
        .items
        .iter()
        .chain(&run.elsewhere)
        .flat_map(|item: &Item<'d>| [item.call, item.id])
        .chain(run.responded.iter().chain(&run.forgotten).map(|id| Some(*id)))
        .flatten()
        .map(key)
        .collect();
    let mut approved: HashSet<(u32, _)> = HashSet::default();
    for decision in &run.decisions {
        if let (ApprovalStatus::Approved, Some(call)) = (decision.verdict, decision.call) {
            approved.insert((decision.record.index(), key(call)));
        }
    }
    for decision in &run.decisions {
        let Some(call) = decision.call else { continue };
        if !known.contains(&key(call)) {
            let message =
                format!("a decision was given for the call \"{}\", which is nowhere in the state", call.lossy());
            cx.raise(codes::DECISION_WITHOUT_CALL, Effect::Note, call.node(), message);
        }
        if decision.verdict == ApprovalStatus::Rejected && approved.contains(&(decision.record.index(), key(call))) {
            let message = format!("the call \"{}\" is both approved and rejected; the SDK runs it", call.lossy());
            cx.raise(codes::CONTRADICTING_DECISIONS, Effect::Unsafe, call.node(), message);
        }
    }
    standing(&run.decisions, cx);
}

/// From which release on a decision on one call wins over a standing one: Python 0.21.1, TypeScript 0.16.1.
const fn exact_first(dialect: Dialect) -> Bound {
    match dialect {
        Dialect::Python => Bound::label(16),
        Dialect::TypeScript => Bound::label(19),
    }
}

/// A standing approval with exceptions: older releases ignore the exceptions.
fn standing<'d>(decisions: &[Decision<'d>], cx: &mut Reader<'d>) {
    let always: HashSet<u32> = decisions
        .iter()
        .filter(|decision| decision.verdict == ApprovalStatus::Approved && decision.call.is_none())
        .map(|decision| decision.record.index())
        .collect();
    let is_ignored = !cx.reader_has(exact_first(cx.dialect));
    for decision in decisions {
        if let (ApprovalStatus::Rejected, Some(call)) = (decision.verdict, decision.call)
            && always.contains(&decision.record.index())
        {
            let what = format!("the rejection of \"{}\" stands against a standing approval", call.lossy());
            let (effect, message) = match is_ignored {
                true => (Effect::Unsafe, format!("{what}, and {} runs the call", cx.reader)),
                false => (Effect::Note, what),
            };
            cx.raise(codes::STANDING_AGAINST_EXACT, effect, call.node(), message);
        }
    }
}

fn counters<'d>(run: &Run<'d>, cx: &mut Reader<'d>) {
    let number = |node: Node<'d>| node.number().map(|number| number.to_f64());
    if let (Some(turn), Some(limit)) = (run.turn, run.max_turns)
        && let (Some(done), Some(most)) = (number(turn), number(limit))
        && done >= most
        && run.step != Step::Over
    {
        let message = "the turn limit is reached: the resumed run ends before the model is called again";
        cx.raise(codes::TURN_LIMIT, Effect::Note, turn, message);
    }
    let Some(usage) = run.usage.as_ref().filter(|usage| !usage.requests.is_empty()) else { return };
    for (place, what) in ["input", "output", "total"].into_iter().enumerate() {
        let sum = usage.requests.iter().try_fold(0_u64, |sum, request| sum.checked_add(request[place]?));
        if let (Some(sum), Some(total)) = (sum, usage.totals[place])
            && sum != total
        {
            let message = format!("the {what} tokens of the single requests do not add up to the total");
            cx.raise(codes::USAGE_TOTALS, Effect::Note, usage.node, message);
        }
    }
}

fn responses<'d>(run: &Run<'d>, cx: &mut Reader<'d>) {
    if let Some((last, listed)) = run.last_responses
        && !last.is_same(listed)
    {
        let message = "the last model response is not the last of the model responses";
        cx.raise(codes::RESPONSES_DIFFER, Effect::Note, last, message);
    }
    if run.server_managed.is_none() {
        return;
    }
    let responded: HashSet<_> = run.responded.iter().map(|id| key(*id)).collect();
    let made_by_model = |item: &&Item<'d>| matches!(item.role, Role::Call | Role::HostedCall | Role::Said);
    let unknown = run.items.iter().filter(made_by_model).find(|item| {
        let ids = [item.call, item.id];
        ids.iter().flatten().count() > 0 && !ids.iter().flatten().any(|id| responded.contains(&key(*id)))
    });
    if let Some(item) = unknown {
        let message =
            "no model response holds this item, so that it is sent to a conversation that may have it already";
        cx.raise(codes::RESENT_ITEMS, Effect::Note, item.node, message);
    }
}
