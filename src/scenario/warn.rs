//! stub
use super::model::Scenario;
use crate::base::node::Node;
use crate::base::problem::Problem;
use crate::base::time::SimDuration;
/// stub
pub fn warnings(_d: &Node, _s: &Scenario, _e: Option<SimDuration>) -> Vec<Problem> {
    Vec::new()
}
