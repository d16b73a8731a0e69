# Commands for working on runstate; `just` lists them.

_:
    @just --list

# What decides whether a change lands.
ci:
    .ci/run

# The fast tests: no SDK, no network.
test:
    cargo test

# Write the generated files anew: schemas, tables, snapshots. The diff is the review.
update:
    RUNSTATE_UPDATE=1 INSTA_UPDATE=always cargo test

# Compare with the real SDKs.
sdk:
    tests/sdk/run

# Run a fuzz target (json or validate) for some minutes; needs the nightly toolchain and cargo-fuzz.
fuzz target="validate" seconds="300":
    cargo +nightly fuzz run {{target}} -- -max_total_time={{seconds}}
