//! Named random streams: every draw is addressed by (seed, replication, purpose, entity).
//!
//! There is no global generator. Two strategies that ask the same stream get the same draws,
//! which is what makes their difference a difference of strategies (common random numbers;
//! Law & Kelton, "Simulation Modeling and Analysis", ch. 11).

#[cfg(test)]
use rand::RngExt;
use rand::rngs::Xoshiro256PlusPlus;
use rand::{Rng, SeedableRng};

/// What a stream is drawn for. The numbers are part of the seed, must never be reused, and stay
/// below 64: 3, 16 and 18 are used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum Purpose {
    /// Instants of arrivals.
    Arrivals = 1,
    /// Which user sends a request.
    Users = 2,
    /// Unit service demand of a request.
    Demand = 4,
    /// The one draw that decides a request's outcome.
    Errors = 5,
    /// Choices of weights, proxies and pods.
    Routing = 6,
    /// Start-up time of a pod.
    Startup = 7,
    /// Provisioning of a node.
    Nodes = 8,
    /// Propagation of endpoints and routes to a balancer.
    Propagation = 9,
    /// The on-call human: acknowledge, decide.
    Human = 10,
    /// Chaos: when and where.
    Chaos = 11,
    /// Defects: which pods, when.
    Defects = 12,
    /// Phase of scrapes.
    Scrapes = 13,
    /// Mirrored copies of a request.
    Mirror = 14,
    /// Retries and reconnects.
    Retry = 15,
    /// Think times of a closed loop.
    Think = 17,
    /// Random scenarios of the swarm test, and samples of the tests of statistics.
    Swarm = 19,
    /// A controller's own chances: the phase of its clock, answers of its webhooks.
    Controller = 20,
    /// Faults that a mesh injects on purpose.
    Injected = 21,
    /// How long closed-loop sessions think between requests.
    Thoughts = 22,
    /// Requests of smoke tests.
    Smoke = 23,
    /// Exits of pods by further faults of that kind.
    Exits = 24,
    /// Connections that are open as a flight begins.
    Connections = 25,
    /// What rehearsals of checks draw.
    Rehearsal = 40,
}

/// SplitMix64's finaliser: a bijection that scatters neighbouring inputs (Steele, Lea, Flood 2014).
#[inline]
pub fn mix64(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// The address of all streams of one replication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Streams {
    seed: u64,
    replication: u64,
}

impl Streams {
    /// The streams of `replication` under `seed`.
    pub fn new(seed: u64, replication: u64) -> Self {
        Streams { seed, replication }
    }

    /// The number that addresses (purpose, entity) within this replication.
    #[inline]
    pub fn key(&self, purpose: Purpose, entity: u64) -> u64 {
        let replication = mix64(self.seed ^ mix64(self.replication));
        mix64(replication ^ mix64((purpose as u64) << 56 ^ entity))
    }

    /// A running stream.
    pub fn stream(&self, purpose: Purpose, entity: u64) -> Stream {
        Stream(Xoshiro256PlusPlus::seed_from_u64(self.key(purpose, entity)))
    }
}

/// Maps 64 random bits to the open interval (0, 1).
#[inline]
pub fn unit(bits: u64) -> f64 {
    ((bits >> 12) as f64 + 0.5) * (1.0 / 4_503_599_627_370_496.0)
}

/// A running random stream (xoshiro256++, 32 bytes of state).
#[derive(Clone, Debug)]
pub struct Stream(Xoshiro256PlusPlus);

impl Stream {
    /// The next 64 bits.
    #[inline]
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A uniform draw on (0, 1).
    #[inline]
    pub fn uniform(&mut self) -> f64 {
        unit(self.0.next_u64())
    }

    /// A draw of a `rand_distr` distribution. For tests: its last bits depend on the machine's C
    /// library; all else draws by `base::ziggurat`, `base::distribution` and `base::poisson`.
    #[cfg(test)]
    pub fn sample<T, D: rand_distr::Distribution<T>>(&mut self, distribution: D) -> T {
        self.0.sample(distribution)
    }

    /// A whole number below `bound` (Lemire's multiply; the bias is below 2⁻³² for 32-bit bounds).
    #[inline]
    pub fn below(&mut self, bound: u32) -> u32 {
        scale(self.0.next_u64(), bound)
    }
}

/// Maps 64 random bits to a whole number below `bound`.
#[inline]
pub fn scale(bits: u64, bound: u32) -> u32 {
    ((u128::from(bits) * u128::from(bound)) >> 64) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_addressed_not_ordered() {
        let a = Streams::new(1, 7);
        let mut first = a.stream(Purpose::Users, 0);
        let mut other = a.stream(Purpose::Demand, 0);
        other.bits();
        assert_eq!(first.bits(), Streams::new(1, 7).stream(Purpose::Users, 0).bits());
        assert_ne!(a.key(Purpose::Users, 1), a.key(Purpose::Users, 2));
        assert_ne!(a.key(Purpose::Users, 1), Streams::new(1, 8).key(Purpose::Users, 1));
    }

    /// The locked generator's first draws: a dependency that changes them would silently change
    /// every published figure.
    #[test]
    fn the_generator_is_the_one_we_locked() {
        let mut stream = Stream(Xoshiro256PlusPlus::seed_from_u64(1));
        let draws = [stream.bits(), stream.bits()];
        assert_eq!(draws, [14_971_601_782_005_023_387, 13_781_649_495_232_077_965]);
    }
}
