//! Annotations of ingress-nginx on an Ingress: canaries, cookies, tries.
//!
//! Which annotations there are, and what is taken for a wrong value, is said by
//! `internal/ingress/annotations` of kubernetes/ingress-nginx; what becomes of a request by its
//! `rootfs/etc/nginx/lua/balancer.lua`. Deliberately unknown here: which Ingress a canary belongs
//! to.

use crate::draft::{integer, list, text};
use crate::fields::{Fields, Manifest};
use crate::rule::{Match, Setting, put};
use crate::scalars;
use windtunnel_base::node::Node;

/// An annotation of ingress-nginx, by its name.
macro_rules! own {
    ($name:literal) => {
        concat!("nginx.ingress.kubernetes.io/", $name)
    };
}

/// Where an annotation stands in an Ingress.
macro_rules! at {
    ($name:literal) => {
        concat!("metadata.annotations.nginx.ingress.kubernetes.io/", $name)
    };
}

/// Where the weight of a canary stands.
pub const WEIGHT: &str = at!("canary-weight");
/// Where its header stands.
pub const HEADER: &str = at!("canary-by-header");
/// Where its cookie stands.
pub const COOKIE: &str = at!("canary-by-cookie");
/// Where it says what becomes of users with a session.
pub const BEHAVIOR: &str = at!("affinity-canary-behavior");

/// How long a cookie without an age lasts: as long as the browser, or the longest flight.
const BROWSER: &str = "720h";

/// What the annotations say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Nginx {
    /// Is any of them given?
    pub given: bool,
    /// Whom the Ingress takes from another one.
    pub canary: Option<Canary>,
    /// How long a cookie keeps users at a pod, if there is one.
    pub cookie: Option<String>,
    /// Are users of a canary drawn anew for each request, cookie or not?
    pub legacy: bool,
    /// What they ask of the balancer.
    pub settings: Vec<Setting>,
}

/// Whom a canary takes, in the order in which it is asked: header, cookie, weight.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Canary {
    /// Who sends this meets the canary.
    pub matches: Vec<Match>,
    /// Is a cookie the first that is asked for, and no header?
    pub by_cookie: bool,
    /// Share of all others, of `total`.
    pub weight: u64,
    /// The weight of everything.
    pub total: u64,
}

/// Reads the annotations.
pub fn read(f: &mut Fields<'_>) -> Nginx {
    let on = "this Ingress divides the requests of the main one: same host, path and pathType";
    let on = f.opt_scalar(own!("canary"), "\"true\" or \"false\"", on, flag);
    let canary = canary(f);
    let asked = canary.weight > 0 || !canary.matches.is_empty();
    if on != Some(true) && asked && !f.describing() {
        let name = if f.has(own!("canary-weight")) {
            own!("canary-weight")
        } else {
            own!("canary-by-header")
        };
        // `canary.Parse`: "configured but not enabled".
        let why = "ingress-nginx: canary is configured but not enabled: nothing is divided";
        f.flown_otherwise(name, why.to_string(), "nginx.ingress.kubernetes.io/canary: \"true\"");
    }
    let mut settings = Vec::new();
    let cookie = affinity(f, &mut settings);
    let behaviour = "sticky: users stay at the side that has given them its cookie; legacy: each \
        request is drawn anew";
    let behaviour =
        f.opt_choice(own!("affinity-canary-behavior"), &["sticky", "legacy"], behaviour);
    tries(f, &mut settings);
    not_flown(f);
    let given = f.names().iter().any(|name| name.starts_with(own!("")) && f.has(name));
    if f.describing() {
        settings.clear();
    }
    let canary = on.filter(|on| *on).map(|_| canary);
    Nginx { given, canary, cookie, legacy: behaviour == Some(1), settings }
}

fn canary(f: &mut Fields<'_>) -> Canary {
    let weight = "share of the requests that no header or cookie decides, of the total";
    let weight = f.opt_scalar(own!("canary-weight"), "whole number in quotes", weight, number);
    let total = "the weight of everything; left out: 100, and so is what is less";
    let total = f.opt_scalar(own!("canary-weight-total"), "whole number in quotes", total, number);
    if total.is_some_and(|total| total < 100) && !f.describing() {
        let why = "ingress-nginx takes 100 for a total below it (balancer.lua)".to_string();
        f.flown_otherwise(own!("canary-weight-total"), why, "a total of 100 or more");
    }
    let sent = "who sends `always` (or the value, or what matches the pattern) meets the canary: \
        spec.traffic.headerShare";
    let header = f.opt_text(own!("canary-by-header"), sent);
    let value = f.opt_text(own!("canary-by-header-value"), "the value, in place of `always`");
    let pattern = "in place of a value; with a value beside it nobody asks for it";
    f.opt_text(own!("canary-by-header-pattern"), pattern);
    if value.is_some() && f.has(own!("canary-by-header-pattern")) && !f.describing() {
        let why = "ingress-nginx does not ask for the pattern beside a value".to_string();
        f.flown_otherwise(own!("canary-by-header-pattern"), why, "one of the two");
    }
    for name in [own!("canary-by-header-value"), own!("canary-by-header-pattern")] {
        if header.is_none() && f.has(name) && !f.describing() {
            let why = "without canary-by-header ingress-nginx asks for no value".to_string();
            f.flown_otherwise(name, why, "name the header too");
        }
    }
    let sent = "who sends the cookie with `always` meets the canary: spec.traffic.headerShare";
    let cookie = f.opt_text(own!("canary-by-cookie"), sent);
    let total = total.unwrap_or(100).max(100);
    let by_cookie = header.is_none() && cookie.is_some();
    let named = header.into_iter().chain(cookie.map(|cookie| format!("the cookie {cookie}")));
    let matches = named.map(|name| Match { headers: vec![name], other: false }).collect();
    Canary { matches, by_cookie, weight: weight.unwrap_or(0).min(total), total }
}

/// Cookies that keep users at a pod.
fn affinity(f: &mut Fields<'_>, settings: &mut Vec<Setting>) -> Option<String> {
    let kept = "a user's requests stay with a pod while it is there (policy: sticky)";
    let on = f.opt_choice(own!("affinity"), &["cookie"], kept);
    let modes = ["balanced", "persistent", "persistent-drainable"];
    let mode = "persistent: as it is flown; balanced moves some users when pods come";
    let mode = f.opt_choice(own!("affinity-mode"), &modes, mode);
    let age = "how long the cookie lasts (stickyFor); left out: as long as the browser";
    let age_of = |f: &mut Fields<'_>, name| {
        f.opt_scalar(name, "seconds in quotes", age, number).filter(|secs| *secs > 0)
    };
    let expires = age_of(f, own!("session-cookie-expires"));
    let secs = age_of(f, own!("session-cookie-max-age")).or(expires);
    let names = [
        own!("session-cookie-name"),
        own!("session-cookie-path"),
        own!("session-cookie-domain"),
        own!("session-cookie-samesite"),
        own!("session-cookie-secure"),
    ];
    f.no_effect(&names, "every user keeps the cookie");
    f.not_flown(&[own!("session-cookie-change-on-failure")], "a cookie stays with its pod");
    on?;
    if mode.is_none_or(|mode| mode == 0) {
        let source = "affinity-mode balanced moves some users to pods that come, which is not \
            flown; persistent moves none";
        f.assume(own!("affinity"), "users keep their pod while it is there", source, false);
    }
    let lasts = secs.map_or(BROWSER.to_string(), |secs| format!("{secs}s"));
    put(settings, at!("affinity"), "policy", Some(text("sticky")));
    put(settings, at!("affinity"), "stickyFor", Some(text(lasts.clone())));
    Some(lasts)
}

/// Which failures are tried again on another pod.
fn tries(f: &mut Fields<'_>, settings: &mut Vec<Setting>) {
    let most = "tries in all (spec.service.balancer.retries has one less); left out: 3";
    let most =
        f.opt_scalar(own!("proxy-next-upstream-tries"), "whole number in quotes", most, number);
    let most = most.map(|tries| integer(tries.saturating_sub(1).min(10)));
    put(settings, at!("proxy-next-upstream-tries"), "retries", most);
    let which = "failures that are tried again (spec.service.balancer.retryOn)";
    let words = f.opt_text(own!("proxy-next-upstream"), which);
    let Some(words) = words else { return };
    if words.trim() == "off" {
        put(settings, at!("proxy-next-upstream"), "retries", Some(integer(0)));
        return;
    }
    let known = [
        ("error", "connect-failure"),
        ("http_500", "500"),
        ("http_502", "gateway-error"),
        ("http_503", "503"),
        ("http_504", "gateway-error"),
    ];
    let word = |own: &str| known.iter().find(|(name, _)| *name == own).map(|(_, word)| *word);
    let mut words: Vec<&str> = words.split_whitespace().filter_map(word).collect();
    words.dedup();
    let words = list(words.into_iter().map(text).collect());
    put(settings, at!("proxy-next-upstream"), "retryOn", Some(words));
}

/// What would change figures, and is not flown.
fn not_flown(f: &mut Fields<'_>) {
    let other = "requests go to pods in turn";
    f.not_flown(&[own!("load-balance"), own!("upstream-hash-by"), own!("service-upstream")], other);
    let limits = [own!("limit-rps"), own!("limit-rpm"), own!("limit-connections")];
    f.not_flown(&limits, "every request is let through");
    let times = [
        own!("proxy-connect-timeout"),
        own!("proxy-read-timeout"),
        own!("proxy-send-timeout"),
        own!("proxy-next-upstream-timeout"),
    ];
    f.not_flown(&times, "a request waits as long as the client does");
    let mirrors = [own!("mirror-target"), own!("mirror-host"), own!("mirror-request-body")];
    f.not_flown(&mirrors, "no copies are sent");
    let elsewhere =
        [own!("permanent-redirect"), own!("temporal-redirect"), own!("default-backend")];
    f.not_flown(&elsewhere, "requests go to the Service of their path");
    let text = [own!("configuration-snippet"), own!("server-snippet")];
    f.not_flown(&text, "nginx's own language is not read");
}

/// What Go's `strconv.ParseBool` takes, as text.
fn flag(node: &Node) -> Result<bool, String> {
    match scalars::text(node)?.as_str() {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err("\"true\" or \"false\"".into()),
    }
}

fn number(node: &Node) -> Result<u64, String> {
    let digits = scalars::text(node)?;
    let number = digits.trim().parse().ok().filter(|number| *number <= 1_000_000_000);
    number.ok_or_else(|| "a whole number from 0, in quotes".to_string())
}
