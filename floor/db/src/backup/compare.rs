//! Two databases of one engine, row by row.

use std::cmp::Ordering;

use kernel::{Id, Problem, Result};
use uuid::Uuid;

use super::facts;
use crate::{Engine, Row, Sql, Tx, Val, vals};

const COLUMNS_SQLITE: Sql = Sql::new("SELECT name, type AS kind, pk AS place FROM pragma_table_info($1)");
const COLUMNS_POSTGRES: Sql = Sql::new(
    "SELECT CAST(a.attname AS TEXT) AS name, format_type(a.atttypid, NULL) AS kind, CAST(COALESCE(array_position(\
     CAST(i.indkey AS int2[]), a.attnum) + 1, 0) AS BIGINT) AS place FROM pg_attribute a \
     LEFT JOIN pg_index i ON i.indrelid = a.attrelid AND i.indisprimary \
     WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum",
);
const TOLD: Sql = Sql::new(
    "SELECT EXISTS (SELECT 1 FROM event WHERE org_id = $1 AND entity = $2 AND entity_id = $3 AND version = $4) AS told",
);

/// Rows read at once.
const PAGE: u32 = 500;
/// Rows of a table that are named.
const NAMED: usize = 10;

/// How one table stands in two databases.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// The table.
    pub table: String,
    /// Rows that are the same in both.
    pub same: u64,
    /// Rows that are in the second only.
    pub added: u64,
    /// Rows that are in the first only.
    pub gone: u64,
    /// Rows that are in both and differ.
    pub changed: u64,
    /// Of the added and changed rows, those whose change an event of the second tells that the first does not have.
    pub told: u64,
    /// Some of the rows that are gone, or whose change no event tells, by their keys.
    pub named: Vec<String>,
}

impl Compared {
    /// Rows that differ for no reason on record.
    pub fn untold(&self) -> u64 {
        self.added + self.changed + self.gone - self.told
    }
}

/// A column, how it is read, and its place in the table's key, from 1.
struct Column {
    name: String,
    kind: Kind,
    key: i64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Int,
    Real,
    Bool,
    Uuid,
    Bytes,
    /// PostgreSQL's words, as text.
    Words,
}

impl Kind {
    fn of(name: &str) -> Option<Self> {
        Some(match name.to_ascii_uppercase().as_str() {
            "TEXT" => Self::Text,
            "BIGINT" | "INTEGER" => Self::Int,
            "DOUBLE PRECISION" => Self::Real,
            "BOOLEAN" => Self::Bool,
            "UUID" => Self::Uuid,
            "BYTEA" | "BLOB" => Self::Bytes,
            "TSVECTOR" => Self::Words,
            _ => return None,
        })
    }
}

/// Compares every table of two databases that both have it; columns that only one has are left out, and so are those
/// of kinds the schema does not use, such as when a step of the schema was applied.
///
/// # Errors
/// When one of them cannot be read.
pub async fn compare(first: &mut Tx, second: &mut Tx) -> Result<Vec<Compared>> {
    let (ours, theirs) = (facts::tables(first).await?, facts::tables(second).await?);
    let mut all = Vec::new();
    for table in ours.iter().filter(|table| theirs.contains(table)) {
        all.push(one(first, second, table).await?);
    }
    Ok(all)
}

async fn one(first: &mut Tx, second: &mut Tx, table: &str) -> Result<Compared> {
    let mut columns = columns(first, table).await?;
    let others = self::columns(second, table).await?;
    columns.retain(|c| others.iter().any(|o| o.name == c.name && o.kind == c.kind));
    let mut out = Compared { table: table.to_owned(), ..Compared::default() };
    let (mut a, mut b) = (Pages::new(table, &columns)?, Pages::new(table, &columns)?);
    loop {
        let (left, right) = (a.peek(first).await?, b.peek(second).await?);
        let order = match (&left, &right) {
            (None, None) => return Ok(out),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(left), Some(right)) => in_order(&a.key_of(left), &b.key_of(right)),
        };
        let (left, right) = match order {
            Ordering::Less => (a.next(), None),
            Ordering::Greater => (None, b.next()),
            Ordering::Equal => (a.next(), b.next()),
        };
        if left.is_some() && left == right {
            out.same += 1;
            continue;
        }
        match (&left, &right) {
            (Some(_), Some(_)) => out.changed += 1,
            (Some(_), None) => out.gone += 1,
            _ => out.added += 1,
        }
        let told = match &right {
            Some(row) => a.told(first, second, row).await?,
            None => false,
        };
        if told {
            out.told += 1;
        } else if out.named.len() < NAMED {
            out.named.extend(right.or(left).map(|row| a.name(&row)));
        }
    }
}

async fn columns(tx: &mut Tx, table: &str) -> Result<Vec<Column>> {
    let ask = if tx.engine() == Engine::Sqlite { COLUMNS_SQLITE } else { COLUMNS_POSTGRES };
    let mut columns = Vec::new();
    for row in tx.all(ask, &vals![table]).await? {
        let name: String = row.get("name")?;
        // How long a step of the schema took says nothing of what it did.
        let told = table != "_sqlx_migrations" || name != "execution_time";
        if let Some(kind) = Kind::of(&row.get::<String>("kind")?).filter(|_| told) {
            columns.push(Column { name, kind, key: row.get("place")? });
        }
    }
    Ok(columns)
}

/// The rows of a table in the order of its key, a page at a time.
struct Pages<'c> {
    table: &'c str,
    columns: &'c [Column],
    /// Where in a row its key lies, in order.
    key: Vec<usize>,
    page: std::collections::VecDeque<Vec<Val>>,
    last: Option<Vec<Val>>,
    done: bool,
}

impl<'c> Pages<'c> {
    fn new(table: &'c str, columns: &'c [Column]) -> Result<Self> {
        let mut key: Vec<usize> = (0..columns.len()).filter(|&i| columns[i].key > 0).collect();
        key.sort_by_key(|&i| columns[i].key);
        if key.is_empty() {
            return Err(Problem::bug(format!("{table} has no key")));
        }
        Ok(Self { table, columns, key, page: std::collections::VecDeque::new(), last: None, done: false })
    }

    async fn peek(&mut self, tx: &mut Tx) -> Result<Option<Vec<Val>>> {
        if self.page.is_empty() && !self.done {
            let vals = self.last.clone().unwrap_or_default();
            let rows = tx.all(Sql::built(self.statement(vals.len())), &vals).await?;
            self.done = rows.len() < PAGE as usize;
            self.page = rows.iter().map(|row| self.read(row)).collect::<Result<_>>()?;
            self.last = self.page.back().map(|row| self.key_of(row));
        }
        Ok(self.page.front().cloned())
    }

    fn next(&mut self) -> Option<Vec<Val>> {
        self.page.pop_front()
    }

    fn statement(&self, after: usize) -> String {
        let shown = |c: &Column| match c.kind {
            Kind::Words => format!("CAST(\"{0}\" AS TEXT) AS \"{0}\"", c.name),
            _ => format!("\"{}\"", c.name),
        };
        let list: Vec<String> = self.columns.iter().map(shown).collect();
        let key: Vec<String> = self.key.iter().map(|&i| format!("\"{}\"", self.columns[i].name)).collect();
        let (list, key) = (list.join(", "), key.join(", "));
        let from: Vec<String> = (1..=after).map(|n| format!("${n}")).collect();
        let from = if after > 0 { format!(" WHERE ({key}) > ({})", from.join(", ")) } else { String::new() };
        format!("SELECT {list} FROM \"{}\"{from} ORDER BY {key} LIMIT {PAGE}", self.table)
    }

    fn read(&self, row: &Row) -> Result<Vec<Val>> {
        let one = |column: &Column| {
            let name = column.name.as_str();
            Ok(match column.kind {
                Kind::Text | Kind::Words => Val::Text(row.get(name)?),
                Kind::Int => Val::Int(row.get(name)?),
                Kind::Real => Val::Real(row.get(name)?),
                Kind::Bool => Val::Bool(row.get(name)?),
                Kind::Uuid => Val::Uuid(row.get(name)?),
                Kind::Bytes => Val::Bytes(row.get(name)?),
            })
        };
        self.columns.iter().map(one).collect()
    }

    fn key_of(&self, row: &[Val]) -> Vec<Val> {
        self.key.iter().map(|&i| row[i].clone()).collect()
    }

    fn value<'r>(&self, row: &'r [Val], name: &str) -> Option<&'r Val> {
        self.columns.iter().position(|column| column.name == name).map(|i| &row[i])
    }

    /// Whether the second database has an event that tells of this row's version, and the first has not. The newest
    /// events themselves are told by being there.
    async fn told(&self, first: &mut Tx, second: &mut Tx, row: &[Val]) -> Result<bool> {
        let uuid = |name| match self.value(row, name) {
            Some(Val::Uuid(id)) => *id,
            _ => None,
        };
        let Some(org) = uuid("org_id") else { return Ok(false) };
        let (entity, id, version) = if self.table == "event" {
            (self.value(row, "entity").cloned(), uuid("entity_id"), self.value(row, "version").cloned())
        } else {
            (Some(Val::from(self.table)), uuid("id").or(Some(org)), self.value(row, "version").cloned())
        };
        let (Some(entity), Some(id), Some(version)) = (entity, id, version) else { return Ok(false) };
        let vals = [Val::from(org), entity, Val::from(id), version];
        let is_new = second.one(TOLD, &vals).await?.get::<bool>("told")?;
        Ok(is_new && !first.one(TOLD, &vals).await?.get::<bool>("told")?)
    }

    /// A row by its key, for a person.
    fn name(&self, row: &[Val]) -> String {
        let text = |val: &Val| match val {
            Val::Text(v) => v.clone().unwrap_or_default(),
            Val::Int(v) => v.map_or_else(String::new, |v| v.to_string()),
            Val::Uuid(v) => v.map_or_else(String::new, |v: Uuid| Id::<()>::from_uuid(v).to_string()),
            Val::Bytes(v) => v.iter().flatten().take(4).map(|b| format!("{b:02x}")).collect(),
            Val::Real(v) => format!("{v:?}"),
            Val::Bool(v) => format!("{v:?}"),
        };
        format!("{} {}", self.table, self.key_of(row).iter().map(text).collect::<Vec<_>>().join(" "))
    }
}

/// Both engines sort ids and text by their bytes.
fn in_order(a: &[Val], b: &[Val]) -> Ordering {
    let parts = a.iter().zip(b).map(|pair| match pair {
        (Val::Text(a), Val::Text(b)) => a.cmp(b),
        (Val::Int(a), Val::Int(b)) => a.cmp(b),
        (Val::Uuid(a), Val::Uuid(b)) => a.cmp(b),
        (Val::Bytes(a), Val::Bytes(b)) => a.cmp(b),
        (Val::Bool(a), Val::Bool(b)) => a.cmp(b),
        _ => Ordering::Equal,
    });
    parts.fold(Ordering::Equal, Ordering::then)
}
