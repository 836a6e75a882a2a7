//! Prices that cannot do anything: what is given beside nothing that it could be the price of.

use super::tree;
use windtunnel_base::node::Node;
use windtunnel_base::problem::Problem;
use windtunnel_model::scenario::model::Scenario;
use windtunnel_model::scenario::prices::Platform;

/// The errors of a scenario's prices.
pub fn check(document: &Node, scenario: &Scenario) -> Vec<Problem> {
    let prices = &scenario.prices;
    let mut problems = Vec::new();
    let mut refuse = |wrong: bool, path: &str, expected: &str, help: &str| {
        if wrong {
            let place = tree::place(document, path);
            let name = path.rsplit('.').next().unwrap_or(path);
            let problem = Problem::error(place, path, format!("{name} alone costs nothing"));
            problems.push(problem.expected(expected).help(help));
        }
    };
    let engineer = "an hour of an engineer, as in `engineer: $99/h`";
    let (no_engineer, no_delay) = (prices.engineer.is_none(), prices.delay.is_none());
    refuse(
        prices.false_alarm.is_some() && no_engineer,
        "spec.prices.falseAlarm.work",
        "spec.prices.engineer beside it",
        engineer,
    );
    refuse(
        prices.again.is_some() && no_delay,
        "spec.prices.falseAlarm.again",
        "spec.prices.delay beside it",
        "an hour by which a release comes late, as in `delay: $20/h`",
    );
    let adopted = |platform: &Platform| prices.of_adoption(*platform);
    for platform in Platform::ALL {
        let path = format!("spec.prices.adoption.{}", platform.word());
        let own = adopted(&platform);
        refuse(
            own.hours.is_some() && no_engineer,
            &format!("{path}.work"),
            "spec.prices.engineer beside it",
            engineer,
        );
    }
    let any = Platform::ALL.iter().map(adopted).any(|a| a.hours.is_some() || a.price.is_some());
    refuse(
        any && document.get("spec").is_some_and(|spec| spec.get("baseline").is_none()),
        "spec.prices.adoption",
        "spec.baseline beside it",
        "the strategy of today: what it has is not adopted",
    );
    let monthly = Platform::ALL.iter().any(|p| prices.of_month(*p).is_some());
    refuse(
        monthly && scenario.releases_per_year == 0.0,
        "spec.prices.perMonth",
        "spec.releasesPerYear above 0",
        "each release bears its part of a month",
    );
    problems
}

/// Prices of what no strategy of the scenario takes.
pub fn warnings(document: &Node, scenario: &Scenario) -> Vec<Problem> {
    let prices = &scenario.prices;
    let warn = |path: String, message: String, help: &str| {
        Problem::warning(tree::place(document, &path), path, message).help(help)
    };
    let idle = |platform: &Platform| {
        let needed = scenario.plans.iter().any(|plan| platform.is_needed(&plan.needs));
        prices.of_month(*platform).is_some() && !needed
    };
    let unused = |platform: Platform| {
        let message = format!("no strategy here needs a {}: nobody pays for it", platform.word());
        let path = format!("spec.prices.perMonth.{}", platform.word());
        warn(
            path,
            message.replace(" a ingress", " an ingress"),
            "what a strategy needs follows \
             from its settings: `windtunnel explain constraints`",
        )
    };
    let mut found: Vec<Problem> = Platform::ALL.into_iter().filter(idle).map(unused).collect();
    if prices.page.is_some() && !scenario.on_call.present {
        let message = "nobody is on call, so nobody is paged".to_string();
        found.push(warn("spec.prices.page".into(), message, "leave it out, or onCall: none"));
    }
    found
}
