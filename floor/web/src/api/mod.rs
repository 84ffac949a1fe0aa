//! The manners of the API under `/api/v1`: what the pages do, for other programs.
//!
//! * [`Operation`] says what a route asks for and answers; a [`crate::Route`] carries it, so that the route and its
//!   part of the OpenAPI document are one act.
//! * [`Call`] is one request by an API token, [`Answer`] what it gets, [`Fault`] why not: `application/problem+json` of
//!   RFC 9457.
//! * [`carry_out!`] runs a change once for an `Idempotency-Key`.
//! * [`limit`] counts requests by token, [`changes`] is the feed of what has changed, [`document`] writes OpenAPI 3.1.
//!
//! Handlers call the same actions as the pages. JSON carries the names of the record; instants are RFC 3339.

mod answer;
mod body;
mod call;
pub mod changes;
pub mod document;
mod fault;
mod gate;
pub mod limit;
mod moment;
mod operation;
mod page;
mod place;
mod plain;
mod query;
mod routes;
mod shown;
mod sight;

pub use answer::Answer;
pub use body::mended;
pub use call::{Call, Pass, Seen};
pub use fault::{Fault, at};
pub(crate) use gate::{dressed, gate, lost};
pub use limit::Settings;
pub use moment::Moment;
pub use operation::{Operation, Param, Shape};
pub use routes::routes;
pub(crate) use shown::is_instant;
pub use shown::{Page, Paged, Version, changes_shown, keyset, shown, versions};
pub(crate) use sight::added_to_seen;
pub use sight::{Of, Sees, Sight, Sights};

/// Where all of it lies.
pub const PREFIX: &str = "/api/v1";

/// Whether a path is for programs: answered as problem+json, whatever happens.
pub(crate) fn is_api(path: &str) -> bool {
    path.starts_with("/api/")
}
