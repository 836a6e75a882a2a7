//! Which scenarios are meant.

use clap::Args;

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
    /// A Scenario to fly the manifests in, instead of the standard releases
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
