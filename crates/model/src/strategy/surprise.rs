//! Weights that are shares of pods: of few pods there are few shares.

use super::pilot::Surprise;
use windtunnel_base::count::counted;

/// Weights that are told at most.
const TOLD_MAX: usize = 5;

/// A share may be this far from its weight before it is told, in percent.
const NEAR: f64 = 1.0;

/// A weight, and the pods that it comes to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Formed {
    /// The number of its step.
    pub step: usize,
    /// What is asked for, in percent.
    pub weight: f64,
    /// Pods of the new version.
    pub new: u32,
    /// Pods of both.
    pub all: u32,
}

impl Formed {
    fn share(&self) -> f64 {
        100.0 * f64::from(self.new) / f64::from(self.all.max(1))
    }

    fn is_off(&self) -> bool {
        (self.share() - self.weight).abs() >= NEAR
    }
}

/// Weights that no number of pods comes near to: told at the first of these steps.
pub fn of_pods(formed: &[Formed], replicas: u32) -> Vec<Surprise> {
    let off: Vec<&Formed> = formed.iter().filter(|formed| formed.is_off()).collect();
    let Some(first) = off.first() else { return Vec::new() };
    let mut told: Vec<String> = Vec::new();
    for formed in &off {
        let text = format!(
            "{}% comes to {:.0}% ({} of {})",
            formed.weight,
            formed.share(),
            formed.new,
            formed.all
        );
        if !told.contains(&text) {
            told.push(text);
        }
    }
    let more = told.len().saturating_sub(TOLD_MAX);
    told.truncate(TOLD_MAX);
    let more = if more > 0 { format!(", and {more} more like these") } else { String::new() };
    let pods = counted(u64::from(replicas), "pod");
    let message =
        format!("without a router a weight is a share of {pods}: {}{more}", told.join(", "));
    let routed = "a router divides requests by weight, whatever the pods";
    let help = match enough(formed) {
        Some(enough) if enough > replicas => format!("{enough} replicas form them all; {routed}"),
        _ => routed.to_string(),
    };
    vec![Surprise { path: format!("steps[{}]", first.step), message, help }]
}

/// The fewest pods of which all weights are whole parts, if weights are whole percents.
fn enough(formed: &[Formed]) -> Option<u32> {
    let mut pods = 1;
    for formed in formed {
        let weight = formed.weight as u32;
        if f64::from(weight) != formed.weight {
            return None;
        }
        let part = 100 / common(weight, 100);
        pods = pods / common(pods, part) * part;
    }
    Some(pods)
}

/// The greatest common divisor.
fn common(a: u32, b: u32) -> u32 {
    if b == 0 { a.max(1) } else { common(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn formed(weights: &[(f64, u32, u32)]) -> Vec<Formed> {
        let of = |(step, (weight, new, all)): (usize, &(f64, u32, u32))| Formed {
            step,
            weight: *weight,
            new: *new,
            all: *all,
        };
        weights.iter().enumerate().map(of).collect()
    }

    #[test]
    fn what_weights_come_to_is_told_once() {
        assert!(of_pods(&formed(&[(33.0, 1, 3), (50.0, 5, 10)]), 3).is_empty());
        let all = of_pods(&formed(&[(50.0, 2, 4), (10.0, 1, 4), (10.0, 1, 4)]), 3);
        let [told] = &all[..] else { panic!("{all:?}") };
        assert_eq!(told.path, "steps[1]");
        assert!(told.message.ends_with("share of 3 pods: 10% comes to 25% (1 of 4)"), "{told:?}");
        assert!(told.help.starts_with("10 replicas form them all"), "{told:?}");
        let many: Vec<(f64, u32, u32)> = (1..=8).map(|w| (f64::from(w), 1, 2)).collect();
        let told = of_pods(&formed(&many), 1);
        assert!(told[0].message.ends_with("and 3 more like these"), "{told:?}");
        assert!(told[0].help.starts_with("100 replicas"), "{told:?}");
        assert_eq!(enough(&formed(&[(2.5, 1, 4)])), None);
    }
}
