//! Calls of function and custom tools and of programs, with their outputs.

use crate::finding::Effect;
use crate::json::{Node, Text};
use crate::record::{Flag, List, Row, Slot, Tag, Word, nullish, optional, record, required, tag, union, words};

use super::super::bounds::V1_12;

/// Who called. The package `openai` before 2.45, with which releases before 0.18.1 go, does not know the field.
pub(super) const CALLER: Row = nullish("caller").read_before(V1_12, &nullish("caller").tolerated(Effect::Note));

/// What a model behind Chat Completions said besides (`Converter.message_to_output_items`).
pub(super) const PROVIDER_DATA: Row = optional("provider_data");

words! {
    /// How far an item is.
    pub enum ItemStatus {
        InProgress = "in_progress",
        Completed = "completed",
        Incomplete = "incomplete",
    }
}

record! {
    /// The model itself called.
    pub struct DirectCaller<'d>, unknown: Kept {
        kind: Tag<'d> = tag("type", &["direct"]);
    }
}

record! {
    /// A program that the model wrote called.
    pub struct ProgramCaller<'d>, unknown: Kept {
        caller_id: Slot<'d, Text<'d>> = required("caller_id");
        kind: Tag<'d> = tag("type", &["program"]);
    }
}

union! {
    /// Who called: the model or its program.
    pub enum Caller<'d> by tag "type" {
        DirectCaller(DirectCaller<'d>);
        ProgramCaller(ProgramCaller<'d>);
    }
}

record! {
    /// A call of a function tool or a handoff.
    pub struct FunctionCall<'d>, unknown: Kept {
        arguments: Slot<'d, Text<'d>> = required("arguments");
        call_id: Slot<'d, Text<'d>> = required("call_id");
        name: Slot<'d, Text<'d>> = required("name");
        kind: Tag<'d> = tag("type", &["function_call"]);
        id: Slot<'d, Text<'d>> = nullish("id");
        asynchronous: Slot<'d, Flag<'d>> = nullish("async_").if_wrong(Effect::Note);
        caller: Slot<'d, Caller<'d>> = CALLER;
        namespace: Slot<'d, Text<'d>> = nullish("namespace");
        status: Slot<'d, Word<'d, ItemStatus>> = nullish("status");
        provider_data: Slot<'d, Node<'d>> = PROVIDER_DATA;
    }
}

words! {
    /// How a cache breakpoint was set.
    pub enum CacheMode {
        Explicit = "explicit",
    }
}

words! {
    /// How long a cache lives.
    pub enum CacheTtl {
        HalfHour = "30m",
        HalfDay = "12h",
    }
}

record! {
    /// Where the service's prompt cache may end.
    pub struct CacheBreakpoint<'d>, unknown: Kept {
        mode: Slot<'d, Word<'d, CacheMode>> = required("mode");
        ttl: Slot<'d, Word<'d, CacheTtl>> = nullish("ttl");
    }
}

record! {
    /// A text given to the model.
    pub struct InputText<'d>, unknown: Kept {
        text: Slot<'d, Text<'d>> = required("text");
        kind: Tag<'d> = tag("type", &["input_text"]);
        prompt_cache_breakpoint: Slot<'d, CacheBreakpoint<'d>> = nullish("prompt_cache_breakpoint");
    }
}

words! {
    /// How closely the model looks at an image.
    pub enum ImageDetail {
        Low = "low",
        High = "high",
        Auto = "auto",
        Original = "original",
    }
}

record! {
    /// An image given to the model.
    pub struct InputImage<'d>, unknown: Kept {
        detail: Slot<'d, Word<'d, ImageDetail>> = required("detail");
        kind: Tag<'d> = tag("type", &["input_image"]);
        file_id: Slot<'d, Text<'d>> = nullish("file_id");
        image_url: Slot<'d, Text<'d>> = nullish("image_url");
        prompt_cache_breakpoint: Slot<'d, CacheBreakpoint<'d>> = nullish("prompt_cache_breakpoint");
    }
}

words! {
    /// How closely the model looks at a file.
    pub enum FileDetail {
        Auto = "auto",
        Low = "low",
        High = "high",
    }
}

record! {
    /// A file given to the model.
    pub struct InputFile<'d>, unknown: Kept {
        kind: Tag<'d> = tag("type", &["input_file"]);
        detail: Slot<'d, Word<'d, FileDetail>> = nullish("detail");
        file_data: Slot<'d, Text<'d>> = nullish("file_data");
        file_id: Slot<'d, Text<'d>> = nullish("file_id");
        file_url: Slot<'d, Text<'d>> = nullish("file_url");
        filename: Slot<'d, Text<'d>> = nullish("filename");
        prompt_cache_breakpoint: Slot<'d, CacheBreakpoint<'d>> = nullish("prompt_cache_breakpoint");
    }
}

union! {
    /// A part of what the model is given.
    pub enum InputPart<'d> by tag "type" {
        InputText(InputText<'d>);
        InputImage(InputImage<'d>);
        InputFile(InputFile<'d>);
    }
}

union! {
    /// What a tool gave the model: a text or several parts.
    pub enum OutputContent<'d> by kind {
        Text(Text<'d>);
        Parts(List<'d, InputPart<'d>>);
    }
}

record! {
    /// What a function tool returned, as the service reports it.
    pub struct FunctionCallOutput<'d>, unknown: Kept {
        id: Slot<'d, Text<'d>> = required("id");
        output: Slot<'d, OutputContent<'d>> = required("output");
        status: Slot<'d, Word<'d, ItemStatus>> = required("status");
        kind: Tag<'d> = tag("type", &["function_call_output"]);
        call_id: Slot<'d, Text<'d>> = nullish("call_id");
        caller: Slot<'d, Caller<'d>> = CALLER;
        created_by: Slot<'d, Text<'d>> = nullish("created_by");
        name: Slot<'d, Text<'d>> = nullish("name");
        namespace: Slot<'d, Text<'d>> = nullish("namespace");
    }
}

record! {
    /// A program that the model wrote to call tools.
    pub struct Program<'d>, unknown: Kept {
        id: Slot<'d, Text<'d>> = required("id");
        call_id: Slot<'d, Text<'d>> = required("call_id");
        code: Slot<'d, Text<'d>> = required("code");
        fingerprint: Slot<'d, Text<'d>> = required("fingerprint");
        kind: Tag<'d> = tag("type", &["program"]).since(V1_12);
    }
}

words! {
    /// How a program ended.
    pub enum ProgramStatus {
        Completed = "completed",
        Incomplete = "incomplete",
    }
}

record! {
    /// What a program came to.
    pub struct ProgramOutput<'d>, unknown: Kept {
        id: Slot<'d, Text<'d>> = required("id");
        call_id: Slot<'d, Text<'d>> = required("call_id");
        result: Slot<'d, Text<'d>> = required("result");
        status: Slot<'d, Word<'d, ProgramStatus>> = required("status");
        kind: Tag<'d> = tag("type", &["program_output"]).since(V1_12);
    }
}

record! {
    /// A call of a custom tool, with free text as its input.
    pub struct CustomToolCall<'d>, unknown: Kept {
        call_id: Slot<'d, Text<'d>> = required("call_id");
        input: Slot<'d, Text<'d>> = required("input");
        name: Slot<'d, Text<'d>> = required("name");
        kind: Tag<'d> = tag("type", &["custom_tool_call"]);
        id: Slot<'d, Text<'d>> = nullish("id");
        asynchronous: Slot<'d, Flag<'d>> = nullish("async_").if_wrong(Effect::Note);
        caller: Slot<'d, Caller<'d>> = CALLER;
        namespace: Slot<'d, Text<'d>> = nullish("namespace");
    }
}

record! {
    /// What a custom tool returned, as the service reports it.
    pub struct CustomToolCallOutput<'d>, unknown: Kept {
        call_id: Slot<'d, Text<'d>> = required("call_id");
        output: Slot<'d, OutputContent<'d>> = required("output");
        kind: Tag<'d> = tag("type", &["custom_tool_call_output"]);
        id: Slot<'d, Text<'d>> = required("id");
        caller: Slot<'d, Caller<'d>> = CALLER;
        status: Slot<'d, Word<'d, ItemStatus>> = required("status");
        created_by: Slot<'d, Text<'d>> = nullish("created_by");
    }
}
