//! Flags of the verbs that fly: `run`, `check`, `replay`, `textbook`, `selftest`.

use super::global::{Format, lasting, whole};
use super::source::Source;
use clap::Args;
use std::time::Duration;

/// Flags of `run` and `check`: what is flown, and how.
#[derive(Args, Clone, Debug)]
pub struct Flight {
    /// Which scenarios.
    #[command(flatten)]
    pub source: Source,
    /// Seed of all random numbers: the same seed gives the same bytes
    #[arg(short, long, value_name = "NUMBER", env = "WINDTUNNEL_SEED", hide_env_values = true)]
    #[arg(default_value_t = 1, value_parser = |text: &str| whole::<u64>(text, 0, u64::MAX))]
    pub seed: u64,
    /// Exactly this many replications, instead of as many as precision asks for
    #[arg(short = 'n', long, value_name = "NUMBER")]
    #[arg(env = "WINDTUNNEL_REPLICATIONS", hide_env_values = true)]
    #[arg(value_parser = |text: &str| whole::<u32>(text, 1, 1_000_000))]
    pub replications: Option<u32>,
    /// Most requests per scenario, instead of the scenario's own budget
    #[arg(long, value_name = "NUMBER", value_parser = |text: &str| whole::<u64>(text, 1, u64::MAX))]
    #[arg(conflicts_with_all = ["replications", "quick", "lasting"])]
    pub max_requests: Option<u64>,
    /// Only these strategies, by name
    #[arg(long, value_delimiter = ',', value_name = "NAME")]
    pub strategies: Vec<String>,
    /// Threads; the results do not depend on it [default: all cores]
    #[arg(short, long, value_name = "NUMBER", env = "WINDTUNNEL_JOBS", hide_env_values = true)]
    #[arg(value_parser = |text: &str| whole::<u16>(text, 1, 4096))]
    pub jobs: Option<u16>,
    /// A first look in seconds: one fixed budget of requests for all that is flown, from 2 to 16
    /// replications of each, and charts as SVG only
    #[arg(long, conflicts_with_all = ["replications", "lasting"])]
    pub quick: bool,
    /// Fly for so long, all scenarios in turn, two replications of each at least: how many they
    /// are depends on the machine; the command that repeats them is told and written
    #[arg(long = "for", value_name = "DURATION", conflicts_with = "replications")]
    #[arg(value_parser = lasting)]
    pub lasting: Option<Duration>,
    /// How the summary is printed
    #[arg(long, value_enum, default_value_t, env = "WINDTUNNEL_FORMAT", hide_env_values = true)]
    pub format: Format,
    /// Check the engine's invariants after every control event
    #[arg(long, hide = true)]
    pub checked: bool,
}

/// Flags of `check`.
#[derive(Args, Clone, Debug)]
pub struct CheckFlags {
    /// What is flown.
    #[command(flatten)]
    pub flight: Flight,
    /// Write the whole report to this folder, too, as `run` does
    #[arg(short, long, value_name = "FOLDER")]
    pub out: Option<String>,
}

/// Flags of `run`.
#[derive(Args, Clone, Debug)]
pub struct Run {
    /// What is flown.
    #[command(flatten)]
    pub flight: Flight,
    /// Print the table of every service, however many there are; of a sweep, tell every point in
    /// whole, with its charts
    #[arg(long)]
    pub details: bool,
    /// Columns of the terminal's table, by their names in ratings.csv and summary.csv; `help` lists
    /// them
    #[arg(long, value_delimiter = ',', value_name = "NAME")]
    pub columns: Vec<String>,
    /// Folder for the results; it is replaced as a whole, if it is empty or holds nothing but a
    /// report of windtunnel
    #[arg(short, long, default_value = "reports/latest", value_name = "FOLDER")]
    #[arg(env = "WINDTUNNEL_OUT", hide_env_values = true)]
    pub out: String,
    /// Export the telemetry of one typical flight of each scenario to telemetry/ in the results, as
    /// OpenMetrics text (some 100 MB an hour); `replay --telemetry` exports any other flight
    #[arg(long)]
    pub telemetry: bool,
}

/// Flags of `replay`.
#[derive(Args, Clone, Debug)]
pub struct Replay {
    /// Which scenarios.
    #[command(flatten)]
    pub source: Source,
    /// The strategy, by name [default: the scenario's first]
    #[arg(long, value_name = "NAME")]
    pub strategy: Option<String>,
    /// The variant of the release [default: the first bad one]
    #[arg(long, value_name = "NAME")]
    pub release: Option<String>,
    /// Seed of the run
    #[arg(short, long, value_name = "NUMBER", env = "WINDTUNNEL_SEED", hide_env_values = true)]
    #[arg(default_value_t = 1, value_parser = |text: &str| whole::<u64>(text, 0, u64::MAX))]
    pub seed: u64,
    /// Which replication of that run
    #[arg(long, default_value_t = 0, value_parser = |t: &str| whole::<u32>(t, 0, 4_294_967_295))]
    pub replication: u32,
    /// Write what the flight's Prometheus would hold to this file, as OpenMetrics text, and its
    /// staleness markers to FILE.stale; `windtunnel query FILE` asks it. An earlier export is
    /// replaced, nothing else
    #[arg(long, value_name = "FILE")]
    pub telemetry: Option<String>,
    /// How the event log is printed
    #[arg(long, value_enum, default_value_t, env = "WINDTUNNEL_FORMAT", hide_env_values = true)]
    pub format: Format,
}

/// Flags of `textbook`.
#[derive(Args, Clone, Debug)]
pub struct Textbook {
    /// The claims (kind: Textbook)
    #[arg(value_name = "FILE", default_value = "docs/textbook.yaml")]
    pub file: String,
    /// The page; its charts go into a folder of the same name without ending, which is replaced as
    /// a whole [default: FILE with .md]
    #[arg(short, long, value_name = "FILE")]
    pub out: Option<String>,
    /// Write the page even if claims come out otherwise than they are stated
    #[arg(long)]
    pub draft: bool,
    /// Judge only these claims, and print what was found instead of writing the page
    #[arg(long, value_delimiter = ',', value_name = "ID", conflicts_with = "out")]
    pub only: Vec<String>,
    /// Seed of all random numbers
    #[arg(short, long, value_name = "NUMBER", env = "WINDTUNNEL_SEED", hide_env_values = true)]
    #[arg(default_value_t = 1, value_parser = |text: &str| whole::<u64>(text, 0, u64::MAX))]
    pub seed: u64,
    /// Threads; the results do not depend on it [default: all cores]
    #[arg(short, long, value_name = "NUMBER", env = "WINDTUNNEL_JOBS", hide_env_values = true)]
    #[arg(value_parser = |text: &str| whole::<u16>(text, 1, 4096))]
    pub jobs: Option<u16>,
}

/// Flags of `selftest`.
#[derive(Args, Clone, Debug)]
pub struct Selftest {
    /// Seed of all random numbers
    #[arg(short, long, value_name = "NUMBER", env = "WINDTUNNEL_SEED", hide_env_values = true)]
    #[arg(default_value_t = 1, value_parser = |text: &str| whole::<u64>(text, 0, u64::MAX))]
    pub seed: u64,
    /// Fewer replications: wider intervals, a quick look
    #[arg(long)]
    pub quick: bool,
    /// How the proofs are printed
    #[arg(long, value_enum, default_value_t, env = "WINDTUNNEL_FORMAT", hide_env_values = true)]
    pub format: Format,
}
