//! SARIF 2.1.0 (OASIS), for code scanning: one run, all rules, one result a finding.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use runstate::codes::{ALL, Explanation};

use super::super::Exit;
use super::super::report::{Case, Remark};

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// Everything up to the results.
pub(crate) fn head() -> String {
    let driver = json!({
        "name": "runstate",
        "semanticVersion": env!("CARGO_PKG_VERSION"),
        "rules": ALL.iter().map(rule).collect::<Vec<_>>(),
    });
    format!(
        "{{\"$schema\":\"{SCHEMA}\",\"version\":\"2.1.0\",\"runs\":[{{\"tool\":{{\"driver\":{driver}}},\
         \"columnKind\":\"unicodeCodePoints\",\"results\":[\n"
    )
}

/// Everything behind the results; `notices` are the inputs that could not be read.
pub(crate) fn tail(notices: &[String], exit: Exit) -> String {
    let successful = notices.is_empty();
    let notices = notices.join(",");
    let exit = exit as u8;
    format!(
        "\n],\"invocations\":[{{\"executionSuccessful\":{successful},\"exitCode\":{exit},\
         \"toolExecutionNotifications\":[{notices}]}}]}}]}}\n"
    )
}

/// The results of one input, separated by commas.
pub(super) fn results(case: &Case<'_>) -> String {
    // What is said twice of one file in the same words is told apart by a number.
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let result = |remark: &Remark<'_>| {
        let digest = fingerprint(remark);
        let number = seen.entry(digest.clone()).and_modify(|number| *number += 1).or_insert(1);
        result(case.file, remark, &format!("{digest}:{number}")).to_string()
    };
    case.remarks.iter().map(result).collect::<Vec<_>>().join(",\n")
}

/// What keeps an input from being looked at.
pub(super) fn notice(case: &Case<'_>) -> Option<String> {
    let error = case.error.as_deref()?;
    let notice = json!({
        "level": "error",
        "message": { "text": error },
        "locations": [{ "physicalLocation": { "artifactLocation": { "uri": uri(case.file) } } }],
    });
    Some(notice.to_string())
}

fn rule(row: &Explanation) -> Value {
    let text = row.text.trim();
    let first = text.split_once(". ").map_or(text, |(first, _)| first).trim_end_matches('.');
    json!({
        "id": row.code.to_string(),
        "name": row.name,
        "shortDescription": { "text": format!("{first}.") },
        "fullDescription": { "text": text },
        "help": { "text": row.help },
        "properties": { "tags": [topic(row.code.number())] },
    })
}

/// What the codes of a hundred have in common.
const fn topic(number: u16) -> &'static str {
    match number / 100 {
        1 => "json",
        2 => "identity",
        3 => "structure",
        4 => "resume",
        5 => "decisions and secrets",
        6 => "loss",
        _ => "checks",
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: usize,
    start_column: usize,
}

fn result(file: &str, remark: &Remark<'_>, fingerprint: &str) -> Value {
    let mut physical = json!({ "artifactLocation": { "uri": uri(file) } });
    if let Some((start_line, start_column)) = remark.place {
        physical["region"] = json!(Region { start_line, start_column });
    }
    let mut location = json!({ "physicalLocation": physical });
    let logical: Vec<Value> = remark.pointers.iter().filter(|pointer| !pointer.is_empty()).map(logical).collect();
    if !logical.is_empty() {
        location["logicalLocations"] = logical.into();
    }
    let index = ALL.iter().position(|row| row.code == remark.code);
    json!({
        "ruleId": remark.code.to_string(),
        "ruleIndex": index,
        // The severities have the names of the standard's levels.
        "level": remark.severity.name(),
        "message": { "text": format!("{} ({})", remark.message, remark.word) },
        "locations": [location],
        "partialFingerprints": { "runstate/v1": fingerprint },
        "properties": { "effect": remark.word, "help": remark.help },
    })
}

/// A place in the state, which no line tells: most states are one line.
fn logical(pointer: &String) -> Value {
    let name = pointer.rsplit('/').next().unwrap_or_default();
    json!({ "name": name, "fullyQualifiedName": pointer, "kind": "value" })
}

/// Stays the same when the state gets longer: positions in lists and in the file are left out.
fn fingerprint(remark: &Remark<'_>) -> String {
    let mut hash = Sha256::new();
    hash.update(remark.code.to_string());
    for step in remark.pointers.iter().take(1).flat_map(|pointer| pointer.split('/')) {
        let is_index = !step.is_empty() && step.bytes().all(|byte| byte.is_ascii_digit());
        hash.update(b"/");
        hash.update(if is_index { "#" } else { step });
    }
    hash.update(b"\0");
    hash.update(remark.message.as_bytes());
    hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// The file as a URI reference: relative to where the tool runs, or with the scheme `file`.
fn uri(file: &str) -> String {
    let path = super::portable(file);
    let mut uri = if path.starts_with('/') {
        "file://".to_owned()
    } else if path.as_bytes().get(1) == Some(&b':') && cfg!(windows) {
        "file:///".to_owned()
    } else {
        String::new()
    };
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => uri.push(char::from(byte)),
            byte => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::uri;

    #[test]
    fn a_file_is_a_uri_reference() {
        assert_eq!(uri("./states/a b.json"), "states/a%20b.json");
        assert_eq!(uri("a:b%.json"), "a%3Ab%25.json");
        assert_eq!(uri("/tmp/ä.json"), "file:///tmp/%C3%A4.json");
        assert_eq!(uri("../a.json"), "../a.json");
        assert_eq!(uri("<stdin>"), "%3Cstdin%3E");
    }
}
