//! The scraper: every target at its own phase, every interval, into telemetry.

use super::flight::{Event, Flight};
use crate::base::random::Purpose;
use crate::world::pod::Stage;

impl Flight {
    /// Plans the first scrape of a pod that serves: targets are found as soon as they run.
    pub(super) fn plan_scrapes(&mut self, pod: u32) {
        let interval = self.scenario.telemetry.interval;
        let phase = self.streams.uniform(Purpose::Scrapes, self.pod_entity(pod, 10));
        self.calendar.plan(self.now + interval.scaled(phase), Event::Scrape(pod));
    }

    /// Scrapes a pod; a target that is gone is scraped no more.
    pub(super) fn scrape(&mut self, pod: u32) {
        let entry = &self.pods[pod as usize];
        if !entry.exists() || entry.lost {
            return;
        }
        let next = self.now + self.scenario.telemetry.interval;
        self.calendar.plan(next, Event::Scrape(pod));
        if self.scrapes_fail || self.blind || entry.stage != Stage::Serving || entry.frozen {
            return;
        }
        let counters = &self.plane.counters;
        let routes = 0..counters.routes() as u8;
        let cells = routes.flat_map(|route| {
            let requests =
                (0..3).map(move |status| f64::from(counters.requests(pod, route, status)));
            let buckets = counters.buckets(pod, route).iter().map(|b| f64::from(*b));
            let (started, completed) = counters.steps(pod, route);
            requests.chain(buckets).chain([f64::from(started), f64::from(completed)])
        });
        let row = cells.chain([counters.cpu_secs(pod)]);
        self.telemetry.append(pod as usize, self.now, row);
    }

    /// Scrapes the ingress.
    pub(super) fn scrape_ingress(&mut self) {
        let next = self.now + self.scenario.telemetry.interval;
        self.calendar.plan(next, Event::ScrapeIngress);
        if !self.scrapes_fail && !self.blind {
            let counts = self.plane.counters.ingress;
            self.telemetry.append_ingress(self.now, counts);
        }
    }
}
