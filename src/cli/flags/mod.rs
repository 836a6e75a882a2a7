//! Every flag, declared once: what may be typed, and its help.

mod flight;
mod global;
mod source;
mod verbs;

pub use flight::{CheckFlags, Flight, Replay, Run, Selftest, Textbook};
pub use global::{Color, Format, Global};
pub use source::Source;
pub use verbs::{Diff, Explain, GROUP_WORDS, Generation, Import, List, Man, New, Query, Validate};

use clap::{Parser, Subcommand};
use clap_complete::Shell;

/// A wind tunnel for deployment strategies: flies recreate, rolling update, blue-green, canary, A/B
/// and shadow through the same storm, and says who gets hurt, for how long, how fast the rollback
/// is and what it costs.
#[derive(Debug, Parser)]
#[command(name = "windtunnel", version, max_term_width = 80)]
#[command(
    after_help = "Short flags are those of cargo, make and k6: -o, -j, -n, -s, -q. There is no -f, \
    which names a file to kubectl. Defaults may come from the environment: WINDTUNNEL_SEED, \
    _REPLICATIONS, _JOBS, _OUT, _FORMAT, _COLOR and _QUIET; a flag that is typed wins.\n\n\
    Exit codes: 0 fine, 1 an expectation failed, 3 one is undecided, 2 the input or \
    the tool is wrong or the answer cannot be printed, 130 interrupted (what is finished is \
    written). `diff`: 0 no difference, 1 some."
)]
pub struct Flags {
    /// How it is told.
    #[command(flatten)]
    pub global: Global,
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
    /// Judge the scenarios' `expect:` lines by their intervals: exit 0 if all hold, 1 if one fails,
    /// 3 if one is undecided
    Check(CheckFlags),
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
    /// Compare the folders of two runs: what changed in whom, and how certain that is; exit 1 if
    /// something did
    #[command(after_help = "Example: windtunnel diff reports/before reports/after")]
    Diff(Diff),
    /// Print a manual page in roff: windtunnel man | man -l -
    Man(Man),
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
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
