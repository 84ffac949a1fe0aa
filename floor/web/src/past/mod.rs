//! Records of any kind as they were known at a past instant, and what differs between two, as pages and by the API.
//!
//! Devices have lists of their own, which can be searched; here is everything else that is on record, and whoever wants
//! devices is led there. What somebody sees of a kind is said by its room ([`Sight`](crate::api::Sight)): a record is shown
//! to whoever might have seen it then and still sees it today.

mod api;
mod file;
mod page;
mod read;
mod words;

use maud::{Markup, html};

pub use read::names;
pub use words::{Words, label};

use crate::{
    Gate, Route,
    api::{Operation, Page, Version},
};

/// The pages, and what programs ask.
pub fn routes() -> Vec<Route> {
    let get = Operation::get;
    vec![
        Route::get("/past", Gate::SignedIn, page::kinds),
        Route::get("/past/{kind}", Gate::SignedIn, page::list),
        Route::get("/past/{kind}/list.csv", Gate::SignedIn, file::file),
        Route::get("/past/{kind}/{id}", Gate::SignedIn, page::record),
        Route::api(
            get("/api/v1/past/{kind}", TAG, "Records of a kind as they were known at an instant")
                .about("In the order of their ids. `kind` is the `entity` of the feed of changes.")
                .query::<api::Asked>()
                .gives::<Page<Version>>(),
            Gate::SignedIn,
            api::list,
        ),
        Route::api(
            get("/api/v1/past/{kind}/differences", TAG, "Records of a kind that differ between two instants")
                .about(
                    "In the order of their first change between the two. What was changed and changed back does not \
                     differ.",
                )
                .query::<api::Between>()
                .gives::<Page<api::Difference>>(),
            Gate::SignedIn,
            api::differences,
        ),
        Route::api(
            get("/api/v1/past/{kind}/{id}", TAG, "One record as it was known at an instant")
                .query::<api::At>()
                .gives::<Version>(),
            Gate::SignedIn,
            api::record,
        ),
    ]
}

const TAG: &str = "past";

/// The way from a list to what was on record before: `past::link("model")`.
pub fn link(kind: &str) -> Markup {
    html! { p.links { a href={ "/past/" (kind) } { "As known on an earlier day" } } }
}
