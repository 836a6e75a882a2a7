//! What OpenMetrics cannot say, as a text beside it: where series end, and when the release began.
//!
//! ```text
//! # windtunnel release_at_ms=1767225720000
//! # windtunnel series_md5=9e107d9d372bb6826bd81d3542a419d6
//! http_requests_total{pod="shop-1"} 1767225735.25
//! # EOF
//! ```
//!
//! Comments begin with `#`; one of them carries the instant of the release in milliseconds of Unix
//! time, one the digest of the text of series beside which the markers were written. Every other
//! line is a series and the instant of a staleness marker, in seconds.

use super::read::{instant, labels, split};
use super::write::series;
use super::{Labels, seconds};
use crate::store::{Store, is_stale};
use md5::{Digest, Md5};
use windtunnel_base::problem::{Place, Problem, Severity};

/// First line of every text.
pub const HEAD: &str = "# Staleness markers: at these instants a series ends.\n";
/// Before the digest of the series that the markers belong to.
const SERIES: &str = "# windtunnel series_md5=";
/// Before the digest of the series in whose place others are being put.
const REPLACED: &str = "# windtunnel replaced_md5=";
/// Before the instant of the release.
const RELEASE: &str = "# windtunnel release_at_ms=";

/// The last line, as OpenMetrics has it: whatever lacks it was cut off.
pub const EOF: &str = "# EOF";

/// What a text of markers says.
#[derive(Default)]
pub(super) struct Ends {
    /// Ends of series, with the line they stand on.
    pub ends: Vec<(Labels, i64, u32)>,
    /// The instant of the release.
    pub release_at_ms: Option<i64>,
    /// The warning of a text without an end.
    pub cut: Option<Problem>,
}

/// Reads the text.
pub(super) fn read(text: &str) -> Result<Ends, Vec<Problem>> {
    let (mut ends, mut release, mut problems) = (Vec::new(), None, Vec::new());
    let own = text.starts_with(HEAD);
    let cut = (own && text.lines().next_back() != Some(EOF)).then(|| {
        let message = "the staleness markers beside it do not end with `# EOF`: ends of series \
                       may be missing; they were cut off, or windtunnel 0.3 or older wrote them";
        Problem::warning(Place::default(), "", message)
    });
    for (line, number) in text.lines().zip(1..) {
        if let Some(ms) = line.strip_prefix(RELEASE) {
            match ms.trim().parse() {
                Ok(ms) => release = Some(ms),
                Err(_) => {
                    let place = Place { line: number, column: RELEASE.len() as u32 + 1 };
                    let message = format!("{:?} is no instant", ms.trim());
                    problems.push(Problem::error(place, "", message).expected("milliseconds"));
                }
            }
        } else if !line.trim().is_empty() && !line.starts_with('#') {
            let end = split(line).and_then(|(series, rest)| {
                Ok((labels(series, line)?, instant(rest.trim(), true)?, number))
            });
            match end {
                Ok(end) => ends.push(end),
                Err(wrong) => problems.push(wrong.on(line, number)),
            }
        }
    }
    if let Some(cut) = cut.as_ref().filter(|_| !problems.is_empty()) {
        // Most likely the reason of the others.
        problems.push(Problem { severity: Severity::Error, ..cut.clone() });
    }
    if problems.is_empty() {
        Ok(Ends { ends, release_at_ms: release, cut })
    } else {
        Err(super::told(problems))
    }
}

/// The line by which markers are known to belong to a text of series.
fn seal(start: &str, series: &str) -> String {
    let digest = Md5::digest(series.as_bytes());
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{start}{digest}\n")
}

/// What an export says of itself in the help of its first family: OpenMetrics has no other room.
const HELP: &str = "An export of windtunnel: ends of series stand in the .stale file beside it.";

/// A text of series that says that markers stand beside it.
pub fn said(series: String) -> String {
    let family = series.strip_prefix("# TYPE ").and_then(|rest| rest.split(' ').next());
    match family {
        Some(family) => format!("# HELP {family} {HELP}\n{series}"),
        None => series,
    }
}

/// The warning on series to which markers belong that are not there.
pub fn missing(series: &str, markers: Option<&str>) -> Option<Problem> {
    let message = match markers {
        Some(text) if text.trim().is_empty() => "the file of staleness markers beside it is empty",
        None if series.lines().next().is_some_and(|line| line.ends_with(HELP)) => {
            "the file of staleness markers that belongs beside it, with the ending .stale, is \
             missing"
        }
        _ => return None,
    };
    let help = "ends of series are not known, and values may be found for too long: export it \
                again";
    Some(Problem::warning(Place::default(), "", message).help(help))
}

/// Do the markers name this text of series: as theirs, or as what was about to be replaced?
pub fn name(markers: &str, series: &str) -> bool {
    let seals = [SERIES, REPLACED].map(|start| seal(start, series));
    markers.lines().any(|line| seals.iter().any(|seal| seal.trim_end() == line))
}

/// The markers for as long as `old` series still stand where those of the markers are to be.
pub fn while_replaced(markers: &str, old: &str) -> String {
    markers.replacen(HEAD, &format!("{HEAD}{}", seal(REPLACED, old)), 1)
}

/// May the markers belong to this text of series? They may if they don't say to which.
pub fn belong(markers: &str, series: &str) -> bool {
    let sealed = markers.lines().find(|line| line.starts_with(SERIES));
    sealed.is_none_or(|sealed| sealed.trim_end() == seal(SERIES, series).trim_end())
}

/// The markers of a store, series by series in time order, beside this text of its series.
pub fn write(store: &Store, release_at_ms: Option<i64>, beside: &str) -> String {
    let mut text = String::from(HEAD) + &seal(SERIES, beside);
    if let Some(ms) = release_at_ms {
        text.push_str(&format!("{RELEASE}{ms}\n"));
    }
    for id in super::write::sorted(store) {
        let name = series(store, id);
        for (at, _) in store.samples(id).filter(|(_, value)| is_stale(*value)) {
            text.push_str(&format!("{name} {}\n", seconds(at)));
        }
    }
    text + EOF + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_name_their_place() {
        let text = "# windtunnel release_at_ms=soon\na{x=\"1\"} 5\nb{ 5\nc later\n";
        let problems = read(text).err().expect("three problems");
        let places: Vec<_> = problems.iter().map(|p| (p.place.line, p.place.column)).collect();
        assert_eq!(places, [(1, 28), (3, 2), (4, 1)]);
    }
}
