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

impl Entry {
    const fn with(mut self, form: &'static str) -> Self {
        self.form = form;
        self
    }
}

use Seen::{AtSite, DepartmentChanged, InOrg, InReach, NoRecord, OrgWide, OrgWideNoRecord, SiteChanged};
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
    get("/d/{tag}/history", READS_HISTORY, InReach),
    get("/devices/changes", READS_HISTORY, NoRecord),
    get("/devices/changes.csv", TAKES_HISTORY_OUT, NoRecord),
    get("/devices/new", WORKS, NoRecord),
    post("/devices/new", WORKS, NoRecord),
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
    post("/models/{id}", CORRECTS, OrgWide),
    get("/types", READS_MODELS, NoRecord),
    post("/types", CORRECTS, OrgWideNoRecord).with("version=999&id={type}"),
    get("/makers", READS_MODELS, NoRecord),
    post("/makers", CORRECTS, OrgWideNoRecord).with("version=999&id={company}"),
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
];
