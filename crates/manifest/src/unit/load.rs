//! What the command of a load tester sends: `hey` (github.com/rakyll/hey), `ghz` (ghz.sh) and `wrk`
//! (github.com/wg/wrk), which Flagger's documentation uses. It knows no release.

use windtunnel_base::units::parse_duration;

/// Requests a second of one connection that sends as fast as it is answered.
const UNBOUND: f64 = 10.0;

/// What a load tester sends.
#[derive(Clone, Debug, PartialEq)]
pub struct Load {
    /// Requests a second.
    pub rate: f64,
    /// For how long.
    pub lasts: String,
    /// Does it name the canary's own Service, and not what users call?
    pub straight: bool,
    /// Does the command leave the rate to the answers?
    pub guessed: bool,
}

/// How a tool is spoken to.
struct Tool {
    names: &'static [&'static str],
    rate: &'static [&'static str],
    workers: &'static [&'static str],
    total: &'static [&'static str],
    lasts: &'static [&'static str],
    /// Is the rate that of each worker?
    each: bool,
    /// Workers without a word.
    usual: f64,
    /// How long it sends where neither time nor number is given; nothing: 200 requests.
    long: Option<&'static str>,
}

const TOOLS: [Tool; 3] = [
    Tool {
        names: &["hey"],
        rate: &["-q"],
        workers: &["-c"],
        total: &["-n"],
        lasts: &["-z"],
        each: true,
        usual: 50.0,
        long: None,
    },
    Tool {
        names: &["ghz"],
        rate: &["-q", "--qps", "-r", "--rps"],
        workers: &["-c", "--concurrency"],
        total: &["-n", "--total"],
        lasts: &["-z", "--duration"],
        each: false,
        usual: 50.0,
        long: None,
    },
    Tool {
        names: &["wrk", "wrk2"],
        rate: &["-R", "--rate"],
        workers: &["-c", "--connections"],
        total: &[],
        lasts: &["-d", "--duration"],
        each: false,
        usual: 10.0,
        long: Some("10s"),
    },
];

/// Reads a command; nothing if it is none of these.
pub fn read(command: &str) -> Option<Load> {
    let mut words = command.split_whitespace();
    let tool = words.find_map(|word| {
        let name = word.rsplit('/').next().unwrap_or(word);
        TOOLS.iter().find(|tool| tool.names.contains(&name))
    })?;
    let words: Vec<&str> = words.collect();
    let number = |flags: &[&str]| given(&words, flags).and_then(|v| v.parse::<f64>().ok());
    let rate = number(tool.rate).filter(|rate| *rate > 0.0);
    let workers = number(tool.workers).unwrap_or(tool.usual);
    let of_all = if tool.each || rate.is_none() { workers } else { 1.0 };
    let all = (rate.unwrap_or(UNBOUND) * of_all).clamp(0.01, 100_000.0);
    let lasts = given(&words, tool.lasts).filter(|span| parse_duration(span).is_some());
    let total = number(tool.total);
    let lasts = match (lasts, total, tool.long) {
        (Some(span), ..) => span.to_string(),
        (None, None, Some(long)) => long.to_string(),
        (None, total, _) => format!("{}s", (total.unwrap_or(200.0) / all).ceil().max(1.0)),
    };
    // Flagger calls the canary's Service TARGET-canary; any other host, or a gateway, is the apex.
    let straight = words.iter().any(|word| word.contains("-canary"));
    Some(Load { rate: all, lasts, straight, guessed: rate.is_none() })
}

/// The value of a flag: behind it, behind its `=`, or, for short ones, written at once.
fn given<'a>(words: &[&'a str], flags: &[&str]) -> Option<&'a str> {
    words.iter().enumerate().find_map(|(i, word)| {
        let (name, value) = word.split_once('=').map_or((*word, None), |(n, v)| (n, Some(v)));
        if flags.contains(&name) {
            return value.or(words.get(i + 1).copied());
        }
        let short = flags.iter().filter(|flag| flag.len() == 2);
        let at_once = |rest: &&str| rest.starts_with(|c: char| c.is_ascii_digit());
        short.filter_map(|flag| word.strip_prefix(flag)).find(at_once)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn load_tests_say_how_much_they_send() {
        for (command, expected) in [
            ("hey -z 1m -q 10 -c 2 http://cart-canary/", Some((20.0, "1m", false))),
            ("hey -n 100 -q 5 -c 1 http://x/", Some((5.0, "20s", false))),
            ("/usr/bin/hey -z 30s -c 3 http://x/", Some((30.0, "30s", true))),
            ("ghz -z 1m -q 10 -c 2 --insecure x:9898", Some((10.0, "1m", false))),
            ("ghz --rps=5 -n 100 x:9898", Some((5.0, "20s", false))),
            ("wrk -t2 -c10 -d30s http://x/", Some((100.0, "30s", true))),
            ("wrk2 -R20 -c2 -d 30s http://x/", Some((20.0, "30s", false))),
            ("curl -s http://x/", None),
            ("k6 run x.js", None),
        ] {
            let load = read(command);
            let load = load.as_ref().map(|l| (l.rate, l.lasts.as_str(), l.guessed));
            assert_eq!(load, expected, "{command}");
        }
        let straight = |command: &str| read(command).is_some_and(|load| load.straight);
        assert!(straight("hey -z 1m http://podinfo-canary.test:9898/"));
        assert!(!straight("hey -z 1m -host app.example.com http://gateway.test"));
    }
}
