//! What the check of the record finds wrong.

use std::fmt;

use uuid::Uuid;

use super::PublicKey;

/// One thing that is not as it was sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A batch is missing, out of order or altered. What it sealed is not known any more.
    Batch {
        /// Its number.
        number: i64,
        /// What is wrong with it.
        what: &'static str,
    },
    /// A batch is signed with a key that the batch before does not announce.
    Key {
        /// The batch.
        number: i64,
        /// The key it is signed with.
        key: PublicKey,
        /// Why, in the words of whoever changed it.
        note: Option<String>,
    },
    /// A batch is signed with a key that is none of this installation's.
    Stranger {
        /// The first batch so signed.
        number: i64,
        /// The key.
        key: PublicKey,
    },
    /// The chain does not hold a batch that this installation sealed.
    Cut {
        /// Its number.
        number: i64,
    },
    /// No batch has the root that was kept elsewhere: the history was cut off or signed anew since.
    Root,
    /// An event is not what it was when it was written.
    Altered(Named),
    /// An event is gone.
    Gone(Named),
    /// An event stands in the record that was never sealed nor waits for its seal.
    Inserted(Named),
    /// An event waits for a seal that it has already.
    Requeued(Named),
    /// A row is not what its last event says.
    Row {
        /// Its table.
        table: &'static str,
        /// Its id.
        id: Uuid,
        /// How people know it, as its last event has it.
        name: Option<String>,
        /// What is wrong.
        what: RowFault,
    },
}

/// An event and the record it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The batch; none while it waits for its seal.
    pub batch: Option<i64>,
    /// The event.
    pub event: Uuid,
    /// Its kind of record, where that is still known.
    pub entity: Option<String>,
    /// Its record, where that is still known.
    pub record: Option<Uuid>,
}

/// What is wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowFault {
    /// These columns hold something else.
    Columns(Vec<&'static str>),
    /// No event knows it.
    Inserted,
    /// Its events are there and it is not.
    Gone,
}

impl Fault {
    /// The record it is about, where it is about one.
    pub fn record(&self) -> Option<Uuid> {
        match self {
            Self::Batch { .. } | Self::Key { .. } | Self::Stranger { .. } | Self::Cut { .. } | Self::Root => {
                None
            }
            Self::Altered(e) | Self::Gone(e) | Self::Inserted(e) | Self::Requeued(e) => e.record,
            Self::Row { id, .. } => Some(*id),
        }
    }

    /// One word for programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Batch { .. } => "batch",
            Self::Key { .. } => "key",
            Self::Stranger { .. } => "foreign_key",
            Self::Cut { .. } => "cut",
            Self::Root => "root",
            Self::Altered(_) => "event_altered",
            Self::Gone(_) => "event_removed",
            Self::Inserted(_) => "event_inserted",
            Self::Requeued(_) => "event_requeued",
            Self::Row { what: RowFault::Columns(_), .. } => "row_altered",
            Self::Row { what: RowFault::Inserted, .. } => "row_inserted",
            Self::Row { what: RowFault::Gone, .. } => "row_removed",
        }
    }
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "event {}", self.event)?;
        match (&self.entity, self.record) {
            (Some(entity), Some(record)) => write!(f, " of {entity} {record}")?,
            (None, Some(record)) => write!(f, " of record {record}")?,
            _ => {}
        }
        match self.batch {
            Some(number) => write!(f, " in batch {number}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Batch { number, what } => write!(f, "batch {number}: {what}"),
            Self::Key { number, key, note } => {
                write!(
                    f,
                    "batch {number}: signed with the key {key}, which the batch before does not announce"
                )?;
                note.as_ref().map_or(Ok(()), |note| write!(f, " (“{note}”)"))
            }
            Self::Stranger { number, key } => write!(
                f,
                "batch {number}: signed with the key {key}, which is none of this installation's: the history was sealed \
                 anew by somebody else"
            ),
            Self::Cut { number } => write!(
                f,
                "batch {number}, which this installation sealed, is not in the chain: the history was cut off or sealed \
                 anew, or a backup was restored"
            ),
            Self::Root => f.write_str(
                "no batch has the expected root: the history was cut off or signed anew since it was noted",
            ),
            Self::Altered(event) => write!(f, "{event} was altered"),
            Self::Gone(event) => write!(f, "{event} was removed"),
            Self::Inserted(event) => write!(f, "{event} was inserted: it was not written by Baton"),
            Self::Requeued(event) => write!(f, "{event} was put back among those that wait for a seal"),
            Self::Row { table, id, name, what } => {
                write!(f, "{table} {id}")?;
                name.as_ref().map_or(Ok(()), |name| write!(f, " ({name})"))?;
                match what {
                    RowFault::Columns(columns) => {
                        write!(f, " was altered: {} differs from its last event", columns.join(", "))
                    }
                    RowFault::Inserted => f.write_str(" was inserted: no event knows it"),
                    RowFault::Gone => f.write_str(" was removed: its events are there and it is not"),
                }
            }
        }
    }
}
