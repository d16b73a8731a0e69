//! Nodes through serde against `serde_json::from_str` of the same text.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;

use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::read;

#[derive(Debug, PartialEq, Deserialize)]
struct Unit;

#[derive(Debug, PartialEq, Deserialize)]
struct Newtype(i32);

#[derive(Debug, PartialEq, Deserialize)]
struct Pair(i32, String);

#[derive(Debug, PartialEq, Deserialize)]
struct Record {
    a: i32,
    #[serde(default)]
    b: Option<String>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Strict {
    a: Value,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Flat {
    a: Value,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
enum External {
    Unit,
    Newtype(i32),
    Pair(i32, i32),
    Record { a: i32 },
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(tag = "type")]
enum Internal {
    Unit,
    Record { a: i32 },
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(tag = "t", content = "c")]
enum Adjacent {
    Unit,
    Newtype(i32),
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(untagged)]
enum Untagged {
    Number(f64),
    Text(String),
    List(Vec<Untagged>),
    Record { a: i32 },
    Null,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
struct Id(u8);

fn texts() -> Vec<String> {
    let scalars = [
        "null",
        "true",
        "false",
        "0",
        "-0",
        "1",
        "-1",
        "255",
        "256",
        "-129",
        "2147483648",
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775808",
        "-9223372036854775809",
        "18446744073709551615",
        "18446744073709551616",
        "340282366920938463463374607431768211455",
        "340282366920938463463374607431768211456",
        "-170141183460469231731687303715884105728",
        "-170141183460469231731687303715884105729",
        "1.0",
        "-0.0",
        "1e2",
        "1.5",
        "1e400",
        "-1e400",
        "\"\"",
        "\"a\"",
        "\"ab\"",
        "\"\\u0061\"",
        "\"é\"",
        "\"😀\"",
        "\"\\ud83d\\ude00\"",
        "\"\\ud83d\"",
        "\"Unit\"",
        "\"\\u0055nit\"",
        "\"Newtype\"",
        "\"1\"",
    ];
    let mut texts: Vec<String> = scalars.iter().map(|&text| text.to_owned()).collect();
    texts.extend(scalars.iter().map(|scalar| format!("[{scalar}]")));
    texts.extend(scalars.iter().map(|scalar| format!("{{\"a\": {scalar}}}")));
    texts.extend(
        [
            "[]",
            "{}",
            "[1, 2]",
            "[1, \"x\"]",
            "[1, \"x\", 3]",
            "[[1], [2, 3]]",
            "[null]",
            "{\"a\": 1, \"b\": null}",
            "{\"a\": 1, \"b\": \"x\", \"c\": []}",
            "{\"a\": 1, \"a\": 2}",
            "{\"b\": \"x\"}",
            "{\"\\u0061\": 7}",
            "{\"1\": true, \"2\": false}",
            "{\"01\": true}",
            "{\"-1\": true}",
            "{\"1.5\": true}",
            "{\"256\": true}",
            "{\"1 \": true}",
            "{\"\\u0031\": true}",
            "{\" 1\": true}",
            "{\"\": true}",
            "{\"true\": 1}",
            "{\"false\": 1, \"true\": 2}",
            "{\"Unit\": null}",
            "{\"Unit\": 1}",
            "{\"Unit\": null, \"Unit\": null}",
            "{\"Newtype\": 1}",
            "{\"Newtype\": \"x\"}",
            "{\"Newtype\": null}",
            "{\"Pair\": [1, 2]}",
            "{\"Pair\": [1]}",
            "{\"Pair\": [1, 2, 3]}",
            "{\"Pair\": {}}",
            "{\"Record\": {\"a\": 1}}",
            "{\"Record\": [1]}",
            "{\"Record\": {}}",
            "{\"Other\": 1}",
            "{\"type\": \"Unit\"}",
            "{\"type\": \"Record\", \"a\": 1}",
            "{\"a\": 1, \"type\": \"Record\"}",
            "{\"type\": 1}",
            "{\"t\": \"Unit\"}",
            "{\"c\": 1, \"t\": \"Newtype\"}",
            "{\"t\": \"Newtype\"}",
            "{\"\\ud800\": 1}",
            "[[[[[1]]]]]",
            "{\"a\": {\"a\": {\"a\": [true, {}]}}}",
            "[0, 255, 7]",
            "{\"x\": 1, \"a\": 2.5, \"y\": {}}",
            "{\"340282366920938463463374607431768211455\": 0}",
        ]
        .map(str::to_owned),
    );
    for depth in [126, 127, 128, 129] {
        texts.push("[".repeat(depth) + &"]".repeat(depth));
        texts.push("{\"a\":".repeat(depth) + "1" + &"}".repeat(depth));
    }
    texts
}

fn check<T: DeserializeOwned + PartialEq + Debug>() {
    let mut fitting = 0;
    for text in texts() {
        let doc = read(text.as_str());
        let ours = doc.root().parse_into::<T>();
        let theirs = serde_json::from_str::<T>(&text);
        match (&ours, &theirs) {
            (Ok(ours), Ok(theirs)) => {
                assert_eq!(ours, theirs, "{text} as {}", std::any::type_name::<T>());
                fitting += 1;
            }
            (Err(_), Err(_)) => {}
            _ => panic!("{text} as {}: {ours:?}, but {theirs:?}", std::any::type_name::<T>()),
        }
    }
    assert!(fitting > 0, "no text fits {}", std::any::type_name::<T>());
}

#[test]
fn scalars_fit_as_in_serde_json() {
    check::<()>();
    check::<bool>();
    check::<i8>();
    check::<i16>();
    check::<i32>();
    check::<i64>();
    check::<i128>();
    check::<u8>();
    check::<u16>();
    check::<u32>();
    check::<u64>();
    check::<u128>();
    // Not f32: what is beyond it is an infinity or an error, depending on serde_json's own features.
    check::<f64>();
    check::<char>();
    check::<String>();
    check::<Value>();
}

#[test]
fn containers_fit_as_in_serde_json() {
    check::<Option<i32>>();
    check::<Option<Option<String>>>();
    check::<Vec<Value>>();
    check::<Vec<Vec<i32>>>();
    check::<(i32, String)>();
    check::<[u8; 3]>();
    check::<Box<[u8]>>();
    check::<HashMap<String, Value>>();
    check::<BTreeMap<u8, bool>>();
    check::<BTreeMap<i64, bool>>();
    check::<BTreeMap<i128, Value>>();
    check::<BTreeMap<u128, Value>>();
    check::<BTreeMap<bool, i32>>();
    check::<BTreeMap<char, Value>>();
    check::<BTreeMap<Option<String>, Value>>();
    check::<BTreeMap<Id, Value>>();
    check::<BTreeMap<External, Value>>();
}

#[test]
fn derived_types_fit_as_in_serde_json() {
    check::<Unit>();
    check::<Newtype>();
    check::<Pair>();
    check::<Record>();
    check::<Strict>();
    check::<Flat>();
    check::<External>();
    check::<Vec<External>>();
    check::<Internal>();
    check::<Adjacent>();
    check::<Untagged>();
}

/// Bytes that may come from a string or from an array.
#[derive(Debug, PartialEq)]
struct Bytes(Vec<u8>);

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Bytes;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("bytes")
            }
            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Bytes, E> {
                Ok(Bytes(bytes.to_vec()))
            }
            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut seq: A) -> Result<Bytes, A::Error> {
                let mut bytes = Vec::new();
                while let Some(byte) = seq.next_element()? {
                    bytes.push(byte);
                }
                Ok(Bytes(bytes))
            }
        }
        deserializer.deserialize_bytes(Visitor)
    }
}

#[test]
fn bytes_take_lone_surrogates() {
    check::<Bytes>();
    assert_eq!(read(r#""a\ud800""#).root().parse_into::<Bytes>().unwrap(), Bytes(b"a\xED\xA0\x80".to_vec()));
    let doc = read(r#"["ok", "a\ud800"]"#);
    let error = doc.root().parse_into::<Vec<String>>().unwrap_err();
    assert_eq!(error.to_string(), "lone surrogate in a string at byte 7");
}

#[test]
fn strings_without_escapes_are_borrowed() {
    let doc = read(r#"{"a": "plain", "b": "\n"}"#);
    assert_eq!(doc.root().parse_into::<BTreeMap<&str, IgnoredAny>>().unwrap().len(), 2);
    assert_eq!(doc.root().member("a").unwrap().parse_into::<&str>(), Ok("plain"));
    assert!(doc.root().member("b").unwrap().parse_into::<&str>().is_err());
}

#[test]
fn doubles_are_the_nearest_and_may_be_nan() {
    let doubles = read("[NaN, Infinity, -Infinity, 0.1, 8.95e-308, 123456789012345678901234567890]")
        .root()
        .parse_into::<Vec<f64>>()
        .unwrap();
    assert!(doubles[0].is_nan());
    assert_eq!(
        doubles[1..],
        [f64::INFINITY, f64::NEG_INFINITY, 0.1, 8.95e-308, 123_456_789_012_345_678_901_234_567_890.0]
    );
    assert_eq!(read("1e400").root().parse_into::<f64>().unwrap_err().to_string(), "number out of range at byte 0");
}

#[test]
fn errors_lead_to_the_innermost_value() {
    let doc = read(r#"{"a": 1, "b": {"c": [1, "x"]}}"#);
    let error = doc.root().member("b").unwrap().parse_into::<BTreeMap<String, Vec<i32>>>().unwrap_err();
    assert_eq!(error.offset(), Some(24));
    assert_eq!(error.to_string(), "invalid type: string \"x\", expected i32 at byte 24");
}

#[test]
fn serializes_what_serde_json_would_have_read() {
    for text in texts() {
        let doc = read(text.as_str());
        match (serde_json::to_value(doc.root()), serde_json::from_str::<Value>(&text)) {
            (Ok(ours), Ok(theirs)) => assert_eq!(ours, theirs, "{text}"),
            (Err(_), Err(_)) => {}
            // serde_json reads these as doubles, but its `Value` refuses integers of 128 bits.
            (Err(error), Ok(_)) => assert!(text.len() > 19 && error.to_string() == "number out of range", "{text}"),
            (ours, theirs) => panic!("{text}: {ours:?}, but {theirs:?}"),
        }
    }
}

#[test]
fn serializes_order_and_wide_integers() {
    #[derive(Serialize)]
    struct Report<'d> {
        output: runstate::json::Node<'d>,
    }
    let text = r#"{"z":1,"a":[-0.0,18446744073709551616,-9223372036854775809,"é\n"],"z":null}"#;
    let doc = read(text);
    assert_eq!(serde_json::to_string(&Report { output: doc.root() }).unwrap(), format!("{{\"output\":{text}}}"));
    assert!(serde_json::to_string(&read(r#""\ud800""#).root()).is_err());
}
