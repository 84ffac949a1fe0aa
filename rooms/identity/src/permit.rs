//! This room's permissions and the roles that hold each.

use kernel::{
    Permit,
    Role::{self, Administrator, Auditor, Executive, Lead, Manager, SecurityAnalyst, Technician},
};

/// See who has an account and what roles they hold.
pub const PERSON_VIEW: Permit = Permit("identity.person.view");
/// Add people, give and take roles, deactivate.
pub const PERSON_MANAGE: Permit = Permit("identity.person.manage");
/// See sites, places and departments.
pub const SITE_VIEW: Permit = Permit("identity.site.view");
/// Add and change sites, places and departments.
pub const SITE_MANAGE: Permit = Permit("identity.site.manage");
/// Change the organisation's name, address, time zone and currency.
pub const ORG_MANAGE: Permit = Permit("identity.org.manage");

/// All of them.
pub const ALL: &[(Permit, &[Role])] = &[
    (PERSON_VIEW, &[Lead, Manager, Administrator, Auditor]),
    (PERSON_MANAGE, &[Administrator]),
    (SITE_VIEW, &[Technician, Lead, Manager, Auditor, Administrator, Executive, SecurityAnalyst]),
    (SITE_MANAGE, &[Manager, Administrator]),
    (ORG_MANAGE, &[Administrator]),
];
