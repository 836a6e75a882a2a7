//! What takes a Canary back where no metric that was read says it: a webhook, or pods that do not
//! become ready within the progress deadline.
//!
//! Read from what a tick called and wrote (fluxcd/flagger 1.44 `pkg/controller/scheduler.go`).
//! Deliberately unknown here: metrics, which are told as evidence.

use super::settings::{Hook, Webhook};
use super::tick::FlaggerWrite;
use crate::world::action::Gate;

/// What the webhooks of a tick said that may take a Canary back.
#[derive(Clone, Debug, Default)]
pub struct Calls {
    /// The last one of an analysis that was not answered with success.
    refused: Option<String>,
    /// The one of type `rollback` that was.
    ordered: Option<String>,
}

impl Calls {
    /// A webhook was called.
    pub fn note(&mut self, hook: &Webhook, passes: bool) {
        match (hook.hook, passes) {
            (Hook::PreRollout | Hook::Rollout, false) => self.refused = Some(hook.name.clone()),
            (Hook::Rollback, true) => self.ordered = Some(hook.name.clone()),
            _ => {}
        }
    }

    /// What a look that failed without a value failed by.
    pub fn of_failed_look(&self) -> Gate {
        self.refused.clone().map_or(Gate::Analysis, Gate::Webhook)
    }

    /// What a tick took the release back by; nothing where that was the number of failed looks.
    pub fn of_rollback(&self, orders: &[FlaggerWrite]) -> Option<Gate> {
        // `shop-primary.prod not ready: …`, `canary deployment shop.prod not ready: …`.
        let late = |order: &FlaggerWrite| match order {
            FlaggerWrite::Event(event) => event.warning && event.text.contains(" not ready: "),
            _ => false,
        };
        let ordered = self.ordered.clone().map(Gate::Webhook);
        ordered.or_else(|| orders.iter().any(late).then_some(Gate::ProgressDeadline))
    }
}

#[cfg(test)]
mod tests {
    use super::super::words::Event;
    use super::*;

    fn hook(name: &str, hook: Hook) -> Webhook {
        Webhook { name: name.to_string(), hook, ..Webhook::default() }
    }

    #[test]
    fn a_canary_goes_back_by_what_a_tick_met() {
        let mut calls = Calls::default();
        assert_eq!(calls.of_failed_look(), Gate::Analysis);
        calls.note(&hook("smoke", Hook::PreRollout), true);
        calls.note(&hook("load", Hook::Rollout), false);
        calls.note(&hook("gate", Hook::ConfirmPromotion), false);
        calls.note(&hook("stop", Hook::Rollback), false);
        assert_eq!(calls.of_failed_look(), Gate::Webhook("load".to_string()));
        let back =
            [FlaggerWrite::Event(Event::warning("Rolling back shop.prod failed checks threshold"))];
        assert_eq!(calls.of_rollback(&back), None);
        let late =
            [FlaggerWrite::Event(Event::warning("canary deployment shop.prod not ready: waiting"))];
        assert_eq!(calls.of_rollback(&late), Some(Gate::ProgressDeadline));
        calls.note(&hook("stop", Hook::Rollback), true);
        assert_eq!(calls.of_rollback(&back), Some(Gate::Webhook("stop".to_string())));
    }
}
