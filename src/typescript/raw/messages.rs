//! Messages, reasoning, and items that tools have no part in.

use crate::json::Text;
use crate::record::{List, Open, Slot, Tag, Word, optional, record, required, tag, union, words};

use super::super::bounds::{COMPACTION, RAW_REASONING};
use super::content::{AssistantContent, InputText, ReasoningText, UserContent};
use super::{Status, v};

words! {
    /// Whether a message is a remark on the way or the answer.
    pub enum Phase { Commentary = "commentary", FinalAnswer = "final_answer" }
}

union! {
    /// What a user says: a text or parts.
    pub enum UserText<'d> by kind {
        Text(Text<'d>);
        Parts(List<'d, UserContent<'d>>);
    }
}

/// What an assistant says.
pub type AssistantText<'d> = List<'d, AssistantContent<'d>>;

record! {
    /// A message of the user (`UserMessageItem`).
    pub struct UserMessage<'d>, unknown: Dropped {
        provider_data: Slot<'d, Open<'d>> = optional("providerData");
        id: Slot<'d, Text<'d>> = optional("id");
        kind: Tag<'d> = tag("type", &["message"]).or_absent();
        role: Tag<'d> = tag("role", &["user"]);
        content: Slot<'d, UserText<'d>> = required("content");
    }
}

record! {
    /// A message of the assistant (`AssistantMessageItem`).
    pub struct AssistantMessage<'d>, unknown: Dropped {
        provider_data: Slot<'d, Open<'d>> = optional("providerData");
        id: Slot<'d, Text<'d>> = optional("id");
        kind: Tag<'d> = tag("type", &["message"]).or_absent();
        role: Tag<'d> = tag("role", &["assistant"]);
        phase: Slot<'d, Word<'d, Phase>> = optional("phase").since(v(14));
        status: Slot<'d, Word<'d, Status>> = required("status");
        content: Slot<'d, AssistantText<'d>> = required("content");
    }
}

record! {
    /// A system message.
    pub struct SystemMessage<'d>, unknown: Dropped {
        provider_data: Slot<'d, Open<'d>> = optional("providerData");
        id: Slot<'d, Text<'d>> = optional("id");
        kind: Tag<'d> = tag("type", &["message"]).or_absent();
        role: Tag<'d> = tag("role", &["system"]);
        content: Slot<'d, Text<'d>> = required("content");
    }
}

union! {
    /// A message (`MessageItem`). An item without `type` is one.
    pub enum Message<'d> by tag "role" {
        User(UserMessage<'d>);
        Assistant(AssistantMessage<'d>);
        System(SystemMessage<'d>);
    }
}

record! {
    /// What the model thought (`ReasoningItem`).
    pub struct Reasoning<'d>, unknown: Dropped {
        provider_data: Slot<'d, Open<'d>> = optional("providerData");
        id: Slot<'d, Text<'d>> = optional("id");
        kind: Tag<'d> = tag("type", &["reasoning"]);
        content: Slot<'d, List<'d, InputText<'d>>> = required("content");
        raw_content: Slot<'d, List<'d, ReasoningText<'d>>> = optional("rawContent").since(RAW_REASONING);
    }
}

record! {
    /// History that the service has compacted (`CompactionItem`).
    pub struct Compaction<'d>, unknown: Dropped {
        provider_data: Slot<'d, Open<'d>> = optional("providerData");
        id: Slot<'d, Text<'d>> = optional("id");
        kind: Tag<'d> = tag("type", &["compaction"]).since(COMPACTION);
        encrypted_content: Slot<'d, Text<'d>> = required("encrypted_content");
        created_by: Slot<'d, Text<'d>> = optional("created_by");
    }
}

record! {
    /// An item that the protocol has no type for; everything about it stands in `providerData` (`UnknownItem`).
    pub struct UnknownItem<'d>, unknown: Dropped {
        provider_data: Slot<'d, Open<'d>> = optional("providerData");
        id: Slot<'d, Text<'d>> = optional("id");
        kind: Tag<'d> = tag("type", &["unknown"]);
    }
}
