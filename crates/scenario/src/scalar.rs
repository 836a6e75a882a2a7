//! Where in a file a byte of a text stands that is written there in one of YAML's notations.
//!
//! A query or a condition is read without its quotes, escapes, folds and indentation; what is wrong
//! at a byte of it is shown where that byte was written. The text that was read leads through the
//! file: as soon as the two differ (a placeholder was filled in, the value was set from elsewhere),
//! no place is exact, and none is told. Deliberately unknown here: which fields exist.

use std::sync::Arc;
use windtunnel_base::problem::{Extent, Place, Problem, Within};
use windtunnel_base::source::Source;

/// Problems within texts of files are moved to the very place in the file, where it has one.
/// `source` gives the text of a file.
pub fn locate<'s>(problems: &mut [Problem], source: impl Fn(&str) -> Option<&'s Source<'s>>) {
    // Behind aliases one text may stand thousands of times; those follow one another.
    let mut last: Option<Told> = None;
    for problem in problems {
        let Some(within) = problem.inner() else { continue };
        let known = last.as_ref().filter(|told| told.is_of(problem, within));
        let found = match known {
            Some(told) => told.found,
            None => source(&problem.file).and_then(|of| exact(of, problem.place, within)),
        };
        if known.is_none() {
            let (file, within) = (Arc::clone(&problem.file), within.clone());
            last = Some(Told { file, start: problem.place, within, found });
        }
        if let Some((place, end)) = found {
            problem.place = place;
            problem.extent = end.map(|end| Box::new(Extent::Until(end)));
        }
    }
}

/// What was found of a byte of a text.
struct Told {
    file: Arc<str>,
    start: Place,
    within: Within,
    found: Option<(Place, Option<Place>)>,
}

impl Told {
    fn is_of(&self, problem: &Problem, within: &Within) -> bool {
        let alike = self.start == problem.place && self.within.byte == within.byte;
        let text = || Arc::ptr_eq(&self.within.text, &within.text) || self.within == *within;
        alike && self.file == problem.file && text()
    }
}

/// The place in the file of a byte of the text whose scalar begins at `start`, and the place behind
/// the word there.
fn exact(source: &Source<'_>, start: Place, within: &Within) -> Option<(Place, Option<Place>)> {
    let at = source.byte_at(start)?;
    let of = |byte| byte_of(source.text(), at, &within.text, byte);
    let byte = of(within.byte)?;
    let end = of(within.end()).filter(|end| *end >= byte);
    Some((source.place_at(byte), end.map(|end| source.place_at(end))))
}

/// The byte of `file` at which byte `byte` of `value` is written, whose scalar begins at `at`: at
/// its quote or first character; that of a block is the first of its text.
pub fn byte_of(file: &str, at: usize, value: &str, byte: usize) -> Option<usize> {
    let walk = Walk { file, at, value, read: 0, byte, found: None };
    let block = Block::around(file, at).and_then(|block| block.walk(walk));
    block.or_else(|| {
        let mut walk = walk;
        let whole = match file[at..].chars().next()? {
            quote @ ('"' | '\'') => walk.quoted(quote),
            _ => walk.plain(),
        };
        whole.then_some(walk.found).flatten()
    })
}

/// A block scalar.
struct Block {
    /// Are its line breaks folded?
    folded: bool,
    /// The byte behind its header's line.
    body: usize,
    /// Spaces before each of its lines.
    indent: usize,
}

impl Block {
    /// The block whose text begins at `at`: nothing but spaces before it, and above it the header,
    /// perhaps with empty lines between.
    fn around(file: &str, at: usize) -> Option<Block> {
        let above = file[..at].trim_end_matches(' ');
        // Within a line there is no block; the line may be long.
        if !above.ends_with(['\n', '\r']) {
            return None;
        }
        let indent = at - above.len();
        let header = above.trim_end_matches(['\n', '\r', ' ']);
        let start = header.rfind(['\n', '\r']).map_or(0, |at| at + 1);
        let mut words = header[start..].split([' ', '\t']);
        let is_header = |word: &&str| {
            let rest = word.strip_prefix(['|', '>']);
            rest.is_some_and(|r| r.chars().all(|c| c.is_ascii_digit() || c == '+' || c == '-'))
        };
        let sign = words.find(is_header)?;
        let rest = words.find(|word| !word.is_empty());
        let alone = rest.is_none_or(|comment| comment.starts_with('#'));
        let mut body = Walk { file, at: header.len(), value: "", read: 0, byte: 0, found: None };
        // Blanks may follow the header.
        body.blanks();
        (alone && body.line_break()).then(|| Block {
            folded: sign.starts_with('>'),
            body: body.at,
            indent,
        })
    }

    fn walk(&self, walk: Walk<'_>) -> Option<usize> {
        let mut walk = Walk { at: self.body, ..walk };
        let whole = if self.folded { walk.folded(self.indent) } else { walk.literal(self.indent) };
        whole.then_some(walk.found).flatten()
    }
}

/// A walk through a scalar, led by the text that was read of it.
#[derive(Clone, Copy)]
struct Walk<'a> {
    file: &'a str,
    /// The next byte of the file.
    at: usize,
    value: &'a str,
    /// Bytes of the value that were met.
    read: usize,
    /// The byte that is looked for, and where it was met.
    byte: usize,
    found: Option<usize>,
}

impl Walk<'_> {
    fn rest(&self) -> &str {
        &self.file[self.at..]
    }

    fn next(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Was all of the value met?
    fn done(&self) -> bool {
        self.read == self.value.len()
    }

    /// Meets a character of the value that is written at byte `at`; false if it has another there.
    fn meet(&mut self, c: char, at: usize) -> bool {
        if !self.value[self.read..].starts_with(c) {
            return false;
        }
        self.read += c.len_utf8();
        if self.found.is_none() && self.byte < self.read {
            self.found = Some(at);
        }
        true
    }

    /// Meets the end of the value, which a byte behind the last one means.
    fn end(&mut self) -> bool {
        if self.done() && self.found.is_none() {
            self.found = Some(self.at);
        }
        self.done()
    }

    fn line_break(&mut self) -> bool {
        let rest = self.rest();
        let length = match rest.as_bytes() {
            [b'\r', b'\n', ..] => 2,
            [b'\r' | b'\n', ..] => 1,
            _ => 0,
        };
        self.at += length;
        length > 0
    }

    fn blanks(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches([' ', '\t']).len();
    }

    /// Blanks and line breaks within quotes and plain texts: one break is a space, of several the
    /// first is none. Nothing if no break follows the blanks.
    fn fold(&mut self) -> Option<bool> {
        let start = *self;
        self.blanks();
        let at = self.at;
        let mut breaks = 0;
        while self.line_break() {
            breaks += 1;
            self.blanks();
        }
        match breaks {
            0 => {
                *self = start;
                None
            }
            1 => Some(self.meet(' ', at)),
            _ => Some((1..breaks).all(|_| self.meet('\n', at))),
        }
    }

    fn plain(&mut self) -> bool {
        while !self.done() {
            let Some(c) = self.next() else { return false };
            let met = match self.fold() {
                Some(met) => met,
                None => {
                    let met = self.meet(c, self.at);
                    self.at += c.len_utf8();
                    met
                }
            };
            if !met {
                return false;
            }
        }
        self.end()
    }

    fn quoted(&mut self, quote: char) -> bool {
        self.at += 1;
        while !self.done() {
            let Some(c) = self.next() else { return false };
            let met = match self.fold() {
                Some(met) => met,
                None if c == '\\' && quote == '"' => self.escape(),
                None if c == quote && !self.rest().starts_with("''") => false,
                None => {
                    let met = self.meet(c, self.at);
                    self.at += c.len_utf8() + usize::from(c == '\'' && quote == '\'');
                    met
                }
            };
            if !met {
                return false;
            }
        }
        self.end()
    }

    /// What a backslash in double quotes begins.
    fn escape(&mut self) -> bool {
        let start = self.at;
        self.at += 1;
        if self.line_break() {
            self.blanks();
            // Empty lines behind an escaped break are breaks of the text.
            while self.line_break() {
                self.blanks();
                if !self.meet('\n', start) {
                    return false;
                }
            }
            return true;
        }
        let Some(sign) = self.next() else { return false };
        self.at += sign.len_utf8();
        let c = match sign {
            'x' => self.code(2),
            'u' => self.unit(),
            'U' => self.code(8),
            sign => named(sign),
        };
        c.is_some_and(|c| self.meet(c, start))
    }

    fn digits(&mut self, count: usize) -> Option<u32> {
        let digits = self.rest().get(..count)?;
        let code = u32::from_str_radix(digits, 16).ok()?;
        self.at += count;
        Some(code)
    }

    fn code(&mut self, count: usize) -> Option<char> {
        self.digits(count).and_then(char::from_u32)
    }

    /// A unit of UTF-16, or two, as JSON writes them.
    fn unit(&mut self) -> Option<char> {
        let high = self.digits(4)?;
        if !(0xd800..0xdc00).contains(&high) {
            return char::from_u32(high);
        }
        self.at += self.rest().strip_prefix("\\u").map(|_| 2)?;
        let low = self.digits(4)?.checked_sub(0xdc00)?;
        char::from_u32(0x1_0000 + ((high - 0xd800) << 10) + low)
    }

    /// The indentation of a line of a block; false if the line is empty.
    fn indentation(&mut self, indent: usize) -> bool {
        let spaces = self.rest().len() - self.rest().trim_start_matches(' ').len();
        self.at += spaces.min(indent);
        spaces >= indent && !self.rest().is_empty() && !self.rest().starts_with(['\n', '\r'])
    }

    /// The rest of a line, but for its break.
    fn line(&mut self) -> bool {
        while let Some(c) = self.next().filter(|c| !matches!(c, '\n' | '\r')) {
            if self.done() {
                break;
            }
            if !self.meet(c, self.at) {
                return false;
            }
            self.at += c.len_utf8();
        }
        true
    }

    fn literal(&mut self, indent: usize) -> bool {
        while !self.done() && !self.rest().is_empty() {
            self.indentation(indent);
            if !self.line() {
                return false;
            }
            let at = self.at;
            if self.done() || !self.line_break() || !self.meet('\n', at) {
                break;
            }
        }
        self.end()
    }

    fn folded(&mut self, indent: usize) -> bool {
        // Breaks since the last line with text, where they began, and whether that line was
        // indented further: then, or if the next one is, all of them stand.
        let (mut breaks, mut since, mut further) = (0, self.at, true);
        while !self.done() && !self.rest().is_empty() {
            if self.indentation(indent) {
                let now = self.rest().starts_with([' ', '\t']);
                let met = match breaks {
                    0 => true,
                    1 if !now && !further => self.meet(' ', since),
                    _ => {
                        let first = usize::from(!now && !further);
                        (first..breaks).all(|_| self.meet('\n', since))
                    }
                };
                if !met || !self.line() {
                    return false;
                }
                (breaks, since, further) = (0, self.at, now);
            }
            if self.done() || !self.line_break() {
                break;
            }
            breaks += 1;
        }
        // What is left are the breaks at the end, as many as are kept.
        while !self.done() && breaks > 0 && self.meet('\n', since) {
            breaks -= 1;
        }
        self.end()
    }
}

/// The character of a short escape.
fn named(sign: char) -> Option<char> {
    Some(match sign {
        '0' => '\0',
        'a' => '\u{7}',
        'b' => '\u{8}',
        't' | '\t' => '\t',
        'n' => '\n',
        'v' => '\u{b}',
        'f' => '\u{c}',
        'r' => '\r',
        'e' => '\u{1b}',
        ' ' | '"' | '/' | '\\' => sign,
        'N' => '\u{85}',
        '_' => '\u{a0}',
        'L' => '\u{2028}',
        'P' => '\u{2029}',
        _ => return None,
    })
}

#[cfg(test)]
#[path = "scalar_tests.rs"]
mod tests;
