//! Who may come in where, written by hand from what the roles mean. A new route needs a new line here.
//!
//! Letters: Q requester, T technician, L lead, M manager, S security analyst, U auditor, X executive,
//! A administrator.

/// Who may come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Anybody.
    Public,
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
    /// In sight throughout the organisation, changed only in reach.
    ChangedInReach,
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
}

const fn get(path: &'static str, who: Who, seen: Seen) -> Entry {
    Entry { method: "GET", path, who, seen }
}
const fn post(path: &'static str, who: Who, seen: Seen) -> Entry {
    Entry { method: "POST", path, who, seen }
}

use Seen::{ChangedInReach, InOrg, InReach, NoRecord, OrgWide, OrgWideNoRecord};
use Who::{Public, Roles, SignedIn};

/// Sees people: whoever leads, runs, audits or administers.
const SEES_PEOPLE: Who = Roles("LMUA");
/// Gives and takes accounts and roles.
const RULES_PEOPLE: Who = Roles("A");
/// Knows the sites: everybody but ward staff.
const SEES_SITES: Who = Roles("TLMSUXA");
/// Shapes sites, places and departments.
const SHAPES_SITES: Who = Roles("MA");

pub const MATRIX: &[Entry] = &[
    // The door.
    get("/", SignedIn, NoRecord),
    get("/sign-in", Public, NoRecord),
    post("/sign-in", Public, NoRecord),
    post("/sign-out", SignedIn, NoRecord),
];
