//! `Ingress`: the Service that users reach from outside, by host and path; with annotations of its
//! controller it divides requests.
//!
//! Plain rules of a path each are read here. A canary Ingress of ingress-nginx is joined with its
//! main one by [`crate::canary_ingress`].

use super::alb::{self, Alb};
use super::nginx::{self, Nginx};
use super::virtual_service::VirtualService;
use super::{Body, KindPart, metadata};
use crate::draft::{integer, list, text};
use crate::fields::{Fields, Manifest};
use crate::rule::{Destination, Match, Rule, Words, put};
use crate::scalars;
use windtunnel_base::node::Node;

/// `Ingress` for the table of kinds: versions, summary and reader.
pub const KIND: KindPart = KindPart {
    kind: "Ingress",
    group: "networking.k8s.io",
    versions: &["v1beta1", "v1"],
    summary: "the Service that users reach; canaries of ingress-nginx by weight, header, cookie",
    since: "0.5.0",
    source: "kubernetes/api networking/v1/types.go; kubernetes/ingress-nginx \
        docs/user-guide/nginx-configuration/annotations.md, rootfs/etc/nginx/lua/balancer.lua",
    read,
};

/// Its first group.
pub const OLD: KindPart = KindPart { group: "extensions", versions: &["v1beta1"], ..KIND };

/// An Ingress.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ingress {
    /// Its class, if it names one: which controller reads it.
    pub class: Option<String>,
    /// Which requests go where.
    pub paths: Vec<Path>,
    /// What ingress-nginx is told.
    pub nginx: Nginx,
    /// What the AWS load balancer controller is told.
    pub alb: Alb,
    /// Rules that come of it.
    pub routes: VirtualService,
}

/// Requests of a host and a path, and the Service that gets them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Path {
    /// Where it stands in the object.
    pub at: String,
    /// Host; empty: every one.
    pub host: String,
    /// Path; empty: every one.
    pub path: String,
    /// How the path is compared.
    pub kind: String,
    /// The Service; empty for something else.
    pub service: String,
    /// Is it no Service but an action, which an annotation of the AWS controller describes?
    pub action: bool,
}

/// How an Ingress calls its fields.
pub const WORDS: Words = Words {
    list: "",
    host: "backend.service.name",
    subset: "backend.service.name",
    weight: nginx::WEIGHT,
    mirror: "backend",
    matches: "path",
};

/// Controllers of other classes, none of which reads annotations of ingress-nginx.
const OTHERS: [&str; 9] =
    ["traefik", "alb", "haproxy", "kong", "contour", "istio", "gce", "azure", "cilium"];

impl Ingress {
    /// Does ingress-nginx read it, by its class or, without one, by its annotations?
    pub fn is_nginx(&self) -> bool {
        match &self.class {
            Some(class) if class.contains("nginx") => true,
            Some(class) => self.nginx.given && !OTHERS.iter().any(|other| class.contains(other)),
            None => self.nginx.given,
        }
    }

    /// Does the AWS load balancer controller read it?
    pub fn is_alb(&self) -> bool {
        match &self.class {
            Some(class) if class.contains("alb") => true,
            Some(class) => self.alb.given && !OTHERS.iter().any(|other| class.contains(other)),
            None => self.alb.given,
        }
    }

    /// Does it take requests from another Ingress?
    pub fn is_canary(&self) -> bool {
        self.is_nginx() && self.nginx.canary.is_some()
    }
}

fn read(f: &mut Fields<'_>) -> (metadata::Metadata, Body) {
    let old = f.child("apiVersion").and_then(|v| v.text()).is_some_and(|v| v.ends_with("v1beta1"));
    let (metadata, annotations) = metadata::with(f, |f| {
        f.bookkeeping(&["labels"], metadata::TOOLS);
        f.object("annotations", annotations)
    });
    let (class, nginx, alb) = annotations.flatten().unwrap_or_default();
    let spec = f.object("spec", |f| spec(f, old)).unwrap_or_default();
    let ingress = Ingress { class: spec.class.or(class), nginx, alb, ..spec };
    (metadata, Body::Ingress(Box::new(with_rules(f, ingress))))
}

fn annotations(f: &mut Fields<'_>) -> (Option<String>, Nginx, Alb) {
    let class = "which controller reads the Ingress, before spec.ingressClassName was";
    let class = f.opt_text("kubernetes.io/ingress.class", class);
    let nginx = nginx::read(f);
    let alb = alb::read(f);
    let words = ["canary", "weight", "split", "mirror", "sticky", "affinity"];
    let told = "an annotation of a controller that is not known here: what it divides or keeps is \
        not flown";
    f.free_unless(&words, told, metadata::TOOLS);
    (class, nginx, alb)
}

fn spec(f: &mut Fields<'_>, old: bool) -> Ingress {
    let class = "which controller reads the Ingress";
    let class = f.opt_text("ingressClassName", class);
    let mut paths = Vec::new();
    for name in ["defaultBackend", "backend"] {
        if let Some((service, action)) = f.object(name, |f| backend(f, old)).flatten() {
            paths.push(Path { at: "spec".into(), service, action, ..Path::default() });
        }
    }
    let mut rule = 0;
    let listed = f.list("rules", |f| {
        let host = f.opt_text("host", "name under which users ask").unwrap_or_default();
        let mut entry = 0;
        let found = f.object("http", |f| {
            f.list("paths", |f| {
                let at = format!("spec.rules[{rule}].http.paths[{entry}]");
                entry += 1;
                Path { at, host: host.clone(), ..path(f, old) }
            })
        });
        rule += 1;
        found.unwrap_or_default()
    });
    paths.extend(listed.into_iter().flatten());
    f.no_effect(&["tls"], "no effect on which pod gets a request");
    Ingress { class, paths, ..Ingress::default() }
}

fn path(f: &mut Fields<'_>, old: bool) -> Path {
    let path = "requests of all kinds follow the rule that divides them";
    let path = f.opt_text("path", path).unwrap_or_default();
    let kinds = ["Prefix", "Exact", "ImplementationSpecific"];
    let kind = f.opt_choice("pathType", &kinds, "how the path is compared");
    let found = f.object("backend", |f| backend(f, old)).flatten();
    let (service, action) = found.unwrap_or_default();
    f.missing("backend", "the Service that gets the requests");
    let kind = kinds[kind.unwrap_or(2)].to_string();
    Path { path, kind, service, action, ..Path::default() }
}

/// The port of a backend that is an action (`docs/guide/ingress/annotations.md`, "Actions").
const ACTION_PORT: &str = "use-annotation";

/// The Service behind a path, or the action; nothing for a resource of another kind.
fn backend(f: &mut Fields<'_>, old: bool) -> Option<(String, bool)> {
    let gets = "the Service that gets the requests";
    f.not_flown(&["resource"], "only Services answer requests");
    let before = f.opt_text("serviceName", gets);
    let by_name = |port: Option<&Node>| port.and_then(Node::text) == Some(ACTION_PORT);
    let mut action = by_name(f.child("servicePort"));
    f.opt_scalar("servicePort", "port", "where the Service listens", scalars::port);
    if before.is_some() && !old {
        f.problem("serviceName", "a field of v1beta1", "service: {name: …, port: …}", "");
    }
    let service = f.object("service", |f| {
        let name = f.opt_text("name", gets);
        f.missing("name", "the name of the Service");
        f.object("port", |f| {
            f.opt_scalar("number", "port", "where the Service listens", scalars::port_number);
            let port = f.opt_text("name", "a port of the Service, by name");
            action |= port.as_deref() == Some(ACTION_PORT);
        });
        name
    });
    if service.is_some() && old {
        f.problem("service", "a field of networking.k8s.io/v1", "serviceName and servicePort", "");
    }
    service.flatten().or(before).map(|service| (service, action))
}

/// The Ingress with a rule for every path.
fn with_rules(f: &mut Fields<'_>, mut ingress: Ingress) -> Ingress {
    let mut settings = ingress.nginx.settings.clone();
    let nginx = ingress.is_nginx() && !f.describing();
    let given = |settings: &[_], name: &str| {
        settings.iter().any(|setting: &crate::rule::Setting| setting.name == name)
    };
    if nginx && !ingress.is_canary() {
        if !given(&settings, "policy") {
            put(&mut settings, "spec", "policy", Some(text("roundRobin")));
            let source = "ingress-nginx asks pods in turn, docs/user-guide/nginx-configuration/\
                configmap.md: load-balance";
            f.assume("spec.service.balancer.policy", "roundRobin", source, false);
        }
        if !given(&settings, "retries") {
            put(&mut settings, "spec", "retries", Some(integer(2)));
            put(&mut settings, "spec", "retryOn", Some(list(vec![text("connect-failure")])));
            let source = "ingress-nginx tries a refused connection on two more pods, \
                docs/user-guide/nginx-configuration/configmap.md: proxy-next-upstream-tries";
            f.assume("spec.service.balancer.retries", "2", source, false);
        }
    } else if !nginx && ingress.class.as_ref().is_some_and(|class| class.contains("traefik")) {
        settings.clear();
        put(&mut settings, "spec", "policy", Some(text("roundRobin")));
        let source = "traefik asks pods in turn, pkg/server/service/loadbalancer/wrr";
        f.assume("spec.service.balancer.policy", "roundRobin", source, false);
    } else {
        settings.clear();
    }
    let by_alb = ingress.is_alb() && !nginx && !f.describing();
    if by_alb {
        settings = ingress.alb.settings.clone();
        if !f.describing() && ingress.alb.settings.iter().all(|s| s.name != "stickyFor") {
            let source = "an ALB asks targets in turn, or as its target group's attributes say";
            f.assume("spec.service.balancer.policy", "roundRobin", source, false);
        }
    }
    let own = ingress.paths.iter().filter(|path| !path.service.is_empty()).enumerate();
    let rules = own.map(|(i, path)| {
        let every = path.path.is_empty() || path.path == "/";
        let other = Match { headers: Vec::new(), other: true };
        let rule = Rule {
            path: path.at.clone(),
            matches: if every { Vec::new() } else { vec![other] },
            destinations: vec![Destination { host: path.service.clone(), ..Default::default() }],
            settings: if i == 0 { settings.clone() } else { Vec::new() },
            words: words(path),
            ..Rule::default()
        };
        if by_alb { by_action(&ingress.alb, &path.service, rule) } else { Some(rule) }
    });
    let mut rules: Vec<Rule> = rules.flatten().collect();
    if by_alb {
        // They are those of every rule; the one that divides says them for all.
        rules.iter_mut().for_each(|rule| rule.settings.clear());
        let says = rules.iter().position(Rule::splits).unwrap_or(0);
        rules.get_mut(says).into_iter().for_each(|rule| rule.settings = settings.clone());
    }
    let hosts = ingress.paths.iter().map(|path| path.host.clone()).collect();
    ingress.routes = VirtualService { hosts, rules };
    ingress
}

/// A rule whose backend names an action or a condition of the controller; nothing for one that
/// answers by itself or leads elsewhere.
fn by_action(alb: &Alb, name: &str, mut rule: Rule) -> Option<Rule> {
    let of = |(own, _): &&(String, Match)| own == name;
    if let Some((_, whom)) = alb.conditions.iter().find(of)
        && *whom != Match::default()
    {
        let other = whom.other || rule.matches.iter().any(|m| m.other);
        rule.matches = vec![Match { headers: whom.headers.clone(), other }];
    }
    if let Some((_, action)) = alb.actions.iter().find(|(own, _)| own == name) {
        rule.destinations = action.destinations.clone();
        rule.sticky = action.sticky.clone();
        rule.words = ACTION;
        return Some(rule);
    }
    (!alb.answers.iter().any(|own| own == name)).then_some(rule)
}

/// Fields of an action all stand in its annotation.
const ACTION: Words = Words {
    list: "",
    host: "backend.service.name",
    subset: "backend.service.name",
    weight: "backend.service.name",
    mirror: "backend",
    matches: "backend.service.name",
};

fn words(path: &Path) -> Words {
    match path.at.as_str() {
        "spec" => Words { host: "defaultBackend.service.name", ..WORDS },
        _ => WORDS,
    }
}
