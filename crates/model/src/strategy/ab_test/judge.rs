//! How an experiment's log is judged: the sample ratio first, then the conversion of the arms, once
//! or at every look. Deliberately unknown here: routing, fleets, who is assigned.

use crate::world::action::{Action, Decision, Evidence, Tested, Verdict};
use crate::world::log::ExperimentCounts;
use windtunnel_base::settings::Reader;
use windtunnel_base::special::normal_sf;
use windtunnel_stats::group_sequential::{MOST_LOOKS, group_sequential};
use windtunnel_stats::proportions::{TwoProportions, two_proportions};
use windtunnel_stats::srm::sample_ratio;

/// When the conversion of the arms is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Looks {
    /// Once, when the duration is over.
    End,
    /// At every interval, each time as if it were the only look.
    Peek,
    /// At every interval, against limits that hold the error probability over all looks.
    Planned,
}

/// The rules of the verdict.
#[derive(Clone, Debug, PartialEq)]
pub struct Judge {
    looks: Looks,
    /// Limits on |z| of planned looks.
    limits: Vec<f64>,
    /// Intervals between planned looks.
    every: usize,
    /// Relative drop of the conversion that would count as worse.
    margin: f64,
    require_better: bool,
    confidence: f64,
    srm_p: f64,
}

fn looks(r: &mut Reader<'_>) -> Looks {
    let help = "when conversions are compared: once at the end, at every interval as if it were \
                the only look, or at every interval against O'Brien-Fleming's limits";
    match r.choice("looks", &["end", "peek", "planned"], "end", help) {
        0 => Looks::End,
        1 => Looks::Peek,
        _ => Looks::Planned,
    }
}

/// Reads the settings; `looks_max` looks fit into the duration.
pub fn read(r: &mut Reader<'_>, looks_max: usize) -> Judge {
    let margin =
        r.share("margin", "10%", "relative drop of the conversion that would count as worse");
    let require_better =
        r.choice("require", &["notWorse", "better"], "notWorse", "what the variant has to show")
            == 1;
    let confidence = r.share("confidence", "95%", "confidence of the comparison").value();
    let help = "a sample ratio less likely than this voids the test";
    let srm_p = r.number("sampleRatioP", 0.001, 0.0..=0.5, help);
    let looks = looks(r);
    // More looks than can be planned are spread over the duration.
    let every = looks_max.div_ceil(MOST_LOOKS).max(1);
    let planned = (looks_max / every).max(1);
    let limits = match looks {
        Looks::Planned => group_sequential(planned, 1.0 - confidence),
        _ => None,
    };
    let limits = limits.map_or(Vec::new(), |design| design.obrien_fleming);
    let margin = margin.value();
    Judge { looks, every, limits, margin, require_better, confidence, srm_p }
}

fn compared(log: &ExperimentCounts, confidence: f64) -> Option<TwoProportions> {
    let arm = |i: usize| (log.converted[i], log.users[i]);
    two_proportions(arm(1), arm(0), confidence)
}

/// Name of the comparison of the arms in evidence.
pub const CONVERSION: &str = "conversionDifference";

/// The conversion of both arms.
fn rates(log: &ExperimentCounts) -> [f64; 2] {
    [0, 1].map(|arm| log.converted[arm] as f64 / log.users[arm].max(1) as f64)
}

/// What the comparison found, and by which limit on the difference.
fn evidence(
    log: &ExperimentCounts,
    (decision, limit): (Decision, f64),
    tested: Tested,
) -> Evidence {
    let [control, variant] = rates(log);
    Evidence {
        check: CONVERSION.into(),
        value: Some(variant - control),
        limit: Some(limit),
        requests: Some((log.users[0] + log.users[1]) as f64),
        verdict: match decision {
            Decision::Promote => Verdict::Pass,
            Decision::Rollback => Verdict::Fail,
            Decision::NoEvidence | Decision::Pass => Verdict::Unsure,
        },
        tested: Some(tested),
    }
}

impl Judge {
    /// The look of number `seen`, from 1, before the end: a verdict if it stops the test.
    pub fn look(
        &self,
        seen: usize,
        log: &ExperimentCounts,
        share: f64,
        out: &mut Vec<Action>,
    ) -> Option<Decision> {
        if self.is_void(log, share) {
            return None;
        }
        let test = compared(log, self.confidence)?;
        let decides = match self.looks {
            Looks::End => return None,
            Looks::Peek => test.newcombe.lower > 0.0 || test.newcombe.upper < 0.0,
            Looks::Planned => {
                // The last of the planned looks is the end's.
                let look = seen / self.every;
                let due = seen.is_multiple_of(self.every) && look < self.limits.len();
                let limit = self.limits.get(look.saturating_sub(1));
                due && limit.is_some_and(|limit| test.z.abs() >= *limit)
            }
        };
        if !decides {
            return None;
        }
        let difference = test.newcombe;
        out.push(Action::Say(format!(
            "look {}: the conversion differs by {:+.4} to {:+.4}: the test stops",
            seen, difference.lower, difference.upper
        )));
        let decision = if test.z > 0.0 { Decision::Promote } else { Decision::Rollback };
        // One that stops the test is named by the same check as the end's.
        let limit = self.limits.get((seen / self.every).saturating_sub(1));
        let (statistic, value, limit) = match (self.looks, limit) {
            (Looks::Planned, Some(limit)) => ("z", test.z, limit.copysign(test.z)),
            _ if test.z > 0.0 => ("lower end of the difference", difference.lower, 0.0),
            _ => ("upper end of the difference", difference.upper, 0.0),
        };
        let tested = Tested { judge: "twoProportions", statistic, value, limit };
        out.push(Action::Evidence(evidence(log, (decision, 0.0), tested)));
        Some(decision)
    }

    /// Do the arms' sizes contradict the split, so that the log can't be trusted? That voids a test
    /// at its end alone, where it is asked once; a look before only passes over such a log.
    fn is_void(&self, log: &ExperimentCounts, share: f64) -> bool {
        let ratio = sample_ratio(&[log.users[0], log.users[1]], &[1.0 - share, share]);
        share < 1.0 && ratio.is_none_or(|r| r.p < self.srm_p)
    }

    /// The verdict at the end of a test whose variant was to get `share` of the users.
    pub fn conclude(&self, log: &ExperimentCounts, share: f64, out: &mut Vec<Action>) -> Decision {
        if self.is_void(log, share) {
            out.push(Action::Say(format!(
                "sample ratio {} : {} does not fit the split: the log can't be trusted",
                log.users[0], log.users[1]
            )));
            return Decision::NoEvidence;
        }
        // The last of planned looks has to meet its own limit.
        let last = self.limits.last().map(|z| 1.0 - 2.0 * normal_sf(*z));
        let Some(test) = compared(log, last.unwrap_or(self.confidence)) else {
            return Decision::NoEvidence;
        };
        let (found, [control, _]) = (test.newcombe, rates(log));
        let worst = -self.margin * control;
        let decision = match (self.require_better, found.lower, found.upper) {
            (true, lower, _) if lower > 0.0 => Decision::Promote,
            (false, lower, _) if lower > worst => Decision::Promote,
            (_, _, upper) if upper < 0.0 => Decision::Rollback,
            _ => Decision::NoEvidence,
        };
        let limit = if self.require_better { 0.0 } else { worst };
        let statistic = "lower end of the difference";
        let tested = Tested { judge: "twoProportions", statistic, value: found.lower, limit };
        out.push(Action::Evidence(evidence(log, (decision, limit), tested)));
        decision
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A look that stops the test is told by the check that the end's comparison has.
    #[test]
    fn an_early_look_names_its_check() {
        let limits = group_sequential(4, 0.05).expect("a design").obrien_fleming;
        let judge = |looks| Judge {
            looks,
            limits: if looks == Looks::Planned { limits.clone() } else { Vec::new() },
            every: 1,
            margin: 0.1,
            require_better: false,
            confidence: 0.95,
            srm_p: 0.001,
        };
        let log = |converted| ExperimentCounts {
            users: [1_000, 1_000],
            converted: [500, converted],
            ..ExperimentCounts::default()
        };
        let stopped = |looks, converted| {
            let mut out = Vec::new();
            let decision = judge(looks).look(1, &log(converted), 0.5, &mut out);
            let found = out.iter().find_map(|action| match action {
                Action::Evidence(found) => Some((found.check.to_string(), found.verdict)),
                _ => None,
            });
            (decision, found)
        };
        for looks in [Looks::Peek, Looks::Planned] {
            let worse = Some((CONVERSION.to_string(), Verdict::Fail));
            assert_eq!(stopped(looks, 200), (Some(Decision::Rollback), worse));
            let better = Some((CONVERSION.to_string(), Verdict::Pass));
            assert_eq!(stopped(looks, 800), (Some(Decision::Promote), better));
            assert_eq!(stopped(looks, 500), (None, None), "a look that does not decide");
        }
    }
}
