//! The step of a tick whose analysis has passed, by mode, and the way of the traffic back to the
//! promoted primary.
//!
//! Read from fluxcd/flagger 1.44 `pkg/controller/scheduler.go` (`runCanary`, `runAB`,
//! `runBlueGreen`, `runPromotionTrafficShift`) and `scheduler_hooks.go`. Deliberately unknown
//! here: readiness and failed checks, which come first (see [`super::tick`]).

use super::provider::Provider;
use super::settings::Hook;
use super::status::Phase;
use super::tick::{Done, FlaggerWrite, Tick};
use super::weights::{self, Mode, Routes, TOTAL};

/// Iterations put for plain Kubernetes, which can't divide traffic, when none are given.
const ITERATIONS_WITHOUT_ROUTING: u32 = 10;

/// One step in the mode of the analysis.
pub(super) fn advance(tick: &mut Tick<'_>) {
    if tick.canary.provider == Provider::Kubernetes {
        if tick.analysis.matching.take().is_some() {
            let text = "A/B testing is not supported when using the kubernetes provider";
            tick.warn(text.to_string());
        }
        if tick.analysis.iterations < 1 {
            let text = "Progressive traffic is not supported when using the kubernetes provider";
            tick.warn(text.to_string());
            tick.warn("Setting canaryAnalysis.iterations: 10".to_string());
            tick.analysis.iterations = ITERATIONS_WITHOUT_ROUTING;
        }
    }
    match Mode::of(Some(&tick.analysis)) {
        Mode::AbTesting => tick.step_ab(),
        Mode::BlueGreen => tick.step_blue_green(),
        Mode::Canary => tick.step_canary(),
    }
}

impl Tick<'_> {
    fn step_canary(&mut self) {
        let routes = self.sight.routes;
        if weights::next_step(&self.analysis, routes.canary) <= 0 {
            return;
        }
        let open = routes.mirrored
            || self.status.phase == Phase::WaitingPromotion
            || self.confirm_traffic_increase();
        if !open {
            return;
        }
        if routes.canary >= weights::max_weight(&self.analysis) {
            if self.confirm_promotion() {
                self.promote();
            }
            return;
        }
        let next = weights::step(&self.analysis, routes);
        self.route(next);
        self.status.weight = next.canary;
        let name = self.name();
        self.info(format!("Advance {name} canary weight {}", next.canary));
    }

    fn step_ab(&mut self) {
        let (done, wanted) = (self.status.iterations, i64::from(self.analysis.iterations));
        if wanted > done {
            self.route(Routes::CANARY);
            self.iterate();
        } else if self.confirm_promotion() && wanted == done {
            self.promote();
        }
    }

    fn step_blue_green(&mut self) {
        let (done, wanted) = (self.status.iterations, i64::from(self.analysis.iterations));
        let routes = self.canary.provider != Provider::Kubernetes;
        if wanted > done {
            if routes && self.analysis.mirror && !self.sight.routes.mirrored {
                self.route(Routes { mirrored: true, ..Routes::PRIMARY });
            }
            self.iterate();
            return;
        }
        if !self.confirm_promotion() {
            return;
        }
        if wanted == done {
            if routes {
                let text = match self.analysis.mirror {
                    true => "Stop traffic mirroring and route all traffic to canary",
                    false => "Routing all traffic to canary",
                };
                self.info(text.to_string());
                self.route(Routes::CANARY);
            }
            self.status.iterations += 1;
        } else {
            self.promote();
        }
    }

    /// The traffic goes to the promoted primary, at once or step by step.
    pub(super) fn shift_to_primary(&mut self) -> Result<(), Done> {
        if self.canary.provider == Provider::Kubernetes {
            self.set_phase(Phase::Finalising);
            return Err(Done);
        }
        let by = self.analysis.step_weight_promotion;
        if by == 0 {
            self.info("Routing all traffic to primary".to_string());
            self.route(Routes::PRIMARY);
            self.set_phase(Phase::Finalising);
        } else if self.sight.routes.canary > 0 {
            let next = weights::promote_step(by, self.sight.routes);
            self.route(next);
            let name = self.name();
            self.info(format!("Advance {name} primary weight {}", next.primary));
            if next.primary == TOTAL {
                self.set_phase(Phase::Finalising);
            } else {
                self.status.weight = next.canary;
            }
        }
        Err(Done)
    }

    fn promote(&mut self) {
        self.copy_spec();
        self.set_phase(Phase::Promoting);
    }

    fn iterate(&mut self) {
        self.status.iterations += 1;
        let (name, done) = (self.name(), self.status.iterations);
        let wanted = self.analysis.iterations;
        self.info(format!("Advance {name} canary iteration {done}/{wanted}"));
    }

    fn route(&mut self, routes: Routes) {
        self.orders.push(FlaggerWrite::Route(routes));
    }

    fn confirm_traffic_increase(&mut self) -> bool {
        for hook in self.hooks(Hook::ConfirmTrafficIncrease) {
            if !self.call(&hook) {
                self.halt(format!("waiting for traffic increase approval {}", hook.name));
                return false;
            }
            self.info(format!("Confirm-traffic-increase check {} passed", hook.name));
        }
        true
    }

    /// Asks the promotion gates. A closed one sets the iterations back by one, so that modes that
    /// count them ask at every second tick only.
    fn confirm_promotion(&mut self) -> bool {
        for hook in self.hooks(Hook::ConfirmPromotion) {
            if !self.call(&hook) {
                if self.status.phase != Phase::WaitingPromotion {
                    self.set_phase(Phase::WaitingPromotion);
                    self.halt(format!("waiting for promotion approval {}", hook.name));
                } else {
                    self.status.iterations = i64::from(self.analysis.iterations) - 1;
                }
                return false;
            }
            self.info(format!("Confirm-promotion check {} passed", hook.name));
        }
        true
    }
}
