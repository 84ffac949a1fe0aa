//! The fields of this room's forms, as the API calls them: the same words without the noun before them.

use kernel::Problem;
use web::api::{Fault, at};

const NAMES: &[(&str, &str)] = &[
    ("org_name", "name"),
    ("site_name", "name"),
    ("site_code", "code"),
    ("place_name", "name"),
    ("place_code", "code"),
    ("place_kind", "kind"),
    ("place_parent", "parent"),
    ("department_name", "name"),
    ("department_code", "code"),
    ("department_parent", "parent"),
    ("person_name", "name"),
    ("close", ""),
];

/// A problem with its errors at the fields of the body.
pub(crate) fn named(problem: Problem) -> Fault {
    at(problem, NAMES).into()
}
