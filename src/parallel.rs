//! Two things at the same time.

use std::panic::resume_unwind;
use std::sync::{Mutex, PoisonError};
use std::thread::{Builder, available_parallelism, scope};

/// Below this many bytes a thread takes longer to start than it saves.
const LARGE: usize = 512 << 10;
/// As the main thread's: nested runs are read recursively.
const STACK: usize = 8 << 20;

/// Does both, at the same time where the input has enough bytes to be worth a thread and a thread is to be had. The results
/// are the same either way.
pub(crate) fn both<A, B: Send>(bytes: usize, one: impl FnOnce() -> A, two: impl FnOnce() -> B + Send) -> (A, B) {
    if bytes < LARGE || available_parallelism().is_ok_and(|threads| threads.get() == 1) {
        return (one(), two());
    }
    let two = Mutex::new(Some(two));
    // What could not be started is still here.
    let two = || two.lock().unwrap_or_else(PoisonError::into_inner).take().map(|two| two());
    scope(|scope| {
        let other = Builder::new().stack_size(STACK).spawn_scoped(scope, two);
        let one = one();
        let other = match other {
            Ok(other) => other.join().unwrap_or_else(|panic| resume_unwind(panic)),
            Err(_) => two(),
        };
        (one, other.expect("it was taken once"))
    })
}

/// What can be done while something else is.
pub(crate) enum Ahead<T, F> {
    Done(T),
    Later(F),
}

impl<T, F: FnOnce() -> T> Ahead<T, F> {
    /// The result, at the latest now.
    pub(crate) fn done(self) -> T {
        match self {
            Self::Done(done) => done,
            Self::Later(work) => work(),
        }
    }
}

/// Does `one`, and where the input has enough bytes to be worth a thread, at the same time what may be needed behind it.
pub(crate) fn ahead<A, B: Send, F: FnOnce() -> B + Send>(
    bytes: usize,
    one: impl FnOnce() -> A,
    two: F,
) -> (A, Ahead<B, F>) {
    if bytes < LARGE {
        return (one(), Ahead::Later(two));
    }
    let (one, two) = both(bytes, one, two);
    (one, Ahead::Done(two))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_are_done_whatever_the_size() {
        for bytes in [0, LARGE] {
            let text = String::from("two");
            assert_eq!(both(bytes, || 1, || text.as_str()), (1, "two"));
        }
    }

    #[test]
    #[should_panic(expected = "no more")]
    fn a_panic_goes_on() {
        both(LARGE, || (), || panic!("no more"));
    }
}
