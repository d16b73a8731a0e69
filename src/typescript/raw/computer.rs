//! What a model does with a computer (`computerActions`).

use crate::json::Text;
use crate::record::{List, Slot, Tag, Word, record, required, tag, union, words};

use super::super::values::Finite;

words! {
    /// A button of the mouse.
    pub enum Button { Left = "left", Right = "right", Wheel = "wheel", Back = "back", Forward = "forward" }
}

record! {
    /// A place on the screen.
    pub struct Point<'d>, unknown: Dropped {
        x: Slot<'d, Finite<'d>> = required("x");
        y: Slot<'d, Finite<'d>> = required("y");
    }
}

record! {
    /// Takes a picture of the screen.
    pub struct Screenshot<'d>, unknown: Dropped {
        kind: Tag<'d> = tag("type", &["screenshot"]);
    }
}

record! {
    /// Clicks.
    pub struct Click<'d>, unknown: Dropped {
        kind: Tag<'d> = tag("type", &["click"]);
        x: Slot<'d, Finite<'d>> = required("x");
        y: Slot<'d, Finite<'d>> = required("y");
        button: Slot<'d, Word<'d, Button>> = required("button");
    }
}

record! {
    /// Clicks twice.
    pub struct DoubleClick<'d>, unknown: Dropped {
        kind: Tag<'d> = tag("type", &["double_click"]);
        x: Slot<'d, Finite<'d>> = required("x");
        y: Slot<'d, Finite<'d>> = required("y");
    }
}

record! {
    /// Scrolls.
    pub struct Scroll<'d>, unknown: Dropped {
        kind: Tag<'d> = tag("type", &["scroll"]);
        x: Slot<'d, Finite<'d>> = required("x");
        y: Slot<'d, Finite<'d>> = required("y");
        scroll_x: Slot<'d, Finite<'d>> = required("scroll_x");
        scroll_y: Slot<'d, Finite<'d>> = required("scroll_y");
    }
}

record! {
    /// Types a text.
    pub struct TypeText<'d>, unknown: Dropped {
        kind: Tag<'d> = tag("type", &["type"]);
        text: Slot<'d, Text<'d>> = required("text");
    }
}

record! {
    /// Waits.
    pub struct Wait<'d>, unknown: Dropped {
        kind: Tag<'d> = tag("type", &["wait"]);
    }
}

record! {
    /// Moves the mouse.
    pub struct Move<'d>, unknown: Dropped {
        kind: Tag<'d> = tag("type", &["move"]);
        x: Slot<'d, Finite<'d>> = required("x");
        y: Slot<'d, Finite<'d>> = required("y");
    }
}

record! {
    /// Presses keys.
    pub struct Keypress<'d>, unknown: Dropped {
        kind: Tag<'d> = tag("type", &["keypress"]);
        keys: Slot<'d, List<'d, Text<'d>>> = required("keys");
    }
}

record! {
    /// Drags along a path.
    pub struct Drag<'d>, unknown: Dropped {
        kind: Tag<'d> = tag("type", &["drag"]);
        path: Slot<'d, List<'d, Point<'d>>> = required("path");
    }
}

union! {
    /// One action on a computer.
    pub enum ComputerActionItem<'d> by tag "type" {
        Screenshot(Screenshot<'d>);
        Click(Click<'d>);
        DoubleClick(DoubleClick<'d>);
        Scroll(Scroll<'d>);
        Type(TypeText<'d>);
        Wait(Wait<'d>);
        Move(Move<'d>);
        Keypress(Keypress<'d>);
        Drag(Drag<'d>);
    }
}
