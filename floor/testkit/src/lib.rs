//! What tests of every crate share: a database of their own on both engines, and people to act.
#![expect(clippy::expect_used, reason = "a test that cannot set itself up must stop")]

mod proxy;

use std::future::Future;

use db::{Db, RoomSchema, scratch::Scratch};
use kernel::{Actor, Clock, Id, Instant, OrgId, Via};

pub use proxy::Proxy;

/// Tuesday 13 October 2026, 08:00 in New York: where the clocks of tests stand.
pub const TEST_NOW: Instant = Instant::from_micros(1_791_892_800_000_000);

/// What a store test gets: an empty database with the schema of the rooms it names.
#[derive(Clone)]
pub struct Store {
    /// The database.
    pub db: Db,
    /// Its URL, for tests that open it a second time.
    pub url: String,
    /// A clock that moves only when told.
    pub clock: Clock,
    /// An organisation id to work in; no row stands for it.
    pub org: OrgId,
}

impl Store {
    /// An actor who may do everything in the store's organisation.
    pub fn anyone(&self) -> Actor {
        Actor::system(self.org, "Test", Via::Job, self.clock.now())
    }
}

/// Runs one test body on one engine, optionally in the mode that fails every first commit.
pub fn run<F: Future<Output = ()>>(
    postgres: bool,
    fail_first_commits: bool,
    rooms: &[RoomSchema],
    body: impl FnOnce(Store) -> F,
) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let scratch = if postgres {
            let Some(admin) = postgres_url() else { return };
            Scratch::postgres(&admin, rooms).await
        } else {
            Scratch::sqlite(rooms).await
        }
        .expect("a scratch database");
        scratch.db.fail_first_commits(fail_first_commits);
        let store = Store {
            db: scratch.db.clone(),
            url: scratch.url.clone(),
            clock: Clock::hand(TEST_NOW),
            org: Id::new(),
        };
        body(store).await;
        scratch.finish().await.expect("the scratch database goes away");
    });
}

/// The PostgreSQL that `cargo xtask test` started, or `None` if this run was told to do without.
///
/// # Panics
/// When neither was said: a test that skips itself unasked shows nothing.
pub fn postgres_url() -> Option<String> {
    if let Ok(url) = std::env::var("BATON_TEST_POSTGRES") {
        return Some(url);
    }
    assert!(
        std::env::var_os("BATON_WITHOUT_POSTGRES").is_some(),
        "no PostgreSQL for the tests: run them with `cargo xtask test`, or set BATON_WITHOUT_POSTGRES=1"
    );
    None
}

/// Declares store tests. Each body runs four times: on SQLite and PostgreSQL, plainly and in the mode that fails
/// every first commit.
///
/// ```text
/// testkit::engine_tests! {
///     rooms: &[identity::SCHEMA];
///     async fn a_site_is_kept(store: Store) { … }
/// }
/// ```
#[macro_export]
macro_rules! engine_tests {
    (rooms: $rooms:expr; $($(#[$meta:meta])* async fn $name:ident($store:ident: Store) $body:block)+) => {$(
        $(#[$meta])*
        #[cfg(test)]
        mod $name {
            use super::*;
            async fn body($store: $crate::Store) $body
            #[test]
            fn sqlite() { $crate::run(false, false, $rooms, body) }
            #[test]
            fn sqlite_first_commits_fail() { $crate::run(false, true, $rooms, body) }
            #[test]
            fn postgres() { $crate::run(true, false, $rooms, body) }
            #[test]
            fn postgres_first_commits_fail() { $crate::run(true, true, $rooms, body) }
        }
    )+};
}
