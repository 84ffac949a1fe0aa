//! `baton audit`

use anyhow::Context as _;
use clap::Subcommand;
use db::{
    Db, Event, Place, Wall,
    seal::{self, Account, Fault, KeyFault, PublicKey, Record, Signer},
};
use identity::org::Org;
use kernel::{Instant, OrgId};
use serde_json::{Value, json};
use uuid::Uuid;

use super::Call;
use crate::rooms;

/// The record of changes.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check every seal, every event and every record against its events. Ends with status 1 when anything is not as
    /// it was sealed. May run beside a server.
    Verify {
        /// A root that `baton audit root` printed earlier and that was kept elsewhere: it must be in the chain.
        #[arg(long, value_name = "ROOT")]
        expect_root: Option<String>,
        /// A key that took the place of a lost one, as `baton audit root` prints it: it is not counted as a fault.
        #[arg(long, value_name = "KEY")]
        trust_key: Vec<String>,
        /// Organisation, by its name, when there are several; without it, all are checked.
        #[arg(long)]
        org: Option<String>,
    },
    /// Print the life of one record: every change, who made it, when and why.
    Show {
        /// A device's asset tag, or a kind and an id such as person/0190…, or an id.
        #[arg(value_name = "RECORD")]
        record: String,
        /// Organisation, by its name, when there are several.
        #[arg(long)]
        org: Option<String>,
    },
    /// Print the root of the last seal of each organisation: what to keep elsewhere.
    Root,
    /// Seal now what is not sealed yet; the first time, this makes the key. A running server does it by itself, every
    /// minute.
    Seal,
    /// Make a new key and have the present one sign it over.
    RotateKey {
        /// Why; it stays in the record.
        #[arg(long)]
        reason: String,
        /// The present key is lost: go on with a new one all the same. The check of the record names the break for ever.
        #[arg(long)]
        lost: bool,
    },
}

/// Runs one of them.
///
/// # Errors
/// When the database cannot be read, and when the record is not whole.
pub async fn run(call: Call, command: Command) -> anyhow::Result<()> {
    match command {
        Command::Verify { expect_root, trust_key, org } => {
            verify(&call, expect_root.as_deref(), &trust_key, org.as_deref()).await
        }
        Command::Show { record, org } => show(&call, &record, org.as_deref()).await,
        Command::Root => root(&call).await,
        Command::Seal => seal_now(&call).await,
        Command::RotateKey { reason, lost } => rotate(&call, reason.trim(), lost).await,
    }
}

async fn beside(call: &Call) -> anyhow::Result<Db> {
    Ok(Place::read_beside(&call.config.database, &rooms::schemas()).await?)
}

fn records() -> Vec<Record> {
    rooms::schemas().iter().flat_map(|room| room.records.iter().copied()).collect()
}

/// Faults printed for people; the rest are counted.
const PRINTED: usize = 50;

async fn verify(
    call: &Call,
    expect: Option<&str>,
    trusted: &[String],
    named: Option<&str>,
) -> anyhow::Result<()> {
    let expect =
        expect.map(|text| seal::parse_root(text).context("A root has 64 hexadecimal digits.")).transpose()?;
    let trusted: Vec<PublicKey> = trusted
        .iter()
        .map(|text| PublicKey::parse(text).context("A key has 64 hexadecimal digits."))
        .collect::<anyhow::Result<_>>()?;
    let db = beside(call).await?;
    let orgs = match named {
        Some(_) => {
            let id = call.org(&db, named).await?;
            identity::org::list(&db).await?.into_iter().filter(|org| org.id == id).collect()
        }
        None => identity::org::list(&db).await?,
    };
    let expected_of = expected_of(&db, &orgs, expect).await?;
    let (mut values, mut faults) = (Vec::new(), 0);
    for org in &orgs {
        let mut account = seal::verify(&db, org.id, &records(), expected_of(org), &|_| {}).await?;
        account.faults.retain(|f| !matches!(f, Fault::Key { key, .. } if trusted.contains(key)));
        faults += account.faults.len();
        values.push(value(org, &account));
        if !call.json {
            print(org, &account);
        }
    }
    db.close().await;
    if call.json {
        println!("{}", json!({ "ok": faults == 0, "organisations": values }));
    }
    if faults > 0 {
        std::process::exit(1);
    }
    Ok(())
}

/// Which organisation an expected root belongs to: the one whose chain has it, else the only one.
async fn expected_of(
    db: &Db,
    orgs: &[Org],
    expect: Option<[u8; 32]>,
) -> anyhow::Result<impl Fn(&Org) -> Option<[u8; 32]> + use<>> {
    let mut whose = None;
    if let Some(root) = expect {
        for org in orgs {
            let id = org.id;
            if db::read!(db, id, |tx| seal::with_root(tx, id, &root).await)?.is_some() {
                whose = Some(id);
            }
        }
    }
    // A root that no chain has is missed in the first one, so that it is missed.
    let whose = whose.or_else(|| orgs.first().map(|org| org.id));
    Ok(move |org: &Org| expect.filter(|_| whose == Some(org.id)))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn value(org: &Org, account: &Account) -> Value {
    let faults: Vec<Value> = account
        .faults
        .iter()
        .map(|f| json!({ "kind": f.code(), "record": f.record(), "message": f.to_string() }))
        .collect();
    let keys: Vec<Value> = account
        .keys
        .iter()
        .map(|(batch, key)| json!({ "from_batch": batch, "key": key.to_string() }))
        .collect();
    json!({
        "organisation": org.name,
        "batches": account.batches,
        "sealed_events": account.sealed,
        "unsealed_events": account.unsealed,
        "rows": account.rows,
        "root": account.root.map(|root| hex(&root)),
        "sealed_at": account.sealed_at,
        "expected_root_in_batch": account.expected,
        "keys": keys,
        "faults": faults,
    })
}

fn print(org: &Org, account: &Account) {
    let n = kernel::thousands;
    println!(
        "{}: {} sealed events in {} batches, {} not sealed yet, {} records",
        org.name,
        n(account.sealed),
        n(account.batches),
        n(account.unsealed),
        n(account.rows)
    );
    if let (Some(root), Some(at)) = (account.root, account.sealed_at) {
        println!("  last seal {at}, root {}", hex(&root));
    }
    for (batch, key) in account.keys.iter().skip(1) {
        println!("  from batch {batch} on sealed with the key {key}");
    }
    if let Some(number) = account.expected {
        println!("  the expected root is that of batch {number} of {}", account.batches);
    }
    if account.faults.is_empty() {
        println!("  The record is whole.");
        return;
    }
    println!("  THE RECORD IS NOT WHOLE. First:");
    for fault in account.faults.iter().take(PRINTED) {
        println!("  - {fault}");
    }
    if account.faults.len() > PRINTED {
        println!("  and {} more (--json prints them all)", n(count(account.faults.len() - PRINTED)));
    }
}

fn count(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

async fn root(call: &Call) -> anyhow::Result<()> {
    let db = beside(call).await?;
    let mut values = Vec::new();
    for org in identity::org::list(&db).await? {
        let last = db::read!(&db, org.id, |tx| seal::last(tx, org.id).await)?;
        if !call.json {
            match &last {
                Some(last) => println!(
                    "{}  {}  batch {}, {}, key {}",
                    hex(&last.root),
                    org.name,
                    last.number,
                    last.sealed_at,
                    last.sealed_by
                ),
                None => println!("{:64}  {}  nothing is sealed yet", "", org.name),
            }
        }
        values.push(json!({
            "organisation": org.name,
            "root": last.as_ref().map(|last| hex(&last.root)),
            "batch": last.as_ref().map(|last| last.number),
            "sealed_at": last.as_ref().map(|last| last.sealed_at),
            "key": last.as_ref().map(|last| last.sealed_by.to_string()),
        }));
    }
    db.close().await;
    if call.json {
        println!("{}", json!({ "ok": true, "organisations": values }));
    }
    Ok(())
}

async fn seal_now(call: &Call) -> anyhow::Result<()> {
    let db = call.open().await?;
    let file = call.config.seal_key();
    let sealed_before = db::read!(&db, Wall::All("whether there is a seal"), |tx| seal::any(tx).await)?;
    let signer = match Signer::read(&file) {
        Err(KeyFault::Missing(_)) if !sealed_before => Signer::create(&file)?,
        read => read?,
    };
    let mut sealed = 0;
    for waiting in db::read!(&db, Wall::All("sealing now"), |tx| seal::unsealed(tx).await)? {
        while let Some(batch) = seal::close(&db, waiting.org, &signer, Instant::machine_now()).await? {
            sealed += batch.events;
        }
    }
    db.close().await;
    call.say(
        &json!({ "ok": true, "sealed": sealed }),
        &format!("Sealed {} events.", kernel::thousands(sealed)),
    );
    Ok(())
}

async fn rotate(call: &Call, reason: &str, lost: bool) -> anyhow::Result<()> {
    anyhow::ensure!(!reason.is_empty(), "Say why with --reason; it stays in the record.");
    let db = call.open().await?;
    let file = call.config.seal_key();
    let present = if lost {
        anyhow::ensure!(
            !file.exists(),
            "The key file {} is there. Move it away if it is truly the wrong one, or leave --lost out.",
            file.display()
        );
        None
    } else {
        Some(Signer::read(&file)?)
    };
    // The new key is on the disk before anything names it; the old one stays until everything does.
    let new_file = file.with_extension("new-seal-key");
    let new = match Signer::read(&new_file) {
        Ok(left) => left,
        Err(_) => Signer::create(&new_file)?,
    };
    let now = Instant::machine_now();
    for org in identity::org::list(&db).await? {
        let before = db::read!(&db, org.id, |tx| seal::last(tx, org.id).await)?;
        if before.is_some_and(|last| last.next_by == new.public()) {
            continue;
        }
        match &present {
            Some(present) => seal::rotate(&db, org.id, present, new.public(), now, reason).await?,
            None => seal::replace_lost(&db, org.id, &new, now, reason).await?,
        };
    }
    if present.is_some() {
        let old = file.with_extension("old-seal-key");
        std::fs::rename(&file, &old).with_context(|| format!("keeping the old key as {}", old.display()))?;
    }
    std::fs::rename(&new_file, &file)
        .with_context(|| format!("putting the new key to {}", file.display()))?;
    db.close().await;
    let words =
        format!("From now on the key {} seals. Keep a copy of {} elsewhere.", new.public(), file.display());
    call.say(&json!({ "ok": true, "key": new.public().to_string(), "file": file }), &words);
    Ok(())
}

async fn show(call: &Call, wanted: &str, org: Option<&str>) -> anyhow::Result<()> {
    let db = beside(call).await?;
    let org = call.org(&db, org).await?;
    let Some((table, id)) = find(&db, org, wanted).await? else {
        anyhow::bail!(
            "There is no record “{wanted}”. Write an asset tag, an id, or a kind and an id. Kinds are: {}.",
            records().iter().map(|r| r.table).collect::<Vec<_>>().join(", ")
        );
    };
    let (mut life, mut below) = (Vec::new(), i64::MAX);
    loop {
        let some = db::read!(&db, org, |tx| db::gate::life(tx, org, table, id, below, 500).await)?;
        let Some(last) = some.last() else { break };
        below = last.version;
        life.extend(some);
    }
    life.reverse();
    db.close().await;
    if call.json {
        let events: Vec<Value> = life.iter().map(|event| event_value(org, event)).collect();
        println!("{}", json!({ "ok": true, "entity": table, "id": id, "events": events }));
    } else {
        println!("{table} {id}");
        life.iter().for_each(|event| print_event(org, event));
    }
    Ok(())
}

/// The kind and id of a record.
async fn find(db: &Db, org: OrgId, wanted: &str) -> anyhow::Result<Option<(&'static str, Uuid)>> {
    let (kind, word) = wanted.split_once('/').unwrap_or(("", wanted));
    let kinds: Vec<&'static str> =
        records().iter().map(|r| r.table).filter(|table| kind.is_empty() || *table == kind).collect();
    if let Ok(id) = word.parse::<Uuid>() {
        for table in kinds {
            let known = db::read!(db, org, |tx| db::gate::life(tx, org, table, id, i64::MAX, 1).await)?;
            if !known.is_empty() {
                return Ok(Some((table, id)));
            }
        }
        return Ok(None);
    }
    let found = match kind {
        "" | "device" => {
            let device = db::read!(db, org, |tx| fleet::device::store::find_by_tag(tx, org, word).await)?;
            device.map(|device| ("device", device.id.uuid()))
        }
        "person" => {
            let person = db::read!(db, org, |tx| identity::person::find_by_email(tx, org, word).await)?;
            person.map(|person| ("person", person.id.uuid()))
        }
        _ => None,
    };
    Ok(found)
}

fn event_value(org: OrgId, event: &Event) -> Value {
    json!({
        "id": event.id,
        "version": event.version,
        "action": event.action,
        "recorded_at": event.recorded_at,
        "valid_at": event.valid_at,
        "actor": event.actor_name,
        "actor_id": event.actor_id,
        "via": event.via,
        "request": event.request_id,
        "reason": event.reason,
        "changes": event.changes(),
        "after": event.after,
        "hash": hex(&event.hash),
        "whole": event.is_whole(org),
    })
}

fn print_event(org: OrgId, event: &Event) {
    let flaw = if event.is_whole(org) { "" } else { "  ALTERED SINCE" };
    println!(
        "\n{}  version {}  {}  by {} ({}){flaw}",
        event.recorded_at, event.version, event.action, event.actor_name, event.via
    );
    if event.valid_at != event.recorded_at {
        println!("  true since {}", event.valid_at);
    }
    if let Some(reason) = &event.reason {
        println!("  reason: {reason}");
    }
    if event.before.is_none()
        && let Value::Object(fields) = &event.after
    {
        fields.iter().for_each(|(field, value)| println!("  {field}: {value}"));
    }
    for change in event.changes() {
        println!("  {}: {} -> {}", change.field, change.before, change.after);
    }
    println!("  event {}  request {}", event.id, event.request_id);
}
