//! Any state through the verbs that write another one: nothing panics, and what is written keeps what they promise.
//!
//! `fuzz/seed && cargo +nightly fuzz run verbs fuzz/corpus/validate -- -dict=fuzz/corpus/validate.dict`

#![no_main]

use libfuzzer_sys::fuzz_target;
use runstate::{
    Calls, Convert, Decide, Defaults, Dialect, Diff, Effect, Format, Inspect, Invalid, Keys, Level, Normalize, Redact,
    ApprovalStatus, Carry, Target, Validate, convert, decide, diff, inspect, normalize, validate, verdict,
};

fuzz_target!(|bytes: &[u8]| {
    let options = Validate::default();
    let Some(format) = verdict(bytes.to_vec(), &options).format else { return };
    // The text itself says what is done with it: every input does always the same.
    let seed = bytes.iter().fold(0_usize, |sum, &byte| sum.wrapping_mul(31).wrapping_add(usize::from(byte)));
    match seed % 4 {
        0 => {
            converted(bytes, target(seed / 4));
            carried(bytes, format, target(seed / 4));
        }
        1 => normalized(bytes, seed / 4),
        2 => decided(bytes, seed / 4),
        _ => {
            let summary = inspect(bytes, &Inspect::default());
            assert!(summary.format.is_some(), "{format} is known");
            let comparison = diff(bytes, &[bytes, b" "].concat(), &Diff::default());
            assert!(comparison.same && comparison.changes.is_empty(), "a state is the same as itself");
        }
    }
});

fn target(seed: usize) -> Target {
    let dialect = if seed % 2 == 0 { Dialect::Python } else { Dialect::TypeScript };
    let newest = dialect.newest().format.label;
    let label = u16::try_from(seed / 2 % (usize::from(newest) + 1)).unwrap_or(newest);
    Format { dialect, label }.to_string().parse().unwrap_or(dialect.newest())
}

fn refused(bytes: &[u8], reader: Option<Target>) -> bool {
    let options = &mut Validate::default();
    options.reader = reader;
    validate(bytes, options).iter().any(|finding| finding.effect == Effect::Refused)
}

fn converted(bytes: &[u8], target: Target) {
    let mut how = Convert::default();
    how.allow_loss = Level::Resume;
    let done = convert(bytes, target, &how);
    let level = done.level();
    assert!(level < Some(Level::Authority) || done.bytes.is_none(), "authority never grows");
    let Some(output) = done.bytes else { return };
    assert!(!refused(bytes, None), "what its own SDK refuses is not converted");
    assert!(level >= Some(Level::Resume) || !refused(&output, Some(target)), "what is written is read by {target}");
    assert!(verdict(output.clone(), &Validate::default()).format == Some(target.format));
    drop(diff(bytes, &output, &Diff::default()));
    how.accept_invalid = true;
    how.assume_target_gates = true;
    drop(convert(&output, target, &how));
}

fn carried(bytes: &[u8], format: Format, target: Target) {
    let mut how = Convert::default();
    (how.allow_loss, how.carry, how.assume_target_gates) = (Level::Resume, Carry::Inside, true);
    let Some(there) = convert(bytes, target, &how).bytes else { return };
    let Ok(own) = format.to_string().parse() else { return };
    let Some(back) = convert(&there, own, &how).bytes else { return };
    let carries = there.windows(14).any(|word| word == b"runstate_carry");
    let written = normalize(bytes, &Normalize::default()).bytes;
    assert!(!carries || written.is_none_or(|written| written == back), "what is carried comes back");
}

fn normalized(bytes: &[u8], seed: usize) {
    let mut how = Normalize::default();
    how.volatile = seed & 1 != 0;
    how.keys = if seed & 2 != 0 { Keys::Sorted } else { Keys::AsWritten };
    how.defaults = [Defaults::AsWritten, Defaults::Explicit, Defaults::Removed][seed / 4 % 3];
    how.redact =
        [vec![], vec![Redact::Secrets], vec![Redact::Key("id".to_owned()), Redact::Secrets]][seed / 12 % 3].clone();
    let strict = normalize(bytes, &how);
    assert!(strict.bytes.as_deref().is_none_or(|written| !refused(written, None)), "what is written is read");
    how.invalid = Invalid::Accept;
    let Some(written) = normalize(bytes, &how).bytes else { return };
    // What is hardly a state may be none without the members that say nothing.
    if verdict(written.clone(), &Validate::default()).format.is_some() {
        let again = normalize(&written, &how);
        assert!(again.bytes.as_ref() == Some(&written), "what is normalized stays as it is");
    }
}

fn decided(bytes: &[u8], seed: usize) {
    let verdict = if seed & 1 == 0 { ApprovalStatus::Approved } else { ApprovalStatus::Rejected };
    let mut how = Decide::new(verdict, Calls::All { tool: None });
    how.always = seed & 2 != 0;
    let done = decide(bytes, &how);
    let broken = done.findings.iter().any(|own| matches!(own.effect, Effect::Refused | Effect::Stuck));
    assert!(done.bytes.is_none() == (broken || done.refusal.is_some()));
    if let Some(written) = done.bytes {
        assert!(!refused(&written, done.reader), "a decision leaves the state readable");
        assert!(!done.calls.is_empty(), "something was decided");
    }
}
