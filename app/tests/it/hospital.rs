//! Two organisations with sites, departments, devices and one person for every role in every kind of scope.

use std::collections::BTreeMap;

use axum::{Router, body::Body, extract::ConnectInfo};
use baton::{config::Config, front, rooms};
use db::{Db, scratch::Scratch};
use fleet::device::{Draft, Edit, Evidence, Move, State, Strategy, Tag, Tenure, actions};
use http::{Request, StatusCode, header};
use identity::{account::Hasher, department, grant, person, place, session, setup, site};
use kernel::{Actor, Clock, DepartmentId, Id, Instant, OrgId, PersonId, RequestId, Role, Scope, SiteId, Via};
use testkit::TEST_NOW;
use tower::ServiceExt as _;

/// Where a role is held, in the tests' own words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Held {
    /// In the whole organisation.
    Everywhere,
    /// At the first site.
    OneSite,
    /// In the first department of the first site.
    OneDepartment,
}

/// Where a record stands, seen from those scopes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stands {
    /// First site, first department: in every scope.
    Home,
    /// First site, another department.
    OtherDepartment,
    /// Another site.
    OtherSite,
    /// Another organisation.
    OtherOrg,
}

impl Stands {
    pub const ALL: [Self; 4] = [Self::Home, Self::OtherDepartment, Self::OtherSite, Self::OtherOrg];

    /// Whether a role held there reaches a record standing here.
    pub fn within(self, held: Held) -> bool {
        match self {
            Self::Home => true,
            Self::OtherDepartment => held != Held::OneDepartment,
            Self::OtherSite => held == Held::Everywhere,
            Self::OtherOrg => false,
        }
    }
}

/// The records a path may name, one for each place they can stand.
#[derive(Clone, Debug)]
pub struct Records {
    pub tag: String,
    pub model: fleet::ModelId,
    pub company: fleet::CompanyId,
    pub device_type: fleet::DeviceTypeId,
    pub import: Id<fleet::device::Import>,
    pub act: fleet::act::ActId,
    pub site: SiteId,
    pub place: identity::place::PlaceId,
    pub department: DepartmentId,
    pub person: PersonId,
    pub grant: Id<()>,
    pub device: fleet::DeviceId,
    pub token: Id<()>,
    pub document: Id<()>,
    pub comment: Id<()>,
    pub label: Id<()>,
    /// Somebody else's own, shared with nobody.
    pub view: fleet::view::ViewId,
}

/// The hospital of the tests.
pub struct Hospital {
    pub router: Router,
    pub db: Db,
    pub org: OrgId,
    pub people: BTreeMap<(Role, Held), PersonId>,
    pub records: BTreeMap<Stands, Records>,
    /// An API token of each of the people, not limited.
    pub tokens: BTreeMap<(Role, Held), String>,
    scratch: Scratch,
}

/// The host of the organisation under test.
pub const HOST: &str = "here.example";
const ELSEWHERE: &str = "elsewhere.example";

impl Hospital {
    /// Builds it on SQLite.
    pub async fn new() -> Self {
        Self::on(Scratch::sqlite(&rooms::schemas()).await.unwrap()).await
    }

    /// Builds it on PostgreSQL, unless this run does without.
    pub async fn on_postgres() -> Option<Self> {
        let admin = testkit::postgres_url()?;
        Some(Self::on(Scratch::postgres(&admin, &rooms::schemas()).await.unwrap()).await)
    }

    async fn on(scratch: Scratch) -> Self {
        let db = scratch.db.clone();
        let clock = Clock::hand(TEST_NOW);
        // Tests call in a hurry, and look at changes just made.
        let config = Config { api_requests_a_minute: 0, api_changes_behind: 0, ..Config::default() };
        let house = front::build(db.clone(), clock, &config, None);
        let front = house.app.room::<identity::Front>().unwrap().clone();
        let made = set_up(&db, front.hasher(), HOST, "Here").await;
        let other = set_up(&db, front.hasher(), ELSEWHERE, "Elsewhere").await;
        let who = system(made.org);
        let first = Spot::make(&db, &who, made.site, "ICU", "NH-1").await;
        let second = Spot::make(&db, &who, made.site, "Emergency", "NH-2").await;
        let site = add_site(&db, &who, "St Anne's").await;
        let third = Spot::make(&db, &who, site, "NICU", "NH-3").await;
        let fourth = Spot::make(&db, &system(other.org), other.site, "Ward", "NH-4").await;
        let mut people = BTreeMap::new();
        for role in Role::ALL {
            for (held, scope) in [
                (Held::Everywhere, Scope::Org),
                (Held::OneSite, Scope::Site(made.site)),
                (Held::OneDepartment, Scope::Department(first.department)),
            ] {
                let email = format!("{}-{held:?}@here.example", role.code());
                let (id, _) = add_person(&db, &who, &email, role, scope).await;
                people.insert((role, held), id);
            }
        }
        let mut records = BTreeMap::new();
        for (stands, spot, who) in [
            (Stands::Home, first, &who),
            (Stands::OtherDepartment, second, &who),
            (Stands::OtherSite, third, &who),
            (Stands::OtherOrg, fourth, &system(other.org)),
        ] {
            let email = format!("target-{stands:?}@here.example");
            let scope = Scope::Department(spot.department);
            let (person, grant) = add_person(&db, who, &email, Role::Technician, scope).await;
            let token = a_token(&db, who, person).await.0;
            records.insert(stands, spot.records(&db, who.org, person, (grant, token)).await);
        }
        let mut tokens = BTreeMap::new();
        for (key, person) in &people {
            tokens.insert(*key, a_token(&db, &who, *person).await.1);
        }
        Self { router: house.router, db, org: made.org, people, records, tokens, scratch }
    }

    /// The database's address.
    pub fn url(&self) -> &str {
        &self.scratch.url
    }

    /// Throws it away.
    pub async fn finish(self) {
        self.scratch.finish().await.unwrap();
    }

    /// A fresh session of a person of the organisation under test.
    pub async fn session(&self, person: PersonId) -> String {
        let client = session::Client::default();
        db::write!(self.db, self.org, |tx| session::open(tx, self.org, person, &client, TEST_NOW).await)
            .unwrap()
    }

    /// A further role for the person of these records, which a test may take away again.
    pub async fn another_grant(&self, records: &Records) -> Id<()> {
        let grant = grant::RoleGrant {
            id: Id::new(),
            version: 1,
            person: records.person,
            role: Role::Requester,
            scope: Scope::Department(records.department),
            ended_at: None,
        };
        let who = system(self.org);
        db::write!(self.db, self.org, |tx| grant::keep(tx, &who, &grant).await).unwrap();
        grant.id.cast()
    }

    /// A further token of the person of these records, which a test may revoke.
    pub async fn another_token(&self, records: &Records) -> Id<()> {
        a_token(&self.db, &system(self.org), records.person).await.0
    }

    /// A token of one of the people, limited as said.
    pub async fn limited_token(
        &self,
        person: PersonId,
        permits: Option<Vec<String>>,
        scopes: Option<Vec<Scope>>,
    ) -> String {
        make_token(&self.db, &system(self.org), person, permits, scopes).await.1
    }

    /// One call of the API.
    pub async fn call(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        headers: &[(&str, &str)],
        body: &str,
    ) -> axum::response::Response {
        let mut request = Request::builder().method(method).uri(path).header(header::HOST, HOST);
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        if !body.is_empty() && !headers.iter().any(|(name, _)| *name == "content-type") {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(Body::from(body.to_owned())).unwrap();
        let from: std::net::SocketAddr = ([127, 0, 0, 1], 9).into();
        request.extensions_mut().insert(ConnectInfo(from));
        self.router.clone().oneshot(request).await.unwrap()
    }

    /// One request, as somebody or as nobody.
    pub async fn ask(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        form: &str,
    ) -> (StatusCode, String) {
        if path.starts_with("/api/v1") {
            let (path, body) = if method == "GET" && !form.is_empty() {
                (format!("{path}?{form}"), String::new())
            } else {
                (path.to_owned(), form.to_owned())
            };
            let csv = path == "/api/v1/imports" && method == "POST";
            let kind = if csv { "text/csv" } else { "application/json" };
            let headers = [("if-match", "\"999\""), ("content-type", kind)];
            let response = self.call(method, &path, token, &headers, &body).await;
            let status = response.status();
            let bytes = axum::body::to_bytes(response.into_body(), 8 << 20).await.unwrap();
            return (status, String::from_utf8_lossy(&bytes).into_owned());
        }
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, HOST)
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Some(token) = token {
            request = request.header(header::COOKIE, format!("baton={token}"));
        }
        let mut request = request.body(Body::from(form.to_owned())).unwrap();
        let from: std::net::SocketAddr = ([127, 0, 0, 1], 9).into();
        request.extensions_mut().insert(ConnectInfo(from));
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let moved = response.headers().get(header::LOCATION).map(|v| v.to_str().unwrap().to_owned());
        let bytes = axum::body::to_bytes(response.into_body(), 8 << 20).await.unwrap();
        (status, moved.unwrap_or_else(|| String::from_utf8_lossy(&bytes).into_owned()))
    }
}

/// The server itself as actor.
pub fn system(org: OrgId) -> Actor {
    Actor::system(org, "Test", Via::Job, TEST_NOW)
}

/// An organisation with its first site and its administrator, `boss@` its host.
pub async fn an_organisation(db: &Db, host: &str, name: &str) -> setup::Made {
    set_up(db, &Hasher::new(), host, name).await
}

/// A database with an organisation in it, closed again, and a session of its administrator that is good now.
pub async fn set_up_at(url: &str) -> (OrgId, String) {
    let db = Db::open(url, &rooms::schemas()).await.unwrap();
    let made = an_organisation(&db, "here.example", "Here").await;
    let (client, now) = (session::Client::default(), Instant::machine_now());
    let token =
        db::write!(db, made.org, |tx| session::open(tx, made.org, made.person, &client, now).await).unwrap();
    db.close().await;
    (made.org, token)
}

async fn set_up(db: &Db, hasher: &Hasher, host: &str, name: &str) -> setup::Made {
    let draft = setup::Draft {
        org_name: name.to_owned(),
        base_url: format!("https://{host}"),
        site_name: format!("{name} General"),
        time_zone: "America/New_York".to_owned(),
        currency: "USD".to_owned(),
        person_name: "Boss".to_owned(),
        email: format!("boss@{host}"),
        password: "a long enough phrase".to_owned(),
        again: "a long enough phrase".to_owned(),
        ..setup::Draft::default()
    };
    let prepared = draft.prepare(hasher, TEST_NOW).await.unwrap();
    let origin = setup::Origin { via: Via::Cli, request: RequestId::new(), at: TEST_NOW, client: None };
    setup::create_another(db, &prepared, &origin).await.unwrap()
}

async fn add_site(db: &Db, who: &Actor, name: &str) -> SiteId {
    let draft = site::Draft {
        name: name.to_owned(),
        time_zone: "America/New_York".to_owned(),
        currency: "USD".to_owned(),
        ..site::Draft::default()
    };
    db::write!(db, who.org, |tx| site::add(tx, who, &draft, identity::Sent::once()).await).unwrap().id
}

async fn add_person(db: &Db, who: &Actor, email: &str, role: Role, scope: Scope) -> (PersonId, Id<()>) {
    let new = person::Add {
        name: format!("{} {scope:?}", role.on_page()).chars().take(60).collect(),
        email: email.to_owned(),
        role,
        scope,
        password: Some("a long enough phrase".to_owned()),
    };
    let id = person::add_by_cli(db, who, new).await.unwrap().person.id;
    // Their only grant is the newest event of its kind.
    let grants = db::read!(db, who.org, |tx| {
        db::gate::all_as_of(tx, who.org, "role_grant", TEST_NOW, None, 1_000).await
    })
    .unwrap();
    let of_them = grants.iter().find(|event| event.after["person"] == id.to_string()).unwrap();
    (id, Id::from_uuid(of_them.entity_id))
}

/// A department with a device in it.
struct Spot {
    site: SiteId,
    place: place::PlaceId,
    department: DepartmentId,
    device: fleet::Device,
}

impl Spot {
    async fn make(db: &Db, who: &Actor, site: SiteId, name: &str, tag: &str) -> Self {
        db::write!(db, who.org, |tx| {
            let department = department::find_or_add(tx, who, site, name, None, None).await?;
            let place = place::find_or_add(tx, who, site, None, None, Some(&format!("{name} bay 1"))).await?;
            let place = place.unwrap();
            let maker = format!("Helion {name}");
            let model = fleet::model::actions::find_or_add(tx, who, &maker, "Infusion pump", "VP-3").await?;
            let draft = Draft {
                id: Id::new(),
                fields: fields(tag, model),
                parent: None,
                site,
                place: Some(place.cast()),
                department: Some(department),
                import: None,
            };
            let evidence = Evidence { purchase_order: Some("PO-1 line 1".to_owned()), ..Evidence::default() };
            let mv = Move { to: State::Received, at: Instant::from_micros(TEST_NOW.micros()), evidence };
            let device = actions::add(tx, who, &draft, &mv).await?;
            Ok(Self { site, place, department, device })
        })
        .unwrap()
    }

    async fn records(
        &self,
        db: &Db,
        org: OrgId,
        person: PersonId,
        (grant, token): (Id<()>, Id<()>),
    ) -> Records {
        let import = an_import(db, org, self.department).await;
        let act = an_act(db, org, self.device.id).await;
        let label = a_label(db, &system(org), &self.device).await;
        let view = a_view(db, org).await;
        let comment = a_comment(db, &system(org), &self.device).await;
        let document = a_document(db, &system(org), &self.device).await;
        let model =
            db::read!(db, org, |tx| fleet::model::store::get(tx, org, self.device.model).await).unwrap();
        Records {
            tag: self.device.tag.clone(),
            model: model.id,
            company: model.company,
            device_type: model.device_type,
            import,
            act,
            site: self.site,
            place: self.place,
            department: self.department,
            person,
            grant,
            device: self.device.id,
            token,
            document,
            comment,
            label,
            view,
        }
    }
}

/// A token that is not limited: its id and itself.
async fn a_token(db: &Db, who: &Actor, person: PersonId) -> (Id<()>, String) {
    make_token(db, who, person, None, None).await
}

async fn make_token(
    db: &Db,
    who: &Actor,
    person: PersonId,
    permits: Option<Vec<String>>,
    scopes: Option<Vec<Scope>>,
) -> (Id<()>, String) {
    let known: Vec<_> = rooms::rooms().iter().flat_map(|r| r.permits.iter().map(|(p, _)| *p)).collect();
    let draft = identity::token::Draft { person, name: "Test".to_owned(), permits, scopes, days: 90 };
    let made = db::write!(db, who.org, |tx| {
        identity::token::create(tx, who, &draft, &known, identity::Sent::once()).await
    })
    .unwrap();
    (made.token.id.cast(), made.secret.unwrap())
}

fn fields(tag: &str, model: fleet::ModelId) -> Edit {
    Edit {
        tag: Tag::parse(tag).unwrap(),
        serial: None,
        serial_less: true,
        udi: None,
        model,
        risk: Some(fleet::RiskLevel::High),
        risk_reason: Some("test".to_owned()),
        strategy: Some(Strategy::Oem),
        tenure: Tenure::Owned,
        agreement: None,
        agreement_ends_on: None,
        acquired_on: None,
        price: None,
        notes: None,
    }
}

/// A change of one device, made by the server and not carried out.
async fn an_act(db: &Db, org: OrgId, device: fleet::DeviceId) -> fleet::act::ActId {
    use fleet::act::{Change, To, actions};
    let who = system(org);
    db::write!(db, org, |tx| {
        let draft = actions::prepare(tx, &who, "").await?;
        actions::put(tx, &who, draft.id, 0, &[device]).await?;
        let change = Change { notes: Some(To::Set("as it was".into())), ..Change::default() };
        actions::begin(tx, &who, draft.id, &change, "For the matrix").await
    })
    .unwrap()
    .id
}

/// An import of one row, sent by the lead of one department and checked by nobody yet.
async fn an_import(db: &Db, org: OrgId, department: DepartmentId) -> Id<fleet::device::Import> {
    let lead = kernel::Grant {
        role: Role::Lead,
        permits: [fleet::permit::IMPORT_RUN].into(),
        scope: Scope::Department(department),
        subtree: [department].into(),
    };
    let who = Actor { person: Some(Id::new()), grants: vec![lead], via: Via::Page, ..system(org) };
    let mut receiver = fleet::import::run::upload::Receiver::new(db, org);
    receiver.push(b"tag,model,maker,type\nX-1,VP-3,Helion,Infusion pump\n").await.unwrap();
    receiver.finish(&who, "list.csv").await.unwrap().id.cast()
}

/// A document of a device.
async fn a_document(db: &Db, who: &Actor, device: &fleet::Device) -> Id<()> {
    use margin::document::{Draft, actions, intake::Intake};
    let subject = subject(who, device);
    let mut intake = Intake::new(db, who.org);
    intake.push(format!("Papers of {}\n", device.tag).as_bytes()).await.unwrap();
    let arrived = intake.finish("papers.txt").await.unwrap();
    let draft = Draft { title: String::new(), kind: None, valid_from: None, valid_until: None };
    let sent = actions::Sent { command: Id::new(), record: String::new(), content: Vec::new() };
    let what = (&draft, &arrived, margin::Limits::default());
    let added = db::write!(db, who.org, |tx| actions::add(tx, who, &subject, what, &sent).await).unwrap();
    added.document.id.cast()
}

/// A device as somebody may add to it.
fn subject(who: &Actor, device: &fleet::Device) -> margin::Subject {
    margin::Subject {
        org: who.org,
        noun: "device",
        id: device.id.uuid(),
        name: device.tag.clone(),
        href: format!("/d/{}", device.tag),
        list: ("Devices", "/devices"),
        reach: Some(device.reach()),
    }
}

/// A comment on a device.
async fn a_comment(db: &Db, who: &Actor, device: &fleet::Device) -> Id<()> {
    let subject = subject(who, device);
    let nobody = margin::People(|_, _, _| Box::pin(std::future::ready(Ok(Vec::new()))));
    let words = format!("{} is here.", device.tag);
    let written = db::write!(db, who.org, |tx| {
        margin::comment::actions::write(tx, who, nobody, &subject, &words).await
    });
    written.unwrap().id.cast()
}

/// A view of a person who is nobody else here.
async fn a_view(db: &Db, org: OrgId) -> fleet::view::ViewId {
    use fleet::{device::search::Day, view};
    let sees = kernel::Grant {
        role: Role::Technician,
        permits: [fleet::permit::DEVICE_VIEW].into(),
        scope: Scope::Org,
        subtree: [].into(),
    };
    let who = Actor { person: Some(Id::new()), grants: vec![sees], ..system(org) };
    let draft = view::Draft {
        name: "Mine alone".into(),
        query: "state:any".into(),
        sort: fleet::device::list::Sort::Tag,
        shared: false,
    };
    let day = Day::of(who.at, &kernel::TimeZone::UTC);
    db::write!(db, org, |tx| view::actions::add(tx, &who, &draft, &day).await).unwrap().id
}

/// A label of the organisation that a device wears.
async fn a_label(db: &Db, who: &Actor, device: &fleet::Device) -> Id<()> {
    use margin::label::actions;
    let (subject, name) = (subject(who, device), format!("For {}", device.tag));
    let label = db::write!(db, who.org, |tx| {
        let label = actions::add(tx, who, &name).await?;
        actions::put(tx, who, &subject, label.id).await
    });
    label.unwrap().id.cast()
}
