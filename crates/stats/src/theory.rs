//! What simple systems must give, in closed form: the yardstick of the simulator's own tests.
//!
//! Rates are per second (or per any one unit of time, used throughout), times in that unit.
//! Deliberately absent: the simulator. Sources: Kleinrock, "Queueing Systems" vol. 1; Law & Kelton.

use windtunnel_base::maths;

/// Erlang B: the share of arrivals blocked by `servers` servers without a queue, at `load` offered
/// erlangs. Recursion B_k = a·B/(k + a·B). NaN for a negative load.
pub fn erlang_b(servers: u64, load: f64) -> f64 {
    if load.is_nan() || load < 0.0 {
        return f64::NAN;
    }
    (1..=servers).fold(1.0, |b, k| load * b / (k as f64 + load * b))
}

/// Erlang C: the share of arrivals that wait, B/(1 − ρ(1−B)). Nothing when the load is not below
/// the number of servers (the queue grows without bound).
pub fn erlang_c(servers: u64, load: f64) -> Option<f64> {
    let b = erlang_b(servers, load);
    let utilization = load / servers as f64;
    (utilization < 1.0).then(|| b / (1.0 - utilization * (1.0 - b)))
}

/// A first-come first-served queue with Poisson arrivals, exponential service and c servers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mmc {
    /// Arrivals per unit of time.
    pub arrival_rate: f64,
    /// Services per unit of time and server.
    pub service_rate: f64,
    /// Number of servers.
    pub servers: u64,
    /// Probability that an arrival waits (Erlang C).
    pub p_wait: f64,
}

impl Mmc {
    /// The queue; nothing if it is unstable or a rate is not positive.
    pub fn new(arrival_rate: f64, service_rate: f64, servers: u64) -> Option<Mmc> {
        let sound = arrival_rate > 0.0 && service_rate > 0.0 && service_rate.is_finite();
        let p_wait = erlang_c(servers, arrival_rate / service_rate).filter(|_| sound)?;
        Some(Mmc { arrival_rate, service_rate, servers, p_wait })
    }

    /// The rate at which the queue drains when all servers are busy: cμ − λ.
    fn slack(&self) -> f64 {
        self.servers as f64 * self.service_rate - self.arrival_rate
    }

    /// Mean time in the queue: C/(cμ − λ).
    pub fn mean_wait(&self) -> f64 {
        self.p_wait / self.slack()
    }

    /// Mean time from arrival to departure.
    pub fn mean_sojourn(&self) -> f64 {
        self.mean_wait() + 1.0 / self.service_rate
    }

    /// P(sojourn > t): (1−C)e^(−μt) + C(μe^(−θt) − θe^(−μt))/(μ−θ) with θ = cμ−λ, and
    /// e^(−μt)(1 + Cμt) where θ = μ.
    pub fn sojourn_tail(&self, t: f64) -> f64 {
        let (mu, theta, c) = (self.service_rate, self.slack(), self.p_wait);
        let gap = (theta - mu) * t;
        if t <= 0.0 {
            return 1.0;
        }
        let (own, busy) = (maths::exp(-mu * t), maths::exp(-theta * t));
        if gap.abs() > 1.0 {
            return (1.0 - c) * own + c * (mu * busy - theta * own) / (mu - theta);
        }
        // The same, written so that it passes smoothly through θ = μ.
        let ratio = if gap == 0.0 { t } else { -maths::exp_m1(-gap) / (theta - mu) };
        own * (1.0 + c * mu * ratio)
    }

    /// The `q` quantile of the sojourn time, by bisection on its tail. NaN outside [0, 1).
    pub fn sojourn_quantile(&self, q: f64) -> f64 {
        if !(0.0..1.0).contains(&q) {
            return f64::NAN;
        }
        let (mut low, mut high) = (0.0, self.mean_sojourn());
        while self.sojourn_tail(high) > 1.0 - q && high.is_finite() {
            high *= 2.0;
        }
        for _ in 0..200 {
            let middle = f64::midpoint(low, high);
            if self.sojourn_tail(middle) > 1.0 - q { low = middle } else { high = middle }
        }
        f64::midpoint(low, high)
    }
}

/// The M/M/1 queue: one server. Sojourn times are exponential with rate μ − λ.
pub fn mm1(arrival_rate: f64, service_rate: f64) -> Option<Mmc> {
    Mmc::new(arrival_rate, service_rate, 1)
}

/// Means of the M/G/1 queue: one server, any service time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mg1 {
    /// Share of time the server is busy.
    pub utilization: f64,
    /// E\[S²\], the second moment of the service time.
    pub second_moment: f64,
    /// Mean time in the queue.
    pub mean_wait: f64,
    /// Mean time from arrival to departure.
    pub mean_sojourn: f64,
    /// Mean number waiting.
    pub mean_queue: f64,
    /// Mean number waiting or in service.
    pub mean_in_system: f64,
}

/// Pollaczek and Khinchine: Wq = λE\[S²\]/(2(1−ρ)), with E\[S²\] = m²(1 + cv²). Nothing if the
/// queue is unstable or an argument is out of range.
pub fn mg1(arrival_rate: f64, mean_service: f64, cv: f64) -> Option<Mg1> {
    let utilization = arrival_rate * mean_service;
    if !(arrival_rate > 0.0 && mean_service > 0.0 && cv >= 0.0 && utilization < 1.0) {
        return None;
    }
    let second_moment = mean_service * mean_service * (1.0 + cv * cv);
    let mean_wait = arrival_rate * second_moment / (2.0 * (1.0 - utilization));
    let mean_sojourn = mean_wait + mean_service;
    Some(Mg1 {
        utilization,
        second_moment,
        mean_wait,
        mean_sojourn,
        mean_queue: arrival_rate * mean_wait,
        mean_in_system: arrival_rate * mean_sojourn,
    })
}

/// Share of users who have met the canary after `requests` requests at weight `weight`, when every
/// request of an unpinned user draws anew and a hit pins: 1 − (1−w)^k. NaN outside [0, 1].
pub fn sticky_exposure(weight: f64, requests: f64) -> f64 {
    if !(0.0..=1.0).contains(&weight) || requests.is_nan() || requests < 0.0 {
        return f64::NAN;
    }
    // weight 1 and no request: 0 · ln 0 would be NaN.
    if requests == 0.0 { 0.0 } else { -maths::exp_m1(requests * maths::ln_1p(-weight)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_server_is_the_textbook_case() {
        let queue = mm1(0.8, 1.0).expect("stable");
        assert!((queue.mean_sojourn() - 5.0).abs() < 1e-12);
        for q in [0.1, 0.5, 0.99] {
            let expected = -maths::ln(1.0_f64 - q) / 0.2;
            assert!((queue.sojourn_quantile(q) / expected - 1.0).abs() < 1e-12);
        }
        assert_eq!(mm1(1.0, 1.0), None);
        assert_eq!(Mmc::new(f64::NAN, 1.0, 2), None);
        assert!(mg1(0.8, 1.0, 1.0).is_some_and(|g| (g.mean_sojourn - 5.0).abs() < 1e-12));
    }

    /// Where θ = μ the general formula divides by zero; the tail must pass through smoothly, and
    /// integrate to the mean.
    #[test]
    fn the_tail_integrates_to_the_mean() {
        for (lambda, servers) in [(1.0, 2), (1.0 + 1e-9, 2), (7.5, 9)] {
            let queue = Mmc::new(lambda, 1.0, servers).expect("stable");
            let steps = 400_000;
            let width = 60.0 / f64::from(steps);
            let middle = |i| queue.sojourn_tail((f64::from(i) + 0.5) * width);
            let mean: f64 = (0..steps).map(middle).sum::<f64>() * width;
            assert!((mean / queue.mean_sojourn() - 1.0).abs() < 1e-7, "{lambda}: {mean}");
        }
    }

    #[test]
    fn exposure_at_its_ends() {
        assert!(sticky_exposure(1.0, 0.0) == 0.0 && sticky_exposure(1.0, 3.0) == 1.0);
    }
}
