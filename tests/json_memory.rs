//! What a parse takes at its peak. Alone in its binary, because it counts every allocation.

use peak_alloc::PeakAlloc;
use runstate::json::Document;

#[path = "../benches/states/mod.rs"]
mod states;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

#[test]
fn a_parse_peaks_below_three_times_its_input() {
    for (name, dialect, script) in states::KINDS {
        for size in [100_000, 1_000_000, 10_000_000] {
            let mut state = states::grow(dialect, script, size);
            state.shrink_to_fit();
            let length = state.len();
            let before = MEMORY.current_usage() - length;
            MEMORY.reset_peak_usage();
            let doc = Document::parse(state);
            assert!(doc.is_ok());
            let peak = MEMORY.peak_usage() - before;
            assert!(peak <= length * 3, "{peak} for {length} bytes ({name})");
        }
    }
}
