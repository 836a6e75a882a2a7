//! `spec.prices`: what things cost that a release takes, and what a strategy is charged for.
//!
//! Only a pod has a price by default, of a public list. All others differ too much from company to
//! company for a figure that anybody could defend: what is left out is *not counted*, and said so
//! wherever dollars stand. Deliberately unknown here: what was spent.

use super::model::Scenario;
use crate::outcome::bill::Tariff;
use crate::strategy::{Ability, Needs, Plan};
use windtunnel_base::settings::Reader;
use windtunnel_base::time::SimDuration;
use windtunnel_base::units::{Money, Share};

/// Months of a year.
const MONTHS: f64 = 12.0;

/// What releases may need of a platform beside pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Platform {
    /// What carries a release out: a controller, or a pipeline.
    Controller,
    /// An ingress that divides requests.
    Ingress,
    /// A mesh.
    Mesh,
}

impl Platform {
    /// All of it.
    pub const ALL: [Platform; 3] = [Platform::Controller, Platform::Ingress, Platform::Mesh];

    /// Its word in YAML.
    pub fn word(self) -> &'static str {
        match self {
            Platform::Controller => "controller",
            Platform::Ingress => "ingress",
            Platform::Mesh => "mesh",
        }
    }

    /// Does a strategy need it? A mesh needs no ingress that divides requests.
    pub fn is_needed(self, needs: &Needs) -> bool {
        match self {
            Platform::Controller => needs.controller,
            Platform::Ingress => needs.routing == Ability::Ingress,
            Platform::Mesh => needs.routing == Ability::Mesh,
        }
    }
}

/// What it takes to have something of a platform for the first time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Adoption {
    /// Work of engineers.
    pub hours: Option<SimDuration>,
    /// What is paid once.
    pub price: Option<Money>,
}

/// Users who leave after they were hurt.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LostUser {
    /// Share of the users hurt by a release who leave.
    pub share: Share,
    /// What one is worth.
    pub value: Money,
}

/// What things cost; what has no price is not counted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Prices {
    /// An hour of a pod beyond the service's full size; left out: as of all others.
    pub surge_pod: Option<Money>,
    /// This service's share of the platform, a month, in the order of [`Platform::ALL`].
    pub per_month: [Option<Money>; 3],
    /// An hour of an engineer.
    pub engineer: Option<Money>,
    /// A page.
    pub page: Option<Money>,
    /// Work that a false alarm makes.
    pub false_alarm: Option<SimDuration>,
    /// An hour by which a good release comes late.
    pub delay: Option<Money>,
    /// Until a good release that was not shipped is shipped after all.
    pub again: Option<SimDuration>,
    /// A failed request, or one that was answered wrongly.
    pub failed_request: Option<Money>,
    /// A slow request.
    pub slow_request: Option<Money>,
    /// Users who leave.
    pub lost_user: Option<LostUser>,
    /// What it takes to have a part of the platform, in the order of [`Platform::ALL`].
    pub adoption: [Adoption; 3],
}

/// Reads `spec.prices`.
pub fn read(r: &mut Reader<'_>) -> Prices {
    let surge = "a pod beyond the full size of the service, where such pods come from another pool \
        of nodes, as spot or on demand; left out: service.price";
    let engineer = "an hour of an engineer, with everything; US: $99/h of a software developer \
        ($144,570 a year are 70% of the cost: BLS OEWS May 2024, ECEC September 2024); left out: \
        not counted";
    let page = "a page of the on-call, beside the time from acknowledging to deciding, which costs \
        hours of an engineer; left out: not counted";
    let prices = Prices {
        surge_pod: r.opt_price("surgePod", surge),
        per_month: r.object("perMonth", "this service's share of a platform, a month", per_month),
        engineer: r.opt_price("engineer", engineer),
        page: r.opt_money("page", page),
        ..Prices::default()
    };
    let alarm = |r: &mut Reader<'_>| {
        let work = "hours of an engineer until it is known that nothing was wrong; left out: not \
            counted";
        let again = "until a good release that was not shipped is shipped after all: counts as \
            delay; left out: not counted";
        (r.opt_duration("work", work), r.opt_duration("again", again))
    };
    let (false_alarm, again) =
        r.object("falseAlarm", "what a good release that was taken back makes", alarm);
    let delay = "an hour by which a good release comes to its users late; left out: not counted";
    let failed = "a request that failed or was answered wrongly, on any route, beside the value of \
        its route; left out: not counted";
    let slow = "a request that was answered too late; left out: not counted";
    Prices {
        false_alarm,
        again,
        delay: r.opt_price("delay", delay),
        failed_request: r.opt_money("failedRequest", failed),
        slow_request: r.opt_money("slowRequest", slow),
        lost_user: r.opt_object("lostUser", "users who leave; left out: not counted", lost_user),
        adoption: r.object("adoption", "what it takes to have a platform, once", adoption),
        ..prices
    }
}

fn per_month(r: &mut Reader<'_>) -> [Option<Money>; 3] {
    [
        r.opt_money("controller", "what carries releases out; left out: not counted"),
        r.opt_money("ingress", "an ingress that divides requests; left out: not counted"),
        r.opt_money("mesh", "a mesh, its proxies' CPU included; left out: not counted"),
    ]
}

fn adoption(r: &mut Reader<'_>) -> [Adoption; 3] {
    let of = |r: &mut Reader<'_>| Adoption {
        hours: r.opt_duration("work", "work of engineers, at the price of their hour"),
        price: r.opt_money("price", "what is paid once"),
    };
    [
        r.object("controller", "a controller, or a pipeline that does its work", of),
        r.object("ingress", "an ingress that divides requests", of),
        r.object("mesh", "a mesh", of),
    ]
}

fn lost_user(r: &mut Reader<'_>) -> LostUser {
    r.missing("share", "the share of the users hurt by a release who leave, such as 0.1%");
    r.missing("value", "what a user is worth, such as $40");
    LostUser {
        share: r
            .opt_share("share", "of the users hurt by a release, who leave")
            .unwrap_or_default(),
        value: r.opt_money("value", "what a user is worth").unwrap_or_default(),
    }
}

impl Prices {
    /// Is there any price but that of a pod?
    pub fn any(&self) -> bool {
        *self != Prices::default()
    }

    /// The price of a part of the platform, a month.
    pub fn of_month(&self, platform: Platform) -> Option<Money> {
        self.per_month[platform as usize]
    }

    /// What it takes to have a part of the platform.
    pub fn of_adoption(&self, platform: Platform) -> Adoption {
        self.adoption[platform as usize]
    }
}

impl Scenario {
    /// Are strategies to be compared in dollars? Requests have a value, or something else than pods
    /// has a price.
    pub fn is_priced(&self) -> bool {
        self.prices.any() || self.service.routes.iter().any(|route| route.value.value() > 0.0)
    }

    /// What a year of a platform costs that a strategy needs, in US dollars.
    pub fn platform_per_year(&self, plan: &Plan) -> f64 {
        let needed = Platform::ALL.into_iter().filter(|platform| platform.is_needed(&plan.needs));
        let month = needed.filter_map(|platform| self.prices.of_month(platform));
        month.map(|price| price.value() * MONTHS).sum::<f64>() + 0.0
    }

    /// What releases of a strategy are charged for.
    pub fn tariff(&self, plan: &Plan) -> Tariff {
        let prices = &self.prices;
        let usd = |price: Option<Money>| price.map_or(0.0, Money::value);
        let hours = |span: Option<SimDuration>| span.map_or(0.0, |s| s.as_secs_f64() / 3600.0);
        let platform = self.platform_per_year(plan);
        Tariff {
            platform: match self.releases_per_year {
                times if times > 0.0 => platform / times,
                _ => 0.0,
            },
            engineer_hour: usd(prices.engineer),
            page: usd(prices.page),
            false_alarm_hours: hours(prices.false_alarm),
            delay_hour: usd(prices.delay),
            again_hours: hours(prices.again),
            failed: usd(prices.failed_request),
            slow: usd(prices.slow_request),
            user: prices.lost_user.map_or(0.0, |lost| lost.share.value() * lost.value.value()),
            ..self.tariff_of_pods()
        }
    }

    /// The prices of pods alone.
    pub fn tariff_of_pods(&self) -> Tariff {
        let pod_hour = self.service.price_per_hour.value();
        let surge_pod_hour = self.prices.surge_pod.map_or(pod_hour, Money::value);
        Tariff { pod_hour, surge_pod_hour, ..Tariff::default() }
    }

    /// What it takes to have the platform of one strategy where there is that of another, in US
    /// dollars; nothing if no price of it is given.
    pub fn adoption(&self, plan: &Plan, today: &Plan) -> Option<f64> {
        let engineer = self.prices.engineer.map_or(0.0, Money::value);
        let new = Platform::ALL.into_iter().filter(|platform| {
            platform.is_needed(&plan.needs) && !platform.is_needed(&today.needs)
        });
        let cost = |platform: Platform| {
            let Adoption { hours, price } = self.prices.of_adoption(platform);
            let work = hours.map(|span| span.as_secs_f64() / 3600.0 * engineer);
            match (work, price) {
                (None, None) => None,
                (work, price) => Some(work.unwrap_or(0.0) + price.map_or(0.0, Money::value)),
            }
        };
        let known: Vec<f64> = new.filter_map(cost).collect();
        (!known.is_empty()).then(|| known.iter().sum())
    }

    /// What has no price, though a strategy takes it: what the totals do not count.
    pub fn not_counted(&self) -> Vec<&'static str> {
        let prices = &self.prices;
        let needed =
            |platform: Platform| self.plans.iter().any(|plan| platform.is_needed(&plan.needs));
        let month = |platform| needed(platform) && prices.of_month(platform).is_none();
        let valued = self.service.routes.iter().any(|route| route.value.value() > 0.0);
        let on_call = self.on_call.present;
        let delayed = prices.delay.is_some();
        let good = self.release.variants.iter().any(|v| !v.bad && v.share.value() > 0.0);
        let all = [
            (month(Platform::Controller), "a controller"),
            (month(Platform::Ingress), "an ingress"),
            (month(Platform::Mesh), "a mesh"),
            (on_call && prices.page.is_none(), "pages"),
            (on_call && prices.engineer.is_none(), "hours of engineers"),
            (good && prices.engineer.zip(prices.false_alarm).is_none(), "work on false alarms"),
            (good && !delayed, "delay of good releases"),
            (
                good && delayed && prices.again.is_none(),
                "delay of good releases that were not shipped, beyond the flight",
            ),
            (!valued, "value of requests"),
            (prices.failed_request.is_none(), "failed requests as such"),
            (prices.slow_request.is_none(), "slow requests"),
            (prices.lost_user.is_none(), "users who leave"),
        ];
        let told = all.into_iter().filter(|(is, _)| *is).map(|(_, what)| what);
        told.chain(self.not_adopted()).collect()
    }

    /// What taking up a part of the platform has no price, though that of another has one.
    fn not_adopted(&self) -> impl Iterator<Item = &'static str> {
        let known = |platform: Platform| self.prices.of_adoption(platform) != Adoption::default();
        let any = Platform::ALL.into_iter().any(known);
        let has = |platform: Platform| {
            self.baseline.is_some_and(|today| platform.is_needed(&self.plan(today).needs))
        };
        let needed =
            |platform: Platform| self.plans.iter().any(|plan| platform.is_needed(&plan.needs));
        let open =
            |platform: &Platform| any && needed(*platform) && !has(*platform) && !known(*platform);
        let open: Vec<Platform> = Platform::ALL.into_iter().filter(open).collect();
        open.into_iter().map(|platform| match platform {
            Platform::Controller => "taking up a controller",
            Platform::Ingress => "taking up an ingress",
            Platform::Mesh => "taking up a mesh",
        })
    }
}
