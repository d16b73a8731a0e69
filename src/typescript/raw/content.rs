//! The parts that messages, reasoning and tool results are made of.

use crate::json::Text;
use crate::record::{Open, Slot, Tag, Word, nullish, optional, record, required, tag, union, words};

use super::super::bounds::{BREAKPOINTS, OUTPUT_PARTS};

words! {
    /// How a prompt's cached part ends.
    pub enum BreakpointMode { Explicit = "explicit" }
}

record! {
    /// The end of a part of the prompt that the service may cache.
    pub struct PromptCacheBreakpoint<'d>, unknown: Dropped {
        mode: Slot<'d, Word<'d, BreakpointMode>> = required("mode");
    }
}

record! {
    /// A file of the service by its id.
    pub struct FileId<'d>, unknown: Dropped {
        id: Slot<'d, Text<'d>> = required("id");
    }
}

record! {
    /// A file by its address.
    pub struct FileUrl<'d>, unknown: Dropped {
        url: Slot<'d, Text<'d>> = required("url");
    }
}

union! {
    /// A file of the service or of the web.
    pub enum FileReference<'d> by fields {
        Id(FileId<'d>);
        Url(FileUrl<'d>);
    }
}

union! {
    /// An image or a recording: itself as a string, or a file of the service.
    pub enum Media<'d> by kind {
        Inline(Text<'d>);
        File(FileId<'d>);
    }
}

union! {
    /// A file: itself as a string, or where it is.
    pub enum InputFileSource<'d> by kind {
        Inline(Text<'d>);
        Reference(FileReference<'d>);
    }
}

record! {
    /// A text for the model (`InputText`).
    pub struct InputText<'d>, unknown: Dropped {
        provider_data: Slot<'d, Open<'d>> = optional("providerData");
        kind: Tag<'d> = tag("type", &["input_text"]);
        text: Slot<'d, Text<'d>> = required("text");
        prompt_cache_breakpoint: Slot<'d, PromptCacheBreakpoint<'d>> = optional("promptCacheBreakpoint").since(BREAKPOINTS);
    }
}

record! {
    /// An image for the model (`InputImage`).
    pub struct InputImage<'d>, unknown: Dropped {
        provider_data: Slot<'d, Open<'d>> = optional("providerData");
        kind: Tag<'d> = tag("type", &["input_image"]);
        image: Slot<'d, Media<'d>> = optional("image");
        detail: Slot<'d, Text<'d>> = optional("detail").since(OUTPUT_PARTS);
        prompt_cache_breakpoint: Slot<'d, PromptCacheBreakpoint<'d>> = optional("promptCacheBreakpoint").since(BREAKPOINTS);
    }
}

record! {
    /// A file for the model (`InputFile`).
    pub struct InputFile<'d>, unknown: Dropped {
        provider_data: Slot<'d, Open<'d>> = optional("providerData");
        kind: Tag<'d> = tag("type", &["input_file"]);
        file: Slot<'d, InputFileSource<'d>> = optional("file");
        filename: Slot<'d, Text<'d>> = optional("filename").since(OUTPUT_PARTS);
        prompt_cache_breakpoint: Slot<'d, PromptCacheBreakpoint<'d>> = optional("promptCacheBreakpoint").since(BREAKPOINTS);
    }
}

record! {
    /// A recording (`AudioContent`).
    pub struct Audio<'d>, unknown: Dropped {
        provider_data: Slot<'d, Open<'d>> = optional("providerData");
        kind: Tag<'d> = tag("type", &["audio"]);
        audio: Slot<'d, Media<'d>> = required("audio");
        format: Slot<'d, Text<'d>> = nullish("format");
        transcript: Slot<'d, Text<'d>> = nullish("transcript");
        prompt_cache_breakpoint: Slot<'d, PromptCacheBreakpoint<'d>> = optional("promptCacheBreakpoint").since(BREAKPOINTS);
    }
}

record! {
    /// A text of the model (`OutputText`).
    pub struct OutputText<'d>, unknown: Dropped {
        provider_data: Slot<'d, Open<'d>> = optional("providerData");
        kind: Tag<'d> = tag("type", &["output_text"]);
        text: Slot<'d, Text<'d>> = required("text");
    }
}

record! {
    /// The model's refusal to answer (`Refusal`).
    pub struct Refusal<'d>, unknown: Dropped {
        provider_data: Slot<'d, Open<'d>> = optional("providerData");
        kind: Tag<'d> = tag("type", &["refusal"]);
        refusal: Slot<'d, Text<'d>> = required("refusal");
    }
}

record! {
    /// An image of the model (`ImageContent`).
    pub struct Image<'d>, unknown: Dropped {
        provider_data: Slot<'d, Open<'d>> = optional("providerData");
        kind: Tag<'d> = tag("type", &["image"]);
        image: Slot<'d, Text<'d>> = required("image");
    }
}

record! {
    /// A thought as a text (`ReasoningText`).
    pub struct ReasoningText<'d>, unknown: Dropped {
        provider_data: Slot<'d, Open<'d>> = optional("providerData");
        kind: Tag<'d> = tag("type", &["reasoning_text"]);
        text: Slot<'d, Text<'d>> = required("text");
    }
}

union! {
    /// A part of a user's message (`UserContent`).
    pub enum UserContent<'d> by tag "type" {
        Text(InputText<'d>);
        Image(InputImage<'d>);
        File(InputFile<'d>);
        Audio(Audio<'d>);
    }
}

union! {
    /// A part of an assistant's message (`AssistantContent`).
    pub enum AssistantContent<'d> by tag "type" {
        Text(OutputText<'d>);
        Refusal(Refusal<'d>);
        Audio(Audio<'d>);
        Image(Image<'d>);
    }
}

union! {
    /// A part of a tool's result.
    pub enum InputPart<'d> by tag "type" {
        Text(InputText<'d>);
        Image(InputImage<'d>);
        File(InputFile<'d>);
    }
}
