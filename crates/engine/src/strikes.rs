//! Faults at work in a flight: who turns them on and off, and what a strike does once.

use super::event::Event;
use super::faults::{Phase, Turned};
use super::flight::Flight;
use windtunnel_base::time::{SimDuration, SimTime};
use windtunnel_model::fault::{FaultEffect, InfraEffect, PodEffect};
use windtunnel_model::world::service::Version;

impl Flight {
    /// Plans all faults whose instants are known from the start; some begin with it.
    pub(super) fn prepare_faults(&mut self) {
        for index in 0..self.faults.count() {
            if self.faults.plan(index, &mut self.ctx) {
                self.fault(index, true);
            }
        }
        if !self.ctx.has_release {
            self.faults.plan_bound(&mut self.ctx);
        }
    }

    /// The release begins: defects that are always there begin, those that count from it are
    /// planned.
    pub(super) fn release_faults(&mut self) {
        for index in 0..self.faults.count() {
            if self.faults.release(index, &mut self.ctx) {
                self.fault(index, true);
            }
        }
    }

    /// Triggers that follow the phase of the release: progress, size, mixed versions, rollback.
    pub(super) fn faults_follow_phase(&mut self) {
        let released = self.ctx.has_release && self.decisions.release_at().is_some();
        if !released || !self.faults.follow_phases() {
            return;
        }
        let phase = Phase {
            new: self.cluster.ready(Version::New),
            replicas: self.scalers.full_size(),
            mixed: self.data_plane.both_versions_serve(),
            rolls_back: self.decisions.rollback_at().is_some(),
        };
        for index in 0..self.faults.count() {
            let Some((begins, lasts)) = self.faults.wanted(index, &phase) else { continue };
            self.fault(index, begins);
            if begins && lasts < SimDuration::FOREVER {
                self.ctx.plan_in(lasts, Event::Fault { index, begins: false });
            }
        }
    }

    /// A fault begins or ends.
    pub(super) fn fault(&mut self, index: usize, begins: bool) {
        let Some(turned) = self.faults.turn(index, begins, self.ctx.now) else { return };
        let Turned { name, effect, defect } = turned;
        // What is there from the start is part of the scenario, not of what happens.
        if self.ctx.now > SimTime::ZERO {
            let source = if defect { "defect" } else { "chaos" };
            let word = if begins { "begins" } else { "ends" };
            self.say("fault", || format!("{source} {name} {word}"));
        }
        self.cluster(|cluster, by| {
            cluster.refit_all(by);
            match effect {
                FaultEffect::Pod(PodEffect::CrashAfter(_), _) if begins => {
                    cluster.plan_exits(index, by);
                }
                FaultEffect::Infra(InfraEffect::PodKill(count, _)) if begins => {
                    cluster.kill_some(index, count, by);
                }
                FaultEffect::Infra(InfraEffect::NodeLoss(nodes)) if begins => {
                    let lost = cluster.choose_nodes(index, &nodes, by);
                    cluster.lose_nodes(&lost, by);
                }
                FaultEffect::Infra(InfraEffect::ZoneLoss(zone)) if begins => {
                    cluster.lose_nodes(&cluster.nodes_in(zone), by);
                }
                FaultEffect::Infra(InfraEffect::NodeDrain(nodes)) => {
                    let drained = match begins {
                        true => cluster.choose_nodes(index, &nodes, by),
                        false => Vec::new(),
                    };
                    by.faults.drain(index, drained);
                    cluster.follow_drains(by);
                }
                _ => {}
            }
        });
    }
}
