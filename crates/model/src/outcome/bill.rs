//! What one release costs, in dollars, by part.
//!
//! A flight tells what was spent ([`Spent`]), a scenario's prices say what each of it costs
//! ([`Tariff`]), and the bill is the product. All of it is beyond the twin, the same flight without
//! a release. What has no price costs nothing here, and is said elsewhere not to be counted.
//! Deliberately absent: a year of releases, and anything over several flights.

/// A part of a bill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum BillPart {
    /// Pods beyond the twin's.
    Pods,
    /// A release's share of what a controller, an ingress or a mesh costs a month.
    Platform,
    /// Pages, and hours of engineers.
    People,
    /// Value lost, requests that failed or were slow, and users who leave.
    Harm,
    /// Good releases that come late.
    Delay,
}

impl BillPart {
    /// All parts, in the order of tables and charts.
    pub const ALL: [BillPart; 5] =
        [BillPart::Pods, BillPart::Platform, BillPart::People, BillPart::Harm, BillPart::Delay];

    /// The word in CSV, JSON and charts.
    pub fn word(self) -> &'static str {
        match self {
            BillPart::Pods => "pods",
            BillPart::Platform => "platform",
            BillPart::People => "people",
            BillPart::Harm => "harm",
            BillPart::Delay => "delay",
        }
    }
}

/// What a strategy's releases are charged for, in US dollars; 0 for what is not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tariff {
    /// An hour of a pod of the service's full size.
    pub pod_hour: f64,
    /// An hour of a pod beyond it.
    pub surge_pod_hour: f64,
    /// A release's share of the platform that the strategy needs.
    pub platform: f64,
    /// An hour of an engineer.
    pub engineer_hour: f64,
    /// A page, whatever comes of it.
    pub page: f64,
    /// Hours of an engineer that a false alarm takes.
    pub false_alarm_hours: f64,
    /// An hour by which a good release comes late.
    pub delay_hour: f64,
    /// Hours until a good release that was not shipped is shipped after all.
    pub again_hours: f64,
    /// A request that failed or was answered wrongly.
    pub failed: f64,
    /// A request that was answered too late.
    pub slow: f64,
    /// A user who was hurt: the share of those who leave times what one is worth.
    pub user: f64,
}

/// What a good release was to its users; a bad one is not missed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Held {
    /// Hours from the release until only the new version served, or until the decision to go back,
    /// or until the horizon.
    pub hours: f64,
    /// Is it still to be shipped?
    pub again: bool,
    /// Was it taken back as if it were bad?
    pub false_alarm: bool,
}

/// What a flight took beyond its twin.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spent {
    /// Hours of pods.
    pub pod_hours: f64,
    /// Of these, of pods beyond the service's full size.
    pub surge_pod_hours: f64,
    /// Pages. The twin has none: there is nothing to take back.
    pub pages: u64,
    /// Hours from acknowledging to deciding, over all pages.
    pub paged_hours: f64,
    /// How late a good release came.
    pub held: Held,
    /// Requests that failed or were answered wrongly.
    pub failed: f64,
    /// Requests that were answered too late.
    pub slow: f64,
    /// Users hurt by the release.
    pub users: f64,
    /// Value lost that stays away, in US dollars.
    pub value_lost: f64,
}

/// What a release cost, in US dollars, by part.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bill([f64; BillPart::ALL.len()]);

impl Bill {
    /// What was spent, at these prices.
    pub fn of(spent: &Spent, tariff: &Tariff) -> Bill {
        let surcharge = tariff.surge_pod_hour - tariff.pod_hour;
        let pods = spent.pod_hours * tariff.pod_hour + spent.surge_pod_hours * surcharge;
        let held = &spent.held;
        let looked = if held.false_alarm { tariff.false_alarm_hours } else { 0.0 };
        let people =
            spent.pages as f64 * tariff.page + (spent.paged_hours + looked) * tariff.engineer_hour;
        let requests = spent.failed * tariff.failed + spent.slow * tariff.slow;
        let harm = spent.value_lost + (requests + spent.users * tariff.user);
        let again = if held.again { tariff.again_hours } else { 0.0 };
        let delay = (held.hours + again) * tariff.delay_hour;
        Bill([pods, tariff.platform, people, harm, delay])
    }

    /// One part.
    pub fn get(&self, part: BillPart) -> f64 {
        self.0[part as usize]
    }

    /// All parts together. Pods and harm come first: where nothing else has a price, no digit of
    /// their sum changes.
    pub fn total(&self) -> f64 {
        let others =
            self.get(BillPart::Platform) + self.get(BillPart::People) + self.get(BillPart::Delay);
        self.get(BillPart::Pods) + self.get(BillPart::Harm) + others
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TARIFF: Tariff = Tariff {
        pod_hour: 0.05,
        surge_pod_hour: 0.2,
        platform: 3.0,
        engineer_hour: 100.0,
        page: 25.0,
        false_alarm_hours: 2.0,
        delay_hour: 10.0,
        again_hours: 24.0,
        failed: 0.01,
        slow: 0.001,
        user: 0.5,
    };

    const SPENT: Spent = Spent {
        pod_hours: 4.0,
        surge_pod_hours: 3.0,
        pages: 2,
        paged_hours: 0.5,
        held: Held { hours: 1.5, again: true, false_alarm: true },
        failed: 300.0,
        slow: 1000.0,
        users: 40.0,
        value_lost: 7.0,
    };

    /// Pods: 1 of 4 hours at $0.05, 3 at $0.20. People: 2 pages at $25, half an hour and the 2
    /// hours of a false alarm at $100. Harm: $7, 300 failed at 1 cent, 1,000 slow at a tenth of a
    /// cent, 40 users at $0.50. Delay: 1.5 hours and a day at $10.
    #[test]
    fn a_bill_by_hand() {
        let bill = Bill::of(&SPENT, &TARIFF);
        let wanted = [0.65, 3.0, 300.0, 7.0 + 3.0 + 1.0 + 20.0, 255.0];
        for (part, wanted) in BillPart::ALL.into_iter().zip(wanted) {
            assert!((bill.get(part) - wanted).abs() < 1e-9, "{}: {bill:?}", part.word());
        }
        assert!((bill.total() - wanted.iter().sum::<f64>()).abs() < 1e-9);
        let bad = Bill::of(&Spent { held: Held::default(), ..SPENT }, &TARIFF);
        assert_eq!(bad.get(BillPart::Delay), 0.0);
        assert!((bad.get(BillPart::People) - 100.0).abs() < 1e-9);
        assert_eq!(Bill::of(&SPENT, &Tariff::default()).total(), 7.0, "value is dollars already");
    }

    fn spent() -> impl Strategy<Value = Spent> {
        let some = || 0.0..1e4_f64;
        let held = (some(), any::<bool>(), any::<bool>());
        let held = held.prop_map(|(hours, again, false_alarm)| Held { hours, again, false_alarm });
        let rest = (some(), some(), some(), some(), some());
        (some(), 0.0..=1.0_f64, 0_u64..9, held, rest).prop_map(|(pods, part, pages, held, rest)| {
            Spent {
                pod_hours: pods,
                surge_pod_hours: pods * part,
                pages,
                paged_hours: rest.0,
                held,
                failed: rest.1,
                slow: rest.2,
                users: rest.3,
                value_lost: rest.4,
            }
        })
    }

    proptest! {
        /// Of what a release takes, a dearer price makes no bill smaller, and the parts are the
        /// total.
        #[test]
        fn dearer_is_never_cheaper(spent in spent(), which in 0_usize..11, more in 0.0..1e3_f64) {
            let mut dearer = TARIFF;
            let prices = [
                &mut dearer.pod_hour,
                &mut dearer.surge_pod_hour,
                &mut dearer.platform,
                &mut dearer.engineer_hour,
                &mut dearer.page,
                &mut dearer.false_alarm_hours,
                &mut dearer.delay_hour,
                &mut dearer.again_hours,
                &mut dearer.failed,
                &mut dearer.slow,
                &mut dearer.user,
            ];
            *prices.into_iter().nth(which).expect("a price") += more;
            let (before, after) = (Bill::of(&spent, &TARIFF), Bill::of(&spent, &dearer));
            let close = 1e-9 * before.total().abs().max(1.0);
            prop_assert!(after.total() >= before.total() - close);
            let sum: f64 = BillPart::ALL.iter().map(|part| after.get(*part)).sum();
            prop_assert!((sum - after.total()).abs() <= 1e-9 * sum.abs().max(1.0));
        }
    }
}
