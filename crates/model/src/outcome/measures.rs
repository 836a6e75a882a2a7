//! The table of all measures, and the facts that they are made of.
//!
//! Adding a measure: a row at the end of the table (people read CSV files by position), and a
//! field of [`Facts`], which `engine/result.rs` fills, if no fact tells it yet. Deliberately
//! absent: how facts are counted.

use super::bill::{Bill, BillPart, Held, Spent, Tariff};
use super::measure::{Better, Measure, Reach, Unit};
use windtunnel_base::time::SimTime;

/// What one flight came to, before it is put into measures.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// Users who sent at least one request.
    pub active: u64,
    /// Users who met a process of the new version.
    pub exposed: u64,
    /// Users with at least one failed, wrong or slow request.
    pub hurt: u64,
    /// Users of an experiment who met both arms.
    pub crossed: u64,
    /// Users who met the old version again after the new one.
    pub flipped: u64,
    /// From users' failures to their next successes, in minutes.
    pub minutes_down: f64,
    /// Requests of users that ended: all, failed, wrong, slow.
    pub ended: [u64; 4],
    /// Median and 99th percentile of the latency in milliseconds, of the old and the new version.
    pub latency_ms: [[Option<f64>; 2]; 2],
    /// Kept-alive connections that ended because their pod did.
    pub connections_broken: u64,
    /// Writes done more than once.
    pub duplicated: u64,
    /// What there was when the first verdict fell.
    pub at_verdict: Option<AtVerdict>,
    /// Seconds without a pod that accepts requests.
    pub outage_s: f64,
    /// The same after the decision to go back.
    pub outage_after_decision_s: f64,
    /// Seconds with more bad requests than the objective explains.
    pub downtime_s: f64,
    /// Seconds in which the requests of one user can reach either version.
    pub mixed_s: f64,
    /// Fewest ready pods from the start of the release on.
    pub available_min: Option<u32>,
    /// Most pods at once.
    pub pods_peak: u32,
    /// Median over pods, from creation to readiness, in seconds.
    pub start_to_ready_s: Option<f64>,
    /// The new version's share of requests minus its share of pods, while they are rolled out.
    pub new_traffic_minus_pods: Option<f64>,
    /// When the release began.
    pub release_at: Option<SimTime>,
    /// When only the new version was left, at full size.
    pub rolled_out_at: Option<SimTime>,
    /// When the first request arrived that ended worse than in the twin.
    pub first_harm_at: Option<SimTime>,
    /// When the rollback was ordered.
    pub decided_at: Option<SimTime>,
    /// When the new version got its last request, not before the decision; nothing while
    /// balancers send requests there.
    pub safe_at: Option<SimTime>,
    /// When the old version was at full size again.
    pub restored_at: Option<SimTime>,
    /// Hours of pods.
    pub pod_hours: f64,
    /// Of these, hours of pods beyond the service's full size.
    pub surge_pod_hours: f64,
    /// What all of it costs.
    pub tariff: Tariff,
    /// Pages of the on-call.
    pub pages: u64,
    /// Hours from acknowledging to deciding, over all pages.
    pub paged_hours: f64,
    /// How late a good release came; nothing of a bad one.
    pub held: Held,
    /// Full size of the service.
    pub replicas: u32,
    /// Value of requests that were lost and stays away, in US dollars.
    pub value_lost: f64,
    /// The flight without a release; nothing in a twin itself.
    pub twin: Option<TwinFacts>,
}

/// What there was when the first verdict fell.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct AtVerdict {
    /// Users who had met the new version.
    pub exposed: u64,
    /// Requests that the new version had accepted, and copies compared.
    pub judged: u64,
    /// Share of traffic that went to the new version.
    pub weight: f64,
}

/// What a flight is compared with.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TwinFacts {
    /// Users hurt without a release.
    pub hurt: u64,
    /// Of these, users hurt with it, too.
    pub hurt_in_both: u64,
    /// Its outage in seconds.
    pub outage_s: f64,
    /// Its downtime in seconds.
    pub downtime_s: f64,
    /// Its hours of pods.
    pub pod_hours: f64,
    /// Of these, hours of pods beyond the service's full size.
    pub surge_pod_hours: f64,
    /// Its requests that ended, as of the flight.
    pub ended: [u64; 4],
    /// Value it lost that stays away.
    pub value_lost: f64,
}

impl Facts {
    /// As a share of the active users.
    fn share(&self, users: u64) -> Option<f64> {
        Some(users as f64 / self.active.max(1) as f64)
    }

    /// What is told by comparison with the twin.
    fn over(&self, value: fn(&Facts, &TwinFacts) -> f64) -> Option<f64> {
        self.twin.as_ref().map(|twin| value(self, twin))
    }

    /// Users hurt by the release.
    fn hurt_by_release(&self) -> Option<u64> {
        self.twin.map(|twin| self.hurt - twin.hurt_in_both)
    }

    /// Seconds from the first harm to an instant, if it came first.
    fn since_harm(&self, until: Option<SimTime>) -> Option<f64> {
        span(self.first_harm_at.filter(|harm| Some(*harm) <= until), until)
    }

    /// What it took beyond the twin.
    pub fn spent(&self) -> Option<Spent> {
        let twin = self.twin.as_ref()?;
        let more = |at: usize| self.ended[at] as f64 - twin.ended[at] as f64;
        Some(Spent {
            pod_hours: self.pod_hours - twin.pod_hours,
            surge_pod_hours: self.surge_pod_hours - twin.surge_pod_hours,
            pages: self.pages,
            paged_hours: self.paged_hours,
            held: self.held,
            failed: more(1) + more(2),
            slow: more(3),
            users: self.hurt_by_release()? as f64,
            value_lost: self.value_lost - twin.value_lost,
        })
    }

    /// What it cost, by part.
    pub fn bill(&self) -> Option<Bill> {
        Some(Bill::of(&self.spent()?, &self.tariff))
    }

    fn cost_usd(&self) -> Option<f64> {
        let surcharge = self.tariff.surge_pod_hour - self.tariff.pod_hour;
        Some(self.pod_hours * self.tariff.pod_hour + self.surge_pod_hours * surcharge)
    }

    fn value_lost_by_release(&self) -> Option<f64> {
        self.over(|f, twin| f.value_lost - twin.value_lost)
    }
}

fn count(number: u64) -> Option<f64> {
    Some(number as f64)
}

fn span(from: Option<SimTime>, until: Option<SimTime>) -> Option<f64> {
    Some(until?.since(from?).as_secs_f64())
}

macro_rules! measures {
    ($($id:ident $name:ident: $unit:ident, $better:ident, $reach:ident, $value:expr,
        $doc:literal $(+ $more:literal)?;)*) => {
        /// Which measure: a row of [`MEASURES`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum MeasureId {
            $(#[doc = $doc] $id,)*
        }

        /// All measures, in the order of the columns of `runs.csv`.
        pub static MEASURES: [Measure; [$(MeasureId::$id),*].len()] = [$(Measure {
            id: MeasureId::$id,
            name: stringify!($name),
            unit: Unit::$unit,
            better: Better::$better,
            reach: Reach::$reach,
            doc: $doc,
            more: concat!($($more)?),
            value: $value,
        }),*];

        /// The measures of one flight. Empty values were cut by the horizon or do not apply.
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct Measures {
            $(#[doc = $doc] pub $name: Option<f64>,)*
        }

        impl Measures {
            /// The measures of a flight that came to this.
            pub fn of(facts: &Facts) -> Measures {
                Measures { $($name: (MeasureId::$id.measure().value)(facts)),* }
            }

            /// The value of a measure.
            pub fn get(&self, id: MeasureId) -> Option<f64> {
                match id {
                    $(MeasureId::$id => self.$name,)*
                }
            }

            /// All values, in the order of [`MEASURES`].
            pub fn values(&self) -> Vec<Option<f64>> {
                MeasureId::all().map(|id| self.get(id)).collect()
            }
        }
    };
}

// Id and name: unit, which way is better, reach, value, sentence + what it leaves open.
measures! {
    UsersActive users_active: Users, Neither, Users, |f| count(f.active),
        "Users with at least one request in the horizon.";
    UsersExposed users_exposed: Users, Less, UsersExposed, |f| count(f.exposed),
        "Users with at least one attempt accepted by a new-version process."
        + "Answered or not; mirrored copies don't count.";
    ExposedBeforeVerdict exposed_before_verdict: Users, Less, UsersExposed,
        |f| count(f.at_verdict?.exposed),
        "Of these, users exposed before the verdict."
        + "That is the first one: a promotion, a rollback, or the human's order.";
    UsersHurt users_hurt: Users, Less, UsersHurt, |f| count(f.hurt),
        "Users with at least one failed, wrong or slow request.";
    UsersHurtByRelease users_hurt_by_release: Users, Less, UsersHurt,
        |f| count(f.hurt_by_release()?),
        "Of these, users not hurt in the twin without a release.";
    UsersSpared users_spared: Users, More, UsersHurt,
        |f| f.over(|_, twin| (twin.hurt - twin.hurt_in_both) as f64),
        "Users hurt only in the twin.";
    Requests requests: Requests, Neither, Requests, |f| count(f.ended[0]),
        "Requests of users, after their last retry."
        + "Each that ended counts once, however often it was tried.";
    RequestsFailed requests_failed: Requests, Less, RequestsHurt, |f| count(f.ended[1]),
        "Requests refused, answered 5xx, timed out, dropped or broken.";
    RequestsWrong requests_wrong: Requests, Less, RequestsHurt, |f| count(f.ended[2]),
        "Requests answered wrongly.";
    RequestsSlow requests_slow: Requests, Less, RequestsHurt, |f| count(f.ended[3]),
        "Requests answered too late, counted from the first attempt.";
    P50OldMs p50_old_ms: Millis, Less, Latency, |f| f.latency_ms[0][0],
        "Median latency of the old version's answers, in milliseconds."
        + "All four are quantiles of the server's latency per attempt (queue and service), errors \
           included, from a histogram whose bins are less than 0.8 % wide.";
    P99OldMs p99_old_ms: Millis, Less, Latency, |f| f.latency_ms[0][1],
        "99th percentile of the old version's latency, in milliseconds.";
    P50NewMs p50_new_ms: Millis, Less, Latency, |f| f.latency_ms[1][0],
        "Median latency of the new version's answers, in milliseconds.";
    P99NewMs p99_new_ms: Millis, Less, Latency, |f| f.latency_ms[1][1],
        "99th percentile of the new version's latency, in milliseconds.";
    OutageS outage_s: Seconds, Less, HarmSeconds, |f| Some(f.outage_s),
        "Seconds in which no pod that the balancers know of accepts requests."
        + "A pod that any balancer knows of counts, in the pools that it sends requests to.";
    DowntimeS downtime_s: Seconds, Less, HarmSeconds, |f| Some(f.downtime_s),
        "Seconds in which failed and wrong requests exceed what the objective explains."
        + "Their share is above 1 − `objective.success`, *and* the probability of as many under \
           the objective (binomial tail) is below 0.001. A second with fewer than 100 requests \
           is judged by the shortest window of at least 100 requests that ends with it, and only \
           if it has a bad request itself.";
    DowntimeByReleaseS downtime_by_release_s: Seconds, Less, HarmSecondsDifference,
        |f| f.over(|f, twin| f.downtime_s - twin.downtime_s),
        "Downtime minus the twin's." + "May be negative.";
    UserMinutesDown user_minutes_down: UserMinutes, Less, UserMinutes, |f| Some(f.minutes_down),
        "Minutes from users' failures to their next successes; between two requests of a user 5 \
         minutes count at most."
        + "Summed over users, from a failed request to the next answered one: who asks every \
           minute for half an hour was down for 30 minutes, who comes back after half an hour \
           for 5. A failure that no request follows counts for nothing.";
    PodsAvailableMin pods_available_min: Pods, More, Pods, |f| f.available_min.map(f64::from),
        "Fewest ready pods from the start of the release on."
        + "Of those that are not being deleted, in pools that requests are sent to.";
    RequestsJudged requests_judged: Requests, Neither, Requests,
        |f| count(f.at_verdict?.judged),
        "Requests the new version had served (or copies compared) at the verdict.";
    WeightAtVerdict weight_at_verdict: Share, Less, HarmShare, |f| Some(f.at_verdict?.weight),
        "Share of traffic routed to the new version when the verdict fell.";
    DetectedAfterS detected_after_s: Seconds, Less, CourseSeconds,
        |f| f.since_harm(f.decided_at),
        "Seconds from the first harm to the decision."
        + "*First harm* is the arrival of the first request (by its number on the tape) that \
           ended worse than in the twin; the *decision* is the instant at which the strategy or \
           the human orders the rollback. Empty when harm came later or never.";
    RollbackS rollback_s: Seconds, Less, CourseSeconds, |f| span(f.decided_at, f.safe_at),
        "Seconds from the decision to the last request assigned to the new version."
        + "The last one of a user that a process of it accepted; empty when the balancers still \
           send requests there at the horizon.";
    CapacityRestoredS capacity_restored_s: Seconds, Less, CourseSeconds,
        |f| span(f.decided_at, f.restored_at),
        "Seconds from the decision until the old version is at full size."
        + "As many old pods are ready as the service has replicas; 0 if they were all there.";
    HarmToSafeS harm_to_safe_s: Seconds, Less, CourseSeconds, |f| f.since_harm(f.safe_at),
        "Seconds from the first harm to the last request assigned to the new version.";
    RolloutS rollout_s: Seconds, Less, CourseSeconds, |f| span(f.release_at, f.rolled_out_at),
        "Seconds from the release until only the new version serves, at full size."
        + "No user's request can reach the old version, the new one is ready, and no old pod is \
           ending; old pods that are kept on purpose don't count.";
    MixedVersionS mixed_version_s: Seconds, Less, CourseSeconds, |f| Some(f.mixed_s),
        "Seconds in which a user's requests can reach either version."
        + "As the balancers believe. Users that an experiment divides each meet one version and \
           don't count.";
    PodHours pod_hours: PodHours, Less, PodHours, |f| Some(f.pod_hours),
        "Hours of all pods." + "From creation to end.";
    PodHoursExtra pod_hours_extra: PodHours, Less, PodHoursDifference,
        |f| f.over(|f, twin| f.pod_hours - twin.pod_hours),
        "Pod-hours minus the twin's.";
    FleetMinutesExtra fleet_minutes_extra: FleetMinutes, Less, FleetMinutesDifference,
        |f| f.over(|f, twin| (f.pod_hours - twin.pod_hours) * 60.0 / f64::from(f.replicas)),
        "Extra pod-minutes divided by the full size of the service." + "Its `service.replicas`.";
    PodsPeak pods_peak: Pods, Less, Pods, |f| Some(f64::from(f.pods_peak)),
        "Most pods at the same time.";
    CostUsd cost_usd: Usd, Less, PodCost, |f| f.cost_usd(),
        "Pod-hours times price, in US dollars."
        + "The price is `service.price`, beyond the full size of the service `prices.surgePod`.";
    CostExtraUsd cost_extra_usd: Usd, Less, PodCostDifference,
        |f| Some(f.bill()?.get(BillPart::Pods)),
        "Cost minus the twin's, in US dollars.";
    HarmUsd harm_usd: Usd, Less, Value, |f| Some(f.value_lost),
        "Failed and wrong business requests times value times the share that stays away."
        + "On routes that have a value; what stays away is 1 − `comeBack`.";
    ConnectionsBroken connections_broken: Connections, Less, RequestsHurt,
        |f| count(f.connections_broken),
        "Long-lived connections that ended because their pod did.";
    SideEffectsDuplicated side_effects_duplicated: Requests, Less, RequestsHurt,
        |f| count(f.duplicated),
        "Writes repeated by mirrored copies or retries."
        + "Retries of a write that the client had given up waiting for and that the server \
           carries out nevertheless, and copies that are not isolated.";
    UsersCrossed users_crossed: Users, Less, UsersHurt, |f| count(f.crossed),
        "Users of an experiment that met both arms.";
    ValueLostByReleaseUsd value_lost_by_release_usd: Usd, Less, ValueDifference,
        |f| f.value_lost_by_release(),
        "harm_usd minus the twin's, in US dollars.";
    UsersHurtByReleaseShare users_hurt_by_release_share: Share, Less, HarmShare,
        |f| f.share(f.hurt_by_release()?),
        "users_hurt_by_release as a share of users_active.";
    StartToReadyS start_to_ready_s: Seconds, Less, HarmSeconds, |f| f.start_to_ready_s,
        "Median seconds from the creation of a pod to its first readiness."
        + "Of an even number of pods the mean of the two middle ones.";
    RollbackOutageS rollback_outage_s: Seconds, Less, HarmSeconds,
        |f| f.decided_at.map(|_| f.outage_after_decision_s),
        "Seconds of outage by the release after the decision to go back.";
    OutageByReleaseS outage_by_release_s: Seconds, Less, HarmSecondsAdded,
        |f| f.over(|f, twin| f.outage_s - twin.outage_s),
        "Outage minus the twin's, in seconds.";
    UsersExposedShare users_exposed_share: Share, Less, UsersExposedShare, |f| f.share(f.exposed),
        "users_exposed as a share of users_active.";
    ExposedBeforeVerdictShare exposed_before_verdict_share: Share, Less, UsersExposedShare,
        |f| f.share(f.at_verdict?.exposed),
        "exposed_before_verdict as a share of users_active.";
    UsersFlipped users_flipped: Users, Less, UsersHurt, |f| count(f.flipped),
        "Users that met the old version again after the new one.";
    UsersFlippedShare users_flipped_share: Share, Less, HarmShare, |f| f.share(f.flipped),
        "users_flipped as a share of users_active.";
    ReleaseUsd release_usd: Usd, Less, ReleaseCost,
        |f| Some(f.bill()?.total()),
        "What a release costs: cost_extra_usd plus value_lost_by_release_usd, plus all that has a \
         price."
        + "Of `spec.prices`; what has none is not counted.";
    NewTrafficMinusPods new_traffic_minus_pods: Share, Neither, ShareDifference,
        |f| f.new_traffic_minus_pods,
        "New version's share of requests minus its share of ready pods."
        + "While the fleet is rolled out.";
}

#[cfg(test)]
mod tests {
    use super::*;
    use windtunnel_base::time::SimDuration;

    fn at(secs: u64) -> Option<SimTime> {
        Some(SimTime::ZERO + SimDuration::from_secs(secs))
    }

    /// Harm that comes at the instant of the decision was found after 0 s; later harm was not.
    #[test]
    fn harm_is_found_by_decisions_that_come_with_it_or_later() {
        let found = |harm, decided| {
            let facts =
                Facts { first_harm_at: at(harm), decided_at: at(decided), ..Facts::default() };
            Measures::of(&facts).detected_after_s
        };
        assert_eq!([found(60, 90), found(60, 60), found(61, 60)], [Some(30.0), Some(0.0), None]);
    }

    /// What is told by comparison is told of the difference alone, and of a twin not at all.
    #[test]
    fn extras_are_what_the_twin_did_not_take() {
        let twin = TwinFacts {
            hurt: 7,
            hurt_in_both: 5,
            outage_s: 1.0,
            downtime_s: 4.0,
            pod_hours: 8.0,
            ..TwinFacts::default()
        };
        let facts = Facts {
            active: 100,
            hurt: 15,
            downtime_s: 10.0,
            outage_s: 3.0,
            pod_hours: 9.0,
            replicas: 4,
            twin: Some(twin),
            ..Facts::default()
        };
        let m = Measures::of(&facts);
        assert_eq!((m.users_hurt_by_release, m.users_spared), (Some(10.0), Some(2.0)));
        assert_eq!((m.pod_hours_extra, m.fleet_minutes_extra), (Some(1.0), Some(15.0)));
        assert_eq!((m.downtime_by_release_s, m.outage_by_release_s), (Some(6.0), Some(2.0)));
        let alone = Measures::of(&Facts { twin: None, ..facts });
        assert_eq!((alone.pod_hours_extra, alone.users_spared), (None, None));
        assert_eq!((alone.fleet_minutes_extra, alone.users_hurt_by_release), (None, None));
    }
}
