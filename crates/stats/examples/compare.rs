//! Two shares compared: `compare 40/1000 20/1000`.

use std::process::ExitCode;
use windtunnel_stats::proportions::{two_proportions, worse};

fn main() -> ExitCode {
    let given: Vec<String> = std::env::args().skip(1).collect();
    let shares: Vec<(u64, u64)> = given.iter().filter_map(|text| share(text)).collect();
    let ([first, second], true) = (shares.as_slice(), given.len() == shares.len()) else {
        eprintln!("usage: compare EVENTS/TRIALS EVENTS/TRIALS");
        return ExitCode::from(2);
    };
    let both = two_proportions(*first, *second, 0.95).zip(worse(*first, *second));
    let Some((compared, worse)) = both else {
        eprintln!("a share needs trials, and no more events than those");
        return ExitCode::from(2);
    };
    let interval = compared.newcombe;
    println!("difference, 95 %: {:.5} to {:.5}", interval.lower, interval.upper);
    println!("p of \"the first is not greater\": {:.5}", worse.p);
    ExitCode::SUCCESS
}

fn share(text: &str) -> Option<(u64, u64)> {
    let (events, trials) = text.split_once('/')?;
    Some((events.parse().ok()?, trials.parse().ok()?))
}
