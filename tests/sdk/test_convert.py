"""Tests of convert.py with the newest releases: it says OK when nothing was converted, and notices what a bad conversion does.

    python3 tests/sdk/test_convert.py
"""

import contextlib
import io
import json
import pathlib
import re
import tempfile
import unittest

import agree
import convert


SDKS = convert.Sdks(convert.parse_options([]))
unittest.addModuleCleanup(SDKS.close)


def examined(name, change=None, *, arguments=(), convert_with=None):
    """What comes of one fixture, when `change` was made in its state instead of a conversion."""
    def changed(text, _agents, _reader, *_more):
        state = json.loads(text)
        if change:
            change(state)
        return convert.Converted(json.dumps(state, ensure_ascii=False))

    path = agree.ROOT / "fixtures" / f"{name}.json"
    with contextlib.redirect_stdout(io.StringIO()):
        arguments = [str(path), "--identity", "--known", "/nowhere", "--jobs", "1", *arguments]
        [result], _ = convert.main(arguments, convert_with or changed, SDKS)
    return result


class Unconverted(unittest.TestCase):
    def test_a_state_comes_to_the_same_end_as_itself(self):
        for name in ("python/1.21/pending-several", "python/1.21/nested-three-deep", "typescript/1.22/several_pending",
                     "typescript/1.22/handoff_next_to_approval", "typescript/1.22/hosted_mcp_pending"):
            result = examined(name, arguments=["--seed", name])
            self.assertEqual((result.status, result.failures), ("same", []), name)
            self.assertGreater(result.plans, 6)

    def test_streamed_runs_end_as_others_do(self):
        for name in ("python/1.21/nested-pending", "typescript/1.22/nested_agent"):
            self.assertEqual(examined(name, arguments=["--stream"]).failures, [], name)

    def test_what_its_own_sdk_does_not_resume_has_no_baseline(self):
        for name in ("python/1.21/pending-session-write", "typescript/1.22/pending_session_write"):
            self.assertEqual(examined(name).status, "no baseline", name)


class Broken(unittest.TestCase):
    def assert_fails(self, name, change, expected):
        result = examined(name, change)
        said = "\n".join(f"{plan}: {difference}" for plan, difference in result.failures)
        self.assertEqual(result.status, "failed", name)
        if not re.search(expected, said):
            self.fail(f"{name}: nothing says {expected} in\n{said[:1000]}")

    def test_a_lost_item(self):
        self.assert_fails("python/1.21/message-list-input", lambda state: state["original_input"].pop(0), "approve: /model/Bank/0/input")
        self.assert_fails("typescript/1.22/input_history", lambda state: state["originalInput"].pop(0), "approve: /model/Teller/0/input")

    def test_a_changed_output(self):
        def python(state):
            for items in ("generated_items", "session_items"):
                for item in state[items]:
                    if item["type"] == "tool_call_output_item" and isinstance(item["output"], dict):
                        item["output"] = {name: str(value) for name, value in item["output"].items()}

        def typescript(state):
            [item, *_] = (item for item in state["generatedItems"] if item["type"] == "tool_call_output_item")
            item["rawItem"]["output"]["text"] += "."

        self.assert_fails("python/1.21/pending-after-typed-outputs", python, "outputs: /")
        self.assert_fails("typescript/1.22/outputs_typed", typescript, "approve: /model/Teller/0/input/.*output")

    def test_a_flipped_decision(self):
        def python(state):
            for entry in state["context"]["function_tool_approvals"]:
                entry["decision"].update(approved=entry["decision"]["rejected"], rejected=entry["decision"]["approved"])

        def typescript(state):
            for entry in state["context"]["functionApprovals"]:
                for record in entry["approvals"].values():
                    record.update(approved=record["rejected"], rejected=record["approved"])

        self.assert_fails("python/1.21/approved", python, "undecided: /executed/function")
        self.assert_fails("python/1.21/rejected", python, "undecided: /executed/function")
        self.assert_fails("typescript/1.22/approved_once", typescript, "undecided: /executed/function")
        self.assert_fails("typescript/1.22/rejected_once", typescript, "undecided: /executed/function")

    def test_a_forgotten_decision(self):
        def python(state):
            state["context"]["function_tool_approvals"] = []

        def typescript(state):
            state["context"].update(functionApprovals=[], approvalInvocations=[])

        self.assert_fails("python/1.21/always-approved", python, "undecided: /paused")
        self.assert_fails("typescript/1.22/always_approve", typescript, "undecided: /paused")

    def test_a_lost_question(self):
        def python(state):
            for where in (state["current_step"]["data"], state["last_processed_response"]):
                where["interruptions"].pop()

        self.assert_fails("python/1.21/pending-several", python, "load: pending/2")
        self.assert_fails("typescript/1.22/several_pending",
                          lambda state: state["currentStep"]["data"]["interruptions"].pop(), "load: pending|load: .* does not load")

    def test_what_does_not_survive_loading(self):
        self.assert_fails("python/1.21/approved", lambda state: state.update(surprise=1), "fixpoint: /surprise")
        self.assert_fails("typescript/1.22/approved_once", lambda state: state.update(surprise=1), "fixpoint: /surprise")

    def test_what_does_not_load(self):
        self.assert_fails("python/1.21/approved", lambda state: state.pop("current_agent"), "load: .* does not load")
        self.assert_fails("typescript/1.22/approved_once", lambda state: state.update(context=None), "load: .* does not load")

    def test_a_run_that_its_own_sdk_refuses(self):
        def python(state):
            state["pending_session_write"] = None

        result = examined("python/1.21/pending-session-write", python)
        self.assertEqual([plan for plan, _ in result.failures], ["baseline"])

    def test_a_refusal(self):
        entry = {"code": "RC1", "level": "authority", "pointer": "/x", "reason": "no"}
        result = examined("python/1.21/approved", convert_with=lambda *_: convert.Converted(None, [entry]))
        self.assertEqual(result.failures, [("convert", "refused: authority RC1 /x: no")])

    def test_a_broken_converter(self):
        result = examined("python/1.21/approved", convert_with=lambda *_: convert.Converted(None, error="exit 101"))
        self.assertEqual(result.failures, [("convert", "exit 101")])

    def test_a_rejected_call_that_ran_and_one_that_ran_twice(self):
        ran = {"executed": [{"call_id": "c1"}, {"call_id": "c2"}, {"call_id": "c2"}]}
        rejected = [{"call_id": "c1", "action": "reject"}]
        self.assertEqual(list(convert.broken_rules(ran, rejected)),
                         ["the call c2 ran 2 times", "the call c1 ran although it was rejected"])


class Lists(unittest.TestCase):
    def judged(self, status, level="", failures=(), entries=""):
        [base] = agree.bases([agree.ROOT / "fixtures/python/1.21/approved.json"])
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "known.toml"
            path.write_text(entries)
            known = convert.Known(path)
        result = convert.Result(base, agree.READERS["typescript"][-1], status, "why", level, list(failures))
        return known.judge(result), known

    REFUSED = '[[refused]]\nstate = "python/1[.]21/approved"\nlevel = "resume"\nreason = "r"\n'
    KNOWN = '[[known]]\nstate = "python/.*"\ndifference = "a.*"\nreason = "r"\n'

    def test_a_refusal_needs_an_entry_of_its_level(self):
        self.assertEqual(self.judged("refused", "resume", entries=self.REFUSED)[0].failures, [])
        self.assertEqual(self.judged("refused", "resume")[0].failures, [("convert", "refused: why")])
        self.assertEqual(self.judged("refused", "authority", entries=self.REFUSED)[0].failures,
                         [("convert", "refused as authority, not as resume: why")])

    def test_what_must_be_refused_fails_when_it_is_not(self):
        self.assertEqual(self.judged("same", entries=self.REFUSED)[0].failures, [("convert", "must be refused: r")])

    def test_a_refusal_can_depend_on_what_the_report_says(self):
        entry = self.REFUSED + 'loss = "w.*"\n'
        self.assertEqual(self.judged("refused", "resume", entries=entry)[0].failures, [])
        self.assertEqual(self.judged("same", entries=entry)[0].failures, [])
        other = entry.replace("w.*", "x.*")
        self.assertEqual(self.judged("refused", "resume", entries=other)[0].failures, [("convert", "refused: why")])

    def test_an_entry_is_unused_only_when_its_plan_was_played(self):
        known = self.judged("same", entries=self.KNOWN + 'plan = "chain-always(-2)?"\n')[1]
        self.assertEqual([len(known.unused(plan)) for plan in ("", "^chain", "^approve")], [1, 1, 0])

    def test_a_difference_needs_an_entry_and_an_entry_a_difference(self):
        self.assertEqual(self.judged("failed", failures=[("p", "abc")], entries=self.KNOWN)[0].status, "same")
        self.assertEqual(self.judged("failed", failures=[("p", "bc")], entries=self.KNOWN)[0].status, "failed")
        self.assertEqual(len(self.judged("same", entries=self.KNOWN)[1].unused()), 1)
        self.assertEqual(self.judged("same", entries=self.KNOWN.replace("python", "typescript"))[1].unused(), [])


class Forms(unittest.TestCase):
    def test_differences_tell_types_apart(self):
        self.assertEqual(list(convert.differences({"a": [1, 1.0, None]}, {"a": [True, 1]})),
                         [("/a/0", 1, True), ("/a/1", 1.0, 1), ("/a/2", None, None)])

    def test_handoffs_keep_the_names_of_the_source(self):
        document = {"version": 1, "start": "Big Bank", "agents": [
            {"name": "Big Bank", "handoffs": ["Big Bank#2"]}, {"name": "Big Bank", "tools": [{"type": "shell"}]}]}
        abroad = convert.agents_for(document, "python", "typescript")
        self.assertEqual(abroad["agents"][0]["handoffs"], [{"tool_name": "transfer_to_big_bank", "agent": "Big Bank#2"}])
        self.assertEqual(abroad["agents"][1]["tools"][0], {"name": "shell", "type": "shell"})


if __name__ == "__main__":
    unittest.main()
