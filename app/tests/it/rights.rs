//! Every route × every role × where it is held × where the record stands, against the hand-written matrix.

use std::collections::{BTreeMap, BTreeSet};

use baton::rooms;
use http::StatusCode;
use kernel::Role;

use crate::{
    hospital::{Held, Hospital, Records, Stands},
    matrix::{Entry, MATRIX, Seen, Who},
};

/// A letter for each role in the matrix.
fn letter(role: Role) -> char {
    match role {
        Role::Requester => 'Q',
        Role::Technician => 'T',
        Role::Lead => 'L',
        Role::Manager => 'M',
        Role::SecurityAnalyst => 'S',
        Role::Auditor => 'U',
        Role::Executive => 'X',
        Role::Administrator => 'A',
    }
}

#[test]
fn every_route_has_an_entry_and_every_entry_a_route() {
    let routes: BTreeSet<(String, &str)> = rooms::rooms()
        .iter()
        .flat_map(|room| room.routes.iter().map(|r| (r.method.to_string(), r.path)).collect::<Vec<_>>())
        .chain(web::routes().iter().map(|r| (r.method.to_string(), r.path)))
        .collect();
    let entries: BTreeSet<(String, &str)> = MATRIX.iter().map(|e| (e.method.to_owned(), e.path)).collect();
    assert_eq!(entries.len(), MATRIX.len(), "an entry stands twice");
    let missing: Vec<_> = routes.difference(&entries).collect();
    let stale: Vec<_> = entries.difference(&routes).collect();
    assert!(missing.is_empty(), "routes without an entry in the matrix: {missing:#?}");
    assert!(stale.is_empty(), "entries without a route: {stale:#?}");
}

/// The path with a record's ids and tags in it.
pub(super) fn fill(path: &str, records: &Records) -> String {
    let noun = path.strip_prefix("/api/v1").unwrap_or(path);
    let id = match noun.split('/').nth(1) {
        Some("devices") if !path.starts_with("/devices/") => records.device.to_string(),
        Some("acts") => records.act.to_string(),
        Some("devices") if path.starts_with("/devices/bulk") => records.act.to_string(),
        Some("tokens") | Some("me") => records.token.to_string(),
        Some("people") => records.person.to_string(),
        Some("sites" | "past") => records.site.to_string(),
        Some("models") => records.model.to_string(),
        Some("places") => records.place.to_string(),
        Some("makers") => records.company.to_string(),
        Some("types") => records.device_type.to_string(),
        Some("comments") => records.comment.to_string(),
        Some("views") => records.view.to_string(),
        Some("labels") => records.label.to_string(),
        Some("documents") => records.document.to_string(),
        _ => records.import.to_string(),
    };
    path.replace("{tag}", &records.tag)
        .replace("{id}", &id)
        .replace("{place}", &records.place.to_string())
        .replace("{department}", &records.department.to_string())
        .replace("{grant}", &records.grant.to_string())
        .replace("{code}", &records.tag)
        .replace("{device}", &records.device.to_string())
        .replace("{noun}", "device")
        .replace("{label}", &records.label.to_string())
        .replace("{record}", &records.device.to_string())
        .replace("{kind}", "site")
        .replace("{session}", &records.token.to_string())
        .replace("{type}", &records.device_type.to_string())
        .replace("{company}", &records.company.to_string())
}

/// What the answer must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    /// Let in: whatever the form then says.
    In,
    /// The role may not do this.
    Forbidden,
    /// Out of sight.
    NotFound,
    /// In sight or not, but certainly not let in.
    Kept,
    /// Sent to sign in, or told to.
    SignIn,
}

fn wanted(entry: &Entry, role: Option<Role>, held: Held, stands: Stands) -> Wanted {
    if entry.who == Who::BeforeSetUp {
        return Wanted::NotFound;
    }
    let Some(role) = role else {
        return if entry.who == Who::Public { Wanted::In } else { Wanted::SignIn };
    };
    match entry.who {
        Who::SignedIn if entry.seen == Seen::Nowhere => return Wanted::NotFound,
        Who::SignedIn if entry.seen == Seen::OwnToken => {
            let manages = role == Role::Administrator && stands.within(held);
            return if manages { Wanted::In } else { Wanted::NotFound };
        }
        // What was added to a record is seen by whoever sees it, and everybody sees devices.
        Who::SignedIn if entry.seen == Seen::InReach => {
            return if stands.within(held) { Wanted::In } else { Wanted::NotFound };
        }
        // The records of the past are asked for a site's, which requesters do not see today either.
        Who::SignedIn if entry.seen == Seen::AtSite => {
            let sees = role != Role::Requester && same_site(stands, held);
            return if sees { Wanted::In } else { Wanted::NotFound };
        }
        Who::Public | Who::SignedIn | Who::BeforeSetUp => return Wanted::In,
        Who::Roles(letters) if !letters.contains(letter(role)) => return Wanted::Forbidden,
        Who::Roles(_) => {}
    }
    match entry.seen {
        Seen::NoRecord => Wanted::In,
        Seen::Nowhere => Wanted::NotFound,
        Seen::OrgWideUnseen if stands == Stands::OtherOrg || held != Held::Everywhere => Wanted::NotFound,
        Seen::InReach if !stands.within(held) => Wanted::NotFound,
        Seen::InOrg if stands == Stands::OtherOrg => Wanted::NotFound,
        Seen::AtSite | Seen::SiteChanged | Seen::DepartmentChanged if !same_site(stands, held) => {
            Wanted::NotFound
        }
        Seen::SiteChanged if held == Held::OneDepartment => Wanted::Forbidden,
        Seen::DepartmentChanged if !stands.within(held) => Wanted::Forbidden,
        // Forbidden tells no more than the role's own page does; either answer keeps the other organisation in.
        Seen::OrgWide if stands == Stands::OtherOrg => Wanted::Kept,
        Seen::OrgWide if held != Held::Everywhere => Wanted::Forbidden,
        Seen::OrgWideNoRecord if held != Held::Everywhere => Wanted::Forbidden,
        _ => Wanted::In,
    }
}

/// Whether the record stands at a site where the role is held, in part or in whole.
fn same_site(stands: Stands, held: Held) -> bool {
    match stands {
        Stands::Home | Stands::OtherDepartment => true,
        Stands::OtherSite => held == Held::Everywhere,
        Stands::OtherOrg => false,
    }
}

fn answers(wanted: Wanted, status: StatusCode, text: &str) -> bool {
    let to_sign_in = text.starts_with("/sign-in?next");
    match wanted {
        Wanted::In => {
            !to_sign_in && !status.is_server_error() && !matches!(status.as_u16(), 401 | 403 | 404 | 405)
        }
        Wanted::Forbidden => status == StatusCode::FORBIDDEN,
        Wanted::NotFound => status == StatusCode::NOT_FOUND,
        Wanted::Kept => matches!(status.as_u16(), 403 | 404),
        Wanted::SignIn => status == StatusCode::UNAUTHORIZED || to_sign_in,
    }
}

/// Runs a test on both engines.
macro_rules! on_both {
    ($name:ident, $body:ident) => {
        mod $name {
            use super::*;

            #[tokio::test]
            async fn sqlite() {
                $body(Hospital::new().await).await;
            }

            #[tokio::test]
            async fn postgres() {
                if let Some(hospital) = Hospital::on_postgres().await {
                    $body(hospital).await;
                }
            }
        }
    };
}
on_both!(every_role_is_answered_as_the_matrix_says, answers_as_the_matrix_says);
on_both!(lists_searches_and_files_hold_what_is_in_reach, lists_hold_what_is_in_reach);

/// Sessions of looks, which end none; a form gets a session of its own, because some end them.
type Sessions = BTreeMap<(Role, Held), String>;

async fn credential(hospital: &Hospital, looks: &mut Sessions, who: (Role, Held), entry: &Entry) -> String {
    if entry.path.starts_with("/api/v1") {
        return hospital.tokens[&who].clone();
    }
    session(hospital, looks, who, entry.method).await
}

async fn session(hospital: &Hospital, looks: &mut Sessions, who: (Role, Held), method: &str) -> String {
    if method != "GET" {
        return hospital.session(hospital.people[&who]).await;
    }
    if let Some(token) = looks.get(&who) {
        return token.clone();
    }
    let token = hospital.session(hospital.people[&who]).await;
    looks.insert(who, token.clone());
    token
}

async fn answers_as_the_matrix_says(hospital: Hospital) {
    // Every statement that is run on the way is read for the wall between organisations.
    let plans = hospital.db.watch_plans();
    let mut looks = Sessions::new();
    let mut wrong = Vec::new();
    let mut asked = 0;
    let people: Vec<(Option<Role>, Held)> = Role::ALL
        .into_iter()
        .flat_map(|role| {
            [Held::Everywhere, Held::OneSite, Held::OneDepartment].map(|held| (Some(role), held))
        })
        .chain([(None, Held::Everywhere)])
        .collect();
    // Looks first, while all sessions are good.
    for entry in
        MATRIX.iter().filter(|e| e.method == "GET").chain(MATRIX.iter().filter(|e| e.method != "GET"))
    {
        let everywhere: &[Stands] = if entry.path.contains('{') { &Stands::ALL } else { &[Stands::Home] };
        for (role, held) in &people {
            for stands in everywhere {
                let token = match role {
                    Some(role) => Some(credential(&hospital, &mut looks, (*role, *held), entry).await),
                    None => None,
                };
                let mut records = hospital.records[stands].clone();
                let revokes = entry.path.ends_with("/revoke") && *role == Some(Role::Administrator);
                if revokes && *stands != Stands::OtherOrg {
                    records.token = hospital.another_token(&records).await;
                }
                if entry.path.contains("{grant}") && *stands != Stands::OtherOrg {
                    records.grant = hospital.another_grant(&records).await;
                }
                let (path, form) = (fill(entry.path, &records), fill(entry.form, &records));
                let (status, text) = hospital.ask(entry.method, &path, token.as_deref(), &form).await;
                let wanted = wanted(entry, *role, *held, *stands);
                asked += 1;
                if !answers(wanted, status, &text) {
                    let who = role.map_or("nobody", Role::code);
                    wrong.push(format!(
                        "{} {} as {who} ({held:?}) on {stands:?}: wanted {wanted:?}, got {status}",
                        entry.method, entry.path
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {asked} answers differ:\n{}", wrong.len(), wrong.join("\n"));
    assert!(asked > 1_000);
    crate::rules::read_all(&hospital.db, &plans).await;
    hospital.finish().await;
}

/// Lists, searches and files hold exactly what is in reach.
async fn lists_hold_what_is_in_reach(hospital: Hospital) {
    let plans = hospital.db.watch_plans();
    for ((role, held), person) in &hospital.people {
        let token = hospital.session(*person).await;
        let may_export = matches!(
            role,
            Role::Lead | Role::Manager | Role::SecurityAnalyst | Role::Auditor | Role::Executive
        );
        for (path, asked) in [
            ("/devices", true),
            ("/devices?q=helion", true),
            ("/devices?q=vp", true),
            ("/devices.csv", may_export),
            ("/devices.csv?q=helion", may_export),
        ] {
            if !asked {
                continue;
            }
            let (status, text) = hospital.ask("GET", path, Some(&token), "").await;
            assert_eq!(status, StatusCode::OK, "{path} as {role} {held:?}: {text}");
            for (stands, records) in &hospital.records {
                assert_eq!(
                    text.contains(&records.tag),
                    stands.within(*held),
                    "{path} as {role} ({held:?}): {} stands {stands:?}",
                    records.tag
                );
            }
        }
        // A whole tag opens the device, but only one in reach.
        for (stands, records) in &hospital.records {
            let path = format!("/devices?q={}", records.tag);
            let (_, text) = hospital.ask("GET", &path, Some(&token), "").await;
            assert_eq!(
                text.starts_with("/d/"),
                stands.within(*held),
                "{path} as {role} ({held:?}): {stands:?}"
            );
        }
    }
    crate::rules::read_all(&hospital.db, &plans).await;
    hospital.finish().await;
}
