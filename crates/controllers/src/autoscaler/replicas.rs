//! How many pods a metric asks for.
//!
//! Follows k/k `pkg/controller/podautoscaler/replica_calculator.go` and `metrics/utilization.go`:
//! utilisation is a whole percent, pods without a sample are filled in against the direction, and
//! within the tolerance nothing changes. Deliberately unknown here: limits and time.

/// How far from 1 a ratio may lie before anything changes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Tolerance {
    /// `|1 - ratio| <= share`, as until 1.32.
    Either(f64),
    /// `1 - down <= ratio <= 1 + up`, as since 1.33 (`behavior.*.tolerance`).
    Each {
        /// Below 1.
        down: f64,
        /// Above 1.
        up: f64,
    },
}

impl Default for Tolerance {
    fn default() -> Self {
        Tolerance::Either(0.1)
    }
}

impl Tolerance {
    /// Is the ratio near enough to 1?
    pub fn covers(self, ratio: f64) -> bool {
        match self {
            Tolerance::Either(share) => (1.0 - ratio).abs() <= share,
            Tolerance::Each { down, up } => (1.0 - down..=1.0 + up).contains(&ratio),
        }
    }
}

/// One pod's part of a metric, after it has been sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PodUsage {
    /// What it uses; nothing when it has no sample.
    pub usage: Option<i64>,
    /// What it requested; the same unit. Not used by metrics that have a plain target.
    pub request: i64,
}

/// The pods of a metric, by class; ignored ones are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    /// Pods whose samples count.
    pub ready: Vec<PodUsage>,
    /// Pods that are coming up.
    pub unready: Vec<PodUsage>,
    /// Pods without a sample.
    pub missing: Vec<PodUsage>,
}

/// What a metric asks for, and what it measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// Pods.
    pub replicas: u32,
    /// Utilisation in percent of the requests, of metrics that have one.
    pub utilisation: Option<i64>,
    /// The mean of a per-pod value, rounded down; of a total over pods, rounded up.
    pub mean: i64,
}

/// A metric that cannot be computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// No pod has a sample that counts.
    NoSamples,
    /// The pods request nothing.
    NoRequests,
}

/// A resource with a target utilisation in percent.
pub fn for_utilisation(
    current: u32,
    target_percent: i64,
    parts: &Parts,
    tolerance: Tolerance,
) -> Result<Proposal, Unknown> {
    let measured = |parts: &[PodUsage]| {
        let used: i64 = parts.iter().filter_map(|p| p.usage).sum();
        let requested: i64 = parts.iter().filter(|p| p.usage.is_some()).map(|p| p.request).sum();
        if requested == 0 {
            return Err(Unknown::NoRequests);
        }
        Ok(used * 100 / requested)
    };
    let full = target_percent.max(100);
    let fill = |part: &PodUsage| part.request * full / 100;
    let ratio = |parts: &[PodUsage]| Ok(measured(parts)? as f64 / target_percent as f64);
    let replicas = from_parts(current, parts, tolerance, ratio, fill)?;
    let utilisation = Some(measured(&parts.ready)?);
    Ok(Proposal { replicas, utilisation, mean: mean(&parts.ready) })
}

/// A per-pod metric (or a resource) with a target mean.
pub fn for_mean(
    current: u32,
    target: i64,
    parts: &Parts,
    tolerance: Tolerance,
) -> Result<Proposal, Unknown> {
    let ratio = |parts: &[PodUsage]| Ok(mean(parts) as f64 / target as f64);
    let replicas = from_parts(current, parts, tolerance, ratio, |_| target)?;
    Ok(Proposal { replicas, utilisation: None, mean: mean(&parts.ready) })
}

fn mean(parts: &[PodUsage]) -> i64 {
    let values: Vec<i64> = parts.iter().filter_map(|part| part.usage).collect();
    values.iter().sum::<i64>() / (values.len() as i64).max(1)
}

/// The common part: the ratio of the ready pods, then, if pods are missing or coming up, the
/// ratio with those filled in so that they dampen the change.
fn from_parts(
    current: u32,
    parts: &Parts,
    tolerance: Tolerance,
    ratio: impl Fn(&[PodUsage]) -> Result<f64, Unknown>,
    fill: impl Fn(&PodUsage) -> i64,
) -> Result<u32, Unknown> {
    if parts.ready.is_empty() {
        return Err(Unknown::NoSamples);
    }
    let first = ratio(&parts.ready)?;
    let with_unready = !parts.unready.is_empty() && first > 1.0;
    if !with_unready && parts.missing.is_empty() {
        if tolerance.covers(first) {
            return Ok(current);
        }
        return Ok(whole(first * parts.ready.len() as f64));
    }
    let mut all = parts.ready.clone();
    for part in &parts.missing {
        let usage = match first {
            ratio if ratio < 1.0 => Some(fill(part)),
            ratio if ratio > 1.0 => Some(0),
            _ => continue,
        };
        all.push(PodUsage { usage, ..*part });
    }
    if with_unready {
        all.extend(parts.unready.iter().map(|part| PodUsage { usage: Some(0), ..*part }));
    }
    let second = ratio(&all)?;
    let turned = (first < 1.0 && second > 1.0) || (first > 1.0 && second < 1.0);
    if tolerance.covers(second) || turned {
        return Ok(current);
    }
    let replicas = whole(second * all.len() as f64);
    let against = (second < 1.0 && replicas > current) || (second > 1.0 && replicas < current);
    Ok(if against { current } else { replicas })
}

/// An object's or an external metric's value, scaled by the pods that are ready.
pub fn for_value(
    current: u32,
    target: i64,
    value: i64,
    ready: u32,
    tolerance: Tolerance,
) -> Proposal {
    let ratio = value as f64 / target as f64;
    let replicas = match current {
        // From nothing the ratio alone says how many.
        0 => whole(ratio),
        _ if tolerance.covers(ratio) => current,
        _ => whole(ratio * f64::from(ready)),
    };
    Proposal { replicas, utilisation: None, mean: value }
}

/// A total with a target for each pod; the current size matters for the tolerance alone.
pub fn for_average_value(current: u32, target: i64, total: i64, tolerance: Tolerance) -> Proposal {
    let ratio = total as f64 / (target as f64 * f64::from(current));
    let enough = current > 0 && tolerance.covers(ratio);
    let replicas = if enough { current } else { whole(total as f64 / target as f64) };
    let mean = (total as f64 / f64::from(current.max(1))).ceil() as i64;
    Proposal { replicas, utilisation: None, mean }
}

/// The largest proposal. If a metric is unknown the size may still grow, but not shrink; nothing
/// means that it stays.
pub fn largest(current: u32, proposals: &[Result<Proposal, Unknown>]) -> Option<u32> {
    let most = proposals.iter().flatten().map(|proposal| proposal.replicas).max()?;
    let unknown = proposals.iter().any(Result::is_err);
    (!unknown || most >= current).then_some(most)
}

fn whole(pods: f64) -> u32 {
    pods.ceil() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(ready: &[i64], missing: usize) -> Parts {
        let part = |usage| PodUsage { usage, request: 1000 };
        Parts {
            ready: ready.iter().map(|usage| part(Some(*usage))).collect(),
            unready: Vec::new(),
            missing: vec![part(None); missing],
        }
    }

    /// The two ways of writing the tolerance part at exactly 1.1.
    #[test]
    fn the_edge_of_the_tolerance() {
        assert!(!Tolerance::Either(0.1).covers(1.1));
        assert!(Tolerance::Each { down: 0.1, up: 0.1 }.covers(1.1));
        assert!(Tolerance::Either(0.1).covers(0.9));
    }

    /// A cold fleet without samples dampens both directions.
    #[test]
    fn missing_pods_dampen() {
        let ask = |ready: &[i64], missing| {
            let found = for_utilisation(4, 50, &parts(ready, missing), Tolerance::default());
            found.map(|p| p.replicas)
        };
        // 100 % of 50 % on two pods would be 4 pods; with two missing at 0 % it is 50 %: no change.
        assert_eq!(ask(&[1000, 1000], 2), Ok(4));
        // 10 % would be 1 pod; with two missing at 100 % the direction turns: no change.
        assert_eq!(ask(&[100, 100], 2), Ok(4));
        assert_eq!(ask(&[100, 100], 0), Ok(1));
        assert_eq!(ask(&[], 2), Err(Unknown::NoSamples));
    }

    #[test]
    fn unknown_metrics_forbid_shrinking() {
        let propose = |replicas| Ok(Proposal { replicas, utilisation: None, mean: 0 });
        assert_eq!(largest(4, &[propose(2), propose(3)]), Some(3));
        assert_eq!(largest(4, &[propose(2), Err(Unknown::NoSamples)]), None);
        assert_eq!(largest(4, &[propose(6), Err(Unknown::NoSamples)]), Some(6));
        assert_eq!(largest(4, &[Err(Unknown::NoSamples)]), None);
    }
}
