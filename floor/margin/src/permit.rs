//! What may be added to records, and which roles hold each permission. Seeing takes none of its own: whoever sees a
//! record sees what was added to it.

use kernel::{Permit, Role};

use Role::{Lead, Manager, SecurityAnalyst, Technician};

/// Add documents to records in one's reach, change what is said of them, and remove them.
pub const DOCUMENT_ADD: Permit = Permit("margin.document.add");

/// Comment on records in one's reach, and change and retract what one has written.
pub const COMMENT_WRITE: Permit = Permit("margin.comment.write");
/// Retract what others have written.
pub const COMMENT_RETRACT: Permit = Permit("margin.comment.retract");
/// See the comments that mention oneself.
pub const MENTION_VIEW: Permit = Permit("margin.mention.view");
/// Put labels on records in one's reach, and take them off.
pub const LABEL_PUT: Permit = Permit("margin.label.put");
/// Make labels and rename them.
pub const LABEL_MANAGE: Permit = Permit("margin.label.manage");

/// Every permission with the roles that hold it.
pub const ALL: &[(Permit, &[Role])] = &[
    (DOCUMENT_ADD, &[Technician, Lead, Manager]),
    (COMMENT_WRITE, &[Technician, Lead, Manager, SecurityAnalyst]),
    (COMMENT_RETRACT, &[Manager]),
    (MENTION_VIEW, &Role::ALL),
    (LABEL_PUT, &[Technician, Lead, Manager]),
    (LABEL_MANAGE, &[Lead, Manager]),
];
