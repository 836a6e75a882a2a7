//! What the short forms of checks have to be told to become queries: names in labels, the limit of
//! a pod, whose rules of PromQL hold.

use crate::analysis::promql::Rules;
use crate::world::names::Names;
use crate::world::service::Version;
use windtunnel_base::escape::quoted;
use windtunnel_base::time::SimDuration;

/// What checks are about.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    /// Names of the service.
    pub names: &'a Names,
    /// Pods at full size, before anything scales it.
    pub replicas: u32,
    /// CPU limit of a pod in cores.
    pub cpu_limit: f64,
    /// Names of its routes, by number.
    pub routes: &'a [&'a str],
    /// Whose rules answer the queries.
    pub rules: Rules,
}

impl About<'_> {
    /// Matchers of the application's series of one version.
    pub fn matchers(&self, version: Version) -> String {
        let (service, version) = (&self.names.service, &self.names.versions[version.index()]);
        format!("service={},version={}", quoted::text(service), quoted::text(version))
    }

    /// Matchers of the container's series of one version: the kubelet knows pods by their names
    /// only, and those hold the hash of the template.
    pub fn containers(&self, version: Version) -> String {
        let hash = self.names.template_hash(version.index());
        format!("container=\"{}\",pod=~\".+-{hash}-.+\"", self.names.service)
    }
}

/// A window as PromQL writes it: whole milliseconds, in the largest units.
pub fn range(window: SimDuration) -> String {
    let ms = window.as_nanos() / 1_000_000;
    match (ms % 60_000, ms % 1_000) {
        (0, _) => format!("{}m", ms / 60_000),
        (_, 0) => format!("{}s", ms / 1_000),
        _ => format!("{ms}ms"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A version may be called anything; the query asks for that name and no other.
    #[test]
    fn odd_names_of_versions_stay_within_their_quotes() {
        for odd in ["v\"2", "a\\b", "a\nb", "} or vector(1) #"] {
            let names = Names { versions: ["old".into(), odd.into()], ..Names::of_service("shop") };
            let about =
                About { names: &names, replicas: 1, cpu_limit: 1.0, routes: &[], rules: Rules::V3 };
            let asked = format!("up{{{}}}", about.matchers(Version::New));
            let query = crate::analysis::promql::Query::parse(&asked).expect(&asked);
            assert!(query.asks_for("version", odd), "{asked}");
            assert_eq!(query.metrics(), ["up"], "{asked}");
        }
    }

    #[test]
    fn windows_are_written_as_promql_reads_them() {
        for (ms, text) in [(60_000, "1m"), (90_000, "90s"), (1_500, "1500ms"), (300_000, "5m")] {
            assert_eq!(range(SimDuration::from_millis(ms)), text);
            assert_eq!(crate::analysis::promql::duration_ms(text), Some(ms as i64));
        }
    }
}
