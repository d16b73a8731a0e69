//! Two things at the same time, where the caller has allowed it.

pub(crate) use threads::join;

/// Below this many bytes another core takes longer to notice than it saves.
const LARGE: usize = 256 << 10;

/// Lets what is called in `work` use so many cores, or with 0 all of them, for one large state, of a quarter of a megabyte and
/// more: it is called on a thread of a rayon pool that is started for it. What already runs in a rayon pool uses the threads of that one, and needs
/// no such call. Everywhere else, and without the feature `parallel`, everything happens on the caller's thread. The results
/// are the same either way.
///
/// ```
/// use runstate::{Validate, on_cores, validate};
///
/// let state = std::fs::read("fixtures/python/1.21/pending-first-turn.json")?;
/// let findings = on_cores(2, || validate(&state, &Validate::default()));
/// assert_eq!(findings, validate(&state, &Validate::default()));
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn on_cores<T: Send>(cores: usize, work: impl FnOnce() -> T + Send) -> T {
    threads::run(cores, work)
}

/// Whether [`both`] would ask another thread for so many bytes.
pub(crate) fn is_worth_it(bytes: usize) -> bool {
    bytes >= LARGE && threads::are_there()
}

/// Does both, at the same time where the input has enough bytes to be worth it, and this is one of several threads. What
/// others may wait for, such as the initial value of a cell, must not be made in here: while one of them is waited for, this
/// thread may do anything else that is to be done.
pub(crate) fn both<A: Send, B: Send>(
    bytes: usize,
    one: impl FnOnce() -> A + Send,
    two: impl FnOnce() -> B + Send,
) -> (A, B) {
    match is_worth_it(bytes) {
        true => join(one, two),
        false => (one(), two()),
    }
}

/// Whether a list has enough elements for its halves to be worth two threads, where there are some.
pub(crate) fn is_long(elements: usize) -> bool {
    const LONG: usize = 256;
    elements >= LONG && threads::are_there()
}

/// Does something with a list, or at the same time with both halves of a long one; what comes of it, in order.
pub(crate) fn parts<T: Send, R: Send>(list: Vec<T>, part: impl Fn(Vec<T>) -> R + Sync) -> impl Iterator<Item = R> {
    if !is_long(list.len()) {
        return [Some(part(list)), None].into_iter().flatten();
    }
    let mut first = list;
    let second = first.split_off(first.len() / 2);
    let (one, two) = join(|| part(first), || part(second));
    [Some(one), Some(two)].into_iter().flatten()
}

/// Every element as `each` makes it, in order.
pub(crate) fn map<T: Send, U: Send>(list: Vec<T>, each: impl Fn(T) -> U + Sync) -> Vec<U> {
    parts(list, |list| list.into_iter().map(&each).collect::<Vec<U>>()).flatten().collect()
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

/// Does `one`, and where [`both`] would ask another thread, at the same time what may be needed behind it.
pub(crate) fn ahead<A: Send, B: Send, F: FnOnce() -> B + Send>(
    bytes: usize,
    one: impl FnOnce() -> A + Send,
    two: F,
) -> (A, Ahead<B, F>) {
    if !is_worth_it(bytes) {
        return (one(), Ahead::Later(two));
    }
    let (one, two) = join(one, two);
    (one, Ahead::Done(two))
}

#[cfg(feature = "parallel")]
mod threads {
    use rayon::ThreadPoolBuilder;

    pub(crate) use rayon::join;

    /// Twice the main thread's: nested runs are read recursively, and a thread that waits takes up something else.
    const STACK: usize = 16 << 20;

    pub(super) fn run<T: Send>(cores: usize, work: impl FnOnce() -> T + Send) -> T {
        let cores = match cores {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            cores => cores,
        };
        let pool = ThreadPoolBuilder::new().num_threads(cores).stack_size(STACK);
        match (cores > 1).then(|| pool.build()) {
            Some(Ok(pool)) => pool.install(work),
            _ => work(),
        }
    }

    pub(super) fn are_there() -> bool {
        rayon::current_thread_index().is_some() && rayon::current_num_threads() > 1
    }
}

#[cfg(not(feature = "parallel"))]
mod threads {
    pub(super) fn run<T>(_cores: usize, work: impl FnOnce() -> T) -> T {
        work()
    }

    pub(super) fn are_there() -> bool {
        false
    }

    pub(crate) fn join<A, B>(one: impl FnOnce() -> A, two: impl FnOnce() -> B) -> (A, B) {
        (one(), two())
    }
}

#[cfg(all(test, feature = "parallel"))]
mod tests {
    use super::*;

    #[test]
    fn large_inputs_alone_are_worth_a_thread() {
        for (cores, bytes) in [(1, LARGE), (2, LARGE - 1), (2, LARGE)] {
            let worth_it = on_cores(cores, || is_worth_it(bytes));
            assert_eq!(worth_it, (cores, bytes) == (2, LARGE), "{bytes} bytes on {cores} cores");
            assert_eq!(on_cores(cores, || both(bytes, || "one", || 2)), ("one", 2));
        }
        assert!(!is_worth_it(LARGE), "nobody has asked for threads here");
    }

    #[test]
    #[should_panic(expected = "no more")]
    fn a_panic_goes_on() {
        on_cores(2, || both(LARGE, || (), || panic!("no more")));
    }
}
