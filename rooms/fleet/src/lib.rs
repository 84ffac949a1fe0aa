//! The fleet: what devices there are, whose they are, where they stand and whether they may be used.
//!
//! A [`company::Company`] makes a [`model::Model`] of a [`device_type::DeviceType`]; a [`device::Device`] is one
//! physical piece of it with an asset tag, a place, an owner and a lifecycle state. The state machine lives in
//! [`device::state`] as a table, its guards in [`mod@device::moves`]. A move that is refused is refused with every
//! unmet rule at once, and each [`Refusal`] says what would satisfy it.
//!
//! **Invariant:** nouns, states and rules are pure. They read no clock, file or database; what they must know
//! about the world is handed in as [`device::moves::Facts`]. SQL that changes rows stands in `store` modules only
//! and is reached through `actions` only: permit, rule, store, record. `list` and `pages` read.

#[macro_use]
mod coded;

pub mod act;
pub mod company;
pub mod device;
pub mod device_type;
pub mod export;
pub mod import;
pub mod model;

mod catalogue;
mod name;
mod noted;
pub mod permit;
mod posted;
mod refusal;
mod reindex;
mod room;
mod sight;
mod stand;
mod useful_life;
pub mod view;

pub use coded::UnknownCode;
pub use company::{Company, CompanyId};
pub use device::{Device, DeviceId};
pub use device_type::{DeviceType, DeviceTypeId, RiskLevel};
pub use model::{Model, ModelId};
pub use name::{Name, TextError};
pub use refusal::Refusal;
pub use room::room;
pub use useful_life::UsefulLife;

use db::{File, RoomSchema};

/// The room's tables.
pub const SCHEMA: RoomSchema = RoomSchema {
    room: "fleet",
    number: 3,
    files: &[
        File::both(1, "fleet", include_str!("../migrations/0001_fleet.sql")),
        File::both(2, "import", include_str!("../migrations/0002_import.sql")),
        File::both(3, "former_tag", include_str!("../migrations/0003_former_tag.sql")),
        File::each(
            4,
            "scale",
            include_str!("../migrations/0004_scale.sqlite.sql"),
            include_str!("../migrations/0004_scale.pg.sql"),
        ),
        File::each(
            5,
            "then",
            include_str!("../migrations/0005_then.sqlite.sql"),
            include_str!("../migrations/0005_then.pg.sql"),
        ),
        File::both(6, "site_state", include_str!("../migrations/0006_site_state.sql")),
        File::each(
            7,
            "then",
            include_str!("../migrations/0007_then.sqlite.sql"),
            include_str!("../migrations/0007_then.pg.sql"),
        ),
        File::each(
            8,
            "area",
            include_str!("../migrations/0008_area.sqlite.sql"),
            include_str!("../migrations/0008_area.pg.sql"),
        ),
        File::both(9, "search", include_str!("../migrations/0009_search.sql")),
        File::both(10, "nomenclature", include_str!("../migrations/0010_nomenclature.sql")),
        File::both(11, "model", include_str!("../migrations/0011_model.sql")),
        File::each(
            12,
            "maker",
            include_str!("../migrations/0012_maker.sqlite.sql"),
            include_str!("../migrations/0012_maker.pg.sql"),
        ),
        File::both(13, "view", include_str!("../migrations/0013_view.sql")),
        File::both(17, "import_name", include_str!("../migrations/0017_import_name.sql")),
        File::both(22, "act", include_str!("../migrations/0022_act.sql")),
    ],
    unrecorded: &[
        ("act_draft", "what somebody is about to do; the act itself is on record"),
        ("act_item", "what an act made of a device; the devices are on record"),
        ("company_called", "derived from records: the versions of the maker hold its names"),
        ("former_tag", "derived from records: the versions of the device hold its tags"),
        ("import_progress", "where the work on an import stands; the import itself is on record"),
        ("model_di", "derived from records: the versions of the model hold its identifiers"),
        ("then_called", "filed from the record of changes, for lists of the past"),
        ("then_device", "filed from the record of changes, for lists of the past"),
        ("then_name", "filed from the record of changes, for lists of the past"),
        ("then_progress", "how far the filing is"),
        ("then_state", "filed from the record of changes, for lists of the past"),
        ("then_words", "filed from the record of changes, for lists of the past"),
        ("import_name", "what the names of a file were read as; the names themselves are on record"),
        ("import_row", "what was said about a row of a file; the devices it became are on record"),
    ],
    statements: &[
        act::store::ALL,
        company::store::ALL,
        device::actions::ALL,
        device::former::ALL,
        device::list::ALL,
        device::list::facets::ALL,
        device::pages::FACETS,
        device::pages::STATEMENTS,
        device::search::ALL,
        device::search::CODES,
        device::search::TICKS,
        device::store::ALL,
        device::then::CHECKS,
        device::then::STATEMENTS,
        device_type::store::ALL,
        import::run::names::ALL,
        import::run::store::ALL,
        model::list::ALL,
        model::store::ALL,
        reindex::ALL,
        stand::ALL,
        view::store::ALL,
    ],
    records: &[
        act::store::RECORD,
        company::store::RECORD,
        device_type::store::RECORD,
        model::store::RECORD,
        device::store::RECORD,
        import::run::store::RECORD,
        view::store::RECORD,
    ],
    truths: db::check::Truths {
        tallies: device::store::RECOUNTS,
        searched: &[("device", "SELECT org_id, id FROM device WHERE removed_at IS NULL")],
        files: &["SELECT org_id, blob_id, bytes FROM import_run WHERE state <> 'cancelled'"],
        checks: &[device::then::check, device::former::check, model::store::check, company::store::check],
    },
};
