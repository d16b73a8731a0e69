//! The rules on a small state with one pending call, each case with one defect.

use crate::agents::Graph;
use crate::finding::Effect;
use crate::{Validate, validate};

/// A state that release 0.20.0 loads, and resumes when its call is approved.
const MINIMAL: &str = include_str!("minimal.json");

struct Case {
    /// What is replaced in the state.
    from: &'static str,
    /// By what.
    to: &'static str,
    /// The findings but notes: code, effect, pointer.
    found: &'static [(&'static str, Effect, &'static str)],
}

const CASES: &[Case] = &[
    Case {
        from: r#""initialInputGuardrailsCompleted":true"#,
        to: r#""initialInputGuardrailsCompleted":false"#,
        found: &[("RS435", Effect::Stuck, "/initialInputGuardrailsCompleted")],
    },
    Case {
        from: r#""mcpToolBinding":null"#,
        to: r#""mcpToolBinding":"unknown""#,
        found: &[("RS436", Effect::Stuck, "/lastProcessedResponse/functions/0")],
    },
    Case {
        from: r#""generatedItems":[{"type":"tool_call_item","rawItem":{"type":"function_call","callId":"c1","name":"pay","arguments":"{\"n\":1.50}"},"agent":{"name":"A"}},{"type":"tool_approval_item","rawItem":{"type":"function_call","callId":"c1","name":"pay","arguments":"{\"n\":1.50}"},"agent":{"name":"A"}}]"#,
        to: r#""generatedItems":[{"type":"tool_call_item","rawItem":{"type":"function_call","callId":"c1","name":"pay","arguments":"{\"n\":1.50}"},"agent":{"name":"A"}}]"#,
        found: &[("RS415", Effect::Stuck, "/currentStep/data/interruptions/0")],
    },
    Case {
        from: r#""functions":[{"#,
        to: r#""functions":[],"was":[{"#,
        found: &[
            ("RS416", Effect::Stuck, "/currentStep/data/interruptions/0"),
            ("RS303", Effect::Lost, "/lastProcessedResponse/was"),
        ],
    },
    Case {
        from: r#""generatedItems":[{"type":"tool_call_item","rawItem":{"type":"function_call","callId":"c1","name":"pay","arguments":"{\"n\":1.50}"},"agent":{"name":"A"}},{"type":"tool_approval_item","rawItem":{"type":"function_call","callId":"c1","name":"pay","arguments":"{\"n\":1.50}"},"agent":{"name":"A"}}]"#,
        to: r#""generatedItems":[{"type":"tool_call_item","rawItem":{"type":"function_call","callId":"c1","name":"pay","arguments":"{\"n\":1.50}"},"agent":{"name":"A"}},{"type":"tool_call_output_item","rawItem":{"type":"function_call_result","name":"pay","callId":"c1","status":"completed","output":"ok"},"agent":{"name":"A"},"output":"ok"}]"#,
        found: &[("RS507", Effect::Refused, "/generatedItems/1/rawItem")],
    },
    Case {
        from: r#""generatedItems":[{"type":"tool_call_item","rawItem":{"type":"function_call","callId":"c1","name":"pay","arguments":"{\"n\":1.50}"},"agent":{"name":"A"}},{"type":"tool_approval_item","rawItem":{"type":"function_call","callId":"c1","name":"pay","arguments":"{\"n\":1.50}"},"agent":{"name":"A"}}]"#,
        to: r#""generatedItems":[{"type":"tool_call_output_item","rawItem":{"type":"function_call_result","name":"pay","callId":"c1","status":"completed","output":"ok"},"agent":{"name":"A"},"output":"ok"},{"type":"tool_approval_item","rawItem":{"type":"function_call","callId":"c1","name":"pay","arguments":"{\"n\":1.50}"},"agent":{"name":"A"}}]"#,
        found: &[
            ("RS414", Effect::Lost, "/currentStep/data/interruptions/0"),
            ("RS509", Effect::Refused, "/generatedItems/0/rawItem"),
        ],
    },
    Case {
        from: r#""tool":{"name":"pay"}"#,
        to: r#""tool":{"name":"other"}"#,
        found: &[("RS513", Effect::Refused, "/lastProcessedResponse/functions/0/toolCall")],
    },
    Case {
        from: r#""$schemaVersion":"1.22""#,
        to: r#""$schemaVersion":"1.15","pendingInput":[]"#,
        found: &[("RS306", Effect::Refused, "/pendingInput")],
    },
    Case {
        from: r#""currentTurnPersistedItemCount":0"#,
        to: r#""currentTurnPersistedItemCount":3"#,
        found: &[("RS423", Effect::Refused, "/currentTurnPersistedItemCount")],
    },
    Case {
        from: r#""approvalInvocations":[]"#,
        to: r#""approvalInvocations":[],"functionApprovals":[{"agentIdentity":"A","approvals":{"[\"bare\",\"pay\"]":{"approved":["c1"],"rejected":[]}}}]"#,
        found: &[("RS506", Effect::Refused, r#"/context/functionApprovals/0/approvals/["bare","pay"]/approved/0"#)],
    },
    Case {
        from: r#""approvalInvocations":[]"#,
        to: r#""approvalInvocations":[],"functionApprovals":[{"agentIdentity":"A","approvals":{"pay":{"approved":true,"rejected":[]}}}]"#,
        found: &[("RS550", Effect::Refused, "/context/functionApprovals/0/approvals/pay")],
    },
    Case {
        from: r#""pendingAgentToolRuns":{}"#,
        to: r#""pendingAgentToolRuns":{"ask:c9":"nonsense"}"#,
        found: &[("RS432", Effect::Stuck, "/pendingAgentToolRuns/ask:c9")],
    },
    Case {
        from: r#""trace":null"#,
        to: r#""trace":{"object":"trace","id":"t","workflow_name":"w","group_id":null,"metadata":{},"tracing_api_key":"k"}"#,
        found: &[("RS434", Effect::Lost, "/trace"), ("RS531", Effect::Exposed, "/trace/tracing_api_key")],
    },
    Case {
        from: r#""trace":null"#,
        to: r#""trace":{"object":"trace","id":"t","workflow_name":"w","group_id":null,"metadata":{}},"currentAgentSpan":{"object":"trace.span","id":"s","trace_id":"t","parent_id":null,"started_at":null,"ended_at":null,"error":{"message":"m"},"span_data":{"type":"agent","name":"A"}}"#,
        found: &[("RS434", Effect::Lost, "/currentAgentSpan/error")],
    },
    Case {
        from: r#""context":{}}"#,
        to: r#""context":{"n":9007199254740993}}"#,
        found: &[("RS109", Effect::Lost, "/context/context/n")],
    },
    Case {
        from: r#""data":{"#,
        to: r#""data":{"responseAccepted":true,"#,
        found: &[("RS460", Effect::Refused, "/currentStep/data")],
    },
    Case {
        from: r#""callId":"c1""#,
        to: r#""callId":"""#,
        found: &[("RS463", Effect::Refused, "/generatedItems/0"), ("RS463", Effect::Refused, "/generatedItems/1")],
    },
];

fn found(state: &str) -> Vec<(String, Effect, String)> {
    found_with(state, None)
}

fn found_with(state: &str, agents: Option<Graph>) -> Vec<(String, Effect, String)> {
    let findings = validate(state.as_bytes(), &Validate { agents, ..Validate::default() });
    let worse = findings.into_iter().filter(|finding| finding.effect > Effect::Note);
    worse.map(|finding| (finding.code.to_string(), finding.effect, finding.pointer)).collect()
}

#[test]
fn a_sound_state_raises_nothing() {
    assert_eq!(found(MINIMAL), []);
}

#[test]
fn each_defect_is_found_where_it_is() {
    for case in CASES {
        let state = MINIMAL.replace(case.from, case.to);
        assert_ne!(state, MINIMAL, "{}", case.from);
        let expected: Vec<_> =
            case.found.iter().map(|(code, effect, at)| ((*code).to_owned(), *effect, (*at).to_owned())).collect();
        assert_eq!(found(&state), expected, "{}", case.to);
    }
}

#[test]
fn a_tool_of_a_server_is_found_by_the_name_that_the_program_gives_it() {
    let called = MINIMAL.replace(r#""name":"pay""#, r#""name":"mcp_our_shop__pay""#);
    let served = |prefix: bool| {
        let agents = format!(
            r#"{{"version":1,"start":"A","agents":[{{"name":"A","mcp_tool_prefix":{prefix},"mcp_servers":[{{"name":"our shop","tools":["pay"]}}]}}]}}"#
        );
        let found = found_with(&called.replace(r#","mcpToolBinding":null"#, ""), Graph::parse(agents.as_bytes()).ok());
        found.iter().any(|(code, ..)| code == "RS403")
    };
    assert!(!served(true));
    assert!(served(false));
}

#[test]
fn a_call_goes_to_a_server_of_the_program_where_the_state_says_so() {
    let at_server = r#""mcpToolBinding":{"serverName":"s","toolName":"pay","serverIndex":0}"#;
    let own = r#"{"version":1,"start":"A","agents":[{"name":"A","tools":[{"name":"pay"}]}]}"#;
    let served = r#"{"version":1,"start":"A","agents":[{"name":"A","mcp_servers":[{"name":"s","tools":["pay"]}]}]}"#;
    let stuck = [("RS436".to_owned(), Effect::Stuck, "/lastProcessedResponse/functions/0".to_owned())];
    for (binding, agents, expected) in [
        (r#""mcpToolBinding":null"#, own, &[][..]),
        (r#""mcpToolBinding":null"#, served, &stuck),
        (at_server, own, &stuck),
        (at_server, served, &[]),
    ] {
        let state = MINIMAL.replace(r#""mcpToolBinding":null"#, binding);
        let graph = Graph::parse(agents.as_bytes()).expect("the test's graphs are sound");
        assert_eq!(found_with(&state, Some(graph)), expected, "{binding} {agents}");
    }
}

#[test]
fn what_makes_a_nested_run_unreadable_leaves_the_state_around_it_readable() {
    let text = r#""pendingAgentToolRuns":{"pay:c1":"{\"$schemaVersion\":\"1.22\"}"}"#;
    let findings = found(&MINIMAL.replace(r#""pendingAgentToolRuns":{}"#, text));
    assert!(findings.iter().all(|(_, effect, at)| *effect == Effect::Stuck && at == "/pendingAgentToolRuns/pay:c1"));
    assert_eq!(findings.last().map(|(code, ..)| code.as_str()), Some("RS432"));
}

#[test]
fn a_nested_run_whose_call_has_an_output_is_over() {
    let run = r#""pendingAgentToolRuns":{"pay:c1":"{\"$schemaVersion\":\"1.22\"}"}"#;
    let state = MINIMAL.replace(r#""pendingAgentToolRuns":{}"#, run);
    let has_run = |state: &str| found(state).iter().any(|(code, _, at)| code == "RS432" && at.ends_with("pay:c1"));
    let output = r#",{"type":"tool_call_output_item","rawItem":{"type":"function_call_result","name":"pay","callId":"c1","status":"completed","output":"ok"},"agent":{"name":"A"},"output":"ok"}],"pendingAgentToolRuns""#;
    assert!(has_run(&state));
    let over = state.replace(r#"],"pendingAgentToolRuns""#, output);
    assert_ne!(over, state);
    assert!(!has_run(&over));
}
