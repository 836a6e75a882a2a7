//! A finding: the code, where it is, what is wrong in this file's own numbers, and the repair.

use std::sync::Arc;
use windtunnel_base::problem::Place;

/// What a check with a finding does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Harm {
    /// It can never fail, or passes a total failure.
    NeverFails,
    /// It fails every good release, or never has an answer.
    FailsGood,
    /// It sees too little, too late, or something else than it says.
    Weak,
    /// Worth knowing.
    Note,
}

impl Harm {
    /// Its word in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Harm::NeverFails => "never-fails",
            Harm::FailsGood => "fails-good",
            Harm::Weak => "weak",
            Harm::Note => "note",
        }
    }
}

/// A finding.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// `WT101`.
    pub code: &'static str,
    /// What it does.
    pub harm: Harm,
    /// The file.
    pub file: Arc<str>,
    /// Where in it.
    pub place: Place,
    /// The object, and the check's name in it.
    pub object: String,
    /// The check's name.
    pub check: String,
    /// What is wrong, with the numbers of this file.
    pub evidence: String,
    /// What to write in its place.
    pub repair: String,
}
