//! `canary`: the new version gets a small share of the traffic, then more, as long as the checks on
//! its scraped metrics pass; otherwise the weight goes back to zero.
//!
//! With `routing: mesh` the balancer weighs requests, the canary's pods follow the weight and the
//! stable fleet stays whole (as Argo Rollouts with traffic routing and Flagger do). With
//! `pods` holds the canary at one size until everything goes to it. With
//! `routing: podRatio` there is one pool and the weight is the share of pods. With `stickiness` a
//! cookie keeps users at the side that the weight has sent them to; with `matched`, who sends a
//! header meets the canary at every weight. Checks run at every
//! interval; the step advances when one passes, and the rollback is taken when more than
//! `failureLimit` have failed. A check that waits, or is unsure, holds the weight and is asked
//! again at the next interval; more than `unsureLimit` unsure answers end the release for
//! want of evidence.

use super::binding::Binding;
use super::fleet::{in_pool, is_available, pods_for, resize, route_all};
use super::pilot::{Facts, Pilot, Surprise};
use super::surprise::{Formed, of_pods};
use super::{Ability, Cause, Machine, Needs, Plan, Spec, View, plan};
use crate::analysis::check::memory::Memory;
use crate::analysis::check::{CHECKS, Check, Verdict};
use crate::world::action::{Action, Alarm, Decision, Gate, Token};
use crate::world::routing::{Pool, Routing, Split, Sticky};
use crate::world::service::Version;
use windtunnel_base::settings::{Part, Reader};
use windtunnel_base::time::SimDuration;
use windtunnel_base::units::{Share, parse_share};

/// `canary` for the catalogue: name, summary and reader.
pub const PART: Part<Plan> =
    Part { name: "canary", summary: "growing shares of traffic, judged by metric checks", read };

const CLEAN_UP: Token = Token::of(Alarm::CleanUp);

/// Where the release stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CanaryStage {
    Idle,
    /// Pods for the present step are coming up.
    Growing,
    /// The present step's weight is in force and being watched.
    Watching,
    /// Promoted: the old fleet is gone or going.
    Promoted,
    /// Rollback after promotion: the old fleet is deployed anew.
    Redeploying,
    /// Back on the old version.
    Back,
}

fn read(r: &mut Reader<'_>) -> Plan {
    let steps = r.texts(
        "steps",
        "5%, 10%, 25%, 50%, 100%",
        "weights of the canary, rising",
        parse_share,
        "a share such as 5%",
    );
    let weights: Vec<f64> = steps.iter().map(|(_, w)| w.value()).collect();
    let rising = weights.is_sorted_by(|a, b| a < b);
    if !rising || weights.first().is_none_or(|w| *w <= 0.0) {
        r.problem("steps", "weights do not rise", "one or more rising weights above 0%", "");
    }
    let interval = r.duration("interval", "60s", "time between checks; Flagger's default is 60s");
    if interval < SimDuration::from_secs(1) {
        r.problem("interval", format!("found {interval}"), "at least 1s", "");
    }
    let checks = r.parts("checks", "metric checks; without any, time alone promotes", CHECKS);
    let checks = checks.unwrap_or_default().into_iter().map(|(_, check)| check).collect();
    let mesh = r.choice("routing", &["mesh", "podRatio"], "mesh", "who divides the traffic") == 0;
    let fixed = "pods of the canary at every weight below 100 %; left out: they follow the weight";
    let fixed = r.opt_count("pods", 1..=5000, fixed).map(|pods| pods as u32);
    let settings = CanarySettings {
        weights,
        fixed,
        sticky: r.opt_duration(
            "stickiness",
            "a cookie keeps users so long at the side that the weight has sent them to; left out: \
             each request is drawn anew",
        ),
        matched: r.opt_share(
            "matched",
            "share of users who send a header by which a rule sends them to the canary at every \
             weight: that of spec.traffic.headerShare",
        ),
        interval: interval.max(SimDuration::from_secs(1)),
        checks,
        mesh,
        failure_limit: r.count(
            "failureLimit",
            0,
            0..=1000,
            "failed checks that are forgiven in all; Argo's default is 0",
        ) as u32,
        unsure_limit: r.opt_count(
            "unsureLimit",
            0..=1000,
            "intervals without an answer either way after which the release goes back for want of \
             evidence; left out: the weight is held until there is one, as Argo pauses",
        ),
        deadline: r.duration(
            "progressDeadline",
            "600s",
            "pods of a step not available after this: rollback",
        ),
        clean_up: r.duration(
            "scaleDownDelay",
            "30s",
            "from the rollback to the end of the canary's pods; Argo's abort delay",
        ),
    };
    contradictions(r, mesh, &settings);
    let routing = routing(&settings);
    let metrics = !settings.checks.is_empty();
    let needs = Needs { routing, controller: true, metrics, mixing: true, ..Needs::default() };
    plan(r, "canary", needs, settings)
}

/// What divides the requests between the two versions.
fn routing(settings: &CanarySettings) -> Ability {
    match (settings.mesh, settings.matched) {
        (false, _) => Ability::Service,
        (true, None) => Ability::Ingress,
        // Users who match go to the canary beside those whom the weight sends there.
        (true, Some(_)) => Ability::Mesh,
    }
}

/// Settings that exclude each other.
fn contradictions(r: &mut Reader<'_>, mesh: bool, settings: &CanarySettings) {
    if settings.fixed.is_some() && !mesh {
        let help = "with podRatio the number of pods is the weight";
        r.problem("pods", "given beside routing: podRatio", "one of the two", help);
    }
    if !mesh {
        for (name, given) in
            [("stickiness", settings.sticky.is_some()), ("matched", settings.matched.is_some())]
        {
            if given {
                let help = "with podRatio nothing but the number of pods divides requests";
                r.problem(name, "given beside routing: podRatio", "one of the two", help);
            }
        }
    }
    if settings.sticky.is_some() && settings.matched.is_some() {
        let help = "who sends the header has no cookie to follow";
        r.problem("stickiness", "given beside matched", "one of the two", help);
    }
}

/// Weights, and what they wait for.
#[derive(Clone, Debug, PartialEq)]
pub struct CanarySettings {
    weights: Vec<f64>,
    fixed: Option<u32>,
    sticky: Option<SimDuration>,
    matched: Option<Share>,
    interval: SimDuration,
    checks: Vec<Check>,
    mesh: bool,
    failure_limit: u32,
    deadline: SimDuration,
    clean_up: SimDuration,
    unsure_limit: Option<u64>,
}

impl CanarySettings {
    /// Weights that are shares of pods, and that so many pods cannot form.
    fn surprises(&self, replicas: u32) -> Vec<Surprise> {
        let formed = self.weights.iter().enumerate().map(|(step, weight)| Formed {
            step,
            weight: (weight * 1e8).round() / 1e6,
            new: pods_for(replicas, *weight),
            all: replicas,
        });
        if self.mesh { Vec::new() } else { of_pods(&formed.collect::<Vec<_>>(), replicas) }
    }
}

impl Spec for CanarySettings {
    fn bind(&self, binding: &mut Binding<'_>) -> Option<Pilot> {
        let checks = binding.checks("checks", &self.checks, self.interval)?;
        let first = self.weights.first().copied().unwrap_or(1.0);
        let asked = checks.iter().map(|check| (check.clone(), self.interval, first)).collect();
        let facts = Facts {
            takes: self.interval * self.weights.len() as u64,
            ..Facts::of(binding.about().names).deciding_by(asked, "checks")
        };
        let facts = facts.stopping_by([Gate::ProgressDeadline]);
        let facts = facts.with_surprises(self.surprises(binding.about().replicas));
        let settings = CanarySettings { checks, ..self.clone() };
        let canary = Canary {
            settings,
            stage: CanaryStage::Idle,
            step: 0,
            failed: 0,
            unsure: 0,
            memory: Memory::default(),
        };
        Some(Pilot { facts, machine: Box::new(canary) })
    }
}

/// A canary with its progress; its checks are bound.
#[derive(Clone, Debug)]
struct Canary {
    settings: CanarySettings,
    stage: CanaryStage,
    step: usize,
    failed: u32,
    unsure: u64,
    memory: Memory,
}

impl Canary {
    /// What is asked for in this step, and of no interest in another.
    fn token(&self, alarm: Alarm) -> Token {
        Token::in_step(alarm, self.step as u32)
    }

    fn pool(&self) -> Pool {
        if self.settings.mesh { Pool::Candidate } else { Pool::Stable }
    }

    fn weight(&self) -> f64 {
        self.settings.weights.get(self.step).copied().unwrap_or(1.0)
    }

    fn canary_size(&self, view: &View<'_>) -> u32 {
        match self.settings.fixed {
            Some(pods) if self.weight() < 1.0 => pods,
            _ => pods_for(view.replicas, self.weight()),
        }
    }

    /// The set of the canary: in its own pool, or the new version's set of the one pool.
    fn scale_canary(&self, view: &View<'_>, size: u32, out: &mut Vec<Action>) {
        if self.settings.mesh {
            resize(view, Version::New, Pool::Candidate, size, out);
            return;
        }
        let own = view.sets.iter().find(|s| s.version == Version::New);
        match own {
            Some(set) if set.size != size => out.push(Action::Scale { set: set.id, size }),
            Some(_) => {}
            None if size > 0 => {
                out.push(Action::Create { version: Version::New, pool: Pool::Stable, size });
            }
            None => {}
        }
    }

    fn scale_stable(&self, view: &View<'_>, size: u32, out: &mut Vec<Action>) {
        let own = view.sets.iter().find(|s| s.version == Version::Old);
        if let Some(set) = own.filter(|s| s.size != size) {
            out.push(Action::Scale { set: set.id, size });
        }
    }

    fn canary_ready(&self, view: &View<'_>) -> bool {
        let size = self.canary_size(view);
        if self.settings.mesh {
            return is_available(view, Pool::Candidate, size);
        }
        view.sets.iter().any(|s| s.version == Version::New && s.available >= size)
    }

    fn grow(&mut self, view: &View<'_>, out: &mut Vec<Action>) {
        debug_assert!(self.step < self.settings.weights.len(), "no step {}", self.step);
        self.stage = CanaryStage::Growing;
        self.scale_canary(view, self.canary_size(view), out);
        if !self.settings.mesh {
            // Each pod that comes up gets its part at once.
            out.push(Action::Ask(Share::clamped(self.weight())));
        }
        out.push(Action::Wake {
            after: self.settings.deadline,
            token: self.token(Alarm::Deadline),
        });
        if self.canary_ready(view) {
            self.watch(view, out);
        }
    }

    fn watch(&mut self, view: &View<'_>, out: &mut Vec<Action>) {
        self.stage = CanaryStage::Watching;
        let weight = self.weight();
        if self.settings.mesh {
            out.extend([Action::Ask(Share::clamped(weight)), self.route(weight)]);
        } else {
            debug_assert!(self.canary_size(view) <= view.replicas, "pods are the weight");
            self.scale_stable(view, view.replicas - self.canary_size(view), out);
        }
        out.push(Action::Say(format!("step {}: weight {:.0} %", self.step + 1, weight * 100.0)));
        out.push(Action::Wake { after: self.settings.interval, token: self.token(Alarm::Check) });
    }

    /// What the balancers are told at a weight.
    fn route(&self, weight: f64) -> Action {
        if weight >= 1.0 {
            return route_all(Pool::Candidate);
        }
        let others = Share::clamped(weight);
        let split = match self.settings.matched {
            Some(users) => Split::Matched { users, weight: Share::ONE, others },
            None => Split::Weight(others),
        };
        let kept = |age| Sticky { candidate: age, stable: Some(age) };
        let sticky = self.settings.sticky.map(kept);
        Action::Route(Routing { split, sticky, ..Routing::default() })
    }

    /// Runs all checks: do they pass, fail, or want to be asked again?
    fn judge(&mut self, view: &View<'_>, out: &mut Vec<Action>) -> Verdict {
        let mut verdict = Verdict::Pass;
        // With all traffic on the canary there is no stable version left to compare with.
        let alone = self.weight() >= 1.0;
        for (number, check) in self.settings.checks.iter().enumerate() {
            if alone && check.compares() {
                continue;
            }
            let found = check.judge(&|query| view.ask(query), self.memory.of(number));
            // Of several, a failure counts most, then doubt, then what is still to come.
            let weight = |v| match v {
                Verdict::Pass => 0,
                Verdict::Wait => 1,
                Verdict::Unsure => 2,
                Verdict::Fail => 3,
            };
            if weight(found.verdict) > weight(verdict) {
                verdict = found.verdict;
            }
            out.push(Action::Evidence(found));
        }
        verdict
    }

    fn check(&mut self, view: &View<'_>, out: &mut Vec<Action>) {
        debug_assert!(self.failed <= self.settings.failure_limit, "it went back before");
        match self.judge(view, out) {
            Verdict::Pass if self.step + 1 < self.settings.weights.len() => {
                self.step += 1;
                self.grow(view, out);
                return;
            }
            Verdict::Pass => {
                self.promote(view, out);
                return;
            }
            Verdict::Fail => {
                self.failed += 1;
                if self.failed > self.settings.failure_limit {
                    out.push(Action::Decide(Decision::Rollback));
                    self.roll_back(view, out);
                    return;
                }
            }
            Verdict::Unsure => {
                self.unsure += 1;
                if self.settings.unsure_limit.is_some_and(|limit| self.unsure > limit) {
                    out.push(Action::Decide(Decision::NoEvidence));
                    self.roll_back(view, out);
                    return;
                }
            }
            Verdict::Wait => {}
        }
        out.push(Action::Wake { after: self.settings.interval, token: self.token(Alarm::Check) });
    }

    fn promote(&mut self, view: &View<'_>, out: &mut Vec<Action>) {
        self.stage = CanaryStage::Promoted;
        out.push(Action::Decide(Decision::Promote));
        if self.weight() >= 1.0 {
            self.scale_stable(view, 0, out);
        } else {
            // The last weight was not everything: the canary grows to full size first.
            self.step = self.settings.weights.len();
            self.scale_canary(view, view.replicas, out);
            let token = self.token(Alarm::Deadline);
            out.push(Action::Wake { after: self.settings.deadline, token });
            self.finish(view, out);
        }
    }

    fn finish(&mut self, view: &View<'_>, out: &mut Vec<Action>) {
        if self.step == self.settings.weights.len() && self.canary_ready(view) {
            self.step += 1;
            if self.settings.mesh {
                out.push(route_all(Pool::Candidate));
            }
            self.scale_stable(view, 0, out);
        }
    }

    fn roll_back(&mut self, view: &View<'_>, out: &mut Vec<Action>) {
        match self.stage {
            CanaryStage::Promoted => {
                self.stage = CanaryStage::Redeploying;
                self.scale_stable(view, view.replicas, out);
                // The stable version may be there in full already.
                self.redeployed(view, out);
            }
            CanaryStage::Growing | CanaryStage::Watching => {
                self.stage = CanaryStage::Back;
                if self.settings.mesh {
                    out.push(route_all(Pool::Stable));
                    out.push(Action::Wake { after: self.settings.clean_up, token: CLEAN_UP });
                } else {
                    self.stage = CanaryStage::Redeploying;
                    self.scale_stable(view, view.replicas, out);
                    self.redeployed(view, out);
                }
            }
            CanaryStage::Idle | CanaryStage::Redeploying | CanaryStage::Back => {}
        }
    }

    fn redeployed(&mut self, view: &View<'_>, out: &mut Vec<Action>) {
        let old = view.sets.iter().find(|s| s.version == Version::Old).map_or(0, |s| s.available);
        if !self.settings.mesh {
            // One pool: canary pods go as fast as 25 % unavailability allows (Argo's default).
            let needed = (view.replicas - view.replicas / 4).saturating_sub(old);
            let new = view.sets.iter().find(|s| s.version == Version::New).map_or(0, |s| s.size);
            self.scale_canary(view, new.min(needed), out);
            self.stage = if needed == 0 { CanaryStage::Back } else { CanaryStage::Redeploying };
        } else if old >= view.replicas {
            self.stage = CanaryStage::Back;
            out.push(route_all(Pool::Stable));
            out.push(Action::Wake { after: self.settings.clean_up, token: CLEAN_UP });
        }
    }
}

impl Machine for Canary {
    fn wake(&mut self, view: &View<'_>, cause: Cause, out: &mut Vec<Action>) {
        match (cause, self.stage) {
            (Cause::Release, _) => self.grow(view, out),
            (Cause::Rollback, _) => self.roll_back(view, out),
            (Cause::Pods, CanaryStage::Growing) if self.canary_ready(view) => self.watch(view, out),
            (Cause::Pods, CanaryStage::Promoted) => self.finish(view, out),
            (Cause::Pods, CanaryStage::Redeploying) => self.redeployed(view, out),
            (Cause::Timer(t), CanaryStage::Watching) if t == self.token(Alarm::Check) => {
                self.check(view, out)
            }
            (Cause::Timer(t), CanaryStage::Growing) if t == self.token(Alarm::Deadline) => {
                out.push(Action::DeadlinePassed);
                out.push(Action::Say("the canary's pods did not become available".into()));
                out.push(Action::Because(Gate::ProgressDeadline));
                out.push(Action::Decide(Decision::Rollback));
                self.roll_back(view, out);
            }
            (Cause::Timer(t), CanaryStage::Promoted)
                if t == self.token(Alarm::Deadline) && self.step == self.settings.weights.len() =>
            {
                out.push(Action::DeadlinePassed);
            }
            (Cause::Timer(CLEAN_UP), CanaryStage::Back) => self.scale_canary(view, 0, out),
            _ => {}
        }
        assert!(
            in_pool(view, self.pool()).is_some() || self.stage != CanaryStage::Watching,
            "no canary"
        );
    }

    fn clone_box(&self) -> Box<dyn Machine> {
        Box::new(self.clone())
    }
}
