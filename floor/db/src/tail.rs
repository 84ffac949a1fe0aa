//! What every write does last, sent to the engine as one: its events, their place in the queue of the sealer, its counts
//! and the answers of its commands.
//!
//! Each statement costs a way to the engine and back, which for a small write is most of its time. On SQLite statements
//! are joined as they stand; on PostgreSQL all but the last become parts of its `WITH`.

use std::mem::take;

use kernel::Result;

use crate::{Engine, Sql, Tx, Val, command, gate, seal, tally, tx::values};

/// Rows of one table sent together with those of others. More are a bulk's, and go by themselves.
const FEW: usize = 16;

/// Rows that nothing in the transaction has to read.
#[derive(Default)]
pub(crate) struct Later {
    /// Events.
    pub events: Vec<Vec<Val>>,
    /// Commands that were carried out.
    pub commands: Vec<command::Carried>,
}

impl Later {
    /// Whether a statement may read or change what is not written yet.
    fn is_asked_for(&self, statement: &str) -> bool {
        !self.events.is_empty() && statement.contains("event")
    }
}

/// Rows of one table, with what stands before and after them.
struct Part {
    head: &'static str,
    rows: Vec<Vec<Val>>,
    tail: &'static str,
}

impl Tx {
    /// Whether it carries a command out.
    pub(crate) fn carries_command(&self) -> bool {
        !self.later.commands.is_empty()
    }

    /// Writes the events before a statement that may read them.
    pub(crate) async fn write_before(&mut self, statement: &str) -> Result<()> {
        if self.later.is_asked_for(statement) { self.write_events().await } else { Ok(()) }
    }

    /// Writes events that are too many to be kept until the end.
    pub(crate) async fn write_many_events(&mut self) -> Result<()> {
        if self.later.events.len() > FEW { self.write_events().await } else { Ok(()) }
    }

    async fn write_events(&mut self) -> Result<()> {
        let events = take(&mut self.later.events);
        self.insert_rows(gate::INSERT, events, "").await.map(drop)
    }

    /// Writes what was left for the end.
    pub(crate) async fn write_last(&mut self) -> Result<()> {
        let later = take(&mut self.later);
        let commands = later.commands.into_iter().map(command::Carried::row).collect();
        let tallies = tally::rows(self.engine(), take(&mut self.tallies));
        let parts = [
            Part { head: gate::INSERT, rows: later.events, tail: "" },
            Part { head: seal::QUEUE, rows: seal::queue(take(&mut self.unsealed)), tail: "" },
            Part { head: tally::ADD, rows: tallies, tail: tally::ADDED },
            Part { head: command::CARRIED, rows: commands, tail: "" },
        ];
        let (few, many): (Vec<Part>, Vec<Part>) =
            parts.into_iter().filter(|part| !part.rows.is_empty()).partition(|part| part.rows.len() <= FEW);
        for part in many {
            self.insert_rows(part.head, part.rows, part.tail).await?;
        }
        if few.is_empty() {
            return Ok(());
        }
        for part in &few {
            self.note_part((part.head, part.tail), &part.rows).await?;
        }
        let (sql, vals) = joined(self.engine(), few);
        self.send(&sql, vals).await.map(drop)
    }
}

/// Inserts into several tables as one.
fn joined(engine: Engine, parts: Vec<Part>) -> (Sql, Vec<Val>) {
    let (mut texts, mut vals) = (Vec::new(), Vec::new());
    for Part { head, rows, tail } in parts {
        let size = (rows.len(), rows.first().map_or(0, Vec::len));
        texts.push(values(engine, (head, tail), size, vals.len()));
        vals.extend(rows.into_iter().flatten());
    }
    let text = match engine {
        Engine::Sqlite => texts.join("; "),
        Engine::Postgres => {
            let last = texts.pop().unwrap_or_default();
            let with: Vec<String> =
                texts.iter().enumerate().map(|(n, text)| format!("w{n} AS ({text})")).collect();
            if with.is_empty() { last } else { format!("WITH {} {last}", with.join(", ")) }
        }
    };
    (Sql::built(text), vals)
}
