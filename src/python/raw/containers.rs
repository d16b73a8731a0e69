//! Definitions of tools that run in a container or make images.

use crate::json::Text;
use crate::record::{Int, List, Slot, Tag, Word, nullish, record, required, tag, union, words};

use super::hosted::{ImageAction, ImageBackground, ImageFormat, ImageQuality};
use super::tools::{Amount, CallerKind};

words! {
    /// The memory of a container.
    pub enum Memory {
        One = "1g",
        Four = "4g",
        Sixteen = "16g",
        SixtyFour = "64g",
    }
}

record! {
    /// A container without network.
    pub struct NetworkDisabled<'d>, unknown: Kept {
        kind: Tag<'d> = tag("type", &["disabled"]);
    }
}

record! {
    /// A secret that the service adds to requests to a domain.
    pub struct DomainSecret<'d>, unknown: Kept {
        domain: Slot<'d, Text<'d>> = required("domain");
        name: Slot<'d, Text<'d>> = required("name");
        value: Slot<'d, Text<'d>> = required("value");
    }
}

record! {
    /// A container that reaches some domains.
    pub struct NetworkAllowlist<'d>, unknown: Kept {
        allowed_domains: Slot<'d, List<'d, Text<'d>>> = required("allowed_domains");
        kind: Tag<'d> = tag("type", &["allowlist"]);
        domain_secrets: Slot<'d, List<'d, DomainSecret<'d>>> = nullish("domain_secrets");
    }
}

union! {
    /// What a container reaches.
    pub enum NetworkPolicy<'d> by tag "type" {
        NetworkDisabled(NetworkDisabled<'d>);
        NetworkAllowlist(NetworkAllowlist<'d>);
    }
}

record! {
    /// A container that the service chooses.
    pub struct AutoContainer<'d>, unknown: Kept {
        kind: Tag<'d> = tag("type", &["auto"]);
        file_ids: Slot<'d, List<'d, Text<'d>>> = nullish("file_ids");
        memory_limit: Slot<'d, Word<'d, Memory>> = nullish("memory_limit");
        network_policy: Slot<'d, NetworkPolicy<'d>> = nullish("network_policy");
    }
}

union! {
    /// The container of a code interpreter, by its id or to be chosen by the service.
    pub enum Container<'d> by kind {
        Id(Text<'d>);
        Auto(AutoContainer<'d>);
    }
}

record! {
    /// The service's code interpreter.
    pub struct CodeInterpreterTool<'d>, unknown: Kept {
        container: Slot<'d, Container<'d>> = required("container");
        kind: Tag<'d> = tag("type", &["code_interpreter"]);
        allowed_callers: Slot<'d, List<'d, Word<'d, CallerKind>>> = nullish("allowed_callers");
    }
}

words! {
    /// How closely an image follows another.
    pub enum Fidelity {
        High = "high",
        Low = "low",
    }
}

record! {
    /// Which part of an image to change.
    pub struct ImageMask<'d>, unknown: Kept {
        file_id: Slot<'d, Text<'d>> = nullish("file_id");
        image_url: Slot<'d, Text<'d>> = nullish("image_url");
    }
}

words! {
    /// How strictly an image is moderated.
    pub enum ModerationLevel {
        Auto = "auto",
        Low = "low",
    }
}

words! {
    /// How long the model thinks.
    pub enum Effort {
        None = "none",
        Minimal = "minimal",
        Low = "low",
        Medium = "medium",
        High = "high",
        Xhigh = "xhigh",
        Max = "max",
    }
}

record! {
    /// How long to think about a vector image.
    pub struct SvgReasoning<'d>, unknown: Kept {
        effort: Slot<'d, Word<'d, Effort>> = nullish("effort");
    }
}

record! {
    /// How to make a vector image.
    pub struct SvgOptions<'d>, unknown: Kept {
        model: Slot<'d, Text<'d>> = nullish("model");
        reasoning: Slot<'d, SvgReasoning<'d>> = nullish("reasoning");
    }
}

record! {
    /// The service's image generation.
    pub struct ImageGenerationTool<'d>, unknown: Kept {
        kind: Tag<'d> = tag("type", &["image_generation"]);
        action: Slot<'d, Word<'d, ImageAction>> = nullish("action");
        background: Slot<'d, Word<'d, ImageBackground>> = nullish("background");
        complexity: Slot<'d, Word<'d, Amount>> = nullish("complexity");
        frame_count: Slot<'d, Int<'d>> = nullish("frame_count");
        frame_duration_ms: Slot<'d, Int<'d>> = nullish("frame_duration_ms");
        input_fidelity: Slot<'d, Word<'d, Fidelity>> = nullish("input_fidelity");
        input_image_mask: Slot<'d, ImageMask<'d>> = nullish("input_image_mask");
        model: Slot<'d, Text<'d>> = nullish("model");
        moderation: Slot<'d, Word<'d, ModerationLevel>> = nullish("moderation");
        output_compression: Slot<'d, Int<'d>> = nullish("output_compression");
        output_format: Slot<'d, Word<'d, ImageFormat>> = nullish("output_format");
        partial_images: Slot<'d, Int<'d>> = nullish("partial_images");
        quality: Slot<'d, Word<'d, ImageQuality>> = nullish("quality");
        size: Slot<'d, Text<'d>> = nullish("size");
        svg: Slot<'d, SvgOptions<'d>> = nullish("svg");
    }
}

record! {
    /// A skill that the service knows.
    pub struct SkillReference<'d>, unknown: Kept {
        skill_id: Slot<'d, Text<'d>> = required("skill_id");
        kind: Tag<'d> = tag("type", &["skill_reference"]);
        version: Slot<'d, Text<'d>> = nullish("version");
    }
}

words! {
    /// The type of an archive.
    pub enum ArchiveType {
        ApplicationZip = "application/zip",
    }
}

record! {
    /// The archive of a skill.
    pub struct InlineSkillSource<'d>, unknown: Kept {
        data: Slot<'d, Text<'d>> = required("data");
        media_type: Slot<'d, Word<'d, ArchiveType>> = required("media_type");
        kind: Tag<'d> = tag("type", &["base64"]);
    }
}

record! {
    /// A skill that comes with the request.
    pub struct InlineSkill<'d>, unknown: Kept {
        description: Slot<'d, Text<'d>> = required("description");
        name: Slot<'d, Text<'d>> = required("name");
        source: Slot<'d, InlineSkillSource<'d>> = required("source");
        kind: Tag<'d> = tag("type", &["inline"]);
    }
}

union! {
    /// A skill for a container.
    pub enum Skill<'d> by tag "type" {
        SkillReference(SkillReference<'d>);
        InlineSkill(InlineSkill<'d>);
    }
}

record! {
    /// The shell runs in a container that the service chooses.
    pub struct ShellContainer<'d>, unknown: Kept {
        kind: Tag<'d> = tag("type", &["container_auto"]);
        file_ids: Slot<'d, List<'d, Text<'d>>> = nullish("file_ids");
        memory_limit: Slot<'d, Word<'d, Memory>> = nullish("memory_limit");
        network_policy: Slot<'d, NetworkPolicy<'d>> = nullish("network_policy");
        skills: Slot<'d, List<'d, Skill<'d>>> = nullish("skills");
    }
}

record! {
    /// A skill in a folder.
    pub struct LocalSkill<'d>, unknown: Kept {
        description: Slot<'d, Text<'d>> = required("description");
        name: Slot<'d, Text<'d>> = required("name");
        path: Slot<'d, Text<'d>> = required("path");
    }
}

record! {
    /// The shell runs where the program runs, with skills.
    pub struct LocalShellEnvironment<'d>, unknown: Kept {
        kind: Tag<'d> = tag("type", &["local"]);
        skills: Slot<'d, List<'d, LocalSkill<'d>>> = nullish("skills");
    }
}

record! {
    /// The shell runs in a container of the service.
    pub struct ContainerEnvironment<'d>, unknown: Kept {
        container_id: Slot<'d, Text<'d>> = required("container_id");
        kind: Tag<'d> = tag("type", &["container_reference"]);
    }
}

union! {
    /// Where the shell tool runs.
    pub enum ShellToolEnvironment<'d> by tag "type" {
        ShellContainer(ShellContainer<'d>);
        LocalShellEnvironment(LocalShellEnvironment<'d>);
        ContainerEnvironment(ContainerEnvironment<'d>);
    }
}

record! {
    /// The shell tool.
    pub struct ShellTool<'d>, unknown: Kept {
        kind: Tag<'d> = tag("type", &["shell"]);
        allowed_callers: Slot<'d, List<'d, Word<'d, CallerKind>>> = nullish("allowed_callers");
        environment: Slot<'d, ShellToolEnvironment<'d>> = nullish("environment");
    }
}
