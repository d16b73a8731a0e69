//! Validates, normalizes and explains the serialized RunState of the OpenAI Agents SDKs.

pub mod json;
