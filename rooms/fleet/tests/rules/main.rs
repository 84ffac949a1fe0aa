//! The rules of a device: each guard refused and satisfied, random histories, random systems of components.

#![expect(clippy::unwrap_used, reason = "a maker that cannot make its device is a failed test")]

mod fields;
mod guards;
mod histories;
mod made;
mod systems;
