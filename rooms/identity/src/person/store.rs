//! The people's rows.

use db::{
    Row, Select, Tx, Val,
    seal::{Record, Wanted, rebuilt},
    vals,
};
use kernel::{Cursor, Instant, Keyset, OrgId, PersonId, Problem, Result, Slice};
use serde_json::Value;

use super::{PasswordHash, Person, email_key};

db::statements! {
    /// One person.
    GET = "SELECT id, version, name, email, active, must_change_password, password_hash, password_changed_at \
           FROM person WHERE org_id = $1 AND id = $2";
    /// The person with an e-mail.
    BY_EMAIL = "SELECT id, version, name, email, active, must_change_password, password_hash, \
                password_changed_at FROM person WHERE org_id = $1 AND email_key = $2";
    /// Adds one.
    ADD = "INSERT INTO person (org_id, id, version, name, name_key, email, email_key, active, \
           must_change_password, password_hash, password_changed_at) \
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    /// Changes one.
    CHANGE = "UPDATE person SET version = $4, name = $5, name_key = $6, email = $7, email_key = $8, \
              active = $9, must_change_password = $10, password_hash = $11, password_changed_at = $12 \
              WHERE org_id = $1 AND id = $2 AND version = $3";
    /// Those who may sign in and whose name begins with a word, by name.
    NAMED = "SELECT id, name, email FROM person WHERE org_id = $1 AND name_key >= $2 AND name_key < $3 AND active \
             ORDER BY name_key, id LIMIT 50";
    /// Those whose e-mail begins with a word and `@`.
    HANDLED = "SELECT id, name, email FROM person WHERE org_id = $1 AND email_key >= $2 AND email_key < $3 AND active \
               ORDER BY email_key LIMIT 10";
    /// How many may sign in, and how many of them never have.
    TALLY = "SELECT COUNT(*) AS able, COUNT(s.person_id) AS seen FROM person p LEFT JOIN sign_in s \
             ON s.org_id = p.org_id AND s.person_id = p.id WHERE p.org_id = $1 AND p.active";
}

/// What a person's row must be by its last event, which holds a hash of the password's hash.
pub(crate) const RECORD: Record = Record {
    table: "person",
    key: "id",
    columns: &[
        "id",
        "version",
        "name",
        "name_key",
        "email",
        "email_key",
        "active",
        "must_change_password",
        "password_changed_at",
        "password_hash",
    ],
    rebuild: |after| {
        let mut row = rebuilt(after, |p: &Person| {
            let (name_key, email_key) = (kernel::fold(&p.name), email_key(&p.email));
            vals![
                p.id,
                p.version,
                &p.name,
                name_key,
                &p.email,
                email_key,
                p.active,
                p.must_change_password,
                p.password_changed_at
            ]
            .to_vec()
        })?;
        row.push(match after.get("password_mark") {
            // Recorded before events held it.
            None => Wanted::Anything,
            Some(Value::String(hash)) => Wanted::Hashed(hash.clone()),
            Some(_) => Wanted::Is(Val::Text(None)),
        });
        Ok(row)
    },
};

/// A person in a list.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) id: PersonId,
    pub(super) name: String,
    pub(super) email: String,
    pub(super) active: bool,
    pub(super) last_sign_in: Option<Instant>,
    name_key: String,
}

fn read(row: &Row) -> Result<Person> {
    Ok(Person {
        id: row.get("id")?,
        version: row.get("version")?,
        name: row.get("name")?,
        email: row.get("email")?,
        active: row.get("active")?,
        must_change_password: row.get("must_change_password")?,
        password_changed_at: row.get("password_changed_at")?,
        password: row.get::<Option<String>>("password_hash")?.map(PasswordHash),
    })
}

/// One person.
///
/// # Errors
/// [`Problem::NotFound`] when the organisation has none with this id.
pub async fn get(tx: &mut Tx, org: OrgId, id: PersonId) -> Result<Person> {
    let row = tx.find(GET, &vals![org, id]).await?;
    row.as_ref().map(read).transpose()?.ok_or_else(|| Problem::not_found("the person"))
}

/// The person who signs in with an e-mail, whatever its case.
///
/// # Errors
/// As [`Tx::find`].
pub async fn find_by_email(tx: &mut Tx, org: OrgId, email: &str) -> Result<Option<Person>> {
    tx.find(BY_EMAIL, &vals![org, email_key(email)]).await?.as_ref().map(read).transpose()
}

/// How many people may sign in, and how many of them have.
pub(super) async fn tally(tx: &mut Tx, org: OrgId) -> Result<(i64, i64)> {
    let row = tx.one(TALLY, &vals![org]).await?;
    Ok((row.get("able")?, row.get("seen")?))
}

/// A page of people by name; `only` cuts it down to these.
pub(super) async fn page(
    tx: &mut Tx,
    org: OrgId,
    words: &str,
    only: Option<&[PersonId]>,
    keyset: &Keyset,
) -> Result<Slice<Line>> {
    let mut select = Select::new(
        "SELECT p.id, p.name, p.name_key, p.email, p.active, s.last_at FROM person p \
         LEFT JOIN sign_in s ON s.org_id = p.org_id AND s.person_id = p.id",
        "p",
        org,
    );
    for word in kernel::fold(words).split(' ').filter(|word| !word.is_empty()) {
        let like = format!("%{}%", word.replace('!', "!!").replace('%', "!%").replace('_', "!_"));
        let found = [like.as_str().into(), like.as_str().into()];
        select.filter("(p.name_key LIKE {} ESCAPE '!' OR p.email_key LIKE {} ESCAPE '!')", found);
    }
    if let Some(only) = only {
        select.one_of("p.id", only.iter().map(|id| (*id).into()));
    }
    select.page("p.name_key", "p.id", false, false, keyset.after.as_ref(), keyset.limit + 1);
    let mut lines = Vec::new();
    for row in select.all(tx).await? {
        lines.push(Line {
            id: row.get("id")?,
            name: row.get("name")?,
            email: row.get("email")?,
            active: row.get("active")?,
            last_sign_in: row.get("last_at")?,
            name_key: row.get("name_key")?,
        });
    }
    Ok(Slice::cut(lines, keyset.limit, |line| Cursor { after: line.name_key.clone(), id: line.id.uuid() }))
}

pub(super) async fn insert(tx: &mut Tx, org: OrgId, person: &Person) -> Result<()> {
    let row = vals![
        org,
        person.id,
        person.version,
        &person.name,
        kernel::fold(&person.name),
        &person.email,
        email_key(&person.email),
        person.active,
        person.must_change_password,
        person.password.as_ref().map(|hash| hash.0.as_str()),
        person.password_changed_at,
    ];
    tx.execute(ADD, &row).await.map(drop)
}

pub(super) async fn update(tx: &mut Tx, org: OrgId, before: i64, person: &Person) -> Result<u64> {
    let row = vals![
        org,
        person.id,
        before,
        person.version,
        &person.name,
        kernel::fold(&person.name),
        &person.email,
        email_key(&person.email),
        person.active,
        person.must_change_password,
        person.password.as_ref().map(|hash| hash.0.as_str()),
        person.password_changed_at,
    ];
    tx.execute(CHANGE, &row).await
}

/// People with an account that is on whose name begins with a word, or whose e-mail begins with it and `@`: those whom a
/// comment may mention by it.
///
/// # Errors
/// As [`Tx::all`].
pub(super) async fn named(tx: &mut Tx, org: OrgId, word: &str) -> Result<Vec<margin::Known>> {
    let mut found: Vec<margin::Known> = Vec::new();
    // Text sorts by code point on both engines; no letter comes after the last one.
    let name = vals![org, word, format!("{word}\u{10ffff}")];
    // `A` follows `@`.
    let key = email_key(word);
    let handle = vals![org, format!("{key}@"), format!("{key}A")];
    for (sql, vals) in [(NAMED, name), (HANDLED, handle)] {
        for row in tx.all(sql, &vals).await? {
            let (id, email): (PersonId, String) = (row.get("id")?, row.get("email")?);
            if !found.iter().any(|known| known.id == id) {
                let handle = email.split('@').next().unwrap_or_default().to_owned();
                found.push(margin::Known { id, name: row.get("name")?, handle });
            }
        }
    }
    Ok(found)
}
