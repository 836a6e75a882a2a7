//! The command that repeats a run, byte for byte: as typed, without what changes no byte (threads,
//! colours, silence), with what the environment said in the place of flags, and with the number of
//! replications that `--for` came to in its place.

use clap::ArgMatches;
use clap::parser::ValueSource;
use std::sync::OnceLock;
use windtunnel_base::escape;

/// Flags whose values may come from the environment and change what a run writes or prints.
const FROM_ENVIRONMENT: [&str; 4] = ["seed", "replications", "out", "format"];

/// Flags with a value that change no byte, and short ones.
const WITH_VALUE: [(&str, char); 2] = [("--jobs", 'j'), ("--color", '\0')];

/// Short flags without a value.
const SWITCHES: [char; 2] = ['q', 'R'];

/// What the environment said, as flags.
static SAID: OnceLock<Vec<String>> = OnceLock::new();

/// Notes what came from the environment.
pub fn note(matches: &ArgMatches) {
    let Some((_, verb)) = matches.subcommand() else { return };
    let said = FROM_ENVIRONMENT.into_iter().filter_map(|flag| {
        // A verb need not have every flag.
        let known = verb.try_contains_id(flag).unwrap_or(false);
        let from = known.then(|| verb.value_source(flag)).flatten();
        let value = verb.try_get_raw(flag).ok().flatten()?.next()?;
        let of_environment = from == Some(ValueSource::EnvVariable);
        of_environment.then(|| format!("--{flag}={}", value.to_string_lossy()))
    });
    let _ = SAID.set(said.collect());
}

/// The command, quoted for a shell.
pub fn command() -> String {
    repeated(None)
}

/// The same with the number of replications that `--for` came to in its place.
pub fn with_replications(replications: usize) -> String {
    repeated(Some(replications))
}

fn repeated(replications: Option<usize>) -> String {
    let typed = std::env::args_os().skip(1).map(|w| w.to_string_lossy().into_owned());
    let typed = match replications {
        Some(count) => counted(typed, count),
        None => typed.collect(),
    };
    escape::shell::command(words(typed, SAID.get().map_or(&[], Vec::as_slice)))
}

/// The words with a number of replications in the place of `--for`.
fn counted(typed: impl Iterator<Item = String>, count: usize) -> Vec<String> {
    let (mut words, mut typed) = (Vec::new(), typed);
    while let Some(word) = typed.next() {
        if word == "--" {
            words.push(word);
            words.extend(typed);
            return words;
        }
        if word == "--for" {
            typed.next();
            words.extend(["--replications".to_string(), count.to_string()]);
        } else if word.starts_with("--for=") {
            words.push(format!("--replications={count}"));
        } else {
            words.push(word);
        }
    }
    words
}

fn words(typed: Vec<String>, said: &[String]) -> Vec<String> {
    let mut words = vec!["windtunnel".to_string()];
    let mut typed = typed.into_iter();
    while let Some(word) = typed.next() {
        if word == "--" {
            words.extend(said.iter().cloned());
            words.push(word);
            words.extend(typed);
            return words;
        }
        let long = |(flag, _): &(&str, char)| {
            word.strip_prefix(flag).is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
        };
        if WITH_VALUE.iter().any(long) {
            if !word.contains('=') {
                typed.next();
            }
        } else if word != "--quiet" {
            match shorts(&word) {
                Some((kept, takes)) => {
                    words.extend(kept);
                    takes.then(|| typed.next());
                }
                None => words.push(word),
            }
        }
    }
    words.extend(said.iter().cloned());
    words
}

/// Short flags in one word: what is kept of it, and whether the next word goes with what is not.
/// Nothing for any other word.
fn shorts(word: &str) -> Option<(Option<String>, bool)> {
    let flags = word.strip_prefix('-').filter(|f| f.starts_with(|c: char| c.is_alphabetic()))?;
    let mut kept = String::new();
    for (at, flag) in flags.char_indices() {
        let rest = &flags[at + flag.len_utf8()..];
        if WITH_VALUE.iter().any(|(_, short)| *short == flag) {
            let word = (!kept.is_empty()).then(|| format!("-{kept}"));
            return Some((word, rest.is_empty()));
        }
        if !SWITCHES.contains(&flag) {
            // Its value is the rest, or the next word, which stays.
            kept.push_str(&flags[at..]);
            break;
        }
        if flag != 'q' {
            kept.push(flag);
        }
    }
    Some(((!kept.is_empty()).then(|| format!("-{kept}")), false))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_becomes_replications() {
        let typed = |text: &str| text.split(' ').map(str::to_string).collect::<Vec<_>>();
        let of = |text, count| counted(typed(text).into_iter(), count).join(" ");
        assert_eq!(of("run --for 9s a", 48), "run --replications 48 a");
        assert_eq!(of("check a --for=9s", 2), "check a --replications=2");
        assert_eq!(of("run a --set x=--for=1", 2), "run a --set x=--for=1");
    }

    fn kept_of(typed: &str, said: &[&str]) -> String {
        let typed = typed.split(' ').map(String::from).collect();
        let said: Vec<String> = said.iter().map(ToString::to_string).collect();
        words(typed, &said)[1..].join(" ")
    }

    #[test]
    fn what_changes_no_byte_is_left_out() {
        for (typed, kept) in [
            ("run a.yaml --jobs 4 --seed 2", "run a.yaml --seed 2"),
            ("run --jobs=4 a.yaml -q", "run a.yaml"),
            ("-q --color never run -j 4 a.yaml", "run a.yaml"),
            ("run -j4 -s2 --color=always a.yaml", "run -s2 a.yaml"),
            ("run -Rqj 4 scenarios --quiet", "run -R scenarios"),
            ("run -qs 4 -o q.yaml", "run -s 4 -o q.yaml"),
            ("run - -n 3", "run - -n 3"),
            ("run -- -j 4", "run -- -j 4"),
        ] {
            assert_eq!(kept_of(typed, &[]), kept, "{typed}");
        }
    }

    #[test]
    fn what_the_environment_said_is_written_out() {
        assert_eq!(kept_of("run a.yaml -q", &["--seed=7"]), "run a.yaml --seed=7");
        assert_eq!(kept_of("run -- a.yaml", &["--seed=7"]), "run --seed=7 -- a.yaml");
    }
}
