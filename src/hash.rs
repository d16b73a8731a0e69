//! Maps and sets of what stands in a state: hashed fast, with a seed of their own so that no state can be made to collide.

use foldhash::quality::RandomState;

pub(crate) type HashMap<K, V> = std::collections::HashMap<K, V, RandomState>;
pub(crate) type HashSet<K> = std::collections::HashSet<K, RandomState>;
