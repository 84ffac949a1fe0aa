//! What people add to records, on both engines.
#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up must stop")]

mod comments;
mod documents;
mod labels;
mod made;
