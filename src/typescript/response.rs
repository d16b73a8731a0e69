//! What a model answered, and what it cost.

use crate::json::Text;
use crate::record::{Absent, List, Map, Open, Slot, optional, record, required};

use super::bounds::{COMPACTION, RESPONSE_DATA, USAGE_DETAILS};
use super::raw::OutputItem;
use super::v;
use super::values::Finite;

record! {
    /// Tokens of one request (`requestUsageSchema`).
    pub struct RequestUsage<'d>, unknown: Dropped {
        input_tokens: Slot<'d, Finite<'d>> = required("inputTokens");
        output_tokens: Slot<'d, Finite<'d>> = required("outputTokens");
        total_tokens: Slot<'d, Finite<'d>> = required("totalTokens");
        input_tokens_details: Slot<'d, Map<'d, Finite<'d>>> = optional("inputTokensDetails").absent_is(Absent::Empty);
        output_tokens_details: Slot<'d, Map<'d, Finite<'d>>> = optional("outputTokensDetails").absent_is(Absent::Empty);
        /// What was called, such as `responses.create`.
        endpoint: Slot<'d, Text<'d>> = optional("endpoint").since(COMPACTION);
    }
}

record! {
    /// Requests and tokens, with details for each request (`usageSchema`).
    pub struct Usage<'d>, unknown: Dropped {
        requests: Slot<'d, Finite<'d>> = required("requests");
        input_tokens: Slot<'d, Finite<'d>> = required("inputTokens");
        output_tokens: Slot<'d, Finite<'d>> = required("outputTokens");
        total_tokens: Slot<'d, Finite<'d>> = required("totalTokens");
        input_tokens_details: Slot<'d, List<'d, Map<'d, Finite<'d>>>> =
            optional("inputTokensDetails").absent_is(Absent::Empty).since(USAGE_DETAILS);
        output_tokens_details: Slot<'d, List<'d, Map<'d, Finite<'d>>>> =
            optional("outputTokensDetails").absent_is(Absent::Empty).since(USAGE_DETAILS);
        request_usage_entries: Slot<'d, List<'d, RequestUsage<'d>>> = optional("requestUsageEntries").absent_is(Absent::Empty).since(USAGE_DETAILS);
    }
}

record! {
    /// One answer of a model (`modelResponseSchema`).
    pub struct ModelResponse<'d>, unknown: Dropped {
        usage: Slot<'d, Usage<'d>> = required("usage");
        output: Slot<'d, List<'d, OutputItem<'d>>> = required("output");
        response_id: Slot<'d, Text<'d>> = optional("responseId");
        request_id: Slot<'d, Text<'d>> = optional("requestId").since(v(6));
        provider_data: Slot<'d, Open<'d>> = optional("providerData").since(RESPONSE_DATA);
    }
}
