//! The calls and outputs of the whole state against the ledger (`_validate_completed_tool_invocations`).

use std::borrow::Cow;

use crate::codes;
use crate::finding::Effect;
use crate::hash::HashMap;
use crate::json::{Document, Kind, Node, Text};
use crate::record::{Reader, Wire as _};

use super::super::bounds::V1_15;
use super::super::canonical::{Unhashable, digest};
use super::super::invocation::{CALLS, Call, Known, Lookup, call_id, completes};
use super::super::items::RunItem;
use super::super::state::{Input, State};
use super::super::step::CurrentStep;
use super::super::weigh::is_falsy;
use super::View;
use super::restore::{Restored, has_unhashable_type};

/// A call id as a key: decoded, without a copy where it is written plainly.
type Id<'d> = Cow<'d, [u8]>;

/// The calls and outputs that the reader compares with the ledger.
#[derive(Debug, Default)]
pub(super) struct History<'d> {
    calls: HashMap<Id<'d>, Claims<'d>>,
    /// The digests of the scopes met so far, by what is hashed: a run has few tools and many calls.
    scopes: HashMap<Vec<u8>, String>,
    /// Whether some agent has the patch tool, if that is known.
    patches: Option<bool>,
    /// Calls whose tool's name is given elsewhere, until all places that give names are known.
    nameless: Vec<(Place<'d>, Call<'d>)>,
    has_all_names: bool,
}

/// What all places say of one call id.
#[derive(Debug, Default)]
struct Claims<'d> {
    /// The tool's name that the first item gives that gives one.
    name: Option<Text<'d>>,
    /// The type and the fingerprint in the ledger, if that calls it finished.
    finished: Option<(Text<'d>, Text<'d>)>,
    /// Some place makes the call.
    made: bool,
    /// Some place says too little to be compared.
    vague: bool,
    /// Some place makes another call than the ledger's.
    other: bool,
    /// The types of calls that have an output, by their place in [`CALLS`].
    answered: u8,
    /// A place that makes the ledger's call: most others repeat it letter by letter.
    fits: Option<Box<(Call<'d>, Known<'d>)>>,
}

/// Where a raw item stands and what its surroundings say of it.
#[derive(Debug)]
struct Place<'d> {
    raw: Node<'d>,
    known: Known<'d>,
    /// The item gives a name that is no text, which hides the raw item's own.
    named: bool,
    /// Whether it may be a handoff's call as well.
    may_hand_off: bool,
}

impl<'d> History<'d> {
    /// A history without items, to be compared with the ledger of the state.
    pub(super) fn new(view: &View<'_, 'd>) -> Self {
        let mut history = Self { patches: view.patches, ..Self::default() };
        let text = |slot: Option<Node<'d>>| slot.and_then(Node::text);
        for (id, entry) in view.completed() {
            if let Some(finished) = text(entry.kind.node()).zip(text(entry.fingerprint.node())) {
                history.calls.entry(id.wtf8()).or_default().finished = Some(finished);
            }
        }
        history
    }

    /// Takes in an item, and raises what the reader cannot hash or look up.
    pub(super) fn item(&mut self, restored: &Restored<'_, 'd>, cx: &mut Reader<'d>) {
        let name = tool_name(restored).filter(|name| !name.is_null());
        let place = Place {
            raw: restored.raw,
            known: Known {
                lookup: lookup(restored),
                tool: name.and_then(named),
                handoff: matches!(restored.item, RunItem::HandoffCall(_)),
            },
            named: name.is_some(),
            may_hand_off: false,
        };
        self.record(place, cx);
    }

    /// Takes in everything else that the reader looks at.
    pub(super) fn finish(&mut self, view: &View<'_, 'd>, cx: &mut Reader<'d>) {
        for (call, tool) in &view.tools {
            if let Some(id) = call_id(*call) {
                self.calls.entry(id.wtf8()).or_default().name.get_or_insert(*tool);
            }
        }
        self.has_all_names = true;
        for (place, call) in std::mem::take(&mut self.nameless) {
            self.claim(place, call, cx);
        }
        let state = view.state;
        let responses = state.model_responses.value().map_or(&[][..], |responses| &responses.items);
        let last_is_open = view.processed.is_none() && response_accepted(state);
        let looked_at = responses.len().saturating_sub(usize::from(last_is_open));
        for response in responses[..looked_at].iter().filter_map(|response| response.value()) {
            for raw in response.output.node().into_iter().flat_map(Node::elements) {
                self.record(Place::bare(raw), cx);
            }
        }
        if let Some(Input::Items(items)) = state.original_input.value() {
            for raw in items.values() {
                self.record(Place::bare(*raw), cx);
            }
        }
    }

    fn record(&mut self, place: Place<'d>, cx: &mut Reader<'d>) {
        let raw = place.raw;
        if raw.kind() != Kind::Object {
            return;
        }
        let compares = cx.reader_has(V1_15);
        if has_unhashable_type(raw) {
            if !compares {
                return;
            }
            let message = "the type of the item is no text; the SDK fails when it looks it up";
            return cx.raise(codes::UNHASHABLE_TYPE, Effect::Refused, raw, message);
        }
        if compares
            && self.patches == Some(true)
            && let Some(name) = raw.member("name").filter(|name| name.text().is_none() && !is_falsy(*name))
        {
            let message = "the name is no text; the SDK fails when it compares it with the patch tool's";
            cx.raise(codes::UNHASHABLE_TYPE, Effect::Refused, name, message);
        }
        if let Some((kind, id)) = completes(raw)
            && let Some(place) = CALLS.iter().position(|(call, _)| *call == kind)
        {
            self.calls.entry(id.wtf8()).or_default().answered |= 1 << place;
        }
        let Some(call) = Call::of(raw) else { return };
        if place.named || self.has_all_names {
            self.claim(place, call, cx);
        } else {
            self.nameless.push((place, call));
        }
    }

    /// Compares a call with the ledger's, and with what was found at other places.
    fn claim(&mut self, place: Place<'d>, call: Call<'d>, cx: &mut Reader<'d>) {
        let mut known = place.known;
        let mut claims = call.id.map(|id| self.calls.entry(id.wtf8()).or_default());
        if let Some(claims) = &mut claims {
            match (place.named, known.tool) {
                (true, Some(tool)) => _ = claims.name.get_or_insert(tool),
                (true, None) => {}
                (false, _) => known.tool = claims.name,
            }
        }
        if let Some(fits) = claims.as_ref().and_then(|claims| claims.fits.as_deref())
            && fits.0.is_written_like(&call)
            && fits.1.same(&known)
        {
            return;
        }
        let wanted = claims.as_ref().and_then(|claims| claims.finished);
        let outcome = identify(&call, &known, place.may_hand_off, wanted, self.patches, &mut self.scopes);
        let identified = match outcome {
            Ok(identified) => identified,
            Err(_) if !cx.reader_has(V1_15) => Identified::Fits(Meaning::Further),
            Err(fault) => {
                let message = match fault {
                    Unhashable::LoneSurrogate => {
                        "the call holds half of a surrogate pair, so that the SDK cannot hash it"
                    }
                    Unhashable::TooDeep => "the call is nested too deep for the SDK to hash it",
                };
                return cx.raise(codes::UNHASHABLE_CALL, Effect::Refused, place.raw, message);
            }
        };
        let Some(claims) = claims else { return };
        match identified {
            Identified::Vague => claims.vague = true,
            Identified::Other => (claims.made, claims.other) = (true, true),
            Identified::Fits(place) => {
                claims.made = true;
                // A place that may be something else as well says nothing of the next one.
                if place == Meaning::First && wanted.is_some() {
                    claims.fits = Some(Box::new((call, known)));
                }
            }
        }
    }

    /// Whether any place has the call.
    pub(super) fn has(&self, id: Text<'d>) -> bool {
        self.calls.get(&id.wtf8()).is_some_and(|claims| claims.made)
    }

    /// Judges what the ledger says of finished calls.
    pub(super) fn judge(&self, view: &View<'_, 'd>, cx: &mut Reader<'d>) {
        for (id, entry) in view.completed() {
            let text = |slot: Option<Node<'d>>| slot.and_then(Node::text);
            let Some((kind, _)) = text(entry.kind.node()).zip(text(entry.fingerprint.node())) else { continue };
            let raise = |cx: &mut Reader<'d>, code, what: &str| {
                let message = format!("the ledger calls \"{}\" finished, but {what}", id.lossy());
                cx.raise(code, Effect::Refused, entry.node(), message);
            };
            match self.calls.get(&id.wtf8()).filter(|claims| claims.made) {
                None => raise(cx, codes::LEDGER, "no item that the SDK keeps makes this call"),
                Some(claims) if claims.vague => {
                    raise(cx, codes::LEDGER, "an item with its id does not say what is called");
                }
                Some(claims) if claims.other => raise(cx, codes::FINGERPRINT, "an item with its id makes another call"),
                Some(claims) => {
                    let answered =
                        |(place, (call, _)): (usize, &(&str, &str))| kind.is(call) && claims.answered & 1 << place != 0;
                    if !CALLS.iter().enumerate().any(answered) {
                        raise(cx, codes::LEDGER, "no item that the SDK keeps holds its output");
                    }
                }
            }
        }
    }
}

impl<'d> Place<'d> {
    fn bare(raw: Node<'d>) -> Self {
        Self { raw, known: Known::default(), named: false, may_hand_off: true }
    }
}

/// What a place says of its call.
enum Identified {
    /// Too little.
    Vague,
    /// Another call than the ledger's.
    Other,
    /// The ledger's call, or some call that the ledger says nothing of.
    Fits(Meaning),
}

/// Which of the things that a place may stand for it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Meaning {
    First,
    Further,
}

/// Goes through everything that a place may stand for: the call, the handoff that it may be, the patch that it may be.
/// Hashing costs: nothing is hashed behind what fits, nor when nothing is compared, but where hashing may fail.
fn identify<'d>(
    call: &Call<'d>,
    known: &Known<'d>,
    may_hand_off: bool,
    wanted: Option<(Text<'d>, Text<'d>)>,
    patches: Option<bool>,
    scopes: &mut HashMap<Vec<u8>, String>,
) -> Result<Identified, Unhashable> {
    let is_wanted = |own: &str, digest: &str| wanted.is_none_or(|(kind, print)| kind.is(own) && print.is(digest));
    let may_fail = call.may_fail();
    let mut identified = Identified::Vague;
    let handoff = may_hand_off.then(|| Known { handoff: true, ..known.clone() });
    for (known, meaning) in [(Some(known.clone()), Meaning::First), (handoff, Meaning::Further)] {
        let Some(known) = known else { continue };
        let Some(text) = call.scope_text(&known)?.filter(|_| call.is_complete()) else { continue };
        let digest = if wanted.is_some() || may_fail {
            call.fingerprint(scopes.entry(text).or_insert_with_key(|text| digest(text)))?
        } else {
            String::new()
        };
        if is_wanted(call.kind, &digest) {
            if !may_fail {
                return Ok(Identified::Fits(meaning));
            }
            identified = Identified::Fits(Meaning::Further);
        } else if matches!(identified, Identified::Vague) {
            identified = Identified::Other;
        }
    }
    let patch = patches != Some(false)
        && matches!(call.kind, "custom_tool_call" | "function_call")
        && call.name().is_some_and(|name| name.lossy().trim().to_lowercase().starts_with("apply_patch"));
    if patch && let Some(text) = call.argument_text() {
        let bytes = if text.is_empty() { b"{}".to_vec() } else { text.wtf8().into_owned() };
        if let Ok(doc) = Document::parse(bytes)
            && let Some(patch) = call.as_patch(doc.root())
            && patch.is_complete()
        {
            let known = Known { tool: known.tool, ..Known::default() };
            if let Some(scope) = patch.scope(&known)? {
                if is_wanted(patch.kind, &patch.fingerprint(&scope)?) {
                    identified = Identified::Fits(Meaning::Further);
                } else if matches!(identified, Identified::Vague) {
                    identified = Identified::Other;
                }
            }
        }
    }
    Ok(identified)
}

fn response_accepted(state: &State<'_>) -> bool {
    match state.current_step.value() {
        Some(CurrentStep::Interruption(step)) => {
            step.data.value().and_then(|data| data.response_accepted.node()).is_some_and(|accepted| !is_falsy(accepted))
        }
        _ => false,
    }
}

fn named(node: Node<'_>) -> Option<Text<'_>> {
    node.text().filter(|text| !text.is_empty())
}

/// The name of the tool that an item gives: its own `tool_name`, else its raw item's name; for the items of calls and
/// approvals alone.
fn tool_name<'d>(restored: &Restored<'_, 'd>) -> Option<Node<'d>> {
    let own = match restored.item {
        RunItem::ToolCall(item) => item.tool_name.node().filter(|name| name.text().is_some()),
        RunItem::Approval(item) => item.tool_name.node().filter(|name| !name.is_null()),
        _ => return None,
    };
    own.or_else(|| restored.raw.member("name"))
}

/// The lookup key of an approval item: its own, else that of its names.
fn lookup<'d>(restored: &Restored<'_, 'd>) -> Option<Lookup<'d>> {
    match restored.item {
        RunItem::Approval(_) => approval_lookup(restored.item.node(), restored.raw),
        _ => None,
    }
}

/// The lookup key of an approval: its own, else that of its names (`ToolApprovalItem.__post_init__`).
pub(in crate::python) fn approval_lookup<'d>(item: Node<'d>, raw: Node<'d>) -> Option<Lookup<'d>> {
    let text = |node: Option<Node<'d>>| node.and_then(Node::text);
    let some = |key| item.member(key).filter(|node| !node.is_null());
    let own = item.member("tool_lookup_key").and_then(Lookup::read);
    own.or_else(|| {
        let name = text(some("tool_name").or_else(|| raw.member("name")));
        let namespace = text(some("tool_namespace").or_else(|| raw.member("namespace")));
        let function = text(raw.member("type")).is_some_and(|kind| kind.is("function_call"));
        let same = name.zip(namespace).is_some_and(|(name, namespace)| name.same_text(namespace));
        if function && !same { Lookup::of(name, namespace) } else { None }
    })
}
