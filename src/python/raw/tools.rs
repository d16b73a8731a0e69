//! Definitions of tools, as a search for tools returns them.

use crate::json::{Node, Text};
use crate::record::{Flag, Float, Int, List, Map, Open, Slot, Tag, Word, nullish, record, required, tag, union, words};

use super::containers::{CodeInterpreterTool, ImageGenerationTool, ShellTool};
use super::search::Execution;

words! {
    /// Who may call a tool.
    pub enum CallerKind {
        Direct = "direct",
        Programmatic = "programmatic",
    }
}

record! {
    /// A function tool.
    pub struct FunctionTool<'d>, unknown: Kept {
        name: Slot<'d, Text<'d>> = required("name");
        parameters: Slot<'d, Open<'d>> = nullish("parameters");
        strict: Slot<'d, Flag<'d>> = nullish("strict");
        kind: Tag<'d> = tag("type", &["function"]);
        allowed_callers: Slot<'d, List<'d, Word<'d, CallerKind>>> = nullish("allowed_callers");
        asynchronous: Slot<'d, Flag<'d>> = nullish("async_");
        defer_loading: Slot<'d, Flag<'d>> = nullish("defer_loading");
        description: Slot<'d, Text<'d>> = nullish("description");
        output_schema: Slot<'d, Open<'d>> = nullish("output_schema");
    }
}

union! {
    /// What a file's attribute is compared with.
    pub enum FilterValue<'d> by kind {
        Text(Text<'d>);
        Number(Float<'d>);
        Flag(Flag<'d>);
        OneOf(List<'d, FilterChoice<'d>>);
    }
}

union! {
    /// One of several values that a file's attribute is compared with.
    pub enum FilterChoice<'d> by kind {
        Text(Text<'d>);
        Number(Float<'d>);
    }
}

record! {
    /// A comparison of a file's attribute.
    pub struct ComparisonFilter<'d>, unknown: Kept {
        key: Slot<'d, Text<'d>> = required("key");
        kind: Tag<'d> = tag("type", &["eq", "ne", "gt", "gte", "lt", "lte", "in", "nin"]);
        value: Slot<'d, FilterValue<'d>> = required("value");
    }
}

record! {
    /// Filters joined by and or or.
    pub struct CompoundFilter<'d>, unknown: Kept {
        filters: Slot<'d, List<'d, Node<'d>>> = required("filters");
        kind: Tag<'d> = tag("type", &["and", "or"]);
    }
}

union! {
    /// A filter of files.
    pub enum FileFilter<'d> by tag "type" {
        ComparisonFilter(ComparisonFilter<'d>);
        CompoundFilter(CompoundFilter<'d>);
    }
}

record! {
    /// How much meaning and words weigh in a search.
    pub struct HybridSearch<'d>, unknown: Kept {
        embedding_weight: Slot<'d, Float<'d>> = required("embedding_weight");
        text_weight: Slot<'d, Float<'d>> = required("text_weight");
    }
}

words! {
    /// Which ranker a search uses.
    pub enum Ranker {
        Auto = "auto",
        Default20241115 = "default-2024-11-15",
    }
}

record! {
    /// How a file search ranks.
    pub struct RankingOptions<'d>, unknown: Kept {
        hybrid_search: Slot<'d, HybridSearch<'d>> = nullish("hybrid_search");
        ranker: Slot<'d, Word<'d, Ranker>> = nullish("ranker");
        score_threshold: Slot<'d, Float<'d>> = nullish("score_threshold");
    }
}

record! {
    /// The service's file search.
    pub struct FileSearchTool<'d>, unknown: Kept {
        kind: Tag<'d> = tag("type", &["file_search"]);
        vector_store_ids: Slot<'d, List<'d, Text<'d>>> = required("vector_store_ids");
        filters: Slot<'d, FileFilter<'d>> = nullish("filters");
        max_num_results: Slot<'d, Int<'d>> = nullish("max_num_results");
        ranking_options: Slot<'d, RankingOptions<'d>> = nullish("ranking_options");
    }
}

record! {
    /// The computer tool.
    pub struct ComputerTool<'d>, unknown: Kept {
        kind: Tag<'d> = tag("type", &["computer"]);
    }
}

words! {
    /// What kind of computer it is.
    pub enum Screen {
        Windows = "windows",
        Mac = "mac",
        Linux = "linux",
        Ubuntu = "ubuntu",
        Browser = "browser",
    }
}

record! {
    /// The computer tool under its first name.
    pub struct ComputerUsePreviewTool<'d>, unknown: Kept {
        display_height: Slot<'d, Int<'d>> = required("display_height");
        display_width: Slot<'d, Int<'d>> = required("display_width");
        environment: Slot<'d, Word<'d, Screen>> = required("environment");
        kind: Tag<'d> = tag("type", &["computer_use_preview"]);
    }
}

record! {
    /// Which sites a web search looks at.
    pub struct WebFilters<'d>, unknown: Kept {
        allowed_domains: Slot<'d, List<'d, Text<'d>>> = nullish("allowed_domains");
    }
}

words! {
    /// How much of something.
    pub enum Amount {
        Low = "low",
        Medium = "medium",
        High = "high",
    }
}

words! {
    /// The only kind of location.
    pub enum Approximate {
        Approximate = "approximate",
    }
}

record! {
    /// About where the user is.
    pub struct UserLocation<'d>, unknown: Kept {
        city: Slot<'d, Text<'d>> = nullish("city");
        country: Slot<'d, Text<'d>> = nullish("country");
        region: Slot<'d, Text<'d>> = nullish("region");
        timezone: Slot<'d, Text<'d>> = nullish("timezone");
        kind: Slot<'d, Word<'d, Approximate>> = nullish("type");
    }
}

record! {
    /// The service's web search.
    pub struct WebSearchTool<'d>, unknown: Kept {
        kind: Tag<'d> = tag("type", &["web_search", "web_search_2025_08_26"]);
        external_web_access: Slot<'d, Flag<'d>> = nullish("external_web_access");
        filters: Slot<'d, WebFilters<'d>> = nullish("filters");
        search_context_size: Slot<'d, Word<'d, Amount>> = nullish("search_context_size");
        user_location: Slot<'d, UserLocation<'d>> = nullish("user_location");
    }
}

record! {
    /// Which tools of an MCP server may be called.
    pub struct McpToolFilter<'d>, unknown: Kept {
        read_only: Slot<'d, Flag<'d>> = nullish("read_only");
        tool_names: Slot<'d, List<'d, Text<'d>>> = nullish("tool_names");
    }
}

union! {
    /// Which tools of an MCP server may be called.
    pub enum AllowedTools<'d> by kind {
        Names(List<'d, Text<'d>>);
        Filter(McpToolFilter<'d>);
    }
}

words! {
    /// A connector of the service.
    pub enum Connector {
        Dropbox = "connector_dropbox",
        Gmail = "connector_gmail",
        Googlecalendar = "connector_googlecalendar",
        Googledrive = "connector_googledrive",
        Microsoftteams = "connector_microsoftteams",
        Outlookcalendar = "connector_outlookcalendar",
        Outlookemail = "connector_outlookemail",
        Sharepoint = "connector_sharepoint",
    }
}

record! {
    /// Which tools of an MCP server ask for approval.
    pub struct McpApprovalFilter<'d>, unknown: Kept {
        always: Slot<'d, McpToolFilter<'d>> = nullish("always");
        never: Slot<'d, McpToolFilter<'d>> = nullish("never");
    }
}

words! {
    /// When an MCP server asks for approval.
    pub enum ApprovalMode {
        Always = "always",
        Never = "never",
    }
}

union! {
    /// When an MCP server asks for approval.
    pub enum RequireApproval<'d> by kind {
        Mode(Word<'d, ApprovalMode>);
        Filter(McpApprovalFilter<'d>);
    }
}

record! {
    /// An MCP server that the service calls.
    pub struct McpTool<'d>, unknown: Kept {
        server_label: Slot<'d, Text<'d>> = required("server_label");
        kind: Tag<'d> = tag("type", &["mcp"]);
        allowed_callers: Slot<'d, List<'d, Word<'d, CallerKind>>> = nullish("allowed_callers");
        allowed_tools: Slot<'d, AllowedTools<'d>> = nullish("allowed_tools");
        authorization: Slot<'d, Text<'d>> = nullish("authorization");
        connector_id: Slot<'d, Word<'d, Connector>> = nullish("connector_id");
        defer_loading: Slot<'d, Flag<'d>> = nullish("defer_loading");
        headers: Slot<'d, Map<'d, Text<'d>>> = nullish("headers");
        require_approval: Slot<'d, RequireApproval<'d>> = nullish("require_approval");
        server_description: Slot<'d, Text<'d>> = nullish("server_description");
        server_url: Slot<'d, Text<'d>> = nullish("server_url");
        tunnel_id: Slot<'d, Text<'d>> = nullish("tunnel_id");
    }
}

record! {
    /// The model may write programs that call tools.
    pub struct ProgrammaticToolCalling<'d>, unknown: Kept {
        kind: Tag<'d> = tag("type", &["programmatic_tool_calling"]);
    }
}

record! {
    /// The local shell tool.
    pub struct LocalShellTool<'d>, unknown: Kept {
        kind: Tag<'d> = tag("type", &["local_shell"]);
    }
}

record! {
    /// A custom tool takes any text.
    pub struct TextFormat<'d>, unknown: Kept {
        kind: Tag<'d> = tag("type", &["text"]);
    }
}

words! {
    /// The syntax of a grammar.
    pub enum GrammarSyntax {
        Lark = "lark",
        Regex = "regex",
    }
}

record! {
    /// A custom tool takes texts of a grammar.
    pub struct GrammarFormat<'d>, unknown: Kept {
        definition: Slot<'d, Text<'d>> = required("definition");
        syntax: Slot<'d, Word<'d, GrammarSyntax>> = required("syntax");
        kind: Tag<'d> = tag("type", &["grammar"]);
    }
}

union! {
    /// What a custom tool takes.
    pub enum CustomFormat<'d> by tag "type" {
        TextFormat(TextFormat<'d>);
        GrammarFormat(GrammarFormat<'d>);
    }
}

record! {
    /// A custom tool.
    pub struct CustomTool<'d>, unknown: Kept {
        name: Slot<'d, Text<'d>> = required("name");
        kind: Tag<'d> = tag("type", &["custom"]);
        allowed_callers: Slot<'d, List<'d, Word<'d, CallerKind>>> = nullish("allowed_callers");
        asynchronous: Slot<'d, Flag<'d>> = nullish("async_");
        defer_loading: Slot<'d, Flag<'d>> = nullish("defer_loading");
        description: Slot<'d, Text<'d>> = nullish("description");
        format: Slot<'d, CustomFormat<'d>> = nullish("format");
    }
}

record! {
    /// A function tool of a group.
    pub struct NamespacedFunction<'d>, unknown: Kept {
        name: Slot<'d, Text<'d>> = required("name");
        kind: Tag<'d> = tag("type", &["function"]);
        allowed_callers: Slot<'d, List<'d, Word<'d, CallerKind>>> = nullish("allowed_callers");
        asynchronous: Slot<'d, Flag<'d>> = nullish("async_");
        defer_loading: Slot<'d, Flag<'d>> = nullish("defer_loading");
        description: Slot<'d, Text<'d>> = nullish("description");
        output_schema: Slot<'d, Open<'d>> = nullish("output_schema");
        parameters: Slot<'d, Node<'d>> = nullish("parameters");
        strict: Slot<'d, Flag<'d>> = nullish("strict");
    }
}

union! {
    /// A tool of a group.
    pub enum NamespacedTool<'d> by tag "type" {
        NamespacedFunction(NamespacedFunction<'d>);
        CustomTool(CustomTool<'d>);
    }
}

record! {
    /// A group of tools.
    pub struct NamespaceTool<'d>, unknown: Kept {
        description: Slot<'d, Text<'d>> = required("description");
        name: Slot<'d, Text<'d>> = required("name");
        tools: Slot<'d, List<'d, NamespacedTool<'d>>> = required("tools");
        kind: Tag<'d> = tag("type", &["namespace"]);
    }
}

record! {
    /// The search for tools.
    pub struct ToolSearchTool<'d>, unknown: Kept {
        kind: Tag<'d> = tag("type", &["tool_search"]);
        description: Slot<'d, Text<'d>> = nullish("description");
        execution: Slot<'d, Word<'d, Execution>> = nullish("execution");
        parameters: Slot<'d, Node<'d>> = nullish("parameters");
    }
}

words! {
    /// What a web search looks for.
    pub enum SearchContent {
        Text = "text",
        Image = "image",
    }
}

record! {
    /// About where the user is, for the first web search.
    pub struct PreviewUserLocation<'d>, unknown: Kept {
        kind: Tag<'d> = tag("type", &["approximate"]);
        city: Slot<'d, Text<'d>> = nullish("city");
        country: Slot<'d, Text<'d>> = nullish("country");
        region: Slot<'d, Text<'d>> = nullish("region");
        timezone: Slot<'d, Text<'d>> = nullish("timezone");
    }
}

record! {
    /// The service's web search under its first name.
    pub struct WebSearchPreviewTool<'d>, unknown: Kept {
        kind: Tag<'d> = tag("type", &["web_search_preview", "web_search_preview_2025_03_11"]);
        search_content_types: Slot<'d, List<'d, Word<'d, SearchContent>>> = nullish("search_content_types");
        search_context_size: Slot<'d, Word<'d, Amount>> = nullish("search_context_size");
        user_location: Slot<'d, PreviewUserLocation<'d>> = nullish("user_location");
    }
}

record! {
    /// The patch tool.
    pub struct ApplyPatchTool<'d>, unknown: Kept {
        kind: Tag<'d> = tag("type", &["apply_patch"]);
        allowed_callers: Slot<'d, List<'d, Word<'d, CallerKind>>> = nullish("allowed_callers");
    }
}

union! {
    /// A tool as the service knows it.
    pub enum ToolDefinition<'d> by tag "type" {
        FunctionTool(FunctionTool<'d>);
        FileSearchTool(FileSearchTool<'d>);
        ComputerTool(ComputerTool<'d>);
        ComputerUsePreviewTool(ComputerUsePreviewTool<'d>);
        WebSearchTool(WebSearchTool<'d>);
        McpTool(McpTool<'d>);
        CodeInterpreterTool(CodeInterpreterTool<'d>);
        ProgrammaticToolCalling(ProgrammaticToolCalling<'d>);
        ImageGenerationTool(ImageGenerationTool<'d>);
        LocalShellTool(LocalShellTool<'d>);
        ShellTool(ShellTool<'d>);
        CustomTool(CustomTool<'d>);
        NamespaceTool(NamespaceTool<'d>);
        ToolSearchTool(ToolSearchTool<'d>);
        WebSearchPreviewTool(WebSearchPreviewTool<'d>);
        ApplyPatchTool(ApplyPatchTool<'d>);
    }
}
