//! `shadow`: copies of real requests go to the new version, whose answers nobody gets. Status, body
//! and latency are compared with the users' own answers, and the difference is held against how
//! often two old copies differ. Then a named strategy ships, or nothing does.
//!
//! With `compare: false` it is a mirror as proxies have it: copies go to as many pods as there are
//! (`pods`), their answers are thrown away, and nobody learns anything of them.
//!
//! The rule is Diffy's: a kind of difference counts when it is more frequent than the noise and
//! both the relative and the absolute excess pass their thresholds.

use super::binding::Binding;
use super::fleet::{is_available, pods_for, resize, route_all};
use super::follow_up::FollowUp;
use super::pilot::{Facts, Pilot};
use super::{Ability, Cause, Machine, Needs, Plan, STRATEGIES, Spec, View, plan};
use crate::world::action::{Action, Alarm, Decision, Evidence, Gate, Token, Verdict};
use crate::world::log::Differences;
use crate::world::routing::{Mirror, Pool, Routing};
use crate::world::service::Version;
use windtunnel_base::settings::{Part, Reader, WordOrPart};
use windtunnel_base::time::SimDuration;
use windtunnel_stats::diffy;

/// `shadow` for the catalogue: name, summary and reader.
pub const PART: Part<Plan> =
    Part { name: "shadow", summary: "copies of requests, compared and thrown away", read };

const END: Token = Token::of(Alarm::End);
const CLEAN_UP: Token = Token::of(Alarm::CleanUp);
const DEADLINE: Token = Token::of(Alarm::Deadline);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ShadowStage {
    Idle,
    Growing,
    Mirroring,
    Back,
    Followed,
}

/// What `noise` says of itself.
const NOISE: &str = "share of equal answers that differ even after normalising";

fn read(r: &mut Reader<'_>) -> Plan {
    let mirror = Mirror {
        share: r.share("mirror", "100%", "share of requests copied; Istio's default is all"),
        isolated: r.flag(
            "isolated",
            true,
            "are the copies' writes and calls kept apart from the real ones?",
        ),
        noise: r.share("noise", "0.1%", NOISE),
        unread: false,
    };
    if mirror.share.value() <= 0.0 {
        r.problem("mirror", "nothing is mirrored", "a share above 0%", "");
    }
    let help = "what follows a clean comparison: none, or a strategy with its settings";
    let then = match r.word_or_part("then", &["none"], help, STRATEGIES) {
        WordOrPart::Word(_) => None,
        WordOrPart::Part(plan) => Some(plan),
    };
    let compare = "are answers compared? A proxy's own mirror throws them away";
    let compare = r.flag("compare", true, compare);
    let baseline = r.flag("noiseCopy", true, "run a second old copy to measure the noise");
    if !compare && r.has("noiseCopy") && baseline {
        let help = "a second old copy is there for the comparison";
        r.problem("noiseCopy", "given beside compare: false", "one of the two", help);
    }
    let pods = "pods that get the copies; left out: as many as the share of copies asks for";
    let settings = ShadowSettings {
        mirror: Mirror { unread: !compare, ..mirror },
        pods: r.opt_count("pods", 1..=5000, pods).map(|pods| pods as u32),
        duration: r.duration("for", "15m", "how long requests are mirrored"),
        min_compared: r.count(
            "minComparisons",
            100,
            1..=1_000_000_000,
            "fewer comparisons than this are no evidence",
        ),
        baseline: baseline && compare,
        relative_percent: r.number(
            "relativeThreshold",
            diffy::RELATIVE_PERCENT,
            0.0..=100.0,
            "percent by which differences must exceed the noise; Diffy's default is 20",
        ),
        absolute_percent: r.number(
            "absoluteThreshold",
            diffy::ABSOLUTE_PERCENT,
            0.0..=100.0,
            "percent of comparisons by which they must; Diffy's default is 0.03",
        ),
        deadline: r.duration("progressDeadline", "600s", "pods not available after this: rollback"),
        clean_up: r.duration(
            "scaleDownDelay",
            "30s",
            "from the end of mirroring to the end of its pods",
        ),
        follow: then,
    };
    let needs = Needs {
        second_fleet: true,
        // Requests are mirrored.
        routing: Ability::Mesh,
        controller: true,
        divided_users: settings.follow.as_ref().is_some_and(|next| next.needs.divided_users),
        ..Needs::default()
    };
    plan(r, "shadow", needs, settings)
}

/// Differences of one kind.
type CountOf = fn(&Differences) -> u64;

/// A mirror, and how what comes of it is compared.
#[derive(Clone, Debug, PartialEq)]
pub struct ShadowSettings {
    mirror: Mirror,
    pods: Option<u32>,
    duration: SimDuration,
    min_compared: u64,
    baseline: bool,
    relative_percent: f64,
    absolute_percent: f64,
    deadline: SimDuration,
    clean_up: SimDuration,
    follow: Option<Plan>,
}

impl Spec for ShadowSettings {
    fn bind(&self, binding: &mut Binding<'_>) -> Option<Pilot> {
        let follow = match &self.follow {
            Some(plan) => Some(binding.plan("then", plan)?),
            None => None,
        };
        let hidden = follow.is_none();
        let mut facts = Facts { takes: self.duration, hidden, ..Facts::of(binding.about().names) };
        let kinds = KINDS.map(|(kind, _)| Gate::Metric(kind.to_string()));
        facts = facts.stopping_by(kinds.into_iter().chain([Gate::ProgressDeadline]));
        let follow = follow.map(|next| {
            facts.gates.extend(next.facts.stoppers().into_iter().map(String::from));
            facts.queries = next.facts.queries;
            facts.takes += next.facts.takes;
            next.machine
        });
        let follow = FollowUp(follow);
        let shadow = Shadow { settings: self.clone(), follow, stage: ShadowStage::Idle };
        Some(Pilot { facts, machine: Box::new(shadow) })
    }
}

/// Kinds of difference, under the names that evidence bears, and what counts each.
const KINDS: [(&str, CountOf); 3] =
    [("status", |d| d.status), ("body", |d| d.body), ("latency", |d| d.latency)];

/// A mirror at work.
#[derive(Clone, Debug)]
struct Shadow {
    settings: ShadowSettings,
    follow: FollowUp,
    stage: ShadowStage,
}

impl Shadow {
    fn pods(&self, view: &View<'_>) -> u32 {
        let share = self.settings.mirror.share.value();
        self.settings.pods.unwrap_or_else(|| pods_for(view.replicas, share))
    }

    fn start(&mut self, view: &View<'_>, out: &mut Vec<Action>) {
        self.stage = ShadowStage::Growing;
        let pods = self.pods(view);
        resize(view, Version::New, Pool::Candidate, pods, out);
        if self.settings.baseline {
            resize(view, Version::Old, Pool::Baseline, pods, out);
        }
        out.push(Action::Wake { after: self.settings.deadline, token: DEADLINE });
    }

    fn is_up(&self, view: &View<'_>) -> bool {
        let pods = self.pods(view);
        let baseline = !self.settings.baseline || is_available(view, Pool::Baseline, pods);
        baseline && is_available(view, Pool::Candidate, pods)
    }

    fn begin(&mut self, out: &mut Vec<Action>) {
        self.stage = ShadowStage::Mirroring;
        out.push(Action::Route(Routing { mirror: self.settings.mirror, ..Routing::default() }));
        out.push(Action::Wake { after: self.settings.duration, token: END });
    }

    /// Which kinds of difference exceed the noise?
    fn findings(&self, view: &View<'_>, out: &mut Vec<Action>) -> bool {
        let (raw, noise) = (view.shadow.candidate, view.shadow.noise);
        let mut found = false;
        for (check, count) in KINDS {
            let scale = raw.compared as f64 / noise.compared.max(1) as f64;
            let expected = if noise.compared == 0 { 0.0 } else { count(&noise) as f64 * scale };
            let field = diffy::field(
                count(&raw),
                expected.round() as u64,
                raw.compared,
                self.settings.relative_percent,
                self.settings.absolute_percent,
            );
            let differs = field.shown;
            out.push(Action::Evidence(Evidence {
                check: check.into(),
                value: Some(count(&raw) as f64 / raw.compared.max(1) as f64),
                limit: Some(expected / raw.compared.max(1) as f64),
                requests: Some(raw.compared as f64),
                verdict: Verdict::of(!differs),
                tested: None,
            }));
            found |= differs;
        }
        found
    }

    fn conclude(&mut self, view: &View<'_>, out: &mut Vec<Action>) {
        let blind = self.settings.mirror.unread;
        if blind {
            out.push(Action::Say("the copies end: nobody has compared their answers".into()));
        }
        let scant = match blind {
            true => !self.follow.is_there(),
            false => view.shadow.candidate.compared < self.settings.min_compared,
        };
        if scant {
            out.push(Action::Decide(Decision::NoEvidence));
        } else if !blind && self.findings(view, out) {
            out.push(Action::Decide(Decision::Rollback));
        } else if self.follow.is_there() {
            self.stage = ShadowStage::Followed;
            out.push(route_all(Pool::Stable));
            self.take_down(view, out);
            self.follow.wake(view, Cause::Release, out);
            return;
        } else {
            out.push(Action::Decide(Decision::Pass));
        }
        self.stop(out);
    }

    fn stop(&mut self, out: &mut Vec<Action>) {
        self.stage = ShadowStage::Back;
        out.push(route_all(Pool::Stable));
        out.push(Action::Wake { after: self.settings.clean_up, token: CLEAN_UP });
    }

    fn take_down(&self, view: &View<'_>, out: &mut Vec<Action>) {
        resize(view, Version::New, Pool::Candidate, 0, out);
        resize(view, Version::Old, Pool::Baseline, 0, out);
    }
}

impl Machine for Shadow {
    fn wake(&mut self, view: &View<'_>, cause: Cause, out: &mut Vec<Action>) {
        match (cause, self.stage) {
            (_, ShadowStage::Followed) => self.follow.wake(view, cause, out),
            (Cause::Release, _) => self.start(view, out),
            (Cause::Rollback, ShadowStage::Growing | ShadowStage::Mirroring) => self.stop(out),
            (Cause::Pods, ShadowStage::Growing) if self.is_up(view) => self.begin(out),
            (Cause::Timer(DEADLINE), ShadowStage::Growing) => {
                out.push(Action::DeadlinePassed);
                out.push(Action::Because(Gate::ProgressDeadline));
                out.push(Action::Decide(Decision::Rollback));
                self.stop(out);
            }
            (Cause::Timer(END), ShadowStage::Mirroring) => self.conclude(view, out),
            (Cause::Timer(CLEAN_UP), ShadowStage::Back) => self.take_down(view, out),
            _ => {}
        }
    }

    fn clone_box(&self) -> Box<dyn Machine> {
        Box::new(self.clone())
    }
}
