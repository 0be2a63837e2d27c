//! Is what the project answered what the vectors record?

use serde_json::Value;

use crate::Outcome;

/// Compares an outcome with what is expected. A recorded `{"rejected": true}`, `null` and `false` all mean that the
/// input is refused; which of them a refusal of ours is depends on the op alone.
pub(crate) fn agrees(outcome: &Outcome, expect: &Value) -> bool {
    match outcome {
        Outcome::Rejected => is_refusal(expect),
        Outcome::Value(value) if is_refusal(value) => is_refusal(expect),
        Outcome::Value(value) => same(value, expect),
        Outcome::ByRule(outcome, _) => agrees(outcome, expect),
        Outcome::Unknown => false,
    }
}

/// Do the texts of a reference implementation's errors, which nobody promises, differ at most?
fn same(ours: &Value, expect: &Value) -> bool {
    match (ours, expect) {
        (Value::Object(ours), Value::Object(expect)) => {
            let free = |name: &str| {
                (expect.contains_key("throws") && name == "message")
                    || (expect.contains_key("status") && name == "name")
                    || name == "stage"
            };
            ours.iter()
                .all(|(name, value)| free(name) || expect.get(name).is_some_and(|other| same(value, other)))
                && expect.keys().all(|name| free(name) || ours.contains_key(name))
        }
        (Value::Array(ours), Value::Array(expect)) => {
            ours.len() == expect.len() && ours.iter().zip(expect).all(|(ours, expect)| same(ours, expect))
        }
        (Value::Number(ours), Value::Number(expect)) => ours == expect || ours.as_f64() == expect.as_f64(),
        _ => ours == expect,
    }
}

fn is_refusal(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Object(members) => {
            let is = |name: &str, value: bool| members.get(name) == Some(&Value::Bool(value));
            is("rejected", true) || is("valid", false) || is("accepted", false)
        }
        _ => false,
    }
}
