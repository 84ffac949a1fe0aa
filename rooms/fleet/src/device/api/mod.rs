//! Devices by the API: the same acts as their pages, each through the same actions.
//!
//! **Invariant:** every call reaches a device through [`super::actions::visible`] or
//! [`super::actions::visible_by_tag`], so one out of sight is not found rather than forbidden.

mod between;
mod edit;
mod life;
mod list;
mod shown;
mod spot;

use web::Route;

pub(crate) use list::{Asked, instant, wanted};
pub(crate) use shown::Shown;

const TAG: &str = "devices";

/// The routes of devices.
pub(crate) fn routes() -> Vec<Route> {
    [list::routes(), between::routes(), edit::routes(), spot::routes(), life::routes()]
        .into_iter()
        .flatten()
        .collect()
}
