//! The roles people hold. What each may do is said by the rooms, permission by permission.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A role, held for the whole organisation, a site or a department with all below it.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Ward staff: sees the devices of their departments and asks for help.
    Requester,
    /// BMET: changes devices, does the work.
    Technician,
    /// Leads technicians: also imports and corrects.
    Lead,
    /// Runs the department: makers, models, places, retirement.
    Manager,
    /// Looks after network and software risk; reads the fleet.
    SecurityAnalyst,
    /// Reads everything, history included; changes nothing.
    Auditor,
    /// Reads summaries and the fleet.
    Executive,
    /// People, roles, sites, settings; not clinical work.
    Administrator,
}

impl Role {
    /// All roles, in the order pages list them.
    pub const ALL: [Self; 8] = [
        Self::Requester,
        Self::Technician,
        Self::Lead,
        Self::Manager,
        Self::SecurityAnalyst,
        Self::Auditor,
        Self::Executive,
        Self::Administrator,
    ];

    /// The stable name in the store and on the command line.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Requester => "requester",
            Self::Technician => "technician",
            Self::Lead => "lead",
            Self::Manager => "manager",
            Self::SecurityAnalyst => "security_analyst",
            Self::Auditor => "auditor",
            Self::Executive => "executive",
            Self::Administrator => "administrator",
        }
    }

    /// The word on a page.
    pub const fn on_page(self) -> &'static str {
        match self {
            Self::Requester => "Requester",
            Self::Technician => "Technician",
            Self::Lead => "Lead",
            Self::Manager => "Manager",
            Self::SecurityAnalyst => "Security analyst",
            Self::Auditor => "Auditor",
            Self::Executive => "Executive",
            Self::Administrator => "Administrator",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// A word that names no role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "“{0}” is not a role; roles are requester, technician, lead, manager, security_analyst, auditor, executive and administrator"
)]
pub struct UnknownRole(String);

impl FromStr for Role {
    type Err = UnknownRole;
    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        let wanted = text.trim().to_lowercase().replace([' ', '-'], "_");
        Self::ALL.into_iter().find(|role| role.code() == wanted).ok_or_else(|| UnknownRole(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_page_words_read_back() {
        for role in Role::ALL {
            assert_eq!(role.code().parse(), Ok(role));
            assert_eq!(role.on_page().parse(), Ok(role));
        }
        assert!("boss".parse::<Role>().is_err());
    }
}
