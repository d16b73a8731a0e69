//! `runstate completions` and `runstate man`.

use std::io::{self, Write as _};

use clap::{Command, CommandFactory as _};
use clap_mangen::Man;

use super::args::{self, Arguments};
use super::save::{self, Existing};
use super::{Exit, Failure};

pub(crate) fn completions(arguments: &args::Completions) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "runstate", &mut script);
    io::stdout().write_all(&script)?;
    Ok(Exit::Clean)
}

pub(crate) fn man(arguments: &args::Man) -> Result<Exit, Failure> {
    let mut command = Arguments::command().disable_help_subcommand(true);
    // Gives every command its options in full, the inherited ones, too, and the name of its page.
    command.build();
    let Some(folder) = &arguments.out_dir else {
        io::stdout().write_all(&page(&Man::new(command))?)?;
        return Ok(Exit::Clean);
    };
    std::fs::create_dir_all(folder)?;
    let commands: Vec<Command> = command.get_subcommands().cloned().collect();
    for command in commands.into_iter().chain([command]) {
        let man = Man::new(command);
        save::save(&folder.join(man.get_filename()), &page(&man)?, Existing::Replace)?;
    }
    Ok(Exit::Clean)
}

fn page(man: &Man) -> Result<Vec<u8>, Failure> {
    let mut roff = Vec::new();
    man.render(&mut roff)?;
    Ok(roff)
}
