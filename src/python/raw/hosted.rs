//! Calls of tools that the service runs itself.

use crate::json::Text;
use crate::record::{Flag, Float, Int, List, Map, Slot, Tag, Word, nullish, record, required, tag, union, words};

words! {
    /// How far a file search is.
    pub enum SearchStatus {
        InProgress = "in_progress",
        Searching = "searching",
        Completed = "completed",
        Incomplete = "incomplete",
        Failed = "failed",
    }
}

union! {
    /// An attribute of a file.
    pub enum Attribute<'d> by kind {
        Text(Text<'d>);
        Number(Float<'d>);
        Flag(Flag<'d>);
    }
}

record! {
    /// A passage that a file search found.
    pub struct FileSearchResult<'d>, unknown: Kept {
        attributes: Slot<'d, Map<'d, Attribute<'d>>> = nullish("attributes");
        file_id: Slot<'d, Text<'d>> = nullish("file_id");
        filename: Slot<'d, Text<'d>> = nullish("filename");
        score: Slot<'d, Float<'d>> = nullish("score");
        text: Slot<'d, Text<'d>> = nullish("text");
    }
}

record! {
    /// A file search of the service.
    pub struct FileSearchCall<'d>, unknown: Kept {
        id: Slot<'d, Text<'d>> = required("id");
        queries: Slot<'d, List<'d, Text<'d>>> = required("queries");
        status: Slot<'d, Word<'d, SearchStatus>> = required("status");
        kind: Tag<'d> = tag("type", &["file_search_call"]);
        results: Slot<'d, List<'d, FileSearchResult<'d>>> = nullish("results");
    }
}

record! {
    /// A page that a search used.
    pub struct WebSource<'d>, unknown: Kept {
        kind: Tag<'d> = tag("type", &["url"]);
        url: Slot<'d, Text<'d>> = required("url");
    }
}

record! {
    /// A search with one or more queries.
    pub struct WebSearch<'d>, unknown: Kept {
        kind: Tag<'d> = tag("type", &["search"]);
        queries: Slot<'d, List<'d, Text<'d>>> = nullish("queries");
        query: Slot<'d, Text<'d>> = nullish("query");
        sources: Slot<'d, List<'d, WebSource<'d>>> = nullish("sources");
    }
}

record! {
    /// A page was opened.
    pub struct OpenPage<'d>, unknown: Kept {
        kind: Tag<'d> = tag("type", &["open_page"]);
        url: Slot<'d, Text<'d>> = nullish("url");
    }
}

record! {
    /// A text was looked for in a page.
    pub struct FindInPage<'d>, unknown: Kept {
        pattern: Slot<'d, Text<'d>> = required("pattern");
        kind: Tag<'d> = tag("type", &["find_in_page"]);
        url: Slot<'d, Text<'d>> = required("url");
    }
}

union! {
    /// What a web search did.
    pub enum WebAction<'d> by tag "type" {
        WebSearch(WebSearch<'d>);
        OpenPage(OpenPage<'d>);
        FindInPage(FindInPage<'d>);
    }
}

words! {
    /// How far a web search is.
    pub enum WebSearchStatus {
        InProgress = "in_progress",
        Searching = "searching",
        Completed = "completed",
        Failed = "failed",
        Incomplete = "incomplete",
    }
}

record! {
    /// A web search of the service.
    pub struct WebSearchCall<'d>, unknown: Kept {
        id: Slot<'d, Text<'d>> = required("id");
        action: Slot<'d, WebAction<'d>> = required("action");
        status: Slot<'d, Word<'d, WebSearchStatus>> = required("status");
        kind: Tag<'d> = tag("type", &["web_search_call"]);
    }
}

words! {
    /// What was done to an image.
    pub enum ImageAction {
        Generate = "generate",
        Edit = "edit",
        Auto = "auto",
    }
}

words! {
    /// The background of an image.
    pub enum ImageBackground {
        Transparent = "transparent",
        Opaque = "opaque",
        Auto = "auto",
    }
}

words! {
    /// The format of an image.
    pub enum ImageFormat {
        Png = "png",
        Webp = "webp",
        Jpeg = "jpeg",
        Gif = "gif",
        Svg = "svg",
    }
}

words! {
    /// The quality of an image.
    pub enum ImageQuality {
        Low = "low",
        Medium = "medium",
        High = "high",
        Xhigh = "xhigh",
        Max = "max",
        Auto = "auto",
    }
}

words! {
    /// How far an image is.
    pub enum ImageStatus {
        InProgress = "in_progress",
        Completed = "completed",
        Generating = "generating",
        Failed = "failed",
    }
}

words! {
    /// When an image was moderated.
    pub enum ModerationStage {
        Input = "input",
        Output = "output",
        Unknown = "unknown",
    }
}

record! {
    /// What the moderation of an image found.
    pub struct ImageModeration<'d>, unknown: Kept {
        categories: Slot<'d, List<'d, Text<'d>>> = required("categories");
        moderation_stage: Slot<'d, Word<'d, ModerationStage>> = required("moderation_stage");
    }
}

record! {
    /// Why there is no image.
    pub struct ImageError<'d>, unknown: Kept {
        code: Slot<'d, Text<'d>> = nullish("code");
        message: Slot<'d, Text<'d>> = required("message");
        param: Slot<'d, Text<'d>> = nullish("param");
        kind: Slot<'d, Text<'d>> = required("type");
        moderation_details: Slot<'d, ImageModeration<'d>> = nullish("moderation_details");
    }
}

record! {
    /// The tokens that a vector image took.
    pub struct SvgUsage<'d>, unknown: Kept {
        input_tokens: Slot<'d, Int<'d>> = required("input_tokens");
        model: Slot<'d, Text<'d>> = required("model");
        output_tokens: Slot<'d, Int<'d>> = required("output_tokens");
        reasoning_tokens: Slot<'d, Int<'d>> = required("reasoning_tokens");
        total_tokens: Slot<'d, Int<'d>> = required("total_tokens");
    }
}

record! {
    /// An image that the service made.
    pub struct ImageGenerationCall<'d>, unknown: Kept {
        id: Slot<'d, Text<'d>> = required("id");
        result: Slot<'d, Text<'d>> = nullish("result");
        status: Slot<'d, Word<'d, ImageStatus>> = required("status");
        kind: Tag<'d> = tag("type", &["image_generation_call"]);
        action: Slot<'d, Word<'d, ImageAction>> = nullish("action");
        background: Slot<'d, Word<'d, ImageBackground>> = nullish("background");
        error: Slot<'d, ImageError<'d>> = nullish("error");
        output_format: Slot<'d, Word<'d, ImageFormat>> = nullish("output_format");
        quality: Slot<'d, Word<'d, ImageQuality>> = nullish("quality");
        revised_prompt: Slot<'d, Text<'d>> = nullish("revised_prompt");
        size: Slot<'d, Text<'d>> = nullish("size");
        svg_usage: Slot<'d, SvgUsage<'d>> = nullish("svg_usage");
    }
}

record! {
    /// What the code printed.
    pub struct CodeLogs<'d>, unknown: Kept {
        logs: Slot<'d, Text<'d>> = required("logs");
        kind: Tag<'d> = tag("type", &["logs"]);
    }
}

record! {
    /// An image that the code made.
    pub struct CodeImage<'d>, unknown: Kept {
        kind: Tag<'d> = tag("type", &["image"]);
        url: Slot<'d, Text<'d>> = required("url");
    }
}

union! {
    /// What a code interpreter put out.
    pub enum CodeOutput<'d> by tag "type" {
        CodeLogs(CodeLogs<'d>);
        CodeImage(CodeImage<'d>);
    }
}

words! {
    /// How far a code interpreter is.
    pub enum CodeStatus {
        InProgress = "in_progress",
        Completed = "completed",
        Incomplete = "incomplete",
        Interpreting = "interpreting",
        Failed = "failed",
    }
}

record! {
    /// A run of the service's code interpreter.
    pub struct CodeInterpreterCall<'d>, unknown: Kept {
        id: Slot<'d, Text<'d>> = required("id");
        code: Slot<'d, Text<'d>> = nullish("code");
        container_id: Slot<'d, Text<'d>> = required("container_id");
        outputs: Slot<'d, List<'d, CodeOutput<'d>>> = nullish("outputs");
        status: Slot<'d, Word<'d, CodeStatus>> = required("status");
        kind: Tag<'d> = tag("type", &["code_interpreter_call"]);
    }
}
