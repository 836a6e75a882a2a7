//! Flags of the verbs that read and tell.

use super::global::Format;
use super::source::Source;
use clap::{Args, ValueEnum};

/// Whose rules a query follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Generation {
    /// Prometheus 2.42
    #[value(name = "2")]
    Two,
    /// Prometheus 3
    #[value(name = "3")]
    Three,
}

/// Flags of `query`.
#[derive(Args, Clone, Debug)]
pub struct Query {
    /// The series: OpenMetrics text (a flight's export among them; the staleness markers of FILE
    /// lie in FILE.stale), Prometheus text with timestamps, JSON as in tests/data/oracles, or - for
    /// standard input
    #[arg(value_name = "SERIES")]
    pub series: String,
    /// The query; one that begins with a minus is no flag
    #[arg(value_name = "QUERY", allow_hyphen_values = true)]
    pub query: String,
    /// When: Unix seconds, +7m30s since the release, or a date such as 2026-01-01T00:10:00Z
    /// [default: the last sample]
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub at: Option<String>,
    /// Ask again and again: from when, until when, how often, such as +0s:+10m:30s
    #[arg(long, value_name = "START:END:STEP", conflicts_with = "at")]
    pub range: Option<String>,
    /// Rules of Prometheus 2 (2.42) or 3: edges of windows, extrapolation, syntax
    #[arg(long, value_enum, default_value = "3")]
    pub rules: Generation,
    /// How far back a selector without a range looks [default: 5m]
    #[arg(long, value_name = "DURATION")]
    pub lookback: Option<String>,
    /// How the answer is printed: a table, or the JSON of Prometheus' HTTP interface
    #[arg(long, value_enum, default_value_t, env = "WINDTUNNEL_FORMAT", hide_env_values = true)]
    pub format: Format,
}

/// Flags of `validate`.
#[derive(Args, Clone, Debug)]
pub struct Validate {
    /// Which scenarios.
    #[command(flatten)]
    pub source: Source,
    /// How findings are printed
    #[arg(long, value_enum, default_value_t, env = "WINDTUNNEL_FORMAT", hide_env_values = true)]
    pub format: Format,
}

/// Flags of `lint`.
#[derive(Args, Clone, Debug)]
pub struct Lint {
    /// Files, folders (the files directly in them), - for standard input
    #[arg(value_name = "PATH", required = true)]
    pub paths: Vec<String>,
    /// Read the folders within folders, too
    #[arg(short = 'R', long)]
    pub recursive: bool,
    /// How findings are printed
    #[arg(long, value_enum, default_value_t, env = "WINDTUNNEL_FORMAT", hide_env_values = true)]
    pub format: Format,
}

/// Flags of `import`.
#[derive(Args, Clone, Debug)]
pub struct Import {
    /// Which manifests.
    #[command(flatten)]
    pub source: Source,
    /// How the answer is printed
    #[arg(long, value_enum, default_value_t, env = "WINDTUNNEL_FORMAT", hide_env_values = true)]
    pub format: Format,
}

/// The groups of `list`, as they are typed.
pub const GROUP_WORDS: &str = "strategies, defects, chaos, faults, checks, traffic, activity, \
     textbook, scenario, measures, metrics";

/// Flags of `list`.
#[derive(Args, Clone, Debug)]
pub struct List {
    #[arg(help = format!("Only this group: {GROUP_WORDS}"))]
    pub group: Option<String>,
    /// How the list is printed
    #[arg(long, value_enum, default_value_t, env = "WINDTUNNEL_FORMAT", hide_env_values = true)]
    pub format: Format,
}

/// Flags of `explain`.
#[derive(Args, Clone, Debug)]
pub struct Explain {
    /// A name from `list`, or a field such as spec.service.preStop
    pub name: String,
    /// How the explanation is printed
    #[arg(long, value_enum, default_value_t, env = "WINDTUNNEL_FORMAT", hide_env_values = true)]
    pub format: Format,
}

/// Flags of `new`.
#[derive(Args, Clone, Debug)]
pub struct New {
    /// Name of the scenario
    #[arg(default_value = "my-service")]
    pub name: String,
    /// Write it to this file instead of standard output; an existing file is left alone
    #[arg(short, long, value_name = "FILE")]
    pub out: Option<String>,
}

/// Flags of `diff`.
#[derive(Args, Clone, Debug)]
pub struct Diff {
    /// A folder that `run` has written: what was
    #[arg(value_name = "BEFORE")]
    pub before: String,
    /// A folder that `run` has written: what is now
    #[arg(value_name = "AFTER")]
    pub after: String,
    /// Print every figure that certainly differs, not only the main ones
    #[arg(long)]
    pub details: bool,
    /// How the comparison is printed
    #[arg(long, value_enum, default_value_t, env = "WINDTUNNEL_FORMAT", hide_env_values = true)]
    pub format: Format,
}

/// Flags of `man`.
#[derive(Args, Clone, Debug)]
pub struct Man {
    /// The page of this verb [default: the program's]
    #[arg(value_name = "VERB")]
    pub verb: Option<String>,
}
