//! `passerelle sample`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{Exit, print};
use crate::sample::department::{self, Format};

/// Write files of an invented département, to try imports and to measure with
///
/// Schools of about a thousand people, each in a folder, as the ENT writes them: with repeated lines, ISO-8859-1, quoted
/// semicolons, decomposed letters, namesakes. The same numbers give the same people.
///
/// Example:  passerelle sample --people 200000 --format csv departement/
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(super) struct Sample {
    /// The folder to write to; it is made where it is not there
    folder: PathBuf,
    #[arg(long, default_value_t = 1000)]
    people: usize,
    #[arg(long, value_enum, default_value_t = Kind::Csv)]
    format: Kind,
}

/// The kind of files.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    /// The ENT's CSV templates
    Csv,
    /// The export that an admin makes
    Export,
    /// Users, groups and communication links in JSON
    Json,
}

pub(super) fn run(command: &Sample) -> anyhow::Result<Exit> {
    let format = match command.format {
        Kind::Csv => Format::Templates,
        Kind::Export => Format::Export,
        Kind::Json => Format::Json,
    };
    let people = department::write(&command.folder, command.people, format)?;
    print::line(&format!("{people} people in {}", command.folder.display()));
    Ok(Exit::Done)
}
