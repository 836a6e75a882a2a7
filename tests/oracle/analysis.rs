//! Runners over `windtunnel::analysis`: counts, hashes, histograms, budgets.

use super::{Family, Input, number};
use serde_json::{Map, Value, json};
use windtunnel::analysis::bucket::{md5_bucket, murmur3_bucket};
use windtunnel::analysis::promql::eval::{Bucket, bucket_quantile};
use windtunnel::base::maths;
use windtunnel::base::special::{normal_cdf, normal_quantile};
use windtunnel::stats::availability::{
    UserMinute, by_minutes, user_uptime, users_hurt, worst_window,
};
use windtunnel::stats::binomial::{
    any_of, argo_failure, binomial_tail, flagger_rollback, run_of, threshold_check,
};
use windtunnel::stats::burn_rate::BurnRule;
use windtunnel::stats::proportions::{power, sample_size, two_proportions};
use windtunnel::stats::srm::sample_ratio;
use windtunnel::stats::{cuped, diffy};

pub const FAMILIES: &[Family] = &[
    Family::exact("binomial_tail", tail),
    Family::exact("threshold_check", check),
    Family::exact("rollout_false_alarm", rollout),
    Family::exact("two_proportion_z", proportions),
    Family::exact("sample_size_two_prop", sizes),
    Family::exact("srm_chi_square", ratio),
    Family::exact("md5_bucket", md5),
    Family::exact("murmur3_bucket", murmur),
    Family::exact("histogram_quantile", histogram),
    // A difference of neighbours: the input's own ten digits move it this far.
    Family { name: "p99_bucket_bias", loose: (&[".relative_error"], 2e-9), run: bias },
    Family::exact("diffy_field", field),
    Family::exact("cuped", adjusted),
    Family::exact("burn_rate", burn),
    Family::exact("availability", available),
];

fn tail(i: &Input) -> Option<Value> {
    let t = binomial_tail(i.count("n"), i.number("p"), i.count("k"));
    Some(json!({"p_ge": t.at_least, "p_lt": t.below, "pmf": t.exactly}))
}

fn check(i: &Input) -> Option<Value> {
    let min = i.number("min_success_percent");
    let c = threshold_check(i.count("requests"), i.number("error_rate"), min)?;
    Some(json!({"max_errors_passing": c.most_errors_passing, "p_check_fails": c.p_fails}))
}

fn rollout(i: &Input) -> Option<Value> {
    let (q, count) = (i.number("p_check_fails"), i.count("argo_count"));
    let (to_pass, threshold) = (i.count("flagger_checks_to_pass"), i.count("flagger_threshold"));
    Some(json!({
        "flagger_p_rollback": flagger_rollback(q, to_pass, threshold),
        "argo_p_fail": argo_failure(q, count, i.count("argo_failure_limit")),
        "any_of_n": any_of(q, count),
        "run_of_k_in_n": run_of(q, count, i.count("consecutive")),
    }))
}

fn proportions(i: &Input) -> Option<Value> {
    let arms = ((i.count("x1"), i.count("n1")), (i.count("x2"), i.count("n2")));
    let t = two_proportions(arms.0, arms.1, 0.95)?;
    Some(json!({
        "z_pooled": t.z, "p_two_sided": t.p_two_sided, "p_greater": t.p_greater,
        "se_unpooled": t.standard_error, "wald95": [t.wald.lower, t.wald.upper],
        "newcombe95": [t.newcombe.lower, t.newcombe.upper],
    }))
}

fn sizes(i: &Input) -> Option<Value> {
    let (p1, p2, alpha) = (i.number("p1"), i.number("p2"), i.number("alpha"));
    let size = sample_size(p1, p2, alpha, i.number("power"))?;
    Some(json!({
        "n_fleiss": size.fleiss, "n_unpooled": size.unpooled,
        "power_at_n": power(p1, p2, alpha, i.number("n_per_arm"))?,
    }))
}

fn ratio(i: &Input) -> Option<Value> {
    let observed: Vec<u64> = i.numbers("observed").iter().map(|n| *n as u64).collect();
    let r = sample_ratio(&observed, &i.numbers("ratio"))?;
    Some(json!({"chi2": r.chi_square, "df": r.df, "p": r.p}))
}

fn md5(i: &Input) -> Option<Value> {
    let key = |user: &str| {
        let key = i.text("key_format").replace("{experiment}", i.text("experiment"));
        key.replace("{user}", user)
    };
    let bucket =
        |user: &&str| Some((user.to_string(), json!(md5_bucket(&key(user), i.count("modulus"))?)));
    let buckets: Option<Map<String, Value>> = i.texts("users").iter().map(bucket).collect();
    Some(json!({"bucket": buckets?}))
}

fn murmur(i: &Input) -> Option<Value> {
    assert_eq!(i.text("key_format"), "{group}:{user}", "the rule hashes this key");
    let (seed, modulus) = (i.count("seed") as u32, i.count("modulus") as u32);
    let bucket = |user: &&str| {
        Some((user.to_string(), json!(murmur3_bucket(i.text("group"), user, seed, modulus)?)))
    };
    let buckets: Option<Map<String, Value>> = i.texts("users").iter().map(bucket).collect();
    Some(json!({"bucket": buckets?}))
}

/// The evaluator's own rule, on counts per bucket with the +Inf bucket last.
fn histogram_quantile(q: f64, bounds: &[f64], counts: &[f64]) -> f64 {
    let mut count = 0.0;
    let bounds = bounds.iter().chain([&f64::INFINITY]);
    let buckets = bounds.zip(counts).map(|(bound, own)| {
        count += own;
        Bucket { bound: *bound, count }
    });
    bucket_quantile(q, buckets.collect())
}

fn histogram(i: &Input) -> Option<Value> {
    let (bounds, counts) = (i.numbers("finite_upper_bounds"), i.numbers("bucket_counts_incl_inf"));
    Some(json!({"value": number(histogram_quantile(i.number("q"), &bounds, &counts))}))
}

/// Unlimited data: bucket counts are differences of the lognormal's distribution function.
fn bias(i: &Input) -> Option<Value> {
    let (mu, sigma, q) = (i.number("lognormal_mu"), i.number("lognormal_sigma"), i.number("q"));
    let bounds = i.numbers("finite_upper_bounds");
    let mut counts: Vec<f64> =
        bounds.iter().map(|b| normal_cdf((maths::ln(*b) - mu) / sigma)).collect();
    counts.push(1.0);
    (1..counts.len()).rev().for_each(|k| counts[k] -= counts[k - 1]);
    let truth = maths::exp(mu + sigma * normal_quantile(q));
    let reported = histogram_quantile(q, &bounds, &counts);
    Some(json!({
        "true_quantile": truth, "reported": reported, "relative_error": reported / truth - 1.0,
    }))
}

fn field(i: &Input) -> Option<Value> {
    let counts = (i.count("raw_differences"), i.count("noise_differences"), i.count("total"));
    let limits = (i.number("relative_threshold"), i.number("absolute_threshold"));
    let f = diffy::field(counts.0, counts.1, counts.2, limits.0, limits.1);
    Some(json!({
        "relative_difference": f.relative_percent, "absolute_difference": f.absolute_percent,
        "shown": f.shown,
    }))
}

fn adjusted(i: &Input) -> Option<Value> {
    let c = cuped::cuped(&i.numbers("pre"), &i.numbers("post"))?;
    Some(json!({
        "theta": c.theta, "rho": c.rho, "var_post": c.variance, "var_adjusted": c.variance_adjusted,
    }))
}

fn burn(i: &Input) -> Option<Value> {
    let rule = BurnRule {
        slo: i.number("slo"),
        burn: i.number("burn"),
        long_window_secs: i.number("long_window_s"),
        short_window_secs: i.number("short_window_s"),
    };
    let outage = (i.number("error_ratio"), i.number("duration_s"));
    let a = rule.answer(outage.0, outage.1, i.number("period_s"))?;
    Some(json!({
        "threshold_error_ratio": a.threshold, "detect_s": a.detect_secs,
        "budget_spent_at_detect": a.budget_at_detect, "budget_spent_total": a.budget_total,
        "reset_after_end_s": a.reset_secs,
    }))
}

fn available(i: &Input) -> Option<Value> {
    let count = |v: &Value| v.as_u64().expect("a count");
    let minutes: Vec<(u64, u64)> =
        i.array("minutes_ok_failed").iter().map(|m| (count(&m[0]), count(&m[1]))).collect();
    let minute = |c: char| match c {
        '1' => UserMinute::Up,
        '0' => UserMinute::Down,
        '-' => UserMinute::Inactive,
        other => panic!("minute `{other}`"),
    };
    let row = |v: &Value| v.as_str().expect("a row").chars().map(minute).collect();
    let users: Vec<Vec<UserMinute>> =
        i.value("users").as_object().expect("users").values().map(row).collect();
    let by = by_minutes(&minutes, i.number("bad_minute_error_ratio_above"));
    Some(json!({
        "request_availability": by.by_requests, "bad_minutes": by.bad_minutes,
        "time_availability": by.by_minutes, "weighted_downtime_minutes": by.weighted_down_minutes,
        "user_uptime": user_uptime(&users),
        "worst_window_user_uptime": worst_window(&users, i.count("window_minutes") as usize),
        "users_hurt": users_hurt(&users),
    }))
}
