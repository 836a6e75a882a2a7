//! How much is going to be flown and how long it takes: a line before it, a bar meanwhile, and a
//! correction once flights were timed.
//!
//! The line before follows from what flights cost ([`budget`]); the bar and the correction from the
//! clock. Nothing here changes what is flown, but for [`Timer`], which `--for` asks for.

use super::{output, threads};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use windtunnel_base::count::counted;
use windtunnel_base::escape::short::thousands;
use windtunnel_base::escape::terminal;
use windtunnel_experiment::budget;
use windtunnel_experiment::fly::{BATCH, FlySettings};
use windtunnel_model::scenario::model::Scenario;

/// From this long on it is said before how long the flights will take.
const LONG_S: f64 = 3.0;

/// From this long on it is said again, once it was measured and is something else.
const VERY_LONG_S: f64 = 10.0;

/// Measured is something else from this factor on.
const OFF: f64 = 1.5;

/// From so many scenarios on it is always said how much is flown.
const MANY: usize = 9;

/// What is known of one scenario's flights.
struct Part {
    name: String,
    /// What a flight costs, in requests.
    cost: f64,
    flown: u64,
    /// Those that are certain to be flown.
    least: u64,
}

/// Flights before they are flown, and while they are.
pub struct Pace {
    parts: Mutex<Vec<Part>>,
    began: Instant,
    /// How long it was said to take.
    said_s: Mutex<Option<f64>>,
    /// Flights after which it is measured: those of the first batch.
    first: u64,
    /// Is it certain how many flights there will be?
    exact: bool,
    /// The end, if the clock decides.
    limit: Option<Duration>,
    bar: ProgressBar,
}

impl Pace {
    /// Says what is going to be flown, if it is much and `told` allows it, and opens the bar.
    pub fn begin(
        scenarios: &[Arc<Scenario>],
        settings: &FlySettings,
        limit: Option<Duration>,
        jobs: Option<u16>,
        told: bool,
    ) -> Pace {
        let outlook = Outlook::of(scenarios, settings, threads::count(jobs));
        let much = outlook.secs > LONG_S || limit.is_some() || scenarios.len() >= MANY;
        if much && told {
            output::say(&match limit {
                Some(limit) => outlook.in_time(scenarios, limit),
                None => outlook.line(scenarios, settings),
            });
        }
        let part = |scenario: &Arc<Scenario>| Part {
            name: scenario.name.clone(),
            cost: budget::flight(scenario),
            flown: 0,
            least: least(scenario, settings) * budget::flights(scenario),
        };
        let parts: Vec<Part> = scenarios.iter().map(part).collect();
        let batch = u64::from(settings.replications.unwrap_or(BATCH).min(BATCH));
        let exact = settings.replications.is_some();
        Pace {
            first: scenarios.first().map_or(0, |s| batch * budget::flights(s)),
            bar: bar(exact, limit.is_some() || scenarios.is_empty()),
            parts: Mutex::new(parts),
            began: Instant::now(),
            said_s: Mutex::new((told && limit.is_none()).then_some(outlook.secs)),
            exact,
            limit,
        }
    }

    /// Notes that so many flights of a scenario are done, of so many that are expected by now.
    pub fn note(&self, index: usize, done: u64, expected: u64) {
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        parts[index].flown = parts[index].flown.max(done);
        if self.limit.is_none() {
            parts[index].least = parts[index].least.max(expected);
            // Earlier ones are done.
            parts[..index].iter_mut().for_each(|part| part.least = part.flown);
        }
        let flown: f64 = parts.iter().map(|part| part.flown as f64 * part.cost).sum();
        let all: f64 = parts.iter().map(|part| part.least.max(part.flown) as f64 * part.cost).sum();
        let is_measured = parts.iter().map(|part| part.flown).sum::<u64>() >= self.first;
        self.measure(flown, all, is_measured);
        // A bar that nobody sees would still estimate its speed.
        if self.bar.is_hidden() {
            return;
        }
        let name = terminal::line(&parts[index].name).into_owned();
        let flights: u64 = parts.iter().map(|part| part.flown).sum();
        match self.limit {
            Some(limit) => {
                self.bar.set_length(limit.as_secs());
                self.bar.set_position(self.began.elapsed().min(limit).as_secs());
            }
            None => {
                self.bar.set_length((all / 1e3) as u64);
                self.bar.set_position((flown / 1e3) as u64);
            }
        }
        let (number, count) = (index + 1, parts.len());
        let flights = counted(flights, "flight");
        self.bar.set_message(format!("{name} ({number}/{count}), {flights}"));
    }

    /// Says once how long it takes, if that is long and something else than was said.
    fn measure(&self, flown: f64, all: f64, is_measured: bool) {
        if !is_measured {
            return;
        }
        let said = self.said_s.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(said) = said else { return };
        let secs = self.began.elapsed().as_secs_f64() * all / flown.max(1.0);
        if secs > VERY_LONG_S && !(said / OFF..=said * OFF).contains(&secs) {
            let more = if self.exact { "" } else { " or more" };
            output::say(&format!("By the first flights: about {}{more} in all.", rounded(secs)));
        }
    }

    /// Takes the bar away.
    pub fn end(&self) {
        self.bar.finish_and_clear();
    }
}

/// Replications that are certain to be flown, whatever they come to.
fn least(scenario: &Scenario, settings: &FlySettings) -> u64 {
    let batches = |n: u32| n.div_ceil(BATCH).saturating_mul(BATCH);
    let most = scenario.budget.replications_max.max(1);
    u64::from(match settings.replications {
        Some(exactly) => exactly,
        None if settings.decide => BATCH.min(most),
        None => batches(scenario.budget.replications_min).min(most),
    })
}

/// What is going to be flown.
struct Outlook {
    pairs: u64,
    flights: u64,
    requests: f64,
    secs: f64,
    /// Replications: of the scenario that has fewest, and of the one that has most.
    replications: [u64; 2],
}

impl Outlook {
    fn of(scenarios: &[Arc<Scenario>], settings: &FlySettings, threads: usize) -> Outlook {
        let each = || scenarios.iter().map(|scenario| least(scenario, settings));
        let mut outlook = Outlook {
            pairs: 0,
            flights: 0,
            requests: 0.0,
            secs: 0.0,
            replications: [each().min().unwrap_or(0), each().max().unwrap_or(0)],
        };
        for scenario in scenarios {
            // What is recorded is flown once more.
            let times = least(scenario, settings) + u64::from(settings.record);
            let flights = times * budget::flights(scenario);
            outlook.pairs += budget::pairs(scenario);
            outlook.flights += flights;
            outlook.requests += flights as f64 * scenario.expected_requests();
            outlook.secs += times as f64 * budget::replication(scenario) * budget::REQUEST_S;
        }
        outlook.secs /= threads.max(1) as f64;
        outlook
    }

    fn what(&self, scenarios: &[Arc<Scenario>]) -> String {
        format!(
            "{}, {} of strategy and release",
            counted(scenarios.len() as u64, "scenario"),
            counted(self.pairs, "combination"),
        )
    }

    fn line(&self, scenarios: &[Arc<Scenario>], settings: &FlySettings) -> String {
        let open = settings.replications.is_none();
        let [fewest, most] = self.replications;
        let often = match (fewest, most) {
            (1, 1) => "once".to_string(),
            (fewest, most) if fewest == most => format!("{} times", thousands(most as usize)),
            (fewest, most) => format!("{fewest} to {} times", thousands(most as usize)),
        };
        let why = match (open, settings.decide) {
            (false, _) => "",
            (true, false) => " or more, as precision asks (--quick takes fewer)",
            (true, true) => " or more, until every line is decided",
        };
        let with = if settings.record { "twins and recordings" } else { "twins" };
        let fewer = if scenarios.len() >= MANY { "; --only NAME flies fewer" } else { "" };
        format!(
            "{}, each flown {often}{why}: {}{} with {with}, some {} requests, about {}{fewer}.",
            self.what(scenarios),
            if open { "at least " } else { "" },
            counted(self.flights, "flight"),
            many(self.requests),
            rounded(self.secs),
        )
    }

    fn in_time(&self, scenarios: &[Arc<Scenario>], limit: Duration) -> String {
        let limit = rounded(limit.as_secs_f64());
        format!("{}, flown in turn for {limit}; the report comes after.", self.what(scenarios))
    }
}

/// When the time is up: whoever asks how many replications are to follow looks at the clock.
pub struct Timer {
    began: Instant,
    limit: Duration,
    /// Replications that are flown again to be recorded.
    recorded: u32,
}

impl Timer {
    /// Begins now.
    pub fn begin(limit: Duration, records: bool) -> Timer {
        Timer { began: Instant::now(), limit, recorded: u32::from(records) }
    }

    /// How many replications are to follow so many.
    pub fn more(&self, flown: u32) -> Option<u32> {
        let spent = self.began.elapsed().as_secs_f64();
        more(flown, spent, self.limit.as_secs_f64(), self.recorded)
    }
}

/// As many replications as fit, by the time that one took so far: of a first batch any number, an
/// interval's two at least, then whole batches.
fn more(flown: u32, spent_s: f64, limit_s: f64, recorded: u32) -> Option<u32> {
    if flown == 0 {
        return Some(budget::QUICK_MIN);
    }
    let each = spent_s / f64::from(flown);
    let fit = ((limit_s - spent_s) / each.max(1e-9)).floor() - f64::from(recorded);
    let fit = fit.clamp(0.0, f64::from(BATCH)) as u32;
    match BATCH.checked_sub(flown).filter(|rest| *rest > 0) {
        Some(rest) => Some(fit.min(rest)).filter(|next| *next > 0),
        None => (fit == BATCH && flown <= MOST - BATCH).then_some(BATCH),
    }
}

/// Most replications that the clock can ask for, as `--replications`.
const MOST: u32 = 1_000_000;

fn many(requests: f64) -> String {
    match requests {
        few if few < 1e6 => thousands(few.round() as usize),
        many => format!("{} million", thousands((many / 1e6).round() as usize)),
    }
}

/// A time as people say it.
fn rounded(secs: f64) -> String {
    match secs {
        secs if secs < 10.0 => format!("{:.0} s", secs.max(1.0)),
        secs if secs < 90.0 => format!("{:.0} s", (secs / 5.0).round() * 5.0),
        secs if secs < 5400.0 => format!("{:.0} min", secs / 60.0),
        secs => format!("{:.1} h", secs / 3600.0),
    }
}

fn bar(exact: bool, timed: bool) -> ProgressBar {
    if !std::io::stderr().is_terminal() || output::is_quiet() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(0);
    let template = match (timed, exact) {
        (true, _) => "{msg:40!} {bar:20} {elapsed}",
        (false, true) => "{msg:40!} {bar:20} {elapsed}, {eta} left",
        (false, false) => "{msg:40!} {bar:20} {elapsed}, {eta} or more left",
    };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}

#[cfg(test)]
mod tests {
    use super::*;
    use windtunnel_scenario::read::read;

    #[test]
    fn rounds_fit_into_the_time_and_are_whole_batches_after_the_first() {
        assert_eq!(more(0, 0.0, 1e-3, 0), Some(2), "an interval takes two");
        assert_eq!(more(2, 2.0, 60.0, 0), Some(14), "up to a batch");
        assert_eq!(more(2, 2.0, 9.5, 1), Some(6), "as many as fit, less one that is recorded");
        assert_eq!(more(16, 16.0, 60.0, 1), Some(16));
        assert_eq!(more(32, 32.0, 60.0, 0), Some(16));
        assert_eq!(more(48, 48.0, 60.0, 0), None, "12 would fit, and are no batch");
        assert_eq!(more(2, 70.0, 60.0, 0), None);
        assert_eq!(more(MOST - BATCH / 2, 1.0, 60.0, 0), None);
    }

    #[test]
    fn what_is_flown_is_told_before() {
        let text = "apiVersion: windtunnel/v1alpha1\nkind: Scenario\nmetadata: {name: a}\nspec:\n  \
            horizon: 10m\n  service: {replicas: 4}\n  \
            traffic: {arrivals: {poisson: {rate: 1000/s}}}\n  \
            strategies: [rollingUpdate, canary]\n";
        let (scenarios, _) = read(text, "a.yaml").unwrap_or_else(|p| panic!("{p:?}"));
        let scenarios = [Arc::new(scenarios[0].clone())];
        let settings = |replications, decide, record| FlySettings {
            seed: 1,
            replications,
            requests_max: None,
            decide,
            checked: false,
            record,
            export: false,
        };
        let line = |settings: &FlySettings| {
            Outlook::of(&scenarios, settings, 2).line(&scenarios, settings)
        };
        // 10 minutes of 1,000 requests a second, and of 4 pods: 602,400 each, 75 ns, two threads.
        let pairs = budget::pairs(&scenarios[0]);
        let (flights, secs) =
            ((pairs + 1) * 13, (pairs + 1) as f64 * 13.0 * 602_400.0 * 75e-9 / 2.0);
        let begin =
            format!("1 scenario, {pairs} combinations of strategy and release, each flown ");
        let end = format!(
            "{flights} flights with twins and recordings, some {:.0} million requests, about {}.",
            flights as f64 * 0.6,
            rounded(secs)
        );
        assert_eq!(line(&settings(Some(12), false, true)), format!("{begin}12 times: {end}"));
        let open = line(&settings(None, false, false));
        assert!(
            open.starts_with(&format!("{begin}32 times or more, as precision asks (")),
            "{open}"
        );
        assert!(
            open.contains(&format!(": at least {} flights with twins,", (pairs + 1) * 32)),
            "{open}"
        );
        let gate = line(&settings(None, true, false));
        assert!(gate.starts_with(&format!("{begin}16 times or more, until every line")), "{gate}");
    }

    #[test]
    fn times_and_numbers_are_told_roughly() {
        let told = [0.2, 8.4, 43.0, 300.0, 7200.0].map(rounded);
        assert_eq!(told, ["1 s", "8 s", "45 s", "5 min", "2.0 h"]);
        assert_eq!(
            [999_000.0, 1.4e8, 2.6e9].map(many),
            ["999,000", "140 million", "2,600 million"]
        );
    }
}
