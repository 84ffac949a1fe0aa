//! What the pages do, the API does: each address of a page has its counterpart there, or a reason why not.

use std::collections::BTreeSet;

use baton::rooms;

use crate::matrix::MATRIX;

/// Each action of a page, and what does it by the API. A new page needs a new line here.
const COUNTERPARTS: &[(&str, &[&str])] = &[
    ("GET /me", &["GET /api/v1/me", "GET /api/v1/me/sessions"]),
    ("POST /me/sessions/end", &["POST /api/v1/me/sessions/end", "POST /api/v1/me/sessions/{session}/end"]),
    ("GET /me/tokens", &["GET /api/v1/tokens", "GET /api/v1/tokens/{id}"]),
    ("POST /me/tokens/{id}/revoke", &["POST /api/v1/tokens/{id}/revoke"]),
    ("GET /people", &["GET /api/v1/people"]),
    ("GET /people/{id}", &["GET /api/v1/people/{id}", "GET /api/v1/people/{id}/history"]),
    ("POST /people/new", &["POST /api/v1/people"]),
    ("POST /people/{id}", &["PATCH /api/v1/people/{id}"]),
    ("POST /people/{id}/active", &["POST /api/v1/people/{id}/active"]),
    ("POST /people/{id}/password", &["POST /api/v1/people/{id}/password"]),
    ("POST /people/{id}/roles", &["POST /api/v1/people/{id}/roles"]),
    ("POST /people/{id}/roles/{grant}/end", &["POST /api/v1/people/{id}/roles/{grant}/end"]),
    ("GET /sites", &["GET /api/v1/sites"]),
    (
        "GET /sites/{id}",
        &[
            "GET /api/v1/sites/{id}",
            "GET /api/v1/sites/{id}/history",
            "GET /api/v1/sites/{id}/places",
            "GET /api/v1/sites/{id}/departments",
        ],
    ),
    ("POST /sites/new", &["POST /api/v1/sites"]),
    ("POST /sites/{id}", &["PATCH /api/v1/sites/{id}"]),
    ("POST /sites/{id}/calendar", &["PATCH /api/v1/sites/{id}/calendar"]),
    ("POST /sites/{id}/places", &["POST /api/v1/sites/{id}/places"]),
    (
        "GET /sites/{id}/places/{place}",
        &["GET /api/v1/sites/{id}/places/{place}", "GET /api/v1/sites/{id}/places/{place}/history"],
    ),
    ("POST /sites/{id}/places/{place}", &["PATCH /api/v1/sites/{id}/places/{place}"]),
    // The place it stands in is named by its body.
    ("POST /sites/{id}/places/{place}/inside", &["POST /api/v1/sites/{id}/places"]),
    ("POST /sites/{id}/places/{place}/move", &["POST /api/v1/sites/{id}/places/{place}/move"]),
    ("POST /sites/{id}/places/{place}/close", &["POST /api/v1/sites/{id}/places/{place}/close"]),
    ("POST /sites/{id}/places/{place}/reopen", &["POST /api/v1/sites/{id}/places/{place}/reopen"]),
    ("POST /sites/{id}/departments", &["POST /api/v1/sites/{id}/departments"]),
    (
        "GET /sites/{id}/departments/{department}",
        &[
            "GET /api/v1/sites/{id}/departments/{department}",
            "GET /api/v1/sites/{id}/departments/{department}/history",
        ],
    ),
    ("POST /sites/{id}/departments/{department}", &["PATCH /api/v1/sites/{id}/departments/{department}"]),
    ("POST /sites/{id}/departments/{department}/inside", &["POST /api/v1/sites/{id}/departments"]),
    (
        "POST /sites/{id}/departments/{department}/move",
        &["POST /api/v1/sites/{id}/departments/{department}/move"],
    ),
    (
        "POST /sites/{id}/departments/{department}/close",
        &["POST /api/v1/sites/{id}/departments/{department}/close"],
    ),
    (
        "POST /sites/{id}/departments/{department}/reopen",
        &["POST /api/v1/sites/{id}/departments/{department}/reopen"],
    ),
    ("GET /organisation", &["GET /api/v1/organisation", "GET /api/v1/organisation/history"]),
    ("POST /organisation", &["PATCH /api/v1/organisation"]),
    (
        "GET /devices",
        &["GET /api/v1/devices", "GET /api/v1/devices/counts", "GET /api/v1/devices/by-code/{code}"],
    ),
    (
        "GET /d/{tag}",
        &[
            "GET /api/v1/devices/{id}",
            "GET /api/v1/devices/by-tag/{tag}",
            "GET /api/v1/devices/{id}/components",
            "GET /api/v1/devices/{id}/as-of",
        ],
    ),
    ("GET /past/{kind}", &["GET /api/v1/past/{kind}", "GET /api/v1/past/{kind}/differences"]),
    ("GET /past/{kind}/list.csv", &["GET /api/v1/past/{kind}", "GET /api/v1/past/{kind}/differences"]),
    ("GET /past/{kind}/{id}", &["GET /api/v1/past/{kind}/{id}"]),
    ("GET /devices/changes", &["GET /api/v1/devices/changes"]),
    // The same as a file, for whoever may take lists out too.
    ("GET /devices/changes.csv", &["GET /api/v1/devices/changes"]),
    ("GET /d/{tag}/history", &["GET /api/v1/devices/{id}/history"]),
    ("POST /devices/new", &["POST /api/v1/devices", "POST /api/v1/models"]),
    ("POST /d/{tag}/edit", &["PATCH /api/v1/devices/{id}"]),
    ("POST /d/{tag}/move", &["POST /api/v1/devices/{id}/move"]),
    ("GET /d/{tag}/state", &["GET /api/v1/devices/{id}/moves"]),
    ("POST /d/{tag}/state", &["POST /api/v1/devices/{id}/state"]),
    ("POST /d/{tag}/hold", &["POST /api/v1/devices/{id}/hold"]),
    ("POST /d/{tag}/lift-hold", &["POST /api/v1/devices/{id}/lift-hold"]),
    ("POST /d/{tag}/parent", &["POST /api/v1/devices/{id}/attach", "POST /api/v1/devices/{id}/detach"]),
    ("GET /d/{tag}/unretire", &["GET /api/v1/devices/{id}/unretire"]),
    (
        "POST /d/{tag}/unretire",
        &[
            "POST /api/v1/devices/{id}/unretire",
            "POST /api/v1/devices/{id}/unretire/approve",
            "POST /api/v1/devices/{id}/unretire/decline",
        ],
    ),
    ("GET /places/{id}", &["GET /api/v1/devices"]),
    ("GET /views", &["GET /api/v1/views", "GET /api/v1/views/{id}"]),
    ("POST /views/new", &["POST /api/v1/views"]),
    ("POST /views/{id}", &["PATCH /api/v1/views/{id}"]),
    ("POST /views/{id}/remove", &["POST /api/v1/views/{id}/remove"]),
    ("GET /models", &["GET /api/v1/models"]),
    ("GET /models/{id}", &["GET /api/v1/models/{id}"]),
    ("POST /models/{id}/edit", &["PATCH /api/v1/models/{id}"]),
    ("GET /types", &["GET /api/v1/types", "GET /api/v1/types/{id}"]),
    ("POST /types", &["PATCH /api/v1/types/{id}"]),
    ("GET /types/{id}", &["GET /api/v1/types/{id}", "GET /api/v1/types/{id}/history"]),
    ("POST /types/{id}", &["PATCH /api/v1/types/{id}"]),
    ("GET /makers", &["GET /api/v1/makers", "GET /api/v1/makers/{id}"]),
    ("POST /makers", &["PATCH /api/v1/makers/{id}"]),
    ("GET /makers/{id}", &["GET /api/v1/makers/{id}", "GET /api/v1/makers/{id}/history"]),
    ("POST /makers/{id}/edit", &["PATCH /api/v1/makers/{id}"]),
    ("GET /devices/bulk", &["GET /api/v1/acts"]),
    ("GET /devices/bulk/{id}", &["GET /api/v1/acts/{id}", "GET /api/v1/acts/{id}/devices"]),
    ("POST /devices/bulk/{id}", &["POST /api/v1/acts/try"]),
    ("POST /devices/bulk/{id}/begin", &["POST /api/v1/acts"]),
    ("POST /devices/bulk/{id}/undo", &["POST /api/v1/acts/{id}/undo"]),
    ("POST /devices/import", &["POST /api/v1/imports"]),
    ("GET /devices/import/template.csv", &["GET /api/v1/imports/template.csv"]),
    ("GET /devices/imports", &["GET /api/v1/imports"]),
    ("GET /devices/import/{id}", &["GET /api/v1/imports/{id}"]),
    ("GET /devices/import/{id}/verdicts.csv", &["GET /api/v1/imports/{id}/verdicts.csv"]),
    ("GET /devices/import/{id}/rows.csv", &["GET /api/v1/imports/{id}/rows.csv"]),
    ("POST /devices/import/{id}/check", &["POST /api/v1/imports/{id}/check"]),
    ("POST /devices/import/{id}/run", &["POST /api/v1/imports/{id}/run"]),
    ("POST /devices/import/{id}/cancel", &["POST /api/v1/imports/{id}/cancel"]),
    ("POST /devices/import/{id}/undo", &["POST /api/v1/imports/{id}/undo"]),
    ("GET /devices.csv", &["GET /api/v1/devices.csv"]),
    ("GET /documents/on/{noun}/{record}", &["GET /api/v1/documents/on/{noun}/{record}"]),
    ("POST /documents/on/{noun}/{record}", &["POST /api/v1/documents/on/{noun}/{record}"]),
    ("GET /documents/{id}", &["GET /api/v1/documents/{id}", "GET /api/v1/documents/{id}/history"]),
    ("POST /documents/{id}", &["PATCH /api/v1/documents/{id}"]),
    ("POST /documents/{id}/remove", &["POST /api/v1/documents/{id}/remove"]),
    ("GET /documents/{id}/file", &["GET /api/v1/documents/{id}/file"]),
    ("GET /comments/on/{noun}/{record}", &["GET /api/v1/comments/on/{noun}/{record}"]),
    ("POST /comments/on/{noun}/{record}", &["POST /api/v1/comments/on/{noun}/{record}"]),
    ("GET /comments/{id}", &["GET /api/v1/comments/{id}", "GET /api/v1/comments/{id}/history"]),
    ("POST /comments/{id}", &["PATCH /api/v1/comments/{id}"]),
    ("POST /comments/{id}/retract", &["POST /api/v1/comments/{id}/retract"]),
    ("GET /labels", &["GET /api/v1/labels"]),
    ("POST /labels", &["POST /api/v1/labels"]),
    ("POST /labels/{id}", &["PATCH /api/v1/labels/{id}"]),
    ("POST /labels/on/{noun}/{record}", &["POST /api/v1/labels/on/{noun}/{record}"]),
    ("POST /labels/off/{noun}/{record}", &["POST /api/v1/labels/off/{noun}/{record}"]),
    ("GET /mentions", &["GET /api/v1/mentions"]),
    ("POST /mentions/read", &["POST /api/v1/mentions/read"]),
];

/// Pages that have none, each with the reason.
const NONE: &[(&str, &str)] = &[
    ("GET /past", "lists the kinds of records, which the document of the API names"),
    ("GET /", "leads people to where their work is"),
    ("GET /sign-in", "a token needs no session"),
    ("POST /sign-in", "a token needs no session"),
    ("POST /sign-out", "a token needs no session"),
    ("GET /set-up", "there is no token before an organisation is"),
    ("POST /set-up", "there is no token before an organisation is; `baton org add` sets further ones up"),
    ("GET /me/password", "a form"),
    ("POST /me/password", "a token that leaked must not take an account over"),
    ("POST /me/theme", "how pages look to one person"),
    ("POST /me/look", "how pages look to one person"),
    ("POST /me/tokens", "a token that leaked must not make others that outlive it"),
    ("GET /people/new", "a form"),
    ("GET /sites/new", "a form"),
    ("GET /sites/{id}/edit", "a form"),
    ("POST /devices/bulk", "puts aside which devices are ticked, until it is said what becomes of them"),
    ("GET /devices/new", "a form"),
    ("GET /devices/import", "a form"),
    ("GET /d/{tag}/edit", "a form"),
    ("GET /models/{id}/edit", "a form"),
    ("GET /views/new", "a form"),
    ("GET /views/{id}", "a form"),
    ("GET /makers/{id}/edit", "a form"),
    ("GET /d/{tag}/move", "a form"),
    ("GET /d/{tag}/hold", "a form"),
    ("GET /d/{tag}/lift-hold", "a form"),
    ("GET /d/{tag}/parent", "a form"),
    ("GET /api", "the page of the API itself"),
    ("GET /documents/{id}/preview", "a smaller picture for pages, made from the file"),
];

#[test]
fn the_api_does_what_the_pages_do() {
    let all: Vec<web::Route> =
        web::routes().into_iter().chain(rooms::rooms().into_iter().flat_map(|room| room.routes)).collect();
    let named = |api: bool| -> BTreeSet<String> {
        let here = all.iter().filter(|r| r.operation.is_some() == api);
        here.map(|r| format!("{} {}", r.method, r.path)).collect()
    };
    let (pages, api) = (named(false), named(true));
    let told: BTreeSet<String> = COUNTERPARTS
        .iter()
        .map(|(page, _)| *page)
        .chain(NONE.iter().map(|(page, _)| *page))
        .map(str::to_owned)
        .collect();
    assert_eq!(told.len(), COUNTERPARTS.len() + NONE.len(), "a page stands twice");
    let missing: Vec<_> = pages.difference(&told).collect();
    let stale: Vec<_> = told.difference(&pages).collect();
    assert!(missing.is_empty(), "pages without a counterpart in the API, and without a reason: {missing:#?}");
    assert!(stale.is_empty(), "counterparts of pages that are not there: {stale:#?}");
    let wrong: Vec<_> =
        COUNTERPARTS.iter().flat_map(|(_, all)| all.iter()).filter(|a| !api.contains(**a)).collect();
    assert!(wrong.is_empty(), "not there: {wrong:#?}");
    // Whoever may not open a page may not do the same by the API.
    for (page, calls) in COUNTERPARTS {
        let who = |address: &str| {
            MATRIX.iter().find(|e| format!("{} {}", e.method, e.path) == address).map(|e| e.who)
        };
        for call in *calls {
            // These give less than the page, or take a permission that the page asks for inside.
            let differs = page.ends_with("changes.csv")
                || call.ends_with("/approve")
                || call.ends_with("/as-of")
                || *call == "POST /api/v1/models";
            assert!(differs || who(page) == who(call), "{page} and {call} are for different roles");
        }
    }
}
