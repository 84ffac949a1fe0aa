//! The pages of devices: the list, one device, its history, and a form for each verb.
//!
//! **Invariant:** every page reaches a device through [`super::actions::visible`] or
//! [`super::actions::visible_by_tag`], so one out of sight is not found rather than forbidden.

mod add;
mod around;
pub(crate) mod ask;
mod attach;
mod between;
mod change_state;
pub(crate) mod changed;
mod edit;
mod entry;
mod evidence_fields;
mod facet;
mod first_run;
mod history;
mod hold;
mod known;
mod ledgers;
mod life;
mod list;
mod location;
pub(crate) mod names;
mod sentence;
mod show;
mod spot;
mod then;
mod transfer;
mod unretire;
pub(crate) mod words;

pub(crate) use spot::Ground;

use web::{Gate, Route};

use crate::permit;

/// The statements by which the pages read names.
pub(crate) const STATEMENTS: &[db::Named] = known::ALL;
/// Those by which the answers beside the list are named.
pub(crate) const FACETS: &[db::Named] = facet::ALL;

/// The pages and actions of devices.
pub(crate) fn routes() -> Vec<Route> {
    let view = Gate::Permit(permit::DEVICE_VIEW);
    let add = Gate::Permit(permit::DEVICE_ADD);
    let edit = Gate::Permit(permit::DEVICE_EDIT);
    let transfer = Gate::Permit(permit::DEVICE_TRANSFER);
    let state = Gate::Permit(permit::DEVICE_STATE);
    let end = Gate::Permit(permit::DEVICE_END);
    vec![
        Route::get("/devices", view, list::page),
        Route::get("/devices/changes", Gate::Permit(permit::DEVICE_HISTORY), between::page),
        Route::get("/devices/changes.csv", Gate::Permit(permit::DEVICE_HISTORY), between::file),
        Route::get("/devices/new", add, add::page),
        Route::post("/devices/new", add, add::save),
        Route::get("/d/{tag}", view, show::page),
        Route::get("/places/{id}", view, location::page),
        Route::get("/d/{tag}/history", Gate::Permit(permit::DEVICE_HISTORY), history::page),
        Route::get("/d/{tag}/edit", edit, edit::page),
        Route::post("/d/{tag}/edit", edit, edit::save),
        Route::get("/d/{tag}/move", transfer, transfer::page),
        Route::post("/d/{tag}/move", transfer, transfer::save),
        Route::get("/d/{tag}/parent", transfer, attach::page),
        Route::post("/d/{tag}/parent", transfer, attach::save),
        // Whoever may move devices between states may look; ending and releasing are asked for by the action.
        Route::get("/d/{tag}/state", state, change_state::page),
        Route::post("/d/{tag}/state", state, change_state::save),
        Route::get("/d/{tag}/hold", state, hold::page),
        Route::post("/d/{tag}/hold", state, hold::save),
        Route::get("/d/{tag}/lift-hold", state, hold::lift_page),
        Route::post("/d/{tag}/lift-hold", state, hold::lift),
        Route::get("/d/{tag}/unretire", end, unretire::page),
        Route::post("/d/{tag}/unretire", end, unretire::save),
    ]
}
