//! Grows states of any size from recorded turns: the same bytes for the same wish, on every machine.
//!
//! What is grown is a fixture in which a tool ran in one turn and another waits for an approval. The first turn is put
//! there as often as it takes, with ids, texts, arguments and answers of its own, wherever the SDK writes something of a
//! turn: model responses, usage, items, ledger, fingerprints, evidence. The result loads and resumes in the SDK.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use runstate::json::{Document, Node, Style, Writer};
use sha2::{Digest as _, Sha256};

/// What the texts of a state are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Script {
    /// English words.
    Ascii,
    /// Japanese words: three bytes a character in a TypeScript state, six (`\uXXXX`) in a Python one.
    Cjk,
}

/// A state of about `bytes` bytes, never less than one grown turn.
pub(crate) fn grow(dialect: Style, script: Script, bytes: usize) -> Vec<u8> {
    const PROBE: usize = 32;
    let seed = Seed::of(dialect);
    let (one, many) = (seed.state(script, 1).len(), seed.state(script, PROBE + 1).len());
    let per_turn = (many - one) / PROBE;
    seed.state(script, 1 + bytes.saturating_sub(one) / per_turn)
}

/// Every kind of state, with the name that measurements are printed under.
pub(crate) const KINDS: [(&str, Style, Script); 4] = [
    ("typescript ascii", Style::TypeScript, Script::Ascii),
    ("typescript cjk", Style::TypeScript, Script::Cjk),
    ("python ascii", Style::Python, Script::Ascii),
    ("python cjk", Style::Python, Script::Cjk),
];

/// The fixture that a state grows from.
struct Seed {
    dialect: Style,
    doc: Document,
}

impl Seed {
    fn of(dialect: Style) -> Self {
        let file = match dialect {
            Style::Python | Style::PythonLine | Style::Indented => "fixtures/python/1.21/streamed.json",
            Style::TypeScript => "fixtures/typescript/1.22/streamed.json",
        };
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        let bytes = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let doc = Document::parse(bytes).expect("a fixture is JSON");
        let mut compact = Writer::new(Style::TypeScript);
        compact.node(doc.root());
        Self { dialect, doc: Document::parse(compact.finish()).expect("what is written is JSON") }
    }

    fn state(&self, script: Script, turns: usize) -> Vec<u8> {
        let turns: Vec<Turn> = (0..turns).map(|number| Turn::new(script, number)).collect();
        let mut edits = match self.dialect {
            Style::Python | Style::PythonLine | Style::Indented => self.python(&turns),
            Style::TypeScript => self.typescript(&turns),
        };
        edits.sort_by_key(|(node, _)| node.span().start);
        let text = self.doc.source(0).text();
        let (mut grown, mut end) = (String::new(), 0);
        for (node, value) in edits {
            grown.push_str(&text[end..node.span().start]);
            grown.push_str(&value);
            end = node.span().end;
        }
        grown.push_str(&text[end..]);
        match self.dialect {
            Style::TypeScript => grown.into_bytes(),
            Style::Python | Style::PythonLine | Style::Indented => {
                let mut out = Writer::new(Style::Python);
                out.node(Document::parse(grown.into_bytes()).expect("edits keep it JSON").root());
                out.finish()
            }
        }
    }

    /// The value at a JSON pointer without escapes.
    fn at(&self, pointer: &str) -> Node<'_> {
        pointer.split('/').skip(1).fold(self.doc.root(), |node, step| {
            let element = step.parse().ok().and_then(|place| node.elements().nth(place));
            element.or_else(|| node.member(step)).unwrap_or_else(|| panic!("the fixture has {pointer}"))
        })
    }

    fn raw(&self, pointer: &str) -> &str {
        self.at(pointer).raw()
    }

    /// The array at a pointer with its first `from` elements replaced by what each turn puts there.
    fn list(&self, pointer: &str, from: usize, turns: &[Turn], each: impl Fn(&Turn) -> String) -> (Node<'_>, String) {
        let node = self.at(pointer);
        let last = node.elements().skip(from).map(|element| element.raw().to_owned());
        let elements: Vec<String> = turns.iter().map(each).chain(last).collect();
        (node, format!("[{}]", elements.join(",")))
    }

    /// The object at a pointer with its first `from` members replaced by what each turn puts there.
    fn map(&self, pointer: &str, from: usize, turns: &[Turn], each: impl Fn(&Turn) -> String) -> (Node<'_>, String) {
        let node = self.at(pointer);
        let last =
            node.members().skip(from).map(|member| format!("{}:{}", member.key.node().raw(), member.value.raw()));
        let members: Vec<String> = turns.iter().map(each).chain(last).collect();
        (node, format!("{{{}}}", members.join(",")))
    }

    /// The number at a pointer, the sum over all turns when each has as many as the recorded one.
    fn total(&self, pointer: &str, of_one_turn: &str, turns: &[Turn]) -> (Node<'_>, String) {
        let number = |pointer| self.raw(pointer).parse::<usize>().expect("usage is counted in whole numbers");
        let total = number(pointer) + number(of_one_turn) * (turns.len() - 1);
        (self.at(pointer), total.to_string())
    }

    fn python(&self, turns: &[Turn]) -> Vec<(Node<'_>, String)> {
        const ITEMS: usize = 3;
        let count = turns.len();
        let fill = |turn: &Turn, template: &str| {
            template
                .replace("\"msg_1\"", &format!("\"msg_{}\"", turn.id))
                .replace("\"call_0\"", &format!("\"call_{}\"", turn.id))
                .replace("\"fc_call_0\"", &format!("\"fc_{}\"", turn.id))
                .replace("\"resp_1\"", &format!("\"resp_{}\"", turn.id))
                .replace("\"req_1\"", &format!("\"req_{}\"", turn.id))
                .replace(self.raw("/generated_items/2/raw_item/output"), &quoted(&turn.answer))
                .replace(self.raw("/generated_items/2/output"), &turn.value())
                .replace(self.raw("/generated_items/1/raw_item/arguments"), &quoted(&turn.arguments()))
                .replace(self.raw("/generated_items/0/raw_item/content/0/text"), &quoted(&turn.message))
        };
        let items = |turn: &Turn, list: &str| {
            let items: Vec<&str> = self.at(list).elements().take(ITEMS).map(|item| item.raw()).collect();
            fill(turn, &items.join(","))
        };
        let scope = self.raw("/context/tool_invocations/call_0/approval_scope");
        let ledger = |turn: &Turn| {
            let identity =
                format!("{{\"approval_scope\":{scope},\"arguments\":{},\"type\":\"function_call\"}}", turn.canonical());
            let digest = Sha256::digest(identity.as_bytes()).iter().fold(String::new(), |mut hex, byte| {
                write!(hex, "{byte:02x}").expect("a String takes everything");
                hex
            });
            let entry = self.raw("/context/tool_invocations/call_0");
            let old = self.raw("/context/tool_invocations/call_0/fingerprint");
            format!("\"call_{}\":{}", turn.id, entry.replace(old, &quoted(&digest)))
        };
        let shift = ITEMS * (count - 1);
        let shifted = |pointer: &str| {
            let index: usize = self.raw(pointer).parse().expect("an index");
            (self.at(pointer), (index + shift).to_string())
        };
        let indexes = self.at("/generated_session_item_indexes");
        let all: Vec<String> = (0..shift + indexes.elements().count()).map(|index| index.to_string()).collect();
        let one = "/model_responses/0/usage";
        let entry = self.raw("/context/usage/request_usage_entries/0");
        let sum = |field: &str| self.total(&format!("/context/usage/{field}"), &format!("{one}/{field}"), turns);
        vec![
            (self.at("/current_turn"), (count + 1).to_string()),
            (self.at("/max_turns"), (count + 10).to_string()),
            self.list("/model_responses", 1, turns, |turn| fill(turn, self.raw("/model_responses/0"))),
            sum("requests"),
            sum("input_tokens"),
            sum("output_tokens"),
            sum("total_tokens"),
            sum("input_tokens_details/0/cache_write_tokens"),
            sum("input_tokens_details/0/cached_tokens"),
            sum("output_tokens_details/0/reasoning_tokens"),
            self.list("/context/usage/request_usage_entries", 1, turns, |_| entry.to_owned()),
            self.map("/context/tool_invocations", 1, turns, ledger),
            (indexes, format!("[{}]", all.join(","))),
            shifted("/current_response_generated_item_ownership/start"),
            shifted("/current_response_generated_item_ownership/end"),
            shifted("/current_response_generated_item_ownership/interruptions/0"),
            self.list("/generated_items", ITEMS, turns, |turn| items(turn, "/generated_items")),
            self.list("/session_items", ITEMS, turns, |turn| items(turn, "/session_items")),
        ]
    }

    fn typescript(&self, turns: &[Turn]) -> Vec<(Node<'_>, String)> {
        const ITEMS: usize = 3;
        let count = turns.len();
        let fill = |turn: &Turn, template: &str| {
            template
                .replace("\"rs_1\"", &format!("\"rs_{}\"", turn.id))
                .replace("\"msg_1\"", &format!("\"msg_{}\"", turn.id))
                .replace("\"c1\"", &format!("\"call_{}\"", turn.id))
                .replace("\"fc_c1\"", &format!("\"fc_{}\"", turn.id))
                .replace("\"resp_1\"", &format!("\"resp_{}\"", turn.id))
                .replace("\"req_1\"", &format!("\"req_{}\"", turn.id))
                .replace("\"output\":\"ok\"", &format!("\"output\":{}", turn.value()))
                .replace("\"text\":\"ok\"", &format!("\"text\":{}", quoted(&turn.answer)))
                .replace("\"arguments\":\"{}\"", &format!("\"arguments\":{}", quoted(&turn.arguments())))
                .replace("\"Wait.\"", &quoted(&turn.message))
        };
        // The recorded turn says nothing before it calls its tool; the one that waits does.
        let (message, spoken) = (self.raw("/generatedItems/3"), self.raw("/generatedItems/3/rawItem"));
        let response = {
            let thought = self.raw("/modelResponses/0/output/0");
            self.raw("/modelResponses/0").replace(thought, &format!("{thought},{spoken}"))
        };
        let items = |turn: &Turn| {
            let mut items: Vec<&str> =
                self.at("/generatedItems").elements().take(ITEMS).map(|item| item.raw()).collect();
            items.insert(1, message);
            fill(turn, &items.join(","))
        };
        let fingerprint = |turn: &Turn| {
            let recorded: String = serde_json::from_str(self.raw("/completedToolInvocations/0/invocations/c1"))
                .expect("a fingerprint is a string");
            quoted(&recorded.replace("\"value\":{}", &format!("\"value\":{}", turn.marked())))
        };
        let evidence = |turn: &Turn| {
            let first = turn.number * (ITEMS + 1);
            format!(
                "\"call_{}\":{{\"fingerprint\":{},\"items\":[{{\"generatedItemIndex\":{}}},{{\"generatedItemIndex\":{}}}]}}",
                turn.id,
                fingerprint(turn),
                first + 2,
                first + 3
            )
        };
        let shifted = |pointer: &str| {
            let index: usize = self.raw(pointer).parse().expect("an index");
            (self.at(pointer), (index - ITEMS + (ITEMS + 1) * count).to_string())
        };
        let one = "/modelResponses/0/usage";
        let sum = |field: &str| self.total(&format!("/context/usage/{field}"), &format!("{one}/{field}"), turns);
        let repeated = |field: &str| {
            let pointer = format!("/context/usage/{field}");
            self.list(&pointer, 1, turns, |_| self.raw(&format!("{pointer}/0")).to_owned())
        };
        vec![
            (self.at("/currentTurn"), (count + 1).to_string()),
            (self.at("/maxTurns"), (count + 10).to_string()),
            self.list("/modelResponses", 1, turns, |turn| fill(turn, &response)),
            sum("requests"),
            sum("inputTokens"),
            sum("outputTokens"),
            sum("totalTokens"),
            repeated("inputTokensDetails"),
            repeated("outputTokensDetails"),
            repeated("requestUsageEntries"),
            self.list("/generatedItems", ITEMS, turns, items),
            shifted("/currentResponseGeneratedItemOwnership/generatedItemStartIndex"),
            shifted("/currentResponseGeneratedItemOwnership/generatedItemEndIndexExclusive"),
            shifted("/currentResponseGeneratedItemOwnership/interruptionGeneratedItemIndexes/0"),
            self.map("/completedToolInvocations/0/invocations", 1, turns, |turn| {
                format!("\"call_{}\":{}", turn.id, fingerprint(turn))
            }),
            self.map("/completedToolInvocationEvidence/0/invocations", 1, turns, evidence),
        ]
    }
}

/// A string as JSON.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("every string can be written")
}

/// What is a turn's own, a function of its number alone.
struct Turn {
    number: usize,
    id: String,
    message: String,
    answer: String,
    amount: u64,
    note: String,
}

impl Turn {
    fn new(script: Script, number: usize) -> Self {
        let mut dice = Dice(number as u64);
        let id = format!("{:016x}{number:08x}", dice.roll());
        // Mostly short, sometimes long, as tool answers are.
        let length = if dice.below(8) == 0 { 1200 } else { 60 };
        let said = 30 + dice.below(300);
        Self {
            number,
            id,
            note: prose(script, &mut dice, 40),
            message: prose(script, &mut dice, said),
            answer: prose(script, &mut dice, length),
            // Ends in 7: the SDKs' canonical spellings of numbers then differ only in how they are marked.
            amount: dice.below(100_000) * 10 + 7,
        }
    }

    /// The arguments as a model spells them.
    fn arguments(&self) -> String {
        format!(r#"{{"amount": {}, "dry": false, "note": "{}", "tags": ["a", "b\n"]}}"#, self.amount, self.note)
    }

    /// The arguments as Python hashes them.
    fn canonical(&self) -> String {
        format!(r#"{{"amount":{},"dry":false,"note":"{}","tags":["a","b\n"]}}"#, self.amount, self.note)
    }

    /// The arguments as they stand in a TypeScript fingerprint.
    fn marked(&self) -> String {
        let number = format!(r#""\u0000openai-agents-json:number:{}e0""#, self.amount);
        format!(r#"{{"amount":{number},"dry":false,"note":"{}","tags":["a","b\n"]}}"#, self.note)
    }

    /// What the tool returned, as JSON.
    fn value(&self) -> String {
        format!(r#"{{"text":{},"total":{}.5,"ok":true,"next":null}}"#, quoted(&self.answer), self.amount)
    }
}

/// About `length` characters of text.
fn prose(script: Script, dice: &mut Dice, length: u64) -> String {
    const ASCII: [&str; 12] = [
        "the ",
        "order ",
        "was ",
        "shipped ",
        "to ",
        "customer ",
        "after ",
        "payment ",
        "cleared, ",
        "see ",
        "invoice ",
        "totals. ",
    ];
    const CJK: [&str; 12] =
        ["注文", "は", "確認", "済み、", "配送", "先の", "住所", "を", "変更", "しました。", "請求", "書番号 7 "];
    let words = if script == Script::Ascii { &ASCII } else { &CJK };
    let mut text = String::new();
    let mut count = 0;
    while count < length {
        let word = words[usize::try_from(dice.below(12)).expect("below twelve")];
        count += word.chars().count() as u64;
        text.push_str(word);
    }
    text
}

/// SplitMix64: enough chance for measurements, without a dependency.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.roll() % limit
    }
}
