//! Reading very many rows one after another.
//!
//! The check of the record passes by every event and every row. sqlx copies each column of each row of SQLite to another
//! thread; rusqlite, over the same library, shows them where they lie, ten times as fast (ADR 17).

use std::{path::PathBuf, time::Duration};

use kernel::{OrgId, Problem, Result};
use rusqlite::{Connection, OpenFlags, Statement, types::ValueRef};
use sqlx::{Row as _, TypeInfo as _, ValueRef as _, postgres::PgValueFormat};
use uuid::Uuid;

use crate::{Db, Row, Sql, Val, fault};

/// What a column holds, where it lies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Cell<'r> {
    Null,
    Int(i64),
    Real(f64),
    Bool(bool),
    Text(&'r [u8]),
    /// Also an id.
    Bytes(&'r [u8]),
}

impl<'r> Cell<'r> {
    /// Whether it holds exactly this.
    pub fn is(self, val: &Val) -> bool {
        match (val, self) {
            (Val::Text(v), Cell::Text(held)) => v.as_ref().is_some_and(|v| v.as_bytes() == held),
            (Val::Int(v), Cell::Int(held)) => *v == Some(held),
            (Val::Real(v), Cell::Real(held)) => *v == Some(held),
            (Val::Bool(v), Cell::Bool(held)) => *v == Some(held),
            // SQLite has no type of its own for these two.
            (Val::Bool(v), Cell::Int(held)) => v.is_some_and(|v| i64::from(v) == held),
            (Val::Uuid(v), Cell::Bytes(held)) => v.is_some_and(|v| v.as_bytes() == held),
            (Val::Bytes(v), Cell::Bytes(held)) => v.as_ref().is_some_and(|v| v == held),
            (val, Cell::Null) => val.is_null(),
            _ => false,
        }
    }

    /// Its text.
    ///
    /// # Errors
    /// [`Problem::Bug`] when it holds something else.
    pub fn text(self) -> Result<&'r str> {
        match self {
            Cell::Text(held) => std::str::from_utf8(held).map_err(Problem::bug),
            other => Err(other.is_no("text")),
        }
    }

    /// Its number.
    ///
    /// # Errors
    /// [`Problem::Bug`] when it holds something else.
    pub fn int(self) -> Result<i64> {
        if let Cell::Int(held) = self { Ok(held) } else { Err(self.is_no("number")) }
    }

    /// Its bytes.
    ///
    /// # Errors
    /// [`Problem::Bug`] when it holds something else.
    pub fn bytes(self) -> Result<&'r [u8]> {
        if let Cell::Bytes(held) = self { Ok(held) } else { Err(self.is_no("bytes")) }
    }

    /// The id it holds.
    ///
    /// # Errors
    /// [`Problem::Bug`] when it holds something else.
    pub fn uuid(self) -> Result<Uuid> {
        Uuid::from_slice(self.bytes()?).map_err(Problem::bug)
    }

    /// Nothing for a column that is null.
    pub fn opt(self) -> Option<Self> {
        if self == Cell::Null { None } else { Some(self) }
    }

    fn is_no(self, wanted: &str) -> Problem {
        let held = match self {
            Cell::Null => "nothing",
            Cell::Int(_) => "a number",
            Cell::Real(_) => "a fraction",
            Cell::Bool(_) => "yes or no",
            Cell::Text(_) => "text",
            Cell::Bytes(_) => "bytes",
        };
        Problem::bug(format!("a column that should hold {wanted} holds {held}"))
    }
}

/// A row as it passes by.
pub(crate) trait Passing {
    /// The column with this number, from 0.
    ///
    /// # Errors
    /// [`Problem::Bug`] when there is none, or it is of a kind that the schema does not use.
    fn cell(&self, column: usize) -> Result<Cell<'_>>;
}

impl Passing for rusqlite::Row<'_> {
    fn cell(&self, column: usize) -> Result<Cell<'_>> {
        Ok(match self.get_ref(column).map_err(Problem::bug)? {
            ValueRef::Null => Cell::Null,
            ValueRef::Integer(held) => Cell::Int(held),
            ValueRef::Real(held) => Cell::Real(held),
            ValueRef::Text(held) => Cell::Text(held),
            ValueRef::Blob(held) => Cell::Bytes(held),
        })
    }
}

impl Passing for sqlx::postgres::PgRow {
    fn cell(&self, column: usize) -> Result<Cell<'_>> {
        let value = self.try_get_raw(column).map_err(Problem::bug)?;
        if value.is_null() {
            return Ok(Cell::Null);
        }
        if value.format() != PgValueFormat::Binary {
            return Err(Problem::bug("PostgreSQL sent a row in text form"));
        }
        let kind = value.type_info();
        let bytes = value.as_bytes().map_err(Problem::bug)?;
        Ok(match (kind.name(), bytes) {
            ("INT8", bytes) => Cell::Int(i64::from_be_bytes(whole(bytes)?)),
            ("FLOAT8", bytes) => Cell::Real(f64::from_be_bytes(whole(bytes)?)),
            ("BOOL", [held]) => Cell::Bool(*held != 0),
            ("TEXT", bytes) => Cell::Text(bytes),
            ("BYTEA" | "UUID", bytes) => Cell::Bytes(bytes),
            (kind, _) => return Err(Problem::bug(format!("column {column} is of the kind {kind}"))),
        })
    }
}

fn whole(bytes: &[u8]) -> Result<[u8; 8]> {
    bytes.try_into().map_err(Problem::bug)
}

impl Db {
    /// Has all rows of a statement pass by `take`, one after another, in one snapshot; returns what `state` became.
    ///
    /// # Errors
    /// As a read; the first error of `take` ends it.
    pub(crate) async fn sweep<S, F>(
        &self,
        org: OrgId,
        (sql, vals): (Sql, Vec<Val>),
        mut state: S,
        take: F,
    ) -> Result<S>
    where
        S: Send + 'static,
        F: Fn(&mut S, &dyn Passing) -> Result<()> + Send + 'static,
    {
        if let Some(file) = self.file() {
            let swept = tokio::task::spawn_blocking(move || {
                sweep_file(file, &sql, &vals, |row| take(&mut state, row))?;
                Ok(state)
            });
            return swept.await.map_err(Problem::bug)?;
        }
        for row in crate::read!(self, org, |tx| tx.all(sql, &vals).await)? {
            if let Row::Postgres(row) = row {
                take(&mut state, &row)?;
            }
        }
        Ok(state)
    }
}

fn sweep_file(
    file: PathBuf,
    sql: &Sql,
    vals: &[Val],
    mut take: impl FnMut(&dyn Passing) -> Result<()>,
) -> Result<()> {
    let failed = |error: rusqlite::Error| fault::swept(error, sql.text());
    let conn =
        Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)
            .map_err(failed)?;
    conn.busy_timeout(Duration::from_secs(5)).map_err(failed)?;
    let mut statement = conn.prepare(sql.text()).map_err(failed)?;
    for (n, val) in vals.iter().enumerate() {
        bind(&mut statement, &format!("${}", n + 1), val).map_err(failed)?;
    }
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next().map_err(failed)? {
        take(row)?;
    }
    Ok(())
}

fn bind(statement: &mut Statement<'_>, name: &str, val: &Val) -> rusqlite::Result<()> {
    let Some(at) = statement.parameter_index(name)? else {
        return Err(rusqlite::Error::InvalidParameterName(name.to_owned()));
    };
    match val {
        Val::Text(v) => statement.raw_bind_parameter(at, v),
        Val::Int(v) => statement.raw_bind_parameter(at, v),
        Val::Real(v) => statement.raw_bind_parameter(at, v),
        Val::Bool(v) => statement.raw_bind_parameter(at, v),
        Val::Uuid(v) => statement.raw_bind_parameter(at, v.as_ref().map(|v| v.as_bytes().as_slice())),
        Val::Bytes(v) => statement.raw_bind_parameter(at, v.as_deref()),
    }
}
