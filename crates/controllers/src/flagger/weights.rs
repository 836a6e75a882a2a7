//! Which way a Canary goes about it, and the weight that comes next.
//!
//! Read from fluxcd/flagger 1.44 `pkg/controller/scheduler.go` (`maxWeight`, `nextStepWeight`,
//! `runCanary`, `runPromotionTrafficShift`) and `canary.go` (`DeploymentStrategy`). Weights are
//! percent. Deliberately unknown here: checks and phases.

use super::settings::Analysis;

/// The whole, in percent.
pub const TOTAL: u32 = 100;

/// How an analysis divides the traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Growing weights.
    Canary,
    /// Users that match go to the canary, the others never.
    AbTesting,
    /// No live traffic until all of it moves.
    BlueGreen,
}

impl Mode {
    /// The mode that an analysis block selects; no block at all is a canary.
    pub fn of(analysis: Option<&Analysis>) -> Mode {
        match analysis {
            Some(a) if a.matching.is_some() && a.iterations > 0 => Mode::AbTesting,
            Some(a) if a.iterations > 0 => Mode::BlueGreen,
            _ => Mode::Canary,
        }
    }
}

/// What the mesh object says, in percent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Routes {
    /// Weight of the primary.
    pub primary: u32,
    /// Weight of the canary.
    pub canary: u32,
    /// Are requests copied to the canary?
    pub mirrored: bool,
}

impl Routes {
    /// Everything to the primary.
    pub const PRIMARY: Routes = Routes { primary: TOTAL, canary: 0, mirrored: false };
    /// Everything to the canary.
    pub const CANARY: Routes = Routes { primary: 0, canary: TOTAL, mirrored: false };
}

/// The weight at which the analysis is over.
pub fn max_weight(analysis: &Analysis) -> u32 {
    match (analysis.step_weights.last(), analysis.max_weight) {
        (Some(last), _) => TOTAL.min(*last),
        (None, 0) => TOTAL,
        (None, max) => max,
    }
}

/// How much weight the next step adds. Not above zero means that no step will ever be made: with
/// neither kind of step set, or with entries that fall.
pub fn next_step(analysis: &Analysis, canary: u32) -> i64 {
    let steps: Vec<i64> = analysis.step_weights.iter().copied().map(i64::from).collect();
    if analysis.step_weight > 0 || steps.is_empty() {
        return i64::from(analysis.step_weight);
    }
    let canary = i64::from(canary);
    let rest = i64::from(TOTAL) - canary;
    if rest == 0 {
        // Any step above zero moves on to the promotion.
        return 1;
    }
    if canary == 0 {
        return rest.min(steps[0]);
    }
    let at = steps[..steps.len() - 1].iter().position(|step| *step == canary);
    at.map_or(rest, |at| rest.min(steps[at + 1] - canary))
}

impl Routes {
    /// The two weights are always the whole.
    fn checked(self) -> Routes {
        debug_assert_eq!(self.primary + self.canary, TOTAL, "{self:?}");
        self
    }
}

/// The routes after one step of a canary that has not reached its last weight. With `mirror` the
/// first step copies requests and moves none.
pub fn step(analysis: &Analysis, now: Routes) -> Routes {
    let (next, now) = (next_step(analysis, now.canary), now.checked());
    let clamp = |weight: i64| weight.clamp(0, i64::from(TOTAL)) as u32;
    if analysis.mirror && now.canary == 0 {
        if !now.mirrored {
            return Routes { mirrored: true, ..Routes::PRIMARY };
        }
        let primary = clamp(i64::from(TOTAL) - next);
        return Routes { primary, canary: clamp(next), mirrored: false }.checked();
    }
    let primary = clamp(i64::from(now.primary) - next);
    let canary = clamp(i64::from(now.canary) + next);
    Routes { primary, canary, mirrored: now.mirrored }.checked()
}

/// How many steps it takes to the last weight, or the weight at which it stands for ever: entries
/// of `stepWeights` that repeat or fall lead nowhere.
pub fn steps_to_last(analysis: &Analysis) -> Result<u64, u32> {
    let last = max_weight(analysis);
    let mut routes = Routes::PRIMARY;
    let mut steps = 0;
    while routes.canary < last {
        if next_step(analysis, routes.canary) <= 0 || steps > u64::from(TOTAL) + 1 {
            return Err(routes.canary);
        }
        (routes, steps) = (step(analysis, routes), steps + 1);
    }
    Ok(steps)
}

/// The routes after one step of `by` percent back to the promoted primary.
pub fn promote_step(by: u32, now: Routes) -> Routes {
    let primary = now.primary.saturating_add(by).min(TOTAL);
    Routes { primary, canary: now.canary.saturating_sub(by), mirrored: false }.checked()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_that_repeat_or_fall_stand_for_ever() {
        assert_eq!(steps_to_last(&steps(0, 0, &[10, 50, 100])), Ok(3));
        assert_eq!(steps_to_last(&steps(30, 100, &[])), Ok(4));
        assert_eq!(steps_to_last(&steps(0, 0, &[10, 10, 20])), Err(10));
        assert!(steps_to_last(&steps(0, 0, &[10, 5, 150])).is_err());
        assert!(steps_to_last(&steps(0, 0, &[])).is_err());
    }

    /// The weights from 0 until the last one is reached, at most 20 steps.
    fn sequence(analysis: &Analysis) -> Vec<u32> {
        let mut routes = Routes::PRIMARY;
        let mut weights = Vec::new();
        while routes.canary < max_weight(analysis) && weights.len() < 20 {
            routes = step(analysis, routes);
            assert_eq!(routes.primary + routes.canary, TOTAL);
            weights.push(routes.canary);
        }
        weights
    }

    fn steps(step_weight: u32, max_weight: u32, step_weights: &[u32]) -> Analysis {
        let step_weights = step_weights.to_vec();
        Analysis { step_weight, max_weight, step_weights, ..Analysis::default() }
    }

    #[test]
    fn weights_are_capped_at_the_whole_not_at_the_maximum() {
        assert_eq!(sequence(&steps(20, 50, &[])), [20, 40, 60]);
        assert_eq!(sequence(&steps(50, 100, &[])), [50, 100]);
        assert_eq!(sequence(&steps(70, 0, &[])), [70, 100]);
        assert_eq!(sequence(&steps(0, 0, &[1, 5, 50])), [1, 5, 50]);
        assert_eq!(sequence(&steps(0, 0, &[10, 120])), [10, 100]);
    }

    #[test]
    fn an_equal_step_wins_over_listed_ones() {
        assert_eq!(sequence(&steps(30, 0, &[1, 5, 50])), [30, 60]);
    }

    #[test]
    fn without_steps_nothing_moves() {
        assert_eq!(next_step(&steps(0, 50, &[]), 0), 0);
        assert!(next_step(&steps(0, 0, &[50, 20]), 50) < 0);
    }

    #[test]
    fn mirroring_takes_one_step_of_its_own() {
        let analysis = Analysis { mirror: true, ..steps(20, 40, &[]) };
        let first = step(&analysis, Routes::PRIMARY);
        assert_eq!(first, Routes { mirrored: true, ..Routes::PRIMARY });
        let second = step(&analysis, first);
        assert_eq!(second, Routes { primary: 80, canary: 20, mirrored: false });
    }

    #[test]
    fn the_way_home_stops_at_the_whole() {
        let routes = Routes { primary: 40, canary: 60, mirrored: false };
        let next = promote_step(50, routes);
        assert_eq!((next.primary, next.canary), (90, 10));
        assert_eq!(promote_step(50, next), Routes::PRIMARY);
    }
}
