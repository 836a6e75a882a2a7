//! Every flag, declared once: what may be typed, and its help.

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

/// A wind tunnel for deployment strategies: flies recreate, rolling update, blue-green, canary, A/B
/// and shadow through the same storm, and says who gets hurt, for how long, how fast the way back
/// is and what it costs.
#[derive(Debug, Parser)]
#[command(name = "windtunnel", version, max_term_width = 80)]
#[command(
    after_help = "Exit codes: 0 fine, 1 an expectation failed, 3 one is undecided, 2 the input or \
    the tool is wrong or the answer cannot be printed, 130 interrupted (what is finished is \
    written)."
)]
pub struct Flags {
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Fly every strategy of every scenario and write tables and charts
    #[command(after_help = "Example: windtunnel run scenarios/checkout-errors.yaml \
        --set spec.service.replicas=5,20 --out reports/replicas")]
    Run(Run),
    /// Judge the scenarios' `expect:` lines by their intervals; exit 1 unless every one holds
    Check(Flight),
    /// Tell one release event by event, with the evidence behind every decision
    Replay(Replay),
    /// Ask recorded series in PromQL, and get what Prometheus would answer
    #[command(after_help = "Example: windtunnel query flight.om \
        'sum by (version) (rate(http_requests_total{status=~\"5..\"}[5m]))' --at +7m30s")]
    Query(Query),
    /// Read scenarios, print every problem and every warning, fly nothing
    Validate(Validate),
    /// Print the Scenario that manifests come to, and what was understood, assumed, overridden
    /// and ignored
    #[command(after_help = "Example: kubectl get deploy,svc,canary -o yaml | windtunnel import -")]
    Import(Import),
    /// List strategies, faults, checks and traffic sources
    List(List),
    /// Explain a strategy, fault, check, field, measure or rating: settings, defaults, meaning
    Explain(Explain),
    /// Print the JSON Schema of scenarios and textbooks
    Schema,
    /// Print a commented scenario to start from
    New(New),
    /// Compare the engine with theory: formula, estimate, interval
    Selftest(Selftest),
    /// Judge the claims of a textbook by flights, and write the page that answers them; exit 1 if
    /// one comes out otherwise than it is stated
    Textbook(Textbook),
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
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

/// Which scenarios, and what is changed in them.
#[derive(Args, Clone, Debug, Default)]
pub struct Source {
    /// Scenarios and manifests: files, folders (the files directly in them), - for standard input
    #[arg(value_name = "PATH")]
    pub paths: Vec<String>,
    /// Read the folders within folders, too
    #[arg(short = 'R', long)]
    pub recursive: bool,
    /// Of several services and scenarios only these, by name; * stands for any letters
    #[arg(long, value_delimiter = ',', value_name = "NAME")]
    pub only: Vec<String>,
    /// Change a field before reading, by its path (spec.strategies.canary.interval=2m). Several
    /// values (a,b,c), or a range (5..50/15 in steps, 5..80x2 in multiples), fly a sweep
    #[arg(long = "set", value_name = "PATH=VALUE[,VALUE…]")]
    pub sets: Vec<String>,
    /// A Scenario to fly the manifests in, instead of the standard storm
    #[arg(long, value_name = "FILE")]
    pub scenario: Option<String>,
    /// Metric checks of your own, put on every strategy that analyses: a list of name, query (in
    /// PromQL) and failsWhen ("> 0.01")
    #[arg(long, value_name = "FILE")]
    pub checks: Option<String>,
    /// Refuse manifests of which something is ignored, or assumed that they should say
    #[arg(long, conflicts_with = "lenient")]
    pub strict: bool,
    /// Only warn of documents that own a release, divide its requests or set its size and are not
    /// flown
    #[arg(long)]
    pub lenient: bool,
}

/// Flags of `run` and `check`: what is flown, and how.
#[derive(Args, Clone, Debug)]
pub struct Flight {
    /// Which scenarios.
    #[command(flatten)]
    pub source: Source,
    /// Seed of all random numbers: the same seed gives the same bytes
    #[arg(long, default_value_t = 1, value_parser = |text: &str| whole::<u64>(text, 0, u64::MAX))]
    pub seed: u64,
    /// Exactly this many replications, instead of as many as precision asks for
    #[arg(long, value_parser = |text: &str| whole::<u32>(text, 1, 1_000_000))]
    pub replications: Option<u32>,
    /// Most requests per scenario, instead of the scenario's own budget
    #[arg(long, value_parser = |text: &str| whole::<u64>(text, 1, u64::MAX))]
    pub max_requests: Option<u64>,
    /// Only these strategies, by name
    #[arg(long, value_delimiter = ',', value_name = "NAME")]
    pub strategies: Vec<String>,
    /// Threads; the results do not depend on it [default: all cores]
    #[arg(long, value_parser = |text: &str| whole::<u16>(text, 1, 4096))]
    pub jobs: Option<u16>,
    /// One batch of replications: a first look in seconds
    #[arg(long)]
    pub quick: bool,
    /// How the summary is printed
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// Check the engine's invariants after every control event
    #[arg(long, hide = true)]
    pub checked: bool,
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
    /// Folder for the results; it is replaced as a whole, if it is empty or holds nothing but a
    /// report of windtunnel
    #[arg(long, default_value = "reports/latest", value_name = "FOLDER")]
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
    #[arg(long, default_value_t = 1, value_parser = |text: &str| whole::<u64>(text, 0, u64::MAX))]
    pub seed: u64,
    /// Which replication of that run
    #[arg(long, default_value_t = 0, value_parser = |t: &str| whole::<u32>(t, 0, 4_294_967_295))]
    pub replication: u32,
    /// Write what the flight's Prometheus would hold to this file, as OpenMetrics text, and its
    /// staleness markers to FILE.stale; `windtunnel query FILE` asks it. An earlier export is
    /// replaced, nothing else
    #[arg(long, value_name = "FILE")]
    pub telemetry: Option<String>,
    /// How the story is printed
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

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
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// Flags of `validate`.
#[derive(Args, Clone, Debug)]
pub struct Validate {
    /// Which scenarios.
    #[command(flatten)]
    pub source: Source,
    /// How findings are printed
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// Flags of `import`.
#[derive(Args, Clone, Debug)]
pub struct Import {
    /// Which manifests.
    #[command(flatten)]
    pub source: Source,
    /// How the answer is printed
    #[arg(long, value_enum, default_value_t)]
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
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// Flags of `explain`.
#[derive(Args, Clone, Debug)]
pub struct Explain {
    /// A name from `list`, or a field such as spec.service.preStop
    pub name: String,
    /// How the explanation is printed
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// Flags of `new`.
#[derive(Args, Clone, Debug)]
pub struct New {
    /// Name of the scenario
    #[arg(default_value = "my-service")]
    pub name: String,
    /// Write it to this file instead of standard output; an existing file is left alone
    #[arg(long, value_name = "FILE")]
    pub out: Option<String>,
}

/// Flags of `selftest`.
#[derive(Args, Clone, Debug)]
pub struct Selftest {
    /// Seed of all random numbers
    #[arg(long, default_value_t = 1, value_parser = |text: &str| whole::<u64>(text, 0, u64::MAX))]
    pub seed: u64,
    /// Fewer replications: wider intervals, a quick look
    #[arg(long)]
    pub quick: bool,
    /// How the proofs are printed
    #[arg(long, value_enum, default_value_t)]
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
    #[arg(long, value_name = "FILE")]
    pub out: Option<String>,
    /// Write the page even if claims come out otherwise than they are stated
    #[arg(long)]
    pub draft: bool,
    /// Judge only these claims, and print what was found instead of writing the page
    #[arg(long, value_delimiter = ',', value_name = "ID", conflicts_with = "out")]
    pub only: Vec<String>,
    /// Seed of all random numbers
    #[arg(long, default_value_t = 1, value_parser = |text: &str| whole::<u64>(text, 0, u64::MAX))]
    pub seed: u64,
    /// Threads; the results do not depend on it [default: all cores]
    #[arg(long, value_parser = |text: &str| whole::<u16>(text, 1, 4096))]
    pub jobs: Option<u16>,
}

/// A whole number between two, or what was expected instead.
fn whole<T: TryFrom<u64>>(text: &str, least: u64, most: u64) -> Result<T, String> {
    let found = text.parse::<u64>().ok().filter(|number| (least..=most).contains(number));
    let of = if most == u64::MAX { "on".to_string() } else { format!("to {most}") };
    found
        .and_then(|number| T::try_from(number).ok())
        .ok_or_else(|| format!("expected a whole number from {least} {of}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_declaration_is_consistent() {
        Flags::command().debug_assert();
    }

    #[test]
    fn defaults_are_those_of_the_help() {
        let flags = Flags::try_parse_from(["windtunnel", "run"]).expect("no flag is required");
        let Verb::Run(run) = flags.verb else { panic!("run was typed") };
        let Run { flight, out, .. } = run;
        assert_eq!((flight.seed, out.as_str(), flight.format), (1, "reports/latest", Format::Text));
        assert!(Flags::try_parse_from(["windtunnel", "run", "--jobs", "0"]).is_err());
    }
}
