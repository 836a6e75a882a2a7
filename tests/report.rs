//! Reports: the same results must give the same bytes, and every byte must be readable.
//!
//! Results are made up (`fixture`), so nothing here depends on what the engine does.

#[path = "report/fixture.rs"]
mod fixture;
#[path = "report/gallery.rs"]
mod gallery;
#[path = "report/pictures.rs"]
mod pictures;
#[path = "report/recordings.rs"]
mod recordings;
#[path = "report/sizes.rs"]
mod sizes;
#[path = "report/tables.rs"]
mod tables;
#[path = "report/texts.rs"]
mod texts;
#[path = "report/world.rs"]
mod world;
