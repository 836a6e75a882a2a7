//! Text in lines of limited width, broken between words; a word that is wider stands alone.

use unicode_width::UnicodeWidthStr;

/// Columns of a terminal that tells no width of its own.
pub const COLUMNS: usize = 80;

/// Lines of at most `room` columns; each further one begins with `indent` blanks, which count.
pub fn wrapped(text: &str, room: usize, indent: usize) -> Vec<String> {
    let words = text.trim_start_matches(' ');
    // Blanks that stand first belong to the text.
    let mut line = " ".repeat(text.len() - words.len());
    let (mut lines, mut has_word) = (Vec::new(), false);
    for word in words.split(' ') {
        if has_word && line.width() + 1 + word.width() > room {
            lines.push(std::mem::replace(&mut line, " ".repeat(indent)));
        } else if has_word {
            line.push(' ');
        }
        line += word;
        has_word = true;
    }
    lines.push(line);
    lines
}

/// The same with every line of a text, ended by a line break; a line's own indent is kept, and
/// what follows it stands two columns deeper.
pub fn filled(text: &str) -> String {
    let fill = |line: &str| {
        let indent = line.len() - line.trim_start_matches(' ').len();
        wrapped(line, COLUMNS, indent + 2).join("\n") + "\n"
    };
    text.lines().map(fill).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words_and_hang() {
        assert_eq!(wrapped("a bb ccc dddd", 8, 2), ["a bb ccc", "  dddd"]);
        assert_eq!(wrapped("  a bb", 3, 2), ["  a", "  bb"]);
        assert_eq!(wrapped("unbreakable a", 5, 0), ["unbreakable", "a"]);
        assert_eq!(wrapped("", 5, 0), [""]);
        let long = format!("    {}", "word ".repeat(40));
        assert!(filled(&long).lines().all(|l| l.width() <= COLUMNS && l.starts_with("    ")));
    }
}
