//! `blueGreen`: a full second fleet comes up beside the old one, is looked at, and gets all traffic
//! by one switch. The old fleet is kept for a while; until it goes, the rollback is the switch
//! again, afterwards the old version has to be deployed anew.
//!
//! The gate is what the switch script looks at: nothing (it waits a fixed time), the rollout
//! status (all pods available), or a smoke test against green. Scripts do go on after a failed
//! check, so `onGateFailure: switch` is a setting.

use super::binding::Binding;
use super::fleet::{in_pool, is_available, resize, route_all};
use super::pilot::{Facts, Pilot};
use super::{Cause, Machine, Needs, Plan, Spec, View, plan};
use crate::world::action::{Action, Alarm, Decision, Gate as By, Token};
use crate::world::routing::Pool;
use crate::world::service::Version;
use windtunnel_base::settings::{Part, Reader};
use windtunnel_base::time::SimDuration;

/// `blueGreen` for the catalogue: name, summary and reader.
pub const PART: Part<Plan> =
    Part { name: "blueGreen", summary: "a full second fleet and one switch", read };

/// What the switch waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gate {
    None,
    RolloutStatus,
    SmokeTest,
}

/// Where the release stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum BlueGreenStage {
    Idle,
    /// Green is coming up.
    Starting,
    /// The smoke test is running.
    Testing,
    /// Green serves, blue is kept.
    Switched,
    /// Green serves, blue is gone.
    Retired,
    /// Blue is deployed anew for the rollback.
    Redeploying,
    /// Blue serves again, or never stopped.
    Back,
}

const WAIT: Token = Token::of(Alarm::Wait);
const DEADLINE: Token = Token::of(Alarm::Deadline);
const RETIRE: Token = Token::of(Alarm::Retire);
const CLEAN_UP: Token = Token::of(Alarm::CleanUp);

fn read(r: &mut Reader<'_>) -> Plan {
    let gate = match r.choice(
        "gate",
        &["none", "rolloutStatus", "smokeTest"],
        "rolloutStatus",
        "what the switch waits for",
    ) {
        0 => Gate::None,
        1 => Gate::RolloutStatus,
        _ => Gate::SmokeTest,
    };
    let on_failure = r.choice(
        "onGateFailure",
        &["stop", "switch"],
        "stop",
        "what the script does after a failed gate",
    );
    let settings = BlueGreenSettings {
        gate,
        switch_anyway: on_failure == 1,
        smoke_requests: r.count(
            "smokeRequests",
            10,
            1..=100_000,
            "requests of the smoke test, spread over the routes",
        ) as u32,
        wait: r.duration("wait", "30s", "with `gate: none`: from creation to the switch"),
        keep_old: r.duration("keepOld", "10m", "how long the old fleet is kept after the switch"),
        deadline: r.duration(
            "progressDeadline",
            "600s",
            "green not complete after this: the gate has failed",
        ),
        clean_up: r.duration(
            "scaleDownDelay",
            "30s",
            "from a switch back to the end of green; Argo Rollouts' abort delay",
        ),
    };
    let needs = Needs { second_fleet: true, controller: true, ..Needs::default() };
    plan(r, "blueGreen", needs, settings)
}

/// Two fleets and a switch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlueGreenSettings {
    gate: Gate,
    switch_anyway: bool,
    smoke_requests: u32,
    wait: SimDuration,
    keep_old: SimDuration,
    deadline: SimDuration,
    clean_up: SimDuration,
}

impl Spec for BlueGreenSettings {
    fn bind(&self, binding: &mut Binding<'_>) -> Option<Pilot> {
        let machine = BlueGreen { settings: self.clone(), stage: BlueGreenStage::Idle };
        let gates = [By::SmokeTest, By::ProgressDeadline];
        let facts = Facts::of(binding.about().names).stopping_by(gates);
        Some(Pilot { facts, machine: Box::new(machine) })
    }
}

/// Two fleets, and where the release stands.
#[derive(Clone, Debug)]
struct BlueGreen {
    settings: BlueGreenSettings,
    stage: BlueGreenStage,
}

impl BlueGreen {
    fn switch(&mut self, out: &mut Vec<Action>) {
        self.stage = BlueGreenStage::Switched;
        out.push(route_all(Pool::Candidate));
        out.push(Action::Say("switch: all traffic to green".into()));
        out.push(Action::Decide(Decision::Promote));
        out.push(Action::Wake { after: self.settings.keep_old, token: RETIRE });
    }

    fn gate_failed(&mut self, by: By, why: &str, view: &View<'_>, out: &mut Vec<Action>) {
        out.push(Action::Say(format!("gate failed: {why}")));
        if self.settings.switch_anyway {
            self.switch(out);
            return;
        }
        self.stage = BlueGreenStage::Back;
        out.push(Action::Because(by));
        out.push(Action::Decide(Decision::Rollback));
        resize(view, Version::New, Pool::Candidate, 0, out);
    }

    fn passed(&mut self, out: &mut Vec<Action>) {
        if self.settings.gate == Gate::SmokeTest {
            self.stage = BlueGreenStage::Testing;
            out.push(Action::Smoke { requests: self.settings.smoke_requests });
        } else {
            self.switch(out);
        }
    }

    fn roll_back(&mut self, view: &View<'_>, out: &mut Vec<Action>) {
        match self.stage {
            BlueGreenStage::Switched => {
                self.stage = BlueGreenStage::Back;
                out.push(route_all(Pool::Stable));
                out.push(Action::Wake { after: self.settings.clean_up, token: CLEAN_UP });
            }
            BlueGreenStage::Retired => {
                self.stage = BlueGreenStage::Redeploying;
                out.push(Action::Say("the old fleet is gone: it is deployed anew".into()));
                resize(view, Version::Old, Pool::Stable, view.replicas, out);
            }
            BlueGreenStage::Starting | BlueGreenStage::Testing => {
                self.stage = BlueGreenStage::Back;
                resize(view, Version::New, Pool::Candidate, 0, out);
            }
            BlueGreenStage::Idle | BlueGreenStage::Redeploying | BlueGreenStage::Back => {}
        }
    }
}

impl Machine for BlueGreen {
    fn wake(&mut self, view: &View<'_>, cause: Cause, out: &mut Vec<Action>) {
        match (cause, self.stage) {
            (Cause::Release, _) => {
                self.stage = BlueGreenStage::Starting;
                resize(view, Version::New, Pool::Candidate, view.replicas, out);
                let (after, token) = if self.settings.gate == Gate::None {
                    (self.settings.wait, WAIT)
                } else {
                    (self.settings.deadline, DEADLINE)
                };
                out.push(Action::Wake { after, token });
            }
            (Cause::Rollback, _) => self.roll_back(view, out),
            (Cause::Timer(WAIT), BlueGreenStage::Starting) => self.switch(out),
            (Cause::Timer(DEADLINE), BlueGreenStage::Starting) => {
                out.push(Action::DeadlinePassed);
                let why = "green did not become available in time";
                self.gate_failed(By::ProgressDeadline, why, view, out);
            }
            (Cause::Pods, BlueGreenStage::Starting)
                if self.settings.gate != Gate::None
                    && is_available(view, Pool::Candidate, view.replicas) =>
            {
                self.passed(out);
            }
            (Cause::Smoke { sent, failed }, BlueGreenStage::Testing) => {
                let pass = failed == 0;
                out.push(Action::Say(format!("smoke test: {failed} of {sent} requests failed")));
                if pass {
                    self.switch(out);
                } else {
                    self.gate_failed(By::SmokeTest, "the smoke test found errors", view, out);
                }
            }
            (Cause::Timer(RETIRE), BlueGreenStage::Switched) => {
                self.stage = BlueGreenStage::Retired;
                resize(view, Version::Old, Pool::Stable, 0, out);
            }
            (Cause::Timer(CLEAN_UP), BlueGreenStage::Back) => {
                resize(view, Version::New, Pool::Candidate, 0, out)
            }
            (Cause::Pods, BlueGreenStage::Redeploying)
                if is_available(view, Pool::Stable, view.replicas) =>
            {
                self.stage = BlueGreenStage::Back;
                out.push(route_all(Pool::Stable));
                out.push(Action::Wake { after: self.settings.clean_up, token: CLEAN_UP });
            }
            _ => {}
        }
        assert!(in_pool(view, Pool::Stable).is_some(), "a service without its stable fleet");
    }

    fn clone_box(&self) -> Box<dyn Machine> {
        Box::new(self.clone())
    }
}
