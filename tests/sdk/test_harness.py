"""Tests of the harness itself, without an SDK: graphs, mutants, and what agree.py makes of a report.

    python3 tests/sdk/test_harness.py
"""

import json
import pathlib
import tempfile
import unittest

import agree
import graph
import mutate

CALL = {"type": "function_call", "call_id": "c1", "name": "wire", "arguments": "{\"amount\": 5}"}
PYTHON = {
    "$schemaVersion": "1.21", "current_turn": 1, "current_agent": {"name": "Bank", "identity": "Bank#2"},
    "original_input": "caf\u00e9 \ud800", "max_turns": 10, "context": {"usage": {}, "approvals": {}},
    "generated_items": [
        {"type": "message_output_item", "agent": {"name": "Triage"}, "raw_item": {"type": "message"}},
        {"type": "tool_approval_item", "agent": {"name": "Bank", "identity": "Bank#2"}, "raw_item": CALL},
    ],
    "last_processed_response": {"functions": [{"tool_call": CALL, "tool": {"name": "wire"}, "agent_run_state": {
        "$schemaVersion": "1.21", "current_turn": 1, "current_agent": {"name": "Auditor"}, "original_input": "",
        "max_turns": 1, "context": {}}}]},
}
TYPESCRIPT = {
    "$schemaVersion": "1.22", "currentTurn": 1, "currentAgent": {"name": "Bank"}, "originalInput": "caf\u00e9", "maxTurns": 10,
    "context": {"usage": {}, "approvals": {}}, "generatedItems": [
        {"type": "handoff_output_item", "rawItem": {"type": "function_call_result", "callId": "h1", "name": "escalate"},
         "sourceAgent": {"name": "Triage"}, "targetAgent": {"name": "Bank"}},
        {"type": "handoff_call_item", "rawItem": {"type": "function_call", "callId": "h1", "name": "escalate"},
         "agent": {"name": "Triage"}}],
    "pendingAgentToolRuns": {"[\"bare\",\"ask\"]:c1": json.dumps(
        {"$schemaVersion": "1.22", "currentTurn": 1, "currentAgent": {"name": "Auditor"}, "originalInput": ""},
        separators=(",", ":"))},
}


class Graphs(unittest.TestCase):
    def test_a_python_state_names_start_duplicates_and_agent_tools(self):
        self.assertEqual(graph.derive(PYTHON), {"version": 1, "start": "Triage", "agents": [
            {"name": "Bank", "tools": [], "handoffs": []},
            {"name": "Bank", "identity": "Bank#2", "handoffs": [], "tools": [
                {"name": "wire", "type": "function", "needs_approval": True, "agent": "Auditor"}]},
            {"name": "Triage", "tools": [], "handoffs": ["Bank#2", "Bank"]},
            {"name": "Auditor", "tools": [], "handoffs": []}]})

    def test_a_typescript_state_names_handoffs_and_nested_runs(self):
        self.assertEqual(graph.derive(TYPESCRIPT), {"version": 1, "start": "Triage", "agents": [
            {"name": "Bank", "handoffs": [], "tools": [{"name": "ask", "type": "function", "agent": "Auditor"}]},
            {"name": "Triage", "tools": [], "handoffs": [{"agent": "Bank", "tool_name": "escalate"}]},
            {"name": "Auditor", "tools": [], "handoffs": []}]})

    def test_any_json_makes_a_graph(self):
        for value in (None, [], "x", 1, {"current_agent": []}, {"generated_items": [None, {"raw_item": []}]}):
            self.assertEqual(graph.derive(value)["version"], 1)


class Mutants(unittest.TestCase):
    def test_texts_are_in_the_style_of_their_sdk(self):
        self.assertEqual(mutate.Base(json.dumps(PYTHON)).text, json.dumps(PYTHON, indent=2))
        compact = json.dumps(TYPESCRIPT, ensure_ascii=False, separators=(",", ":"))
        self.assertEqual(mutate.Base(json.dumps(TYPESCRIPT)).text, compact)
        self.assertEqual(mutate.quoted("\u00e9\ud800\U0001f600", "typescript"), "\"\u00e9\\ud800\U0001f600\"")

    def test_digits_and_duplicate_keys_survive(self):
        text = '{"currentTurn":1E5,"maxTurns":1.0,"maxTurns":12345678901234567890}'
        self.assertEqual(mutate.Base(text, "typescript").text, text)

    def test_the_seed_decides(self):
        base = mutate.Base(json.dumps(PYTHON))
        first = list(base.mutants(200, 1))
        self.assertEqual(first, list(base.mutants(200, 1)))
        self.assertNotEqual(first, list(base.mutants(200, 2)))

    def test_mutants_are_distinct_json_texts_that_cover_every_place_and_kind(self):
        for state in (PYTHON, TYPESCRIPT):
            base = mutate.Base(json.dumps(state))
            mutants = list(base.mutants(1200, 1))
            texts = [text for text, _ in mutants]
            self.assertEqual(len(set(texts)), len(texts))
            self.assertNotIn(base.text, texts)
            for text in texts:
                json.loads(text)
            self.assertEqual({about["pattern"] for _, about in mutants}, set(base.by_pattern))
            self.assertEqual({about["kind"] for _, about in mutants}, set(base.by_operator))
            self.assertTrue(any(about["nested"] for _, about in mutants))

    def test_a_mutant_of_a_nested_text_is_a_text_again(self):
        for text, about in mutate.Base(json.dumps(TYPESCRIPT)).mutants(1200, 1):
            if "!/" in about["pointer"]:
                [run] = json.loads(text)["pendingAgentToolRuns"].values()
                json.loads(run)

    def test_a_call_id_changes_everywhere(self):
        base = mutate.Base(json.dumps(PYTHON))
        tree = mutate.renamed_everywhere(base.tree, "c1", "c9")
        self.assertEqual(json.loads(base.writer.text(tree)), json.loads(json.dumps(PYTHON).replace("c1", "c9")))


class Agreement(unittest.TestCase):
    def test_refused_and_unreadable_files_are_refused(self):
        report = {"files": [
            {"file": "d/a.json", "findings": [{"code": "RS301", "severity": "error", "effect": "refused"}]},
            {"file": "d/b.json", "findings": [{"code": "RS401", "severity": "error", "effect": "stuck"}]},
            {"file": "d/c.json", "findings": [{"code": "RS101", "severity": "error", "effect": "refused"}]}]}
        self.assertEqual(agree.refusals(report, ["a.json", "b.json", "c.json"]), [["RS301"], [], ["RS101"]])
        with self.assertRaises(agree.Failed):
            agree.refusals(report, ["d.json"])

    def test_known_disagreements_match_by_every_member(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "known.toml"
            path.write_text('[[known]]\ndialect = "python"\npattern = "/trace/.*"\ncodes = ""\nreason = "r"\n')
            known = agree.Known(path)
            path.write_text('[[known]]\ndialect = "python"\npattern = "x"\n')
            with self.assertRaises(agree.Failed):
                agree.Known(path)
        case = agree.Case(agree.reader_named("python"), "b", {"kind": "null", "pattern": "/trace/id"}, "", False, "E: 1", "", [])
        self.assertFalse(case.agreed)
        self.assertEqual(known.match(case), 0)
        case.codes = ["RS301"]
        self.assertTrue(case.agreed)
        self.assertIsNone(known.match(case))

    def test_a_disagreement_may_be_known_of_some_releases_only(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "known.toml"
            path.write_text('[[known]]\ndialect = "python"\nrelease = "0[.](9|10)[.].*"\nreason = "r"\n')
            known = agree.Known(path)
        for name, position in ("python@0.10.5", 0), ("python@0.13.6", None):
            case = agree.Case(agree.reader_named(name), "b", {"kind": "null", "pattern": ""}, "", False, "E", "", [])
            self.assertEqual(known.match(case), position)

    def test_a_release_reads_its_own_label_and_older_ones_and_is_shown_a_newer_one(self):
        reader = agree.reader_named("python@0.10.5")
        self.assertEqual((str(reader), reader.label), ("python@0.10.5", 4))
        found = [agree.Base(pathlib.Path("x"), "python", label, "") for label in (0, 1, 4, 5, 5, 6)]
        options = agree.parse_options(["--texts", "103"])
        shares = [(base.label, base.mutants) for base in agree.share(found, reader, options)]
        self.assertEqual(shares, [(4, 60), (0, 20), (1, 20), (5, 0), (5, 0)])

    def test_a_state_under_another_label_takes_its_nested_runs_along(self):
        for state, dialect, label in ((PYTHON, "python", 21), (TYPESCRIPT, "typescript", 22)):
            base = agree.Base(pathlib.Path("f/x.json"), dialect, label, json.dumps(state))
            other = base.under(4)
            self.assertEqual(other.name, "f/x.json under 1.4")
            self.assertEqual(other.text, json.dumps(state).replace(f"1.{label}", "1.4"))

    def test_labels_are_numbers(self):
        labels = [agree.label_of({"$schemaVersion": label}) for label in ("1.10", "1.021", "2.0", 1.2, None)]
        self.assertEqual(labels, [10, None, None, None, None])

    def test_messages_lose_the_names_of_their_state(self):
        case = agree.Case(agree.reader_named("python"), "b", {}, "", False, "E: can't find 'x' in \"y\" at 12", "")
        self.assertEqual(case.message(), "E: can't find … in … at …")


if __name__ == "__main__":
    unittest.main()
