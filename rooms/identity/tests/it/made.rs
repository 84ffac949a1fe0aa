//! What every test stands on: an organisation that is set up, people with roles, the site in process.

use axum::{Router, body::Body, http::Request};
use http::{StatusCode, header};
use identity::{
    Front, Sent,
    account::Hasher,
    person::{Add, Person},
    session::Client,
    setup::{self, Made, Origin},
    site::Site,
};
use kernel::{Actor, Id, OrgId, PersonId, RequestId, Role, Scope, Via};
use testkit::Store;
use tower::ServiceExt as _;
use web::App;

pub const CODE: &str = "set-up-code-of-the-test";
pub const PASSWORD: &str = "teal anchor brisk moth";
pub const BOSS: &str = "grace@northfield.example";

pub fn draft() -> setup::Draft {
    setup::Draft {
        org_name: "Northfield Health".into(),
        base_url: String::new(),
        site_name: "Main campus".into(),
        time_zone: "America/New_York".into(),
        currency: "USD".into(),
        beds: "420".into(),
        person_name: "Grace Whitfield".into(),
        email: BOSS.into(),
        password: PASSWORD.into(),
        again: PASSWORD.into(),
    }
}

pub fn origin(store: &Store) -> Origin {
    Origin { via: Via::Page, request: RequestId::new(), at: store.clock.now(), client: None }
}

pub fn front() -> Front {
    Front::new(&[identity::permit::ALL], CODE)
}

/// An organisation just set up.
pub async fn house(store: &Store) -> Made {
    let prepared = draft().prepare(&Hasher::new(), store.clock.now()).await.unwrap();
    setup::create(&store.db, &prepared, &origin(store)).await.unwrap()
}

/// The person as actor, at the present moment.
pub async fn actor(store: &Store, org: OrgId, person: PersonId) -> Actor {
    let front = front();
    db::read!(store.db, org, |tx| {
        Ok(Actor {
            org,
            person: Some(person),
            name: identity::person::get(tx, org, person).await?.name,
            grants: front.grants(tx, org, person).await?,
            via: Via::Page,
            request: RequestId::new(),
            at: store.clock.now(),
        })
    })
    .unwrap()
}

/// Adds a person with a role and the password of all tests, chosen by themselves.
pub async fn person(store: &Store, who: &Actor, email: &str, role: Role, scope: Scope) -> Person {
    let hash = Hasher::new().hash(PASSWORD).await.unwrap();
    let add = Add {
        name: email.split('@').next().unwrap().into(),
        email: email.into(),
        role,
        scope,
        password: None,
    };
    let added = db::write!(store.db, who.org, |tx| {
        identity::person::add(tx, who, &add, hash.clone(), false, Sent::once()).await
    });
    added.unwrap().0
}

/// A person with a role, as actor.
pub async fn acting(store: &Store, who: &Actor, email: &str, role: Role, scope: Scope) -> Actor {
    let added = person(store, who, email, role, scope).await;
    actor(store, who.org, added.id).await
}

/// Adds a second site.
pub async fn site(store: &Store, who: &Actor, name: &str) -> Site {
    let draft = identity::site::Draft {
        name: name.into(),
        time_zone: "America/New_York".into(),
        currency: "USD".into(),
        ..Default::default()
    };
    db::write!(store.db, who.org, |tx| identity::site::add(tx, who, &draft, Sent::once()).await).unwrap()
}

pub fn client() -> Client {
    Client { browser: "Mozilla/5.0 (X11; Linux x86_64) Firefox/128.0".into(), address: "192.0.2.7".into() }
}

/// The site in process.
pub fn site_of(store: &Store) -> Router {
    let room = identity::room();
    let mut kept = http::Extensions::new();
    kept.insert(front());
    let app =
        App::new(store.db.clone(), store.clock.clone(), Box::new(front()), room.menu, room.jobs, false, kept);
    web::router(&app, room.routes)
}

/// An answer, read.
pub struct Answer {
    pub status: StatusCode,
    pub to: String,
    pub cookies: Vec<String>,
    pub retry_after: Option<String>,
    pub text: String,
}

impl Answer {
    /// The session cookie as a browser sends it back.
    pub fn session(&self) -> String {
        let set = self.cookies.iter().find(|c| c.starts_with("baton=")).expect("a session cookie");
        set.split(';').next().unwrap().to_owned()
    }

    /// The value of a hidden field.
    pub fn hidden(&self, name: &str) -> String {
        let from = self.text.split(&format!("name=\"{name}\" value=\"")).nth(1).expect(name);
        from.split('"').next().unwrap().to_owned()
    }
}

pub async fn get(site: &Router, path: &str, cookie: &str) -> Answer {
    let request = Request::get(path).header(header::HOST, "baton.test").header(header::COOKIE, cookie);
    send(site, request.body(Body::empty()).unwrap()).await
}

pub async fn post(site: &Router, path: &str, cookie: &str, fields: &[(&str, &str)]) -> Answer {
    post_from(site, path, cookie, fields, "same-origin").await
}

pub async fn post_from(
    site: &Router,
    path: &str,
    cookie: &str,
    fields: &[(&str, &str)],
    from: &str,
) -> Answer {
    let mut body = form_urlencoded::Serializer::new(String::new());
    body.extend_pairs(fields);
    let request = Request::post(path)
        .header(header::HOST, "baton.test")
        .header(header::COOKIE, cookie)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header("sec-fetch-site", from);
    send(site, request.body(Body::from(body.finish())).unwrap()).await
}

async fn send(site: &Router, request: Request<Body>) -> Answer {
    let response = site.clone().oneshot(request).await.unwrap();
    let text = |name: header::HeaderName| {
        response.headers().get(name).and_then(|v| v.to_str().ok()).map(str::to_owned)
    };
    let (status, to, retry_after) =
        (response.status(), text(header::LOCATION).unwrap_or_default(), text(header::RETRY_AFTER));
    let cookies = response
        .headers()
        .get_all(header::SET_COOKIE)
        .iter()
        .map(|v| v.to_str().unwrap().to_owned())
        .collect();
    let bytes = axum::body::to_bytes(response.into_body(), 4_000_000).await.unwrap();
    Answer { status, to, cookies, retry_after, text: String::from_utf8(bytes.to_vec()).unwrap() }
}

/// Signs in and returns the cookie.
pub async fn sign_in(site: &Router, email: &str) -> String {
    let answer = post(site, "/sign-in", "", &[("email", email), ("password", PASSWORD)]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    answer.session()
}

/// A command id for a form sent twice.
pub fn command() -> String {
    Id::<()>::new().to_string()
}
