//! Words every part of Baton shares, without any input or output.
//!
//! Identifiers, instants and clocks, money, who acts and what they may do, the one error type that reaches a
//! page, keyset pages, and the text keys by which tags and serials are compared. Nothing here knows a database,
//! a web server or a hospital rule.

mod actor;
mod as_of;
mod change;
mod day;
mod id;
mod money;
mod page;
mod problem;
pub mod query;
mod role;
mod schema;
mod text;
mod time;

pub use actor::{Actor, Grant, Permit, Reach, Scope, ScopeSet, Via};
pub use as_of::AsOf;
pub use change::{Change, FieldChange};
pub use day::{EXAMPLE as DAY_EXAMPLE, read_day};
pub use id::{
    Department, DepartmentId, Id, Org, OrgId, Person, PersonId, RequestId, Site, SiteId, go_on_after,
};
pub use money::{Currency, Money, MoneyError};
pub use page::{Cursor, Keyset, Slice};
pub use problem::{FieldError, Problem, Result};
pub use role::{Role, UnknownRole};
pub use text::{fold, key, thousands, words};
pub use time::{Clock, Date, Instant, TimeZone};
