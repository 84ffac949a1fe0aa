//! Who sees what was recorded about this room's records: whoever may read their history.

use futures::{FutureExt as _, future::BoxFuture};
use kernel::{Actor, Permit, Reach, Result, ScopeSet};
use serde_json::Value;
use web::api::{Sees, Sight};

use crate::{import::run::Within, permit};

pub(crate) fn sights() -> Vec<Sight> {
    vec![
        Sight {
            entity: "device",
            many: "Devices",
            named: "tag",
            beside: &[("serial", "Serial")],
            needs: Some(permit::DEVICE_HISTORY),
            sees: |_, who| devices(who),
            of: None,
        },
        Sight {
            entity: "model",
            many: "Models",
            named: "name",
            beside: &[("company", "Maker"), ("device_type", "Type")],
            needs: Some(permit::MODEL_VIEW),
            sees: |_, who| all(who, permit::MODEL_VIEW),
            of: None,
        },
        Sight {
            entity: "device_type",
            many: "Types",
            named: "name",
            beside: &[("risk", "Risk")],
            needs: Some(permit::MODEL_VIEW),
            sees: |_, who| all(who, permit::MODEL_VIEW),
            of: None,
        },
        Sight {
            entity: "company",
            many: "Makers",
            named: "name",
            beside: &[],
            needs: Some(permit::MODEL_VIEW),
            sees: |_, who| all(who, permit::MODEL_VIEW),
            of: None,
        },
        Sight {
            entity: "saved_view",
            many: "Views",
            named: "name",
            beside: &[("query", "Search"), ("by_name", "Saved by")],
            needs: Some(permit::DEVICE_VIEW),
            sees: |_, who| views(who),
            of: None,
        },
        Sight {
            entity: "act",
            many: "Changes of many devices",
            named: "reason",
            beside: &[("state", "State"), ("query", "Search")],
            needs: Some(permit::DEVICE_EDIT),
            sees: |_, who| acts(who),
            of: None,
        },
        Sight {
            entity: "import_run",
            many: "Imports",
            named: "file_name",
            beside: &[],
            needs: Some(permit::IMPORT_RUN),
            sees: |_, who| imports(who),
            of: None,
        },
    ]
}

fn now<'a>(sees: Sees) -> BoxFuture<'a, Result<Sees>> {
    std::future::ready(Ok(sees)).boxed()
}

fn all<'a>(who: &Actor, permit: Permit) -> BoxFuture<'a, Result<Sees>> {
    let may = who.may_somewhere(permit);
    now(Box::new(move |_| may))
}

/// A device in sight whose history the actor may read there.
fn devices<'a>(who: &Actor) -> BoxFuture<'a, Result<Sees>> {
    let who = who.clone();
    now(Box::new(move |record: &Value| {
        let id = |name: &str| record[name].as_str().and_then(|id| id.parse().ok());
        let department = record["department"].as_str().and_then(|id| id.parse().ok());
        let reach = Reach { site: id("site"), department };
        who.may(permit::DEVICE_VIEW, reach) && who.may(permit::DEVICE_HISTORY, reach)
    }))
}

/// One's own, and shared ones.
fn views<'a>(who: &Actor) -> BoxFuture<'a, Result<Sees>> {
    let (may, person) = (who.may_somewhere(permit::DEVICE_VIEW), who.person);
    now(Box::new(move |record: &Value| {
        let by = record["by"].as_str().and_then(|id| id.parse().ok());
        may && (record["shared"] == true || (by.is_some() && by == person))
    }))
}

/// One's own, or any for whoever may change devices everywhere.
fn acts<'a>(who: &Actor) -> BoxFuture<'a, Result<Sees>> {
    let (everywhere, person) = (who.scope(permit::DEVICE_EDIT) == ScopeSet::Everywhere, who.person);
    now(Box::new(move |record: &Value| {
        let by = record["by"].as_str().and_then(|id| id.parse().ok());
        everywhere || (by.is_some() && by == person)
    }))
}

/// An import that touched nothing outside the places where the actor may import.
fn imports<'a>(who: &Actor) -> BoxFuture<'a, Result<Sees>> {
    let scope = who.scope(permit::IMPORT_RUN);
    now(Box::new(move |record: &Value| {
        let within: Option<Within> = serde_json::from_value(record["within"].clone()).ok();
        match (&scope, within) {
            (ScopeSet::Everywhere, _) => true,
            (ScopeSet::Only { sites, departments }, Some(Within::Only { sites: s, departments: d })) => {
                (!s.is_empty() || !d.is_empty()) && s.is_subset(sites) && d.is_subset(departments)
            }
            _ => false,
        }
    }))
}
