//! Conditions as AnalysisTemplates write them, and bad ones.

use super::*;

fn holds(text: &str, result: &Value) -> Result<bool, String> {
    Condition::parse(text).map_err(|fault| fault.text)?.holds(result, &dates::epoch())
}

fn one(value: f64) -> Value {
    Value::floats([value])
}

#[test]
fn conditions_of_templates() {
    let vector = Value::floats([0.97, 0.99]);
    let cases = [
        ("result[0] >= 0.95", true),
        ("result[0] >= 0.95 && result[1] < 0.98", false),
        ("len(result) == 0 || result[0] < 0.05", false),
        ("all(result, # > 0.9)", true),
        ("all(result, {# > 0.98})", false),
        ("any(result, {# > 0.98}) and not none(result, # > 2)", false),
        ("none(result, {isNaN(#)})", true),
        ("one(result, {# > 0.98})", true),
        ("len(filter(result, {# > 0.98})) == 1", true),
        ("count(result, {# > 0.9}) == 2", true),
        ("sum(result) > 1.95", true),
        ("max(result) == 0.99 and min(result) == .97", true),
        ("mean(result) < 0.99 && median(result) < 0.99", true),
        ("0.97 in result", true),
        ("1 not in result", true),
        ("result[0] in [0.97, 1]", true),
        ("(result[0] - 0.97) * 100 / 2 < 1e-9", true),
        ("result[-1] == 0.99", true),
        ("isNaN(result[0]) ? false : result[0] > 0.9", true),
        ("asInt(result[0]) == 0", true),
        ("asFloat(result[0]) > 0.5", true),
        ("0.9 < result[0] < 0.98", true),
        ("result | len() == 2", true),
        ("map(result, {# * 100})[0] > 96.9", true),
        ("len(result[0:1]) == 1", true),
        ("not (result[0] > 1) and !false", true),
        ("2 ** 3 == 8 and 7 % 3 == 1 and 1 / 2 == 0.5", true),
        ("default(result, 0)[0] > 0.5", true),
        ("'a' + 'b' == 'ab' and 'abc' contains 'b'", true),
        ("isInf(1 / 0)", true),
        ("all(1..3, # < 4) and (nil ?? 5) == 5", true),
        ("all(result, #index < 2)", true),
    ];
    for (text, expected) in cases {
        assert_eq!(holds(text, &vector), Ok(expected), "{text}");
    }
}

/// Names, maps, texts and the functions of lists: each of these holds.
#[test]
fn conditions_that_take_the_whole_language() {
    let vector = Value::floats([0.97, 0.99]);
    let cases = [
        ("let worst = min(result); worst > 0.9 && worst < 0.98", true),
        ("let a = result[0]; let b = result[1]; b - a < 0.03", true),
        ("reduce(result, # + #acc) > 1.95", true),
        ("reduce(result, #acc + #, 0) / len(result) < 0.99", true),
        ("reduce(result, #acc + 1, 0) == 2", true),
        ("{'a': 1, b: 2}.b == 2 and {(\"c\"): 3}['c'] == 3", true),
        ("if len(result) > 1 { result[1] > 0.98 } else { false }", true),
        ("if false { true } else if true { 1 < 2 } else { false }", true),
        ("sortBy(result, -#)[0] == 0.99", true),
        ("sortBy(result, #, 'desc')[0] == 0.99", true),
        ("len(groupBy(result, # > 0.98)['true']) == 1", true),
        ("'v1.2' matches '^v[0-9]' and 'a' not matches 'b'", true),
        ("uniq([1, 1, 2]) == [1, 2] and concat([1], [2, 3]) == [1, 2, 3]", true),
        ("flatten([1, [2, [3]]]) == [1, 2, 3]", true),
        ("join(split('a,b', ','), '-') == 'a-b'", true),
        ("upper(trim('  a ')) + lower('B') == 'Ab'", true),
        ("replace('a.b.c', '.', '', 1) == 'ab.c' and repeat('a', 3) == 'aaa'", true),
        ("keys({a: 1}) == ['a'] and values({a: 1}) == [1]", true),
        ("fromPairs(toPairs({a: 1})).a == 1", true),
        ("get(result, 5) == nil and get({a: 1}, 'a') == 1", true),
        ("type(result) == 'array' and type(1.5) == 'float' and type(nil) == 'nil'", true),
        ("'hello'[1:3] == 'el' and hasPrefix('hello', 'he') and indexOf('abc', 'c') == 2", true),
        ("bitand(6, 3) == 2 and bitshl(1, 4) == 16 and bitnot(0) == -1", true),
        ("findLastIndex(result, # > 0.9) == 1 and findIndex(result, # > 0.98) == 1", true),
        ("fromJSON('[1, 2]')[1] == 2", true),
        ("result | filter(# > 0.98) | len() == 1", true),
        ("(1; 2) == 2", true),
        ("all([{v: 1}, {v: 2}], .v > 0)", true),
        ("nil?.a.b == nil", true),
        ("first(result) < last(result) and take(result, 1) == [0.97]", true),
        ("round(2.5) == 3 and floor(-1.5) == -2 and ceil(1.2) == 2 and abs(-2) == 2", true),
        ("int('3') + int(2.9) == 5 and float('1.5') == 1.5 and string(2) == '2'", true),
    ];
    for (text, expected) in cases {
        assert_eq!(holds(text, &vector), Ok(expected), "{text}");
    }
}

#[test]
fn nan_makes_comparisons_false() {
    let nan = one(f64::NAN);
    for text in ["result[0] > 0", "result[0] <= 0", "result[0] == result[0]"] {
        assert_eq!(holds(text, &nan), Ok(false), "{text}");
    }
    assert_eq!(holds("result[0] != 1 and isNaN(result[0])", &nan), Ok(true));
}

#[test]
fn an_empty_vector_has_no_first_sample() {
    let empty = Value::floats([]);
    let error = holds("result[0] > 1", &empty);
    assert_eq!(error, Err("index out of range: 0 (array length is 0)".into()));
    assert_eq!(holds("len(result) == 0 || result[0] < 0.05", &empty), Ok(true));
    // An empty list is not nil, and `default` does not help.
    assert_eq!(holds("isNil(result)", &empty), Ok(false));
    assert_eq!(holds("all(result, # > 1)", &empty), Ok(true));
    assert!(holds("default(result, 0) < 0.05", &empty).is_err());
    assert_eq!(holds("default(result, 0) < 0.05", &Value::Nil), Ok(true));
}

#[test]
fn types_are_checked_even_where_nothing_runs() {
    let number = Value::Float(1.0);
    let cases = [
        ("true || unknown", "unknown name unknown"),
        ("result == 'a'", "invalid operation: == (mismatched types float64 and string)"),
        ("true || result[0] > 1", "type float64 has no field or index"),
        ("len(result) > 0", "invalid argument for len (type float64)"),
        ("all(result, # > 1)", "builtin all takes only array (got float64)"),
        ("result and true", "invalid operation: and (mismatched types float64 and bool)"),
        ("not result", "invalid operation: not (mismatched type float64)"),
        ("result", "expected bool, but got float64"),
        ("1", "expected bool, but got int"),
        ("1.5 % 2 == 1", "invalid operation: % (mismatched types float64 and int)"),
    ];
    for (text, expected) in cases {
        assert_eq!(holds(text, &number), Err(expected.into()), "{text}");
    }
    let text = holds("all(result, {#})", &one(1.0));
    assert_eq!(text, Err("predicate should return boolean (got float64)".into()));
}

#[test]
fn web_results_are_named_values() {
    let values = Value::List(vec![Value::Float(2.0), Value::Float(3.0)]);
    let inner = Value::Map([("values".to_string(), values)].into());
    let result = Value::Map([("data".to_string(), inner)].into());
    assert_eq!(holds("all(result.data.values, {# > 1})", &result), Ok(true));
    assert_eq!(holds("'data' in result and result['data'].none == nil", &result), Ok(true));
    assert!(holds("result.none.values[0] > 1", &result).is_err());
    assert_eq!(holds("result.none?.values == nil", &result), Ok(true));
}

#[test]
fn texts_are_read_as_numbers_on_request() {
    let text = |t: &str| Value::Text(t.into());
    assert_eq!(holds("asInt(result) == 1", &text("1")), Ok(true));
    assert_eq!(holds("asFloat(result) >= 1.1", &text("1.1")), Ok(true));
    assert!(holds("asInt(result) == 1", &text("1.1")).is_err());
    assert!(holds("asFloat(result) == \"1.1\"", &text("1.1")).is_err());
}

#[test]
fn nonsense_is_told_with_its_place() {
    let column = |text: &str| Condition::parse(text).map_err(|fault| fault.column);
    let cases = [
        ("", 1),
        ("result[0] >", 12),
        ("result[0", 9),
        ("(1", 3),
        ("1 2", 3),
        ("# > 1", 1),
        ("all(result)", 1),
        ("nothing(1)", 1),
        ("result[0] > 1 )", 15),
    ];
    for (text, expected) in cases {
        assert_eq!(column(text).err(), Some(expected), "{text}");
    }
    for text in ["let result = 1; true", "let len = 1; true", "let x 1", "if true { 1 }"] {
        assert!(Condition::parse(text).is_err(), "{text}");
    }
    for text in ["let x = 1; let x = 2; x > 1", "x; let x = 1; x > 0"] {
        assert!(holds(text, &one(1.0)).is_err(), "{text}");
    }
    for text in ["#sum > 1", "all(result, #sum > 1)"] {
        assert!(Condition::parse(text).is_err(), "{text}");
    }
}

/// Nesting, chains and work have limits: no text can hang or exhaust anything.
#[test]
fn hostile_texts_end() {
    let deep = |open: &str, n: usize| format!("{}1{}", open.repeat(n), ")".repeat(n));
    assert!(Condition::parse(&deep("(", 10_000)).is_err());
    assert!(Condition::parse(&deep("not (", 3_000)).is_err());
    assert!(Condition::parse(&format!("1{}", " + 1".repeat(4_000))).is_err());
    assert!(Condition::parse(&format!("1{}", " < 1".repeat(4_000))).is_err());
    assert!(Condition::parse(&format!("result{}", "[0]".repeat(4_000))).is_err());
    assert!(Condition::parse(&"-".repeat(10_000)).is_err());
    let twice = (0..60).fold("1".to_string(), |inner, _| format!("0 < ({inner}) < 1"));
    assert!(Condition::parse(&twice).is_err());
    let twice = (0..60).fold("1".to_string(), |inner, _| format!("({inner}) ?: 1"));
    assert!(Condition::parse(&twice).is_err());
    let long = Value::floats((0..300).map(f64::from));
    let nested = "all(result, all(result, all(result, # >= 0)))";
    assert_eq!(holds(nested, &long), Err("memory budget exceeded".into()));
    // Texts and lists that double with every name.
    let doubled = |start: &str, twice: &dyn Fn(&str) -> String| {
        let step = |text: String, i: usize| {
            format!("{text}let x{} = {}; ", i + 1, twice(&format!("x{i}")))
        };
        (0..45).fold(format!("let x0 = {start}; "), step) + "true"
    };
    let texts = doubled("'abcdefgh'", &|x| format!("{x} + {x}"));
    assert!(holds(&texts, &long).is_err());
    let lists = doubled("[1]", &|x| format!("[{x}, {x}]"));
    assert!(holds(&lists, &long).is_err());
    assert!(holds("len(repeat('a', 900000000)) > 0", &long).is_err());
    assert!(holds("len(1..9223372036854775807) > 0", &long).is_err());
    assert!(holds("-9223372036854775807 - 10 < 0 or true", &long).is_ok());
}

/// `now()` is 2026-01-01 in these tests, a Thursday.
#[test]
fn dates_durations_and_zones() {
    let cases = [
        "now() > date('2025-12-31') and now() - duration('1h') < now()",
        "now() == date('2026-01-01T00:00:00Z') and now().Unix() == 1767225600",
        "(now() - date('2025-12-31')).Hours() == 24",
        "date('2023-08-14').Year() == 2023 and date('2023-08-14').YearDay() == 226",
        "now().Weekday() == 4 and now().Month() == 1 and now().Hour() < 6",
        "duration('1h').Seconds() == 3600 and duration('90m') > duration('1h')",
        "duration('1h') * 2 == duration('2h') and 2 * duration('30m') == duration('1h')",
        "string(duration('90m')) == '1h30m0s' and type(now()) == 'time.Time'",
        "date('2023-08-14 00:00:00', '2006-01-02 15:04:05', 'Europe/Zurich').UTC().Hour() == 22",
        "date('2023-08-14 00:00:00').In(timezone('Europe/Zurich')).Hour() == 2",
        "now(timezone('Asia/Tokyo')).Hour() == 9 and now(timezone('Asia/Tokyo')) == now()",
        "now().Format('Mon 02 Jan 2006') == 'Thu 01 Jan 2026'",
        "now().AddDate(0, 1, 0).Before(now().Add(duration('745h')))",
        "now().Sub(now()) == duration('0s') and now() - now() == duration('0')",
        "date('2023-08-14') in [date('2023-08-14')] and max([1, 2]) == 2",
        "toBase64('Hello World') == 'SGVsbG8gV29ybGQ='",
        "fromBase64('SGVsbG8gV29ybGQ=') == 'Hello World'",
        "[now()][0].Year() == 2026",
    ];
    for text in cases {
        assert_eq!(holds(text, &one(1.0)), Ok(true), "{text}");
    }
    for (text, expected) in [
        ("now() > 1", "invalid operation: > (mismatched types time.Time and int)"),
        ("now() + now() == 1", "invalid operation: + (mismatched types time.Time and time.Time)"),
        ("duration('1x') == nil", "time: unknown unit \"x\" in duration \"1x\""),
        ("date('yesterday') == now()", "invalid date yesterday"),
        ("timezone('Atlantis') == nil", "unknown time zone Atlantis"),
        ("now().Years() == 1", "type time.Time has no method Years"),
        ("now().Year(1) == 1", "too many arguments to call Year"),
        ("result[0].Year() == 1", "type float64 has no method Year"),
        ("default(result, 1).Year() == 1", "type []interface {} has no method Year"),
        ("fromBase64('!') == ''", "Invalid symbol 33, offset 0."),
        ("now()", "expected bool, but got time.Time"),
    ] {
        assert_eq!(holds(text, &one(1.0)), Err(expected.into()), "{text}");
    }
}

/// The ends of a range query are instants, and know no result.
#[test]
fn expressions_can_be_instants() {
    let at = |text: &str| Condition::parse(text).expect(text).instant_ms(&dates::epoch());
    assert_eq!(at("now() - duration('5m')"), Ok(1_767_225_600_000 - 300_000));
    assert_eq!(at("date('2026-01-01')"), Ok(1_767_225_600_000));
    assert_eq!(at("now() - now()"), Err("expected time.Time, but got time.Duration".into()));
    assert_eq!(at("result[0]"), Err("unknown name result".into()));
}
