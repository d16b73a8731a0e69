//! The macros. They know no option of a row.

/// Declares a record: a struct with one field per row, and what reads, writes and describes it.
macro_rules! record {
    ($(#[doc = $doc:literal])* $vis:vis struct $name:ident<'d>, unknown: $unknown:ident {
        $($(#[doc = $note:literal])* $field:ident: $type:ty = $row:expr;)*
    }) => {
        $(#[doc = $doc])*
        #[non_exhaustive]
        $vis struct $name<'d> {
            $($(#[doc = $note])* #[doc = concat!("\n\nRow: `", stringify!($row), "`")] pub $field: $type,)*
            origin: $crate::json::Node<'d>,
        }

        impl<'d> $crate::record::Record<'d> for $name<'d> {
            const INFO: &'static $crate::record::Info = &$crate::record::Info::new(
                stringify!($name),
                concat!($($doc, "\n"),*),
                $crate::record::Unknown::$unknown,
                &[$($crate::record::Field {
                    row: $row,
                    doc: concat!("", $($note, "\n"),*),
                    shape: <$type as $crate::record::Described>::shape,
                }),*],
            );
            fn blank(origin: $crate::json::Node<'d>) -> Self {
                Self { $($field: <$type as $crate::record::Described>::BLANK,)* origin }
            }
        }

        const _: () = <$name<'static> as $crate::record::Record<'static>>::INFO.checked();

        impl<'d> $crate::record::Rows<'d> for $name<'d> {
            fn info(&self) -> &'static $crate::record::Info {
                <Self as $crate::record::Record<'d>>::INFO
            }
            fn origin(&self) -> $crate::json::Node<'d> {
                self.origin
            }
            fn column(&self, row: usize) -> &dyn $crate::record::Column<'d> {
                let mut at = 0;
                $(if row == at { return &self.$field; } at += 1;)*
                unreachable!("row {row} of {at}")
            }
            fn column_mut(&mut self, row: usize) -> &mut dyn $crate::record::Column<'d> {
                let mut at = 0;
                $(if row == at { return &mut self.$field; } at += 1;)*
                unreachable!("row {row} of {at}")
            }
        }

        impl<'d> $crate::record::Wire<'d> for $name<'d> {
            fn read(node: $crate::json::Node<'d>, cx: &mut $crate::record::Reader<'d>) -> Option<Self> {
                cx.record(node)
            }
            fn write(&self, out: &mut $crate::json::Writer) {
                $crate::record::write(self, out);
            }
            fn node(&self) -> $crate::json::Node<'d> {
                self.origin
            }
            fn claims(key: &str, tag: Option<$crate::json::Text<'d>>) -> bool {
                <Self as $crate::record::Record<'d>>::INFO.claims(key, tag)
            }
            fn kinds() -> $crate::json::Kinds {
                $crate::json::Kinds::OBJECT
            }
            fn shape() -> $crate::record::Shape {
                $crate::record::Shape::Record(<Self as $crate::record::Record<'d>>::INFO)
            }
            fn debug(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                $crate::record::debug(self, f)
            }
        }

        impl ::std::fmt::Debug for $name<'_> {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                $crate::record::debug(self, f)
            }
        }
    };
}

/// Declares a union: an enum over types that are told apart by a tag (`by tag "type"`, then with a variant `Other` for
/// objects with an unknown tag), by their JSON kind (`by kind`), or, for objects without a tag, by the members that are
/// there (`by fields`: the first record all of whose required members are there, else `Other`).
macro_rules! union {
    ($(#[doc = $doc:literal])* $vis:vis enum $name:ident<'d> by tag $tag:literal {
        $($(#[doc = $note:literal])* $variant:ident($type:ty);)*
    }) => {
        $(#[doc = $doc])*
        #[derive(Debug)]
        #[non_exhaustive]
        $vis enum $name<'d> {
            $(#[doc = concat!("A [`", stringify!($type), "`].")] $(#[doc = $note])* $variant($type),)*
            /// An object with an unknown tag or without one.
            Other($crate::json::Node<'d>),
        }
        $crate::record::union!(@wire $name, Some($tag), [$($doc)*], [$($variant($type))*], Self::Other(node) => *node);
        impl<'d> $name<'d> {
            fn choose(node: $crate::json::Node<'d>, cx: &mut $crate::record::Reader<'d>) -> Option<Self> {
                let tag = cx.tag(node, $tag)?;
                // A tag that is no text is not an absent one.
                let known = tag.is_some() || node.member($tag).is_none();
                $(if known && <$type as $crate::record::Wire<'d>>::claims($tag, tag) {
                    return cx.variant::<$type>(node, $tag).map(Self::$variant);
                })*
                cx.unknown_tag(node, $tag, <Self as $crate::record::Wire<'d>>::shape());
                Some(Self::Other(node))
            }
        }
    };
    ($(#[doc = $doc:literal])* $vis:vis enum $name:ident<'d> by kind {
        $($(#[doc = $note:literal])* $variant:ident($type:ty);)*
    }) => {
        $(#[doc = $doc])*
        #[derive(Debug)]
        #[non_exhaustive]
        $vis enum $name<'d> {
            $(#[doc = concat!("A [`", stringify!($type), "`].")] $(#[doc = $note])* $variant($type),)*
        }
        $crate::record::union!(@wire $name, None, [$($doc)*], [$($variant($type))*],);
        impl<'d> $name<'d> {
            fn choose(node: $crate::json::Node<'d>, cx: &mut $crate::record::Reader<'d>) -> Option<Self> {
                $(if <$type as $crate::record::Wire<'d>>::kinds().has(node.kind()) {
                    return <$type as $crate::record::Wire<'d>>::read(node, cx).map(Self::$variant);
                })*
                None
            }
        }
    };
    ($(#[doc = $doc:literal])* $vis:vis enum $name:ident<'d> by fields {
        $($(#[doc = $note:literal])* $variant:ident($type:ty);)*
    }) => {
        $(#[doc = $doc])*
        #[derive(Debug)]
        #[non_exhaustive]
        $vis enum $name<'d> {
            $(#[doc = concat!("A [`", stringify!($type), "`].")] $(#[doc = $note])* $variant($type),)*
            /// An object that lacks members of every record.
            Other($crate::json::Node<'d>),
        }
        $crate::record::union!(@wire $name, None, [$($doc)*], [$($variant($type))*], Self::Other(node) => *node);
        impl<'d> $name<'d> {
            fn choose(node: $crate::json::Node<'d>, cx: &mut $crate::record::Reader<'d>) -> Option<Self> {
                if node.kind() != $crate::json::Kind::Object {
                    return None;
                }
                $(if <$type as $crate::record::Record<'d>>::INFO.has_fields_of(node, cx.label) {
                    return <$type as $crate::record::Wire<'d>>::read(node, cx).map(Self::$variant);
                })*
                cx.no_record(node, <Self as $crate::record::Wire<'d>>::shape());
                Some(Self::Other(node))
            }
        }
    };
    (@wire $name:ident, $tag:expr, [$($doc:literal)*], [$($variant:ident($type:ty))*], $($other:pat => $node:expr)?) => {
        impl<'d> $crate::record::Wire<'d> for $name<'d> {
            fn read(node: $crate::json::Node<'d>, cx: &mut $crate::record::Reader<'d>) -> Option<Self> {
                Self::choose(node, cx)
            }
            fn write(&self, out: &mut $crate::json::Writer) {
                match self {
                    $(Self::$variant(value) => $crate::record::Wire::write(value, out),)*
                    $($other => out.node($node),)?
                }
            }
            fn node(&self) -> $crate::json::Node<'d> {
                match self {
                    $(Self::$variant(value) => $crate::record::Wire::node(value),)*
                    $($other => $node,)?
                }
            }
            fn kinds() -> $crate::json::Kinds {
                $crate::json::Kinds::NONE$(.or(<$type as $crate::record::Wire<'d>>::kinds()))*
            }
            fn shape() -> $crate::record::Shape {
                $crate::record::Shape::Union(&$crate::record::Choices {
                    name: stringify!($name),
                    doc: concat!($($doc, "\n"),*),
                    tag: $tag,
                    shapes: &[$(<$type as $crate::record::Wire<'d>>::shape),*],
                })
            }
            fn debug(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                match self {
                    $(Self::$variant(value) => $crate::record::Wire::debug(value, f),)*
                    $($other => write!(f, "Other({:?})", $node),)?
                }
            }
        }
    };
}

/// What is left to say of a type that is read in a way of its own and is otherwise the value in it: everything of its
/// [`Wire`](super::Wire) but `read`.
macro_rules! forward {
    ($inner:ty, $own:ident => $value:expr) => {
        const TAKES_NULL: bool = <$inner as $crate::record::Wire<'d>>::TAKES_NULL;

        fn write(&self, out: &mut $crate::json::Writer) {
            let $own = self;
            $crate::record::Wire::write(&$value, out);
        }
        fn node(&self) -> $crate::json::Node<'d> {
            let $own = self;
            $crate::record::Wire::node(&$value)
        }
        fn shape() -> $crate::record::Shape {
            <$inner as $crate::record::Wire<'d>>::shape()
        }
        fn kinds() -> $crate::json::Kinds {
            <$inner as $crate::record::Wire<'d>>::kinds()
        }
        fn coerced(node: $crate::json::Node<'d>, cx: &$crate::record::Reader<'d>) -> bool {
            <$inner as $crate::record::Wire<'d>>::coerced(node, cx)
        }
        fn claims(key: &str, tag: Option<$crate::json::Text<'d>>) -> bool {
            <$inner as $crate::record::Wire<'d>>::claims(key, tag)
        }
        fn debug(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
            let $own = self;
            $crate::record::Wire::debug(&$value, f)
        }
    };
}

pub(crate) use {forward, record, union};
