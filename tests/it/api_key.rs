//! API keys: shown once, bounded by their scope and their maker, renewed without a gap, stopped at once.
