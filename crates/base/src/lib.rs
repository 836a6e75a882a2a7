//! Layer 1: plain building blocks that know no word of deployment.
//!
//! Time as integers, shares and money as types, distributions, named random streams, a latency
//! histogram, problems with a place in a file, and the reader that turns a tree of values into
//! settings. Deliberately absent: pods, strategies, files, clocks.

#![forbid(unsafe_code)]

pub mod bitset;
pub mod count;
pub mod date;
pub mod distribution;
pub mod escape;
pub mod excerpt;
pub mod histogram;
pub mod interval;
pub mod maths;
pub mod moments;
pub mod node;
pub mod poisson;
pub mod problem;
pub mod random;

pub mod settings;
pub mod several;
pub mod source;
pub mod special;
pub mod time;
pub mod units;
pub mod wrap;
pub mod ziggurat;
