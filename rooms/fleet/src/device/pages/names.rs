//! The names behind ids, read in one go: history and filters say words, records hold ids.

use std::collections::{BTreeMap, BTreeSet};

use db::{Select, Tx, Val};
use kernel::{OrgId, Result};
use uuid::Uuid;

/// Ids whose names are wanted, by what they identify.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ids {
    by_field: BTreeMap<&'static str, BTreeSet<Uuid>>,
}

/// Where the names of a field's ids are found.
const HEADS: &[(&str, &str)] = &[
    (
        "model",
        "SELECT x.id, c.name AS outer_name, x.name FROM model x \
         JOIN company c ON c.org_id = x.org_id AND c.id = x.company_id",
    ),
    (
        "place",
        "SELECT x.id, u.name AS outer_name, x.name FROM place x \
         LEFT JOIN place u ON u.org_id = x.org_id AND u.id = x.parent_id",
    ),
    ("department", "SELECT x.id, NULL AS outer_name, x.name FROM department x"),
    ("site", "SELECT x.id, NULL AS outer_name, x.name FROM site x"),
    ("parent", "SELECT x.id, NULL AS outer_name, x.tag AS name FROM device x"),
    ("type", "SELECT x.id, NULL AS outer_name, x.name FROM device_type x"),
    ("maker", "SELECT x.id, NULL AS outer_name, x.name FROM company x"),
    ("import", "SELECT x.id, NULL AS outer_name, x.file_name AS name FROM import_run x"),
];

impl Ids {
    /// Wants the name of an id that stands in a field; fields that hold no ids are left aside.
    pub(crate) fn add(&mut self, field: &str, id: Uuid) {
        if let Some((field, _)) = HEADS.iter().find(|(known, _)| *known == field) {
            self.by_field.entry(field).or_default().insert(id);
        }
    }

    /// Whether a field holds ids.
    pub(crate) fn holds(field: &str) -> bool {
        HEADS.iter().any(|(known, _)| *known == field)
    }
}

/// The names that were found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    by_id: BTreeMap<Uuid, Name>,
}

/// A name, and with what lies around it.
#[derive(Clone, Debug)]
struct Name {
    short: String,
    whole: String,
}

impl Names {
    /// Reads all names wanted, one statement a kind.
    pub(crate) async fn read(tx: &mut Tx, org: OrgId, ids: &Ids) -> Result<Self> {
        let mut by_id = BTreeMap::new();
        for (field, head) in HEADS {
            let Some(ids) = ids.by_field.get(field) else { continue };
            let mut select = Select::new(head, "x", org);
            select.one_of("x.id", ids.iter().map(|id| Val::from(*id)));
            for row in select.all(tx).await? {
                let name: String = row.get("name")?;
                let outer: Option<String> = row.get("outer_name")?;
                let whole = match (*field, outer) {
                    ("model", Some(maker)) => format!("{maker} {name}"),
                    (_, Some(outer)) => format!("{name}, {outer}"),
                    (_, None) => name.clone(),
                };
                by_id.insert(row.get("id")?, Name { short: name, whole });
            }
        }
        Ok(Self { by_id })
    }

    /// The name of an id without what lies around it; for where there is little room.
    pub(crate) fn short(&self, id: Uuid) -> String {
        self.by_id.get(&id).map(|name| name.short.clone()).unwrap_or_default()
    }

    /// The name of an id, or words that say there is none any more.
    pub(crate) fn text(&self, id: Uuid) -> String {
        self.by_id.get(&id).map_or_else(|| "no longer on record".to_owned(), |name| name.whole.clone())
    }
}
