//! What may be done in the fleet, and which roles hold each permission.

use kernel::{Permit, Role};

use Role::{Administrator, Auditor, Executive, Lead, Manager, SecurityAnalyst, Technician};

/// See devices in one's reach.
pub const DEVICE_VIEW: Permit = Permit("fleet.device.view");
/// Read the history of devices, and records as they were known.
pub const DEVICE_HISTORY: Permit = Permit("fleet.device.history");
/// Record new devices.
pub const DEVICE_ADD: Permit = Permit("fleet.device.add");
/// Change what is known of a device.
pub const DEVICE_EDIT: Permit = Permit("fleet.device.edit");
/// Move devices between places and owners, and in and out of systems.
pub const DEVICE_TRANSFER: Permit = Permit("fleet.device.transfer");
/// Move devices from state to state, put holds on and lift them.
pub const DEVICE_STATE: Permit = Permit("fleet.device.state");
/// End a device's life: disposal, retirement, return, cancellation, write-off.
pub const DEVICE_END: Permit = Permit("fleet.device.end");
/// Release a device from investigation.
pub const DEVICE_RELEASE: Permit = Permit("fleet.device.release");
/// Approve that a retirement was an error, which somebody else asked for.
pub const DEVICE_UNRETIRE: Permit = Permit("fleet.device.unretire");
/// See makers, types and models.
pub const MODEL_VIEW: Permit = Permit("fleet.model.view");
/// Change makers, types and models.
pub const MODEL_EDIT: Permit = Permit("fleet.model.edit");
/// Share views of the list of devices with all, and change those that are shared.
pub const VIEW_SHARE: Permit = Permit("fleet.view.share");
/// Import devices from a file, and undo it.
pub const IMPORT_RUN: Permit = Permit("fleet.import.run");
/// Take the list out as a file.
pub const EXPORT_RUN: Permit = Permit("fleet.export.run");

/// Every permission of the room with the roles that hold it.
pub const ALL: &[(Permit, &[Role])] = &[
    (DEVICE_VIEW, &Role::ALL),
    (DEVICE_HISTORY, &[Technician, Lead, Manager, SecurityAnalyst, Auditor]),
    (DEVICE_ADD, &[Technician, Lead, Manager]),
    (DEVICE_EDIT, &[Technician, Lead, Manager]),
    (DEVICE_TRANSFER, &[Technician, Lead, Manager]),
    (DEVICE_STATE, &[Technician, Lead, Manager]),
    (DEVICE_END, &[Lead, Manager]),
    (DEVICE_RELEASE, &[Manager]),
    (DEVICE_UNRETIRE, &[Manager]),
    (MODEL_VIEW, &[Technician, Lead, Manager, SecurityAnalyst, Auditor, Executive, Administrator]),
    (MODEL_EDIT, &[Lead, Manager]),
    (VIEW_SHARE, &[Lead, Manager]),
    (IMPORT_RUN, &[Lead, Manager]),
    (EXPORT_RUN, &[Lead, Manager, SecurityAnalyst, Auditor, Executive]),
];
