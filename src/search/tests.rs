//! Tests of the whole module on real folders: `oracle` compares results with a linear scan, `lifecycle` opens, damages and swaps
//! indexes.

mod lifecycle;
mod oracle;
