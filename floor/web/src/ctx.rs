//! What a handler knows about the request it answers, and the page it answers with.

use std::collections::BTreeMap;

use axum::{
    extract::FromRequestParts,
    response::{IntoResponse as _, Redirect, Response},
};
use http::{HeaderValue, header, request::Parts};
use kernel::{Actor, Instant, Permit, Problem, RequestId};
use maud::{Markup, Render as _};

use crate::{
    App, OrgFacts, Visitor,
    cookie::{self, Told},
    look::layout::{Bare, Crumb, Flash, NavGroup, NavItem, PersonChip, Shell},
    room::{MenuGroup, MenuItem},
    stop::Stop,
};

/// What a handler returns: a response, or a problem that becomes a page.
pub type Reply = Result<Response, Stop>;

/// A request of somebody signed in.
#[derive(Clone)]
pub struct Ctx {
    /// The running program.
    pub app: App,
    /// The organisation.
    pub org: OrgFacts,
    /// Who asks.
    pub visitor: Visitor,
    /// The path asked for.
    pub path: String,
    /// What the last action left to say.
    pub(crate) told: Option<Told>,
    /// How much waits at entries of the menu, by their address; those without anything are left out.
    pub(crate) waiting: BTreeMap<&'static str, i64>,
}

/// A request of anybody; the organisation is missing until set-up is done.
#[derive(Clone)]
pub struct Guest {
    /// The running program.
    pub app: App,
    /// The organisation, once there is one.
    pub org: Option<OrgFacts>,
    /// The name of this request.
    pub request: RequestId,
    /// The client's network address, for throttling.
    pub address: String,
    /// The browser's name for itself, for the list of sessions.
    pub browser: String,
    /// The host asked for.
    pub host: String,
    /// Whether the request is already signed in.
    pub signed_in: bool,
}

/// A page in the shell, being put together.
pub struct Page<'c> {
    ctx: &'c Ctx,
    title: String,
    crumbs: Vec<Crumb>,
    current: &'static str,
    head: Markup,
    actions: Markup,
    search: String,
    note: Option<String>,
    status: http::StatusCode,
}

impl Ctx {
    /// Who acts, for permissions and for the record.
    pub fn actor(&self) -> &Actor {
        &self.visitor.actor
    }

    /// Now.
    pub fn now(&self) -> Instant {
        self.visitor.actor.at
    }

    /// Whether the person may do this somewhere; what a button asks before it shows.
    pub fn may(&self, permit: Permit) -> bool {
        self.actor().may_somewhere(permit)
    }

    /// Begins a page; `current` is the menu entry in sight.
    pub fn page(&self, title: impl Into<String>, current: &'static str) -> Page<'_> {
        let title = title.into();
        Page {
            ctx: self,
            crumbs: vec![Crumb::here(title.clone())],
            title,
            current,
            head: Markup::default(),
            actions: Markup::default(),
            search: String::new(),
            note: None,
            status: http::StatusCode::OK,
        }
    }

    /// Goes on to another page after an action, saying there what was done.
    pub fn done(&self, to: &str, words: &str) -> Response {
        let mut response = Redirect::to(to).into_response();
        if let Ok(value) = HeaderValue::from_str(&cookie::tell(words, self.app.secure_cookies())) {
            response.headers_mut().append(header::SET_COOKIE, value);
        }
        response
    }

    fn nav(&self) -> Vec<NavGroup> {
        let mut groups: Vec<(MenuGroup, NavGroup)> = Vec::new();
        for item in self.app.menu().iter().filter(|m| self.may(m.permit)) {
            let entry = self.nav_item(item);
            match groups.iter_mut().find(|(g, _)| *g == item.group) {
                Some((_, group)) => group.items.push(entry),
                None => {
                    let group = NavGroup { title: item.group.title().to_owned(), items: vec![entry] };
                    groups.push((item.group, group));
                }
            }
        }
        groups.sort_by_key(|(group, _)| *group);
        groups.into_iter().map(|(_, group)| group).collect()
    }

    fn nav_item(&self, item: &MenuItem) -> NavItem {
        let entry = NavItem::new(item.href, item.label, item.icon);
        match self.waiting.get(item.href) {
            Some(n) if *n > 99 => entry.count("99+"),
            Some(n) => entry.count(n.to_string()),
            None => entry,
        }
    }

    fn phone_nav(&self) -> Vec<NavItem> {
        let mut items: Vec<NavItem> = self
            .app
            .menu()
            .iter()
            .filter(|m| m.on_phone && self.may(m.permit))
            .map(|m| self.nav_item(m))
            .collect();
        items.push(NavItem::new("/me", "Me", crate::look::icon::Icon::User));
        items
    }
}

impl Page<'_> {
    /// The way here before the present page.
    #[must_use]
    pub fn under(mut self, crumbs: impl IntoIterator<Item = (String, String)>) -> Self {
        let here = self.crumbs.pop();
        self.crumbs.extend(crumbs.into_iter().map(|(label, href)| Crumb::link(label, href)));
        self.crumbs.extend(here);
        self
    }

    /// The answer, on a page with buttons: they follow it.
    #[must_use]
    pub fn head(mut self, head: Markup) -> Self {
        self.head = head;
        self
    }

    /// Buttons at the end of the bar, the primary one last; on a phone under the head, or after the content of a page
    /// without one.
    #[must_use]
    pub fn actions(mut self, actions: Markup) -> Self {
        self.actions = actions;
        self
    }

    /// What the search box holds.
    #[must_use]
    pub fn search(mut self, text: impl Into<String>) -> Self {
        self.search = text.into();
        self
    }

    /// With another status than 200, for a form that comes back with errors.
    #[must_use]
    pub const fn status(mut self, status: http::StatusCode) -> Self {
        self.status = status;
        self
    }

    /// The page with its content.
    pub fn show(self, main: Markup) -> Response {
        let ctx = self.ctx;
        let (nav, phone_nav) = (ctx.nav(), ctx.phone_nav());
        let visitor = &ctx.visitor;
        let clock_note = ctx.app.clock().is_shifted().then(|| ctx.now().on_page(&ctx.org.zone));
        let search_action = ctx
            .app
            .menu()
            .iter()
            .any(|m| m.href == "/devices" && ctx.may(m.permit))
            .then(|| "/devices".to_owned());
        let shell = Shell {
            crumbs: self.crumbs,
            head: self.head,
            actions: self.actions,
            nav: &nav,
            current: self.current,
            person: Some(PersonChip::new(&visitor.name, initials(&visitor.name))),
            site_note: self.note.or_else(|| Some(visitor.reach_note.clone())),
            clock_note,
            search_action,
            search_value: self.search,
            theme: visitor.theme,
            density: visitor.density,
            single_keys: visitor.single_keys,
            flash: ctx.told.as_ref().map(|told| Flash {
                tone: crate::look::Tone::Ok,
                text: told.words.clone(),
                undo: None,
            }),
            main,
            phone_nav: &phone_nav,
            ..Shell::new(self.title, &ctx.org.name)
        };
        let mut response = html_page(self.status, &shell.render());
        if ctx.told.is_some()
            && let Ok(value) = HeaderValue::from_str(&cookie::told(ctx.app.secure_cookies()))
        {
            response.headers_mut().append(header::SET_COOKIE, value);
        }
        response
    }
}

impl Guest {
    /// A page without the shell: sign-in, set-up.
    pub fn page(&self, status: http::StatusCode, bare: &Bare) -> Response {
        html_page(status, &bare.render())
    }
}

pub(crate) fn html_page(status: http::StatusCode, markup: &Markup) -> Response {
    (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], markup.0.clone()).into_response()
}

/// The first letters of the first and the last word of a name.
fn initials(name: &str) -> String {
    let mut words = name.split_whitespace();
    let first = words.next().and_then(|w| w.chars().next());
    let last = words.next_back().and_then(|w| w.chars().next());
    first.into_iter().chain(last).flat_map(char::to_uppercase).collect()
}

impl FromRequestParts<App> for Ctx {
    type Rejection = Stop;
    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Stop> {
        parts.extensions.get::<Self>().cloned().ok_or(Stop(Problem::Unauthenticated))
    }
}

impl FromRequestParts<App> for Guest {
    type Rejection = Stop;
    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Stop> {
        parts.extensions.get::<Self>().cloned().ok_or(Stop(Problem::bug("a route outside the front door")))
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn initials_are_the_first_and_last() {
        for (name, wanted) in [("Grace Whitfield", "GW"), ("Maya", "M"), ("ana de la cruz", "AC"), ("", "")] {
            assert_eq!(super::initials(name), wanted);
        }
    }
}
