//! Words of a command that any POSIX shell reads back as they were.

use super::is_hidden;

/// A word, in quotes unless it needs none.
///
/// Quotes of the shell carry everything, line feeds too; characters that a reader would not see
/// are made by `printf`, so that what is shown can be copied.
pub fn word(word: &str) -> String {
    let sound = |c: char| c.is_alphanumeric() || "-_./=,:%".contains(c);
    let plain = |c: char| sound(c) && !is_hidden(c);
    // Some shells look up a word behind a leading `=`.
    if !word.is_empty() && word.chars().all(plain) && !word.starts_with('=') {
        return word.to_string();
    }
    let hides = |c: char| is_hidden(c) && c != '\n';
    let mut out = String::new();
    let mut rest = word;
    while !rest.is_empty() {
        let end = rest.find(hides).unwrap_or(rest.len());
        if end > 0 {
            out.push_str(&format!("'{}'", rest[..end].replace('\'', "'\\''")));
        }
        rest = &rest[end..];
        let end = rest.find(|c| !hides(c)).unwrap_or(rest.len());
        if end > 0 {
            let octal: String = rest[..end].bytes().map(|b| format!("\\{b:03o}")).collect();
            out.push_str(&format!("\"$(printf '{octal}')\""));
        }
        rest = &rest[end..];
    }
    if out.is_empty() { "''".to_string() } else { out }
}

/// Words as one command.
pub fn command(words: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    words.into_iter().map(|w| word(w.as_ref())).collect::<Vec<_>>().join(" ")
}
