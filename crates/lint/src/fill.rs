//! Placeholders of queries: filled, so that the query parses, and mapped back to what was written.

/// A query with its placeholders filled.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filled {
    /// The text that is asked.
    pub text: String,
    /// Each placeholder: bytes in `text`, the word between its braces, and its value if a file
    /// says one.
    pub spans: Vec<Span>,
    /// Placeholders that the controller does not know, as they were written.
    pub unknown: Vec<String>,
    /// Name of the workload that the new version runs in, where a controller has one for it alone.
    pub target: Option<String>,
    written: Vec<(usize, usize)>,
}

/// A placeholder that was filled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// First byte in the filled text.
    pub from: usize,
    /// Behind its last byte.
    pub to: usize,
    /// The word between the braces: `args.canary-hash`, `target`.
    pub word: String,
    /// Is its value known from a file?
    pub known: bool,
}

impl Filled {
    /// Fills every `{{ word }}` of a query: `value` gives what a word stands for and whether a file
    /// says so; nothing if the controller does not know the word.
    pub fn new(query: &str, value: &dyn Fn(&str) -> Option<(String, bool)>) -> Filled {
        let mut filled = Filled::default();
        let mut rest = query;
        while let Some(open) = rest.find("{{") {
            let Some(close) = rest[open..].find("}}") else { break };
            let written = query.len() - rest.len() + open;
            filled.push(&rest[..open], query.len() - rest.len());
            let word = rest[open + 2..open + close].trim().to_string();
            let from = filled.text.len();
            let (text, known) = match value(&word) {
                Some(found) => found,
                None => {
                    filled.unknown.push(rest[open..open + close + 2].to_string());
                    // So that the rest of the query can be read all the same.
                    let is_window = filled.text.ends_with('[');
                    (if is_window { "1m" } else { "unknown" }.to_string(), false)
                }
            };
            filled.push(&text, written);
            filled.spans.push(Span { from, to: filled.text.len(), word, known });
            rest = &rest[open + close + 2..];
        }
        filled.push(rest, query.len() - rest.len());
        filled
    }

    fn push(&mut self, text: &str, written: usize) {
        self.written.push((self.text.len(), written));
        self.text += text;
    }

    /// The byte of the query as written from which a byte of the filled text comes.
    pub fn written(&self, byte: usize) -> usize {
        let piece = self.written.iter().rev().find(|(from, _)| *from <= byte);
        let Some((from, written)) = piece else { return byte };
        let inside = self.spans.iter().any(|span| span.from <= byte && byte < span.to);
        if inside { *written } else { written + (byte - from) }
    }
}

#[cfg(test)]
mod tests {
    use super::Filled;

    #[test]
    fn places_are_those_of_the_text_as_written() {
        let value = |word: &str| match word {
            "args.hash" => Some(("abcdefghij".to_string(), false)),
            _ => None,
        };
        let written = "sum(x{h=\"{{args.hash}}\"}) / {{ other }} + y";
        let filled = Filled::new(written, &value);
        assert_eq!(filled.text, "sum(x{h=\"abcdefghij\"}) / unknown + y");
        assert_eq!(filled.unknown, ["{{ other }}"]);
        let plus = filled.text.find('+').expect("it is there");
        assert_eq!(filled.written(plus), written.find('+').expect("it is there"));
        assert_eq!(filled.written(12), written.find("{{args").expect("it is there"));
        assert_eq!(filled.spans[0].word, "args.hash");
    }
}
