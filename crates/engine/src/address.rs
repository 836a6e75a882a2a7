//! Where a flight's random draws are found: what is drawn, and for whom. No two addresses meet.
//!
//! An address is a purpose (its number in the top eight bits of a word) and an entity (the other 56
//! bits). Entities that were laid out wider keep their words, so that published figures stay: they
//! use the two topmost bits besides, which no purpose reaches, as purposes stay below 64. A test
//! asks both of every kind of address.

use windtunnel_base::random::{Purpose, Stream, Streams, unit};
use windtunnel_model::world::service::Version;

/// What is drawn for a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum PodDraw {
    /// Time to schedule it and pull its image.
    Scheduling = 1,
    /// Time to boot.
    Boot = 2,
    /// Its UID, which ranks pods that are alike.
    Uid = 3,
    /// Time to attach its volume to its node.
    Attach = 4,
    /// Time until it is a healthy target of the load balancer.
    Registration = 5,
    /// Does this start of its container fail?
    CrashOnStart = 8,
    /// Time to its exit by a fault.
    Exit = 9,
    /// Phase of the scrapes of its process.
    Scrape = 10,
    /// Phase of the scrapes of its proxy.
    SidecarScrape = 11,
}

/// The n-th pod of a version, in the n-th life of its container: the same in every flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PodAddress {
    /// Which version the pod runs.
    pub version: Version,
    /// Restarts of its container.
    pub restarts: u16,
    /// How many pods its version had before it.
    pub ordinal: u32,
}

/// The address of a draw or of a running stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Address {
    /// Stream: gaps between arrivals.
    Gaps,
    /// Stream: who sends.
    Senders,
    /// Stream: what becomes of requests.
    Outcomes,
    /// Stream: how much requests demand.
    Demands,
    /// Stream: where requests go.
    Choices,
    /// Stream: a request of a closed-loop session.
    Session(u32, u32),
    /// How long a session thinks before its first request.
    FirstThought(u32),
    /// How long a session thinks before a later request.
    Thought(u32, u32),
    /// Something of a pod.
    Pod(PodDraw, PodAddress),
    /// Time to a pod's exit by the n-th further fault of that kind.
    FurtherExit(u8, PodAddress),
    /// Is a pod among the share that a fault is limited to?
    InShare {
        /// Number of the fault among those of the flight, from 0.
        fault: u16,
        /// The pod's version.
        version: Version,
        /// The pod's ordinal.
        ordinal: u32,
    },
    /// Stream: the instants of chaos that strikes at random.
    Chaos(u16),
    /// Stream: the instants of a defect that strikes at random.
    Defect(u16),
    /// Whom the n-th strike of a fault meets.
    Victims {
        /// Number of the fault among those of the flight, from 0.
        fault: u16,
        /// How often it has struck.
        strike: u32,
    },
    /// Provisioning of the n-th node.
    Node(u32),
    /// Phase of the scrapes of a node's kubelet.
    Kubelet(u32),
    /// Phase of the scrapes of the cluster's state.
    Cluster,
    /// Phase of the scrapes of the ingress.
    Edge,
    /// The n-th delay of the human.
    Human(u32),
    /// A controller's own chances: 0 for the strategy's, 1 and 2 for an autoscaler's phases.
    Controller(u8),
    /// Stream: the copy of a request, for the baseline or not.
    Copy(u32, bool),
    /// What becomes of a request of the n-th smoke test.
    Smoke {
        /// Number of the smoke test within the flight, from 0.
        test: u16,
        /// Number of the request within the test, from 0.
        request: u32,
    },
    /// The wait before an attempt (of number 1 or more) at a request.
    Backoff(u32, u8),
    /// Stream: an attempt at a request.
    Retry(u32, u8),
    /// Stream: connections that are open as the flight begins.
    Connections,
    /// How long the changes of an instant take to reach a proxy.
    Change {
        /// The proxy, of at most 64.
        proxy: u8,
        /// The instant, in steps of 4 ns (30 days have fewer than 2⁵⁰).
        tick: u64,
    },
    /// Keys of faults that a mesh injects: 0 for delays, 1 for aborts.
    Injected(u8),
}

impl Address {
    fn purpose(self) -> Purpose {
        match self {
            Address::Gaps => Purpose::Arrivals,
            Address::Senders => Purpose::Users,
            Address::Outcomes => Purpose::Errors,
            Address::Demands => Purpose::Demand,
            Address::Choices => Purpose::Routing,
            Address::Session(..) | Address::FirstThought(_) => Purpose::Think,
            Address::Thought(..) => Purpose::Thoughts,
            Address::Pod(PodDraw::Scheduling | PodDraw::Boot | PodDraw::Uid, _)
            | Address::Pod(PodDraw::Attach | PodDraw::Registration, _) => Purpose::Startup,
            Address::Pod(PodDraw::Scrape | PodDraw::SidecarScrape, _) => Purpose::Scrapes,
            Address::Pod(..) | Address::InShare { .. } | Address::Defect(_) => Purpose::Defects,
            Address::FurtherExit(..) => Purpose::Exits,
            Address::Chaos(_) | Address::Victims { .. } => Purpose::Chaos,
            Address::Node(_) => Purpose::Nodes,
            Address::Kubelet(_) | Address::Cluster | Address::Edge => Purpose::Scrapes,
            Address::Human(_) => Purpose::Human,
            Address::Controller(_) => Purpose::Controller,
            Address::Copy(..) => Purpose::Mirror,
            Address::Smoke { .. } => Purpose::Smoke,
            Address::Backoff(..) | Address::Retry(..) => Purpose::Retry,
            Address::Injected(_) => Purpose::Injected,
            Address::Connections => Purpose::Connections,
            Address::Change { .. } => Purpose::Propagation,
        }
    }

    /// The number of whom it is drawn for, within its purpose.
    #[inline]
    fn entity(self) -> u64 {
        let two = |high: u32, low: u32| u64::from(high) << 32 | u64::from(low);
        let pod = |what: u64, PodAddress { version, restarts, ordinal }: PodAddress| {
            (version as u64) << 62 | what << 48 | two(u32::from(restarts), ordinal)
        };
        let attempt = |request: u32, number: u8| u64::from(request) << 8 | u64::from(number);
        match self {
            Address::Gaps | Address::Senders | Address::Outcomes => 0,
            Address::Demands | Address::Choices | Address::Connections => 0,
            Address::Session(session, step) | Address::Thought(session, step) => two(session, step),
            Address::FirstThought(session) => 1 << 63 | two(session, 0),
            Address::Pod(draw, of) => pod(draw as u64, of),
            Address::FurtherExit(rank, of) => pod(u64::from(rank), of),
            Address::InShare { fault, version, ordinal } => {
                (version as u64) << 62 | two(u32::from(fault), ordinal)
            }
            Address::Chaos(fault) => u64::from(fault),
            Address::Defect(fault) => 1 << 55 | u64::from(fault),
            Address::Victims { fault, strike } => {
                1 << 55 | u64::from(strike) << 16 | u64::from(fault)
            }
            Address::Node(number) | Address::Human(number) => u64::from(number),
            Address::Kubelet(node) => 1 << 40 | u64::from(node),
            Address::Cluster => u64::MAX - 1,
            Address::Edge => u64::MAX,
            Address::Controller(number) | Address::Injected(number) => u64::from(number),
            Address::Copy(request, baseline) => u64::from(request) << 1 | u64::from(baseline),
            Address::Change { proxy, tick } => tick << 6 | u64::from(proxy & 63),
            Address::Smoke { test, request } => two(u32::from(test), request),
            Address::Backoff(request, number) => attempt(request, number.saturating_sub(1)),
            Address::Retry(request, number) => 1 << 63 | attempt(request, number),
        }
    }

    /// The number at this address in a replication.
    #[inline]
    pub fn key(self, streams: &Streams) -> u64 {
        streams.key(self.purpose(), self.entity())
    }

    /// The uniform draw on (0, 1) at this address.
    #[inline]
    pub fn uniform(self, streams: &Streams) -> f64 {
        unit(self.key(streams))
    }

    /// The running stream at this address.
    pub fn stream(self, streams: &Streams) -> Stream {
        streams.stream(self.purpose(), self.entity())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn pod() -> impl Strategy<Value = PodAddress> {
        let version = prop_oneof![Just(Version::Old), Just(Version::New)];
        (version, edge(u32::from(u16::MAX)), edge(u32::MAX)).prop_map(
            |(version, restarts, ordinal)| PodAddress {
                version,
                restarts: restarts as u16,
                ordinal,
            },
        )
    }

    /// Numbers at either end of what fits, where layouts meet if they do, or anywhere.
    fn edge(most: u32) -> impl Strategy<Value = u32> {
        prop_oneof![4 => 0_u32..4, 1 => Just(most), 1 => Just(most / 2 + 1), 1 => 0..=most]
    }

    fn short() -> impl Strategy<Value = u16> {
        edge(u32::from(u16::MAX)).prop_map(|n| n as u16)
    }

    fn byte() -> impl Strategy<Value = u8> {
        edge(u32::from(u8::MAX)).prop_map(|n| n as u8)
    }

    fn address() -> impl Strategy<Value = Address> {
        use Address::*;
        let version = || prop_oneof![Just(Version::Old), Just(Version::New)];
        let session = || edge(1_000_000);
        let draw = prop_oneof![
            Just(PodDraw::Scheduling),
            Just(PodDraw::Boot),
            Just(PodDraw::Uid),
            Just(PodDraw::Attach),
            Just(PodDraw::Registration),
            Just(PodDraw::CrashOnStart),
            Just(PodDraw::Exit),
            Just(PodDraw::Scrape),
            Just(PodDraw::SidecarScrape),
        ];
        let all = || edge(u32::MAX);
        prop_oneof![
            prop_oneof![Just(Gaps), Just(Senders), Just(Outcomes), Just(Demands), Just(Choices)],
            (session(), all()).prop_map(|(a, b)| Session(a, b)),
            (session(), all()).prop_map(|(a, b)| Thought(a, b)),
            session().prop_map(FirstThought),
            (draw, pod()).prop_map(|(draw, pod)| Pod(draw, pod)),
            (byte(), pod()).prop_map(|(rank, pod)| FurtherExit(rank, pod)),
            (short(), version(), all()).prop_map(|(fault, version, ordinal)| InShare {
                fault,
                version,
                ordinal
            }),
            prop_oneof![short().prop_map(Chaos), short().prop_map(Defect)],
            (short(), all()).prop_map(|(fault, strike)| Victims { fault, strike }),
            prop_oneof![all().prop_map(Node), all().prop_map(Kubelet), all().prop_map(Human)],
            prop_oneof![Just(Cluster), Just(Edge)],
            prop_oneof![byte().prop_map(Controller), byte().prop_map(Injected)],
            (all(), any::<bool>()).prop_map(|(request, baseline)| Copy(request, baseline)),
            (short(), all()).prop_map(|(test, request)| Smoke { test, request }),
            (all(), 1_u8..=255).prop_map(|(request, number)| Backoff(request, number)),
            Just(Connections),
            (0_u8..64, prop_oneof![0_u64..4, 0_u64..1 << 50])
                .prop_map(|(proxy, tick)| Change { proxy, tick }),
            (all(), byte()).prop_map(|(request, number)| Retry(request, number)),
        ]
    }

    fn word(address: Address) -> u64 {
        (address.purpose() as u64) << 56 ^ address.entity()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(50))]

        /// Of any 2 000 addresses no two meet, and none draws under another purpose's number.
        #[test]
        fn no_two_addresses_meet(addresses in prop::collection::vec(address(), 2_000)) {
            let mut known: BTreeMap<u64, Address> = BTreeMap::new();
            for address in addresses {
                let before = known.insert(word(address), address);
                prop_assert!(before.is_none_or(|b| b == address), "{before:?} {address:?}");
                let (top, own) = (word(address) >> 56, address.purpose() as u64);
                prop_assert!(own < 64 && (top == own || top >= 64), "{address:?}: {top:x}");
            }
        }
    }
}
