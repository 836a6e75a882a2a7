//! The HorizontalPodAutoscaler at work: what the metrics server has of every pod, and what a sync
//! writes.
//!
//! The rules are those of [`crate::strategy::autoscaler`]. Every flight of a scenario with
//! `service.autoscaler` has one, its twin too. It sees pods as the metrics server does: a rate
//! between two readings, up to a resolution old, and nothing of a pod that was read only once.
//! A strategy says whose size is written ([`Scaling`]); one that does not care keeps its sets in
//! proportion. Deliberately unknown here: how a rollout spreads a new size over its sets.

use super::address::Address;
use super::flight::{Event, Flight};
use crate::analysis::promql::value::Value;
use crate::analysis::promql::{Options, Query};
use crate::base::time::{SimDuration, SimTime};
use crate::scenario::model::Scenario;
use crate::strategy::autoscaler::hpa::{self, Asked, Memory, Metric, Settings, Sync};
use crate::strategy::autoscaler::limits::Reason;
use crate::strategy::autoscaler::replicas::{
    Part, Parts, Proposal, Unknown, for_average_value, for_mean, for_utilisation, for_value,
};
use crate::strategy::autoscaler::sample::{Class, PodReport, class};
use crate::strategy::{Cause, Scaling};
use crate::telemetry::unix_ms;
use crate::world::pod::Stage;
use crate::world::replica_set::PodPhase;
use crate::world::routing::Pool;

/// The metrics server asks every kubelet this often (`--metric-resolution`).
pub const RESOLUTION: SimDuration = SimDuration::from_secs(15);

/// What the metrics server read of a pod.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Reading {
    at: SimTime,
    /// Start of the container, so that counters of two containers are never compared.
    started: SimTime,
    cpu_secs: f64,
    requests: u64,
}

/// What it answers about a pod.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Usage {
    taken: SimTime,
    window: SimDuration,
    /// Thousandths of a core.
    cpu: i64,
    /// Thousandths of the memory limit.
    memory: i64,
    /// Thousandths of a request per second.
    requests: i64,
}

/// The autoscalers of a flight: by pool where Deployments have their own, else the first.
#[derive(Clone, Debug, Default)]
pub struct Autoscalers {
    memory: [Memory; 2],
    /// `spec.replicas` of the stable and the candidate's Deployment, once its owner has said it.
    replicas: [Option<u32>; 2],
    readings: Vec<Option<Reading>>,
    usage: Vec<Option<Usage>>,
    /// What they ask of Prometheus; a query of a scenario is known to be one.
    queries: Vec<Query>,
}

/// Whom a sync is about.
#[derive(Clone, Copy, Debug)]
struct Target {
    /// Pods of this pool; nothing means of all.
    pool: Option<Pool>,
    /// `spec.replicas`.
    replicas: u32,
    limits: (Option<u32>, Option<u32>),
}

impl Target {
    fn has(&self, pool: Pool) -> bool {
        self.pool.is_none_or(|own| own == pool)
    }
}

impl Autoscalers {
    /// The autoscalers of a scenario, who know nothing yet.
    pub(super) fn of(scenario: &Scenario) -> Autoscalers {
        let texts = scenario.autoscaler.iter().flat_map(Settings::queries);
        let read = |text| Query::parse_by(text, scenario.telemetry.rules).ok();
        Autoscalers { queries: texts.filter_map(read).collect(), ..Autoscalers::default() }
    }

    /// What they ask, for the scraper.
    pub(super) fn queries(&self) -> impl Iterator<Item = Query> {
        self.queries.iter().cloned()
    }

    /// A controller says what it has written to `spec.replicas` of one of its Deployments.
    pub(super) fn note(&mut self, pool: Pool, replicas: u32) {
        if let Some(known) = self.replicas.get_mut(pool as usize) {
            *known = Some(replicas);
        }
    }
}

impl Flight {
    /// Plans the first reading and the first sync, each at its own phase.
    pub(super) fn prepare_autoscaler(&mut self) {
        if self.scenario.autoscaler.is_none() {
            return;
        }
        let phase = |number| Address::Controller(number).uniform(&self.streams);
        let (reading, sync) = (RESOLUTION.scaled(phase(1)), hpa::SYNC.scaled(phase(2)));
        self.calendar.plan(SimTime::ZERO + reading, Event::MetricsServer);
        self.calendar.plan(SimTime::ZERO + sync, Event::Autoscale);
    }

    /// The metrics server reads all pods.
    pub(super) fn read_metrics(&mut self) {
        self.calendar.plan(self.now + RESOLUTION, Event::MetricsServer);
        for number in 0..self.pods.len() {
            let (reading, memory) = (self.reading(number as u32), self.memory_share(number as u32));
            let scalers = &mut self.autoscalers;
            scalers.readings.resize(self.pods.len(), None);
            scalers.usage.resize(self.pods.len(), None);
            let before = std::mem::replace(&mut scalers.readings[number], reading);
            scalers.usage[number] = before.zip(reading).and_then(|(a, b)| usage(&a, &b, memory));
        }
    }

    fn reading(&self, number: u32) -> Option<Reading> {
        let pod = &self.pods[number as usize];
        let runs = matches!(pod.stage, Stage::Booting | Stage::Serving) && !pod.lost;
        let counted = self.plane.counters.of_process(number);
        let routes = 0..self.scenario.service.routes.len();
        let requests = |route| (0..crate::telemetry::facts::STATUSES).map(move |s| (route, s));
        runs.then(|| Reading {
            at: self.now,
            started: pod.container_started,
            cpu_secs: self.plane.counters.cpu_secs(number),
            requests: routes.flat_map(requests).map(|(r, s)| counted.requests(r, s)).sum(),
        })
    }

    /// A sync of every autoscaler.
    pub(super) fn autoscale(&mut self) {
        self.calendar.plan(self.now + hpa::SYNC, Event::Autoscale);
        let scenario = std::sync::Arc::clone(&self.scenario);
        let Some(settings) = &scenario.autoscaler else { return };
        match self.scaled_by() {
            Scaling::Deployments(sides) => {
                for (pool, side) in [Pool::Stable, Pool::Candidate].into_iter().zip(sides) {
                    let replicas = self.autoscalers.replicas[pool as usize];
                    let (Some(side), Some(replicas)) = (side, replicas) else { continue };
                    let limits = (side.min, side.max);
                    let target = Target { pool: Some(pool), replicas, limits };
                    if let Some(size) = self.sync(settings, &target, pool) {
                        self.wake(Cause::Scaled { pool, replicas: size });
                        self.plan_look();
                    }
                }
            }
            scaling => {
                let serving = (scaling == Scaling::Fleet).then(|| self.serving_pool());
                let target = Target { pool: serving, replicas: self.size, limits: (None, None) };
                let Some(size) = self.sync(settings, &target, Pool::Stable) else { return };
                let before = std::mem::replace(&mut self.size, size);
                if scaling == Scaling::Whole {
                    self.wake(Cause::Scaled { pool: Pool::Stable, replicas: size });
                } else {
                    self.keep_proportions(before, size);
                }
                self.plan_look();
            }
        }
    }

    /// Who carries out what an autoscaler writes: nobody but the engine before a release.
    fn scaled_by(&self) -> Scaling {
        let started = self.has_release && self.watch.release_at.is_some();
        if started { self.scaling } else { Scaling::Fleet }
    }

    /// Pods that the service asks for at present.
    pub(super) fn full_size(&self) -> u32 {
        match self.scaled_by() {
            Scaling::Deployments([Some(_), _]) => {
                self.autoscalers.replicas[Pool::Stable as usize].unwrap_or(self.size)
            }
            _ => self.size,
        }
    }

    /// The pool that most requests are sent to.
    fn serving_pool(&self) -> Pool {
        let share = self.desired.split.candidate_share();
        if share > 0.5 { Pool::Candidate } else { Pool::Stable }
    }

    /// Every set keeps its share of the full size, rounded up.
    fn keep_proportions(&mut self, before: u32, size: u32) {
        for set in &mut self.sets {
            let wanted = u64::from(set.size) * u64::from(size);
            set.size = wanted.div_ceil(u64::from(before.max(1))) as u32;
        }
        self.reconcile_sets();
    }

    /// One sync; says the size to be written, if it is another.
    fn sync(&mut self, settings: &Settings, target: &Target, pool: Pool) -> Option<u32> {
        let (min, max) = target.limits;
        let settings = Settings {
            min: min.unwrap_or(settings.min),
            max: max.unwrap_or(settings.max),
            ..settings.clone()
        };
        let mut memory = std::mem::take(&mut self.autoscalers.memory[pool as usize]);
        let proposals = || self.proposals(&settings, target);
        let found = hpa::sync(&settings, &mut memory, target.replicas, self.now, proposals);
        self.autoscalers.memory[pool as usize] = memory;
        let Sync::Rescale(size, reason) = found else { return None };
        let name = self.workload_of(target);
        let before = target.replicas;
        self.story("autoscale", || {
            let why = why(&settings, before, size, reason);
            format!("{name}: SuccessfulRescale: New size: {size}; reason: {why}")
        });
        Some(size)
    }

    fn workload_of(&self, target: &Target) -> String {
        self.names.workloads[target.pool.unwrap_or(Pool::Stable) as usize].clone()
    }

    fn proposals(&self, settings: &Settings, target: &Target) -> Vec<Result<Proposal, Unknown>> {
        let (current, tolerance) = (target.replicas, settings.tolerance);
        let request = (self.scenario.service.pod.cpu_request * 1000.0) as i64;
        let ask = |metric: &Metric| match metric {
            Metric::CpuUtilisation(percent) => {
                let parts = self.parts(settings, target, true, request, |usage| usage.cpu);
                for_utilisation(current, *percent, &parts, tolerance)
            }
            Metric::CpuMean(mean) => {
                let parts = self.parts(settings, target, true, request, |usage| usage.cpu);
                for_mean(current, *mean, &parts, tolerance)
            }
            Metric::MemoryUtilisation(percent) => {
                let parts = self.parts(settings, target, false, 1000, |usage| usage.memory);
                for_utilisation(current, *percent, &parts, tolerance)
            }
            Metric::Pods { target: mean, .. } => {
                let parts = self.parts(settings, target, false, 0, |usage| usage.requests);
                for_mean(current, *mean, &parts, tolerance)
            }
            Metric::Value { target: value, .. } => {
                let ready = self.ready_of(target);
                Ok(for_value(current, *value, self.all_requests()?, ready, tolerance))
            }
            Metric::AverageValue { target: mean, .. } => {
                Ok(for_average_value(current, *mean, self.all_requests()?, tolerance))
            }
            Metric::Query(asked) => {
                let value = self.answer(asked, target)?;
                if !asked.whole {
                    return Ok(for_average_value(current, asked.target, value, tolerance));
                }
                let ready = self.ready_of(target);
                Ok(for_value(current, asked.target, value, ready, tolerance))
            }
            Metric::AtTarget { .. } => Ok(for_value(current, 1, 1, current, tolerance)),
        };
        settings.metrics.iter().map(ask).collect()
    }

    fn ready_of(&self, target: &Target) -> u32 {
        self.pods.iter().filter(|pod| pod.ready && target.has(pod.pool)).count() as u32
    }

    /// What a query comes to, in thousandths; KEDA takes an empty answer for 0, unless it is told
    /// not to, and several values for an error.
    fn answer(&self, asked: &Asked, target: &Target) -> Result<i64, Unknown> {
        let primary = asked.primary.as_ref().filter(|_| target.pool == Some(Pool::Stable));
        let text = primary.unwrap_or(&asked.query);
        let query = self.autoscalers.queries.iter().find(|query| query.text() == text);
        let query = query.ok_or(Unknown::NoSamples)?;
        let answer = query.instant(&self.scraper.store, unix_ms(self.now), &Options::in_flight());
        let Ok(Value::Vector(found)) = answer else { return Err(Unknown::NoSamples) };
        match &found[..] {
            [] if asked.empty_is_zero => Ok(0),
            [one] if one.value.is_finite() => Ok((one.value * 1000.0) as i64),
            [one] if one.value.is_infinite() && asked.empty_is_zero => Ok(0),
            _ => Err(Unknown::NoSamples),
        }
    }

    /// Requests that the whole service gets, in thousandths a second, as they were read last.
    fn all_requests(&self) -> Result<i64, Unknown> {
        let mut rates = self.autoscalers.usage.iter().flatten().map(|usage| usage.requests);
        let first = rates.next().ok_or(Unknown::NoSamples)?;
        Ok(first + rates.sum::<i64>())
    }

    /// The pods of a target, sorted as the autoscaler sorts them.
    fn parts(
        &self,
        settings: &Settings,
        target: &Target,
        is_cpu: bool,
        request: i64,
        value: impl Fn(&Usage) -> i64,
    ) -> Parts {
        let mut parts = Parts::default();
        for (number, pod) in self.pods.iter().enumerate() {
            if !pod.exists() || !target.has(pod.pool) {
                continue;
            }
            let usage = self.autoscalers.usage.get(number).copied().flatten();
            let phase = pod.facts(0).phase;
            let report = PodReport {
                phase,
                deleting: pod.deleting.is_some(),
                started: (phase != PodPhase::Pending).then_some(pod.admitted),
                ready: Some((pod.ready, pod.ready_since.unwrap_or(pod.admitted))),
                sample: usage.map(|usage| (usage.taken, usage.window)),
            };
            let part = Part { usage: usage.as_ref().map(&value), request };
            match class(&report, is_cpu, &settings.warm_up, self.now) {
                Class::Ready => parts.ready.push(part),
                Class::Unready => parts.unready.push(part),
                Class::Missing => parts.missing.push(part),
                Class::Ignored => {}
            }
        }
        parts
    }
}

/// The rates between two readings of the same container.
fn usage(before: &Reading, after: &Reading, memory: f64) -> Option<Usage> {
    if before.started != after.started || after.requests < before.requests {
        return None;
    }
    let window = after.at.since(before.at);
    let thousandths = |difference: f64| (difference / window.as_secs_f64() * 1000.0) as i64;
    Some(Usage {
        taken: after.at,
        window,
        cpu: thousandths((after.cpu_secs - before.cpu_secs).max(0.0)),
        memory: (memory * 1000.0) as i64,
        requests: thousandths((after.requests - before.requests) as f64),
    })
}

/// The reason in the event that the real controller writes.
fn why(settings: &Settings, before: u32, after: u32, reason: Reason) -> String {
    if before > settings.max {
        return "Current number of replicas above Spec.MaxReplicas".into();
    }
    if before < settings.min {
        return "Current number of replicas below Spec.MinReplicas".into();
    }
    let limited = match reason {
        Reason::DesiredWithinRange => String::new(),
        other => format!(" ({})", other.word()),
    };
    if after < before {
        return format!("All metrics below target{limited}");
    }
    let metric = match settings.metrics.first() {
        Some(Metric::Pods { name, .. }) => format!("pods metric {name}"),
        Some(Metric::Value { name, .. } | Metric::AverageValue { name, .. }) => {
            format!("external metric {name}")
        }
        Some(Metric::Query(_)) => "external metric s0-prometheus".into(),
        Some(Metric::MemoryUtilisation(_)) => {
            "memory resource utilization (percentage of request)".into()
        }
        Some(Metric::CpuMean(_)) => "cpu resource".into(),
        _ => "cpu resource utilization (percentage of request)".to_string(),
    };
    format!("{metric} above target{limited}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_lie_between_readings_of_one_container() {
        let secs = |secs| SimTime::ZERO + SimDuration::from_secs(secs);
        let reading = |at, started, cpu_secs, requests| Reading {
            at: secs(at),
            started: secs(started),
            cpu_secs,
            requests,
        };
        let before = reading(15, 0, 1.0, 100);
        let found = usage(&before, &reading(30, 0, 8.5, 400), 0.25).expect("a rate");
        assert_eq!((found.cpu, found.requests, found.memory), (500, 20_000, 250));
        assert_eq!(found.window, RESOLUTION);
        assert_eq!(usage(&before, &reading(30, 20, 8.5, 400), 0.25), None);
    }

    #[test]
    fn reasons_are_the_controllers() {
        let settings = Settings { min: 2, ..Settings::new(10) };
        let said = |before, after, reason| why(&settings, before, after, reason);
        assert_eq!(
            said(4, 8, Reason::DesiredWithinRange),
            "cpu resource utilization (percentage of request) above target"
        );
        assert_eq!(said(4, 3, Reason::DesiredWithinRange), "All metrics below target");
        assert!(said(12, 10, Reason::TooManyReplicas).contains("above Spec.MaxReplicas"));
    }
}
