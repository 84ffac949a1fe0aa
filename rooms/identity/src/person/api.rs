//! People and what they hold, by the API.

use kernel::{Instant, PersonId, Problem, Result, Role, Scope};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use web::{
    Gate, Route,
    api::{Answer, Call, Fault, Operation, Page, Paged, Version, keyset, mended, versions},
    carry_out,
};

use super::{Add, Person, actions, list, show::see, store};
use crate::{
    Front, Sent,
    account::{self, generate},
    grant::{self, RoleGrant},
    named::named,
    permit,
};

const TAG: &str = "people";

#[derive(Debug, Deserialize, JsonSchema)]
struct Asked {
    /// Words of the name or e-mail.
    q: Option<String>,
    /// Where the page begins: `next` of the page before.
    after: Option<String>,
    /// Rows a page.
    #[schemars(range(min = 1, max = 200))]
    limit: Option<u32>,
}

/// A person in a list.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PersonListed")]
struct Listed {
    id: PersonId,
    /// Full name.
    name: String,
    /// E-mail.
    email: String,
    /// Whether they may sign in.
    active: bool,
    /// When they last signed in; null for never.
    last_sign_in_at: Option<Instant>,
    /// What they hold.
    roles: Vec<RoleGrant>,
}

/// A person with what they hold.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PersonShown")]
struct Shown {
    #[serde(flatten)]
    person: Person,
    /// When they last signed in; null for never.
    last_sign_in_at: Option<Instant>,
    /// What they hold.
    roles: Vec<RoleGrant>,
}

/// A person with a one-time password.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PersonWithPassword")]
struct WithPassword {
    #[serde(flatten)]
    person: Person,
    /// To be changed at the first sign-in. Shown this once: null when the request is sent again.
    one_time_password: Option<String>,
}

/// A person to add.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct New {
    /// Full name.
    name: String,
    /// E-mail, by which they sign in.
    email: String,
    /// Their first role.
    role: Role,
    /// Where they hold it.
    scope: Scope,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Fields {
    /// Full name.
    name: String,
    /// E-mail, by which they sign in.
    email: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Active {
    /// Whether they may sign in.
    active: bool,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewRole {
    /// The role.
    role: Role,
    /// Where.
    scope: Scope,
}

pub(crate) fn routes() -> Vec<Route> {
    let (view, manage) = (Gate::Permit(permit::PERSON_VIEW), Gate::Permit(permit::PERSON_MANAGE));
    let one = "/api/v1/people/{id}";
    vec![
        Route::api(
            Operation::get("/api/v1/people", TAG, "The people in sight, by name")
                .query::<Asked>()
                .gives::<Page<Listed>>(),
            view,
            people,
        ),
        Route::api(
            Operation::post("/api/v1/people", TAG, "Add a person with a first role")
                .about("The one-time password is shown this once.")
                .takes::<New>()
                .adds()
                .gives_record::<WithPassword>(),
            manage,
            new,
        ),
        Route::api(Operation::get(one, TAG, "One person").gives_record::<Shown>(), view, person),
        Route::api(
            Operation::patch::<Fields>(one, TAG, "Change name or e-mail").gives_record::<Person>(),
            manage,
            change,
        ),
        Route::api(
            Operation::get("/api/v1/people/{id}/history", TAG, "Their versions, newest first")
                .query::<Paged>()
                .gives::<Page<Version>>(),
            view,
            history,
        ),
    ]
    .into_iter()
    .chain(acts())
    .collect()
}

/// What is done to an account besides changing its fields.
fn acts() -> Vec<Route> {
    let manage = Gate::Permit(permit::PERSON_MANAGE);
    vec![
        Route::api(
            Operation::post("/api/v1/people/{id}/active", TAG, "Switch the account off or on again")
                .takes::<Active>()
                .checked()
                .gives_record::<Person>(),
            manage,
            set_active,
        ),
        Route::api(
            Operation::post("/api/v1/people/{id}/password", TAG, "Give a new one-time password")
                .about("It ends their sessions. The password is shown this once.")
                .checked()
                .gives_record::<WithPassword>(),
            manage,
            renew_password,
        ),
        Route::api(
            Operation::post("/api/v1/people/{id}/roles", TAG, "Give a role")
                .takes::<NewRole>()
                .adds()
                .gives::<RoleGrant>(),
            manage,
            give_role,
        ),
        Route::api(
            Operation::post("/api/v1/people/{id}/roles/{grant}/end", TAG, "Take a role away")
                .gives::<RoleGrant>(),
            manage,
            end_role,
        ),
    ]
}

async fn people(call: Call) -> Result<Answer, Fault> {
    let asked: Asked = call.query()?;
    let keyset = keyset(asked.after.as_deref(), asked.limit)?;
    let (who, words) = (call.actor(), asked.q.unwrap_or_default());
    let (page, mut held) = db::read!(call.app.db(), who.org, |tx| {
        let only = list::visible(tx, who).await?;
        let page = store::page(tx, who.org, &words, only.as_deref(), &keyset).await?;
        let ids: Vec<PersonId> = page.rows.iter().map(|line| line.id).collect();
        let held = grant::of_people(tx, who.org, &ids).await?;
        Ok((page, held))
    })?;
    let mut row = |line: store::Line| {
        let (roles, rest) = std::mem::take(&mut held).into_iter().partition(|g| g.person == line.id);
        held = rest;
        let store::Line { id, name, email, active, last_sign_in, .. } = line;
        Listed { id, name, email, active, last_sign_in_at: last_sign_in, roles }
    };
    let next = page.next;
    let items = page.rows.into_iter().map(&mut row).collect();
    Ok(Page::new(items, next.as_ref()).answer(&call)?)
}

async fn person(call: Call) -> Result<Answer, Fault> {
    let (who, id) = (call.actor(), call.id("id", "the person")?);
    let shown = db::read!(call.app.db(), who.org, |tx| {
        Ok(Shown {
            person: see(tx, who, id).await?,
            last_sign_in_at: account::last_sign_in(tx, who.org, id).await?,
            roles: grant::of_person(tx, who.org, id).await?,
        })
    })?;
    Ok(Answer::record(&shown, shown.person.version)?)
}

async fn history(call: Call) -> Result<Answer, Fault> {
    let (who, id, asked) = (call.actor(), call.id("id", "the person")?, call.query::<Paged>()?);
    let page = db::read!(call.app.db(), who.org, |tx| {
        see(tx, who, id).await?;
        versions(tx, who.org, ("person", id.uuid()), &asked).await
    })?;
    Ok(page.answer(&call)?)
}

/// A person's record with the password that is shown this once.
fn with_password(person: Person, password: &str) -> Result<Answer> {
    let version = person.version;
    let answer = Answer::record(&WithPassword { person, one_time_password: None }, version)?;
    Ok(answer.secret("one_time_password", password.to_owned()))
}

fn hasher(call: &Call) -> Result<&account::Hasher> {
    call.app.room::<Front>().map(Front::hasher).ok_or_else(|| Problem::bug("no Front among the rooms"))
}

async fn new(call: Call) -> Result<Answer, Fault> {
    let new: New = call.body()?;
    let add = Add { name: new.name, email: new.email, role: new.role, scope: new.scope, password: None };
    let password = generate();
    let hash = hasher(&call)?.hash(&password).await?;
    carry_out!(call, "identity.person.add", |tx, who| {
        let (person, _) = actions::add(tx, who, &add, hash.clone(), true, Sent::claimed()).await?;
        let address = format!("/api/v1/people/{}", person.id);
        Ok(with_password(person, &password)?.added(address))
    })
    .map_err(named)
}

async fn change(call: Call) -> Result<Answer, Fault> {
    let (seen, changes, id) = (call.seen()?, call.changes()?, call.id("id", "the person")?);
    carry_out!(call, "identity.person.change", |tx, who| {
        let now = see(tx, who, id).await?;
        let fields = mended(&Fields { name: now.name, email: now.email }, &changes)?;
        let typed = (fields.name.as_str(), fields.email.as_str());
        let after = actions::change(tx, who, id, seen.of(now.version), typed, Sent::claimed()).await?;
        Answer::record(&after, after.version)
    })
    .map_err(named)
}

async fn set_active(call: Call) -> Result<Answer, Fault> {
    let (seen, asked, id) = (call.seen()?, call.body::<Active>()?, call.id("id", "the person")?);
    carry_out!(call, "identity.person.set_active", |tx, who| {
        let now = see(tx, who, id).await?;
        let seen = seen.of(now.version);
        let after = actions::set_active(tx, who, id, seen, asked.active, Sent::claimed()).await?;
        Answer::record(&after, after.version)
    })
    .map_err(named)
}

async fn renew_password(call: Call) -> Result<Answer, Fault> {
    let (seen, id) = (call.seen()?, call.id("id", "the person")?);
    let password = generate();
    let hash = hasher(&call)?.hash(&password).await?;
    carry_out!(call, "identity.person.renew_password", |tx, who| {
        let now = see(tx, who, id).await?;
        grant::need_over_all(tx, who, id).await?;
        crate::trace::must_be_current(now.version, seen.of(now.version))?;
        let (after, _) = actions::renew_password(tx, who, id, hash.clone(), Sent::claimed()).await?;
        with_password(after, &password)
    })
    .map_err(named)
}

async fn give_role(call: Call) -> Result<Answer, Fault> {
    let (asked, id) = (call.body::<NewRole>()?, call.id("id", "the person")?);
    carry_out!(call, "identity.grant.give", |tx, who| {
        see(tx, who, id).await?;
        let given = grant::give(tx, who, id, asked.role, asked.scope, Sent::claimed()).await?;
        Ok(Answer::json(&given)?.added(format!("/api/v1/people/{id}")))
    })
    .map_err(named)
}

async fn end_role(call: Call) -> Result<Answer, Fault> {
    let (id, role) = (call.id("id", "the person")?, call.id("grant", "this role")?);
    carry_out!(call, "identity.grant.end", |tx, who| {
        see(tx, who, id).await?;
        match grant::end(tx, who, id, role, Sent::claimed()).await {
            // A role has two versions: held and ended.
            Err(Problem::Stale { .. }) => {
                let words = "This role has ended already. Nothing needs to be done.";
                Err(Problem::conflict("identity.grant.ended", words))
            }
            ended => Answer::json(&ended?),
        }
    })
    .map_err(named)
}
