//! States that would end a reader which recurses, or compares everything with everything: time grows with the size alone,
//! and memory and the stack hold.

mod common;

use std::time::{Duration, Instant};

use runstate::json::Document;
use runstate::{Finding, Invalid, Normalize, Severity, Validate, normalize, validate};

#[path = "../benches/states/mod.rs"]
#[allow(dead_code, reason = "only one way to grow is used here")]
mod states;

/// A state that loads, of each dialect, and where its parts stand.
struct Base {
    dialect: &'static str,
    text: String,
}

const SMALL: usize = 25_000;
/// Between the two sizes, what is linear grows by this, and what is quadratic by its square.
const FACTOR: usize = 8;
/// What is allowed: caches and allocators make a larger size somewhat slower than linear.
const ALLOWED: f64 = 3.0;

fn bases() -> [Base; 2] {
    let read = |dialect, file: &str| Base {
        dialect,
        text: std::fs::read_to_string(common::root().join(file)).expect("a fixture can be read"),
    };
    [
        read("python", "fixtures/python/1.21/approved.json"),
        read("typescript", "fixtures/typescript/1.22/approved_once.json"),
    ]
}

impl Base {
    /// The state with other JSON at a pointer, which may end in the name of a new member.
    fn with(&self, pointer: &str, value: &str) -> String {
        let doc = Document::parse(self.text.clone().into_bytes()).expect("a fixture is JSON");
        let (parent, key) = pointer.rsplit_once('/').expect("a pointer begins with a slash");
        let parent = parent.split('/').skip(1).fold(doc.root(), |node, step| {
            let element = step.parse().ok().and_then(|place| node.elements().nth(place));
            element.or_else(|| node.member(step)).unwrap_or_else(|| panic!("the fixture has {pointer}"))
        });
        let old = parent.member(key).or_else(|| key.parse().ok().and_then(|place| parent.elements().nth(place)));
        match old {
            Some(old) => {
                let span = old.span();
                format!("{}{value}{}", &self.text[..span.start], &self.text[span.end..])
            }
            None => {
                let at = parent.span().start + 1;
                format!("{}\"{key}\":{value},{}", &self.text[..at], &self.text[at..])
            }
        }
    }

    /// What this dialect calls something.
    fn key<T>(&self, python: T, typescript: T) -> T {
        if self.dialect == "python" { python } else { typescript }
    }
}

fn judged(text: &str) -> (Vec<Finding>, Duration) {
    let bytes = text.as_bytes();
    let start = Instant::now();
    let findings = validate(bytes, &Validate::default());
    (findings, start.elapsed())
}

/// Validates and normalizes what `grown` makes of a count, at two counts, and compares the times. The smaller one is
/// measured several times over, so that a busy machine slows both alike.
fn linear(what: &str, grown: impl Fn(usize) -> String) {
    let (small, large) = (grown(SMALL), grown(SMALL * FACTOR));
    let ratio = large.len() as f64 / small.len() as f64;
    let run = |text: &str| {
        let start = Instant::now();
        let (findings, _) = judged(text);
        assert!(!findings.is_empty() || !text.is_empty());
        start.elapsed()
    };
    let mut best = f64::INFINITY;
    for _ in 0..3 {
        let one: Duration = (0..2).map(|_| run(&small)).min().expect("two runs");
        let other = run(&large);
        // What takes no time at all cannot be compared.
        let grew = other.as_secs_f64() / one.as_secs_f64().max(0.002);
        best = best.min(grew / ratio);
        if best <= ALLOWED {
            break;
        }
    }
    assert!(best <= ALLOWED, "{what}: {best:.1} times slower than linear");
    let mut options = Normalize::default();
    options.invalid = Invalid::Accept;
    assert!(normalize(large.as_bytes(), &options).bytes.is_some(), "{what} can be written");
}

fn many(count: usize, element: impl Fn(usize) -> String) -> String {
    (0..count).map(element).collect::<Vec<_>>().join(",")
}

/// Members of the whole state, of an item, and of a map: unknown, repeated, of a wrong type.
#[test]
fn members() {
    for base in bases() {
        let items = base.key("/generated_items", "/generatedItems");
        linear("unknown keys", |count| base.with("/x", &format!("1,{}", many(count, |n| format!("\"x{n}\":{n}")))));
        linear("one unknown key, again and again", |count| {
            base.with("/x", &format!("1,{}", many(count, |_| "\"x\":1".to_owned())))
        });
        let turn = base.key("current_turn", "currentTurn");
        linear("one known key, again and again", |count| {
            base.with("/x", &format!("1,{}", many(count, |n| format!("\"{turn}\":{n}"))))
        });
        linear("unknown keys of an item", |count| {
            base.with(&format!("{items}/0/x"), &format!("1,{}", many(count, |n| format!("\"x{n}\":{{\"type\":1}}"))))
        });
        linear("one raw item, again and again in one item", |count| {
            let key = base.key("raw_item", "rawItem");
            let raw = format!("\"{key}\":{{\"type\":\"function_call\",\"type\":\"message\"}}");
            base.with(&format!("{items}/0/x"), &format!("1,{}", many(count, |_| raw.clone())))
        });
        linear("a map of many", |count| {
            let entry = |n| format!("\"Agent {n}\":[\"a\",\"b\",3]");
            base.with(base.key("/tool_use_tracker", "/toolUseTracker"), &format!("{{{}}}", many(count, entry)))
        });
    }
}

/// Arrays where objects belong, objects where arrays belong, and lists of what does not belong there.
#[test]
fn strangers() {
    for base in bases() {
        for place in [base.key("/context", "/context"), base.key("/current_step", "/currentStep")] {
            linear("an array for an object", |count| {
                base.with(place, &format!("[{}]", many(count, |n| n.to_string())))
            });
        }
        for place in [
            base.key("/model_responses", "/modelResponses"),
            base.key("/generated_items", "/generatedItems"),
            base.key("/current_step/data/interruptions", "/currentStep/data/interruptions"),
        ] {
            linear("an object for an array", |count| {
                base.with(place, &format!("{{{}}}", many(count, |n| format!("\"{n}\":0"))))
            });
            linear("numbers for objects", |count| base.with(place, &format!("[{}]", many(count, |n| n.to_string()))));
            linear("objects without a type", |count| {
                base.with(place, &format!("[{}]", many(count, |n| format!("{{\"type\":\"x{n}\"}}"))))
            });
        }
    }
}

/// Calls, outputs, decisions and the ledger: of one call id, and of many.
#[test]
fn calls() {
    for base in bases() {
        let items = base.key("/generated_items", "/generatedItems");
        for same in [false, true] {
            let id = |n: usize| if same { "c".to_owned() } else { format!("c{n}") };
            let call = |n: usize, arguments: &str| {
                let key = base.key("call_id", "callId");
                format!(
                    "{{\"type\":\"function_call\",\"{key}\":\"{}\",\"name\":\"wire\",\"arguments\":{arguments},\
                     \"status\":\"completed\"}}",
                    id(n)
                )
            };
            let item = |kind: &str, raw: String| {
                let (key, agent) = base.key(("raw_item", "Bank"), ("rawItem", "Teller"));
                format!("{{\"type\":\"{kind}\",\"{key}\":{raw},\"agent\":{{\"name\":\"{agent}\"}}}}")
            };
            let output = |n: usize| {
                let raw = if base.dialect == "python" {
                    format!("{{\"type\":\"function_call_output\",\"call_id\":\"{}\",\"output\":\"\"}}", id(n))
                } else {
                    format!(
                        "{{\"type\":\"function_call_result\",\"callId\":\"{}\",\"name\":\"wire\",\"status\":\"completed\",\
                         \"output\":\"\"}}",
                        id(n)
                    )
                };
                item("tool_call_output_item", raw)
            };
            linear("calls", |count| {
                let calls = many(count, |n| item("tool_call_item", call(n, "\"{}\"")));
                base.with(items, &format!("[{calls}]"))
            });
            linear("different calls with their outputs", |count| {
                let calls = many(count / 2, |n| {
                    format!("{},{}", item("tool_call_item", call(n, &format!("\"{n}\""))), output(n))
                });
                base.with(items, &format!("[{calls}]"))
            });
            linear("outputs behind all calls", |count| {
                let calls = many(count / 2, |n| item("tool_call_item", call(n, &format!("\"{n}\""))));
                base.with(items, &format!("[{calls},{}]", many(count / 2, output)))
            });
            linear("approvals that wait", |count| {
                let approvals = many(count, |n| item("tool_approval_item", call(n, "\"{}\"")));
                let place = base.key("/current_step/data/interruptions", "/currentStep/data/interruptions");
                base.with(place, &format!("[{approvals}]"))
            });
            linear("approvals in the history", |count| {
                let approvals = many(count, |n| item("tool_approval_item", call(n, "\"{}\"")));
                base.with(items, &format!("[{approvals}]"))
            });
            linear("decisions", |count| {
                let ids = many(count, |n| format!("\"{}\"", id(n)));
                let record = format!("{{\"approved\":[{ids}],\"rejected\":[{ids}]}}");
                base.with("/context/approvals", &format!("{{\"wire\":{record}}}"))
            });
            linear("tools with decisions", |count| {
                let record = |n| format!("\"tool {n}\":{{\"approved\":[\"{}\"],\"rejected\":true}}", id(n));
                base.with("/context/approvals", &format!("{{{}}}", many(count, record)))
            });
            linear("responses", |count| {
                let place = base.key("/model_responses", "/modelResponses");
                let (id_key, usage) = base.key(("response_id", ""), ("responseId", "\"usage\":{},"));
                let response = |n| format!("{{{usage}\"{id_key}\":\"r{n}\",\"output\":[{}]}}", call(n, "\"{}\""));
                base.with(place, &format!("[{}]", many(count, response)))
            });
        }
    }
}

/// The ledgers of finished calls, with evidence that fits and evidence that does not.
#[test]
fn ledgers() {
    let [python, typescript] = bases();
    for same in [false, true] {
        let id = |n: usize| if same { "c".to_owned() } else { format!("c{n}") };
        linear("Python's ledger with its calls", |count| {
            let digest = "0".repeat(64);
            let entry = |n| {
                format!(
                    "\"{}\":{{\"type\":\"function_call\",\"approval_scope\":\"{digest}\",\"fingerprint\":\"{digest}\",\
                     \"executed\":true,\"completed\":true}}",
                    id(n)
                )
            };
            let call = |n| {
                format!(
                    "{{\"type\":\"tool_call_item\",\"agent\":{{\"name\":\"Bank\"}},\"raw_item\":{{\"type\":\"function_call\",\
                     \"call_id\":\"{0}\",\"name\":\"wire\",\"arguments\":\"{{}}\"}}}},{{\"type\":\"tool_call_output_item\",\
                     \"agent\":{{\"name\":\"Bank\"}},\"output\":1,\"raw_item\":{{\"type\":\"function_call_output\",\
                     \"call_id\":\"{0}\",\"output\":\"1\"}}}}",
                    id(n)
                )
            };
            let text = python.with("/context/tool_invocations", &format!("{{{}}}", many(count / 2, entry)));
            let grown = Base { dialect: "python", text };
            grown.with("/generated_items", &format!("[{}]", many(count / 2, call)))
        });
        linear("TypeScript's records with their calls and evidence", |count| {
            let print = "\"{\\\"toolName\\\":\\\"[\\\\\\\"bare\\\\\\\",\\\\\\\"wire\\\\\\\"]\\\"}\"";
            let record = |n| format!("\"{}\":{print}", id(n));
            let records = format!("[{{\"agentIdentity\":\"Teller\",\"invocations\":{{{}}}}}]", many(count / 4, record));
            let evidence = |n: usize| {
                format!(
                    "\"{}\":{{\"fingerprint\":{print},\"items\":[{{\"generatedItemIndex\":{}}},{{\"generatedItemIndex\":{}}}]}}",
                    id(n),
                    2 * n,
                    2 * n + 1
                )
            };
            let evidence =
                format!("[{{\"agentIdentity\":\"Teller\",\"invocations\":{{{}}}}}]", many(count / 4, evidence));
            let call = |n| {
                format!(
                    "{{\"type\":\"tool_call_item\",\"agent\":{{\"name\":\"Teller\"}},\"rawItem\":{{\"type\":\"function_call\",\
                     \"callId\":\"{0}\",\"name\":\"wire\",\"arguments\":\"{{}}\"}}}},{{\"type\":\"tool_call_output_item\",\
                     \"agent\":{{\"name\":\"Teller\"}},\"output\":1,\"rawItem\":{{\"type\":\"function_call_result\",\
                     \"callId\":\"{0}\",\"name\":\"wire\",\"status\":\"completed\",\"output\":\"1\"}}}}",
                    id(n)
                )
            };
            let text = typescript.with("/generatedItems", &format!("[{}]", many(count / 4, call)));
            let text = Base { dialect: "typescript", text }.with("/completedToolInvocations", &records);
            Base { dialect: "typescript", text }.with("/completedToolInvocationEvidence", &evidence)
        });
    }
}

/// What the text itself may hold too much of.
#[test]
fn texts() {
    for base in bases() {
        let place = "/context/context";
        linear("lone surrogates", |count| {
            base.with(place, &format!("[{}]", many(count, |_| "\"\\ud800\"".to_owned())))
        });
        linear("no numbers", |count| base.with(place, &format!("[{}]", many(count, |_| "NaN".to_owned()))));
        linear("what looks like secrets", |count| {
            let text = many(count, |n| format!("sk-{n:032}"));
            base.with(place, &format!("[\"{text}\",\"{}\"]", "sk-".repeat(count)))
        });
        linear("secrets in strings of their own", |count| {
            base.with(place, &format!("[{}]", many(count, |n| format!("\"sk-{n:032}\""))))
        });
        linear("escapes", |count| base.with(place, &format!("\"{}\"", "\\u00e9\\n".repeat(count))));
    }
}

const LEVELS: usize = 200_000;

fn nested(open: &str, close: &str, levels: usize) -> String {
    format!("{}1{}", open.repeat(levels), close.repeat(levels))
}

/// Depth in every place where a state may hold it.
#[test]
fn depth() {
    for base in bases() {
        let items = base.key("/generated_items", "/generatedItems");
        let raw = base.key("raw_item", "rawItem");
        let places = [
            "/x".to_owned(),
            "/context".to_owned(),
            "/context/context".to_owned(),
            "/context/approvals".to_owned(),
            base.key("/model_responses", "/modelResponses").to_owned(),
            base.key("/original_input", "/originalInput").to_owned(),
            base.key("/last_processed_response", "/lastProcessedResponse").to_owned(),
            base.key("/current_step", "/currentStep").to_owned(),
            items.to_owned(),
            format!("{items}/0"),
            format!("{items}/0/output"),
            format!("{items}/0/{raw}"),
            format!("{items}/0/{raw}/arguments"),
            "/trace".to_owned(),
        ];
        for place in places {
            for (open, close) in [("[", "]"), ("{\"k\":", "}")] {
                let text = base.with(&place, &nested(open, close, LEVELS));
                let (findings, took) = judged(&text);
                assert!(!findings.is_empty(), "{place} is too deep for Python, or no place for an array");
                assert!(took < Duration::from_secs(2), "{place} takes {took:?}");
                let mut options = Normalize::default();
                options.invalid = Invalid::Accept;
                assert!(normalize(text.as_bytes(), &options).bytes.is_some(), "{place} can be written");
            }
        }
        // The arguments of a call are a text that holds JSON.
        let arguments = format!("\"{}\"", nested("[", "]", LEVELS));
        let text = base.with(&format!("{items}/0/{raw}/arguments"), &arguments);
        assert!(judged(&text).1 < Duration::from_secs(2));
    }
}

/// Runs in runs, and spans in spans.
#[test]
fn nested_runs_and_spans() {
    let [python, typescript] = bases();
    let open = "{\"$schemaVersion\":\"1.21\",\"current_turn\":1,\"current_agent\":{\"name\":\"A\"},\
                \"last_processed_response\":{\"functions\":[{\"tool_call\":{\"type\":\"function_call\"},\"agent_run_state\":";
    linear("Python's runs in runs", |count| {
        let levels = count / 50;
        let inner = nested(open, "}]}}", levels);
        let functions = format!("[{{\"tool_call\":{{}},\"tool\":{{\"name\":\"a\"}},\"agent_run_state\":{inner}}}]");
        python.with("/last_processed_response/functions", &functions)
    });
    linear("Python's runs side by side", |count| {
        let run = |_| format!("{{\"tool_call\":{{}},\"agent_run_state\":{}}}", nested(open, "}]}}", 1));
        python.with("/last_processed_response/functions", &format!("[{}]", many(count / 10, run)))
    });
    linear("TypeScript's runs side by side", |count| {
        let run = |n| format!("\"run {n}\":\"{{\\\"$schemaVersion\\\":\\\"1.22\\\",\\\"currentTurn\\\":1}}\"");
        typescript.with("/pendingAgentToolRuns", &format!("{{{}}}", many(count / 10, run)))
    });
    linear("TypeScript's runs in runs", |count| {
        let mut text = "1".to_owned();
        while text.len() < count * 10 {
            let quoted = serde_json::to_string(&text).expect("a string can be written");
            text = format!(
                "{{\"$schemaVersion\":\"1.22\",\"currentTurn\":1,\"pendingAgentToolRuns\":{{\"k\":{quoted}}}}}"
            );
        }
        let quoted = serde_json::to_string(&text).expect("a string can be written");
        typescript.with("/pendingAgentToolRuns", &format!("{{\"k\":{quoted}}}"))
    });
    linear("spans in spans", |count| {
        let span = "{\"object\":\"trace.span\",\"id\":\"s\",\"trace_id\":\"t\",\"span_data\":{},\"previous_span\":";
        typescript.with("/currentAgentSpan", &nested(span, "}", count))
    });
}

/// A state of 300 MB as it might really be.
#[test]
fn large_states_keep_to_their_time() {
    for (name, dialect, script) in states::KINDS {
        let time = |bytes: usize| {
            let state = states::grow(dialect, script, bytes);
            let once = || {
                let start = Instant::now();
                let findings = validate(&state, &Validate::default());
                assert!(findings.iter().all(|finding| finding.severity != Severity::Error), "{name} can be resumed");
                start.elapsed().as_secs_f64() / state.len() as f64
            };
            (0..3).map(|_| once()).fold(f64::INFINITY, f64::min)
        };
        let (small, large) = (time(1_000_000), time(8_000_000));
        assert!(large <= small * ALLOWED, "{name}: {small} s a byte in 1 MB, {large} s in 8 MB");
    }
}
