//! What a pod does to a request of one route: the row that the request loop reads.
//!
//! The active faults are translated into these rows; the loop itself knows no fault.
//! One uniform 32-bit draw decides the outcome against cumulative thresholds in a fixed order:
//! base errors, chaos, defect, wrong answer, hang. A defect can therefore only add harm to the
//! draws that base errors and chaos left alone, which makes the release's share attributable.

/// Probability as a threshold of a 32-bit draw; 1 becomes 1 − 2⁻³².
pub fn threshold(probability: f64) -> u32 {
    // `as` saturates at both ends and turns NaN into 0.
    (probability * 4_294_967_296.0) as u32
}

/// The row of one pod, version, class of users and route.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Effect {
    /// Draws below this fail without release or chaos.
    pub base: u32,
    /// Draws below this (and not below `base`) fail by chaos.
    pub chaos: u32,
    /// Draws below this fail by the defect of the version.
    pub defect: u32,
    /// Draws below this (after failures) are answered wrongly.
    pub wrong: u32,
    /// Draws below this (after wrong answers) are never answered.
    pub hang: u32,
    /// With more requests in flight than this, a step of the row's ladder applies.
    pub load_limit: u32,
    /// Number of the ladder: what the row is like under load, step by step.
    pub ladder: u32,
    /// Service-time factor.
    pub factor: f32,
    /// Added service time in microseconds.
    pub add_us: u32,
    /// CPU factor.
    pub cpu: f32,
    /// Factor on the calls to the dependency.
    pub calls: f32,
    /// Share of answered requests that complete the business step, as a threshold.
    pub conversion: u32,
}

/// What a row is like while many requests are in flight on the pod.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LoadStep {
    /// It applies with more requests in flight than this, until a later step does.
    pub above: u32,
    /// Draws below this fail.
    pub errors: u32,
    /// Service-time factor.
    pub factor: f32,
    /// Added service time in microseconds.
    pub add_us: u32,
}

/// What is changed for users of the new version.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClientChange {
    /// Further attempts after a failure.
    pub extra_attempts: u8,
    /// Draws below a threshold, and not below the one before, take this route instead.
    pub reroutes: Vec<(u32, u8)>,
}

/// Probabilities that a row is made of, before they become thresholds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Causes {
    /// Failure without release or chaos.
    pub base: f64,
    /// Failure by chaos.
    pub chaos: f64,
    /// Failure by the defect.
    pub defect: f64,
    /// Wrong answer.
    pub wrong: f64,
    /// No answer.
    pub hang: f64,
    /// The rest of the row.
    pub row: Effect,
}

impl Effect {
    /// A row that only knows base errors.
    pub fn plain(base: f64, conversion: f64) -> Effect {
        let t = threshold(base);
        Effect {
            base: t,
            chaos: t,
            defect: t,
            wrong: t,
            hang: t,
            load_limit: u32::MAX,
            ladder: 0,
            factor: 1.0,
            add_us: 0,
            cpu: 1.0,
            calls: 1.0,
            conversion: threshold(conversion),
        }
    }
}

impl Effect {
    /// The row of a process that accepts and never answers.
    pub fn frozen(self) -> Effect {
        let load_limit = u32::MAX;
        Effect { base: 0, chaos: 0, defect: 0, wrong: 0, hang: u32::MAX, load_limit, ..self }
    }
}

impl Causes {
    /// No cause beyond base errors.
    pub fn plain(base: f64, conversion: f64) -> Causes {
        let row = Effect::plain(base, conversion);
        Causes { base, chaos: 0.0, defect: 0.0, wrong: 0.0, hang: 0.0, row }
    }

    /// Joins a further probability to one that is already there, as independent causes.
    pub fn also(present: f64, further: f64) -> f64 {
        1.0 - (1.0 - present) * (1.0 - further)
    }

    /// Probability of a failure by any cause, the defect being the last.
    pub fn fails(&self) -> f64 {
        Causes::also(Causes::also(self.base, self.chaos), self.defect)
    }

    /// The row with cumulative thresholds: each cause acts on the draws the earlier ones left.
    pub fn into_effect(self) -> Effect {
        let base = self.base;
        let chaos = Causes::also(base, self.chaos);
        let defect = self.fails();
        let wrong = Causes::also(defect, self.wrong);
        let hang = Causes::also(wrong, self.hang);
        Effect {
            base: threshold(base),
            chaos: threshold(chaos),
            defect: threshold(defect),
            wrong: threshold(wrong).max(threshold(defect)),
            hang: threshold(hang).max(threshold(wrong)),
            ..self.row
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_stack_in_their_fixed_order() {
        let mut causes = Causes::plain(0.01, 1.0);
        causes.chaos = 0.5;
        causes.defect = 0.1;
        let row = causes.into_effect();
        assert!(row.base < row.chaos && row.chaos < row.defect);
        assert_eq!((row.wrong, row.hang), (row.defect, row.defect));
        // 0.01, then half of the rest, then a tenth of what that left.
        let share = f64::from(row.defect) / 4_294_967_296.0;
        assert!((share - (1.0 - 0.99 * 0.5 * 0.9)).abs() < 1e-9);
    }

    #[test]
    fn certain_failure_is_certain_enough() {
        assert_eq!(threshold(1.0), u32::MAX);
        assert_eq!(threshold(f64::NAN), 0);
    }
}
