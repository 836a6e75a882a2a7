//! The strategy that ships what another has found good.

use super::{Cause, Machine, View};
use crate::world::action::{Action, Token};

/// The strategy that follows, if one does.
#[derive(Clone, Debug)]
pub struct FollowUp(pub Option<Box<dyn Machine>>);

impl FollowUp {
    /// Does one follow?
    pub fn is_there(&self) -> bool {
        self.0.is_some()
    }

    /// Hands a cause on. What it asks to be woken for bears its mark, and wake-ups that its
    /// predecessor asked for do not reach it.
    pub fn wake(&mut self, view: &View<'_>, cause: Cause, out: &mut Vec<Action>) {
        let Some(next) = &mut self.0 else { return };
        let cause = match cause {
            Cause::Timer(token) => match token.owner.checked_sub(1) {
                Some(owner) => Cause::Timer(Token { owner, ..token }),
                None => return,
            },
            cause => cause,
        };
        let before = out.len();
        next.wake(view, cause, out);
        for action in &mut out[before..] {
            if let Action::Wake { token, .. } = action {
                token.owner += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::store::Store;
    use crate::world::action::Alarm;
    use windtunnel_base::time::{SimDuration, SimTime};

    /// Says which wake-ups reach it, and asks for one at every release.
    #[derive(Clone, Debug)]
    struct Listener;

    impl Machine for Listener {
        fn wake(&mut self, _view: &View<'_>, cause: Cause, out: &mut Vec<Action>) {
            match cause {
                Cause::Release => out.push(Action::Wake {
                    after: SimDuration::ZERO,
                    token: Token::of(Alarm::Deadline),
                }),
                Cause::Timer(token) => out.push(Action::Say(format!("{token:?}"))),
                _ => {}
            }
        }

        fn clone_box(&self) -> Box<dyn Machine> {
            Box::new(self.clone())
        }
    }

    /// The same as the follow-up of a follow-up.
    #[derive(Clone, Debug)]
    struct Between(FollowUp);

    impl Machine for Between {
        fn wake(&mut self, view: &View<'_>, cause: Cause, out: &mut Vec<Action>) {
            self.0.wake(view, cause, out);
        }

        fn clone_box(&self) -> Box<dyn Machine> {
            Box::new(self.clone())
        }
    }

    #[test]
    fn what_one_asked_for_wakes_no_other() {
        let store = Store::default();
        let view = View {
            now: SimTime::ZERO,
            replicas: 1,
            sets: &[],
            telemetry: &store,
            experiment: None,
            shadow: Default::default(),
            chance: 0,
        };
        let inner = FollowUp(Some(Box::new(Listener)));
        let mut outer = FollowUp(Some(Box::new(Between(inner))));
        let mut out = Vec::new();
        outer.wake(&view, Cause::Release, &mut out);
        let [Action::Wake { token, .. }] = out.as_slice() else { panic!("{out:?}") };
        assert_eq!(token.owner, 2);
        let told = |outer: &mut FollowUp, owner| {
            let mut out = Vec::new();
            outer.wake(&view, Cause::Timer(Token { owner, ..*token }), &mut out);
            out.len()
        };
        assert_eq!([0, 1, 2].map(|owner| told(&mut outer, owner)), [0, 0, 1]);
    }
}
