//! Many inputs on all cores, with the results in the order of the inputs.

use std::thread::available_parallelism;

use indicatif::{ProgressBar, ProgressStyle};
use rayon::prelude::*;

use runstate::on_cores;

use super::Failure;
use super::inputs::{Origin, Task};

/// So many tasks a thread are taken at once: enough that the threads seldom wait for the slowest of them, few enough
/// that the results of all of them are small.
const TASKS_A_THREAD: usize = 32;
/// Lines are taken along with their bytes: no more than this together, or a single one.
const BYTES: usize = 32 << 20;
/// From so many bytes on, a state is worth the start of threads.
const LARGE: u64 = 256 << 10;
/// Twice the main thread's: nested runs are read recursively, and a thread that waits takes up something else.
const STACK: usize = 16 << 20;

/// Does `work` for every task, on so many threads, and gives the results to `each` in the order of the tasks. At no time
/// more than one batch of tasks and results is held. Of many tasks, a terminal shows how many are done.
pub(crate) fn in_order<T: Send>(
    tasks: impl Iterator<Item = Task>,
    jobs: Option<u16>,
    work: impl Fn(Task) -> T + Sync,
    mut each: impl FnMut(T) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let threads = jobs.map_or_else(|| available_parallelism().map_or(1, usize::from), usize::from);
    let mut tasks = tasks.peekable();
    let mut pool = None;
    let mut bar = ProgressBar::hidden();
    let mut is_first = true;
    loop {
        let batch = take(&mut tasks, threads);
        if batch.is_empty() {
            bar.finish_and_clear();
            return Ok(());
        }
        if std::mem::take(&mut is_first) && tasks.peek().is_some() {
            bar = progress();
        }
        let work = |task| {
            let result = work(task);
            bar.inc(1);
            result
        };
        // What is written stands above the bar.
        let mut each = |result| bar.suspend(|| each(result));
        // Threads take longer to start than a small state takes.
        if threads == 1 || batch.len() == 1 && size(&batch[0]) < LARGE {
            batch.into_iter().map(work).try_for_each(&mut each)?;
            continue;
        }
        let pool = match &pool {
            Some(pool) => pool,
            None => pool.insert(start(threads)?),
        };
        let results: Vec<T> = pool.install(|| batch.into_par_iter().with_max_len(1).map(&work).collect());
        results.into_iter().try_for_each(&mut each)?;
    }
}

/// Does the work for one state, or one pair of them, of so many bytes.
pub(crate) fn alone<T: Send>(bytes: usize, work: impl FnOnce() -> T + Send) -> T {
    on_cores(if bytes as u64 >= LARGE { 0 } else { 1 }, work)
}

/// How many states are done and in what time; nothing where standard error is no terminal.
fn progress() -> ProgressBar {
    let bar = ProgressBar::no_length();
    match ProgressStyle::with_template("{spinner} {pos} states in {elapsed}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

fn take(tasks: &mut std::iter::Peekable<impl Iterator<Item = Task>>, threads: usize) -> Vec<Task> {
    let (mut batch, mut bytes) = (Vec::new(), 0);
    while batch.len() < threads * TASKS_A_THREAD {
        let Some(task) = tasks.next_if(|task| batch.is_empty() || bytes + held(task) <= BYTES) else { break };
        bytes += held(&task);
        batch.push(task);
    }
    batch
}

fn held(task: &Task) -> usize {
    match &task.origin {
        Origin::Line { bytes, .. } => bytes.len(),
        _ => 0,
    }
}

/// How many bytes are expected; as many as there can be where nobody knows.
fn size(task: &Task) -> u64 {
    match &task.origin {
        Origin::File(path) => std::fs::metadata(path).map_or(0, |metadata| metadata.len()),
        Origin::Stdin => u64::MAX,
        _ => held(task) as u64,
    }
}

fn start(threads: usize) -> Result<rayon::ThreadPool, Failure> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .stack_size(STACK)
        .build()
        .map_err(|error| Failure::Usage(format!("cannot start {threads} threads: {error}")))
}
