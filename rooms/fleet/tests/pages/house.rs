//! A small hospital to test in: two sites, their places and departments, a person for each role, a front door.

use std::{collections::BTreeMap, sync::Arc};

use axum::{Router, body::Body};
use db::{Db, RoomSchema};
use fleet::{
    DeviceId, DeviceType, ModelId, RiskLevel,
    device::{Device, Draft, Edit, Facts, Serial, State, Strategy, Tag, Tenure, baseline, store},
};
use futures::future::BoxFuture;
use http::{Request, StatusCode, header};
use identity::{department, org::Org, place, site::Site};
use kernel::{
    Actor, Clock, DepartmentId, Grant, Id, Instant, OrgId, PersonId, RequestId, Result, Role, Scope, SiteId,
    Via,
};
use testkit::Store;
use tower::ServiceExt as _;
use web::{
    App, Door, House as Answering, OrgFacts, Visitor,
    look::layout::{Density, Theme},
};

/// The tables of a hospital with a fleet.
pub const ROOMS: &[RoomSchema] = &[margin::SCHEMA, identity::SCHEMA, fleet::SCHEMA];

/// A front door that knows everybody by the name on their cookie.
struct Names {
    org: OrgFacts,
    people: BTreeMap<&'static str, Vec<Grant>>,
}

impl Door for Names {
    fn house<'a>(&'a self, _: &'a Db, _: &'a str) -> BoxFuture<'a, Result<Answering>> {
        Box::pin(async { Ok(Answering::Org(self.org.clone())) })
    }

    fn visitor<'a>(
        &'a self,
        _: &'a Db,
        org: OrgId,
        token: &'a str,
        request: RequestId,
        at: Instant,
    ) -> BoxFuture<'a, Result<Option<Visitor>>> {
        let known = self.people.get(token).map(|grants| Visitor {
            actor: Actor {
                org,
                person: self
                    .people
                    .keys()
                    .position(|k| *k == token)
                    .map(|n| PersonId::from_uuid(uuid::Uuid::from_u128(n as u128))),
                name: format!("The {token}"),
                grants: grants.clone(),
                via: Via::Page,
                request,
                at,
            },
            name: format!("The {token}"),
            email: String::new(),
            theme: Theme::Auto,
            density: Density::Normal,
            single_keys: true,
            reach_note: "All sites".to_owned(),
            must_change_password: false,
        });
        Box::pin(async { Ok(known) })
    }

    /// Pages are looked at here, and no program calls.
    fn pass<'a>(
        &'a self,
        _: &'a Db,
        _: OrgId,
        _: &'a str,
        _: RequestId,
        _: Instant,
    ) -> BoxFuture<'a, Result<Option<web::api::Pass>>> {
        Box::pin(async { Ok(None) })
    }
}

/// The hospital.
pub struct House {
    pub app: App,
    router: Router,
    pub clock: Clock,
    pub who: Actor,
    pub general: SiteId,
    pub lakeside: SiteId,
    pub icu: DepartmentId,
    pub emergency: DepartmentId,
    pub icu_2: fleet::device::PlaceId,
    pub store_room: fleet::device::PlaceId,
    pub vp3: ModelId,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub to: String,
    pub body: String,
}

impl Answer {
    /// The part of the page that is its own: without menu and frame.
    pub fn main(&self) -> &str {
        let begin = self.body.find("<main").unwrap_or(0);
        let end = self.body.find("</main>").unwrap_or(self.body.len());
        &self.body[begin..end]
    }

    pub fn says(&self, text: &str) -> &Self {
        assert!(self.body.contains(text), "{} {}\nno “{text}” in:\n{}", self.status, self.to, self.main());
        self
    }

    pub fn hides(&self, text: &str) -> &Self {
        assert!(!self.body.contains(text), "“{text}” in:\n{}", self.main());
        self
    }

    pub fn is(&self, status: u16) -> &Self {
        assert_eq!(self.status.as_u16(), status, "{}\n{}", self.to, self.main());
        self
    }

    pub fn goes_to(&self, to: &str) -> &Self {
        assert_eq!((self.status.as_u16(), self.to.as_str()), (303, to), "{}", self.main());
        self
    }
}

fn permits_of(role: Role) -> Arc<[kernel::Permit]> {
    let all = fleet::permit::ALL.iter().chain(margin::permit::ALL);
    all.filter(|(_, roles)| roles.contains(&role)).map(|(p, _)| *p).collect()
}

fn grant(role: Role, scope: Scope, subtree: &[DepartmentId]) -> Grant {
    Grant { role, permits: permits_of(role), scope, subtree: subtree.iter().copied().collect() }
}

impl House {
    /// Builds it in a test's database.
    pub async fn build(store: &Store) -> Self {
        let who = store.anyone();
        let db = &store.db;
        let (general, lakeside) = (SiteId::new(), SiteId::new());
        let (icu, emergency, icu_2, store_room, vp3) = db::write!(db, who.org, |tx| {
            ground(tx, &who, general, lakeside).await?;
            let icu = department::find_or_add(tx, &who, general, "ICU", None, None).await?;
            let emergency = department::find_or_add(tx, &who, general, "Emergency", None, None).await?;
            let room = |name: &'static str| (Some("Main building"), Some("Level 2"), Some(name));
            let (b, f, r) = room("ICU 2 West, bay 6");
            let icu_2 = place::find_or_add(tx, &who, general, b, f, r).await?;
            let (b, f, r) = room("Store 2E");
            let store_room = place::find_or_add(tx, &who, general, b, f, r).await?;
            let vp3 = fleet::model::actions::find_or_add(tx, &who, "Helion Medical", "Infusion pump", "VP-3")
                .await?;
            decide(tx, &who, "Infusion pump").await?;
            Ok((icu, emergency, icu_2.unwrap().cast(), store_room.unwrap().cast(), vp3))
        })
        .unwrap();
        let everywhere = |role| vec![grant(role, Scope::Org, &[])];
        let people = BTreeMap::from([
            ("technician", everywhere(Role::Technician)),
            ("lead", everywhere(Role::Lead)),
            ("manager", everywhere(Role::Manager)),
            ("director", everywhere(Role::Manager)),
            ("auditor", everywhere(Role::Auditor)),
            ("administrator", everywhere(Role::Administrator)),
            ("lakesider", vec![grant(Role::Technician, Scope::Site(lakeside), &[])]),
            ("nurse", vec![grant(Role::Requester, Scope::Department(icu), &[icu])]),
            ("icu_tech", vec![grant(Role::Technician, Scope::Department(icu), &[icu])]),
        ]);
        let org = OrgFacts { id: who.org, name: "Northfield Health".into(), zone: testkit_zone() };
        let room = fleet::room();
        let mut kept = http::Extensions::new();
        (room.answers)(&mut kept);
        let app = App::new(
            db.clone(),
            store.clock.clone(),
            Box::new(Names { org, people }),
            room.menu,
            room.jobs,
            false,
            kept,
        );
        let routes = room.routes.into_iter().chain(margin::room().routes).collect();
        let router = web::router(&app, routes);
        let clock = store.clock.clone();
        Self { app, router, clock, who, general, lakeside, icu, emergency, icu_2, store_room, vp3 }
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let to = response.headers().get(header::LOCATION).map(|v| v.to_str().unwrap().to_owned());
        let bytes = axum::body::to_bytes(response.into_body(), 8 << 20).await.unwrap();
        Answer { status, to: to.unwrap_or_default(), body: String::from_utf8(bytes.to_vec()).unwrap() }
    }

    /// Asks for a page as somebody.
    pub async fn get(&self, who: &str, path: &str) -> Answer {
        let request = Request::get(path)
            .header(header::HOST, "baton.example")
            .header(header::COOKIE, format!("baton={who}"))
            .body(Body::empty())
            .unwrap();
        self.send(request).await
    }

    /// Sends a form as somebody.
    pub async fn post(&self, who: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = Request::post(path)
            .header(header::HOST, "baton.example")
            .header(header::COOKIE, format!("baton={who}"))
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(body))
            .unwrap();
        self.send(request).await
    }

    /// Sends a file with fields as somebody.
    pub async fn send_file(
        &self,
        who: &str,
        path: &str,
        fields: &[(&str, &str)],
        (name, bytes): (&str, &[u8]),
    ) -> Answer {
        let mut body = Vec::new();
        for (field, value) in fields {
            let part =
                format!("--cut\r\nContent-Disposition: form-data; name=\"{field}\"\r\n\r\n{value}\r\n");
            body.extend(part.into_bytes());
        }
        let part = format!(
            "--cut\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
             Content-Type: image/jpeg\r\n\r\n"
        );
        body.extend(part.into_bytes());
        body.extend(bytes);
        body.extend(b"\r\n--cut--\r\n");
        let request = Request::post(path)
            .header(header::HOST, "baton.example")
            .header(header::COOKIE, format!("baton={who}"))
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=cut")
            .body(Body::from(body))
            .unwrap();
        self.send(request).await
    }

    /// Asks for a file as somebody: its status, headers and bytes.
    pub async fn fetch(&self, who: &str, path: &str) -> (StatusCode, http::HeaderMap, Vec<u8>) {
        let request = Request::get(path)
            .header(header::HOST, "baton.example")
            .header(header::COOKIE, format!("baton={who}"))
            .body(Body::empty())
            .unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, 64 << 20).await.unwrap();
        (parts.status, parts.headers, bytes.to_vec())
    }

    /// A draft of a device that lacks nothing.
    pub fn draft(&self, tag: &str) -> Draft {
        Draft {
            id: DeviceId::new(),
            fields: Edit {
                tag: Tag::parse(tag).unwrap(),
                serial: Some(Serial::parse(&format!("SN-{tag}")).unwrap()),
                serial_less: false,
                udi: None,
                model: self.vp3,
                risk: None,
                risk_reason: None,
                strategy: Some(Strategy::Oem),
                tenure: Tenure::Owned,
                agreement: None,
                agreement_ends_on: None,
                acquired_on: None,
                price: None,
                notes: None,
            },
            parent: None,
            site: self.general,
            place: Some(self.icu_2),
            department: Some(self.icu),
            import: None,
        }
    }

    /// Takes a device over in a state.
    pub async fn take_over(&self, draft: &Draft, state: State) -> Device {
        let facts = Facts {
            inherited_risk: Some(RiskLevel::High),
            lost_after_days: Facts::LOST_AFTER_DAYS,
            now: self.clock.now(),
            zone: testkit_zone(),
        };
        let at = facts.now;
        let device = baseline(draft, &facts, state, at).unwrap();
        let who = Actor { at, ..self.who.clone() };
        db::write!(self.app.db(), who.org, |tx| {
            store::add(tx, who.org, &device).await?;
            tx.record(&who, device.imported()).await?;
            store::index(tx, who.org, device.id).await
        })
        .unwrap();
        device
    }

    /// A device in service at the ICU.
    pub async fn in_service(&self, tag: &str) -> Device {
        self.take_over(&self.draft(tag), State::InService).await
    }

    /// The device as it stands now.
    pub async fn now(&self, tag: &str) -> Device {
        let found =
            db::read!(self.app.db(), self.who.org, |tx| store::find_by_tag(tx, self.who.org, tag).await);
        found.unwrap().unwrap()
    }

    /// Carries out whatever jobs are due.
    pub async fn work(&self) {
        while web::worker::turn(&self.app, "test").await.unwrap() {}
    }
}

/// New York, where the clocks of tests stand.
pub fn testkit_zone() -> kernel::TimeZone {
    kernel::TimeZone::get("America/New_York").unwrap()
}

/// The organisation and its two sites.
pub async fn ground(tx: &mut db::Tx, who: &Actor, general: SiteId, lakeside: SiteId) -> Result<()> {
    let org = Org {
        id: who.org,
        version: 1,
        name: "Northfield Health".into(),
        base_url: None,
        host: None,
        time_zone: "America/New_York".into(),
        currency: "USD".parse().unwrap(),
        demo: false,
    };
    identity::org::keep(tx, who, &org).await?;
    for (id, name) in [(general, "Northfield General"), (lakeside, "Lakeside")] {
        let site = Site {
            id,
            version: 1,
            name: name.into(),
            code: None,
            time_zone: "America/New_York".into(),
            currency: "USD".parse().unwrap(),
            beds: None,
            calendar: identity::site::Calendar::default(),
        };
        identity::site::keep(tx, who, &site).await?;
    }
    Ok(())
}

/// Decides a type's risk level: high.
pub async fn decide(tx: &mut db::Tx, who: &Actor, name: &str) -> Result<DeviceType> {
    let kind = fleet::device_type::store::find_by_name(tx, who.org, name).await?.unwrap();
    let values = fleet::device_type::Values { risk: Some(RiskLevel::High), ..kind.values() };
    fleet::device_type::actions::change(tx, who, kind.id, kind.version, &values, None).await
}

/// A fresh command id, as a form carries one.
pub fn command() -> String {
    Id::<()>::new().to_string()
}

/// Runs a test in a hospital of its own, on SQLite.
pub fn in_house<F: Future<Output = ()>>(body: impl FnOnce(House) -> F) {
    testkit::run(false, false, ROOMS, |store| async move { body(House::build(&store).await).await });
}
