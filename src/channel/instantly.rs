//! Instantly.ai: webhooks in, and the simulator that stands in for the service in demos, tests and load runs.

pub mod payload;
pub mod simulator;
