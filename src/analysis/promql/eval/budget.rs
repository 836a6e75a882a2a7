//! What one evaluation may do: work, and texts that it makes.
//!
//! Prometheus stops a query by a clock (`--query.timeout`), which would make answers depend on the
//! machine; here steps are counted, of which a second holds some tens of millions. Labels have no
//! bound of their own there; here they have one, so that no query can exhaust memory.

use crate::analysis::promql::error::{EvalError, fail};

/// Most steps of one evaluation: expressions evaluated, series and samples looked at.
const WORK_MAX: u64 = 200_000_000;

/// Longest label that a query may make, in bytes.
const LABEL_MAX: usize = 1 << 20;

/// Labels that one evaluation may make, in bytes.
const LABELS_MAX: usize = 64 << 20;

/// Labels of one answer, in bytes, every element's counted.
const ANSWER_MAX: usize = 256 << 20;

/// What was done so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Budget {
    work: u64,
    labels: usize,
}

impl Budget {
    /// Counts steps.
    #[inline]
    pub fn work(&mut self, steps: usize) -> Result<(), EvalError> {
        self.work += steps as u64;
        if self.work > WORK_MAX {
            return fail(format!(
                "query timed out in expression evaluation: more than {WORK_MAX} steps of work"
            ));
        }
        Ok(())
    }

    /// Counts a label of this length.
    pub fn label(&mut self, length: usize) -> Result<(), EvalError> {
        fits(length)?;
        self.labels = self.labels.saturating_add(length);
        if self.labels > LABELS_MAX {
            return fail(format!("query would make more than {LABELS_MAX} bytes of labels"));
        }
        Ok(())
    }
}

/// May a label be this long? Asked before it is made.
pub fn fits(length: usize) -> Result<(), EvalError> {
    if length > LABEL_MAX {
        return fail(format!("query would make a label of more than {LABEL_MAX} bytes"));
    }
    Ok(())
}

/// May an answer hold labels of these lengths?
pub fn answer(lengths: impl Iterator<Item = usize>) -> Result<(), EvalError> {
    let mut bytes = 0_usize;
    for length in lengths {
        bytes = bytes.saturating_add(length);
        if bytes > ANSWER_MAX {
            return fail(format!("the answer would hold more than {ANSWER_MAX} bytes of labels"));
        }
    }
    Ok(())
}
