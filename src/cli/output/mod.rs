//! The one owner of output: what is printed, and every file and folder that is written.
//!
//! A verb that writes opens its output before it flies anything: [`Folder::open`] and
//! [`File::open`] follow links, refuse what can never work and whatever is not ours, and create a
//! staging folder beside the target, which proves that one may write there. What comes of the
//! flights is written into the staging folder and put in place by one rename, so that at every
//! instant the target is what it was or what it is to be. Read next: `place` (what is refused),
//! `inventory` (how a report of ours is told), `staging`, `swap` (the rename, and what happens
//! where the system lacks it), `leftovers` (what killed runs leave behind).

mod colour;
mod file;
mod folder;
mod inventory;
mod leftovers;
#[cfg(test)]
mod output_tests;
mod place;
mod print;
mod problem;
mod staging;
mod swap;

pub use file::File;
pub use folder::Folder;
pub use place::text as said;
pub use print::{
    all_printed, colour, complain, deny, fail, fail_lines, is_quiet, note_if_closed, print,
    print_clap, print_judged, quiet, refuse, say, say_lines,
};
pub use problem::{drawn, findings};
pub use staging::abandon;
