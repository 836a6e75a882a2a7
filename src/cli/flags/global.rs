//! What is common to verbs: how answers are printed, and how numbers are read.

use clap::ValueEnum;

/// How answers are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    #[default]
    #[value(alias = "table")]
    Text,
    /// For machines
    Json,
}

/// A whole number between two, or what was expected instead.
pub fn whole<T: TryFrom<u64>>(text: &str, least: u64, most: u64) -> Result<T, String> {
    let found = text.parse::<u64>().ok().filter(|number| (least..=most).contains(number));
    let of = if most == u64::MAX { "on".to_string() } else { format!("to {most}") };
    found
        .and_then(|number| T::try_from(number).ok())
        .ok_or_else(|| format!("expected a whole number from {least} {of}"))
}
