//! Who may come in where, written by hand from what the roles mean. A new route needs a new line here.
//!
//! Letters: Q requester, T technician, L lead, M manager, S security analyst, U auditor, X executive,
//! A administrator.

/// Who may come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Anybody.
    Public,
    /// Nobody any more: it exists before set-up only.
    BeforeSetUp,
    /// Anybody signed in.
    SignedIn,
    /// Whoever holds one of these roles somewhere.
    Roles(&'static str),
}

/// Of which records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// The route names none.
    NoRecord,
    /// The route names none, and the role must be held in the whole organisation.
    OrgWideNoRecord,
    /// Those in reach; others are not found.
    InReach,
    /// Those of the organisation; reach plays no part.
    InOrg,
    /// A site with its trees: seen by whoever holds the role anywhere in it.
    AtSite,
    /// A site with its places: changed by whoever holds the role in all of it.
    SiteChanged,
    /// A department: seen as its site, changed by whoever holds the role over it.
    DepartmentChanged,
    /// Those of the organisation, by somebody who holds the role in all of it.
    OrgWide,
    /// The same, and not found by others.
    OrgWideUnseen,
    /// A token of the person of the records: seen by whoever manages people over all that person holds.
    OwnToken,
    /// None of theirs.
    Nowhere,
}

/// One line of the matrix.
#[derive(Debug)]
pub struct Entry {
    pub method: &'static str,
    pub path: &'static str,
    pub who: Who,
    pub seen: Seen,
    /// What is posted: enough to get past the reading of the form, old enough (`version`) to change nothing.
    pub form: &'static str,
}

const fn get(path: &'static str, who: Who, seen: Seen) -> Entry {
    Entry { method: "GET", path, who, seen, form: "" }
}
const fn post(path: &'static str, who: Who, seen: Seen) -> Entry {
    Entry { method: "POST", path, who, seen, form: "version=999" }
}
/// A call of the API that does something; `If-Match` names version 999.
const fn call(path: &'static str, who: Who, seen: Seen) -> Entry {
    Entry { method: "POST", path, who, seen, form: "{}" }
}
const fn patch(path: &'static str, who: Who, seen: Seen) -> Entry {
    Entry { method: "PATCH", path, who, seen, form: "{}" }
}

impl Entry {
    const fn with(mut self, form: &'static str) -> Self {
        self.form = form;
        self
    }
}

use Seen::{
    AtSite, DepartmentChanged, InOrg, InReach, NoRecord, Nowhere, OrgWide, OrgWideNoRecord, OrgWideUnseen,
    OwnToken, SiteChanged,
};
use Who::{BeforeSetUp, Public, Roles, SignedIn};

/// Sees people: whoever leads, runs, audits or administers.
const SEES_PEOPLE: Who = Roles("LMUA");
/// Gives and takes accounts and roles.
const RULES_PEOPLE: Who = Roles("A");
/// Knows the sites: everybody but ward staff.
const SEES_SITES: Who = Roles("TLMSUXA");
/// Shapes sites, places and departments.
const SHAPES_SITES: Who = Roles("MA");

/// Adds, edits, moves devices and changes their state: those who do the work.
const WORKS: Who = Roles("TLM");
/// Comments on devices: those who do the work, and who looks after their security.
const COMMENTS: Who = Roles("TLMS");
/// Corrects makers, types and models; brings lists in.
const CORRECTS: Who = Roles("LM");
/// Reads makers, types and models: everybody but ward staff.
const READS_MODELS: Who = Roles("TLMSUXA");
/// Reads what was done to a device.
const READS_HISTORY: Who = Roles("TLMSU");
/// Takes out what was changed.
const TAKES_HISTORY_OUT: Who = Roles("LMSU");
/// Takes lists out.
const TAKES_OUT: Who = Roles("LMSUX");
/// Approves what somebody else asked for.
const APPROVES: Who = Roles("M");
/// Sees devices: everybody, in their reach.
const SEES_DEVICES: Who = Roles("QTLMSUXA");

pub const MATRIX: &[Entry] = &[
    // The door.
    get("/", SignedIn, NoRecord),
    get("/sign-in", Public, NoRecord),
    post("/sign-in", Public, NoRecord),
    post("/sign-out", SignedIn, NoRecord),
    get("/set-up", BeforeSetUp, NoRecord),
    post("/set-up", BeforeSetUp, NoRecord),
    // One's own account.
    get("/me", SignedIn, NoRecord),
    get("/me/password", SignedIn, NoRecord),
    post("/me/password", SignedIn, NoRecord),
    post("/me/theme", SignedIn, NoRecord),
    post("/me/look", SignedIn, NoRecord),
    post("/me/sessions/end", SignedIn, NoRecord).with("which=all"),
    // People.
    get("/people", SEES_PEOPLE, NoRecord),
    get("/people/{id}", SEES_PEOPLE, InReach),
    get("/people/new", RULES_PEOPLE, NoRecord),
    post("/people/new", RULES_PEOPLE, NoRecord),
    post("/people/{id}", RULES_PEOPLE, InReach),
    post("/people/{id}/active", RULES_PEOPLE, InReach),
    post("/people/{id}/password", RULES_PEOPLE, InReach),
    post("/people/{id}/roles", RULES_PEOPLE, InReach),
    post("/people/{id}/roles/{grant}/end", RULES_PEOPLE, InReach),
    // Sites, places, departments.
    get("/sites", SEES_SITES, NoRecord),
    get("/sites/{id}", SEES_SITES, AtSite),
    get("/sites/new", SHAPES_SITES, OrgWideNoRecord),
    post("/sites/new", SHAPES_SITES, OrgWideNoRecord),
    get("/sites/{id}/edit", SHAPES_SITES, SiteChanged),
    post("/sites/{id}", SHAPES_SITES, SiteChanged),
    post("/sites/{id}/calendar", SHAPES_SITES, SiteChanged),
    post("/sites/{id}/places", SHAPES_SITES, SiteChanged).with("place_kind=floor&place_name=%20"),
    get("/sites/{id}/places/{place}", SEES_SITES, AtSite),
    post("/sites/{id}/places/{place}", SHAPES_SITES, SiteChanged),
    post("/sites/{id}/places/{place}/inside", SHAPES_SITES, SiteChanged)
        .with("place_kind=room&place_name=%20"),
    post("/sites/{id}/places/{place}/move", SHAPES_SITES, SiteChanged),
    post("/sites/{id}/places/{place}/close", SHAPES_SITES, SiteChanged),
    post("/sites/{id}/places/{place}/reopen", SHAPES_SITES, SiteChanged),
    post("/sites/{id}/departments", SHAPES_SITES, SiteChanged),
    get("/sites/{id}/departments/{department}", SEES_SITES, AtSite),
    post("/sites/{id}/departments/{department}", SHAPES_SITES, DepartmentChanged).with("version=999&name=X"),
    post("/sites/{id}/departments/{department}/inside", SHAPES_SITES, DepartmentChanged),
    post("/sites/{id}/departments/{department}/move", SHAPES_SITES, DepartmentChanged),
    post("/sites/{id}/departments/{department}/close", SHAPES_SITES, DepartmentChanged),
    post("/sites/{id}/departments/{department}/reopen", SHAPES_SITES, DepartmentChanged),
    get("/organisation", RULES_PEOPLE, OrgWideNoRecord),
    post("/organisation", RULES_PEOPLE, OrgWideNoRecord),
    // Devices.
    get("/devices", SEES_DEVICES, NoRecord),
    get("/d/{tag}", SEES_DEVICES, InReach),
    get("/places/{id}", SEES_DEVICES, InReach),
    // Views: one's own, and shared ones.
    get("/views", SEES_DEVICES, NoRecord),
    get("/views/new", SEES_DEVICES, NoRecord),
    post("/views/new", SEES_DEVICES, NoRecord),
    get("/views/{id}", SEES_DEVICES, Nowhere),
    post("/views/{id}", SEES_DEVICES, Nowhere),
    post("/views/{id}/remove", SEES_DEVICES, Nowhere),
    get("/d/{tag}/history", READS_HISTORY, InReach),
    get("/devices/changes", READS_HISTORY, NoRecord),
    get("/devices/changes.csv", TAKES_HISTORY_OUT, NoRecord),
    get("/devices/new", WORKS, NoRecord),
    post("/devices/new", WORKS, NoRecord),
    // One's own, or of anybody for whoever works everywhere.
    get("/devices/bulk", WORKS, NoRecord),
    post("/devices/bulk", WORKS, NoRecord),
    get("/devices/bulk/{id}", WORKS, OrgWideUnseen),
    post("/devices/bulk/{id}", WORKS, Nowhere),
    post("/devices/bulk/{id}/begin", WORKS, Nowhere),
    post("/devices/bulk/{id}/undo", WORKS, OrgWideUnseen),
    get("/d/{tag}/edit", WORKS, InReach),
    post("/d/{tag}/edit", WORKS, InReach),
    get("/d/{tag}/move", WORKS, InReach),
    post("/d/{tag}/move", WORKS, InReach),
    get("/d/{tag}/state", WORKS, InReach),
    post("/d/{tag}/state", WORKS, InReach),
    get("/d/{tag}/hold", WORKS, InReach),
    post("/d/{tag}/hold", WORKS, InReach),
    get("/d/{tag}/lift-hold", WORKS, InReach),
    post("/d/{tag}/lift-hold", WORKS, InReach),
    get("/d/{tag}/parent", WORKS, InReach),
    post("/d/{tag}/parent", WORKS, InReach),
    get("/d/{tag}/unretire", CORRECTS, InReach),
    post("/d/{tag}/unretire", CORRECTS, InReach),
    // Models, types, makers belong to the organisation as a whole.
    get("/models", READS_MODELS, NoRecord),
    get("/models/{id}", READS_MODELS, InOrg),
    get("/models/{id}/edit", CORRECTS, OrgWide),
    post("/models/{id}/edit", CORRECTS, OrgWide),
    get("/types", READS_MODELS, NoRecord),
    post("/types", CORRECTS, OrgWideNoRecord).with("version=999&id={type}"),
    get("/types/{id}", READS_MODELS, InOrg),
    post("/types/{id}", CORRECTS, OrgWide),
    get("/makers", READS_MODELS, NoRecord),
    post("/makers", CORRECTS, OrgWideNoRecord).with("version=999&id={company}"),
    get("/makers/{id}", READS_MODELS, InOrg),
    get("/makers/{id}/edit", CORRECTS, OrgWide),
    post("/makers/{id}/edit", CORRECTS, OrgWide),
    // In. An import is seen and carried on only by whoever reaches all that its sender reached.
    get("/devices/import", CORRECTS, NoRecord),
    post("/devices/import", CORRECTS, NoRecord),
    get("/devices/import/template.csv", CORRECTS, NoRecord),
    get("/devices/imports", CORRECTS, NoRecord),
    get("/devices/import/{id}", CORRECTS, InReach),
    get("/devices/import/{id}/verdicts.csv", CORRECTS, InReach),
    get("/devices/import/{id}/rows.csv", CORRECTS, InReach),
    post("/devices/import/{id}/check", CORRECTS, InReach),
    post("/devices/import/{id}/run", CORRECTS, InReach),
    post("/devices/import/{id}/cancel", CORRECTS, InReach),
    post("/devices/import/{id}/undo", CORRECTS, InReach),
    // Out.
    get("/devices.csv", TAKES_OUT, NoRecord),
    // API tokens: one's own.
    get("/me/tokens", SignedIn, NoRecord),
    post("/me/tokens", SignedIn, NoRecord),
    // Whoever may neither see nor revoke a token does not find it; see `tokens.rs`.
    post("/me/tokens/{id}/revoke", SignedIn, OwnToken),
    // The API itself.
    get("/api", Public, NoRecord),
    get("/api/openapi.json", Public, NoRecord),
    // The past, cut down to what each may see; see `past.rs`. Of any kind of record: here sites.
    get("/past", SignedIn, NoRecord),
    get("/past/{kind}", SEES_SITES, NoRecord).with("as-of=2026-10-13"),
    get("/past/{kind}/list.csv", SEES_SITES, NoRecord).with("as-of=2026-10-13"),
    get("/past/{kind}/{id}", SEES_SITES, AtSite).with("as-of=2026-10-13"),
    get("/api/v1/past/{kind}", SEES_SITES, NoRecord).with("at=2026-10-13"),
    get("/api/v1/past/{kind}/differences", SEES_SITES, NoRecord)
        .with("from=2020-01-01T00:00:00Z&to=2026-10-13"),
    get("/api/v1/past/{kind}/{id}", SEES_SITES, AtSite).with("at=2026-10-13"),
    // What it holds is cut down to what each may see; see `changes.rs`.
    get("/api/v1/changes", SignedIn, NoRecord),
    get("/api/v1/me", SignedIn, NoRecord),
    get("/api/v1/me/sessions", SignedIn, NoRecord),
    call("/api/v1/me/sessions/end", SignedIn, NoRecord),
    call("/api/v1/me/sessions/{session}/end", SignedIn, Nowhere),
    get("/api/v1/tokens", SignedIn, NoRecord),
    get("/api/v1/tokens/{id}", SignedIn, OwnToken),
    call("/api/v1/tokens/{id}/revoke", SignedIn, OwnToken),
    get("/api/v1/people", SEES_PEOPLE, NoRecord),
    call("/api/v1/people", RULES_PEOPLE, NoRecord),
    get("/api/v1/people/{id}", SEES_PEOPLE, InReach),
    get("/api/v1/people/{id}/history", SEES_PEOPLE, InReach),
    patch("/api/v1/people/{id}", RULES_PEOPLE, InReach),
    call("/api/v1/people/{id}/active", RULES_PEOPLE, InReach).with("{\"active\":true}"),
    call("/api/v1/people/{id}/password", RULES_PEOPLE, InReach),
    call("/api/v1/people/{id}/roles", RULES_PEOPLE, InReach)
        .with("{\"role\":\"requester\",\"scope\":{\"kind\":\"department\",\"id\":\"{department}\"}}"),
    call("/api/v1/people/{id}/roles/{grant}/end", RULES_PEOPLE, InReach),
    get("/api/v1/sites", SEES_SITES, NoRecord),
    call("/api/v1/sites", SHAPES_SITES, OrgWideNoRecord)
        .with("{\"name\":\"\",\"time_zone\":\"UTC\",\"currency\":\"USD\"}"),
    get("/api/v1/sites/{id}", SEES_SITES, AtSite),
    get("/api/v1/sites/{id}/history", SEES_SITES, AtSite),
    patch("/api/v1/sites/{id}", SHAPES_SITES, SiteChanged),
    patch("/api/v1/sites/{id}/calendar", SHAPES_SITES, SiteChanged),
    get("/api/v1/sites/{id}/places", SEES_SITES, AtSite),
    call("/api/v1/sites/{id}/places", SHAPES_SITES, SiteChanged).with("{\"kind\":\"floor\",\"name\":\"\"}"),
    get("/api/v1/sites/{id}/places/{place}", SEES_SITES, AtSite),
    get("/api/v1/sites/{id}/places/{place}/history", SEES_SITES, AtSite),
    patch("/api/v1/sites/{id}/places/{place}", SHAPES_SITES, SiteChanged),
    call("/api/v1/sites/{id}/places/{place}/move", SHAPES_SITES, SiteChanged),
    call("/api/v1/sites/{id}/places/{place}/close", SHAPES_SITES, SiteChanged).with("{\"reason\":\"x\"}"),
    call("/api/v1/sites/{id}/places/{place}/reopen", SHAPES_SITES, SiteChanged),
    get("/api/v1/sites/{id}/departments", SEES_SITES, AtSite),
    call("/api/v1/sites/{id}/departments", SHAPES_SITES, SiteChanged).with("{\"name\":\"\"}"),
    get("/api/v1/sites/{id}/departments/{department}", SEES_SITES, AtSite),
    get("/api/v1/sites/{id}/departments/{department}/history", SEES_SITES, AtSite),
    patch("/api/v1/sites/{id}/departments/{department}", SHAPES_SITES, DepartmentChanged),
    call("/api/v1/sites/{id}/departments/{department}/move", SHAPES_SITES, DepartmentChanged),
    call("/api/v1/sites/{id}/departments/{department}/close", SHAPES_SITES, DepartmentChanged)
        .with("{\"reason\":\"x\"}"),
    call("/api/v1/sites/{id}/departments/{department}/reopen", SHAPES_SITES, DepartmentChanged),
    get("/api/v1/organisation", RULES_PEOPLE, OrgWideNoRecord),
    get("/api/v1/organisation/history", RULES_PEOPLE, OrgWideNoRecord),
    patch("/api/v1/organisation", RULES_PEOPLE, OrgWideNoRecord),
    get("/api/v1/devices", SEES_DEVICES, NoRecord),
    get("/api/v1/devices/counts", SEES_DEVICES, NoRecord),
    get("/api/v1/devices/{id}", SEES_DEVICES, InReach),
    get("/api/v1/devices/by-tag/{tag}", SEES_DEVICES, InReach),
    get("/api/v1/devices/by-code/{code}", SEES_DEVICES, InReach),
    get("/api/v1/devices/{id}/components", SEES_DEVICES, InReach),
    get("/api/v1/devices/changes", READS_HISTORY, NoRecord).with("from=2020-01-01T00:00:00Z"),
    get("/api/v1/devices/{id}/history", READS_HISTORY, InReach),
    get("/api/v1/devices/{id}/as-of", READS_HISTORY, InReach).with("at=2026-10-13"),
    call("/api/v1/devices", WORKS, NoRecord),
    patch("/api/v1/devices/{id}", WORKS, InReach),
    call("/api/v1/devices/{id}/move", WORKS, InReach),
    call("/api/v1/devices/{id}/attach", WORKS, InReach).with("{\"parent\":\"{device}\"}"),
    call("/api/v1/devices/{id}/detach", WORKS, InReach),
    get("/api/v1/devices/{id}/moves", WORKS, InReach),
    call("/api/v1/devices/{id}/state", WORKS, InReach).with("{\"to\":\"incoming_inspection\"}"),
    call("/api/v1/devices/{id}/hold", WORKS, InReach).with("{\"reason\":\"x\",\"released_by\":\"y\"}"),
    call("/api/v1/devices/{id}/lift-hold", WORKS, InReach)
        .with("{\"test\":\"y\",\"passed\":true,\"result\":\"z\"}"),
    get("/api/v1/devices/{id}/unretire", CORRECTS, InReach),
    call("/api/v1/devices/{id}/unretire", CORRECTS, InReach).with("{\"reason\":\"x\"}"),
    call("/api/v1/devices/{id}/unretire/approve", APPROVES, InReach),
    call("/api/v1/devices/{id}/unretire/decline", CORRECTS, InReach),
    get("/api/v1/devices.csv", TAKES_OUT, NoRecord),
    get("/api/v1/models", READS_MODELS, NoRecord),
    call("/api/v1/models", CORRECTS, OrgWideNoRecord).with("{\"maker\":\"X\",\"name\":\"Y\"}"),
    get("/api/v1/models/{id}", READS_MODELS, InOrg),
    get("/api/v1/models/{id}/history", READS_MODELS, InOrg),
    patch("/api/v1/models/{id}", CORRECTS, OrgWide),
    get("/api/v1/types", READS_MODELS, NoRecord),
    get("/api/v1/types/{id}", READS_MODELS, InOrg),
    get("/api/v1/types/{id}/history", READS_MODELS, InOrg),
    patch("/api/v1/types/{id}", CORRECTS, OrgWide),
    get("/api/v1/makers", READS_MODELS, NoRecord),
    get("/api/v1/makers/{id}", READS_MODELS, InOrg),
    get("/api/v1/makers/{id}/history", READS_MODELS, InOrg),
    patch("/api/v1/makers/{id}", CORRECTS, OrgWide),
    get("/api/v1/views", SEES_DEVICES, NoRecord),
    call("/api/v1/views", SEES_DEVICES, NoRecord),
    get("/api/v1/views/{id}", SEES_DEVICES, Nowhere),
    patch("/api/v1/views/{id}", SEES_DEVICES, Nowhere),
    call("/api/v1/views/{id}/remove", SEES_DEVICES, Nowhere),
    get("/api/v1/acts", WORKS, NoRecord),
    call("/api/v1/acts", WORKS, NoRecord),
    call("/api/v1/acts/try", WORKS, NoRecord),
    get("/api/v1/acts/{id}", WORKS, OrgWideUnseen),
    get("/api/v1/acts/{id}/devices", WORKS, OrgWideUnseen),
    call("/api/v1/acts/{id}/undo", WORKS, OrgWideUnseen),
    get("/api/v1/imports", CORRECTS, NoRecord),
    call("/api/v1/imports", CORRECTS, NoRecord),
    get("/api/v1/imports/template.csv", CORRECTS, NoRecord),
    get("/api/v1/imports/{id}", CORRECTS, InReach),
    get("/api/v1/imports/{id}/verdicts.csv", CORRECTS, InReach),
    get("/api/v1/imports/{id}/rows.csv", CORRECTS, InReach),
    call("/api/v1/imports/{id}/check", CORRECTS, InReach),
    call("/api/v1/imports/{id}/run", CORRECTS, InReach),
    call("/api/v1/imports/{id}/cancel", CORRECTS, InReach),
    call("/api/v1/imports/{id}/undo", CORRECTS, InReach),
    // Documents: seen with their record, added by those who do the work.
    get("/documents/on/{noun}/{record}", SignedIn, InReach),
    post("/documents/on/{noun}/{record}", WORKS, InReach),
    get("/documents/{id}", SignedIn, InReach),
    post("/documents/{id}", WORKS, InReach),
    post("/documents/{id}/remove", WORKS, InReach),
    get("/documents/{id}/file", SignedIn, InReach),
    // The papers of the tests are text.
    get("/documents/{id}/preview", SignedIn, Nowhere),
    get("/api/v1/documents/on/{noun}/{record}", SignedIn, InReach),
    call("/api/v1/documents/on/{noun}/{record}", WORKS, InReach),
    get("/api/v1/documents/{id}", SignedIn, InReach),
    patch("/api/v1/documents/{id}", WORKS, InReach),
    call("/api/v1/documents/{id}/remove", WORKS, InReach),
    get("/api/v1/documents/{id}/file", SignedIn, InReach),
    get("/api/v1/documents/{id}/history", SignedIn, InReach),
    // Comments: seen with their record; written by those who look after devices.
    get("/comments/on/{noun}/{record}", SignedIn, InReach),
    post("/comments/on/{noun}/{record}", COMMENTS, InReach),
    get("/comments/{id}", SignedIn, InReach),
    post("/comments/{id}", COMMENTS, InReach),
    post("/comments/{id}/retract", COMMENTS, InReach),
    get("/api/v1/comments/on/{noun}/{record}", SignedIn, InReach),
    call("/api/v1/comments/on/{noun}/{record}", COMMENTS, InReach).with("{\"words\":\"Seen.\"}"),
    get("/api/v1/comments/{id}", SignedIn, InReach),
    patch("/api/v1/comments/{id}", COMMENTS, InReach),
    call("/api/v1/comments/{id}/retract", COMMENTS, InReach),
    get("/api/v1/comments/{id}/history", SignedIn, InReach),
    // What mentions oneself: everybody can be mentioned.
    get("/mentions", SEES_DEVICES, NoRecord),
    post("/mentions/read", SEES_DEVICES, NoRecord),
    get("/api/v1/mentions", SEES_DEVICES, NoRecord),
    call("/api/v1/mentions/read", SEES_DEVICES, NoRecord),
    // Labels: put on by those who do the work; made by those who correct the catalogue.
    get("/labels", WORKS, NoRecord),
    post("/labels", CORRECTS, OrgWideNoRecord).with("name=%20"),
    post("/labels/{id}", CORRECTS, OrgWide),
    post("/labels/on/{noun}/{record}", WORKS, InReach).with("label={label}"),
    post("/labels/off/{noun}/{record}", WORKS, InReach).with("label={label}"),
    get("/api/v1/labels", WORKS, NoRecord),
    call("/api/v1/labels", CORRECTS, OrgWideNoRecord).with("{\"name\":\" \"}"),
    patch("/api/v1/labels/{id}", CORRECTS, OrgWide),
    get("/api/v1/labels/on/{noun}/{record}", SignedIn, InReach),
    call("/api/v1/labels/on/{noun}/{record}", WORKS, InReach).with("{\"label\":\"{label}\"}"),
    call("/api/v1/labels/off/{noun}/{record}", WORKS, InReach).with("{\"label\":\"{label}\"}"),
];
