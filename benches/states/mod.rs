//! Grows states of any size from small turns: the same bytes for the same wish, on every machine.
//!
//! Each turn is a question of the model, a call with nested JSON in its arguments, the tool's answer and a message,
//! and stands in the model responses and in the generated items, as it does in a recorded state. The last call waits
//! for an approval.

use runstate::json::{Style, Writer};

/// What the texts of a state are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Script {
    /// English words.
    Ascii,
    /// Japanese words: three bytes a character in a TypeScript state, six (`\uXXXX`) in a Python one.
    Cjk,
}

/// A state of about `bytes` bytes, never less than one turn.
pub(crate) fn grow(dialect: Style, script: Script, bytes: usize) -> Vec<u8> {
    const PROBE: u64 = 32;
    let probe = State { dialect, script, turns: PROBE }.write().len();
    let per_turn = probe / usize::try_from(PROBE).expect("a small constant");
    let turns = (bytes / per_turn).max(1);
    State { dialect, script, turns: turns as u64 }.write()
}

/// Every kind of state, with the name that measurements are printed under.
pub(crate) const KINDS: [(&str, Style, Script); 4] = [
    ("typescript ascii", Style::TypeScript, Script::Ascii),
    ("typescript cjk", Style::TypeScript, Script::Cjk),
    ("python ascii", Style::Python, Script::Ascii),
    ("python cjk", Style::Python, Script::Cjk),
];

struct State {
    dialect: Style,
    script: Script,
    turns: u64,
}

/// The content of one turn, a function of its number alone.
struct Turn {
    question: String,
    arguments: String,
    answer: String,
    call_id: String,
    input_tokens: u64,
    output_tokens: u64,
}

impl State {
    fn turn(&self, number: u64) -> Turn {
        let mut dice = Dice(number);
        let call_id = format!("call_{:016x}{number:08x}", dice.roll());
        let note = self.prose(&mut dice, 40);
        let arguments = format!(
            r#"{{"order": {}, "amount": {}.{:02}, "note": "{note}", "tags": ["a", "b\n"], "dry": {}}}"#,
            dice.below(100_000),
            dice.below(1000),
            dice.below(100),
            dice.below(2) == 0,
        );
        // Mostly short, sometimes long, as tool answers are.
        let length = if dice.below(8) == 0 { 1200 } else { 60 };
        let question = 30 + dice.below(300);
        Turn {
            question: self.prose(&mut dice, question),
            arguments,
            answer: self.prose(&mut dice, length),
            call_id,
            input_tokens: 200 + dice.below(4000),
            output_tokens: 20 + dice.below(400),
        }
    }

    /// About `length` characters of text.
    fn prose(&self, dice: &mut Dice, length: u64) -> String {
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
        let words = if self.script == Script::Ascii { &ASCII } else { &CJK };
        let mut text = String::new();
        let mut count = 0;
        while count < length {
            let word = words[usize::try_from(dice.below(12)).expect("below twelve")];
            count += word.chars().count() as u64;
            text.push_str(word);
        }
        text
    }

    fn write(&self) -> Vec<u8> {
        let mut out = Out { writer: Writer::new(self.dialect), python: self.dialect == Style::Python };
        out.object(|out| {
            out.text("$schemaVersion", if out.python { "1.21" } else { "1.22" });
            out.number("currentTurn", "current_turn", self.turns);
            out.member("currentAgent", "current_agent", agent);
            out.string("originalInput", "original_input", &self.turn(0).question);
            out.list("modelResponses", "model_responses", |out| {
                for number in 0..self.turns {
                    response(out, &self.turn(number));
                }
            });
            out.member("context", "context", |out| self.context(out));
            out.list("generatedItems", "generated_items", |out| {
                for number in 0..self.turns {
                    items(out, &self.turn(number), number + 1 < self.turns);
                }
            });
            out.member("currentStep", "current_step", |out| {
                out.object(|out| {
                    out.text("type", "next_step_interruption");
                    out.member("data", "data", |out| {
                        out.object(|out| {
                            out.list("interruptions", "interruptions", |out| {
                                item(out, "tool_approval_item", |out| call(out, &self.turn(self.turns - 1)));
                            });
                        });
                    });
                });
            });
            out.number("maxTurns", "max_turns", self.turns + 10);
            out.literal("noActiveAgentRun", "no_active_agent_run", "true");
        });
        out.writer.finish()
    }

    fn context(&self, out: &mut Out) {
        out.object(|out| {
            out.member("usage", "usage", |out| usage(out, &self.turn(0)));
            out.member("approvals", "approvals", |out| {
                out.object(|out| {
                    out.member("refund", "refund", |out| {
                        out.object(|out| {
                            out.list("approved", "approved", |out| {
                                for number in 0..self.turns - 1 {
                                    out.writer.string(self.turn(number).call_id.as_bytes());
                                }
                            });
                            out.list("rejected", "rejected", |_| ());
                        });
                    });
                });
            });
            out.member("context", "context", |out| {
                out.object(|out| {
                    out.text("customer", "Grüße 😀");
                    out.literal("limit", "limit", "1.50");
                });
            });
        });
    }
}

fn agent(out: &mut Out) {
    out.object(|out| out.text("name", "Orders"));
}

fn usage(out: &mut Out, turn: &Turn) {
    out.object(|out| {
        out.number("requests", "requests", 1);
        out.number("inputTokens", "input_tokens", turn.input_tokens);
        out.number("outputTokens", "output_tokens", turn.output_tokens);
        out.number("totalTokens", "total_tokens", turn.input_tokens + turn.output_tokens);
        out.list("inputTokensDetails", "input_tokens_details", |out| {
            out.object(|out| out.number("cached_tokens", "cached_tokens", 0));
        });
    });
}

fn response(out: &mut Out, turn: &Turn) {
    out.object(|out| {
        out.member("usage", "usage", |out| usage(out, turn));
        out.list("output", "output", |out| {
            message(out, turn);
            call(out, turn);
        });
        out.string("responseId", "response_id", &format!("resp_{}", turn.call_id));
    });
}

fn items(out: &mut Out, turn: &Turn, answered: bool) {
    item(out, "message_output_item", |out| message(out, turn));
    item(out, "tool_call_item", |out| call(out, turn));
    if answered {
        item(out, if out.python { "tool_call_output_item" } else { "function_call_output" }, |out| result(out, turn));
    } else {
        item(out, "tool_approval_item", |out| call(out, turn));
    }
}

fn item(out: &mut Out, kind: &str, raw: impl FnOnce(&mut Out)) {
    out.object(|out| {
        out.text("type", kind);
        out.member("rawItem", "raw_item", raw);
        out.member("agent", "agent", agent);
        out.string("toolName", "tool_name", "refund");
    });
}

fn message(out: &mut Out, turn: &Turn) {
    out.object(|out| {
        out.text("type", "message");
        out.text("role", "assistant");
        out.text("status", "completed");
        out.list("content", "content", |out| {
            out.object(|out| {
                out.text("type", "output_text");
                out.text("text", &turn.question);
            });
        });
    });
}

fn call(out: &mut Out, turn: &Turn) {
    out.object(|out| {
        out.text("type", "function_call");
        out.string("callId", "call_id", &turn.call_id);
        out.text("name", "refund");
        out.text("arguments", &turn.arguments);
        out.text("status", "completed");
    });
}

fn result(out: &mut Out, turn: &Turn) {
    out.object(|out| {
        out.text("type", if out.python { "function_call_output" } else { "function_call_result" });
        out.string("callId", "call_id", &turn.call_id);
        out.text("output", &turn.answer);
    });
}

/// A writer that knows both spellings of every key.
struct Out {
    writer: Writer,
    python: bool,
}

impl Out {
    fn object(&mut self, members: impl FnOnce(&mut Self)) {
        self.writer.begin_object();
        members(self);
        self.writer.end_object();
    }

    fn member(&mut self, typescript: &str, python: &str, value: impl FnOnce(&mut Self)) {
        self.writer.key(if self.python { python } else { typescript });
        value(self);
    }

    fn list(&mut self, typescript: &str, python: &str, elements: impl FnOnce(&mut Self)) {
        self.member(typescript, python, |out| {
            out.writer.begin_array();
            elements(out);
            out.writer.end_array();
        });
    }

    fn literal(&mut self, typescript: &str, python: &str, value: &str) {
        self.member(typescript, python, |out| out.writer.literal(value));
    }

    fn number(&mut self, typescript: &str, python: &str, value: u64) {
        self.literal(typescript, python, &value.to_string());
    }

    fn string(&mut self, typescript: &str, python: &str, value: &str) {
        self.member(typescript, python, |out| out.writer.string(value.as_bytes()));
    }

    fn text(&mut self, key: &str, value: &str) {
        self.string(key, key, value);
    }
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
