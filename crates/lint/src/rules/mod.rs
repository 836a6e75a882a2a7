//! The rules, one file a code: what is wrong, how it is seen, how it is mended, a bad example and a
//! good one. A code is never given to another rule.

use super::check::{Asks, Text};
use super::finding::{Finding, Harm};
use super::look::Look;
use windtunnel_base::problem::Place;

mod wt101;
mod wt102;
mod wt103;
mod wt105;
mod wt106;
mod wt107;
mod wt108;
mod wt109;
mod wt110;
mod wt111;
mod wt113;
mod wt116;
mod wt117;
mod wt118;
mod wt119;
mod wt120;
mod wt121;
mod wt122;
mod wt123;
mod wt124;
mod wt125;
mod wt126;
mod wt128;
mod wt129;
mod wt131;
mod wt132;
mod wt133;
mod wt135;
mod wt137;
mod wt138;

/// All rules, in the order of their codes.
pub const RULES: &[Rule] = &[
    wt101::RULE,
    wt102::RULE,
    wt103::RULE,
    wt105::RULE,
    wt106::RULE,
    wt107::RULE,
    wt108::RULE,
    wt109::RULE,
    wt110::RULE,
    wt111::RULE,
    wt113::RULE,
    wt116::RULE,
    wt117::RULE,
    wt118::RULE,
    wt119::RULE,
    wt120::RULE,
    wt121::RULE,
    wt122::RULE,
    wt123::RULE,
    wt124::RULE,
    wt125::RULE,
    wt126::RULE,
    wt128::RULE,
    wt129::RULE,
    wt131::RULE,
    wt132::RULE,
    wt133::RULE,
    wt135::RULE,
    wt137::RULE,
    wt138::RULE,
];

/// Codes that are about windows, looks and limits alone, whatever the query is.
const OF_TIMING: [&str; 7] = ["WT105", "WT111", "WT113", "WT126", "WT128", "WT129", "WT138"];

/// A rule.
pub struct Rule {
    /// `WT101`.
    pub code: &'static str,
    /// A few words.
    pub name: &'static str,
    /// What is wrong, and what comes of it.
    pub wrong: &'static str,
    /// A query and how it is judged, with the fault.
    pub bad: &'static str,
    /// The same without it.
    pub good: &'static str,
    /// What a check with it does.
    pub harm: Harm,
    /// Looks at a check whose query can be read.
    pub look: fn(&Look<'_>) -> Option<Told>,
}

/// What a rule says of a check.
pub struct Told {
    /// What is wrong, with numbers.
    pub evidence: String,
    /// What to write in its place.
    pub repair: String,
    /// Where, if not at the query.
    pub at: Option<Place>,
    /// Another harm than the rule's own.
    pub harm: Option<Harm>,
}

impl Told {
    /// At the query.
    pub fn new(evidence: impl Into<String>, repair: impl Into<String>) -> Told {
        Told { evidence: evidence.into(), repair: repair.into(), at: None, harm: None }
    }

    /// The same, at another place.
    pub fn at(self, place: Place) -> Told {
        Told { at: Some(place), ..self }
    }

    /// The same, at a text if there is one.
    pub fn at_text(self, text: Option<&Text>) -> Told {
        Told { at: text.map(|text| text.place).or(self.at), ..self }
    }

    /// The same, with another harm.
    pub fn with(self, harm: Harm) -> Told {
        Told { harm: Some(harm), ..self }
    }
}

/// The rule of a code.
pub fn named(code: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.code.eq_ignore_ascii_case(code))
}

/// What all rules say of a check.
pub fn of(look: &Look<'_>) -> Vec<Finding> {
    let check = look.check;
    let fits = |rule: &&Rule| match check.asks {
        Asks::Nothing => rule.code == wt125::RULE.code,
        _ => !look.only_timing || OF_TIMING.contains(&rule.code),
    };
    let told = RULES.iter().filter(fits).filter_map(|rule| Some((rule, (rule.look)(look)?)));
    let finding = |(rule, told): (&Rule, Told)| Finding {
        code: rule.code,
        harm: told.harm.unwrap_or(rule.harm),
        file: if told.at.is_some() { check.file.clone() } else { check.query_file.clone() },
        place: told.at.unwrap_or(check.query.place),
        object: check.object.clone(),
        check: check.name.clone(),
        evidence: told.evidence,
        repair: told.repair,
    };
    told.map(finding).collect()
}
