//! The steps of a release: what its settings ask for, and what requests and users meet meanwhile.
//!
//! Counts are read where a step begins and ends; the request loop knows nothing of steps. They end
//! with the first verdict, for what comes then is no trial any more.

use super::data_plane::DataPlane;
use windtunnel_base::time::{SimDuration, SimTime};
use windtunnel_model::outcome::Step;

/// The steps of a flight so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Steps {
    done: Vec<Step>,
    open: Option<Open>,
    /// Does the strategy say itself what it asks for?
    said: bool,
    over: bool,
}

/// A step that has begun.
#[derive(Clone, Debug)]
struct Open {
    asked: f64,
    at: SimTime,
    /// Requests that had arrived, and that the new version had accepted.
    counted: [u64; 2],
    /// How long each number of serving pods (new, all) has lasted.
    pods: Vec<([u32; 2], SimDuration)>,
}

impl Steps {
    /// So many pods (of the new version, of both) have served for `span`.
    pub(super) fn lapse(&mut self, span: SimDuration, serving: [u32; 2]) {
        let Some(open) = &mut self.open else { return };
        match open.pods.iter_mut().find(|(pods, _)| *pods == serving) {
            Some((_, lasted)) => *lasted += span,
            None => open.pods.push((serving, span)),
        }
    }

    /// The strategy's settings ask for this share from now on.
    pub(super) fn ask(&mut self, asked: f64, now: SimTime, data_plane: &DataPlane) {
        self.said = true;
        self.begin(asked, now, data_plane);
    }

    /// This share is routed from now on, by whoever has not said what is asked for.
    pub(super) fn ask_by_route(&mut self, routed: f64, now: SimTime, data_plane: &DataPlane) {
        if !self.said {
            self.begin(routed, now, data_plane);
        }
    }

    fn begin(&mut self, asked: f64, now: SimTime, data_plane: &DataPlane) {
        if self.over || self.open.as_ref().is_some_and(|open| open.asked == asked) {
            return;
        }
        self.done.extend(self.present(now, data_plane));
        let counted = [data_plane.tally().arrived, data_plane.tally().served_new];
        self.open = Some(Open { asked, at: now, counted, pods: Vec::new() });
    }

    /// The trial is over.
    pub(super) fn end(&mut self, now: SimTime, data_plane: &DataPlane) {
        self.done.extend(self.present(now, data_plane));
        self.open = None;
        self.over = true;
    }

    /// The step that is under way, as it stands.
    fn present(&self, now: SimTime, data_plane: &DataPlane) -> Option<Step> {
        let open = self.open.as_ref()?;
        let (tally, users) = (data_plane.tally(), data_plane.users().counts());
        let requests = tally.arrived - open.counted[0];
        let longest = open.pods.iter().max_by_key(|(_, lasted)| *lasted);
        Some(Step {
            asked: open.asked,
            lasted_s: now.since(open.at).as_secs_f64(),
            requests,
            // A retry may be accepted, too, of a request that counts once.
            requests_new: (tally.served_new - open.counted[1]).min(requests),
            users: users.active,
            users_new: users.exposed,
            pods: longest.map_or([0; 2], |(pods, _)| *pods),
        })
    }

    /// All steps that asked for something, the one that the horizon cut included.
    pub(super) fn all(&self, now: SimTime, data_plane: &DataPlane) -> Vec<Step> {
        let all = self.done.iter().copied().chain(self.present(now, data_plane));
        all.filter(|step| step.asked > 0.0 && step.lasted_s > 0.0).collect()
    }
}
