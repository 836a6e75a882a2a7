//! The command that repeats a run, byte for byte.

use crate::base::escape::shell;

/// As typed, but for the number of threads: it changes no byte.
pub fn command() -> String {
    shell::command(words(std::env::args().skip(1), None))
}

/// The same with the number of replications that `--for` came to in its place.
pub fn with_replications(replications: usize) -> String {
    shell::command(words(std::env::args().skip(1), Some(replications)))
}

fn words(typed: impl Iterator<Item = String>, replications: Option<usize>) -> Vec<String> {
    let mut words = vec!["windtunnel".to_string()];
    let mut typed = typed.peekable();
    while let Some(word) = typed.next() {
        match (word.as_str(), replications) {
            ("--jobs", _) => drop(typed.next()),
            (set, _) if set.starts_with("--jobs=") => {}
            ("--for", Some(count)) => {
                typed.next();
                words.extend(["--replications".to_string(), count.to_string()]);
            }
            (set, Some(count)) if set.starts_with("--for=") => {
                words.push(format!("--replications={count}"));
            }
            _ => words.push(word),
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_are_left_out_and_a_time_becomes_replications() {
        let typed = |text: &str| text.split(' ').map(str::to_string).collect::<Vec<_>>();
        let of = |text, count| words(typed(text).into_iter(), count).join(" ");
        assert_eq!(of("run a --jobs 2 --seed 3 --jobs=4", None), "windtunnel run a --seed 3");
        assert_eq!(of("run --for 9s a", Some(48)), "windtunnel run --replications 48 a");
        assert_eq!(of("check a --for=9s", Some(2)), "windtunnel check a --replications=2");
        assert_eq!(of("run a --set x=--for=1", Some(2)), "windtunnel run a --set x=--for=1");
    }
}
