//! The store: SQLite for one hospital, PostgreSQL beyond, from one SQL text.
//!
//! This is the only crate that knows sqlx, and rusqlite for reading very many rows. Rooms see [`Tx`], [`Row`] and [`Val`]; a write is a body that may run
//! again, so nothing outside the database happens inside it ([`write!`], [`read!`]). Every change to a record
//! passes the gate ([`Tx::record`]) in the same transaction, and a transaction that forgot is refused.

pub mod backup;
mod beside;
pub mod blob;
pub mod check;
pub mod command;
mod conn;
mod connect;
pub mod counter;
mod fault;
pub mod feed;
pub mod fresh;
pub mod gate;
mod hosts;
mod idle;
pub mod job;
pub mod lease;
mod open;
mod place;
mod plan;
mod reach;
mod schema;
pub mod scratch;
pub mod seal;
pub mod search;
mod select;
mod sql;
mod standby;
mod sweep;
mod tail;
pub mod tally;
mod tx;
mod val;
mod writer;

pub use command::Claim;
pub use fault::{DISK, DISK_WORDS, REFERENCE, UNIQUE, UNKNOWN};
pub use fresh::Fresh;
pub use gate::Event;
pub use open::{Attempts, Db, Engine, Wall};
pub use place::{Found, IN_USE, Place};
pub use plan::Plans;
pub use schema::{FLOOR, File, RoomSchema, Waiting, dump, has_table, step_names, waiting};
pub use select::{Cond, Select};
pub use sql::{Named, Sql};
pub use standby::may_lag;
pub use tx::Tx;
pub use val::{FromCol, Row, Val};
