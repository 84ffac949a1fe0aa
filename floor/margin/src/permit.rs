//! What may be added to records, and which roles hold each permission. Seeing takes none of its own: whoever sees a
//! record sees what was added to it.

use kernel::{Permit, Role};

use Role::{Lead, Manager, Technician};

/// Add documents to records in one's reach, change what is said of them, and remove them.
pub const DOCUMENT_ADD: Permit = Permit("margin.document.add");

/// Every permission with the roles that hold it.
pub const ALL: &[(Permit, &[Role])] = &[(DOCUMENT_ADD, &[Technician, Lead, Manager])];
