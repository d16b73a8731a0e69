//! Bytes and labels that no reader takes: one clear finding and its exit code each.

use crate::{codes, folder, runstate, state};

/// The smallest state of each dialect: what has not run yet.
fn smallest() -> [(&'static str, String); 2] {
    ["python", "typescript"].map(|dialect| {
        let cut = state(&format!("broken/RS101-{dialect}.json"));
        let cut = String::from_utf8(cut).expect("UTF-8");
        (dialect, cut + if dialect == "python" { "\n}" } else { "}" })
    })
}

/// The codes of every file, and the exit code of them all.
fn verdicts(files: &[(String, Vec<u8>)]) -> (Vec<(String, Vec<String>)>, i32) {
    let files: Vec<(&str, &[u8])> = files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    let folder = folder(&files);
    let run = runstate(folder.path(), &["validate", ".", "--format", "json"]);
    (codes(&run.out), run.code)
}

#[test]
fn a_small_state_of_each_dialect_that_ends_early_gets_one_finding_wherever_it_ends() {
    for (dialect, text) in smallest() {
        let whole = vec![("whole.json".to_owned(), text.clone().into_bytes())];
        assert_eq!(verdicts(&whole), (vec![("./whole.json".to_owned(), vec![])], 0), "{dialect}");
        let cut: Vec<_> =
            (0..text.len()).map(|end| (format!("{end:05}.json"), text.as_bytes()[..end].to_vec())).collect();
        let (found, exit) = verdicts(&cut);
        assert_eq!((found.len(), exit), (text.len(), 3), "{dialect}");
        for (end, (file, codes)) in found.iter().enumerate() {
            let expected = if end == 0 { "RS102" } else { "RS101" };
            assert_eq!(codes, &[expected], "{dialect} {file}");
        }
    }
}

#[test]
fn other_encodings_get_one_finding() {
    for (dialect, text) in smallest() {
        let units: Vec<u16> = text.encode_utf16().collect();
        let big: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
        let little: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
        let latin: Vec<u8> =
            text.replacen("hi", "h\u{e9}", 1).chars().map(|char| u8::try_from(char).expect("Latin-1 has it")).collect();
        let marked = |mark: [u8; 2], bytes: &[u8]| [mark.as_slice(), bytes].concat();
        for (name, bytes) in [
            ("utf-16 be", big.clone()),
            ("utf-16 le", little.clone()),
            ("utf-16 be, marked", marked([0xfe, 0xff], &big)),
            ("utf-16 le, marked", marked([0xff, 0xfe], &little)),
            ("latin 1", latin),
        ] {
            let found = verdicts(&[("a.json".to_owned(), bytes)]);
            assert_eq!(found, (vec![("./a.json".to_owned(), vec!["RS103".to_owned()])], 3), "{dialect} in {name}");
        }
    }
}

#[test]
fn a_wrong_label_gets_one_finding() {
    const CASES: [(&str, &str); 19] = [
        ("null", "RS202"),
        ("\"\"", "RS202"),
        ("false", "RS202"),
        ("0", "RS202"),
        ("1.21", "RS203"),
        ("true", "RS203"),
        ("{\"1.21\": 1}", "RS203"),
        ("[\"1.21\"]", "RS203"),
        ("\"1.99\"", "RS204"),
        ("\"1.99999999999\"", "RS204"),
        ("\"1.021\"", "RS204"),
        ("\" 1.21\"", "RS204"),
        ("\"1.21 \"", "RS204"),
        ("\"1.+21\"", "RS204"),
        ("\"1.\"", "RS204"),
        ("\"1\"", "RS204"),
        ("\"2.0\"", "RS204"),
        ("\"1.21.0\"", "RS204"),
        ("\"\\ud800\"", "RS204"),
    ];
    for (dialect, text) in smallest() {
        let own = if dialect == "python" { "\"1.21\"" } else { "\"1.22\"" };
        for (label, code) in CASES {
            let found = verdicts(&[("a.json".to_owned(), text.replacen(own, label, 1).into_bytes())]);
            // The label is a string as any other.
            let mut expected: Vec<String> = label.contains("ud800").then(|| "RS110".to_owned()).into_iter().collect();
            expected.push(code.to_owned());
            assert_eq!(found, (vec![("./a.json".to_owned(), expected)], 1), "{dialect} with {label}");
        }
    }
    // JavaScript calls empty containers true, Python false.
    for (dialect, text) in smallest() {
        let own = if dialect == "python" { "\"1.21\"" } else { "\"1.22\"" };
        for label in ["[]", "{}"] {
            let found = verdicts(&[("a.json".to_owned(), text.replacen(own, label, 1).into_bytes())]);
            let expected = if dialect == "python" { "RS202" } else { "RS203" };
            assert_eq!(found, (vec![("./a.json".to_owned(), vec![expected.to_owned()])], 1), "{dialect} with {label}");
        }
    }
}

/// A pipe that is found in a folder is no input: nobody may ever write to it.
#[cfg(unix)]
#[test]
fn a_pipe_in_a_folder_is_left_alone() {
    let folder = folder(&[("a.json", b"null")]);
    let pipe = folder.path().join("b.json");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo is there");
    assert!(made.success());
    let run = runstate(folder.path(), &["validate", ".", "--format", "json"]);
    assert_eq!(codes(&run.out), [("./a.json".to_owned(), vec!["RS201".to_owned()])]);
}
