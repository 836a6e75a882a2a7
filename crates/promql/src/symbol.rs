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
    /// `__type__`, which may say what kind of metric a series is of.
    pub const TYPE: Symbol = Symbol(3);
    /// `__unit__`, which may say in what it is measured.
    pub const UNIT: Symbol = Symbol(4);

    /// Its place in the table.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A table of interned texts.
#[derive(Clone, Debug, PartialEq)]
pub struct Symbols {
    texts: Vec<Arc<str>>,
    numbers: BTreeMap<Arc<str>, Symbol>,
}

impl Default for Symbols {
    fn default() -> Symbols {
        let mut symbols = Symbols { texts: Vec::new(), numbers: BTreeMap::new() };
        for text in ["", "__name__", "le", "__type__", "__unit__"] {
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

/// A table that is read only, and what was interned on top of it: for readers that make new texts.
#[derive(Debug)]
pub struct Overlay<'a> {
    base: &'a Symbols,
    texts: Vec<Arc<str>>,
    numbers: BTreeMap<Arc<str>, Symbol>,
}

impl<'a> Overlay<'a> {
    /// Nothing on top yet.
    pub fn new(base: &'a Symbols) -> Overlay<'a> {
        Overlay { base, texts: Vec::new(), numbers: BTreeMap::new() }
    }

    /// The symbol of a text, made on top if there is none yet.
    pub fn intern(&mut self, text: &str) -> Symbol {
        if let Some(known) = self.find(text) {
            return known;
        }
        let symbol = Symbol((self.base.len() + self.texts.len()) as u32);
        let text: Arc<str> = Arc::from(text);
        self.texts.push(Arc::clone(&text));
        self.numbers.insert(text, symbol);
        symbol
    }

    /// The symbol of a text, if it has one.
    pub fn find(&self, text: &str) -> Option<Symbol> {
        self.base.find(text).or_else(|| self.numbers.get(text).copied())
    }

    /// The text of a symbol.
    pub fn text(&self, symbol: Symbol) -> &str {
        match self.texts.get(symbol.index().wrapping_sub(self.base.len())) {
            Some(text) => text,
            None => self.base.text(symbol),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_overlay_adds_without_touching_its_base() {
        let mut base = Symbols::default();
        let job = base.intern("job");
        let mut overlay = Overlay::new(&base);
        let new = overlay.intern("new");
        assert_eq!((overlay.intern("job"), overlay.intern("new")), (job, new));
        assert_eq!((overlay.text(job), overlay.text(new)), ("job", "new"));
        assert_eq!((overlay.text(Symbol::NAME), base.find("new")), ("__name__", None));
    }
}
