//! Runners over `windtunnel::stats` and the arithmetic it shares.

use super::{Family, Input};
use serde_json::{Map, Value, json};
use windtunnel::base::distribution::Distribution;
use windtunnel::stats::interval::{Interval, clopper_pearson, t_ci, t_quantile, wilson};
use windtunnel::stats::mixture::{Stratum, quantile_interval_of_mix};
use windtunnel::stats::theory::{Mmc, erlang_b, erlang_c, mg1, sticky_exposure};

pub const FAMILIES: &[Family] = &[
    Family::exact("wilson", |i| share(i, wilson)),
    Family::exact("clopper_pearson", |i| share(i, clopper_pearson)),
    Family::exact("t_ci", mean),
    Family::exact("t_quantile", |i| Some(json!({"t": t_quantile(i.number("p"), i.number("df"))}))),
    Family::exact("paired_t_crn", paired),
    Family::exact("quantile_order_statistics", ranks),
    Family::exact("erlang", erlang),
    Family::exact("mmc", mmc),
    Family::exact("mg1", pollaczek),
    Family::exact("sticky_exposure", sticky),
];

fn share(i: &Input, make: fn(u64, u64, f64) -> Option<Interval>) -> Option<Value> {
    let interval = make(i.count("successes"), i.count("n"), i.number("confidence"))?;
    Some(json!({"lower": interval.lower, "upper": interval.upper}))
}

fn mean(i: &Input) -> Option<Value> {
    let ci = t_ci(&i.numbers("x"), i.number("confidence"))?;
    Some(json!({
        "mean": ci.mean, "sd": ci.sd, "t_quantile": ci.t, "half_width": ci.half_width,
        "lower": ci.interval.lower, "upper": ci.interval.upper,
    }))
}

fn paired(i: &Input) -> Option<Value> {
    let pairs = i.numbers("a").into_iter().zip(i.numbers("b"));
    let differences: Vec<f64> = pairs.map(|(a, b)| a - b).collect();
    let found = t_ci(&differences, i.number("confidence"))?;
    Some(json!({"mean_diff": found.mean, "half_width": found.half_width}))
}

fn ranks(i: &Input) -> Option<Value> {
    // Of the values 1 to n, each is its own rank.
    let values = (1..=i.count("n")).map(|rank| rank as f64).collect();
    let whole = [Stratum { weight: 1.0, values }];
    let found = quantile_interval_of_mix(&whole, i.number("q"), i.number("confidence"))?;
    let rank = |end: f64| end.is_finite().then_some(end);
    Some(json!({"lower_rank": rank(found.lower), "upper_rank": rank(found.upper)}))
}

fn erlang(i: &Input) -> Option<Value> {
    let (servers, load) = (i.count("servers"), i.number("offered_load"));
    Some(json!({"erlang_b": erlang_b(servers, load), "erlang_c": erlang_c(servers, load)}))
}

fn mmc(i: &Input) -> Option<Value> {
    let servers = i.count("servers");
    let queue = Mmc::new(i.number("arrival_rate"), i.number("service_rate"), servers)?;
    let quantiles = |of: &dyn Fn(f64) -> f64| -> Map<String, Value> {
        let entry = |q: &Value| (q.to_string(), json!(of(q.as_f64().expect("a quantile"))));
        i.array("quantiles").iter().map(entry).collect()
    };
    Some(json!({
        "p_wait": queue.p_wait, "mean_wait": queue.mean_wait(),
        "mean_sojourn": queue.mean_sojourn(),
        "sojourn_quantiles": quantiles(&|q| queue.sojourn_quantile(q)),
    }))
}

fn pollaczek(i: &Input) -> Option<Value> {
    let (kind, mean) = (i.text("distribution"), i.number("mean_service"));
    let cv = match kind {
        "deterministic" => 0.0,
        "exponential" => 1.0,
        _ => i.number("cv"),
    };
    let g = mg1(i.number("arrival_rate"), mean, cv)?;
    let (mu, sigma) = match Distribution::lognormal_mean_cv(mean, cv) {
        Distribution::Lognormal { mu, sigma } if kind == "lognormal" => (Some(mu), Some(sigma)),
        _ => (None, None),
    };
    Some(json!({
        "utilization": g.utilization, "es2": g.second_moment, "mean_wait": g.mean_wait,
        "mean_sojourn": g.mean_sojourn, "mean_queue": g.mean_queue,
        "mean_in_system": g.mean_in_system, "lognormal_mu": mu, "lognormal_sigma": sigma,
    }))
}

fn sticky(i: &Input) -> Option<Value> {
    let (mut missed, requests) = (1.0, i.number("requests_per_user_per_step"));
    let step = |weight: f64| {
        missed *= 1.0 - sticky_exposure(weight, requests);
        1.0 - missed
    };
    let shares: Vec<f64> = i.numbers("step_weights").into_iter().map(step).collect();
    Some(json!({"share_exposed_after_step": shares}))
}
