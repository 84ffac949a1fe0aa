//! Kept counts against a count of the rows themselves.

use std::collections::{BTreeMap, BTreeSet};

use db::{Db, Sql, Tx, vals};
use fleet::device::store::{BY_STATE, HELD};
use kernel::{DepartmentId, OrgId, Result, ScopeSet, SiteId};

const ROWS: Sql = Sql::new(
    "SELECT d.site_id, d.department_id, d.state, d.hold_reason FROM device d \
     WHERE d.org_id = $1 AND d.removed_at IS NULL",
);

type Counts = BTreeMap<(SiteId, String), i64>;

/// What the pages count, whole and for each department alone, is what the rows say.
///
/// # Panics
/// When a count is wrong.
pub async fn are_true(db: &Db, org: OrgId) {
    let rows = db::read!(db, org, |tx| tx.all(ROWS, &vals![org]).await).unwrap();
    let (mut present, mut held) = (BTreeMap::new(), BTreeMap::new());
    for row in &rows {
        let (site, state): (SiteId, String) = (row.get("site_id").unwrap(), row.get("state").unwrap());
        let department: Option<DepartmentId> = row.get("department_id").unwrap();
        let is_held = row.get::<Option<String>>("hold_reason").unwrap().is_some();
        for owner in [None, department].into_iter().collect::<BTreeSet<_>>() {
            let key = (site, state.clone());
            *present.entry(owner).or_insert_with(Counts::new).entry(key.clone()).or_default() += 1;
            if is_held {
                *held.entry(owner).or_insert_with(Counts::new).entry(key).or_default() += 1;
            }
        }
    }
    for owner in present.keys() {
        let scope = owner.map_or(ScopeSet::Everywhere, |d| ScopeSet::Only {
            sites: BTreeSet::new(),
            departments: BTreeSet::from([d]),
        });
        db::read!(db, org, |tx| {
            assert_eq!(&kept(tx, org, BY_STATE, &scope).await?, &present[owner], "by state");
            assert_eq!(kept(tx, org, HELD, &scope).await?, held.remove(owner).unwrap_or_default(), "held");
            Ok(())
        })
        .unwrap();
    }
}

async fn kept(tx: &mut Tx, org: OrgId, name: &'static str, scope: &ScopeSet) -> Result<Counts> {
    let tallied = db::tally::of(tx, org, name, scope).await?;
    Ok(tallied.into_iter().map(|t| ((t.site, t.word), t.count)).collect())
}
