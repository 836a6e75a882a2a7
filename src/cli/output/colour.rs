//! Colours of the words that judge: green for what holds and who wins, red for what fails, yellow
//! for what is not decided. Nothing else is coloured: names and figures are the reader's.

use anstyle::{AnsiColor, Style};

/// Words of judgement, as tables and verdicts write them.
const WORDS: [(&str, AnsiColor); 11] = [
    ("holds", AnsiColor::Green),
    ("HOLDS", AnsiColor::Green),
    ("wins", AnsiColor::Green),
    ("fails", AnsiColor::Red),
    ("FAILS", AnsiColor::Red),
    ("undecided", AnsiColor::Yellow),
    ("UNDECIDED", AnsiColor::Yellow),
    ("leads, not proved", AnsiColor::Yellow),
    ("A tie", AnsiColor::Yellow),
    ("Ruled out", AnsiColor::Red),
    ("No strategy helps", AnsiColor::Red),
];

/// A text with its words of judgement in colour: the verdict that begins a line, and in the first
/// line of a paragraph the word that says who wins.
pub fn judged(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 64);
    let mut first = true;
    for line in text.split_inclusive('\n') {
        let found = WORDS.iter().find_map(|(word, colour)| {
            let at = line.find(word)?;
            let begins = line[..at].trim().is_empty();
            let whole = ends_word(&line[at + word.len()..]);
            let before = line[..at].ends_with(' ');
            let names = ["wins", "leads, not proved"].contains(word) && first && before;
            (whole && (begins || names)).then_some((at, word.len(), *colour))
        });
        match found {
            Some((at, length, colour)) => {
                let style = Style::new().bold().fg_color(Some(colour.into()));
                let (word, rest) = (&line[at..at + length], &line[at + length..]);
                out += &format!("{}{style}{word}{style:#}{rest}", &line[..at]);
            }
            None => out += line,
        }
        first = line.trim().is_empty();
    }
    out
}

/// Does a word end before this?
fn ends_word(rest: &str) -> bool {
    !rest.starts_with(|c: char| c.is_alphanumeric() || c == '-' || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_judge_are_coloured_and_names_are_not() {
        let text = "canary wins: a release hurts 1 % of the users.\nRuled out: holds-all.\n\n    \
            holds  canary · bad · users_hurt < 5\n  wins a name\n";
        let green = |word: &str| format!("\u{1b}[1m\u{1b}[32m{word}\u{1b}[0m");
        let found = judged(text);
        assert!(found.starts_with(&format!("canary {}: a", green("wins"))), "{found:?}");
        assert!(found.contains(&format!("    {}  canary", green("holds"))), "{found:?}");
        assert!(found.contains("\u{1b}[31mRuled out\u{1b}[0m: holds-all"), "{found:?}");
        let plain = anstream::adapter::strip_str(&found).to_string();
        assert_eq!(plain, text, "nothing else changes");
    }
}
