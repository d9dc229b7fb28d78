//! Full-text search: the only place that names tantivy.
