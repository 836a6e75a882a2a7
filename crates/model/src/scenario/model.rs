//! What a validated scenario is: everything the engine needs to fly it, as plain data.

use super::ids::{PlanId, ReleaseId};
use super::prices::Prices;
use crate::analysis::promql::Rules;
use crate::fault::Fault;
use crate::outcome::{Grade, MeasureId, Rating, Verdict};
use crate::strategy::autoscaler::hpa;
use crate::strategy::disruption;
use crate::strategy::{Ability, Plan};
use crate::telemetry::scraper::Place as Target;
use crate::traffic::{Arrivals, Traffic};
use crate::world::client::ClientLimits;
use crate::world::service::Service;
use std::sync::Arc;
use windtunnel_base::distribution::Distribution;
use windtunnel_base::problem::Place;
use windtunnel_base::time::SimDuration;
use windtunnel_base::units::Share;

/// A scenario, as it was read: nothing in it lives. [`Crew`](super::crew::Crew) flies it.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// Its name, unique within a run.
    pub name: String,
    /// The comment at the head of its file, without the `#`: question, what to look at, answer.
    pub head: String,
    /// Where it stands, if it is one of the points of a sweep.
    pub point: Option<Point>,
    /// Length of every flight.
    pub horizon: SimDuration,
    /// The service under test.
    pub service: Arc<Service>,
    /// What changes its number of pods, if anything does.
    pub autoscaler: Option<hpa::HpaSettings>,
    /// Pods that the release writes beside it, if it writes any.
    pub applied: Option<u32>,
    /// What holds evictions back, if anything does.
    pub disruptions: Vec<disruption::Disruptions>,
    /// What its cluster's own controllers keep to.
    pub cluster: Cluster,
    /// Who sends how many requests.
    pub traffic: Traffic,
    /// What is released, and when.
    pub release: Release,
    /// Faults of the environment.
    pub chaos: Vec<Fault>,
    /// The human who watches.
    pub on_call: OnCall,
    /// What is scraped, and how often.
    pub telemetry: TelemetrySettings,
    /// The strategies to compare, with unique names.
    pub plans: Vec<Plan>,
    /// How often a year such a release is made.
    pub releases_per_year: f64,
    /// What things cost.
    pub prices: Prices,
    /// The strategy of today, which the others are compared with in dollars.
    pub baseline: Option<PlanId>,
    /// What is expected of the results.
    pub expect: Vec<Expectation>,
    /// What the platform can't do.
    pub constraints: Constraints,
    /// How many flights.
    pub budget: Budget,
}

/// What is changed at one point: paths with a value each.
pub type Changes = Vec<(String, String)>;

/// Where a scenario stands in a sweep.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Point {
    /// Name of the scenario that is swept.
    pub scenario: String,
    /// The settings that take several values, each with the one it has here.
    pub values: Changes,
    /// Is the whole report wanted of this point: recorded flights, charts, all tables?
    pub whole: bool,
}

/// What the cluster's own controllers keep to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cluster {
    /// Calls of each controller's client; nothing if nobody counts them.
    pub client_limits: Option<ClientLimits>,
}

impl Default for Cluster {
    fn default() -> Self {
        Cluster { client_limits: Some(ClientLimits::KUBERNETES) }
    }
}

/// What is released.
#[derive(Clone, Debug, PartialEq)]
pub struct Release {
    /// Start of the release, since the start of the flight.
    pub at: SimDuration,
    /// What may be shipped; shares sum to 1.
    pub variants: Vec<Variant>,
}

/// One thing that may be shipped.
#[derive(Clone, Debug, PartialEq)]
pub struct Variant {
    /// Name of the release in tables and `expect:` lines.
    pub name: String,
    /// How often it is what is shipped.
    pub share: Share,
    /// Should it not have been shipped?
    pub bad: bool,
    /// What is wrong with the new version; empty for a good release.
    pub faults: Vec<Fault>,
    /// Faults of the environment that strike while it is being released, beside the scenario's.
    pub chaos: Vec<Fault>,
}

/// The human who watches, the same for all strategies.
#[derive(Clone, Debug, PartialEq)]
pub struct OnCall {
    /// From the page to someone looking.
    pub acknowledge: Distribution,
    /// From looking to ordering the rollback.
    pub decide: Distribution,
    /// Releases older than this are no longer suspected.
    pub suspects: SimDuration,
    /// Time between two looks at the alert.
    pub every: SimDuration,
    /// The alert's long and short window.
    pub windows: (SimDuration, SimDuration),
    /// Share of requests that must succeed; below it in both windows, the alert fires.
    pub objective: Share,
    /// Is there anyone at all?
    pub present: bool,
}

/// What is scraped, and how often.
#[derive(Clone, Debug, PartialEq)]
pub struct TelemetrySettings {
    /// Scrape interval of the service's pods and of everything that has none of its own.
    pub interval: SimDuration,
    /// Scrape interval of kubelets (CPU and memory of containers).
    pub kubelets: SimDuration,
    /// Scrape interval of kube-state-metrics.
    pub cluster: SimDuration,
    /// Scrape interval of the ingress.
    pub edge: SimDuration,
    /// Latency bounds in seconds.
    pub buckets: Vec<f64>,
    /// Whose rules answer queries.
    pub rules: Rules,
}

impl TelemetrySettings {
    /// How often a target is scraped.
    pub fn interval_of(&self, place: Target) -> SimDuration {
        match place {
            Target::App(_) | Target::Sidecar(_) => self.interval,
            Target::Kubelet(_) => self.kubelets,
            Target::Cluster => self.cluster,
            Target::Edge => self.edge,
        }
    }
}

/// What the platform can't do: which strategies qualify.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Constraints {
    /// There is no room for a second fleet.
    pub no_second_fleet: bool,
    /// What there is to divide requests with; nothing if everything is there.
    pub routing: Option<Ability>,
    /// Two versions must never serve at the same time.
    pub no_mixing: bool,
    /// Downtime is allowed at night: outages do not disqualify.
    pub maintenance_window: bool,
    /// Highest share of active users that a release may hurt, over the mix.
    pub risk_max: Option<Share>,
    /// Longest rollback.
    pub rollback_max: Option<SimDuration>,
    /// Highest cost in fleet-minutes per release.
    pub fleet_minutes_max: Option<f64>,
    /// Highest share of good releases that may be taken back.
    pub false_alarm_max: Option<Share>,
    /// Longest time to ship, for 95 % of the good releases that are shipped.
    pub time_to_ship_max: Option<SimDuration>,
}

/// How many flights a scenario gets.
#[derive(Clone, Debug, PartialEq)]
pub struct Budget {
    /// Fewest replications.
    pub replications_min: u32,
    /// Most replications.
    pub replications_max: u32,
    /// Most requests, over all strategies, variants and replications.
    pub requests_max: u64,
    /// Strategies that the scenario lists; leaving some out of a run changes no other's budget.
    pub strategies_listed: u32,
}

/// One line of `expect:`.
#[derive(Clone, Debug, PartialEq)]
pub struct Expectation {
    /// The line as written.
    pub text: String,
    /// The file that it stands in; empty if none does.
    pub file: Arc<str>,
    /// Where it stands; line 0 if in no file (`--set`).
    pub place: Place,
    /// Strategy.
    pub plan: PlanId,
    /// Variant, or the mix.
    pub release: ReleaseId,
    /// What is expected.
    pub what: Expected,
    /// Of [`Expected::StoppedBy`]: the check or gate, or `human`; empty else.
    pub by: Arc<str>,
    /// Comparison.
    pub operator: Operator,
    /// The limit: a share as a fraction, durations in seconds, money in dollars.
    pub limit: f64,
}

/// What an expectation is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Share of flights with this verdict.
    Verdict(Verdict),
    /// Share of flights that were taken back before the promotion by whom the line names.
    StoppedBy,
    /// A statistic of a measure.
    Measure {
        /// Which.
        measure: MeasureId,
        /// Mean, or a quantile.
        statistic: Statistic,
    },
    /// The measure's mean minus that of another strategy, flight by flight.
    Difference {
        /// Which.
        measure: MeasureId,
        /// The other strategy.
        reference: PlanId,
    },
    /// A rating (`downtime`, `rollback`, `risk`, `cost`) is this word; operator and limit unused.
    Rating {
        /// Which rating.
        rating: Rating,
        /// The word that the rating is expected to be.
        grade: Grade,
    },
}

/// Which statistic of a measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statistic {
    /// The mean over flights.
    Mean,
    /// The 5 % quantile.
    P05,
    /// The median: the 50 % quantile over flights.
    P50,
    /// The 95 % quantile.
    P95,
    /// How far flights lie apart: the middle half, from the 25 % to the 75 % quantile.
    Spread,
}

/// How a figure is compared with its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `<`
    Below,
    /// `≤`, `<=`
    AtMost,
    /// `>`
    Above,
    /// `≥`, `>=`
    AtLeast,
}

impl Operator {
    /// As it is written.
    pub fn sign(self) -> &'static str {
        match self {
            Operator::Below => "<",
            Operator::AtMost => "≤",
            Operator::Above => ">",
            Operator::AtLeast => "≥",
        }
    }
}

impl Scenario {
    /// The name by which users are divided among the arms of an experiment: the points of a sweep
    /// divide them alike, as the scenario itself does.
    pub fn experiment(&self) -> &str {
        self.point.as_ref().map_or(&self.name, |point| &point.scenario)
    }

    /// Requests that one flight is expected to serve.
    pub fn expected_requests(&self) -> f64 {
        match &self.traffic.arrivals {
            Arrivals::Steps(steps) => steps.expected(self.horizon),
            Arrivals::Trace(rows) => rows.len() as f64,
            Arrivals::Closed { sessions, think } => {
                let cycle = think.mean_secs() + self.mean_service_secs();
                f64::from(*sessions) * self.horizon.as_secs_f64() / cycle.max(1e-3)
            }
            Arrivals::TraceFile { .. } => 0.0,
        }
    }

    /// Mean service time over the routes, in seconds.
    pub fn mean_service_secs(&self) -> f64 {
        let routes = &self.service.routes;
        let total: f64 = routes.iter().map(|r| r.share.value()).sum();
        let busy = routes.iter().map(|r| r.share.value() * r.service_time.mean_secs());
        busy.sum::<f64>() / total.max(1e-12)
    }
}
