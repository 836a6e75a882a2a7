//! What an experiment yields: plain tables, from which every report is made.

use super::delivery::DeliveryRow;
use super::matrix::StopRow;
use super::money::Money;
use super::winner::Choice;
use std::sync::Arc;
use windtunnel_base::problem::Place;
use windtunnel_model::outcome::{Grade, MeasureId, Outcome, Rating, Recording, Unit, Verdict};
use windtunnel_model::scenario::ids::{PlanId, ReleaseId, VariantId};
use windtunnel_model::scenario::model::Scenario;
use windtunnel_stats::estimate::Estimate;

/// Everything that was flown.
#[derive(Clone, Debug)]
pub struct Results {
    /// The seed of all flights.
    pub seed: u64,
    /// The command that repeats the run.
    pub command: String,
    /// One entry a scenario, in the order of the input.
    pub scenarios: Vec<ScenarioResults>,
    /// What of the input is not flown and may matter, worst first.
    pub left_out: Vec<LeftOut>,
    /// What was warned of before anything was flown, once of a kind.
    pub warnings: Vec<Warned>,
    /// Was the run interrupted, so that some flights are missing?
    pub interrupted: bool,
}

/// Something of the input that is not flown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// What it is: an object or a field, or how many of a kind.
    pub what: String,
    /// What leaving it out may change.
    pub text: String,
    /// Is it a whole document, and not a field of one that is flown?
    pub document: bool,
}

/// A warning about the input, and about how many places more the same is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warned {
    /// Where it stands: file, line and column; a file alone for what stands nowhere in it.
    pub place: String,
    /// What it is about: an object and its field, or a field of a Scenario; may be empty.
    pub what: String,
    /// What is said of it.
    pub text: String,
    /// A way out; may be empty.
    pub help: String,
    /// Places beside, of which the same is said.
    pub more: usize,
}

/// The results of one scenario.
#[derive(Clone, Debug)]
pub struct ScenarioResults {
    /// What was flown.
    pub scenario: Arc<Scenario>,
    /// All flights: `flights[variant][strategy]`, each by replication from 0 on.
    pub flights: Vec<Vec<Vec<Outcome>>>,
    /// `summary.csv`.
    pub summary: Vec<SummaryRow>,
    /// `verdicts.csv`.
    pub verdicts: Vec<VerdictRow>,
    /// `differences.csv`.
    pub differences: Vec<DifferenceRow>,
    /// `ratings.csv`, one row a strategy in the order of the scenario.
    pub ratings: Vec<RatingRow>,
    /// What each step asked for and what was met, by strategy and variant.
    pub steps: Vec<StepRow>,
    /// What each strategy ships, one row a strategy in the order of the scenario.
    pub deliveries: Vec<DeliveryRow>,
    /// Who stops what, by strategy and release.
    pub stops: Vec<StopRow>,
    /// Bad releases that differ in no flight from a good one, each with that one.
    pub idle: Vec<(VariantId, VariantId)>,
    /// Which strategy to choose, by the rule of [`super::winner`].
    pub choice: Choice,
    /// What a year of releases costs.
    pub money: Money,
    /// The precision that was reached, one row per strategy and variant.
    pub precision: Vec<PrecisionRow>,
    /// Recordings of one typical replication (the same for all strategies): per variant, strategy.
    pub recordings: Vec<FlightRecord>,
    /// What the expectations came to.
    pub expectations: Vec<ExpectationResult>,
    /// Which strategies qualify under the scenario's constraints, one row a strategy.
    pub qualification: Vec<QualificationRow>,
}

/// One row of `summary.csv`.
#[derive(Clone, Debug)]
pub struct SummaryRow {
    /// Variant, or the mix.
    pub release: ReleaseId,
    /// Strategy.
    pub plan: PlanId,
    /// Measure, a column of `runs.csv`.
    pub measure: MeasureId,
    /// The estimate over the flights that have a value; nothing if none has.
    pub estimate: Option<Estimate>,
    /// Flights whose value the horizon cut (or that have none).
    pub empty: u32,
}

/// One row of `verdicts.csv`.
#[derive(Clone, Debug)]
pub struct VerdictRow {
    /// Variant, or the mix.
    pub release: ReleaseId,
    /// Strategy.
    pub plan: PlanId,
    /// How these flights ended.
    pub verdict: Verdict,
    /// Flights with it.
    pub n: u32,
    /// Share of flights with it (for the mix: weighted by the variants' shares).
    pub share: f64,
    /// Lower end of its exact interval.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
}

/// One row of `differences.csv`: strategy minus reference, flight by flight.
#[derive(Clone, Debug)]
pub struct DifferenceRow {
    /// Variant, or the mix.
    pub release: ReleaseId,
    /// Strategy.
    pub plan: PlanId,
    /// What it is compared with.
    pub reference: PlanId,
    /// Measure.
    pub measure: MeasureId,
    /// Pairs of flights of common replications with a value on both sides, over all variants.
    pub n: u32,
    /// Mean difference.
    pub mean: f64,
    /// Lower end of its 95 % interval.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
}

/// One row of `ratings.csv`, with the figures that decided.
#[derive(Clone, Debug, PartialEq)]
pub struct RatingRow {
    /// Strategy.
    pub plan: PlanId,
    /// `no` or `yes`.
    pub downtime: Grade,
    /// `n.a.`, `instant`, `fast`, `medium` or `slow`.
    pub rollback: Grade,
    /// `none`, `low`, `medium` or `high`.
    pub risk: Grade,
    /// `low`, `medium` or `high`.
    pub cost: Grade,
    /// `yes`, `mostly`, `no` or `n.a.`
    pub delivery: Grade,
    /// Mean outage by the release over good flights, in seconds.
    pub outage_good_s: f64,
    /// Median over bad flights of max(rollback, capacity restored), in seconds; nothing if no bad
    /// flight exposed a user, if none was taken back, or if the horizon cut most rollbacks
    /// (`exposed` and `went_back` tell which).
    pub full_rollback_s: Option<f64>,
    /// Median from the creation of a pod to its readiness, in seconds.
    pub start_to_ready_s: Option<f64>,
    /// Mean outage by the release after the decision, over flights that went back, in seconds.
    pub rollback_outage_s: f64,
    /// Share of active users hurt by the release, over the mix.
    pub hurt_share: f64,
    /// Fleet-minutes per release, over the mix.
    pub fleet_minutes: f64,
    /// Did a bad flight expose a user?
    pub exposed: bool,
    /// Was a bad flight that exposed a user ordered back?
    pub went_back: bool,
}

impl RatingRow {
    /// Why there is no time of a rollback, though a bad release met users.
    pub fn no_rollback(&self) -> &'static str {
        if self.went_back { "not back within the horizon" } else { "no flight went back" }
    }

    /// What a rating comes to.
    pub fn grade(&self, rating: Rating) -> Grade {
        match rating {
            Rating::Downtime => self.downtime,
            Rating::Rollback => self.rollback,
            Rating::Risk => self.risk,
            Rating::Cost => self.cost,
            Rating::Delivery => self.delivery,
        }
    }
}

/// What a step of a release asked for, and what was met.
#[derive(Clone, Debug)]
pub struct StepRow {
    /// Variant.
    pub variant: VariantId,
    /// Strategy.
    pub plan: PlanId,
    /// Number of the step, from 1.
    pub number: u32,
    /// Share of the requests that it asked for.
    pub asked: f64,
    /// Flights that came to it.
    pub flights: u32,
    /// Its mean length in seconds, to the next step or to the verdict.
    pub lasted_s: f64,
    /// Share of the requests in it that met the new version.
    pub requests: Option<Estimate>,
    /// Share of the users so far who had met the new version by its end.
    pub users: Option<Estimate>,
    /// Pods that served users most of the time: of the new version, and of both.
    pub pods: [u32; 2],
}

/// Precision of the main measures for one strategy and variant.
#[derive(Clone, Debug)]
pub struct PrecisionRow {
    /// Variant.
    pub variant: VariantId,
    /// Strategy.
    pub plan: PlanId,
    /// Flights.
    pub n: u32,
    /// Were all main measures estimated as precisely as asked?
    pub reached: bool,
    /// The measure that is known least precisely, with half-width and target.
    pub worst: Option<(MeasureId, f64, f64)>,
}

/// The recording of one flight.
#[derive(Clone, Debug)]
pub struct FlightRecord {
    /// Variant.
    pub variant: VariantId,
    /// Strategy.
    pub plan: PlanId,
    /// Replication.
    pub replication: u32,
    /// What was recorded.
    pub recording: Recording,
}

/// What one expectation came to.
#[derive(Clone, Debug, Default)]
pub struct ExpectationResult {
    /// The line as written.
    pub text: String,
    /// The file that it stands in; empty if none does (`--set`).
    pub file: Arc<str>,
    /// Where in the file; line 0 if in none.
    pub place: Place,
    /// Does it hold, by the whole interval?
    pub judgement: Judgement,
    /// The measured value, if there is one.
    pub value: Option<f64>,
    /// The 95 % interval of the figure; nothing where it has none, as words.
    pub interval: Option<(f64, f64)>,
    /// Unit of both; nothing for a rating.
    pub unit: Option<Unit>,
    /// Flights with a value (pairs of them, of a difference) that it was judged by.
    pub flights: u64,
    /// Of an undecided line, about how many flights would decide it if they go on like this;
    /// nothing where that cannot be told.
    pub needed: Option<u64>,
    /// In words: what was measured and why that decides.
    pub detail: String,
}

/// An expectation's verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Judgement {
    /// The whole interval satisfies it.
    Holds,
    /// The whole interval contradicts it.
    Fails,
    /// The interval spans the limit: more replications are needed.
    #[default]
    Undecided,
}

/// Whether a strategy qualifies under the constraints, and the figure that decides.
#[derive(Clone, Debug)]
pub struct QualificationRow {
    /// Strategy.
    pub plan: PlanId,
    /// Does it qualify?
    pub qualifies: bool,
    /// Reasons, one per violated constraint (or the deciding figures when it qualifies).
    pub reasons: Vec<String>,
    /// Limits of which it is neither certain that they are kept nor that they are not.
    pub open: Vec<String>,
    /// Which limits are certainly not kept.
    pub beyond: Vec<Limit>,
    /// Which limits `open` tells of.
    pub unsure: Vec<Limit>,
}

/// A limit of `constraints:` that chance decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// `riskMax`.
    Risk,
    /// `rollbackMax`.
    Rollback,
    /// `fleetMinutesMax`.
    FleetMinutes,
    /// `falseAlarmMax`.
    FalseAlarm,
    /// `timeToShipMax`.
    TimeToShip,
}
