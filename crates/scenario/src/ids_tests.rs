//! What is left of a scenario when some of its strategies go.

use crate::read::read;

#[test]
fn lines_keep_their_strategies_when_others_go() {
    let text = "apiVersion: windtunnel/v1alpha1\nkind: Scenario\nmetadata: {name: a}\n\
        spec:\n  service: {replicas: 3}\n  strategies: [recreate, blueGreen, canary]\n\
        \x20 expect:\n  - canary · bad · users_hurt < 1\n\
        \x20 - canary - blueGreen · all · users_hurt < 1\n\
        \x20 - recreate · bad · users_hurt < 1\n  - canary - recreate · all · users_hurt < 1\n";
    let scenario = read(text, "a").expect("valid").0.remove(0);
    let fewer = scenario.only(|plan| plan.name != "recreate");
    let names: Vec<&str> = fewer.plan_ids().map(|id| fewer.plan_name(id)).collect();
    assert_eq!(names, ["blueGreen", "canary"]);
    assert_eq!(fewer.expect.len(), 2, "{:?}", fewer.expect);
    for line in &fewer.expect {
        assert!(line.text.starts_with(fewer.plan_name(line.plan)), "{line:?}");
    }
    let windtunnel_model::scenario::model::Expected::Difference { reference, .. } =
        fewer.expect[1].what
    else {
        panic!("{:?}", fewer.expect[1])
    };
    assert_eq!(fewer.plan_name(reference), "blueGreen");
    assert_eq!(fewer.release_name(fewer.expect[1].release), windtunnel_model::scenario::ids::MIX);
}
