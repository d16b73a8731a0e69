//! What the model said: messages, reasoning, compacted history.

use crate::json::{Node, Text};
use crate::record::{Float, Int, List, Slot, Tag, Word, nullish, record, required, tag, union, words};

use super::function::{ItemStatus, PROVIDER_DATA};

record! {
    /// A citation of a file.
    pub struct FileCitation<'d>, unknown: Kept {
        file_id: Slot<'d, Text<'d>> = required("file_id");
        filename: Slot<'d, Text<'d>> = required("filename");
        index: Slot<'d, Int<'d>> = required("index");
        kind: Tag<'d> = tag("type", &["file_citation"]);
    }
}

record! {
    /// A citation of a web page.
    pub struct UrlCitation<'d>, unknown: Kept {
        end_index: Slot<'d, Int<'d>> = required("end_index");
        start_index: Slot<'d, Int<'d>> = required("start_index");
        title: Slot<'d, Text<'d>> = required("title");
        kind: Tag<'d> = tag("type", &["url_citation"]);
        url: Slot<'d, Text<'d>> = required("url");
    }
}

record! {
    /// A citation of a file in a container.
    pub struct ContainerFileCitation<'d>, unknown: Kept {
        container_id: Slot<'d, Text<'d>> = required("container_id");
        end_index: Slot<'d, Int<'d>> = required("end_index");
        file_id: Slot<'d, Text<'d>> = required("file_id");
        filename: Slot<'d, Text<'d>> = required("filename");
        start_index: Slot<'d, Int<'d>> = required("start_index");
        kind: Tag<'d> = tag("type", &["container_file_citation"]);
    }
}

record! {
    /// A path of a file that the model made.
    pub struct FilePath<'d>, unknown: Kept {
        file_id: Slot<'d, Text<'d>> = required("file_id");
        index: Slot<'d, Int<'d>> = required("index");
        kind: Tag<'d> = tag("type", &["file_path"]);
    }
}

union! {
    /// What a text cites.
    pub enum Annotation<'d> by tag "type" {
        FileCitation(FileCitation<'d>);
        UrlCitation(UrlCitation<'d>);
        ContainerFileCitation(ContainerFileCitation<'d>);
        FilePath(FilePath<'d>);
    }
}

record! {
    /// How likely another token was.
    pub struct TopLogprob<'d>, unknown: Kept {
        token: Slot<'d, Text<'d>> = required("token");
        bytes: Slot<'d, List<'d, Int<'d>>> = required("bytes");
        logprob: Slot<'d, Float<'d>> = required("logprob");
    }
}

record! {
    /// How likely a token was, with the likeliest others.
    pub struct Logprob<'d>, unknown: Kept {
        token: Slot<'d, Text<'d>> = required("token");
        bytes: Slot<'d, List<'d, Int<'d>>> = required("bytes");
        logprob: Slot<'d, Float<'d>> = required("logprob");
        top_logprobs: Slot<'d, List<'d, TopLogprob<'d>>> = required("top_logprobs");
    }
}

record! {
    /// A text of the model, with what it cites.
    pub struct OutputText<'d>, unknown: Kept {
        annotations: Slot<'d, List<'d, Annotation<'d>>> = required("annotations");
        text: Slot<'d, Text<'d>> = required("text");
        kind: Tag<'d> = tag("type", &["output_text"]);
        logprobs: Slot<'d, List<'d, Logprob<'d>>> = nullish("logprobs");
    }
}

record! {
    /// A refusal of the model.
    pub struct OutputRefusal<'d>, unknown: Kept {
        refusal: Slot<'d, Text<'d>> = required("refusal");
        kind: Tag<'d> = tag("type", &["refusal"]);
    }
}

union! {
    /// A part of a message.
    pub enum MessagePart<'d> by tag "type" {
        OutputText(OutputText<'d>);
        OutputRefusal(OutputRefusal<'d>);
    }
}

words! {
    /// Who speaks.
    pub enum AssistantRole {
        Assistant = "assistant",
    }
}

words! {
    /// Which part of an answer a message is.
    pub enum Phase {
        Commentary = "commentary",
        FinalAnswer = "final_answer",
    }
}

record! {
    /// A message of the model.
    pub struct OutputMessage<'d>, unknown: Kept {
        id: Slot<'d, Text<'d>> = required("id");
        content: Slot<'d, List<'d, MessagePart<'d>>> = required("content");
        role: Slot<'d, Word<'d, AssistantRole>> = required("role");
        /// Models that other services stand behind write messages without it.
        status: Slot<'d, Word<'d, ItemStatus>> = nullish("status");
        kind: Tag<'d> = tag("type", &["message"]);
        phase: Slot<'d, Word<'d, Phase>> = nullish("phase");
        provider_data: Slot<'d, Node<'d>> = PROVIDER_DATA;
    }
}

record! {
    /// A summary of the model's reasoning.
    pub struct ReasoningSummary<'d>, unknown: Kept {
        text: Slot<'d, Text<'d>> = required("text");
        kind: Tag<'d> = tag("type", &["summary_text"]);
    }
}

record! {
    /// A text of the model's reasoning.
    pub struct ReasoningText<'d>, unknown: Kept {
        text: Slot<'d, Text<'d>> = required("text");
        kind: Tag<'d> = tag("type", &["reasoning_text"]);
    }
}

record! {
    /// What the model thought, as far as the service gives it away.
    pub struct Reasoning<'d>, unknown: Kept {
        id: Slot<'d, Text<'d>> = required("id");
        summary: Slot<'d, List<'d, ReasoningSummary<'d>>> = required("summary");
        kind: Tag<'d> = tag("type", &["reasoning"]);
        content: Slot<'d, List<'d, ReasoningText<'d>>> = nullish("content");
        encrypted_content: Slot<'d, Text<'d>> = nullish("encrypted_content");
        status: Slot<'d, Word<'d, ItemStatus>> = nullish("status");
        provider_data: Slot<'d, Node<'d>> = PROVIDER_DATA;
    }
}

record! {
    /// An earlier part of the history, compacted by the service.
    pub struct Compaction<'d>, unknown: Kept {
        id: Slot<'d, Text<'d>> = required("id");
        encrypted_content: Slot<'d, Text<'d>> = required("encrypted_content");
        kind: Tag<'d> = tag("type", &["compaction"]);
        created_by: Slot<'d, Text<'d>> = nullish("created_by");
    }
}
