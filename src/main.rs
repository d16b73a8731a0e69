//! The command `runstate`.

mod cli;

fn main() -> std::process::ExitCode {
    cli::run()
}
