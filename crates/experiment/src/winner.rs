//! Which strategy to choose, by a rule that knows no strategy's name.
//!
//! Who may win: strategies that ship good releases (ruled out only if it is certain that fewer
//! than 95 % are shipped) and meet the scenario's constraints. What is compared: the total of a
//! year in dollars if requests have a value, else the users hurt by the release over the mix. The
//! least leads. It wins if its paired difference to every rival is certain, at 5 % for all rivals
//! together (Holm, "A Simple Sequentially Rejective Multiple Test Procedure", 1979), and larger
//! than what matters; else it is a tie with those of whom that is not so.

use super::delivery::DeliveryRow;
use super::figures::{Figure, Figures};
use super::results::QualificationRow;
use windtunnel_model::outcome::{MeasureId, Outcome};
use windtunnel_model::scenario::ids::{PlanId, ReleaseId};
use windtunnel_model::scenario::model::Scenario;
use windtunnel_stats::estimate::{CONFIDENCE, Estimate};

/// Differences of fewer users than this share of those active do not matter: 1 in 1,000.
pub const USERS_FLOOR: f64 = 0.001;

/// Differences of less than this share of the greater total of a year do not matter.
pub const MONEY_FLOOR: f64 = 0.05;

/// By what strategies are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Criterion {
    /// Share of active users hurt by the release, over the mix.
    UsersHurt,
    /// Dollars of a release over the mix, of all that has a price: a year's by its number.
    ReleaseUsd,
}

/// Why a strategy cannot win.
#[derive(Clone, Debug, PartialEq)]
pub enum RuledOut {
    /// It ships nothing by design.
    ByDesign,
    /// It is certain that it ships fewer than 95 % of the good releases: this share.
    Delivery(f64),
    /// It does not meet the scenario's constraints.
    Constraints(Vec<String>),
    /// No flight has the figure that decides.
    NotMeasured,
}

/// How a strategy that may win stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// Strategy.
    pub plan: PlanId,
    /// The figure that decides, of one release.
    pub figure: Estimate,
    /// What it has more than the one that leads, flight by flight, with its own 95 % interval;
    /// nothing for the one that leads, and where there are too few pairs.
    pub behind: Option<Figure>,
    /// Is the difference to the one that leads certain, and does it matter?
    pub beaten: bool,
}

/// How the comparison ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// No strategy may win.
    Nobody,
    /// One strategy may win, and no other was compared with it.
    Alone,
    /// The first wins.
    Wins,
    /// The first would win, but it is not certain yet that it ships what is good, or no good
    /// release was flown.
    Leads,
    /// The first and others that it does not beat.
    Tie,
}

/// Which strategy to choose.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// By what.
    pub criterion: Criterion,
    /// How it ended.
    pub ending: Ending,
    /// Those that may win, best first.
    pub standings: Vec<Standing>,
    /// Where dollars leave a tie: its strategies by the users that they hurt, best first.
    pub tied_by_users: Vec<Standing>,
    /// Those that cannot, in the scenario's order.
    pub ruled_out: Vec<(PlanId, RuledOut)>,
    /// Further good flights, all shipped, after which it is certain that the first delivers.
    pub more_flights: u64,
    /// Was a good release flown at all?
    pub good_flown: bool,
}

impl Choice {
    /// The first, and those that it does not beat.
    pub fn tied(&self) -> Vec<PlanId> {
        unbeaten(&self.standings)
    }

    /// Of a tie in dollars the one that hurts fewest users, and those that certainly hurt more than
    /// it; nothing if there is none of whom that is so.
    pub fn fewest_hurt(&self) -> Option<(&Standing, Vec<&Standing>)> {
        let (first, rivals) = self.tied_by_users.split_first()?;
        let more: Vec<&Standing> = rivals.iter().filter(|rival| rival.beaten).collect();
        (!more.is_empty()).then_some((first, more))
    }
}

/// The first of some, and those that it does not beat.
fn unbeaten(standings: &[Standing]) -> Vec<PlanId> {
    // The first is beaten by nobody.
    let open = standings.iter().filter(|standing| !standing.beaten);
    open.map(|standing| standing.plan).collect()
}

impl Ending {
    /// All words in JSON.
    pub const WORDS: [&str; 5] = ["nobody", "alone", "wins", "leads", "tie"];

    /// The word in JSON.
    pub fn word(self) -> &'static str {
        Ending::WORDS[self as usize]
    }
}

impl Criterion {
    /// The measure that decides.
    pub fn measure(self) -> MeasureId {
        match self {
            Criterion::UsersHurt => MeasureId::UsersHurtByReleaseShare,
            Criterion::ReleaseUsd => MeasureId::ReleaseUsd,
        }
    }

    /// Does a difference between two figures matter?
    fn matters(self, one: f64, other: f64) -> bool {
        let floor = match self {
            Criterion::UsersHurt => USERS_FLOOR,
            Criterion::ReleaseUsd => MONEY_FLOOR * one.abs().max(other.abs()),
        };
        (one - other).abs() > floor
    }
}

/// The choice among the strategies of a scenario.
pub fn choose(
    scenario: &Scenario,
    flights: &[Vec<Vec<Outcome>>],
    deliveries: &[DeliveryRow],
    qualification: &[QualificationRow],
) -> Choice {
    let criterion = if scenario.is_priced() { Criterion::ReleaseUsd } else { Criterion::UsersHurt };
    let figures = Figures::of(scenario, flights);
    let compared = Compared { figures, criterion };
    let (mut standings, mut ruled_out) = (Vec::new(), Vec::new());
    for (delivery, qualifies) in deliveries.iter().zip(qualification) {
        let plan = delivery.plan;
        let figure = compared.figure(plan);
        match (refusal(delivery, qualifies), figure) {
            (Some(reason), _) => ruled_out.push((plan, reason)),
            (None, None) => ruled_out.push((plan, RuledOut::NotMeasured)),
            (None, Some(figure)) => {
                standings.push(Standing { plan, figure, behind: None, beaten: false });
            }
        }
    }
    compared.beat(&mut standings);
    let first = standings.first().map(|first| &deliveries[first.plan.0]);
    let ending = match standings.as_slice() {
        [] => Ending::Nobody,
        [_, rest @ ..] if rest.iter().any(|rival| !rival.beaten) => Ending::Tie,
        [_] if deliveries.len() == 1 => Ending::Alone,
        _ if !first.is_some_and(DeliveryRow::is_proved) => Ending::Leads,
        _ => Ending::Wins,
    };
    let tied_by_users = match (ending, criterion) {
        (Ending::Tie, Criterion::ReleaseUsd) => by_users(figures, &standings),
        _ => Vec::new(),
    };
    Choice {
        criterion,
        ending,
        tied_by_users,
        more_flights: first.map_or(0, |first| first.more_flights),
        good_flown: deliveries.iter().any(|delivery| delivery.flights > 0),
        standings,
        ruled_out,
    }
}

fn refusal(delivery: &DeliveryRow, qualifies: &QualificationRow) -> Option<RuledOut> {
    if delivery.by_design {
        return Some(RuledOut::ByDesign);
    }
    if delivery.fails() {
        return delivery.shipped.map(|share| RuledOut::Delivery(share.share));
    }
    (!qualifies.qualifies).then(|| RuledOut::Constraints(qualifies.reasons.clone()))
}

/// The strategies of a tie, compared by the users that they hurt.
fn by_users(figures: Figures<'_>, standings: &[Standing]) -> Vec<Standing> {
    let compared = Compared { figures, criterion: Criterion::UsersHurt };
    let standing = |plan: PlanId| {
        let figure = compared.figure(plan)?;
        Some(Standing { plan, figure, behind: None, beaten: false })
    };
    let mut tied: Vec<Standing> = unbeaten(standings).into_iter().filter_map(standing).collect();
    compared.beat(&mut tied);
    tied
}

/// Flights, and by what strategies are compared in them. A further criterion needs a figure of its
/// own for each strategy ([`Compared::figure`]) and its paired difference ([`Compared::behind`]).
#[derive(Clone, Copy)]
struct Compared<'a> {
    figures: Figures<'a>,
    criterion: Criterion,
}

impl Compared<'_> {
    /// What decides, of one release by a strategy.
    fn figure(&self, plan: PlanId) -> Option<Estimate> {
        self.figures.estimate(ReleaseId::Mix, plan, self.criterion.measure())
    }

    /// What a strategy has more than another, flight by flight.
    fn behind(&self, pair: (PlanId, PlanId), confidence: f64) -> Option<Figure> {
        self.figures.at(confidence).difference(ReleaseId::Mix, pair, self.criterion.measure())
    }

    /// Sorts by the figure that decides, and marks the rivals that the first beats. Holm's
    /// procedure: while any of the n rivals left is beaten at 5 % / n, it is taken out and the
    /// others are asked again.
    fn beat(&self, standings: &mut [Standing]) {
        standings.sort_by(|a, b| a.figure.mean.total_cmp(&b.figure.mean));
        let Some((first, rivals)) = standings.split_first_mut() else { return };
        for rival in rivals.iter_mut() {
            rival.behind = self.behind((rival.plan, first.plan), CONFIDENCE);
        }
        loop {
            let open = rivals.iter().filter(|rival| !rival.beaten).count();
            let confidence = 1.0 - (1.0 - CONFIDENCE) / open.max(1) as f64;
            let mut any = false;
            for rival in rivals.iter_mut().filter(|rival| !rival.beaten) {
                let found = self.behind((rival.plan, first.plan), confidence);
                let certain = found.is_some_and(|found| found.interval.lower > 0.0);
                let matters = self.criterion.matters(rival.figure.mean, first.figure.mean);
                rival.beaten = certain && matters;
                any |= rival.beaten;
            }
            if !any {
                return;
            }
        }
    }
}
