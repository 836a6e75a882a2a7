//! Does a condition hold? `holds CONDITION VALUE…`: each value as a vector of one sample.

use std::process::ExitCode;
use windtunnel_expr::Condition;
use windtunnel_expr::value::Value;

fn main() -> ExitCode {
    let given: Vec<String> = std::env::args().skip(1).collect();
    let Some((text, values)) = given.split_first().filter(|(_, values)| !values.is_empty()) else {
        eprintln!("usage: holds CONDITION VALUE…");
        return ExitCode::from(2);
    };
    let condition = match Condition::parse(text) {
        Ok(condition) => condition,
        Err(fault) => {
            eprintln!("column {}: {}", fault.column, fault.text);
            return ExitCode::from(2);
        }
    };
    let now = jiff::Zoned::now();
    for value in values {
        let Ok(number) = value.parse::<f64>() else {
            eprintln!("{value}: not a number");
            return ExitCode::from(2);
        };
        match condition.holds(&Value::floats([number]), &now) {
            Ok(holds) => println!("{value}: {holds}"),
            Err(wrong) => println!("{value}: error: {wrong}"),
        }
    }
    ExitCode::SUCCESS
}
