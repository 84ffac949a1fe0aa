//! What the front door asks this room: which organisation answers, and whose session this is.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant as Moment},
};

use db::{Db, Engine, Tx, Wall};
use futures::future::BoxFuture;
use kernel::{Actor, Grant, Instant, OrgId, Permit, PersonId, RequestId, Result, Role, Scope, Via};
use web::{Door, House, OrgFacts, Visitor, api::Pass, look::layout::Theme};

use crate::{
    account::{Hasher, density_from_code},
    department,
    grant::{self, Names},
    org::{self, Org},
    session, site, token,
};

/// The permissions of every role, the set-up code and the password hasher; lives as long as the program.
///
/// It answers the front door as [`Door`], and stands in [`web::App::room`] for this room's own pages.
#[derive(Clone)]
pub struct Front {
    rights: Arc<BTreeMap<Role, Arc<[Permit]>>>,
    set_up_code: Arc<str>,
    hasher: Hasher,
    houses: Houses,
    guests: Guests,
}

/// Which organisation answers at which host, as asked lately. Every request begins with this question, and the answer
/// changes about as often as a hospital moves.
#[derive(Clone, Default)]
struct Houses(Arc<Mutex<HashMap<String, Known>>>);

struct Known {
    facts: OrgFacts,
    /// Changes of the table by this process when it was asked.
    changes: u64,
    at: Moment,
}

/// Whoever is signed in, and what they may do.
#[derive(Clone)]
struct Signed {
    holder: session::Holder,
    grants: Vec<Grant>,
    reach_note: String,
}

/// What every table that [`Signed`] is read from has seen of changes.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Stamp([u64; 7]);

impl Stamp {
    /// Nothing on PostgreSQL: another server may end a session or take a role away, and that must hold at once. An SQLite
    /// file is this process's alone, but for small writes that a terminal makes from beside ([`db::Place::join`]): those may
    /// touch no row that is remembered here.
    fn of(db: &Db) -> Option<Self> {
        const READ: [&str; 7] =
            ["session", "person", "person_look", "role_grant", "department", "site", "org"];
        (db.engine() == Engine::Sqlite).then(|| Self(READ.map(|table| db.changes_of(table))))
    }
}

/// Whose sessions were read since anything about them changed: people ask for many pages in a row.
#[derive(Clone, Default)]
struct Guests(Arc<Mutex<Seen>>);

type Seen = HashMap<(OrgId, Vec<u8>), (Stamp, Signed)>;

/// Sessions remembered.
const SESSIONS: usize = 1_000;

impl Guests {
    fn find(&self, org: OrgId, hash: &[u8], stamp: Option<Stamp>) -> Option<Signed> {
        let stamp = stamp?;
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&(org, hash.to_vec())).filter(|(at, _)| *at == stamp).map(|(_, signed)| signed.clone())
    }

    fn keep(&self, org: OrgId, hash: &[u8], signed: &Signed, stamp: Stamp) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= SESSIONS {
            known.clear();
        }
        known.insert((org, hash.to_vec()), (stamp, signed.clone()));
    }
}

/// How long an answer is good although another server may have changed the organisation.
const GOOD_FOR: Duration = Duration::from_secs(2);
/// Hosts remembered; a request may name any.
const HOSTS: usize = 64;

impl Houses {
    fn find(&self, host: &str, changes: u64) -> Option<OrgFacts> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let good = |known: &&Known| known.changes == changes && known.at.elapsed() < GOOD_FOR;
        known.get(host).filter(good).map(|known| known.facts.clone())
    }

    fn keep(&self, host: &str, facts: &OrgFacts, changes: u64) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= HOSTS {
            known.clear();
        }
        known.insert(host.to_owned(), Known { facts: facts.clone(), changes, at: Moment::now() });
    }
}

impl Front {
    /// Opens up what the rooms say of roles into what each role may do. `set_up_code` is what the server printed
    /// for the first start; long enough that nobody guesses it.
    pub fn new(rooms: &[&'static [(Permit, &'static [Role])]], set_up_code: &str) -> Self {
        let rights = Role::ALL
            .into_iter()
            .map(|role| {
                let held = rooms.iter().flat_map(|room| room.iter());
                let permits: Vec<Permit> =
                    held.filter(|(_, roles)| roles.contains(&role)).map(|(permit, _)| *permit).collect();
                (role, Arc::from(permits))
            })
            .collect();
        Self {
            rights: Arc::new(rights),
            set_up_code: Arc::from(set_up_code),
            hasher: Hasher::new(),
            houses: Houses::default(),
            guests: Guests::default(),
        }
    }

    /// What a role allows.
    pub fn permits(&self, role: Role) -> Arc<[Permit]> {
        self.rights.get(&role).cloned().unwrap_or_else(|| Arc::from([]))
    }

    /// Every permission there is, by name.
    pub fn known(&self) -> Vec<Permit> {
        let mut all: Vec<Permit> = self.rights.values().flat_map(|permits| permits.iter().copied()).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The password hasher all sign-ins share.
    pub fn hasher(&self) -> &Hasher {
        &self.hasher
    }

    /// The code that the first start asks for.
    pub(crate) fn set_up_code(&self) -> &str {
        &self.set_up_code
    }

    /// What a person may do and where, departments opened up to all units below them.
    ///
    /// # Errors
    /// As [`Tx::all`].
    pub async fn grants(&self, tx: &mut Tx, org: OrgId, person: PersonId) -> Result<Vec<Grant>> {
        let held = grant::of_person(tx, org, person).await?;
        let held: Vec<_> = held.into_iter().map(|held| (held.role, held.scope)).collect();
        self.opened(tx, org, &held).await
    }

    /// What roles allow, departments opened up.
    async fn opened(&self, tx: &mut Tx, org: OrgId, held: &[(Role, Scope)]) -> Result<Vec<Grant>> {
        let mut grants = Vec::new();
        for &(role, scope) in held {
            let subtree = match scope {
                Scope::Department(id) => department::subtree(tx, org, id).await?,
                _ => Default::default(),
            };
            grants.push(Grant { role, permits: self.permits(role), scope, subtree });
        }
        Ok(grants)
    }

    async fn answer_host(&self, db: &Db, host: &str) -> Result<House> {
        let changes = db.changes_of("org");
        if let Some(facts) = self.houses.find(host, changes) {
            return Ok(House::Org(facts));
        }
        let house = Self::look_up(db, host).await?;
        if let House::Org(facts) = &house {
            self.houses.keep(host, facts, changes);
        }
        Ok(house)
    }

    async fn look_up(db: &Db, host: &str) -> Result<House> {
        db::read!(db, Wall::All("the host picks the organisation"), |tx| {
            if let Some(org) = org::at_host(tx, host).await? {
                return Ok(House::Org(facts(&org)));
            }
            Ok(match org::first(tx, 2).await?.as_slice() {
                [] => House::NotSetUp,
                [sole] => House::Org(facts(sole)),
                _ => House::Unknown,
            })
        })
    }

    async fn look_for(&self, db: &Db, org: OrgId, hash: &[u8]) -> Result<Option<Signed>> {
        db::read!(db, org, |tx| {
            let Some(holder) = session::holder(tx, org, hash).await? else { return Ok(None) };
            let grants = self.opened(tx, org, &holder.roles).await?;
            let reach_note = reach_note(tx, org, &grants).await?;
            Ok(Some(Signed { holder, grants, reach_note }))
        })
    }

    async fn find_visitor(
        &self,
        db: &Db,
        org: OrgId,
        token: &str,
        request: RequestId,
        at: Instant,
    ) -> Result<Option<Visitor>> {
        let hash = session::token_hash(token);
        let stamp = Stamp::of(db);
        let found = match self.guests.find(org, &hash, stamp) {
            Some(known) => Some(known),
            None => {
                let found = self.look_for(db, org, &hash).await?;
                if let (Some(found), Some(stamp)) = (&found, stamp) {
                    self.guests.keep(org, &hash, found, stamp);
                }
                found
            }
        };
        let good =
            |s: &Signed| s.holder.active && session::is_good(s.holder.seen_at, s.holder.expires_at, at);
        let Some(Signed { holder, grants, reach_note }) = found.filter(good) else { return Ok(None) };
        if holder.seen_at.plus_seconds(session::NOTE_EVERY) <= at {
            session::note_seen(db, org, &hash, at).await;
        }
        let actor = Actor {
            org,
            person: Some(holder.person),
            name: holder.name.clone(),
            grants,
            via: Via::Page,
            request,
            at,
        };
        Ok(Some(Visitor {
            actor,
            name: holder.name,
            email: holder.email,
            theme: Theme::from_value(holder.theme.as_deref().unwrap_or_default()),
            density: density_from_code(holder.density.as_deref().unwrap_or_default()),
            single_keys: holder.single_keys.unwrap_or(true),
            reach_note,
            must_change_password: holder.must_change_password,
        }))
    }
}

impl Front {
    async fn find_pass(
        &self,
        db: &Db,
        org: OrgId,
        secret: &str,
        request: RequestId,
        at: Instant,
    ) -> Result<Option<Pass>> {
        if !secret.starts_with(token::PREFIX) {
            return Ok(None);
        }
        let hash = session::token_hash(secret);
        let found = db::read!(db, org, |tx| {
            let holder = token::holder(tx, org, &hash).await?;
            let good = holder.filter(|h| h.active && h.token.is_good(at));
            let Some(holder) = good else { return Ok(None) };
            let grants = self.grants(tx, org, holder.token.person).await?;
            let grants = token::limited(tx, org, grants, &holder.token).await?;
            Ok(Some((holder, grants)))
        })?;
        let Some((holder, grants)) = found else { return Ok(None) };
        let token = holder.token;
        if holder.used_at.is_none_or(|used| used.plus_seconds(token::NOTE_EVERY) <= at) {
            token::note_used(db, org, token.id, at).await;
        }
        let actor = Actor {
            org,
            person: Some(token.person),
            // The record names the program beside the person whose rights it carries.
            name: format!("{} (token “{}”)", holder.name, token.name),
            grants,
            via: Via::Api,
            request,
            at,
        };
        let (limited, expires_at) = (token.is_limited(), token.expires_at);
        Ok(Some(Pass { actor, token: token.id.uuid(), name: token.name, limited, expires_at }))
    }
}

fn facts(org: &Org) -> OrgFacts {
    OrgFacts { id: org.id, name: org.name.clone(), zone: org.zone() }
}

/// What part of the organisation the grants reach: "All sites", "St Anne's", "3 places".
async fn reach_note(tx: &mut Tx, org: OrgId, grants: &[Grant]) -> Result<String> {
    let mut scopes: Vec<Scope> = grants.iter().map(|grant| grant.scope).collect();
    scopes.sort();
    scopes.dedup();
    match scopes.as_slice() {
        [] => return Ok("No role yet".to_owned()),
        [Scope::Org, ..] => return Ok("All sites".to_owned()),
        [_, _, _, ..] => return Ok(format!("{} places", scopes.len())),
        _ => {}
    }
    let mut departments = Vec::new();
    for scope in &scopes {
        if let Scope::Department(id) = scope {
            departments.extend(department::path(tx, org, *id).await?);
        }
    }
    let names = Names::new(site::list(tx, org).await?, departments);
    Ok(scopes.iter().map(|scope| names.scope(*scope)).collect::<Vec<_>>().join("; "))
}

impl Door for Front {
    fn house<'a>(&'a self, db: &'a Db, host: &'a str) -> BoxFuture<'a, Result<House>> {
        Box::pin(self.answer_host(db, host))
    }

    fn visitor<'a>(
        &'a self,
        db: &'a Db,
        org: OrgId,
        token: &'a str,
        request: RequestId,
        at: Instant,
    ) -> BoxFuture<'a, Result<Option<Visitor>>> {
        Box::pin(self.find_visitor(db, org, token, request, at))
    }

    fn pass<'a>(
        &'a self,
        db: &'a Db,
        org: OrgId,
        token: &'a str,
        request: RequestId,
        at: Instant,
    ) -> BoxFuture<'a, Result<Option<Pass>>> {
        Box::pin(self.find_pass(db, org, token, request, at))
    }
}
