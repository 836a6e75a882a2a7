//! What types and modifiers allow (`promql/parser/parse.go`, `checkAST`).

use super::ast::{Aggregate, Binary, Expr, Fold, Many, Node, Type};

/// Operands of a binary operation, and its modifiers.
pub fn binary(b: &Binary) -> Result<(), String> {
    let types = [b.left.yields(), b.right.yields()];
    if b.returns_bool && !b.op.compares() {
        return Err("bool modifier can only be used on comparison operators".into());
    }
    if types.iter().any(|t| !matches!(t, Type::Scalar | Type::Vector)) {
        let message = "binary expression must contain only scalar and instant vector types";
        return Err(message.into());
    }
    let scalars = types.iter().filter(|t| **t == Type::Scalar).count();
    if scalars == 2 && b.op.compares() && !b.returns_bool {
        return Err("comparisons between scalars must use BOOL modifier".into());
    }
    if scalars > 0 && b.op.on_sets() {
        return Err("set operator not allowed in binary scalar expression".into());
    }
    let matching = &b.matching;
    if scalars > 0 && !matching.labels.is_empty() {
        return Err("vector matching only allowed between instant vectors".into());
    }
    if scalars == 0 && b.op.on_sets() && matching.many != Many::None {
        return Err("no grouping allowed for set operations".into());
    }
    let both = matching.include.iter().find(|l| matching.on && matching.labels.contains(l));
    match both {
        Some(label) => {
            Err(format!("label {label:?} must not occur in ON and GROUP clause at once"))
        }
        None => Ok(()),
    }
}

/// What may have a sign before it.
pub fn unary(inner: &Expr) -> Result<(), String> {
    match inner.yields() {
        Type::Scalar | Type::Vector => Ok(()),
        other => Err(format!(
            "unary expression only allowed on expressions of type scalar or instant vector, \
             got {:?}",
            other.word()
        )),
    }
}

/// What a subquery may ask at every step.
pub fn subquery(inner: &Expr) -> Result<(), String> {
    match inner.yields() {
        Type::Vector => Ok(()),
        other => {
            Err(format!("subquery is only allowed on instant vector, got {} instead", other.word()))
        }
    }
}

/// Number and types of a function's arguments; the byte of the one that is wrong.
pub fn call(node: &Node) -> Result<(), (Option<usize>, String)> {
    let Node::Call(function, args) = node else { return Ok(()) };
    let known = function.args.len();
    let least = known - usize::from(function.optional.unsigned_abs());
    let most = if function.optional < 0 { usize::MAX } else { known };
    let name = function.name;
    let words = match (least, most) {
        (least, _) if args.len() < least && least == most => format!("expected {least}"),
        (least, _) if args.len() < least => format!("expected at least {least}"),
        (least, most) if args.len() > most && least == most => format!("expected {most}"),
        (_, most) if args.len() > most => format!("expected at most {most}"),
        _ => String::new(),
    };
    if !words.is_empty() {
        let got = args.len();
        return Err((None, format!("{words} argument(s) in call to {name:?}, got {got}")));
    }
    for (i, arg) in args.iter().enumerate() {
        let wanted = function.args[i.min(known - 1)];
        if arg.yields() != wanted {
            let message = format!(
                "expected type {} in call to function {name:?}, got {}",
                wanted.word(),
                arg.yields().word()
            );
            return Err((Some(arg.at), message));
        }
    }
    Ok(())
}

/// Argument and parameter of an aggregation; the byte of the one that is wrong.
pub fn aggregate(a: &Aggregate) -> Result<(), (usize, String)> {
    let expect = |expr: &Expr, wanted: Type| match expr.yields() == wanted {
        true => Ok(()),
        false => {
            let (wanted, got) = (wanted.word(), expr.yields().word());
            let message = format!("expected type {wanted} in aggregation expression, got {got}");
            Err((expr.at, message))
        }
    };
    expect(&a.inner, Type::Vector)?;
    let wanted = if a.op == Fold::CountValues { Type::Text } else { Type::Scalar };
    a.param.as_ref().map_or(Ok(()), |param| expect(param, wanted))
}
