//! Reports: the same results must give the same bytes, and every byte must be readable.
//!
//! Results are made up (`fixture`), so nothing here depends on what the engine does; but for `mix`,
//! which flies a small scenario and compares all places that tell the same figure.

#[path = "report/choice.rs"]
mod choice;
#[path = "report/first_page.rs"]
mod first_page;
#[path = "report/fixture.rs"]
mod fixture;
#[path = "report/gallery.rs"]
mod gallery;
#[path = "report/headlines.rs"]
mod headlines;
#[path = "report/hostile.rs"]
mod hostile;
#[path = "report/mix.rs"]
mod mix;
#[path = "report/money.rs"]
mod money;
#[path = "report/pictures.rs"]
mod pictures;
#[path = "report/recordings.rs"]
mod recordings;
#[path = "report/sizes.rs"]
mod sizes;
#[path = "report/sweeps.rs"]
mod sweeps;
#[path = "report/tables.rs"]
mod tables;
#[path = "report/texts.rs"]
mod texts;
#[path = "report/world.rs"]
mod world;
