//! How precise it all is.

use super::Section;
use super::markup::named;
use crate::figure::Quantity;
use windtunnel_base::count::counted;
use windtunnel_experiment::results::ScenarioResults;

/// How many are known as precisely as asked, and a line for each that is not.
pub fn section(results: &ScenarioResults) -> Option<Section> {
    Some(Section::new("How precise this is", precision(results)))
}

fn precision(results: &ScenarioResults) -> String {
    let (reached, open): (Vec<_>, Vec<_>) = results.precision.iter().partition(|row| row.reached);
    let mut text = format!(
        "{} of {} combinations of strategy and release reached the precision asked for: half of \
         the t interval of each main measure within 5 % of its mean, 0.1 % of the users or 1 s. \
         The intervals in the tables are wider: they allow for flights that were not seen.",
        reached.len(),
        results.precision.len()
    );
    for row in open {
        let strategy = named(results.scenario.plan_name(row.plan));
        let release = named(results.scenario.release_name(row.variant));
        let flights = counted(row.n as u64, "flight");
        text += &format!("\n- {strategy} · {release}: {flights}");
        if let Some((measure, half_width, target)) = row.worst {
            let show = |width| Quantity::of(measure).show(width);
            let (half, aim) = (show(half_width), show(target));
            text += &format!(", `{}` is known to ±{half} (asked: ±{aim})", measure.name());
        }
    }
    text
}
