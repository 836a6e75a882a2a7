//! Interned texts: label names and values occur thousands of times, so each is kept once.

use std::collections::BTreeMap;
use std::sync::Arc;

/// The number of an interned text; equal numbers of one table mean equal texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Symbol(u32);

impl Symbol {
    /// The empty text: in queries, a label that is missing has this value.
    pub const EMPTY: Symbol = Symbol(0);
    /// `__name__`, under which Prometheus keeps the name of a metric.
    pub const NAME: Symbol = Symbol(1);
    /// `le`, the upper bound of a histogram bucket.
    pub const LE: Symbol = Symbol(2);

    /// Its place in the table.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A table of interned texts.
#[derive(Clone, Debug)]
pub struct Symbols {
    texts: Vec<Arc<str>>,
    numbers: BTreeMap<Arc<str>, Symbol>,
}

impl Default for Symbols {
    fn default() -> Symbols {
        let mut symbols = Symbols { texts: Vec::new(), numbers: BTreeMap::new() };
        for text in ["", "__name__", "le"] {
            symbols.intern(text);
        }
        symbols
    }
}

impl Symbols {
    /// The symbol of a text, made if there is none yet.
    ///
    /// # Panics
    /// With more than 2³² different texts, which no flight and no readable file reaches.
    pub fn intern(&mut self, text: &str) -> Symbol {
        if let Some(known) = self.numbers.get(text) {
            return *known;
        }
        let symbol = Symbol(u32::try_from(self.texts.len()).expect("fewer than 2^32 texts"));
        let text: Arc<str> = Arc::from(text);
        self.texts.push(Arc::clone(&text));
        self.numbers.insert(text, symbol);
        symbol
    }

    /// The symbol of a text, if it was ever interned.
    pub fn find(&self, text: &str) -> Option<Symbol> {
        self.numbers.get(text).copied()
    }

    /// The text of a symbol of this table.
    pub fn text(&self, symbol: Symbol) -> &str {
        &self.texts[symbol.index()]
    }

    /// Number of texts.
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Never: the empty text is always there.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }
}
