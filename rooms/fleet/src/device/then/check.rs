//! Whether what is filed is what the record says: every life is filed again, in memory, and compared.

use std::collections::{BTreeSet, HashSet};

use db::{Row, Sql, Tx, Val, check::Report, vals};
use futures::future::BoxFuture;
use kernel::{OrgId, Result};
use uuid::Uuid;

use super::store::{self, Filing, KINDS, Life};

db::statements! {
    /// Who has a file.
    ORGS = "SELECT org_id FROM then_progress";
    /// What changed since it was filed last.
    SINCE = "SELECT entity_id FROM event WHERE org_id = $1 AND id > $2";
    /// What is filed of the devices after one and up to another.
    DEVICES = "SELECT org_id, device_id, from_at, until_at, shelf, here, tag_key, words, model_id, site_id, place_id, \
               department_id, import_id FROM then_device WHERE org_id = $1 AND device_id > $2 AND device_id <= $3 \
               ORDER BY device_id, from_at";
    /// As above.
    STATES = "SELECT org_id, device_id, from_at, until_at, shelf, tag_key, site_id, state, held, unusable, no_risk, no_strategy \
              FROM then_state WHERE org_id = $1 AND device_id > $2 AND device_id <= $3 ORDER BY device_id, from_at";
    /// As above.
    WORDS = "SELECT org_id, device_id, words FROM then_words WHERE org_id = $1 AND device_id > $2 AND device_id <= $3 \
             ORDER BY device_id";
    /// As above, of names.
    NAMES = "SELECT org_id, kind, id, from_at, until_at, words, type_id, company_id, no_risk FROM then_name \
             WHERE org_id = $1 AND kind = $4 AND id > $2 AND id <= $3 ORDER BY id, from_at";
    /// Names that are kept once.
    CALLED = "SELECT kind, words FROM then_called WHERE org_id = $1";
}

/// Versions compared at a time.
const AT_ONCE: u32 = 4_000;
/// Faults that are told before the rest is left out.
const MOST: usize = 20;

#[derive(Clone, Copy)]
enum Kind {
    Id,
    Int,
    Text,
    Bool,
}
use Kind::{Bool, Id, Int, Text};

const DEVICE: &[(&str, Kind)] = &[
    ("org_id", Id),
    ("device_id", Id),
    ("from_at", Int),
    ("until_at", Int),
    ("shelf", Int),
    ("here", Bool),
    ("tag_key", Text),
    ("words", Text),
    ("model_id", Id),
    ("site_id", Id),
    ("place_id", Id),
    ("department_id", Id),
    ("import_id", Id),
];
const STATE: &[(&str, Kind)] = &[
    ("org_id", Id),
    ("device_id", Id),
    ("from_at", Int),
    ("until_at", Int),
    ("shelf", Int),
    ("tag_key", Text),
    ("site_id", Id),
    ("state", Text),
    ("held", Bool),
    ("unusable", Bool),
    ("no_risk", Bool),
    ("no_strategy", Bool),
];
const WORD: &[(&str, Kind)] = &[("org_id", Id), ("device_id", Id), ("words", Text)];
const NAME: &[(&str, Kind)] = &[
    ("org_id", Id),
    ("kind", Text),
    ("id", Id),
    ("from_at", Int),
    ("until_at", Int),
    ("words", Text),
    ("type_id", Id),
    ("company_id", Id),
    ("no_risk", Bool),
];

/// The check, for [`db::check::Truths`].
pub(crate) fn check<'t>(tx: &'t mut Tx, report: &'t mut Report) -> BoxFuture<'t, Result<()>> {
    Box::pin(async move {
        let rows = tx.all(ORGS, &vals![]).await?;
        for row in rows {
            let org = row.get("org_id")?;
            Check { org, since: HashSet::new(), called: HashSet::new(), faults: BTreeSet::new() }
                .run(tx, report)
                .await?;
        }
        report.looked("the file of lists of the past against the record");
        Ok(())
    })
}

struct Check {
    org: OrgId,
    /// What changed since it was filed; its file is behind, and may be.
    since: HashSet<Uuid>,
    called: HashSet<(String, String)>,
    /// In words.
    faults: BTreeSet<String>,
}

impl Check {
    async fn run(mut self, tx: &mut Tx, report: &mut Report) -> Result<()> {
        let Some(progress) = store::progress(tx, self.org).await? else { return Ok(()) };
        for row in tx.all(SINCE, &vals![self.org, progress.position]).await? {
            self.since.insert(row.get("entity_id")?);
        }
        for row in tx.all(CALLED, &vals![self.org]).await? {
            self.called.insert((row.get("kind")?, row.get("words")?));
        }
        // Kinds that are not filed to their end yet are no fault.
        for kind in KINDS.iter().take(progress.stage) {
            self.kind(tx, kind).await?;
        }
        for fault in self.faults.into_iter().take(MOST) {
            report.fault("past", fault);
        }
        Ok(())
    }

    async fn kind(&mut self, tx: &mut Tx, kind: &'static str) -> Result<()> {
        let mut after = Uuid::nil();
        loop {
            let lives = store::next_lives(tx, self.org, kind, after, AT_ONCE).await?;
            // After the last one nothing may be filed.
            let until = lives.last().map_or(Uuid::max(), |last| last.id);
            match kind {
                "device" => self.devices(tx, &lives, (after, until)).await?,
                _ => self.names(tx, kind, &lives, (after, until)).await?,
            }
            if lives.is_empty() {
                return Ok(());
            }
            after = until;
        }
    }

    async fn devices(&mut self, tx: &mut Tx, lives: &[Life], (after, until): (Uuid, Uuid)) -> Result<()> {
        let filing = Filing::of(self.org, self.settled(lives))?;
        for (sql, columns, right) in
            [(DEVICES, DEVICE, filing.devices), (STATES, STATE, filing.states), (WORDS, WORD, filing.words)]
        {
            let filed = self.filed(tx, sql, columns, &vals![self.org, after, until]).await?;
            self.compare("device", 1, &right, &filed);
        }
        self.look_up("identifier", filing.plain);
        Ok(())
    }

    /// Lives that should be filed as they are now.
    fn settled<'l>(&self, lives: &'l [Life]) -> impl Iterator<Item = &'l Life> {
        lives.iter().filter(|life| !self.since.contains(&life.id))
    }

    fn look_up(&mut self, kind: &'static str, words: BTreeSet<String>) {
        for words in words {
            let key = (kind.to_owned(), words);
            if !self.called.contains(&key) {
                let fault = format!("lists of the past do not look for the {kind} “{}”", key.1.trim());
                self.faults.insert(fault);
            }
        }
    }

    async fn names(
        &mut self,
        tx: &mut Tx,
        kind: &'static str,
        lives: &[Life],
        (after, until): (Uuid, Uuid),
    ) -> Result<()> {
        let (right, called) = store::named(self.org, kind, self.settled(lives))?;
        let filed = self.filed(tx, NAMES, NAME, &vals![self.org, after, until, kind]).await?;
        self.compare(kind, 2, &right, &filed);
        self.look_up(kind, called);
        Ok(())
    }

    async fn filed(
        &self,
        tx: &mut Tx,
        sql: Sql,
        columns: &[(&'static str, Kind)],
        vals: &[Val],
    ) -> Result<Vec<Vec<Val>>> {
        tx.all(sql, vals).await?.iter().map(|row| read(row, columns)).collect()
    }

    /// Notes whose rows differ; which they are says the column `id`.
    fn compare(&mut self, kind: &'static str, id: usize, right: &[Vec<Val>], filed: &[Vec<Val>]) {
        let of = |row: &Vec<Val>| match row.get(id) {
            Some(Val::Uuid(Some(id))) => *id,
            _ => Uuid::nil(),
        };
        let filed: Vec<&Vec<Val>> = filed.iter().filter(|row| !self.since.contains(&of(row))).collect();
        let right: Vec<&Vec<Val>> = right.iter().collect();
        if right == filed {
            return;
        }
        let ids: BTreeSet<Uuid> = right.iter().chain(&filed).map(|row| of(row)).collect();
        let rows = |all: &[&Vec<Val>], one: Uuid| {
            all.iter().filter(|row| of(row) == one).map(|row| (*row).clone()).collect::<Vec<_>>()
        };
        for one in ids.into_iter().filter(|one| rows(&right, *one) != rows(&filed, *one)) {
            let fault = format!("{kind} {one} is filed for lists of the past otherwise than the record says");
            self.faults.insert(fault);
        }
    }
}

fn read(row: &Row, columns: &[(&'static str, Kind)]) -> Result<Vec<Val>> {
    let one = |(name, kind): &(&'static str, Kind)| {
        Ok(match kind {
            Id => Val::Uuid(row.get(name)?),
            Int => Val::Int(row.get(name)?),
            Text => Val::Text(row.get(name)?),
            Bool => Val::Bool(row.get(name)?),
        })
    };
    columns.iter().map(one).collect()
}
