//! `kOfN`: fails once k of the last n looks would have failed, by another judge or by the check's
//! own limit. A look that fails and is not yet the k-th makes the check wait: the weight is held.
//!
//! By chance q a look, n looks without a fault fail with P(Bin(n, q) ≥ k); a run of k is n = k.
//! Asked for in argo-rollouts #4792: a limit on failures in all, as the controllers have it,
//! loosens with the length of the rollout.

use super::{Asks, JUDGES, Judge, Judging, Look, Opinion};
use crate::world::action::{Tested, Verdict};
use windtunnel_base::settings::{Part, Reader};

/// `kOfN` for the catalogue: name, summary and reader.
pub const PART: Part<Judging> = Part {
    name: "kOfN",
    summary: "k failures among the last n looks of another judge, or of the check's limit",
    read,
};

/// The settings of the judge, read and checked.
#[derive(Clone, Debug, PartialEq)]
pub struct KOfN {
    /// Failures that fail the release.
    pub k: usize,
    /// Among so many looks.
    pub n: usize,
    /// Who looks; nothing until it is told.
    pub inner: Option<Judging>,
}

fn read(r: &mut Reader<'_>) -> Judging {
    let k = r.count("failed", 3, 1..=100, "looks that have to fail") as usize;
    let n = r.count("of", 3, 1..=100, "among the last so many; as many as failed: in a row");
    let n = n as usize;
    if k > n && !r.describing() {
        r.problem("failed", format!("found {k} of {n} looks"), "at most `of`", "");
    }
    let inner = r.part("judge", "who looks; left out: the check's own limit", JUDGES);
    Judging::by(KOfN { k, n, inner })
}

impl Judge for KOfN {
    fn name(&self) -> &'static str {
        PART.name
    }

    fn asks(&self) -> Asks {
        let Some(inner) = &self.inner else { return super::value(false) };
        let asks = inner.asks();
        let looks = asks.looks.map(|looks| looks + self.n - 1);
        Asks { looks, ..asks }
    }

    fn judge(&self, looks: &[Look]) -> Opinion {
        let Some(inner) = &self.inner else { return Opinion::default() };
        let first = looks.len().saturating_sub(self.n);
        let all = (first..looks.len()).map(|at| inner.judge(&looks[..=at]));
        let opinions: Vec<Opinion> = all.collect();
        let failed = opinions.iter().filter(|o| o.verdict == Some(Verdict::Fail)).count();
        let Some(last) = opinions.into_iter().last() else { return Opinion::default() };
        let verdict = match last.verdict {
            _ if failed >= self.k => Some(Verdict::Fail),
            Some(Verdict::Fail) => Some(Verdict::Wait),
            other => other,
        };
        let (statistic, value, limit) = ("failed looks", failed as f64, self.k as f64);
        let tested = Some(Tested { judge: PART.name, statistic, value, limit });
        Opinion { verdict, tested, ..last }
    }

    fn over(&self, limit: &Judging) -> Option<Judging> {
        let inner = match &self.inner {
            None => limit.clone(),
            // Another one below may lack its judge as well.
            Some(inner) => inner.over(limit)?,
        };
        Some(Judging::by(KOfN { inner: Some(inner), ..self.clone() }))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Look, Sample};
    use super::*;
    use crate::analysis::check::Bound;

    #[test]
    fn failures_are_counted_among_the_last_looks() {
        let inner = Some(Judging::of_bound(Bound::AtMost(0.01)));
        let judge = KOfN { k: 2, n: 3, inner };
        let of = |values: &[f64]| {
            let look = |v: &f64| {
                let new = Sample { value: Some(*v), ..Sample::default() };
                Look { new, ..Look::default() }
            };
            judge.judge(&values.iter().map(look).collect::<Vec<_>>()).verdict
        };
        assert_eq!(of(&[0.5]), Some(Verdict::Wait));
        assert_eq!(of(&[0.5, 0.0]), Some(Verdict::Pass));
        assert_eq!(of(&[0.5, 0.0, 0.5]), Some(Verdict::Fail));
        assert_eq!(of(&[0.5, 0.0, 0.0, 0.5]), Some(Verdict::Wait));
        assert_eq!(judge.asks().looks, Some(3));
    }

    /// One kOfN below another has no judge of its own either: the check's limit reaches it.
    #[test]
    fn the_limit_reaches_the_innermost() {
        let inner = Some(Judging::by(KOfN { k: 1, n: 1, inner: None }));
        let judge = KOfN { k: 2, n: 2, inner };
        let judge = judge.over(&Judging::of_bound(Bound::AtMost(0.01))).expect("it needs one");
        let look =
            |v| Look { new: Sample { value: Some(v), ..Sample::default() }, ..Look::default() };
        assert_eq!(judge.judge(&[look(0.0)]).verdict, Some(Verdict::Pass));
        assert_eq!(judge.judge(&[look(0.5), look(0.5)]).verdict, Some(Verdict::Fail));
        let whole = KOfN { k: 1, n: 1, inner: Some(Judging::of_bound(Bound::AtMost(0.01))) };
        assert!(whole.over(&Judging::of_bound(Bound::AtMost(0.5))).is_none());
    }
}
