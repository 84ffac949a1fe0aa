//! Who sees what was recorded about this room's records: whoever sees their pages.

use std::collections::BTreeSet;

use futures::{FutureExt as _, future::BoxFuture};
use kernel::Result;
use serde_json::Value;
use web::api::{Sees, Sight};

use crate::{permit, person, site, token};

pub(crate) fn sights() -> Vec<Sight> {
    let mut sights = of_places();
    sights.extend(of_people());
    sights
}

fn of_places() -> Vec<Sight> {
    vec![
        Sight {
            entity: "org",
            many: "Organisation",
            named: "name",
            beside: &[],
            needs: Some(permit::ORG_MANAGE),
            sees: |_, who| {
                let all = who.may_everywhere(permit::ORG_MANAGE);
                now(Box::new(move |_| all))
            },
            of: None,
        },
        Sight {
            entity: "site",
            many: "Sites",
            named: "name",
            beside: &[("code", "Code")],
            needs: Some(permit::SITE_VIEW),
            sees: |tx, who| async { Ok(sites(site::seen_by(tx, who).await?, "id")) }.boxed(),
            of: None,
        },
        Sight {
            entity: "place",
            many: "Places",
            named: "name",
            beside: &[("site", "Site"), ("kind", "Kind")],
            needs: Some(permit::SITE_VIEW),
            sees: |tx, who| async { Ok(sites(site::seen_by(tx, who).await?, "site")) }.boxed(),
            of: None,
        },
        Sight {
            entity: "department",
            many: "Departments",
            named: "name",
            beside: &[("site", "Site"), ("cost_centre", "Cost centre")],
            needs: Some(permit::SITE_VIEW),
            sees: |tx, who| async { Ok(sites(site::seen_by(tx, who).await?, "site")) }.boxed(),
            of: None,
        },
    ]
}

fn of_people() -> Vec<Sight> {
    vec![
        Sight {
            entity: "person",
            many: "People",
            named: "name",
            beside: &[("email", "Email")],
            needs: Some(permit::PERSON_VIEW),
            sees: |tx, who| people(tx, who, "id"),
            of: None,
        },
        Sight {
            entity: "role_grant",
            many: "Roles of people",
            named: "role",
            beside: &[("person", "Person"), ("ended_at", "Ended")],
            needs: Some(permit::PERSON_VIEW),
            sees: |tx, who| people(tx, who, "person"),
            of: None,
        },
        Sight {
            entity: "api_token",
            many: "API tokens",
            named: "name",
            beside: &[("person", "Owner"), ("expires_at", "Expires"), ("revoked_at", "Revoked")],
            needs: None,
            sees: |tx, who| {
                async {
                    let seen = token::list(tx, who).await?;
                    let ids: BTreeSet<String> = seen.iter().map(|t| t.token.id.to_string()).collect();
                    Ok(one_of(ids, "id"))
                }
                .boxed()
            },
            of: None,
        },
    ]
}

fn now<'a>(sees: Sees) -> BoxFuture<'a, Result<Sees>> {
    std::future::ready(Ok(sees)).boxed()
}

fn one_of(ids: BTreeSet<String>, field: &'static str) -> Sees {
    Box::new(move |record: &Value| record[field].as_str().is_some_and(|id| ids.contains(id)))
}

fn sites(seen: Vec<site::Site>, field: &'static str) -> Sees {
    one_of(seen.iter().map(|s| s.id.to_string()).collect(), field)
}

fn people<'a>(
    tx: &'a mut db::Tx,
    who: &'a kernel::Actor,
    field: &'static str,
) -> BoxFuture<'a, Result<Sees>> {
    async move {
        if !who.may_somewhere(permit::PERSON_VIEW) {
            return Ok(Box::new(|_: &Value| false) as Sees);
        }
        Ok(match person::visible(tx, who).await? {
            None => Box::new(|_: &Value| true),
            Some(seen) => one_of(seen.iter().map(ToString::to_string).collect(), field),
        })
    }
    .boxed()
}
