//! What means the same in both dialects: no labels, no bytes. [`Run`] is the part that `validate` judges; [`state`]
//! is everything, and `convert` goes through it.

mod account;
mod answer;
pub(crate) mod boundary;
mod decisions;
mod gather;
pub(crate) mod leftovers;
pub(crate) mod lift;
pub mod state;
pub(crate) mod steps;

use serde::Serialize;

use crate::json::{Node, Text};

pub use account::{Account, Entry, Level};
pub(crate) use decisions::{Named, Spelling, UNHEEDED, found, index};
pub(crate) use gather::{Keys, decisions};

/// A run, as far as it is judged across dialects.
#[derive(Debug)]
#[non_exhaustive]
pub struct Run<'d> {
    /// The state.
    pub state: Node<'d>,
    /// Turns done so far.
    pub turn: Option<Node<'d>>,
    /// The turn limit; `None` when there is none.
    pub max_turns: Option<Node<'d>>,
    /// The history that the model will be sent, in order, behind the input.
    pub items: Vec<Item<'d>>,
    /// Calls and outputs that stand elsewhere: in the input, in the session's own history, in nested runs.
    pub elsewhere: Vec<Item<'d>>,
    /// Decisions given so far.
    pub decisions: Vec<Decision<'d>>,
    /// Usage totals, and the usage of the single requests where it is recorded.
    pub usage: Option<Usage<'d>>,
    /// The last model response, and the last one in the list of all.
    pub last_responses: Option<(Node<'d>, Node<'d>)>,
    /// Ids and call ids of everything that the model responses hold.
    pub responded: Vec<Text<'d>>,
    /// Calls of agents that this run does not know: they were used as tools, and what they did is not kept.
    pub forgotten: Vec<Text<'d>>,
    /// The id of a conversation that the service keeps, or of the response to go on from.
    pub server_managed: Option<Node<'d>>,
    /// Where the run stands.
    pub step: Step,
}

impl<'d> Run<'d> {
    /// Takes over what can be looked up in a run that is nested in this one.
    pub fn nest(&mut self, inner: Run<'d>) {
        self.elsewhere.extend(inner.items);
        self.elsewhere.extend(inner.elsewhere);
        self.responded.extend(inner.responded);
    }
}

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It waits for decisions.
    Interrupted,
    /// Its next turn calls the model.
    RunAgain,
    /// It is finished, or was never started.
    Over,
}

/// One item of the history.
#[derive(Clone, Copy, Debug)]
pub struct Item<'d> {
    /// The item.
    pub node: Node<'d>,
    /// What it is.
    pub role: Role,
    /// The id of the call that it makes, answers or asks about.
    pub call: Option<Text<'d>>,
    /// The id that the service gave it.
    pub id: Option<Text<'d>>,
    /// What is called and with what, as far as two calls of one id can be told apart by it.
    pub arguments: Option<Node<'d>>,
}

/// What an item is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// A call of a local tool, which needs an output.
    Call,
    /// A call that the service itself carries out and answers.
    HostedCall,
    /// The output of a call.
    Output,
    /// A request for approval.
    Approval,
    /// Something that the model said or thought.
    Said,
    /// Anything else.
    Other,
}

/// A decision about one call, or about all calls of a tool.
#[derive(Clone, Copy, Debug)]
pub struct Decision<'d> {
    /// The record that holds the decision.
    pub record: Node<'d>,
    /// What it decides.
    pub verdict: ApprovalStatus,
    /// The call, or `None` for a standing decision.
    pub call: Option<Text<'d>>,
}

/// What was decided about a call. The SDKs call it so (`get_approval_status`); nothing was where there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ApprovalStatus {
    /// The call may run.
    Approved,
    /// The call must not run.
    Rejected,
}

/// Token counts.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Usage<'d> {
    /// Where the totals stand.
    pub node: Node<'d>,
    /// Totals of input, output and all tokens.
    pub totals: [Option<u64>; 3],
    /// The same per request, where recorded.
    pub requests: Vec<[Option<u64>; 3]>,
}
