//! The pages of imports: send a file, look at what was found, run it, watch it, undo it.

mod act;
mod findings;
mod list;
mod mapping;
mod names;
mod progress;
pub(super) mod rows;
mod show;
pub(super) mod upload;
pub(super) mod verdicts;
mod words;

use kernel::Problem;
use web::{Gate, Route};

use super::run::upload::MOST_BYTES;
use crate::{device::ImportId, permit};

/// Every route of imports.
pub fn routes() -> Vec<Route> {
    let may = Gate::Permit(permit::IMPORT_RUN);
    // A file that is somewhat too large is taken to its end, kept nowhere, and refused in words.
    let most = 4 * MOST_BYTES as usize;
    let mut routes = super::api::routes();
    routes.extend([
        Route::get("/devices/import", may, upload::show),
        Route::post("/devices/import", may, upload::receive).body_limit(most),
        Route::get("/devices/import/template.csv", may, upload::template),
        Route::get("/devices/imports", may, list::show),
        Route::get("/devices/import/{id}", may, show::show),
        Route::get("/devices/import/{id}/verdicts.csv", may, verdicts::page),
        Route::get("/devices/import/{id}/rows.csv", may, rows::page),
        Route::post("/devices/import/{id}/check", may, act::check),
        Route::post("/devices/import/{id}/run", may, act::run),
        Route::post("/devices/import/{id}/cancel", may, act::cancel),
        Route::post("/devices/import/{id}/undo", may, act::undo),
    ]);
    routes
}

/// The address of an import.
fn address(id: ImportId) -> String {
    format!("/devices/import/{id}")
}

/// The id in an address.
fn read_id(text: &str) -> Result<ImportId, Problem> {
    text.parse().map_err(|_| Problem::not_found("this import"))
}

/// A count as people read it: `14,012`.
fn n(count: u64) -> String {
    kernel::thousands(i64::try_from(count).unwrap_or(i64::MAX))
}

/// A count with its noun: `1 device`, `14,012 devices`.
fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", n(count), if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_written_for_people() {
        assert_eq!(
            [0, 7, 999, 1_000, 14_012, 1_234_567].map(n),
            ["0", "7", "999", "1,000", "14,012", "1,234,567"]
        );
        assert_eq!(counted(1, "row", "rows"), "1 row");
    }
}
