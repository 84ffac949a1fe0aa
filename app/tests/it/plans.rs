//! No statement reads a whole table that grows with the hospital: neither all of it nor all of one organisation's.

use baton::rooms;
use db::{Plans, scratch::Scratch, vals};
use kernel::Role;

use crate::{
    hospital::{Held, Hospital, Stands},
    matrix::MATRIX,
    rights::fill,
};

/// Tables that grow with the hospital's devices and years, by the names statements give them.
const LARGE: &[(&str, &[&str])] = &[
    ("device", &["d", "c", "p", "h", "q", "device"]),
    ("event", &["e", "l", "event"]),
    ("search_doc", &["s", "search_doc"]),
    ("import_row", &["r", "import_row"]),
    ("import_name", &["n", "import_name"]),
    ("command", &["command"]),
    ("blob_piece", &["blob_piece"]),
    ("former_tag", &["f", "former_tag"]),
    ("comment", &["c", "comment"]),
    ("labelling", &["g", "labelling"]),
    ("mention", &["m", "mention"]),
    ("document", &["d", "document"]),
    ("stored_file", &["f", "stored_file"]),
    ("then_device", &["s", "w", "then_device"]),
    ("then_state", &["f", "then_state"]),
];

/// Indexes that hold only the few rows they are made for, and may be read whole.
const SHORT: &[&str] = &["device_held", "device_no_strategy", "device_no_serial"];

/// Statements that may, each with the reason; a part of the text names them.
const MAY: &[(&str, &str)] = &[
    (
        "SELECT COUNT(*) AS n FROM event",
        "counts all changes, for the check of the record and of a demonstration",
    ),
    (
        "SELECT s.tag_key, s.device_id FROM then_device s JOIN device d",
        "the check of a database reads all of it",
    ),
    (
        "SELECT f.tag_key, f.device_id FROM former_tag f JOIN then_progress",
        "the check of a database reads all of it",
    ),
    (
        "SELECT COUNT(*) AS n FROM (SELECT d.id, d.state_since_at FROM device d INDEXED BY",
        "whoever asks the API for a count of a whole list waits for it; it stops at 10,000 that fit",
    ),
    (
        "WITH x AS MATERIALIZED (SELECT d.state, d.site_id, d.model_id",
        "counts beside a list walk it only where the kept counts say that it holds 20,000 at most, and stop there",
    ),
    (
        "WITH RECURSIVE o(id) AS (SELECT (SELECT org_id FROM event",
        "each step takes the first row of the index",
    ),
];

/// What a list tries before it chooses another way: the first rows by an index, and no more than its limit.
const TRIED: &str = "LIMIT $2) w) x WHERE x.fits = 1";

/// The steps of a plan that read a large table whole.
fn whole<'p>(sql: &str, steps: &'p [String]) -> Vec<&'p str> {
    let walks = |step: &&str| {
        LARGE.iter().any(|(table, names)| {
            sql.contains(&format!(" {table} ")) && names.iter().any(|name| reads_all(step, name))
        })
    };
    let tried = |step: &&str| sql.contains(TRIED) && step.starts_with("SEARCH d USING INDEX device_");
    let mut found: Vec<&str> =
        steps.iter().map(String::as_str).filter(|step| walks(step) && !tried(step)).collect();
    // The rows of a query that stands in the place of a table, by its name, are read whole, and may be: that query has
    // steps of its own.
    for made in steps.iter().filter_map(|step| step.strip_prefix("CO-ROUTINE ")) {
        if let Some(at) = found.iter().position(|step| step.strip_prefix("SCAN ") == Some(made)) {
            found.remove(at);
        }
    }
    found
}

/// `SCAN d`, or `SEARCH d USING INDEX … (org_id=?)` with no other bound.
fn reads_all(step: &str, name: &str) -> bool {
    if SHORT.iter().any(|index| step.contains(&format!("INDEX {index} "))) {
        return false;
    }
    step == format!("SCAN {name}")
        || step.starts_with(&format!("SCAN {name} USING"))
        || (step.starts_with(&format!("SEARCH {name} USING")) && step.ends_with("(org_id=?)"))
}

/// What a test watched.
pub fn check(plans: &Plans) {
    let noted = plans.noted();
    assert!(noted.len() > 20, "only {} statements were watched", noted.len());
    let bad: Vec<String> = noted
        .iter()
        .filter(|(sql, _)| !MAY.iter().any(|(part, _)| sql.contains(part)))
        .filter_map(|(sql, steps)| {
            let whole = whole(sql, steps);
            (!whole.is_empty()).then(|| format!("{sql}\n    {}", whole.join("\n    ")))
        })
        .collect();
    assert!(bad.is_empty(), "{} statements read a large table whole:\n{}", bad.len(), bad.join("\n"));
}

#[tokio::test]
async fn written_statements_reach_their_rows_by_an_index() {
    let scratch = Scratch::sqlite(&rooms::schemas()).await.unwrap();
    let plans = Plans::default();
    db::read!(scratch.db, db::Wall::All("reading plans"), |tx| {
        for room in std::iter::once(db::FLOOR).chain(rooms::schemas()) {
            for (_, sql) in room.statements.iter().copied().flatten() {
                let steps = tx.plan(sql, &vals![]).await?;
                plans.note(sql.text(), steps);
            }
        }
        Ok(())
    })
    .unwrap();
    check(&plans);
    scratch.finish().await.unwrap();
}

/// Lists put their statements together as they are asked, so they are asked for all that they offer.
const LISTS: &[&str] = &[
    "/devices?sort=since",
    "/devices?q=helion&sort=since",
    "/devices?q=helion&site={SITE}&state=in_service",
    "/devices?state=in_service&state=not_located&site={SITE}",
    "/devices?show=do_not_use",
    "/devices?show=left",
    "/devices?show=undecided",
    "/devices?gap=owner",
    "/devices?gap=risk_level",
    "/devices?gap=strategy",
    "/devices?model={MODEL}",
    "/devices?type={type}",
    "/devices?maker={company}",
    "/devices?department={department}",
    "/devices?import={IMPORT}",
    "/devices.csv?q=helion",
    "/devices?q=nothing-like-it",
    "/devices?q=type:pump+-site:lakeside+risk:h,none+-nh",
    "/devices?q=acquired:%3C2010",
    "/devices?q=age:%3E30+cost:%3E90000USD",
    "/devices?q=since:%3C2001&sort=since",
    "/devices?q=tag:NH-1+serial:VP",
    "/devices?q=udi:00614141000036",
    "/devices?q=loc:bay+tenure:rented",
    "/devices?q=strategy:by_law",
    "/devices?q=flag:component",
    "/devices?q=system:NH-2",
    "/devices?q=state:any+dept:none",
    "/devices?q=serial:none+cost:none",
    "/devices?q=loc:none+acquired:none+risk:none",
    "/api/v1/devices?sort=since&count=true",
    "/api/v1/devices?q=helion&site={SITE}&state=in_service&count=true",
    "/api/v1/devices?show=undecided&count=true",
    "/api/v1/devices?import={IMPORT}",
    "/devices?as-of=2026-10-13",
    "/devices?as-of=2026-10-13&q=helion",
    "/devices?as-of=2026-10-13&q=nothing-like-it&site={SITE}",
    "/devices?as-of=2026-10-13&site={SITE}&state=in_service",
    "/devices?as-of=2026-10-13&state=out_of_service_repair",
    "/devices?as-of=2026-10-13&show=do_not_use",
    "/devices?as-of=2026-10-13&show=undecided",
    "/devices?as-of=2026-10-13&show=left",
    "/devices?as-of=2026-10-13&gap=risk_level",
    "/devices?as-of=2026-10-13&model={MODEL}&department={department}",
    "/devices?as-of=2026-10-13&type={type}&maker={company}",
    "/devices?as-of=2026-10-13&import={IMPORT}",
    "/devices?as-of=2026-10-13&gap=owner",
    "/devices?as-of=2026-10-13&gap=strategy",
    "/devices?as-of=2026-10-13&q=helion+icu&state=out_of_service_repair&site={SITE}",
    "/devices.csv?as-of=2026-10-13",
    "/api/v1/devices?as_of=2026-10-13&q=helion&count=true",
    "/api/v1/changes?after=latest",
    "/api/v1/changes?after=01900000000070008000000000000000",
];

#[tokio::test]
async fn pages_reach_their_rows_by_an_index() {
    let hospital = Hospital::new().await;
    let plans = hospital.db.watch_plans();
    for (role, held) in [
        (Role::Manager, Held::Everywhere),
        (Role::Administrator, Held::Everywhere),
        (Role::Lead, Held::OneSite),
        (Role::Technician, Held::OneDepartment),
    ] {
        let token = hospital.session(hospital.people[&(role, held)]).await;
        let pages = MATRIX.iter().filter(|entry| entry.method == "GET").map(|entry| (entry.path, entry.form));
        for (path, form) in pages.chain(LISTS.iter().map(|path| (*path, ""))) {
            let api = path.starts_with("/api/v1");
            let token = if api { &hospital.tokens[&(role, held)] } else { &token };
            let home = &hospital.records[&Stands::Home];
            let path = fill(path, home)
                .replace("{SITE}", &home.site.to_string())
                .replace("{MODEL}", &home.model.to_string())
                .replace("{IMPORT}", &home.import.to_string());
            let (status, text) = hospital.ask("GET", &path, Some(token), form).await;
            assert!(!status.is_server_error() && status != http::StatusCode::UNAUTHORIZED, "{path}: {text}");
        }
    }
    check(&plans);
    hospital.finish().await;
}
