//! Runners over the statistical judges of `windtunnel::analysis`.

use super::{Family, Input, number};
use serde_json::{Map, Value, json};
use windtunnel::stats::beta_binomial::Posterior;
use windtunnel::stats::group_sequential::group_sequential;
use windtunnel::stats::kayenta::{
    Direction, KayentaMetric, Label, Measure, Outcome, judge_metric, score,
};
use windtunnel::stats::mann_whitney::{differences, mann_whitney, median_of_sorted};
use windtunnel::stats::sequential::{Sprt, SprtDecision, cusum_bernoulli, msprt_normal};

pub const FAMILIES: &[Family] = &[
    Family::exact("mann_whitney_asymptotic", ranks),
    Family::exact("hodges_lehmann", shift),
    // The real judge's solver stops within 1e-4 of an end.
    Family {
        name: "kayenta_metric",
        loose: (&[".interval_lower", ".interval_upper", ".hl_estimate"], 2e-4),
        run: metric,
    },
    Family::exact("kayenta_score", scored),
    Family::exact("beta_binomial", posterior),
    Family::exact("sprt", wald),
    Family::exact("msprt_normal", mixture),
    Family::exact("cusum_bernoulli", cusum),
    Family::exact("group_sequential", looks),
];

fn ranks(i: &Input) -> Option<Value> {
    let t = mann_whitney(&i.numbers("x"), &i.numbers("y"), i.flag("continuity"))?;
    Some(json!({
        "u_x": t.u_x, "u_y": t.u_y, "sigma": t.sigma, "p_two_sided": t.p_two_sided,
        "p_greater": t.p_greater, "p_less": t.p_less, "cles_x_over_y": t.cles(),
    }))
}

fn shift(i: &Input) -> Option<Value> {
    let sorted = differences(&i.numbers("x"), &i.numbers("y"))?;
    Some(json!({"estimate": median_of_sorted(&sorted)}))
}

fn metric(i: &Input) -> Option<Value> {
    let metric = KayentaMetric {
        direction: match i.text("direction") {
            "increase" => Direction::Increase,
            "decrease" => Direction::Decrease,
            _ => Direction::Either,
        },
        measure: if i.text("measure") == "cles" { Measure::Cles } else { Measure::MeanRatio },
        tolerance: i.number("tolerance"),
        confidence: i.number("conf"),
        allowed_increase: i.maybe("allowed_increase"),
        allowed_decrease: i.maybe("allowed_decrease"),
        critical_increase: i.maybe("critical_increase"),
        critical_decrease: i.maybe("critical_decrease"),
        critical: i.flag("critical_metric"),
    };
    let r = judge_metric(&metric, &i.numbers("control"), &i.numbers("experiment"));
    Some(json!({
        "label": name(r.label), "critical_failure": r.critical_failure,
        "interval_lower": r.interval.map(|i| i.lower),
        "interval_upper": r.interval.map(|i| i.upper), "hl_estimate": r.shift,
        "mean_ratio": number(r.mean_ratio), "effect_size": number(r.effect),
    }))
}

const LABELS: [(&str, Label); 5] = [
    ("Pass", Label::Pass),
    ("High", Label::High),
    ("Low", Label::Low),
    ("Nodata", Label::Nodata),
    ("NodataFailMetric", Label::NodataFailMetric),
];

fn name(label: Label) -> &'static str {
    LABELS.iter().find(|(_, l)| *l == label).expect("every label has a name").0
}

fn scored(i: &Input) -> Option<Value> {
    let label = |v: &Value| LABELS.iter().find(|(n, _)| v == n).expect("a label").1;
    let groups = i.value("groups").as_object()?;
    let weights = i.value("weights").as_object()?;
    let labels: Vec<(Vec<Label>, Option<f64>)> = groups
        .iter()
        .map(|(group, row)| {
            let row = row.as_array().expect("labels").iter().map(label).collect();
            (row, weights.get(group).and_then(Value::as_f64))
        })
        .collect();
    let rows: Vec<(&[Label], Option<f64>)> = labels.iter().map(|(l, w)| (&l[..], *w)).collect();
    let s = score(&rows, false, i.number("pass_threshold"), i.number("marginal_threshold"));
    let group_scores: Map<String, Value> =
        groups.keys().cloned().zip(s.groups.iter().map(|g| json!(g.unwrap_or(0.0)))).collect();
    let result = match s.outcome {
        Outcome::Pass => "Pass",
        Outcome::Marginal => "Marginal",
        Outcome::Fail => "Fail",
    };
    Some(json!({
        "group_scores": group_scores, "score": s.score, "too_many_nodata": s.too_many_nodata,
        "result": result,
    }))
}

fn posterior(i: &Input) -> Option<Value> {
    let (alpha, beta) = (i.number("prior_alpha"), i.number("prior_beta"));
    let canary = Posterior::new(i.count("errors_canary"), i.count("n_canary"), alpha, beta)?;
    let base = Posterior::new(i.count("errors_base"), i.count("n_base"), alpha, beta)?;
    Some(json!({"p_canary_gt_base": canary.p_greater(&base)}))
}

fn wald(i: &Input) -> Option<Value> {
    let t = Sprt::new(i.number("p0"), i.number("p1"), i.number("alpha"), i.number("beta"))?;
    let (mut llr, mut decision, mut stopped_at) = (0.0, SprtDecision::Continue, None);
    for (index, error) in i.numbers("errors").iter().enumerate() {
        llr += t.batch(u64::from(*error != 0.0), 1);
        decision = t.decide(llr);
        if decision != SprtDecision::Continue {
            stopped_at = Some(index + 1);
            break;
        }
    }
    let decision = match decision {
        SprtDecision::RejectH0 => "reject_h0",
        SprtDecision::AcceptH0 => "accept_h0",
        SprtDecision::Continue => "continue",
    };
    Some(json!({
        "log_a": t.log_a, "log_b": t.log_b, "llr_error": t.llr_error, "llr_ok": t.llr_ok,
        "decision": decision, "stopped_at": stopped_at, "llr_at_stop": llr,
    }))
}

fn mixture(i: &Input) -> Option<Value> {
    let (variance, tau2) = (i.number("variance"), i.number("tau2"));
    let m = msprt_normal(i.number("mean_diff"), i.count("n"), variance, tau2, i.number("alpha"))?;
    Some(json!({"lambda_n": m.lambda, "p_now": m.p_now, "ci_half_width": m.half_width}))
}

fn cusum(i: &Input) -> Option<Value> {
    let count = |v: &Value| v.as_u64().expect("a count");
    let batches: Vec<(u64, u64)> =
        i.array("batches_errors_total").iter().map(|b| (count(&b[0]), count(&b[1]))).collect();
    let path = cusum_bernoulli(i.number("p0"), i.number("p1"), &batches)?;
    let alarm = path.iter().position(|s| *s >= i.number("h"));
    Some(json!({"path": path, "first_alarm_index": alarm}))
}

fn looks(i: &Input) -> Option<Value> {
    let plan = group_sequential(i.count("looks") as usize, i.number("alpha"))?;
    Some(json!({
        "pocock_constant": plan.pocock, "obf_final_constant": plan.obrien_fleming.last(),
        "obf_bounds": plan.obrien_fleming, "naive_type1": plan.naive_error,
        "spend_obf": plan.spend_obrien_fleming, "spend_pocock": plan.spend_pocock,
    }))
}
