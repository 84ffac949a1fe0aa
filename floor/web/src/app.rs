//! What every request shares.

use std::sync::Arc;

use axum::extract::FromRef;
use db::Db;
use futures::future::BoxFuture;
use kernel::{Actor, Clock, Instant, OrgId, RequestId, Result, TimeZone};

use crate::{
    api::Pass,
    look::layout::{Density, Theme},
    room::{JobKind, MenuItem},
};

/// The running program, as handlers see it. Cheap to clone.
#[derive(Clone)]
pub struct App {
    inner: Arc<Inner>,
}

struct Inner {
    db: Db,
    clock: Clock,
    door: Box<dyn Door>,
    menu: Vec<MenuItem>,
    jobs: Vec<JobKind>,
    secure_cookies: bool,
    rooms: http::Extensions,
}

/// How the front door knows organisations and people; the `identity` room answers.
pub trait Door: Send + Sync + 'static {
    /// The organisation that answers at a host.
    fn house<'a>(&'a self, db: &'a Db, host: &'a str) -> BoxFuture<'a, Result<House>>;

    /// Whoever a session token belongs to, if it is still good.
    fn visitor<'a>(
        &'a self,
        db: &'a Db,
        org: OrgId,
        token: &'a str,
        request: RequestId,
        at: Instant,
    ) -> BoxFuture<'a, Result<Option<Visitor>>>;

    /// Whomever an API token lets in, if it is still good.
    fn pass<'a>(
        &'a self,
        db: &'a Db,
        org: OrgId,
        token: &'a str,
        request: RequestId,
        at: Instant,
    ) -> BoxFuture<'a, Result<Option<Pass>>>;
}

/// Which organisation answers at a host.
#[derive(Clone, Debug)]
pub enum House {
    /// No organisation exists yet: only set-up is shown.
    NotSetUp,
    /// Several exist, and none answers to this host.
    Unknown,
    /// This one.
    Org(OrgFacts),
}

/// What pages say about the organisation.
#[derive(Clone, Debug)]
pub struct OrgFacts {
    /// Its id.
    pub id: OrgId,
    /// Its name.
    pub name: String,
    /// The time zone in which organisation-wide instants are printed.
    pub zone: TimeZone,
}

/// A signed-in person.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// What they may do.
    pub actor: Actor,
    /// Full name.
    pub name: String,
    /// Their e-mail, for the account page.
    pub email: String,
    /// The theme they chose.
    pub theme: Theme,
    /// How close rows stand for them.
    pub density: Density,
    /// Whether single-key shortcuts are on.
    pub single_keys: bool,
    /// What part of the organisation they see, in words: "All sites", "St Anne's".
    pub reach_note: String,
    /// They must choose a new password before anything else.
    pub must_change_password: bool,
}

impl App {
    /// Puts the running program together; `rooms` holds what rooms keep in memory.
    pub fn new(
        db: Db,
        clock: Clock,
        door: Box<dyn Door>,
        menu: Vec<MenuItem>,
        jobs: Vec<JobKind>,
        secure_cookies: bool,
        rooms: http::Extensions,
    ) -> Self {
        Self { inner: Arc::new(Inner { db, clock, door, menu, jobs, secure_cookies, rooms }) }
    }

    /// What a room keeps in memory for the life of the program, by its type.
    pub fn room<T: Clone + Send + Sync + 'static>(&self) -> Option<&T> {
        self.inner.rooms.get::<T>()
    }

    /// The database.
    pub fn db(&self) -> &Db {
        &self.inner.db
    }

    /// The clock.
    pub fn clock(&self) -> &Clock {
        &self.inner.clock
    }

    /// Now, by that clock.
    pub fn now(&self) -> Instant {
        self.inner.clock.now()
    }

    /// Who knows organisations and people.
    pub fn door(&self) -> &dyn Door {
        &*self.inner.door
    }

    /// All menu entries of all rooms.
    pub fn menu(&self) -> &[MenuItem] {
        &self.inner.menu
    }

    /// All kinds of jobs of all rooms.
    pub fn jobs(&self) -> &[JobKind] {
        &self.inner.jobs
    }

    /// Whether cookies may only travel over TLS.
    pub fn secure_cookies(&self) -> bool {
        self.inner.secure_cookies
    }
}

impl FromRef<App> for Db {
    fn from_ref(app: &App) -> Self {
        app.db().clone()
    }
}
