//! JSON with nothing lost: positions, digits as written, member order, duplicate keys, lone surrogates,
//! `NaN` and `Infinity`, any depth.
//!
//! [`Document::parse`] turns bytes into a flat tape. A [`Node`] is a copyable handle on one value of it; [`Text`]
//! is a node that is a string. [`Writer`] writes nodes again, in the byte style of either SDK.
//! Nothing here knows what an agent is.
//!
//! ```
//! use runstate::json::Document;
//!
//! let doc = Document::parse(br#"{"amount": 1.50, "note": "\ud800"}"#.to_vec())?;
//! let amount = doc.root().member("amount").expect("a member of the text above");
//! assert_eq!(amount.raw(), "1.50");
//! # Ok::<(), runstate::json::SyntaxError>(())
//! ```

mod duplicates;
mod error;
mod node;
mod number;
mod place;
mod scan;
mod serde;
mod sorted;
mod source;
mod tape;
mod text;
mod tree;
mod walk;
mod write;

pub use self::serde::ReadError;
pub use error::{Found, Problem, SyntaxError};
pub use node::{Elements, Kind, Kinds, Member, Members, Node};
pub use number::Number;
pub(crate) use place::push_step;
pub use place::{Aim, Place, places, pointers};
pub(crate) use sorted::{sorted, sorted_members, sorted_value};
pub use source::{Document, Source};
pub use tape::MAX_BYTES;
pub use text::Text;
pub use tree::{Key, Object, Value};
pub(crate) use walk::{Edit, New, Step, edited};
pub use write::{Style, Writer};
