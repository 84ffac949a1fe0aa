//! What a room hands to the front door: tables, routes, menu, jobs. Data, so that adding a noun edits nothing
//! central and tests can walk all of it.

use std::sync::Arc;

use axum::{handler::Handler, routing::MethodRouter};
use db::{RoomSchema, Tx, job::Job};
use futures::future::BoxFuture;
use kernel::{Actor, Permit, Result, Role};

use crate::{
    App, Duty,
    api::{Operation, Sight},
    look::icon::Icon,
};

/// One room of the house.
pub struct Room {
    /// Its name: folder, crate, first part of its permissions.
    pub name: &'static str,
    /// Its tables.
    pub schema: RoomSchema,
    /// Its pages and actions.
    pub routes: Vec<Route>,
    /// Its permissions and the roles that hold each.
    pub permits: &'static [(Permit, &'static [Role])],
    /// Its menu entries.
    pub menu: Vec<MenuItem>,
    /// The jobs it carries out.
    pub jobs: Vec<JobKind>,
    /// What it does again and again.
    pub duties: Vec<Duty>,
    /// Who may see what was recorded about its records.
    pub sights: Vec<Sight>,
    /// Puts into memory what rooms below ask of this one; they find it with [`App::room`].
    pub answers: fn(&mut http::Extensions),
}

/// Who may come in by a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// Anybody, signed in or not.
    Public,
    /// Anybody signed in.
    SignedIn,
    /// Whoever holds this permission somewhere; the handler then asks for the record's own place.
    Permit(Permit),
}

/// One route with its gate.
pub struct Route {
    /// The verb.
    pub method: http::Method,
    /// The path as axum writes it: `/d/{tag}`.
    pub path: &'static str,
    /// Who may come in.
    pub gate: Gate,
    /// Largest body in bytes.
    pub body_limit: usize,
    /// What it asks for and answers, if it belongs to the API.
    pub operation: Option<Arc<Operation>>,
    pub(crate) handler: MethodRouter<App>,
}

/// Bytes a form may hold.
const FORM_LIMIT: usize = 256 * 1024;

impl Route {
    /// A page.
    pub fn get<H, T>(path: &'static str, gate: Gate, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        let handler = axum::routing::get(handler);
        Self { method: http::Method::GET, path, gate, body_limit: FORM_LIMIT, operation: None, handler }
    }

    /// An action.
    pub fn post<H, T>(path: &'static str, gate: Gate, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        let handler = axum::routing::post(handler);
        Self { method: http::Method::POST, path, gate, body_limit: FORM_LIMIT, operation: None, handler }
    }

    /// A route of the API.
    pub fn api<H, T>(operation: Operation, gate: Gate, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        let (method, path) = (operation.method.clone(), operation.path);
        // Operations are made by functions that know these verbs only.
        let handler = match method {
            http::Method::POST => axum::routing::post(handler),
            http::Method::PATCH => axum::routing::patch(handler),
            _ => axum::routing::get(handler),
        };
        Self { method, path, gate, body_limit: FORM_LIMIT, operation: Some(Arc::new(operation)), handler }
    }

    /// With a larger body, for uploads.
    #[must_use]
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = bytes;
        self
    }
}

/// The four groups of the menu, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MenuGroup {
    /// Daily work.
    Work,
    /// Devices, models, places.
    Fleet,
    /// Compliance, alerts, security.
    Assurance,
    /// Money and people.
    Plan,
    /// People, sites, settings.
    Settings,
}

impl MenuGroup {
    /// The group's title.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Work => "Work",
            Self::Fleet => "Fleet",
            Self::Assurance => "Assurance",
            Self::Plan => "Plan",
            Self::Settings => "Settings",
        }
    }
}

/// One entry of the menu, shown to whoever holds the permission.
#[derive(Clone, Copy, Debug)]
pub struct MenuItem {
    /// Under which title.
    pub group: MenuGroup,
    /// The word.
    pub label: &'static str,
    /// Where it leads.
    pub href: &'static str,
    /// Its icon.
    pub icon: Icon,
    /// What it takes to see it.
    pub permit: Permit,
    /// Whether it also stands on the phone bar.
    pub on_phone: bool,
    /// How much waits there for whoever looks; asked for every page, so it must be read at once by an index.
    pub count: Option<Count>,
}

/// Counts what waits for somebody.
pub type Count = for<'a> fn(&'a mut Tx, &'a Actor) -> BoxFuture<'a, Result<i64>>;

/// A kind of job and what carries it out.
#[derive(Clone, Copy)]
pub struct JobKind {
    /// `room.noun.verb`.
    pub kind: &'static str,
    /// Does it. May be called again for the same job after a crash, so it must resume.
    pub run: fn(App, Job) -> BoxFuture<'static, Result<()>>,
}
