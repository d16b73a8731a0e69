//! Calls of the computer tool.

use crate::json::Text;
use crate::record::{Int, List, Slot, Tag, Word, nullish, record, required, tag, union, words};

use super::function::ItemStatus;

record! {
    /// A warning that a person has to acknowledge.
    pub struct SafetyCheck<'d>, unknown: Kept {
        id: Slot<'d, Text<'d>> = required("id");
        code: Slot<'d, Text<'d>> = nullish("code");
        message: Slot<'d, Text<'d>> = nullish("message");
    }
}

words! {
    /// A mouse button.
    pub enum Button {
        Left = "left",
        Right = "right",
        Wheel = "wheel",
        Back = "back",
        Forward = "forward",
    }
}

record! {
    /// A click.
    pub struct Click<'d>, unknown: Kept {
        button: Slot<'d, Word<'d, Button>> = required("button");
        kind: Tag<'d> = tag("type", &["click"]);
        x: Slot<'d, Int<'d>> = required("x");
        y: Slot<'d, Int<'d>> = required("y");
        keys: Slot<'d, List<'d, Text<'d>>> = nullish("keys");
    }
}

record! {
    /// A double click.
    pub struct DoubleClick<'d>, unknown: Kept {
        keys: Slot<'d, List<'d, Text<'d>>> = nullish("keys");
        kind: Tag<'d> = tag("type", &["double_click"]);
        x: Slot<'d, Int<'d>> = required("x");
        y: Slot<'d, Int<'d>> = required("y");
    }
}

record! {
    /// A point of a drag's path.
    pub struct DragPoint<'d>, unknown: Kept {
        x: Slot<'d, Int<'d>> = required("x");
        y: Slot<'d, Int<'d>> = required("y");
    }
}

record! {
    /// A drag along a path.
    pub struct Drag<'d>, unknown: Kept {
        path: Slot<'d, List<'d, DragPoint<'d>>> = required("path");
        kind: Tag<'d> = tag("type", &["drag"]);
        keys: Slot<'d, List<'d, Text<'d>>> = nullish("keys");
    }
}

record! {
    /// Keys pressed together.
    pub struct Keypress<'d>, unknown: Kept {
        keys: Slot<'d, List<'d, Text<'d>>> = required("keys");
        kind: Tag<'d> = tag("type", &["keypress"]);
    }
}

record! {
    /// A move of the mouse.
    pub struct Move<'d>, unknown: Kept {
        kind: Tag<'d> = tag("type", &["move"]);
        x: Slot<'d, Int<'d>> = required("x");
        y: Slot<'d, Int<'d>> = required("y");
        keys: Slot<'d, List<'d, Text<'d>>> = nullish("keys");
    }
}

record! {
    /// A screenshot.
    pub struct Screenshot<'d>, unknown: Kept {
        kind: Tag<'d> = tag("type", &["screenshot"]);
    }
}

record! {
    /// A scroll.
    pub struct Scroll<'d>, unknown: Kept {
        scroll_x: Slot<'d, Int<'d>> = required("scroll_x");
        scroll_y: Slot<'d, Int<'d>> = required("scroll_y");
        kind: Tag<'d> = tag("type", &["scroll"]);
        x: Slot<'d, Int<'d>> = required("x");
        y: Slot<'d, Int<'d>> = required("y");
        keys: Slot<'d, List<'d, Text<'d>>> = nullish("keys");
    }
}

record! {
    /// A text typed.
    pub struct Type<'d>, unknown: Kept {
        text: Slot<'d, Text<'d>> = required("text");
        kind: Tag<'d> = tag("type", &["type"]);
    }
}

record! {
    /// A pause.
    pub struct Wait<'d>, unknown: Kept {
        kind: Tag<'d> = tag("type", &["wait"]);
    }
}

union! {
    /// What the computer tool is to do.
    pub enum ComputerAction<'d> by tag "type" {
        Click(Click<'d>);
        DoubleClick(DoubleClick<'d>);
        Drag(Drag<'d>);
        Keypress(Keypress<'d>);
        Move(Move<'d>);
        Screenshot(Screenshot<'d>);
        Scroll(Scroll<'d>);
        Type(Type<'d>);
        Wait(Wait<'d>);
    }
}

record! {
    /// A call of the computer tool, with one action or several.
    pub struct ComputerCall<'d>, unknown: Kept {
        id: Slot<'d, Text<'d>> = required("id");
        call_id: Slot<'d, Text<'d>> = required("call_id");
        pending_safety_checks: Slot<'d, List<'d, SafetyCheck<'d>>> = required("pending_safety_checks");
        status: Slot<'d, Word<'d, ItemStatus>> = required("status");
        kind: Tag<'d> = tag("type", &["computer_call"]);
        action: Slot<'d, ComputerAction<'d>> = nullish("action");
        actions: Slot<'d, List<'d, ComputerAction<'d>>> = nullish("actions");
    }
}

record! {
    /// A screenshot of the computer.
    pub struct ComputerScreenshot<'d>, unknown: Kept {
        kind: Tag<'d> = tag("type", &["computer_screenshot"]);
        file_id: Slot<'d, Text<'d>> = nullish("file_id");
        image_url: Slot<'d, Text<'d>> = nullish("image_url");
    }
}

words! {
    /// How far a computer call is.
    pub enum ComputerOutputStatus {
        Completed = "completed",
        Incomplete = "incomplete",
        Failed = "failed",
        InProgress = "in_progress",
    }
}

record! {
    /// What the computer showed, as the service reports it.
    pub struct ComputerCallOutput<'d>, unknown: Kept {
        id: Slot<'d, Text<'d>> = required("id");
        call_id: Slot<'d, Text<'d>> = required("call_id");
        output: Slot<'d, ComputerScreenshot<'d>> = required("output");
        status: Slot<'d, Word<'d, ComputerOutputStatus>> = required("status");
        kind: Tag<'d> = tag("type", &["computer_call_output"]);
        acknowledged_safety_checks: Slot<'d, List<'d, SafetyCheck<'d>>> = nullish("acknowledged_safety_checks");
        created_by: Slot<'d, Text<'d>> = nullish("created_by");
    }
}
