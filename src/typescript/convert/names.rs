//! What agents are called in other runs of a state. Every run counts agents of one name for itself: who is `Bank#2` in the
//! outermost run may be the only `Bank` of a nested one.

use crate::hash::{HashMap, HashSet};
use crate::model::state::{AgentRef, State, call_id};

/// The name and the identity of an agent.
type Named = (Vec<u8>, Vec<u8>);

/// What is known of the agents of the outermost run.
#[derive(Default)]
pub(super) struct Outermost {
    /// Whose calls wait, by their ids.
    waiting: HashMap<Vec<u8>, Vec<Named>>,
    /// The names of its own agents, without numbers.
    own: HashSet<Vec<u8>>,
    /// Other identities that it knows, by name.
    others: HashMap<Vec<u8>, HashSet<Vec<u8>>>,
}

impl Outermost {
    pub(super) fn of(state: &State<'_>) -> Self {
        let mut outermost = Self::default();
        outermost.own.extend(agents(state).iter().map(|agent| base(agent).to_vec()));
        let mut know = |agent: Vec<u8>| {
            outermost.others.entry(base(&agent).to_vec()).or_default().insert(agent);
        };
        for item in state.step.waiting() {
            let Some((agent, id)) = item.agent.as_ref().zip(call_id(&item.raw)) else { continue };
            know(identity(agent));
            outermost.waiting.entry(id).or_default().push((name(agent), identity(agent)));
        }
        for own in &state.context.functions {
            know(own.agent.wtf8().unwrap_or_default().into_owned());
        }
        outermost
    }
}

/// The outermost run's identities of the agents of a nested one.
#[derive(Default)]
pub(super) struct Names {
    /// What calls that wait in both tell; nothing where they contradict one another.
    told: HashMap<Vec<u8>, Option<Vec<u8>>>,
    /// Agents that no such call tells of, and that share their name with others.
    unknown: HashSet<Vec<u8>>,
}

impl Names {
    pub(super) fn of(outermost: &Outermost, nested: &State<'_>) -> Self {
        let mut names = Self::default();
        for item in nested.step.waiting() {
            let Some((agent, id)) = item.agent.as_ref().zip(call_id(&item.raw)) else { continue };
            for (_, outer) in outermost.waiting.get(&id).into_iter().flatten().filter(|(own, _)| *own == name(agent)) {
                let told = names.told.entry(identity(agent)).or_insert_with(|| Some(outer.clone()));
                if told.as_ref() != Some(outer) {
                    *told = None;
                }
            }
        }
        names.unknown = agents(nested);
        names.unknown.retain(|agent| {
            let others = outermost.others.get(base(agent));
            outermost.own.contains(base(agent)) || others.is_some_and(|others| others.iter().any(|own| own != agent))
        });
        names
    }

    /// What the outermost run calls an agent; nothing where that is not known.
    pub(super) fn outer<'n>(&'n self, agent: &'n [u8]) -> Option<&'n [u8]> {
        match self.told.get(agent) {
            Some(name) => name.as_deref(),
            None => Some(agent).filter(|agent| !self.unknown.contains(*agent)),
        }
    }
}

/// The identities of the agents of a run, without those of the runs within it.
pub(super) fn agents(state: &State<'_>) -> HashSet<Vec<u8>> {
    let items = state.items.iter().filter_map(|item| item.agent.as_ref());
    let used = state.tools_used.iter().map(|(agent, _)| agent.wtf8().into_owned());
    state.agent.iter().chain(items).map(identity).chain(used).collect()
}

/// The name without the number that tells agents of one name apart.
pub(super) fn base(agent: &[u8]) -> &[u8] {
    let digits = agent.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    match agent[..agent.len() - digits].strip_suffix(b"#") {
        Some(name) if digits > 0 => name,
        _ => agent,
    }
}

pub(super) fn identity(agent: &AgentRef<'_>) -> Vec<u8> {
    agent.key().wtf8().unwrap_or_default().into_owned()
}

fn name(agent: &AgentRef<'_>) -> Vec<u8> {
    agent.name.wtf8().unwrap_or_default().into_owned()
}
