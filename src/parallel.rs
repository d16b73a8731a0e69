//! Two things at the same time, where the caller has allowed it.

use std::cell::Cell;
use std::panic::resume_unwind;
use std::sync::{Mutex, PoisonError};
use std::thread::{Builder, scope};

/// Below this many bytes a thread takes longer to start than it saves.
const LARGE: usize = 512 << 10;
/// As the main thread's: nested runs are read recursively.
const STACK: usize = 8 << 20;

thread_local! {
    static CORES: Cell<usize> = const { Cell::new(1) };
}

/// Lets what is called in `work`, on this thread, start a few threads for one large state of half a megabyte and more, when
/// `cores` is at least 2. Without this, everything happens on the caller's thread. The results are the same either way.
///
/// ```
/// use runstate::{Validate, on_cores, validate};
///
/// let state = std::fs::read("fixtures/python/1.21/pending-first-turn.json")?;
/// let findings = on_cores(2, || validate(&state, &Validate::default()));
/// assert_eq!(findings, validate(&state, &Validate::default()));
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn on_cores<T>(cores: usize, work: impl FnOnce() -> T) -> T {
    /// Also where `work` panics.
    struct Before(usize);
    impl Drop for Before {
        fn drop(&mut self) {
            CORES.set(self.0);
        }
    }
    let _before = Before(CORES.replace(cores));
    work()
}

/// Does both, at the same time where the input has enough bytes to be worth a thread, and one may and can be started.
pub(crate) fn both<A, B: Send>(bytes: usize, one: impl FnOnce() -> A, two: impl FnOnce() -> B + Send) -> (A, B) {
    let cores = CORES.get();
    if bytes < LARGE || cores < 2 {
        return (one(), two());
    }
    let two = Mutex::new(Some(two));
    // What could not be started is still here.
    let two = || two.lock().unwrap_or_else(PoisonError::into_inner).take().map(|two| on_cores(cores, two));
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

/// Does `one`, and where [`both`] would start a thread, at the same time what may be needed behind it.
pub(crate) fn ahead<A, B: Send, F: FnOnce() -> B + Send>(
    bytes: usize,
    one: impl FnOnce() -> A,
    two: F,
) -> (A, Ahead<B, F>) {
    if bytes < LARGE || CORES.get() < 2 {
        return (one(), Ahead::Later(two));
    }
    let (one, two) = both(bytes, one, two);
    (one, Ahead::Done(two))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_are_done_however_many_cores_there_are() {
        let here = std::thread::current().id();
        for (cores, bytes) in [(1, LARGE), (2, 0), (2, LARGE)] {
            let (one, two) = on_cores(cores, || both(bytes, || "one", || std::thread::current().id()));
            assert_eq!((one, two == here), ("one", cores * bytes < 2 * LARGE));
        }
    }

    #[test]
    #[should_panic(expected = "no more")]
    fn a_panic_goes_on() {
        on_cores(2, || both(LARGE, || (), || panic!("no more")));
    }
}
