//! What is common to verbs: how answers are printed, and how numbers are read.

use clap::{Args, ValueEnum};
use std::time::Duration;
use windtunnel_base::units::parse_duration;

/// Flags of every verb, before or after its name.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct Global {
    /// Say nothing on standard error but errors; answers and files stay as they are
    #[arg(short, long, global = true, help_heading = "Everywhere")]
    #[arg(env = "WINDTUNNEL_QUIET", hide_env_values = true)]
    #[arg(value_parser = clap::builder::FalseyValueParser::new())]
    pub quiet: bool,
    /// Colours on the terminal; auto leaves them out where no terminal listens or NO_COLOR is set,
    /// and takes them where CLICOLOR_FORCE is. Files have none
    #[arg(long, global = true, value_enum, default_value_t, help_heading = "Everywhere")]
    #[arg(value_name = "WHEN", env = "WINDTUNNEL_COLOR", hide_env_values = true)]
    pub color: Color,
}

/// When there are colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// Where a terminal listens
    #[default]
    Auto,
    /// Everywhere but in files
    Always,
    /// Nowhere
    Never,
}

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

/// A length of real time.
pub fn lasting(text: &str) -> Result<Duration, String> {
    let expected = "expected a duration from 1s to 24h, such as 60s or 10m";
    let span = parse_duration(text).ok_or(expected)?;
    let secs = span.as_secs_f64();
    (1.0..=86_400.0).contains(&secs).then(|| Duration::from_secs_f64(secs)).ok_or(expected.into())
}

/// A whole number between two, or what was expected instead.
pub fn whole<T: TryFrom<u64>>(text: &str, least: u64, most: u64) -> Result<T, String> {
    let found = text.parse::<u64>().ok().filter(|number| (least..=most).contains(number));
    let of = if most == u64::MAX { "on".to_string() } else { format!("to {most}") };
    found
        .and_then(|number| T::try_from(number).ok())
        .ok_or_else(|| format!("expected a whole number from {least} {of}"))
}
