//! The place of an answer that was accepted, and behind one of whose tools something failed.

use crate::hash::{HashMap, HashSet};
use crate::json::Value;

use super::state::{Item, ItemKind, State, Step, paired_id};

impl<'d> State<'d> {
    /// Puts it in front of its outputs, and gives the items that it took the place of. The Python SDK keeps the output of the
    /// tool in front of the answer, or without it. To the TypeScript SDK that is the output of an unknown call, and the
    /// answer is new: it would be sent to the service, which has it.
    pub fn place_accepted_answer(&mut self) -> Vec<Item<'d>> {
        let mut replaced = Vec::new();
        let (Step::Interrupted { accepted: Some(_), .. }, Some(processed)) = (&self.step, &mut self.processed) else {
            return replaced;
        };
        let calls = processed.new_items.iter().filter(|item| is_call(item));
        let calls: HashSet<_> = calls.filter_map(|item| paired_id(&item.raw)).collect();
        let own = |item: &Item<'_>| paired_id(&item.raw).is_some_and(|id| calls.contains(&id));
        let first = self.items.iter().position(|item| (is_call(item) || is_output(item)) && own(item));
        let Some(first) = first.filter(|first| is_output(&self.items[*first])) else { return replaced };
        let mut answer = std::mem::take(&mut processed.new_items);
        let names = answer.iter().enumerate().filter_map(|(at, item)| Some((name(item)?, at)));
        let places: HashMap<_, _> = names.collect();
        for item in self.items.split_off(first) {
            match name(&item).and_then(|name| places.get(&name)) {
                None => self.items.push(item),
                Some(at) => replaced.push(std::mem::replace(&mut answer[*at], item)),
            }
        }
        self.items.splice(first..first, answer);
        replaced
    }
}

fn is_call(item: &Item<'_>) -> bool {
    matches!(item.kind, ItemKind::Call { .. } | ItemKind::HandoffCall)
}

fn is_output(item: &Item<'_>) -> bool {
    matches!(item.kind, ItemKind::Output { .. } | ItemKind::HandoffOutput { .. })
}

/// What an item is known by: its type, and its id or that of its call.
fn name(item: &Item<'_>) -> Option<(Vec<u8>, Vec<u8>)> {
    let id = text(item.raw.member("id")).or_else(|| paired_id(&item.raw))?;
    Some((text(item.raw.member("type"))?, id))
}

fn text(value: Option<Value<'_>>) -> Option<Vec<u8>> {
    Some(value?.wtf8()?.into_owned())
}
