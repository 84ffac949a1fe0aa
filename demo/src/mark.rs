//! What a demonstration says of itself in its database, so that it is known again and nothing else is taken for it.

use db::{Db, File, RoomSchema, Tx, Wall, vals};
use kernel::{Date, OrgId, Problem, Result};

use crate::{Options, SignIn};

/// The demonstration's own table; it is empty in a real hospital.
pub const SCHEMA: RoomSchema = RoomSchema {
    room: "demo",
    number: 990,
    files: &[File::both(1, "demonstration", include_str!("../migrations/0001_demonstration.sql"))],
    unrecorded: &[("demonstration", "how invented records were made is no record of a hospital")],
    statements: &[ALL],
    records: &[],
    truths: db::check::Truths::NONE,
};

db::statements! {
    /// The mark of the demonstration. all organisations: a demonstration is alone in its database.
    FIND = "SELECT seed, devices, today, sign_ins, whole FROM demonstration ORDER BY org_id LIMIT 1";
    /// Begins one.
    BEGIN = "INSERT INTO demonstration (org_id, seed, devices, today, sign_ins, whole) \
             VALUES ($1, $2, $3, $4, $5, $6)";
    /// Everything of it is there.
    DONE = "UPDATE demonstration SET whole = $2 WHERE org_id = $1";
}

/// What a database holds, seen by whoever wants to put a demonstration there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Held {
    /// No organisation.
    Nothing,
    /// A demonstration that is whole, and how to sign in to it.
    Whole(Options, Vec<SignIn>),
    /// A demonstration whose making was cut short, or one of an earlier version.
    Begun,
    /// An organisation that no demonstration made, by its name.
    Hospital(String),
}

/// What a database holds. Asks nothing of its schema, so it may be of any version, and writes nothing.
///
/// # Errors
/// As [`Tx::all`].
pub async fn held(db: &Db) -> Result<Held> {
    let any = db::read!(db, Wall::All("whose database this is"), |tx| db::has_table(tx, "org").await)?;
    if !any {
        return Ok(Held::Nothing);
    }
    let orgs = identity::org::list(db).await?;
    if let Some(real) = orgs.iter().find(|org| !org.demo) {
        return Ok(Held::Hospital(real.name.clone()));
    }
    if orgs.is_empty() {
        return Ok(Held::Nothing);
    }
    db::read!(db, Wall::All("whose database this is"), |tx| {
        if !db::has_table(tx, "demonstration").await? {
            return Ok(Held::Begun);
        }
        read(tx).await
    })
}

async fn read(tx: &mut Tx) -> Result<Held> {
    let Some(row) = tx.find(FIND, &[]).await? else { return Ok(Held::Begun) };
    if !row.get::<bool>("whole")? {
        return Ok(Held::Begun);
    }
    let options = Options {
        seed: row.get::<i64>("seed")?.cast_unsigned(),
        devices: u32::try_from(row.get::<i64>("devices")?).map_err(Problem::bug)?,
        today: row.get::<Date>("today")?,
    };
    let sign_ins: String = row.get("sign_ins")?;
    Ok(Held::Whole(options, serde_json::from_str(&sign_ins).map_err(Problem::bug)?))
}

/// Marks the organisation as a demonstration's, in the transaction that makes it.
pub(crate) async fn begin(tx: &mut Tx, org: OrgId, options: &Options, sign_ins: &[SignIn]) -> Result<()> {
    let sign_ins = serde_json::to_string(sign_ins).map_err(Problem::bug)?;
    let devices = i64::from(options.devices);
    let row = vals![org, options.seed.cast_signed(), devices, options.today, sign_ins, false];
    tx.execute(BEGIN, &row).await.map(drop)
}

/// Notes that all of it is there.
pub(crate) async fn done(db: &Db, org: OrgId) -> Result<()> {
    db::write!(db, org, |tx| tx.execute(DONE, &vals![org, true]).await.map(drop))
}
