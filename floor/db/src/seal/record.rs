//! What a row must be by its last event.

use kernel::{Problem, Result};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::Val;

/// A recorded table: how each of its rows follows from the last event of its record.
#[derive(Clone, Copy, Debug)]
pub struct Record {
    /// The table, which is also the entity of its events.
    pub table: &'static str,
    /// The column that holds the record's id.
    pub key: &'static str,
    /// Every column but `org_id`; a test compares them with the table.
    pub columns: &'static [&'static str],
    /// What those columns hold, in their order, when the last event says that the record is this.
    pub rebuild: fn(&Value) -> Result<Vec<Wanted>>,
}

/// What a column must hold.
#[derive(Clone, Debug, PartialEq)]
pub enum Wanted {
    /// This.
    Is(Val),
    /// Text with this SHA-256, in hexadecimal digits: a secret that is not written into events.
    Hashed(String),
    /// The event does not say.
    Anything,
}

impl<V: Into<Val>> From<V> for Wanted {
    fn from(val: V) -> Self {
        Self::Is(val.into())
    }
}

/// Reads the record that an event holds and gives its columns.
///
/// # Errors
/// [`Problem::Bug`] when the event holds no such record.
pub fn rebuilt<T: DeserializeOwned>(
    after: &Value,
    columns: impl FnOnce(&T) -> Vec<Val>,
) -> Result<Vec<Wanted>> {
    let record = T::deserialize(after).map_err(Problem::bug)?;
    Ok(columns(&record).into_iter().map(Wanted::Is).collect())
}
