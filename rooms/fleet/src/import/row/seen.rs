//! Duplicates within one file.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
};

use super::{Draft, RowProblem, Severity};
use crate::import::Field;

/// The tags and serial numbers of the rows taken so far.
///
/// Holds 16 bytes a key, hashed to 64 bits with a secret of this run: of 100,000 rows two different keys meet
/// with a chance of 1 in 4 thousand million, and then a row is refused that need not be.
#[derive(Default)]
pub struct Seen {
    hasher: RandomState,
    tags: HashMap<u64, u64>,
    serials: HashMap<u64, u64>,
}

impl Seen {
    /// What a row repeats of the rows taken before. A row that repeats nothing is taken: of two alike, the first
    /// stands.
    pub fn take(&mut self, line: u64, draft: &Draft) -> Vec<RowProblem> {
        let tag = self.hasher.hash_one(draft.tag.key());
        let serial = draft.serial.as_ref().map(|serial| {
            let maker = draft.maker.as_ref().map(crate::Name::key);
            let model = draft.model_or_type().map(crate::Name::key);
            self.hasher.hash_one((serial.key(), maker, model))
        });
        let mut problems = Vec::new();
        let mut refuse = |field, message: String| {
            problems.push(RowProblem {
                field,
                severity: Severity::Refuse,
                message: format!("line {line}: {message}"),
            })
        };
        if let Some(first) = self.tags.get(&tag) {
            let tag = draft.tag.as_str();
            refuse(Field::Tag, format!("asset tag {tag} is already on line {first}; keep one"));
        } else if let Some(first) = serial.and_then(|key| self.serials.get(&key)) {
            let serial = draft.serial.as_ref().map_or("", |s| s.as_str());
            refuse(
                Field::Serial,
                format!(
                    "serial number {serial} of the same maker and model is already on line {first}; keep one"
                ),
            );
        }
        if problems.is_empty() {
            self.tags.insert(tag, line);
            if let Some(serial) = serial {
                self.serials.insert(serial, line);
            }
        }
        problems
    }
}
