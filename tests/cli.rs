//! The program as its users meet it: exit codes, files, pipes, bad input, and documents that run.
//!
//! Every test has a folder of its own (`desk`) with small scenarios in it; nothing here asks what
//! the figures are, only that they are the same, whole and where they belong.

#[path = "cli/answers.rs"]
mod answers;
#[path = "cli/bad_input.rs"]
mod bad_input;
#[path = "cli/decided.rs"]
mod decided;
#[path = "cli/desk.rs"]
mod desk;
#[path = "cli/diff.rs"]
mod diff;
#[path = "cli/documents.rs"]
mod documents;
#[path = "cli/escaping.rs"]
mod escaping;
#[path = "cli/exit_codes.rs"]
mod exit_codes;
#[path = "cli/figures/mod.rs"]
mod figures;
#[path = "cli/folders.rs"]
mod folders;
#[path = "cli/habits.rs"]
mod habits;
#[path = "cli/interrupt.rs"]
mod interrupt;
#[path = "cli/kills.rs"]
mod kills;
#[path = "cli/limits.rs"]
mod limits;
#[path = "cli/lint.rs"]
mod lint;
#[path = "cli/manifests.rs"]
mod manifests;
#[path = "cli/many.rs"]
mod many;
#[path = "cli/output.rs"]
mod output;
#[path = "cli/platform.rs"]
mod platform;
#[path = "cli/problems.rs"]
mod problems;
#[path = "cli/query.rs"]
mod query;
#[path = "cli/repeatable.rs"]
mod repeatable;
#[path = "cli/schema.rs"]
mod schema;
#[path = "cli/sweeps.rs"]
mod sweeps;
#[path = "cli/telemetry.rs"]
mod telemetry;
#[path = "cli/textbook.rs"]
mod textbook;
#[path = "cli/told.rs"]
mod told;
#[path = "cli/verbs.rs"]
mod verbs;
#[path = "cli/wording.rs"]
mod wording;
