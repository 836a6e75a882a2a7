//! What each metric of an autoscaler proposes: pods sorted as the real one sorts them, and the
//! arithmetic of [`windtunnel_model::strategy::autoscaler::replicas`].

use super::readings::Usage;
use super::{ScalerInput, Scalers, Target};
use windtunnel_model::analysis::promql::Options;
use windtunnel_model::analysis::promql::value::Value;
use windtunnel_model::strategy::autoscaler::hpa::{HpaSettings, KedaQuery, Metric};
use windtunnel_model::strategy::autoscaler::replicas::{
    Parts, PodUsage, Proposal, Unknown, for_average_value, for_mean, for_utilisation, for_value,
};
use windtunnel_model::strategy::autoscaler::sample::{Class, PodReport, class};
use windtunnel_model::telemetry::unix_ms;
use windtunnel_model::world::replica_set::PodPhase;
use windtunnel_model::world::routing::Pool;

impl Scalers {
    /// What each metric proposes, or why it does not.
    pub(super) fn proposals(
        &self,
        sight: &ScalerInput<'_>,
        settings: &HpaSettings,
        target: &Target,
    ) -> Vec<Result<Proposal, Unknown>> {
        let (current, tolerance) = (target.replicas, settings.tolerance);
        let request = (sight.ctx.scenario.service.pod.cpu_request * 1000.0) as i64;
        let parts = |is_cpu, request, value: fn(&Usage) -> i64| {
            self.parts(sight, settings, target, (is_cpu, request), value)
        };
        let all_requests = || self.metrics.all_requests().ok_or(Unknown::NoSamples);
        let ask = |metric: &Metric| match metric {
            Metric::CpuUtilisation(percent) => {
                let parts = parts(true, request, |usage| usage.cpu);
                for_utilisation(current, *percent, &parts, tolerance)
            }
            Metric::CpuMean(mean) => {
                let parts = parts(true, request, |usage| usage.cpu);
                for_mean(current, *mean, &parts, tolerance)
            }
            Metric::MemoryUtilisation(percent) => {
                let parts = parts(false, 1000, |usage| usage.memory);
                for_utilisation(current, *percent, &parts, tolerance)
            }
            Metric::Pods { target: mean, .. } => {
                let parts = parts(false, 0, |usage| usage.requests);
                for_mean(current, *mean, &parts, tolerance)
            }
            Metric::Value { target: value, .. } => {
                let ready = ready_of(sight, target);
                Ok(for_value(current, *value, all_requests()?, ready, tolerance))
            }
            Metric::AverageValue { target: mean, .. } => {
                Ok(for_average_value(current, *mean, all_requests()?, tolerance))
            }
            Metric::Query(asked) => {
                let value = self.answer(sight, asked, target)?;
                if !asked.whole {
                    return Ok(for_average_value(current, asked.target, value, tolerance));
                }
                let ready = ready_of(sight, target);
                Ok(for_value(current, asked.target, value, ready, tolerance))
            }
            Metric::AtTarget { .. } => Ok(for_value(current, 1, 1, current, tolerance)),
        };
        settings.metrics.iter().map(ask).collect()
    }

    /// What a query comes to, in thousandths; KEDA takes an empty answer for 0, unless it is told
    /// not to, and several values for an error.
    fn answer(
        &self,
        sight: &ScalerInput<'_>,
        asked: &KedaQuery,
        target: &Target,
    ) -> Result<i64, Unknown> {
        let primary = asked.primary.as_ref().filter(|_| target.pool == Some(Pool::Stable));
        let text = primary.unwrap_or(&asked.query);
        let query = self.queries.iter().find(|query| query.text() == text);
        let query = query.ok_or(Unknown::NoSamples)?;
        let answer = query.instant(sight.store, unix_ms(sight.ctx.now), &Options::in_flight());
        let Ok(Value::Vector(found)) = answer else { return Err(Unknown::NoSamples) };
        match &found[..] {
            [] if asked.empty_is_zero => Ok(0),
            [one] if one.value.is_finite() => Ok((one.value * 1000.0) as i64),
            [one] if one.value.is_infinite() && asked.empty_is_zero => Ok(0),
            _ => Err(Unknown::NoSamples),
        }
    }

    /// The pods of a target, sorted as the autoscaler sorts them.
    fn parts(
        &self,
        sight: &ScalerInput<'_>,
        settings: &HpaSettings,
        target: &Target,
        (is_cpu, request): (bool, i64),
        value: fn(&Usage) -> i64,
    ) -> Parts {
        let mut parts = Parts::default();
        for (number, pod) in sight.cluster.pods().iter().enumerate() {
            if !pod.exists() || !target.has(pod.pool) {
                continue;
            }
            let usage = self.metrics.usage(number);
            let phase = pod.facts(0).phase;
            let report = PodReport {
                phase,
                deleting: pod.deleting.is_some(),
                started: (phase != PodPhase::Pending).then_some(pod.admitted),
                ready: Some((pod.ready, pod.ready_since.unwrap_or(pod.admitted))),
                sample: usage.map(|usage| (usage.taken, usage.window)),
            };
            let part = PodUsage { usage: usage.as_ref().map(value), request };
            match class(&report, is_cpu, &settings.warm_up, sight.ctx.now) {
                Class::Ready => parts.ready.push(part),
                Class::Unready => parts.unready.push(part),
                Class::Missing => parts.missing.push(part),
                Class::Ignored => {}
            }
        }
        parts
    }
}

fn ready_of(sight: &ScalerInput<'_>, target: &Target) -> u32 {
    let ready = sight.cluster.pods().iter().filter(|pod| pod.ready && target.has(pod.pool));
    ready.count() as u32
}
