//! Users: who was active, exposed, hurt, converted, and for how long each was without service.
//!
//! One byte a user for what every request touches, five more for the rest: with a million users the
//! first lies in a near cache, the others are seldom looked at. Requests update them as they are
//! booked, in order of arrival.

use windtunnel_base::random::mix64;

/// Between two requests of a user more than this counts as absence, not as downtime.
const LONGEST_GAP_MS: u32 = 300_000;

/// Properties and marks of one user, as bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks(u16);

impl Marks {
    /// Sent at least one request.
    pub const ACTIVE: u16 = 1;
    /// Had an attempt accepted by a new-version process.
    pub const EXPOSED: u16 = 1 << 1;
    /// Had a failed, wrong or slow request.
    pub const HURT: u16 = 1 << 2;
    /// Met the old version last.
    pub const MET_OLD: u16 = 1 << 3;
    /// Met the new version last.
    pub const MET_NEW: u16 = 1 << 4;
    /// Wrote data with the new version.
    pub const WROTE_NEW: u16 = 1 << 5;
    /// Has not been served since a request failed.
    pub const DOWN: u16 = 1 << 6;
    /// Met the old version again after the new one.
    pub const FLIPPED: u16 = 1 << 7;
    /// Is part of the experiment's log.
    pub const LOGGED: u16 = 1 << 8;
    /// Completed the business step since it was logged.
    pub const CONVERTED: u16 = 1 << 9;
    /// Was exposed in the control arm.
    pub const CONTROL: u16 = 1 << 10;
    /// Had an error since it was logged.
    pub const ERRED: u16 = 1 << 11;
    /// Met both versions during the experiment.
    pub const CROSSED: u16 = 1 << 12;
}

/// All users of a flight.
#[derive(Clone, Debug)]
pub struct Users {
    /// The lower eight marks of every user.
    marks: Vec<u8>,
    /// The upper eight, which only experiments set.
    more: Vec<u8>,
    /// Millisecond (plus one) of the last failed request in an unbroken row; 0 while served.
    down_ms: Vec<u32>,
    down_ms_total: u64,
    counts: UserCounts,
}

/// How many users carry a mark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UserCounts {
    /// Active users.
    pub active: u64,
    /// Exposed users.
    pub exposed: u64,
    /// Hurt users.
    pub hurt: u64,
}

impl Users {
    /// `count` users, none of them seen yet.
    pub fn new(count: u32) -> Self {
        Users {
            marks: vec![0; count as usize],
            more: vec![0; count as usize],
            down_ms: vec![0; count as usize],
            down_ms_total: 0,
            counts: UserCounts::default(),
        }
    }

    /// How many users there are.
    pub fn count(&self) -> usize {
        self.marks.len()
    }

    /// The counts so far.
    pub fn counts(&self) -> UserCounts {
        self.counts
    }

    /// Does `user` carry `mark`?
    #[inline]
    pub fn has(&self, user: u32, mark: u16) -> bool {
        if mark > 0xff {
            return self.more[user as usize] & (mark >> 8) as u8 != 0;
        }
        self.marks[user as usize] & mark as u8 != 0
    }

    /// Puts `mark` on `user`; says whether it is new.
    #[inline(always)]
    pub fn mark(&mut self, user: u32, mark: u16) -> bool {
        let (marks, mark) = if mark > 0xff {
            (&mut self.more[user as usize], (mark >> 8) as u8)
        } else {
            (&mut self.marks[user as usize], mark as u8)
        };
        let new = *marks & mark == 0;
        *marks |= mark;
        new
    }

    /// The user sent a request.
    #[inline(always)]
    pub fn active(&mut self, user: u32) {
        self.counts.active += u64::from(self.mark(user, Marks::ACTIVE));
    }

    /// A process accepted an attempt of the user, of the new version or not; says whether the last
    /// one was of the other version.
    #[inline(always)]
    pub fn met(&mut self, user: u32, new: bool) -> bool {
        let marks = &mut self.marks[user as usize];
        let (after, crossed) = meet(*marks, new, &mut self.counts.exposed);
        *marks = after;
        crossed
    }

    /// [`Users::active`], [`Users::met`] and [`Users::served`] at once, if the user lacks nothing.
    #[inline(always)]
    pub fn served_on_the_fast_path(&mut self, user: u32, new: bool) -> bool {
        const ACTIVE: u8 = Marks::ACTIVE as u8;
        let marks = &mut self.marks[user as usize];
        if *marks & Marks::DOWN as u8 != 0 {
            return false;
        }
        self.counts.active += u64::from(*marks & ACTIVE == 0);
        *marks = meet(*marks | ACTIVE, new, &mut self.counts.exposed).0;
        true
    }

    /// A request of the user was failed, wrong or slow.
    #[inline]
    pub fn hurt(&mut self, user: u32) {
        self.counts.hurt += u64::from(self.mark(user, Marks::HURT));
    }

    /// A request of the user failed at `at` (nanoseconds): no service from then on.
    pub fn failed(&mut self, user: u32, at: u64) {
        let at_ms = (at / 1_000_000) as u32;
        self.mark(user, Marks::DOWN);
        let down_ms = &mut self.down_ms[user as usize];
        if *down_ms > 0 {
            let gap = (at_ms + 1).saturating_sub(*down_ms);
            self.down_ms_total += u64::from(gap.min(LONGEST_GAP_MS));
        }
        *down_ms = (*down_ms).max(at_ms + 1);
    }

    /// A request of the user was answered at `at` (nanoseconds).
    #[inline(always)]
    pub fn served(&mut self, user: u32, at: u64) {
        if self.has(user, Marks::DOWN) {
            self.served_again(user, at);
        }
    }

    #[inline(never)]
    fn served_again(&mut self, user: u32, at: u64) {
        let at_ms = (at / 1_000_000) as u32;
        let down_ms = std::mem::take(&mut self.down_ms[user as usize]);
        let gap = (at_ms + 1).saturating_sub(down_ms);
        self.down_ms_total += u64::from(gap.min(LONGEST_GAP_MS));
        self.marks[user as usize] &= !(Marks::DOWN as u8);
    }

    /// Minutes that users were without service, each from a failure to the next success, of which
    /// no gap between two requests counts for more than five. A failure that nothing follows
    /// counts for nothing.
    pub fn minutes_down(&self) -> f64 {
        self.down_ms_total as f64 / 60_000.0
    }

    /// The users that carry `mark`, as numbers in rising order.
    pub fn with(&self, mark: u16) -> impl Iterator<Item = u32> + '_ {
        (0..self.marks.len() as u32).filter(move |user| self.has(*user, mark))
    }

    /// Takes `marks` off all users, when an experiment starts anew.
    pub fn clear(&mut self, marks: u16) {
        self.marks.iter_mut().for_each(|m| *m &= !(marks as u8));
        self.more.iter_mut().for_each(|m| *m &= !((marks >> 8) as u8));
    }
}

/// The marks of a user who meets a version, and whether the last one was the other.
#[inline(always)]
fn meet(marks: u8, new: bool, exposed: &mut u64) -> (u8, bool) {
    const OLD: u8 = Marks::MET_OLD as u8;
    const NEW: u8 = Marks::MET_NEW as u8;
    const EXPOSED: u8 = Marks::EXPOSED as u8;
    let (now, other) = if new { (NEW | EXPOSED, OLD) } else { (OLD, NEW) };
    let crossed = marks & other != 0;
    let flipped = u8::from(crossed & !new) * Marks::FLIPPED as u8;
    if new {
        *exposed += u64::from(marks & EXPOSED == 0);
    }
    ((marks & !other) | now | flipped, crossed)
}

/// A user's place on a line of 2³², the same in every flight: cohorts are ranges of it.
#[inline]
pub fn user_hash(user: u32) -> u32 {
    (mix64(0x00C0_FFEE ^ u64::from(user)) >> 32) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_without_service_runs_from_failure_to_success() {
        let mut users = Users::new(2);
        let ms = |ms: u64| ms * 1_000_000;
        users.failed(0, ms(1_000));
        users.failed(0, ms(61_000));
        users.served(0, ms(121_000));
        users.served(0, ms(500_000));
        assert!((users.minutes_down() - 2.0).abs() < 1e-9);
        users.failed(1, 0);
        users.served(1, ms(3_600_000));
        assert!((users.minutes_down() - 7.0).abs() < 1e-9, "a gap counts five minutes at most");
        // Down from 0 to 12 min, asking every four: all of it counts, though it is a long spell.
        let minute = |m: u64| ms(60_000 * m);
        let mut users = Users::new(1);
        [0, 4, 8].into_iter().for_each(|m| users.failed(0, minute(m)));
        users.served(0, minute(12));
        assert!((users.minutes_down() - 12.0).abs() < 1e-9, "{}", users.minutes_down());
        // Down from 20 to 60 min, away from 22 to 58: 2 + 5 + 2, and 0 after the last failure.
        [20, 22, 58].into_iter().for_each(|m| users.failed(0, minute(m)));
        users.served(0, minute(60));
        users.failed(0, minute(61));
        assert!((users.minutes_down() - 21.0).abs() < 1e-9, "{}", users.minutes_down());
    }

    #[test]
    fn crossing_versions_is_seen_once_per_change() {
        let mut users = Users::new(1);
        let crossed = [false, true, true].map(|new| users.met(0, new));
        assert_eq!(crossed, [false, true, false]);
        assert!(!users.has(0, Marks::FLIPPED), "to the new version once is no rollback");
        assert!(users.met(0, false) && users.has(0, Marks::FLIPPED));
    }
}
