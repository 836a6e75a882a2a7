//! A first scenario is decided: who begins with `new` and `check` gets an answer.

use super::desk::Desk;

#[test]
fn the_demo_is_decided() {
    let desk = Desk::new();
    desk.fine(&["new", "demo", "--out", "x.yaml"]);
    let answer = desk.run(&["check", "x.yaml"]);
    assert_eq!(answer.code, Some(0), "{}{}", answer.out, answer.err);
    assert!(answer.out.ends_with("2 hold, 0 fail, 0 undecided\n"), "{}", answer.out);
    // Shares are told as such, and so are limits.
    assert!(answer.out.contains(" flights, expected ≥ 90 %\n"), "{}", answer.out);
}
