//! Argo Rollouts in the air: instants of weights, sizes and events, worked out by hand.
//!
//! The release is at 60 s; pods start in 5 s and are reported a moment later.

use crate::tunnel::{Flown, Tunnel, tunnel};
use windtunnel::analysis::argo::metric::ArgoMetric;
use windtunnel::base::time::SimDuration;
use windtunnel::base::units::Share;
use windtunnel::outcome::Verdict;
use windtunnel::strategy::argo::drive::plan;
use windtunnel::strategy::argo::settings::{
    Analysis, ArgoSettings, Background, BlueGreen, Canary, CanaryScale, Step, Strategy, Traffic,
};

fn secs(secs: u64) -> SimDuration {
    SimDuration::from_secs(secs)
}

fn storm(faults: &str) -> Tunnel {
    tunnel(&format!(
        "horizon: 20m
        onCall: none
        service: {{name: demo, replicas: 4, startup: 5s, scheduling: 0s, \
         balancer: {{propagation: 0s}}}}
        traffic: {{users: 5000, arrivals: {{poisson: {{rate: 40/s}}}}}}
        release: {{at: 1m, variants: [{{name: v, faults: [{faults}]}}]}}
        strategies: [recreate: {{}}]"
    ))
}

fn fly(mut storm: Tunnel, strategy: Strategy) -> Flown {
    storm.scenario.plans = vec![plan("argo", ArgoSettings::new("demo", strategy))];
    storm.fly()
}

/// The success rate of the new version over a minute, measured every minute.
fn rate() -> Analysis {
    let of = "service=\"demo\",version=\"new\"";
    let metric = ArgoMetric {
        name: "success-rate".into(),
        query: format!(
            "sum(rate(http_requests_total{{{of},status!~\"5..\"}}[1m])) / \
             sum(rate(http_requests_total{{{of}}}[1m]))"
        ),
        interval: Some(secs(60)),
        success: Some("len(result) == 0 || isNaN(result[0]) || result[0] >= 0.95".into()),
        ..ArgoMetric::default()
    };
    Analysis { metrics: vec![metric] }
}

fn routed(steps: Vec<Step>) -> Canary {
    let analysis = Some(Background { analysis: rate(), starting_step: Some(1) });
    Canary { steps, traffic: Some(Traffic::default()), analysis, ..Canary::default() }
}

fn steps() -> Vec<Step> {
    let pause = || Step::Pause(Some(secs(120)));
    vec![Step::SetWeight(25), pause(), Step::SetWeight(50), pause()]
}

/// Weight 25 as soon as the one pod is available (65 s and the API's delays), 50 two minutes and
/// one pod's start later, everything two minutes and two pods' starts later.
#[test]
fn a_good_canary_goes_step_by_step() {
    let flown = fly(storm(""), Strategy::Canary(routed(steps())));
    let at = |text: &str| flown.first(text);
    let first = at("Traffic weight updated from 0 to 25");
    assert!((65.0..67.0).contains(&first), "{first}\n{}", flown.event_log());
    let second = at("Traffic weight updated from 25 to 50") - first;
    assert!((125.0..128.0).contains(&second), "{second}\n{}", flown.event_log());
    let last = at("Completed all 4 canary steps") - first - second;
    assert!((125.0..128.0).contains(&last), "{last}\n{}", flown.event_log());
    assert_eq!(flown.outcome.verdict, Verdict::PromotedGood);
}

/// 20 % errors from the first request at 66 s. The background analysis begins with the pause: at
/// once (no data yet, passed by the condition), then 60 s later, where a minute at 10/s shows 80 %
/// with a deviation of 2 %: aborted, weight 0 at once.
#[test]
fn a_bad_canary_is_aborted_by_its_analysis() {
    let flown = fly(storm("{errors: {rate: 20%}}"), Strategy::Canary(routed(steps())));
    let first = flown.first("Traffic weight updated from 0 to 25");
    let abort = flown.first("Rollout aborted update to revision 2: Background analysis");
    assert!((59.0..63.0).contains(&(abort - first)), "{abort}\n{}", flown.event_log());
    // The next reconcile takes the weight back.
    let back = flown.first("Traffic weight updated from 25 to 0") - abort;
    assert!((0.0..0.1).contains(&back), "{back}");
    assert_eq!(flown.outcome.verdict, Verdict::RolledBackBad);
    // The canary's pod is kept for 30 s.
    let gone = flown.first("from 1 to 0") - abort;
    assert!((29.9..31.0).contains(&gone), "{gone}");
}

/// Without `len(result) == 0 ||` an empty vector is an error. Nobody meets the canary, so its
/// query stays empty: five errors in a row, 10 s apart, abort a healthy release after about 40 s.
#[test]
fn an_empty_vector_aborts_a_healthy_release() {
    let mut canary = routed(vec![Step::Pause(Some(secs(600))), Step::SetWeight(50)]);
    if let Some(background) = &mut canary.analysis {
        background.starting_step = None;
        background.analysis.metrics[0].success = Some("result[0] >= 0.95".into());
    }
    let flown = fly(storm(""), Strategy::Canary(canary));
    let abort = flown.first("Rollout aborted update to revision 2") - 60.0;
    assert!((39.0..42.0).contains(&abort), "{abort}\n{}", flown.event_log());
    assert!(!flown.told("consecutiveErrors (5) > consecutiveErrorLimit (4)").is_empty());
    assert_eq!(flown.outcome.verdict, Verdict::FalseRollback);
}

/// Weights of few replicas: 10 % of 4 pods is one pod, a quarter of the traffic.
#[test]
fn few_replicas_make_coarse_weights() {
    let steps = vec![Step::SetWeight(10), Step::Pause(Some(secs(600)))];
    let flown = fly(storm(""), Strategy::Canary(Canary { steps, ..Canary::default() }));
    let sample = flown.recording.samples.iter().find(|s| s.t_s >= 300.0);
    let weight = sample.expect("a sample").weight_new;
    assert!((weight - 0.25).abs() < 0.06, "{weight}\n{}", flown.event_log());
}

/// Blue-green: the switch waits for all four pods, the old ones go 30 s later; a bad version is
/// switched back by its post-promotion analysis.
#[test]
fn blue_green_switches_and_switches_back() {
    let good = fly(storm(""), Strategy::BlueGreen(BlueGreen::default()));
    let switch = good.first("Switched selector for service 'active'");
    assert!((65.0..67.0).contains(&switch), "{switch}\n{}", good.event_log());
    assert!((29.9..31.0).contains(&(good.first("from 4 to 0") - switch)));
    assert_eq!(good.outcome.verdict, Verdict::PromotedGood);
    let plan = BlueGreen { post_promotion: Some(rate()), ..BlueGreen::default() };
    let bad = fly(storm("{errors: {rate: 20%}}"), Strategy::BlueGreen(plan));
    let back = bad.told("Switched selector for service 'active'");
    assert_eq!(back.len(), 2, "{}", bad.event_log());
    assert!((59.0..63.0).contains(&(back[1] - back[0])), "{back:?}");
    assert_eq!(bad.outcome.verdict, Verdict::RolledBackBad);
}

/// An analysis without metrics, or with a metric that asks nobody, ends its run in Error as soon as
/// it begins: the update is aborted before a user meets it.
#[test]
fn an_analysis_that_is_none_aborts_the_update() {
    let nobody = ArgoMetric { name: "a".into(), ..ArgoMetric::default() };
    for (metrics, why) in
        [(vec![], "no metrics specified"), (vec![nobody], "metrics[0]: no provider specified")]
    {
        let steps = vec![Step::Analysis(Analysis { metrics }), Step::SetWeight(50)];
        let canary = Canary { steps, traffic: Some(Traffic::default()), ..Canary::default() };
        let flown = fly(storm("{errors: {rate: 20%}}"), Strategy::Canary(canary));
        let told = format!(
            "aborted update to revision 2: Step-based analysis phase error/failed: Analysis spec \
             invalid: {why}"
        );
        let at = flown.first(&told);
        assert!((60.0..62.0).contains(&at), "{at}\n{}", flown.event_log());
        assert_eq!(flown.outcome.measures.users_exposed, Some(0.0));
        assert_eq!(flown.outcome.verdict, Verdict::RolledBackBad, "{}", flown.event_log());
    }
}

/// `promote --full` one minute after the release, in the first pause: no step is walked any more.
/// Three more pods start in 5 s; the weight stays at 25 until all are there, then the new version
/// is the stable one and the router's weight of a canary is 0.
#[test]
fn a_full_promotion_passes_over_steps_and_analysis() {
    let mut storm = storm("");
    let mut settings = ArgoSettings::new("demo", Strategy::Canary(routed(steps())));
    settings.promoted_full_after = Some(secs(60));
    storm.scenario.plans = vec![plan("argo", settings)];
    let flown = storm.fly();
    assert_eq!(flown.first("rollout 'demo' fully promoted by hand") as u64, 120);
    let done = flown.first("Full promotion requested");
    assert!((125.0..127.0).contains(&done), "{done}\n{}", flown.event_log());
    assert!(flown.told("Traffic weight updated from 25 to 50").is_empty(), "{}", flown.event_log());
    assert!((done..done + 1.0).contains(&flown.first("Traffic weight updated from 25 to 0")));
    assert_eq!(flown.outcome.verdict, Verdict::PromotedGood);
}

/// A header route and no weight: a release that fails every request hurts the users who send the
/// header (a tenth of 5000, with deviation 21) and nobody else.
#[test]
fn a_header_route_hurts_those_who_send_the_header() {
    let share = Share::clamped(0.1);
    let scale = CanaryScale { replicas: Some(2), ..CanaryScale::default() };
    let route = Step::SetHeaderRoute { name: "insiders".into(), matching: Some(share) };
    let steps = vec![Step::SetCanaryScale(scale), route, Step::Pause(None)];
    let canary = Canary { steps, traffic: Some(Traffic::default()), ..Canary::default() };
    let flown = fly(storm("{errors: {rate: 100%}}"), Strategy::Canary(canary));
    let of = |count: Option<f64>| count.expect("counted");
    let exposed = of(flown.outcome.measures.users_exposed);
    assert!((395.0..=605.0).contains(&exposed), "{exposed}");
    // A few of them are hurt in the twin as well.
    let hurt = of(flown.outcome.measures.users_hurt_by_release);
    assert!((0.97 * exposed..=exposed).contains(&hurt), "{hurt} of {exposed}");
}

/// ALB's sticky target groups keep users with the side they have met: at 20 % for a quarter of an
/// hour no more than a fifth of the users meet the canary, where without them almost all do.
#[test]
fn sticky_balancers_keep_users_where_they_are() {
    let exposed = |sticky| {
        let steps = vec![Step::SetWeight(20), Step::Pause(None)];
        let traffic = Some(Traffic { sticky, ..Traffic::default() });
        let canary = Canary { steps, traffic, ..Canary::default() };
        fly(storm(""), Strategy::Canary(canary)).outcome.measures.users_exposed.expect("counted")
    };
    let (kept, drawn) = (exposed(Some(secs(3600))), exposed(None));
    assert!((860.0..=1140.0).contains(&kept), "{kept}");
    assert!(drawn > 2.0 * kept, "{drawn}");
}
