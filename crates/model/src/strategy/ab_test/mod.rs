//! `abTest`: users are divided once, by hash, header or feature flag; each always meets the same
//! variant. After its duration the experiment's log is judged: sample ratio first, guardrails next,
//! then whether the variant is worse (or has to be better). "No evidence" is a verdict of its own.
//!
//! Buckets are md5(`user:experiment`) modulo 100, the whole digest. The verdict reads only the
//! experiment's log and scraped metrics.

mod judge;

use super::binding::Binding;
use super::fleet::{is_available, pods_for, resize, route_all};
use super::follow_up::FollowUp;
use super::pilot::{Facts, Pilot};
use super::{Ability, Cause, Machine, Needs, Plan, STRATEGIES, Spec, View, plan};
use crate::analysis::check::memory::Memory;
use crate::analysis::check::{CHECKS, Check, Verdict};
use crate::world::action::{Action, Alarm, Decision, Evidence, Gate, Tested, Token};
use crate::world::log::Exposure;
use crate::world::routing::{Pool, Routing, Split};
use crate::world::service::Version;
use judge::Judge;
use windtunnel_base::settings::{Part, Reader, WordOrPart};
use windtunnel_base::time::SimDuration;
use windtunnel_base::units::Share;
use windtunnel_stats::proportions::two_proportions;

/// `abTest` for the catalogue: name, summary and reader.
pub const PART: Part<Plan> =
    Part { name: "abTest", summary: "users divided once, judged by what they complete", read };

const GUARD: Token = Token::of(Alarm::Check);
const END: Token = Token::of(Alarm::End);
const CLEAN_UP: Token = Token::of(Alarm::CleanUp);
const DEADLINE: Token = Token::of(Alarm::Deadline);

/// Who decides which variant a user meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Assignment {
    Hash,
    Header,
    Flag,
}

/// Where the test stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AbTestStage {
    Idle,
    Growing,
    Running,
    /// The variant has won and takes over; its fleet grows first.
    Promoting,
    Promoted,
    Redeploying,
    Back,
    /// The follow-up strategy flies.
    Followed,
}

/// What the log holds: on which route the variants differ, and who counts.
#[derive(Clone, Debug, PartialEq)]
struct Logged {
    /// Name of the route, if only one is tested.
    step: Option<String>,
    /// Are exposures logged? Else everyone who is served counts.
    exposures: bool,
}

fn logged(r: &mut Reader<'_>) -> Logged {
    let help = "route on which the variants differ: its requests convert, and its users are \
                exposed; left out: all routes";
    let step = r.opt_text("step", help);
    let help = "count users from their first request of `step`; false: count everyone who is \
                served, as when only the assignment is known";
    let exposures = r.flag("exposureLog", true, help);
    Logged { step, exposures }
}

fn assignment(r: &mut Reader<'_>) -> Assignment {
    match r.choice(
        "assignment",
        &["hash", "header", "flag"],
        "hash",
        "who decides which variant a user meets",
    ) {
        0 => Assignment::Hash,
        1 => Assignment::Header,
        _ => Assignment::Flag,
    }
}

fn read(r: &mut Reader<'_>) -> Plan {
    let assignment = assignment(r);
    let share = r.share("share", "50%", "share of users that meet the variant, in whole percent");
    let percent = share.value() * 100.0;
    let whole = (percent - percent.round()).abs() < 1e-6 && percent.round() >= 1.0;
    if assignment != Assignment::Header && !whole {
        // Users are divided by one of 100 buckets; a share between two voids the test.
        let help = "users are divided into 100 buckets";
        r.problem("share", format!("found {percent} %"), "a whole percent from 1% to 100%", help);
    }
    let checks =
        r.parts("guardrails", "metric checks that end the test early when they fail", CHECKS);
    let checks = checks.unwrap_or_default().into_iter().map(|(_, check)| check).collect();
    let help = "what follows a win: promote, none, or a strategy with its settings";
    let then = match r.word_or_part("then", &["promote", "none"], help, STRATEGIES) {
        WordOrPart::Word(0) => None,
        WordOrPart::Word(_) => Some(Then::Nothing),
        WordOrPart::Part(plan) => Some(Then::Strategy(plan)),
    };
    let interval = r.duration("interval", "60s", "time between looks at the guardrails");
    if interval < SimDuration::from_secs(1) {
        r.problem("interval", format!("found {interval}"), "at least 1s", "");
    }
    let interval = interval.max(SimDuration::from_secs(1));
    let duration = r.duration("duration", "20m", "how long the test runs");
    let judge = judge::read(r, (duration.as_nanos() / interval.as_nanos()) as usize);
    let settings = AbTestSettings {
        assignment,
        logged: logged(r),
        bucket: (percent.round() as u8).clamp(1, 100),
        share,
        duration,
        interval,
        judge,
        checks,
        guard_errors: r.flag(
            "guardErrors",
            true,
            "end the test when the variant's users meet significantly more errors",
        ),
        deadline: r.duration("progressDeadline", "600s", "pods not available after this: rollback"),
        clean_up: r.duration(
            "scaleDownDelay",
            "30s",
            "from the rollback to the end of the variant's pods",
        ),
        ship: !matches!(then, Some(Then::Nothing)),
        follow: match then {
            Some(Then::Strategy(next)) => Some(next),
            _ => None,
        },
    };
    // Users are told apart by a header or a cookie, which weights alone cannot.
    let own = match assignment {
        Assignment::Flag => Ability::Service,
        Assignment::Hash | Assignment::Header => Ability::Mesh,
    };
    let follow = settings.follow.as_ref().map_or(Ability::Service, |next| next.needs.routing);
    let needs = Needs {
        routing: own.max(follow),
        controller: true,
        metrics: true,
        mixing: true,
        divided_users: true,
        ..Needs::default()
    };
    plan(r, "abTest", needs, settings)
}

enum Then {
    Nothing,
    Strategy(Plan),
}

/// An experiment, and how its log is judged.
#[derive(Clone, Debug, PartialEq)]
pub struct AbTestSettings {
    assignment: Assignment,
    logged: Logged,
    bucket: u8,
    share: Share,
    duration: SimDuration,
    interval: SimDuration,
    judge: Judge,
    checks: Vec<Check>,
    guard_errors: bool,
    deadline: SimDuration,
    clean_up: SimDuration,
    ship: bool,
    follow: Option<Plan>,
}

/// Name of the comparison of users with errors in evidence.
const USERS_WITH_ERRORS: &str = "usersWithErrors";

impl Spec for AbTestSettings {
    fn bind(&self, binding: &mut Binding<'_>) -> Option<Pilot> {
        let checks = binding.checks("guardrails", &self.checks, self.interval);
        let follow = match &self.follow {
            Some(plan) => binding.plan("then", plan).map(Some),
            None => Some(None),
        };
        let (checks, follow, about) = (checks?, follow?, binding.about());
        let share = self.share.value();
        let asked = checks.iter().map(|check| (check.clone(), self.interval, share)).collect();
        let mut facts = Facts::of(about.names).deciding_by(asked, "guardrails");
        facts.takes = self.duration;
        let own = [USERS_WITH_ERRORS, judge::CONVERSION].map(|name| Gate::Metric(name.into()));
        facts = facts.stopping_by(own.into_iter().chain([Gate::ProgressDeadline]));
        let follow = follow.map(|next| {
            facts.gates.extend(next.facts.stoppers().into_iter().map(String::from));
            facts.queries.extend(next.facts.queries);
            facts.takes += next.facts.takes;
            next.machine
        });
        let follow = FollowUp(follow);
        let number = |step: &String| about.routes.iter().position(|name| name == step);
        let step = self.logged.step.as_ref().and_then(number).map(|at| at as u8);
        let test = AbTest {
            settings: AbTestSettings { checks, ..self.clone() },
            exposure: Exposure { step, everyone: !self.logged.exposures },
            seen: 0,
            memory: Memory::default(),
            follow,
            stage: AbTestStage::Idle,
        };
        Some(Pilot { facts, machine: Box::new(test) })
    }
}

/// An experiment and its state; its guardrails are bound.
#[derive(Clone, Debug)]
struct AbTest {
    settings: AbTestSettings,
    /// What the log holds, as the world knows it.
    exposure: Exposure,
    /// Looks before the end so far.
    seen: usize,
    /// What its guardrails have seen.
    memory: Memory,
    follow: FollowUp,
    stage: AbTestStage,
}

impl AbTest {
    fn split(&self) -> Split {
        match self.settings.assignment {
            Assignment::Hash => Split::Buckets(self.settings.bucket),
            Assignment::Header => Split::Header(self.settings.share),
            Assignment::Flag => Split::Flag(self.settings.bucket),
        }
    }

    fn route(split: Split) -> Action {
        Action::Route(Routing { split, ..Routing::default() })
    }

    fn has_fleet(&self) -> bool {
        self.settings.assignment != Assignment::Flag
    }

    fn start(&mut self, view: &View<'_>, out: &mut Vec<Action>) {
        self.stage = AbTestStage::Growing;
        if self.has_fleet() {
            let pods = pods_for(view.replicas, self.settings.share.value());
            resize(view, Version::New, Pool::Candidate, pods, out);
            out.push(Action::Wake { after: self.settings.deadline, token: DEADLINE });
        } else {
            self.run(out);
        }
    }

    fn run(&mut self, out: &mut Vec<Action>) {
        self.stage = AbTestStage::Running;
        out.push(Action::Experiment(Some(self.exposure)));
        out.push(Self::route(self.split()));
        out.push(Action::Wake { after: self.settings.interval, token: GUARD });
        out.push(Action::Wake { after: self.settings.duration, token: END });
    }

    /// Do guardrail metrics or the users' errors call the test off? A guardrail that waits, or is
    /// unsure, does not: the test goes on, and its log is judged at the end.
    fn guardrails_fail(&mut self, view: &View<'_>, out: &mut Vec<Action>) -> bool {
        let mut fail = false;
        for (number, check) in self.settings.checks.iter().enumerate() {
            let found = check.judge(&|query| view.ask(query), self.memory.of(number));
            fail |= found.verdict == Verdict::Fail;
            out.push(Action::Evidence(found));
        }
        if let (true, Some(log)) = (self.settings.guard_errors, view.experiment) {
            let arm = |i: usize| (log.erred[i], log.users[i]);
            // Looked at every interval, so each look gets a share of the error probability.
            let looks = (self.settings.duration.as_secs_f64()
                / self.settings.interval.as_secs_f64())
            .max(1.0);
            let confidence = 1.0 - 0.01 / looks;
            let found = two_proportions(arm(1), arm(0), confidence);
            let lower = found.map_or(0.0, |f| f.newcombe.lower);
            let worse = lower > 0.0 && log.users[1] >= 100;
            out.push(Action::Evidence(Evidence {
                check: USERS_WITH_ERRORS.into(),
                value: Some(log.erred[1] as f64 / log.users[1].max(1) as f64),
                limit: Some(log.erred[0] as f64 / log.users[0].max(1) as f64),
                requests: Some((log.users[0] + log.users[1]) as f64),
                verdict: Verdict::of(!worse),
                tested: found.map(|f| Tested {
                    judge: "twoProportions",
                    statistic: "lower end of the difference",
                    value: f.newcombe.lower,
                    limit: 0.0,
                }),
            }));
            fail |= worse;
        }
        fail
    }

    fn win(&mut self, view: &View<'_>, out: &mut Vec<Action>) {
        out.push(Action::Experiment(None));
        if !self.settings.ship {
            out.push(Action::Decide(Decision::Pass));
            self.send_home(out);
        } else if self.follow.is_there() {
            out.push(Action::Say("the variant won: the follow-up strategy ships it".into()));
            self.stage = AbTestStage::Followed;
            out.push(route_all(Pool::Stable));
            resize(view, Version::New, Pool::Candidate, 0, out);
            self.follow.wake(view, Cause::Release, out);
        } else if self.has_fleet() {
            out.push(Action::Decide(Decision::Promote));
            self.stage = AbTestStage::Promoting;
            resize(view, Version::New, Pool::Candidate, view.replicas, out);
        } else {
            out.push(Action::Decide(Decision::Promote));
            self.stage = AbTestStage::Promoted;
            out.push(Self::route(Split::Flag(100)));
        }
    }

    /// Everyone back to the old version.
    fn send_home(&mut self, out: &mut Vec<Action>) {
        self.stage = AbTestStage::Back;
        out.push(Action::Experiment(None));
        let home = if self.has_fleet() { Split::All(Pool::Stable) } else { Split::Flag(0) };
        out.push(Self::route(home));
        out.push(Action::Wake { after: self.settings.clean_up, token: CLEAN_UP });
    }

    fn roll_back(&mut self, view: &View<'_>, out: &mut Vec<Action>) {
        match self.stage {
            AbTestStage::Promoted if self.has_fleet() => {
                self.stage = AbTestStage::Redeploying;
                resize(view, Version::Old, Pool::Stable, view.replicas, out);
            }
            AbTestStage::Growing
            | AbTestStage::Running
            | AbTestStage::Promoting
            | AbTestStage::Promoted => self.send_home(out),
            AbTestStage::Followed => self.follow.wake(view, Cause::Rollback, out),
            AbTestStage::Idle | AbTestStage::Redeploying | AbTestStage::Back => {}
        }
    }

    fn at_end(&mut self, view: &View<'_>, out: &mut Vec<Action>) {
        let share = self.settings.share.value();
        let found = view.experiment.map(|log| self.settings.judge.conclude(&log, share, out));
        self.ends(found.unwrap_or(Decision::NoEvidence), view, out);
    }

    /// Does a look before the end decide?
    fn ends_early(&mut self, view: &View<'_>, out: &mut Vec<Action>) -> bool {
        let share = self.settings.share.value();
        let judge = &self.settings.judge;
        self.seen += usize::from(view.experiment.is_some());
        let found = view.experiment.and_then(|log| judge.look(self.seen, &log, share, out));
        let Some(decision) = found else { return false };
        self.ends(decision, view, out);
        true
    }

    fn ends(&mut self, decision: Decision, view: &View<'_>, out: &mut Vec<Action>) {
        match decision {
            Decision::Promote => self.win(view, out),
            other => {
                out.push(Action::Decide(other));
                self.send_home(out);
            }
        }
    }
}

impl Machine for AbTest {
    fn wake(&mut self, view: &View<'_>, cause: Cause, out: &mut Vec<Action>) {
        match (cause, self.stage) {
            (Cause::Rollback, _) => self.roll_back(view, out),
            (_, AbTestStage::Followed) => self.follow.wake(view, cause, out),
            (Cause::Release, _) => self.start(view, out),
            (Cause::Pods, AbTestStage::Growing) => {
                let pods = pods_for(view.replicas, self.settings.share.value());
                if is_available(view, Pool::Candidate, pods) {
                    self.run(out);
                }
            }
            (Cause::Timer(DEADLINE), AbTestStage::Growing) => {
                out.push(Action::DeadlinePassed);
                out.push(Action::Because(Gate::ProgressDeadline));
                out.push(Action::Decide(Decision::Rollback));
                self.send_home(out);
            }
            (Cause::Timer(GUARD), AbTestStage::Running) => {
                if self.guardrails_fail(view, out) {
                    out.push(Action::Decide(Decision::Rollback));
                    self.send_home(out);
                } else if !self.ends_early(view, out) {
                    out.push(Action::Wake { after: self.settings.interval, token: GUARD });
                }
            }
            (Cause::Timer(END), AbTestStage::Running) => self.at_end(view, out),
            (Cause::Pods, AbTestStage::Promoting)
                if is_available(view, Pool::Candidate, view.replicas) =>
            {
                self.stage = AbTestStage::Promoted;
                out.push(route_all(Pool::Candidate));
                resize(view, Version::Old, Pool::Stable, 0, out);
            }
            (Cause::Pods, AbTestStage::Redeploying)
                if is_available(view, Pool::Stable, view.replicas) =>
            {
                self.send_home(out);
            }
            (Cause::Timer(CLEAN_UP), AbTestStage::Back) => {
                resize(view, Version::New, Pool::Candidate, 0, out);
            }
            _ => {}
        }
    }

    fn clone_box(&self) -> Box<dyn Machine> {
        Box::new(self.clone())
    }
}
