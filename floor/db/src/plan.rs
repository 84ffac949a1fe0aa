//! How SQLite goes about statements: noted on demand, so that a test can refuse those that would read whole tables.
//!
//! SQLite plans without knowing how many rows there are. A statement that is quick on a test's twenty devices may
//! read a hundred thousand of a hospital's, and only its plan tells.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

/// The steps of each statement's plan, by its text.
#[derive(Clone, Debug, Default)]
pub struct Plans(Arc<Mutex<BTreeMap<String, Vec<String>>>>);

impl Plans {
    /// What was noted so far.
    pub fn noted(&self) -> BTreeMap<String, Vec<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn knows(&self, sql: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains_key(sql)
    }

    /// Notes one.
    pub fn note(&self, sql: &str, steps: Vec<String>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(sql.to_owned(), steps);
    }
}
