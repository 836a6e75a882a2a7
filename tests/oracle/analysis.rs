//! Runners over `windtunnel::analysis`: counts, hashes, histograms, budgets.

use super::{Family, Input, number};
use serde_json::{Map, Value, json};
use windtunnel::analysis::bucket::md5_bucket;
use windtunnel::analysis::promql::eval::{Bucket, bucket_quantile};
use windtunnel::base::maths;
use windtunnel::base::special::{binomial_tails, normal_quantile, normal_sf};
use windtunnel::stats::binomial::threshold_check;
use windtunnel::stats::burn_rate::BurnRule;
use windtunnel::stats::diffy;
use windtunnel::stats::proportions::two_proportions;
use windtunnel::stats::srm::sample_ratio;

pub const FAMILIES: &[Family] = &[
    Family::exact("binomial_tail", tail),
    Family::exact("threshold_check", check),
    Family::exact("two_proportion_z", proportions),
    Family::exact("srm_chi_square", ratio),
    Family::exact("md5_bucket", md5),
    Family::exact("histogram_quantile", histogram),
    // A difference of neighbours: the input's own ten digits move it this far.
    Family { name: "p99_bucket_bias", loose: (&[".relative_error"], 2e-9), run: bias },
    Family::exact("diffy_field", field),
    Family::exact("burn_rate", burn),
];

fn tail(i: &Input) -> Option<Value> {
    let (below, at_least) = binomial_tails(i.count("k"), i.count("n"), i.number("p"));
    Some(json!({"p_ge": at_least, "p_lt": below}))
}

fn check(i: &Input) -> Option<Value> {
    let min = i.number("min_success_percent");
    let c = threshold_check(i.count("requests"), i.number("error_rate"), min)?;
    Some(json!({"max_errors_passing": c.most_errors_passing, "p_check_fails": c.p_fails}))
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
        bounds.iter().map(|b| normal_sf((mu - maths::ln(*b)) / sigma)).collect();
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

fn burn(i: &Input) -> Option<Value> {
    let rule = BurnRule {
        slo: i.number("slo"),
        burn: i.number("burn"),
        long_window_secs: i.number("long_window_s"),
        short_window_secs: i.number("short_window_s"),
    };
    let (ratio, ends) = (i.number("error_ratio"), i.number("duration_s"));
    // Averages over windows that end at `t`, of an error ratio that jumps up at 0.
    let fires = |t: f64| {
        let average = |window: f64| ratio * (t.min(ends) - (t - window).max(0.0)).max(0.0) / window;
        rule.fires(average(rule.long_window_secs), average(rule.short_window_secs))
    };
    let longest = rule.long_window_secs.max(rule.short_window_secs);
    let looks = || 0..=(ends + longest) as u32;
    let first = looks().map(f64::from).find(|t| fires(*t));
    let last = looks().rev().map(f64::from).find(|t| fires(*t));
    Some(json!({
        "threshold_error_ratio": rule.threshold(),
        "detect_s": first.map(|t| turn(&fires, t, t - 1.0)),
        "reset_after_end_s": last.map(|t| turn(&fires, t, t + 1.0) - ends),
    }))
}

/// Where an alert that fires at `fires_at` and not at `silent` turns.
fn turn(fires: &impl Fn(f64) -> bool, mut fires_at: f64, mut silent: f64) -> f64 {
    for _ in 0..60 {
        let middle = f64::midpoint(fires_at, silent);
        if fires(middle) { fires_at = middle } else { silent = middle }
    }
    fires_at
}
