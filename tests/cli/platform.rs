//! The same bytes on every processor: no flight asks the machine's C library for `exp` and its like.

#![cfg(all(target_os = "linux", target_env = "gnu"))]

use super::desk::{Answer, Desk, PROGRAM};
use std::process::Command;

/// Everything that draws or counts by a transcendental function: lognormal, exponential, Pareto
/// and uniform times, users by Zipf, a day's curve, warm-up, a query with `exp`, tests with normal
/// and chi-square tails, chaos at random instants.
const SCENARIO: &str = "\
apiVersion: windtunnel/v1alpha1
kind: Scenario
metadata: {name: platform}
spec:
  horizon: 4m
  service:
    replicas: 3
    startup: {lognormal: {median: 5s, p99: 9s}}
    warmUp: {factor: 3, tau: 20s}
    routes:
      - {name: home, share: 50%, serviceTime: {lognormal: {median: 30ms, p99: 200ms}}}
      - {name: cart, share: 30%, serviceTime: {exponential: {mean: 20ms}}}
      - {name: list, share: 20%, serviceTime: {pareto: {min: 5ms, alpha: 2.5}}}
  traffic:
    users: 300
    activity: {zipf: {exponent: 1.1}}
    arrivals: {diurnal: {mean: 20/s, peakToMean: 1.5, period: 4m}}
  release:
    at: 30s
    variants: [{name: good, share: 80%}, {name: bad, share: 20%, faults: [{errors: {rate: 30%}}]}]
  chaos: [{podKill: {count: 1, randomly: 20/h}}]
  onCall: {acknowledge: {lognormal: {median: 10s, p99: 30s}}, decide: 10s}
  strategies:
    - rollingUpdate
    - canary:
        steps: [20%, 100%]
        interval: 30s
        checks:
          - errorRate: {max: 10%}
          - query:
              query: exp(-sum(rate(http_requests_total{version=\"candidate\",code=~\"5..\"}[1m])))
              failsWhen: \"< 0.2\"
    - abTest: {duration: 1m}
    - shadow
  expect: [canary · bad · users_exposed > 0]
";

/// Functions of the C library whose last bits differ by processor or release.
const FUNCTIONS: &[&str] = &[
    "exp", "exp2", "expm1", "exp10", "log", "log2", "log10", "log1p", "pow", "sin", "cos", "tan",
    "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "cbrt", "erf",
    "erfc", "lgamma", "tgamma", "lgamma_r",
];

/// A library that ends whoever calls one of the functions, and a program that calls one.
fn trap(desk: &Desk) {
    let mut library = String::from("#include <stdlib.h>\n");
    for name in FUNCTIONS {
        library.push_str(&format!("double {name}(double x) {{ (void)x; abort(); }}\n"));
    }
    desk.write("trap.c", &library);
    desk.write("caller.c", "#include <math.h>\nint main(int n, char **a) { return exp(n) < 1; }\n");
    let compile = |args: &[&str]| {
        let done = Command::new("cc").args(args).current_dir(desk.path(".")).status();
        assert!(done.expect("a C compiler").success(), "{args:?}");
    };
    compile(&["-fno-builtin", "-w", "-shared", "-fPIC", "trap.c", "-o", "trap.so"]);
    compile(&["-fno-builtin", "caller.c", "-o", "caller", "-lm"]);
}

fn trapped(desk: &Desk, program: &str, args: &[&str]) -> Answer {
    let mut command = Command::new(program);
    command.args(args).current_dir(desk.path(".")).env("LD_PRELOAD", desk.path("trap.so"));
    Answer::of(&command.output().expect("the program starts"))
}

#[test]
fn a_flight_asks_no_function_of_the_platform() {
    let desk = Desk::new();
    desk.write("platform.yaml", SCENARIO);
    trap(&desk);
    let caller = desk.path("caller").display().to_string();
    assert_eq!(trapped(&desk, &caller, &[]).code, None, "the trap works: who calls exp is ended");
    for args in [
        &["check", "platform.yaml", "--replications", "8"][..],
        &["replay", "platform.yaml", "--strategy", "canary", "--release", "bad"],
    ] {
        let answer = trapped(&desk, PROGRAM, args);
        assert_eq!(answer.code, Some(0), "{args:?}: {}", answer.err);
        assert_eq!(answer.out, desk.fine(args), "{args:?}");
    }
}

#[test]
fn fused_multiply_add_changes_no_byte() {
    let desk = Desk::new();
    desk.write("platform.yaml", SCENARIO);
    desk.fine(&["run", "platform.yaml", "--replications", "3", "--out", "with"]);
    let mut command = Command::new(PROGRAM);
    command.args(["run", "platform.yaml", "--replications", "3", "--out", "without"]);
    // What glibc chooses its functions by; another C library ignores it.
    command.env("GLIBC_TUNABLES", "glibc.cpu.hwcaps=-FMA,-FMA4,-AVX2,-AVX512F");
    let answer = Answer::of(&command.current_dir(desk.path(".")).output().expect("it starts"));
    assert_eq!(answer.code, Some(0), "{}", answer.err);
    let (with, without) = (desk.files("with"), desk.files("without"));
    assert!(with.keys().eq(without.keys()) && with.len() > 8);
    for (name, bytes) in &with {
        let is_csv = name.extension().is_some_and(|e| e == "csv" || e == "jsonl" || e == "svg");
        assert!(!is_csv || bytes == &without[name], "{} differs", name.display());
    }
}
