//! Interpretation of webhook payloads.
