//! The fingerprint of a hospital: equal for equal seeds, sizes and days, on either engine.

use std::collections::BTreeMap;

use db::{Db, Tx};
use fleet::{company, device, device_type, model};
use identity::{department, place, site};
use kernel::{OrgId, Problem, Result};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// Most makers, types or models one hospital of the demonstration has.
const MOST: u32 = 100_000;
/// Devices read at once.
const PAGE: u32 = 1_000;

/// SHA-256, in hexadecimal, over a sorted export of sites, places, departments, makers, types, models and
/// devices.
///
/// The export has a line a record: its kind and its fields as JSON with sorted keys. Ids, which mean nothing
/// outside a database, are replaced by what people call the thing: a path of names for places and departments,
/// maker and model, the tag of the system; the record's own id and the id of an import are left out. Lines are
/// sorted bytewise and end with a line feed. History, people and passwords are not part of it.
///
/// # Errors
/// As [`Tx::all`].
pub async fn fingerprint(db: &Db, org: OrgId) -> Result<String> {
    let mut names = BTreeMap::new();
    let mut lines = db::read!(db, org, |tx| still(tx, org, &mut names).await)?;
    // Once for the tags, by which components name their system, once for the lines: kept whole, a hundred
    // thousand devices would take a gigabyte.
    for naming in [true, false] {
        let mut after = None;
        loop {
            let page = db::read!(db, org, |tx| device::store::each(tx, org, after, PAGE).await)?;
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            for device in page {
                if naming {
                    names.insert(device.id.uuid(), device.tag);
                } else {
                    let record = serde_json::to_value(device).map_err(Problem::bug)?;
                    lines.push(line("device", record, &names));
                }
            }
        }
    }
    lines.sort_unstable();
    let mut sha = Sha256::new();
    for line in lines {
        sha.update(line.as_bytes());
        sha.update(b"\n");
    }
    Ok(sha.finalize().iter().map(|b| format!("{b:02x}")).collect())
}

/// The lines of everything but devices; fills in what each id is called.
async fn still(tx: &mut Tx, org: OrgId, names: &mut BTreeMap<Uuid, String>) -> Result<Vec<String>> {
    let mut records = Vec::new();
    let mut note = |kind, id: Uuid, above: Option<Uuid>, name: &str, record: serde_json::Result<Value>| {
        let path = above.and_then(|id| names.get(&id)).map(|above| format!("{above} / {name}"));
        names.insert(id, path.unwrap_or_else(|| name.to_owned()));
        record.map(|record| records.push((kind, record))).map_err(Problem::bug)
    };
    for s in site::list(tx, org).await? {
        note("site", s.id.uuid(), None, &s.name, serde_json::to_value(&s))?;
        // Listed by name, a child may come before its parent; ids of one kind are unique, so sort by depth.
        let mut places = place::list(tx, org, s.id).await?;
        places.sort_by_key(|p| p.kind);
        for p in places {
            let above = p.parent.map_or(s.id.uuid(), kernel::Id::uuid);
            note("place", p.id.uuid(), Some(above), &p.name, serde_json::to_value(&p))?;
        }
        let mut departments = department::list(tx, org, s.id).await?;
        departments.sort_by_key(|d| d.kind);
        for d in departments {
            let above = d.parent.map_or(s.id.uuid(), kernel::Id::uuid);
            note("department", d.id.uuid(), Some(above), &d.name, serde_json::to_value(&d))?;
        }
    }
    for c in company::store::list(tx, org, MOST).await? {
        note("maker", c.id.uuid(), None, &c.name, serde_json::to_value(&c))?;
    }
    for t in device_type::store::list(tx, org, MOST).await? {
        note("type", t.id.uuid(), None, &t.name, serde_json::to_value(&t))?;
    }
    for m in model::store::list(tx, org, MOST).await? {
        note("model", m.id.uuid(), Some(m.company.uuid()), &m.name, serde_json::to_value(&m))?;
    }
    Ok(records.into_iter().map(|(kind, record)| line(kind, record, names)).collect())
}

/// One record as a line, ids replaced by names.
fn line(kind: &str, mut record: Value, names: &BTreeMap<Uuid, String>) -> String {
    if let Value::Object(fields) = &mut record {
        fields.remove("id");
        fields.remove("import");
        for value in fields.values_mut() {
            let id =
                value.as_str().filter(|text| text.len() == 36).and_then(|text| Uuid::parse_str(text).ok());
            if let Some(name) = id.and_then(|id| names.get(&id)) {
                *value = Value::String(name.clone());
            }
        }
    }
    format!("{kind} {record}")
}
