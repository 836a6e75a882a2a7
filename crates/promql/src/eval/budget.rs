//! What one evaluation may do: work, and texts that it makes.
//!
//! Prometheus stops a query by a clock (`--query.timeout`), which would make answers depend on the
//! machine; here steps are counted, of which a second holds some tens of millions. Labels have no
//! bound of their own there; here they have one, so that no query can exhaust memory.

use crate::error::{EvalError, fail};

/// Steps that one evaluation may take (expressions evaluated, series and samples looked at), as a
/// multiple of the samples that it may load.
const STEPS_OF_A_SAMPLE: u64 = 8;

/// Longest label that a query may make, in bytes.
const LABEL_MAX: usize = 1 << 20;

/// Labels that one evaluation may make, in bytes.
const LABELS_MAX: usize = 64 << 20;

/// Labels of one answer, in bytes, every element's counted.
const ANSWER_MAX: usize = 256 << 20;

/// What was done so far.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    work: u64,
    work_max: u64,
    labels: usize,
}

impl Budget {
    /// The budget of an evaluation that may load so many samples.
    pub fn of(samples_max: u64) -> Budget {
        Budget { work: 0, work_max: samples_max.saturating_mul(STEPS_OF_A_SAMPLE), labels: 0 }
    }

    /// Counts steps.
    #[inline]
    pub fn work(&mut self, steps: usize) -> Result<(), EvalError> {
        self.work += steps as u64;
        if self.work > self.work_max {
            return fail(format!(
                "query timed out in expression evaluation: more than {} steps of work",
                self.work_max
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
