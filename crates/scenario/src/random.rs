//! Small random scenarios that are valid, made from the catalogue: the swarm test flies them.
//!
//! Every field of every part takes part with some probability, so that a new part is in the swarm
//! as soon as it is in its list. Only what the catalogue cannot tell (fields that depend on each
//! other, figures that would make a flight long) is written down here.

use super::describe::{Entry, MANIFEST, catalogue, group_of, part_names};
use windtunnel_base::random::Stream;
use windtunnel_base::settings::{FieldSpec, SettingKind, is_inline};
use windtunnel_model::analysis::check::judge::JUDGES;

/// Settings of a fault of which only one may be given.
const TRIGGERS: [&str; 6] =
    ["afterRelease", "atProgress", "aboveFleet", "onMixedVersions", "onRollback", "randomly"];

/// Fields that are left to their defaults: they would make flights long or need a file.
const LEFT_OUT: [&str; 8] =
    ["expect", "buckets", "replications", "file", "name", "count", "capacity", "bad"];

/// The YAML text of a random scenario: at most 10 minutes, few users, every kind of part.
pub fn random_valid(stream: &mut Stream) -> String {
    // A manifest is a file of its own.
    let entries: Vec<Entry> = catalogue().into_iter().filter(|e| e.name != MANIFEST).collect();
    let mut random = Random { stream, entries: &entries, routes: 1 };
    random.routes = 1 + random.below(4);
    let document = random.document();
    format!("# A random scenario of the swarm test.\n{document}\n")
}

struct Random<'a> {
    stream: &'a mut Stream,
    entries: &'a [Entry],
    routes: u32,
}

impl Random<'_> {
    fn below(&mut self, bound: u32) -> u32 {
        self.stream.below(bound.max(1))
    }

    fn chance(&mut self, probability: f64) -> bool {
        self.stream.uniform() < probability
    }

    fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len() as u32) as usize]
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.stream.uniform()
    }

    fn secs(&mut self, low: u32, high: u32) -> String {
        format!("{}s", low + self.below(high - low + 1))
    }

    fn document(&mut self) -> String {
        let entries = self.entries;
        let Some(document) = entries.iter().find(|e| e.group == "scenario") else {
            return String::new();
        };
        let fields = self.fields(document, "", 0);
        fields.iter().map(|(name, value)| format!("{name}: {value}\n")).collect()
    }

    /// A mapping in flow style.
    fn mapping(&mut self, part: &Entry, prefix: &str, depth: u32) -> String {
        let fields = self.fields(part, prefix, depth);
        let fields: Vec<String> = fields.iter().map(|(n, v)| format!("{n}: {v}")).collect();
        format!("{{{}}}", fields.join(", "))
    }

    /// Random fields directly below `prefix`.
    fn fields(&mut self, part: &Entry, prefix: &str, depth: u32) -> Vec<(String, String)> {
        let mut given = Vec::new();
        for field in &part.fields {
            let below = field.path.strip_prefix(prefix).filter(|n| !n.contains('.'));
            let Some(name) = below.filter(|name| !name.is_empty()) else { continue };
            if let Some(value) = self.field(part, field, name, depth) {
                given.push((name.to_string(), value));
            }
        }
        self.settle(part, &mut given);
        given
    }

    /// The value of a field, or nothing when it is left out.
    fn field(&mut self, part: &Entry, field: &FieldSpec, name: &str, depth: u32) -> Option<String> {
        let known = priced(&field.path).or_else(|| self.known(part, name));
        let must = known.is_some() || matches!(field.kind, SettingKind::Object) || field.required;
        if (LEFT_OUT.contains(&name) && known.is_none()) || !(must || self.chance(0.35)) {
            return None;
        }
        known.unwrap_or_else(|| self.value(part, field, name, depth))
    }

    /// Values that the kind of a field cannot tell; the inner nothing leaves the field out.
    fn known(&mut self, part: &Entry, name: &str) -> Option<Option<String>> {
        let some = |value: String| Some(Some(value));
        match (part.group, part.name, name) {
            ("check" | "judge", ..) => self.known_of_check(part, name),
            ("strategy", ..) => self.known_of_strategy(part, name),
            ("scenario", _, "name") => some("swarm".into()),
            ("scenario", _, "apiVersion") => some(super::read::API_VERSION.into()),
            ("scenario", _, "kind") => some(super::read::KIND.into()),
            ("scenario", _, "horizon") => some(self.secs(120, 600)),
            ("scenario", _, "at") => some(self.secs(10, 60)),
            ("scenario", _, "replicas") => some((1 + self.below(12)).to_string()),
            ("scenario", _, "minReplicas") => some((1 + self.below(3)).to_string()),
            ("scenario", _, "over" | "minDomains" | "access") => Some(placed(name)),
            ("scenario", _, "maxReplicas") => some((3 + self.below(12)).to_string()),
            ("scenario", _, "minAvailable") => some(self.pick(&["1", "50%", "100%"]).into()),
            ("scenario", _, "maxUnavailable") => Some(None),
            // No interval of telemetry is below it.
            ("scenario", _, "scrapeEvery") => some("1s".into()),
            ("scenario", _, "users") => some((50 + self.below(2000)).to_string()),
            ("scenario", _, "grace") => some(self.secs(21, 60)),
            ("scenario", _, "preStop") => some(self.secs(0, 20)),
            ("scenario", _, "long") => some(self.secs(60, 300)),
            ("scenario", _, "short") => some(self.secs(10, 60)),
            ("scenario", _, "success") => some(format!("{}%", 90 + self.below(10))),
            ("scenario", _, "routes") => some(self.route_list()),
            ("scenario", _, "variants") => some(self.variants()),
            ("scenario", _, "strategies") => some(self.strategies()),
            ("scenario", _, "retryOn") => {
                some(self.pick(&["[5xx]", "[gateway-error, '500']", "[]", "[reset]"]).into())
            }
            ("scenario", _, "latency") => some(format!("{}ms", 1 + self.below(50))),
            ("scenario", _, "timeout") => some(self.secs(1, 10)),
            ("traffic", "bursts", "every") => some(self.secs(60, 120)),
            ("traffic", "bursts", "length") => some(self.secs(1, 10)),
            ("traffic", "bursts", "first") => some(self.secs(0, 30)),
            ("traffic", "piecewise", "period") => some(self.secs(201, 400)),
            ("traffic", "closedLoop", "sessions") => some((1 + self.below(20)).to_string()),
            ("traffic", "piecewise", "steps") => {
                let (later, rate) = (self.secs(20, 200), self.rate());
                some(format!("[{{at: 0s, rate: {rate}}}, {{at: {later}, rate: 5/s}}]"))
            }
            ("scenario", _, "schedulingTimes") => some("[1s, 3s, 500ms]".into()),
            ("defect" | "chaos", _, "route") => {
                let route = self.below(self.routes);
                let required = part.fields.iter().any(|f| f.path == "route" && f.required);
                let wanted = required || self.chance(0.3);
                Some(wanted.then(|| format!("r{route}")))
            }
            ("defect" | "chaos", "latency", "add") => some(self.secs(1, 2)),
            ("defect" | "chaos", "podKill" | "nodeLoss" | "nodeDrain", "count") => {
                some((1 + self.below(3)).to_string())
            }
            ("defect" | "chaos", _, "zone") => Some(self.chance(0.1).then(|| "1".to_string())),
            _ => None,
        }
    }

    /// The same of strategies.
    fn known_of_strategy(&mut self, part: &Entry, name: &str) -> Option<Option<String>> {
        let some = |value: String| Some(Some(value));
        match (part.group, part.name, name) {
            ("strategy", _, "orders") => some(self.orders(part.name)),
            ("strategy", _, "maxSurge") => some(self.pick(&["1", "25%", "100%"]).into()),
            ("strategy", _, "maxUnavailable") => some(self.pick(&["0", "1", "50%"]).into()),
            ("strategy", "argoCanary", "steps") => some(
                self.pick(&[
                    "[]",
                    "[{setWeight: 20}, {pause: {duration: 20s}}]",
                    "[{setWeight: 5}, {pause: {duration: 5s}}, {setWeight: 60}, {pause: {}}]",
                    "[{setCanaryScale: {replicas: 2}}, {pause: {}}, {setWeight: 50}]",
                    "[{setWeight: 30}, {plugin: {name: p, takes: 5s, answers: 70%}}]",
                    "[{experiment: {duration: 20s, templates: [{name: a, specRef: stable}, \
                     {name: b, weight: 20}]}}, {setWeight: 50}]",
                ])
                .into(),
            ),
            ("strategy", _, "steps") => some(
                self.pick(&["[50%]", "[1%, 100%]", "[5%, 30%, 60%]", "[20%, 40%, 100%]"]).into(),
            ),
            _ => None,
        }
    }

    /// Orders that the strategy takes.
    fn orders(&mut self, strategy: &str) -> String {
        let orders = match strategy {
            "flagger" => ["[40s undo]"; 3],
            "rollingUpdate" | "recreate" => {
                ["[5s pause, 30s resume]", "[9s undo]", "[4s scale 7, 30s scale 2]"]
            }
            _ => ["[20s abort, 50s retry]", "[9s undo]", "[30s promote, 1m scale 7]"],
        };
        self.pick(&orders).into()
    }

    /// The same of checks and their judges.
    fn known_of_check(&mut self, part: &Entry, name: &str) -> Option<Option<String>> {
        let some = |value: String| Some(Some(value));
        match (part.group, part.name, name) {
            ("check", "query", "query") => some("'sum(rate(http_requests_total[2m]))'".into()),
            ("check", "query", "failsWhen") => {
                some(self.pick(&["'> 5'", "'< 1'", "'!= 0'"]).into())
            }
            ("check", "query", "stableQuery") => {
                some("'sum(rate(http_requests_total{version=\"old\"}[2m]))'".into())
            }
            ("check", "errorRate" | "conversion", "judge") => {
                Some(if self.chance(0.5) { self.part(&part_names(JUDGES), 1) } else { None })
            }
            ("check", "cpu" | "query", "judge") => {
                let judges = ["", "{relative: {atMost: 120}}", "{kayenta: {points: 3}}"];
                Some(Some(self.pick(&judges).to_string()).filter(|judge| !judge.is_empty()))
            }
            ("check", _, "judge") | ("judge", "relative", "atLeast") => Some(None),
            ("judge", "relative", "atMost") => some("120".into()),
            ("judge", "kOfN", "judge") => {
                let judges = ["", "sprt", "{threshold: {failsWhen: '> 1%'}}", "betaBinomial"];
                Some(Some(self.pick(&judges).to_string()).filter(|judge| !judge.is_empty()))
            }
            ("judge", "kOfN", "failed") => some((1 + self.below(3)).to_string()),
            ("judge", "kOfN", "of") => some((3 + self.below(3)).to_string()),
            ("judge", "kayenta", "points") => some((2 + self.below(9)).to_string()),
            ("judge", "kayenta", "outlierFactor") | ("judge", _, "unsureAbove") => Some(None),
            ("judge", "burnRate", "pairs") => {
                some("[{long: 5m, short: 1m, burn: 10}, {long: 10m, short: 2m, burn: 3}]".into())
            }
            ("judge", _, "good") => some("1%".into()),
            ("judge", _, "bad") => some(self.pick(&["2%", "5%", "30%"]).into()),
            ("judge", _, "errorProbability") => some(self.pick(&["0.1%", "1%", "10%"]).into()),
            ("judge", _, "missProbability") => some("10%".into()),
            ("judge", _, "failsAbove") => some(self.pick(&["95%", "99%"]).into()),
            ("judge", _, "failsWhen") => some(self.pick(&["'> 1%'", "'< 0.5'"]).into()),
            _ => None,
        }
    }

    fn value(&mut self, part: &Entry, field: &FieldSpec, name: &str, depth: u32) -> Option<String> {
        Some(match &field.kind {
            SettingKind::Duration => self.secs(1, 60),
            SettingKind::Share if name == "confidence" || name == "quantile" => {
                format!("{}%", 50 + self.below(50))
            }
            SettingKind::Share => format!("{}%", 1 + self.below(99)),
            SettingKind::Rate if name == "randomly" => format!("{}/h", 1 + self.below(60)),
            SettingKind::Rate => self.rate(),
            SettingKind::Money => format!("${}", self.below(10)),
            SettingKind::Price => format!("${:.2}/h", self.between(0.0, 0.2)),
            // Steps go up to 60 of it.
            SettingKind::Count(..) if name == "maxTrafficWeight" => {
                self.pick(&["100", "1000"]).into()
            }
            SettingKind::Count(min, max) => {
                let most = (*max).min(min + 20) - min + 1;
                (min + u64::from(self.below(most as u32))).to_string()
            }
            SettingKind::Number(min, max) => {
                let usual = field.default.as_deref().and_then(|d| d.parse().ok()).unwrap_or(*min);
                let high = f64::max(usual * 2.0, min + 1e-3).min(*max);
                format!("{:.4}", self.between((usual / 2.0).max(*min), high).clamp(*min, *max))
            }
            SettingKind::Flag => self.chance(0.5).to_string(),
            SettingKind::Distribution => self.distribution(name),
            SettingKind::Choice(words) => self.pick(words).to_string(),
            SettingKind::Object | SettingKind::OptObject => {
                self.mapping(part, &format!("{}.", field.path), depth)
            }
            SettingKind::ObjectOr(word) if self.chance(0.2) => word.to_string(),
            SettingKind::ObjectOr(_) => self.mapping(part, &format!("{}.", field.path), depth),
            SettingKind::Part(names) => self.part(names, depth + 1)?,
            SettingKind::Parts(names) => {
                let parts: Vec<String> =
                    (0..self.below(3)).filter_map(|_| self.part(names, depth + 1)).collect();
                format!("[{}]", parts.join(", "))
            }
            SettingKind::Text | SettingKind::Texts | SettingKind::List | SettingKind::Other(_) => {
                return None;
            }
        })
    }

    /// Makes fields that depend on each other agree.
    fn settle(&mut self, part: &Entry, given: &mut Vec<(String, String)>) {
        if given.iter().any(|(name, value)| name == "routing" && value == "podRatio") {
            let of_mesh = ["pods", "stickiness", "matched"];
            given.retain(|(name, _)| !of_mesh.contains(&name.as_str()));
        }
        for (first, other) in [
            ("matched", "stickiness"),
            ("compare", "noiseCopy"),
            ("routing", "noMesh"),
            ("trafficRouting", "stableServiceOnly"),
        ] {
            if given.iter().any(|(name, _)| name == first) {
                given.retain(|(name, _)| name != other);
            }
        }
        if !given.iter().any(|(name, value)| name == "policy" && value == "sticky") {
            given.retain(|(name, _)| name != "stickyFor");
        }
        if part.group == "check" {
            settle_judge(part, given);
        }
        // All pods share the node that has their volume.
        if part.group == "scenario" && given.iter().any(|(name, _)| name == "volume") {
            given.retain(|(name, _)| name == "volume");
        }
        if !matches!(part.group, "defect" | "chaos") {
            return;
        }
        let clocked = given.iter().any(|(name, _)| name == "from" || name == "until");
        let trigger = self.pick(&TRIGGERS);
        given.retain(|(name, _)| {
            let timed = name == "from" || name == "until";
            let other = TRIGGERS.contains(&name.as_str()) && (clocked || name != trigger);
            !timed && !other
        });
        // How long it lasts counts from an instant.
        let instants = ["afterRelease", "atProgress", "randomly"];
        if !given.iter().any(|(name, _)| instants.contains(&name.as_str())) {
            given.retain(|(name, _)| name != "lasts");
        }
        if clocked {
            given.push(("from".into(), self.secs(0, 60)));
        }
        if clocked && part.fields.iter().any(|field| field.path == "until") {
            given.push(("until".into(), self.secs(61, 300)));
        }
    }

    /// A part by its name, with random settings or none.
    fn part(&mut self, names: &[&'static str], depth: u32) -> Option<String> {
        let group = group_of(names)?;
        let entries = self.entries;
        let usable = |e: &&Entry| e.group == group && !e.fields.iter().any(|f| f.path == "file");
        let parts: Vec<&Entry> = entries.iter().filter(usable).collect();
        if depth > 2 {
            return names.first().map(ToString::to_string);
        }
        let part = self.pick(&parts);
        let settings = self.mapping(part, "", depth);
        Some(if is_inline(part.name, &part.fields) {
            settings
        } else {
            format!("{{{}: {settings}}}", part.name)
        })
    }

    fn rate(&mut self) -> String {
        format!("{:.2}/s", self.between(0.5, 20.0))
    }

    fn distribution(&mut self, name: &str) -> String {
        let mean = match name {
            "serviceTime" => self.between(0.005, 0.1),
            "propagation" | "scheduling" => self.between(0.1, 3.0),
            _ => self.between(1.0, 20.0),
        };
        let ms = |factor: f64| format!("{:.0}ms", mean * factor * 1000.0);
        match self.below(6) {
            0 => ms(1.0),
            1 => format!("{{uniform: {{min: {}, max: {}}}}}", ms(0.5), ms(1.5)),
            2 => format!("{{exponential: {{mean: {}}}}}", ms(1.0)),
            3 => format!("{{lognormal: {{mean: {}, cv: 1.2}}}}", ms(1.0)),
            4 => format!("{{lognormal: {{median: {}, p99: {}}}}}", ms(1.0), ms(3.0)),
            _ => format!("{{pareto: {{min: {}, alpha: 2.5}}}}", ms(0.6)),
        }
    }

    /// Whole percentages that come to 100.
    fn shares(&mut self, count: u32) -> Vec<u32> {
        let mut left = 100;
        let mut shares = Vec::new();
        for i in 1..count {
            let share = 1 + self.below(left - (count - i));
            shares.push(share);
            left -= share;
        }
        shares.push(left);
        shares
    }

    fn route_list(&mut self) -> String {
        let shares = self.shares(self.routes);
        let mut routes = Vec::new();
        for (i, share) in shares.iter().enumerate() {
            let (time, write) = (self.distribution("serviceTime"), self.chance(0.3));
            let (errors, value) = (self.between(0.0, 2.0), self.below(3));
            routes.push(format!(
                "{{name: r{i}, share: {share}%, write: {write}, serviceTime: {time}, \
                 errors: {errors:.2}%, value: ${value}}}"
            ));
        }
        format!("[{}]", routes.join(", "))
    }

    fn variants(&mut self) -> String {
        let defects: Vec<&str> =
            self.entries.iter().filter(|e| e.group == "defect").map(|e| e.name).collect();
        let share = 1 + self.below(99);
        let faults: Vec<String> =
            (0..=self.below(2)).filter_map(|_| self.part(&defects, 1)).collect();
        format!(
            "[{{name: good, share: {}%}}, {{name: bad, share: {share}%, faults: [{}]}}]",
            100 - share,
            faults.join(", ")
        )
    }

    fn strategies(&mut self) -> String {
        let entries = self.entries;
        let kinds: Vec<&Entry> = entries.iter().filter(|e| e.group == "strategy").collect();
        let mut plans = Vec::new();
        for i in 0..=self.below(3) {
            let kind = self.pick(&kinds);
            let mut fields = self.fields(kind, "", 1);
            fields.insert(0, ("name".into(), format!("s{i}")));
            let fields: Vec<String> = fields.iter().map(|(n, v)| format!("{n}: {v}")).collect();
            plans.push(format!("{{{}: {{{}}}}}", kind.name, fields.join(", ")));
        }
        format!("[{}]", plans.join(", "))
    }
}

/// Prices that others need beside them, and whom they compare.
fn priced(path: &str) -> Option<Option<String>> {
    let value = match path {
        "spec.baseline" => "s0",
        "spec.prices.engineer" | "spec.prices.delay" => "$90/h",
        "spec.prices.lostUser" => "{share: 1%, value: $50}",
        _ => return None,
    };
    Some(Some(value.to_string()))
}

/// Rules of placement under which every fleet can stand.
fn placed(name: &str) -> Option<String> {
    let value = match name {
        "over" => "node",
        "minDomains" => "0",
        _ => "ReadWriteOnce",
    };
    Some(value.to_string())
}

/// Leaves out what the judge of a check has no use for.
fn settle_judge(check: &Entry, given: &mut Vec<(String, String)>) {
    let judge = given.iter().find(|(name, _)| name == "judge").map(|(_, text)| text.clone());
    let begins = |name: &str| {
        judge.as_ref().is_some_and(|judge| judge.trim_start_matches('{').starts_with(name))
    };
    let compares = check.name == "query" && (begins("relative") || begins("kayenta"));
    let own_limit = begins("kOfN") && !judge.iter().any(|text| text.contains("judge:"));
    let counts = !["relative", "kayenta", "threshold"].iter().any(|name| begins(name));
    let limits = ["max", "min", "overStable", "percentOfStable", "failsWhen"];
    given.retain(|(name, _)| match name.as_str() {
        "stableQuery" => compares,
        _ if judge.is_none() || own_limit => true,
        "window" => !counts,
        name => !limits.contains(&name),
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::read;
    use windtunnel_base::random::{Purpose, Streams};

    #[test]
    fn random_scenarios_are_valid_small_and_use_every_part() {
        let mut all = String::new();
        let text_of = |seed| random_valid(&mut Streams::new(seed, 0).stream(Purpose::Swarm, 0));
        for seed in 0..600 {
            let text = text_of(seed);
            let (scenarios, _) = read(&text, "swarm.yaml").unwrap_or_else(|problems| {
                let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
                panic!("seed {seed}\n{}\n{text}", problems.join("\n"))
            });
            assert_eq!(scenarios.len(), 1);
            assert!(scenarios[0].horizon.as_secs_f64() <= 600.0);
            assert!(scenarios[0].traffic.users <= 2050);
            assert!(scenarios[0].expected_requests() < 200_000.0, "seed {seed}\n{text}");
            all += &text;
        }
        // Every further part makes the others rarer: more texts are made than are read.
        let mut later = (600..6_000).map(text_of);
        for entry in catalogue()
            .iter()
            .filter(|e| !["trace", "Scenario", "Textbook", MANIFEST].contains(&e.name))
        {
            let used = all.contains(entry.name)
                || later.any(|text| {
                    all += &text;
                    text.contains(entry.name)
                });
            assert!(used, "{} {} is never used", entry.group, entry.name);
        }
    }
}
