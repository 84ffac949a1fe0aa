//! Values going into statements and rows coming out, the same for both engines.

use kernel::{Currency, Date, Id, Instant, Problem, Result};
use sqlx::{Column as _, Row as _, ValueRef as _};
use uuid::Uuid;

/// One bound value. Each carries its type even when absent, because PostgreSQL types every parameter and
/// SQLite would bind a missing one as NULL without a word.
#[derive(Clone, Debug, PartialEq)]
pub enum Val {
    /// TEXT.
    Text(Option<String>),
    /// BIGINT: counts, instants in microseconds, money in minor units.
    Int(Option<i64>),
    /// DOUBLE PRECISION.
    Real(Option<f64>),
    /// BOOLEAN.
    Bool(Option<bool>),
    /// UUID (16 bytes in SQLite).
    Uuid(Option<Uuid>),
    /// BYTEA.
    Bytes(Option<Vec<u8>>),
}

impl Val {
    /// Whether it is absent.
    pub(crate) fn is_null(&self) -> bool {
        match self {
            Self::Text(v) => v.is_none(),
            Self::Int(v) => v.is_none(),
            Self::Real(v) => v.is_none(),
            Self::Bool(v) => v.is_none(),
            Self::Uuid(v) => v.is_none(),
            Self::Bytes(v) => v.is_none(),
        }
    }
}

macro_rules! val_from {
    ($($ty:ty => $variant:ident, |$v:ident| $make:expr;)+) => {$(
        impl From<$ty> for Val {
            fn from($v: $ty) -> Self { Self::$variant(Some($make)) }
        }
        impl From<Option<$ty>> for Val {
            fn from(v: Option<$ty>) -> Self { Self::$variant(v.map(|$v| $make)) }
        }
    )+};
}
val_from! {
    String => Text, |v| v;
    &str => Text, |v| v.to_owned();
    &String => Text, |v| v.clone();
    i64 => Int, |v| v;
    u32 => Int, |v| i64::from(v);
    bool => Bool, |v| v;
    f64 => Real, |v| v;
    Uuid => Uuid, |v| v;
    Vec<u8> => Bytes, |v| v;
    &[u8] => Bytes, |v| v.to_vec();
    Instant => Int, |v| v.micros();
    Date => Text, |v| v.to_string();
    Currency => Text, |v| v.as_str().to_owned();
}
impl<T> From<Id<T>> for Val {
    fn from(v: Id<T>) -> Self {
        Self::Uuid(Some(v.uuid()))
    }
}
impl<T> From<Option<Id<T>>> for Val {
    fn from(v: Option<Id<T>>) -> Self {
        Self::Uuid(v.map(Id::uuid))
    }
}

/// Lists bound values: `vals![org, id, name]`.
#[macro_export]
macro_rules! vals {
    ($($v:expr),* $(,)?) => { [$($crate::Val::from($v)),*] };
}

/// One row of a result.
pub enum Row {
    #[doc(hidden)]
    Sqlite(sqlx::sqlite::SqliteRow),
    #[doc(hidden)]
    Postgres(sqlx::postgres::PgRow),
}

/// A type a column can be read as.
pub trait FromCol: Sized {
    #[doc(hidden)]
    fn from_col(row: &Row, name: &str) -> Result<Self, sqlx::Error>;
}

impl Row {
    /// Reads a column by name.
    ///
    /// # Errors
    /// [`Problem::Bug`] when the column is missing or holds another type: a defect of the statement.
    pub fn get<T: FromCol>(&self, name: &str) -> Result<T> {
        T::from_col(self, name).map_err(|e| Problem::bug(format!("column {name}: {e}")))
    }

    /// Reads a text column and parses it, for the codes of enumerations.
    ///
    /// # Errors
    /// [`Problem::Bug`] when the text is not one of the codes.
    pub fn parse<T>(&self, name: &str) -> Result<T>
    where
        T: std::str::FromStr,
        T::Err: std::fmt::Display,
    {
        let text: String = self.get(name)?;
        text.parse().map_err(|e| Problem::bug(format!("column {name} holds “{text}”: {e}")))
    }

    /// Like [`Row::parse`] for a column that may be null.
    ///
    /// # Errors
    /// As [`Row::parse`].
    pub fn parse_opt<T>(&self, name: &str) -> Result<Option<T>>
    where
        T: std::str::FromStr,
        T::Err: std::fmt::Display,
    {
        let text: Option<String> = self.get(name)?;
        text.map(|t| t.parse().map_err(|e| Problem::bug(format!("column {name} holds “{t}”: {e}"))))
            .transpose()
    }

    /// The names of the columns.
    pub fn columns(&self) -> Vec<String> {
        match self {
            Self::Sqlite(r) => r.columns().iter().map(|c| c.name().to_owned()).collect(),
            Self::Postgres(r) => r.columns().iter().map(|c| c.name().to_owned()).collect(),
        }
    }

    /// A column as text, whatever it holds; for checks that compare whole tables.
    ///
    /// # Errors
    /// [`Problem::Bug`] when the column is missing or of a kind the schema does not use.
    pub fn as_text(&self, name: &str) -> Result<Option<String>> {
        let null = match self {
            Self::Sqlite(r) => r.try_get_raw(name).map(|v| v.is_null()),
            Self::Postgres(r) => r.try_get_raw(name).map(|v| v.is_null()),
        };
        if null.map_err(Problem::bug)? {
            return Ok(None);
        }
        if let Ok(v) = String::from_col(self, name) {
            return Ok(Some(v));
        }
        if let Ok(v) = Uuid::from_col(self, name) {
            return Ok(Some(v.to_string()));
        }
        if let Ok(v) = i64::from_col(self, name) {
            return Ok(Some(v.to_string()));
        }
        if let Ok(v) = bool::from_col(self, name) {
            return Ok(Some(v.to_string()));
        }
        let bytes = Vec::<u8>::from_col(self, name).map_err(Problem::bug)?;
        Ok(Some(bytes.iter().map(|b| format!("{b:02x}")).collect()))
    }
}

macro_rules! from_col {
    ($($ty:ty),+) => {$(
        impl FromCol for $ty {
            fn from_col(row: &Row, name: &str) -> Result<Self, sqlx::Error> {
                match row { Row::Sqlite(r) => r.try_get(name), Row::Postgres(r) => r.try_get(name) }
            }
        }
        impl FromCol for Option<$ty> {
            fn from_col(row: &Row, name: &str) -> Result<Self, sqlx::Error> {
                match row { Row::Sqlite(r) => r.try_get(name), Row::Postgres(r) => r.try_get(name) }
            }
        }
    )+};
}
from_col!(String, i64, f64, bool, Uuid, Vec<u8>);

macro_rules! from_col_via {
    ($($ty:ty, $raw:ty, |$v:ident| $make:expr;)+) => {$(
        impl FromCol for $ty {
            fn from_col(row: &Row, name: &str) -> Result<Self, sqlx::Error> {
                let $v = <$raw>::from_col(row, name)?;
                $make
            }
        }
        impl FromCol for Option<$ty> {
            fn from_col(row: &Row, name: &str) -> Result<Self, sqlx::Error> {
                Option::<$raw>::from_col(row, name)?.map(|$v| $make).transpose()
            }
        }
    )+};
}
from_col_via! {
    Instant, i64, |v| Ok(Instant::from_micros(v));
    Date, String, |v| v.parse().map_err(|e| sqlx::Error::Decode(Box::new(e)));
    Currency, String, |v| v.parse().map_err(|e| sqlx::Error::Decode(Box::new(e)));
}
impl<T> FromCol for Id<T> {
    fn from_col(row: &Row, name: &str) -> Result<Self, sqlx::Error> {
        Uuid::from_col(row, name).map(Self::from_uuid)
    }
}
impl<T> FromCol for Option<Id<T>> {
    fn from_col(row: &Row, name: &str) -> Result<Self, sqlx::Error> {
        Ok(Option::<Uuid>::from_col(row, name)?.map(Id::from_uuid))
    }
}
