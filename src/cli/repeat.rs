//! The command that repeats a run, byte for byte: as typed, without what changes no byte (threads,
//! colours, silence), with what the environment said in the place of flags; and with the number of
//! replications that time or an interruption left, in the place of what was asked for.

use clap::ArgMatches;
use clap::parser::ValueSource;
use std::sync::OnceLock;
use windtunnel_base::escape;

/// Flags whose values may come from the environment and change what a run writes or prints.
const FROM_ENVIRONMENT: [&str; 4] = ["seed", "replications", "out", "format"];

/// Flags with a value that change no byte, and short ones.
const WITH_VALUE: [(&str, char); 2] = [("--jobs", 'j'), ("--color", '\0')];

/// Flags that say how much is flown.
const AMOUNTS: [&str; 3] = ["--replications", "--for", "--max-requests"];

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

/// The same with a number of replications in the place of whatever said how much is flown.
pub fn with_replications(replications: usize) -> String {
    repeated(Some(replications))
}

fn repeated(replications: Option<usize>) -> String {
    let typed = std::env::args_os().skip(1).map(|w| w.to_string_lossy().into_owned());
    let said = SAID.get().map_or(&[][..], Vec::as_slice);
    let (typed, said) = match replications {
        Some(count) => {
            let amount = |word: &&String| !AMOUNTS.iter().any(|flag| is_flag(word, flag));
            (counted(typed.collect(), count), said.iter().filter(amount).cloned().collect())
        }
        None => (typed.collect(), said.to_vec()),
    };
    escape::shell::command(words(typed, &said))
}

/// `--flag`, or `--flag=value`.
fn is_flag(word: &str, flag: &str) -> bool {
    word.strip_prefix(flag).is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
}

/// The words with a number of replications in the place of all that says how much is flown.
fn counted(typed: Vec<String>, count: usize) -> Vec<String> {
    let end = typed.iter().position(|word| word == "--").unwrap_or(typed.len());
    let (typed, rest) = typed.split_at(end);
    let (mut words, mut place, mut skip) = (Vec::new(), None, false);
    for word in typed {
        if std::mem::take(&mut skip) {
            continue;
        }
        let amount = AMOUNTS.iter().any(|flag| is_flag(word, flag));
        let (kept, takes) = match word.as_str() {
            "--quick" => (None, false),
            _ if amount => (None, !word.contains('=')),
            _ => without_number(word),
        };
        skip = takes;
        if kept.as_ref() != Some(word) {
            place.get_or_insert(words.len());
        }
        words.extend(kept);
    }
    let place = place.unwrap_or(words.len());
    words.splice(place..place, ["--replications".to_string(), count.to_string()]);
    words.extend_from_slice(rest);
    words
}

/// A word without `-n N` among its short flags, and whether the next word is that number.
fn without_number(word: &str) -> (Option<String>, bool) {
    let same = (Some(word.to_string()), false);
    let Some(flags) = word.strip_prefix('-') else { return same };
    let before = flags.chars().take_while(|flag| SWITCHES.contains(flag)).count();
    match flags[before..].strip_prefix('n') {
        Some(number) => {
            let kept = (before > 0).then(|| format!("-{}", &flags[..before]));
            (kept, number.is_empty())
        }
        None => same,
    }
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
        let of = |text, count| counted(typed(text), count).join(" ");
        assert_eq!(of("run --for 9s a", 48), "run --replications 48 a");
        assert_eq!(of("check a --for=9s", 2), "check a --replications 2");
        assert_eq!(of("run a --set x=--for=1", 2), "run a --set x=--for=1 --replications 2");
        for (typed, kept) in [
            ("run a", "run a --replications 7"),
            ("run a --quick -o q", "run a --replications 7 -o q"),
            ("run -n 900 a --out o", "run --replications 7 a --out o"),
            ("run -qRn 900 a", "run --replications 7 -qR a"),
            ("run -n900 a -- -n 3", "run --replications 7 a -- -n 3"),
            ("run - --max-requests 9 --replications=900", "run - --replications 7"),
            ("run -o n a -s 3", "run -o n a -s 3 --replications 7"),
            ("run a -- b", "run a --replications 7 -- b"),
        ] {
            assert_eq!(of(typed, 7), kept, "{typed}");
        }
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
