//! The comment above a scenario: what it asks, what to look at, and what its author found.
//!
//! The answer is of the flights that the file asks for, as it is written. Deliberately absent:
//! whether those were flown.

use super::model::Scenario;

/// How the part begins that tells what was found.
const ANSWER: &str = "Answer:";

impl Scenario {
    /// The scenario without its author's answer: for flights that are not those of its file.
    pub fn unanswered(&self) -> Scenario {
        Scenario { head: question(&self.head), ..self.clone() }
    }
}

/// A comment without its answer, which goes on to the next part or the end.
fn question(head: &str) -> String {
    let mut answers = false;
    let mut lines = Vec::new();
    for line in head.lines() {
        // `Look at:`, `Source:`: a word or two with a capital, and a colon.
        let part = line.split_once(':').is_some_and(|(start, _)| {
            let words = start.split(' ').count();
            words <= 3 && start.starts_with(|c: char| c.is_ascii_uppercase())
        });
        if part {
            answers = line.starts_with(ANSWER);
        }
        if !answers {
            lines.push(line);
        }
    }
    lines.join("\n").trim().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_answer_is_left_out() {
        let head = "Question: which?\nLook at: the map.\nAnswer: the canary, it hurts 3 %.\n\
                    Others hurt 10 %: more.\nSource: a thread.";
        let asked = "Question: which?\nLook at: the map.\nSource: a thread.";
        assert_eq!(question(head), asked);
        assert_eq!(question("Answer: all of it"), "");
        assert_eq!(question(asked), asked);
    }
}
