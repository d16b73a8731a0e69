//! Fingerprints.
/// x
#[derive(Debug)]
pub struct Fingerprint;
/// x
#[derive(Debug)]
pub struct ToolKey;
