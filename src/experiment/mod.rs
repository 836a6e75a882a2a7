//! Layer 11: scenarios × strategies × variants × replications, flown in parallel and compared.
//!
//! It flies through the engine, decides how many replications are enough, and turns outcomes into
//! the tables of [`results`]. Deliberately absent: files, formats, printing.

pub mod results;
