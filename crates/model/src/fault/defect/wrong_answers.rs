//! `wrongAnswers`: answers look fine (200, in time) but are wrong, which no error rate shows.

use crate::fault::common::{fault, requests};
use crate::fault::{Fault, FaultEffect, RequestEffect};
use windtunnel_base::settings::{Part, Reader};

/// `wrongAnswers` for the catalogue: name, summary and reader.
pub const PART: Part<Fault> =
    Part { name: "wrongAnswers", summary: "answers 200 with a wrong body", read };

fn read(r: &mut Reader<'_>) -> Fault {
    let rate = r.share("rate", "5%", "share of requests answered wrongly");
    let effect = RequestEffect { wrong: rate.value(), ..RequestEffect::default() };
    let scope = requests(r);
    fault(r, "wrongAnswers", FaultEffect::Request(effect, scope))
}
