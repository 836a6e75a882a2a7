//! What all active faults together make of the world: a pure function of the faults and the fleet.
//!
//! One rule for each kind of effect: independent causes fail 1 − ∏(1 − p); factors multiply;
//! additions add; gaps unite; of lags the greatest counts. Values are brought into order first, so
//! that the same faults on the same pods come to the same, to the last bit, however they are listed
//! and whichever began first. What a fault draws is its own, and is found by its place in the list:
//! which pods a share holds, here; when it strikes, and whom, elsewhere. Faults listed in another
//! order therefore meet other pods. As nothing is switched on and off, what ends restores exactly
//! what was. What faults have done for good (data migrated, memory leaked) is state of its own and
//! stays.

use super::address::Address;
use super::faults::FaultState;
use windtunnel_base::distribution::Distribution;
use windtunnel_base::random::Streams;
use windtunnel_base::units::Share;
use windtunnel_model::fault::{
    ClientEffect, DataEffect, FaultEffect, InfraEffect, PodEffect, PodScope, RequestEffect,
    RequestScope,
};
use windtunnel_model::world::effect::{Causes, ClientChange, Effect, LoadStep, threshold};
use windtunnel_model::world::pod::{Pod, PodStage};
use windtunnel_model::world::service::{Service, Version};

/// What faults switch in the control plane.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Switches {
    /// Do all scrapes fail?
    pub scrapes_fail: bool,
    /// Changes take this many times as long to reach the proxies.
    pub lag: f64,
}

impl Default for Switches {
    fn default() -> Self {
        Switches { scrapes_fail: false, lag: 1.0 }
    }
}

/// What the active faults make of everything but single pods.
#[derive(Clone, Debug, PartialEq)]
pub struct Shared {
    /// By class of users, what those of the new version do otherwise; empty if nothing.
    pub clients: Vec<ClientChange>,
    /// Threshold below which the old version fails who wrote with the new one.
    pub unreadable: u32,
    /// Threshold below which the old version fails on migrated data.
    pub migrated: u32,
    /// Threshold below which calls to the dependency fail.
    pub dependency_down: u32,
    /// The control plane's part.
    pub switches: Switches,
}

/// What the active faults make of the life of a pod.
#[derive(Clone, Debug, PartialEq)]
pub struct Life {
    /// Factor on its start-up time.
    pub startup: f64,
    /// Does readiness pass while it boots?
    pub lies: bool,
    /// Probability that a start fails.
    pub crash_on_start: f64,
    /// Share of its memory that a request leaks.
    pub leak: f64,
    /// Does its process neither answer nor exit?
    pub frozen: bool,
}

/// The faults, and what they act on.
pub struct Acting<'a> {
    /// All faults of the flight, in the order that numbers them.
    pub faults: &'a [FaultState],
    /// The service whose requests are meant.
    pub service: &'a Service,
    /// Ends of the cohorts that faults are limited to, rising.
    pub cohorts: &'a [u32],
    /// Where the pods of a share are drawn.
    pub streams: Streams,
}

/// The probability that any of several independent causes strikes.
fn any_of(probabilities: impl Iterator<Item = f64>) -> f64 {
    sorted(probabilities).into_iter().fold(0.0, Causes::also)
}

/// Values in rising order: what is folded over them is the same for every order of the faults.
fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values
}

fn product(values: impl Iterator<Item = f64>) -> f64 {
    sorted(values).into_iter().product()
}

/// A product at the precision of a row.
fn product32(values: impl Iterator<Item = f64>) -> f32 {
    sorted(values).into_iter().map(|value| value as f32).product()
}

fn added_us<'e>(effects: impl Iterator<Item = &'e RequestEffect>) -> u32 {
    let of_one = |e: &RequestEffect| (e.add.as_nanos() / 1_000).min(u64::from(u32::MAX)) as u32;
    effects.map(of_one).fold(0, u32::saturating_add)
}

impl Acting<'_> {
    fn active(&self) -> impl Iterator<Item = (usize, &FaultState)> {
        self.faults.iter().enumerate().filter(|(_, state)| state.active)
    }

    /// The tables that no pod has for itself.
    pub fn shared(&self) -> Shared {
        let infra = || {
            self.active().filter_map(|(_, state)| match &state.fault.effect {
                FaultEffect::Infra(effect) => Some(effect),
                _ => None,
            })
        };
        let data = |of: fn(&FaultState, &DataEffect) -> Option<Share>| {
            let share = move |state: &FaultState| match &state.fault.effect {
                FaultEffect::Data(effect) => of(state, effect).map(Share::value),
                _ => None,
            };
            threshold(any_of(self.faults.iter().filter_map(share)))
        };
        let down = infra().filter_map(|effect| match effect {
            InfraEffect::DependencyErrors(share) => Some(share.value()),
            _ => None,
        });
        let lags = infra().filter_map(|effect| match effect {
            InfraEffect::PropagationLag(factor) => Some(*factor),
            _ => None,
        });
        Shared {
            clients: self.clients(),
            unreadable: data(|state, effect| match effect {
                DataEffect::UnreadableForOld(share) if state.active => Some(*share),
                _ => None,
            }),
            migrated: data(|state, effect| match effect {
                DataEffect::Migrated(share) if state.migrated => Some(*share),
                _ => None,
            }),
            dependency_down: threshold(any_of(down)),
            switches: Switches {
                scrapes_fail: infra().any(|effect| *effect == InfraEffect::MetricGap),
                lag: lags.reduce(f64::max).unwrap_or(1.0),
            },
        }
    }

    fn clients(&self) -> Vec<ClientChange> {
        let classes = 0..=self.cohorts.len();
        let changes: Vec<ClientChange> = classes.map(|class| self.client(class)).collect();
        let plain = changes.iter().all(|change| *change == ClientChange::default());
        if plain { Vec::new() } else { changes }
    }

    /// What users of a class do otherwise.
    fn client(&self, class: usize) -> ClientChange {
        let effects = || {
            self.active().filter_map(move |(_, state)| match &state.fault.effect {
                FaultEffect::Client(effect, scope) if self.in_cohort(scope.cohort, class) => {
                    Some((state, effect))
                }
                _ => None,
            })
        };
        let extra = effects().map(|(_, effect)| match effect {
            ClientEffect::Retries(extra) => *extra,
            ClientEffect::RouteMix(..) => 0,
        });
        let mut mixes: Vec<(u8, f64)> = effects()
            .filter_map(|(state, effect)| match effect {
                ClientEffect::RouteMix(share, _) => Some((state.route?, share.value())),
                ClientEffect::Retries(_) => None,
            })
            .collect();
        mixes.sort_by(|(a, p), (b, q)| a.cmp(b).then(p.total_cmp(q)));
        // What any of them takes is divided between their routes as their shares are.
        let taken = any_of(mixes.iter().map(|(_, share)| *share));
        let all: f64 = mixes.iter().map(|(_, share)| share).sum();
        let mut below = 0.0;
        let reroutes = mixes.iter().filter(|(_, share)| *share > 0.0).map(|(route, share)| {
            below += share;
            (threshold(taken * (below / all)), *route)
        });
        let reroutes = reroutes.collect();
        ClientChange { extra_attempts: extra.fold(0, u8::saturating_add), reroutes }
    }

    /// Users of a class lie below the cohort's end with this number, and all later ones.
    fn in_cohort(&self, cohort: Option<Share>, class: usize) -> bool {
        let end = cohort.map(|share| threshold(share.value()));
        end.is_none_or(|end| self.cohorts.get(class).is_some_and(|below| *below <= end))
    }

    /// Does a scope of a fault hold this pod, whatever its version?
    fn holds(&self, index: usize, scope: &PodScope, pod: &Pod) -> bool {
        let drawn = |share: Share| {
            let Pod { version, ordinal, .. } = *pod;
            let address = Address::InShare { fault: index as u16, version, ordinal };
            address.uniform(&self.streams) < share.value()
        };
        scope.zone.is_none_or(|zone| zone == pod.zone) && scope.share.is_none_or(drawn)
    }

    /// Does the fault of this number, which acts on pods, act on this one while it is active?
    pub fn meets(&self, index: usize, pod: &Pod) -> bool {
        let state = &self.faults[index];
        let scope = match &state.fault.effect {
            FaultEffect::Pod(_, scope) | FaultEffect::Infra(InfraEffect::PodKill(_, scope)) => {
                scope
            }
            _ => return false,
        };
        let version = !state.defect || pod.version == Version::New;
        version && self.holds(index, scope, pod)
    }

    /// What its life is like.
    pub fn life(&self, pod: &Pod) -> Life {
        let effects: Vec<&PodEffect> = self
            .active()
            .filter(|(index, _)| self.meets(*index, pod))
            .filter_map(|(_, state)| match &state.fault.effect {
                FaultEffect::Pod(effect, _) => Some(effect),
                _ => None,
            })
            .collect();
        let values = |of: fn(&PodEffect) -> Option<f64>| effects.iter().filter_map(move |e| of(e));
        Life {
            startup: product(values(|effect| match effect {
                PodEffect::SlowStart(factor) => Some(*factor),
                _ => None,
            })),
            lies: effects.contains(&&PodEffect::ProbeLies),
            crash_on_start: any_of(values(|effect| match effect {
                PodEffect::CrashOnStart(share) => Some(share.value()),
                _ => None,
            })),
            leak: sorted(values(|effect| match effect {
                PodEffect::CrashAfterRequests(count) => Some(1.0 / (*count).max(1) as f64),
                _ => None,
            }))
            .into_iter()
            .sum(),
            frozen: pod.stage == PodStage::Serving && effects.contains(&&PodEffect::Freeze),
        }
    }

    /// Exits after a time that this pod is under: the fault, its rank among those of its kind, and
    /// what its time is drawn from.
    pub fn exits(&self, pod: &Pod) -> Vec<(usize, usize, Distribution)> {
        let times = self.faults.iter().enumerate().filter_map(|(i, s)| match &s.fault.effect {
            FaultEffect::Pod(PodEffect::CrashAfter(time), _) => Some((i, *time)),
            _ => None,
        });
        let ranked = times.enumerate().map(|(rank, (index, time))| (index, rank, time));
        ranked.filter(|(i, ..)| self.faults[*i].active && self.meets(*i, pod)).collect()
    }

    /// Its rows with their ladders, by version, class of users and route.
    pub fn rows(&self, pod: &Pod) -> Vec<(Effect, Vec<LoadStep>)> {
        let frozen = self.life(pod).frozen;
        let here: Vec<(&FaultState, &RequestEffect, &RequestScope)> = self
            .active()
            .filter_map(|(index, state)| match &state.fault.effect {
                FaultEffect::Request(effect, scope) if self.holds(index, &scope.pods, pod) => {
                    Some((state, effect, scope))
                }
                _ => None,
            })
            .collect();
        let mut rows = Vec::new();
        for version in Version::BOTH {
            for class in 0..=self.cohorts.len() {
                for route in 0..self.service.routes.len() {
                    let fits = |(state, _, scope): &&(&FaultState, _, &RequestScope)| {
                        (!state.defect || version == Version::New)
                            && state.route.is_none_or(|r| usize::from(r) == route)
                            && self.in_cohort(scope.cohort, class)
                    };
                    let met = here.iter().filter(fits).map(|(s, effect, _)| (s.defect, *effect));
                    let (row, ladder) = self.row(route, &met.collect::<Vec<_>>());
                    rows.push((if frozen { row.frozen() } else { row }, ladder));
                }
            }
        }
        rows
    }

    /// The row that effects (of a defect or not) make of a route.
    fn row(&self, route: usize, effects: &[(bool, &RequestEffect)]) -> (Effect, Vec<LoadStep>) {
        let facts = &self.service.routes[route];
        let mut causes = Causes::plain(facts.errors.value(), facts.conversion.value());
        if effects.is_empty() {
            return (causes.into_effect(), Vec::new());
        }
        let always = |e: &&RequestEffect| e.above_load.is_none();
        let all = || effects.iter().map(|(_, effect)| *effect);
        let errors = |of_defect: bool| {
            let own = effects.iter().filter(|(defect, _)| *defect == of_defect).map(|(_, e)| *e);
            any_of(own.filter(always).map(RequestEffect::fails))
        };
        (causes.chaos, causes.defect) = (errors(false), errors(true));
        causes.wrong = any_of(all().map(|e| e.wrong));
        causes.hang = any_of(all().map(|e| e.hang));
        let row = &mut causes.row;
        row.factor = product32(all().filter(always).map(|e| e.factor));
        row.add_us = added_us(all().filter(always));
        row.cpu = product32(all().map(|e| e.cpu));
        row.calls = product32(all().map(|e| e.calls));
        row.conversion = (f64::from(row.conversion) * product(all().map(|e| e.conversion))) as u32;
        let ladder = self.ladder(causes.fails(), &all().collect::<Vec<_>>());
        causes.row.load_limit = ladder.first().map_or(u32::MAX, |step| step.above);
        (causes.into_effect(), ladder)
    }

    /// What effects come to as a pod gets busier; `fails` is the probability without load.
    fn ladder(&self, fails: f64, effects: &[&RequestEffect]) -> Vec<LoadStep> {
        let slots = f64::from(self.service.pod.concurrency);
        // "While this share of the slots is busy": the arriving request is not counted.
        let above = |share: Share| ((slots * share.value()).ceil() as u32).saturating_sub(1);
        let mut limits: Vec<u32> = effects.iter().filter_map(|e| e.above_load.map(above)).collect();
        limits.sort_unstable();
        limits.dedup();
        let step = |limit: u32| {
            let reached = |e: &&RequestEffect| e.above_load.is_none_or(|s| above(s) <= limit);
            let loaded = effects.iter().copied().filter(|e| e.above_load.is_some());
            let errors = any_of(loaded.filter(reached).map(RequestEffect::fails));
            let acting = || effects.iter().copied().filter(reached);
            LoadStep {
                above: limit,
                errors: threshold(Causes::also(fails, errors)),
                factor: product32(acting().map(|e| e.factor)),
                add_us: added_us(acting()),
            }
        };
        limits.into_iter().map(step).collect()
    }
}

#[cfg(test)]
#[path = "tables_tests.rs"]
mod tests;
