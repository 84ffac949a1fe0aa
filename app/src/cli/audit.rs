//! `baton audit`

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Subcommand;
use db::{
    Db, Place, Wall,
    seal::{self, Account, Anchor, Fault, KeyFault, PublicKey, Record, Sealer, Signer, Witness},
};
use identity::org::Org;
use kernel::{Instant, OrgId};
use serde_json::{Value, json};

use super::{Call, life, out::out};
use crate::rooms;

/// The record of changes.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check every seal, every event and every record against its events, and the seals against what is noted beside the
    /// key. Ends with status 1 when anything is not as it was sealed. May run beside a server.
    Verify {
        /// A root that `baton audit root` printed earlier and that was kept elsewhere: it must be in the chain.
        #[arg(long, value_name = "ROOT")]
        expect_root: Option<String>,
        /// A key that took the place of a lost one, as `baton audit root` prints it: it is not counted as a fault.
        #[arg(long, value_name = "KEY")]
        trust_key: Vec<String>,
        /// A key of this installation, where the note beside the key is not at hand: a seal by any other key is a fault. May be
        /// given several times.
        #[arg(long, value_name = "KEY")]
        key: Vec<String>,
        /// Organisation, by its name, when there are several; without it, all are checked.
        #[arg(long)]
        org: Option<String>,
    },
    /// Print the life of one record: every change, who made it, when and why.
    Show {
        /// A device's asset tag, present or former, or person/ and an e-mail address, or a kind and an id such as
        /// site/0190…, or an id.
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
    /// Go on sealing after a backup was restored: the record then says, signed, that what was sealed since is not in it.
    Resume {
        /// Why; it stays in the record.
        #[arg(long)]
        reason: String,
    },
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
        Command::Verify { expect_root, trust_key, key, org } => {
            verify(&call, expect_root.as_deref(), [&trust_key, &key], org.as_deref()).await
        }
        Command::Show { record, org } => life::show(&call, &record, org.as_deref()).await,
        Command::Root => root(&call).await,
        Command::Seal => seal_now(&call).await,
        Command::Resume { reason } => resume(&call, reason.trim()).await,
        Command::RotateKey { reason, lost } => rotate(&call, reason.trim(), lost).await,
    }
}

pub(super) async fn beside(call: &Call) -> anyhow::Result<Db> {
    Ok(Place::read_beside(&call.config.database, &rooms::schemas()).await?)
}

pub(super) fn records() -> Vec<Record> {
    rooms::schemas().iter().flat_map(|room| room.records.iter().copied()).collect()
}

/// Faults printed for people; the rest are counted.
const PRINTED: usize = 50;

fn keys(texts: &[String]) -> anyhow::Result<Vec<PublicKey>> {
    let parse = |text: &String| PublicKey::parse(text).context("A key has 64 hexadecimal digits.");
    texts.iter().map(parse).collect()
}

async fn verify(
    call: &Call,
    expect: Option<&str>,
    [trusted, ours]: [&[String]; 2],
    named: Option<&str>,
) -> anyhow::Result<()> {
    let expect =
        expect.map(|text| seal::parse_root(text).context("A root has 64 hexadecimal digits.")).transpose()?;
    let (trusted, ours) = (keys(trusted)?, keys(ours)?);
    let db = beside(call).await?;
    let file = call.config.seal_witness();
    let witness = Witness::read(&file)?;
    let orgs = match named {
        Some(_) => {
            let id = call.org(&db, named).await?;
            identity::org::list(&db).await?.into_iter().filter(|org| org.id == id).collect()
        }
        None => identity::org::list(&db).await?,
    };
    anyhow::ensure!(
        !orgs.is_empty(),
        "There is no organisation in this database, and so no record. If there was one, the database is another or was \
         emptied."
    );
    let expected_of = expected_of(&db, &orgs, expect).await?;
    let known: Vec<PublicKey> =
        witness.iter().flat_map(|w| w.keys()).chain(&ours).chain(&trusted).copied().collect();
    let sealed_here = witness.iter().flat_map(Witness::orgs);
    let gone: Vec<OrgId> =
        sealed_here.filter(|org| named.is_none() && !orgs.iter().any(|o| o.id == *org)).collect();
    if !call.json {
        for org in &gone {
            out!("THE RECORD IS NOT WHOLE: organisation {org}, whose record was sealed here, is not there.");
        }
    }
    let (mut values, mut faults, mut unheld) = (Vec::new(), gone.len(), false);
    for org in &orgs {
        let anchor = Anchor {
            root: expected_of(org),
            // Only a key that took a lost one's place says nothing about the others.
            keys: if witness.is_some() || !ours.is_empty() { known.clone() } else { Vec::new() },
            last: witness.as_ref().and_then(|w| w.last(org.id)),
        };
        let mut account = seal::verify(&db, org.id, &records(), &anchor).await?;
        account.faults.retain(|f| !matches!(f, Fault::Key { key, .. } if trusted.contains(key)));
        faults += account.faults.len();
        let held = witness.is_some() || !anchor.keys.is_empty() || expect.is_some();
        unheld |= !held && account.batches > 0;
        values.push(value(org, &account, witness.is_some().then_some(file.as_path())));
        if !call.json {
            print(org, &account, (&file, witness.is_some(), held));
        }
    }
    db.close().await;
    if call.json {
        let ok = faults == 0 && !unheld;
        out!("{}", json!({ "ok": ok, "organisations": values, "organisations_gone": gone }));
    }
    if faults > 0 || unheld {
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

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn value(org: &Org, account: &Account, witness: Option<&Path>) -> Value {
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
        "sealed_at": account.sealed_at.map(|at| at.to_string()),
        "expected_root_in_batch": account.expected,
        "keys": keys,
        "held_against": witness,
        "faults": faults,
    })
}

fn print(org: &Org, account: &Account, (file, is_there, held): (&Path, bool, bool)) {
    let n = kernel::thousands;
    out!(
        "{}: {} sealed events in {} {}, {} not sealed yet, {} records",
        org.name,
        n(account.sealed),
        n(account.batches),
        if account.batches == 1 { "batch" } else { "batches" },
        n(account.unsealed),
        n(account.rows)
    );
    if let (Some(root), Some(at)) = (account.root, account.sealed_at) {
        out!("  last seal {at}, root {}", hex(&root));
    }
    for (batch, key) in &account.keys {
        out!("  from batch {batch} on sealed with the key {key}");
    }
    let file = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    let file = file.display();
    match (is_there, account.batches) {
        (true, _) => out!("  held against {file}"),
        (false, 0) => {
            out!("  Nothing is sealed yet, and there is no {file}: nothing says what was sealed before.")
        }
        (false, _) if !held => out!(
            "  HELD AGAINST NOTHING BUT ITSELF: the note of what this installation sealed, {file}, is not there. Whoever can \
             write the database could have sealed another history. Say where the note lies (seal_witness in the \
             configuration), compare the keys above with yours (--key), or give a root that was kept elsewhere \
             (--expect-root)."
        ),
        (false, _) => {}
    }
    if let Some(number) = account.expected {
        out!("  the expected root is that of batch {number} of {}", account.batches);
    }
    if account.faults.is_empty() {
        out!(
            "{}",
            if held || account.batches == 0 {
                "  The record is whole."
            } else {
                "  Within itself it is whole."
            }
        );
        return;
    }
    out!("  THE RECORD IS NOT WHOLE. First:");
    for fault in account.faults.iter().take(PRINTED) {
        out!("  - {fault}");
    }
    if account.faults.len() > PRINTED {
        out!("  and {} more (--json prints them all)", n(count(account.faults.len() - PRINTED)));
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
                Some(last) => out!(
                    "{}  {}  batch {}, {}, key {}",
                    hex(&last.root),
                    org.name,
                    last.number,
                    last.sealed_at,
                    last.sealed_by
                ),
                None => out!("{:64}  {}  nothing is sealed yet", "", org.name),
            }
        }
        values.push(json!({
            "organisation": org.name,
            "root": last.as_ref().map(|last| hex(&last.root)),
            "batch": last.as_ref().map(|last| last.number),
            "sealed_at": last.as_ref().map(|last| last.sealed_at.to_string()),
            "key": last.as_ref().map(|last| last.sealed_by.to_string()),
        }));
    }
    db.close().await;
    if call.json {
        out!("{}", json!({ "ok": true, "organisations": values }));
    }
    Ok(())
}

fn sealer(call: &Call) -> Sealer {
    Sealer::new(call.config.seal_key(), call.config.seal_witness())
}

async fn seal_now(call: &Call) -> anyhow::Result<()> {
    let db = call.open().await?;
    let (file, sealer) = (call.config.seal_key(), sealer(call));
    let sealed_before = db::read!(db, Wall::All("whether there is a seal"), |tx| seal::any(tx).await)?;
    match Signer::read(&file) {
        Err(KeyFault::Missing(_)) if !sealed_before && !call.config.seal_witness().exists() => {
            sealer.begin()?
        }
        read => read?,
    };
    let mut sealed = 0;
    for waiting in db::read!(&db, Wall::All("sealing now"), |tx| seal::unsealed(tx).await)? {
        sealed += sealer.seal(&db, waiting.org, Instant::machine_now()).await?;
    }
    db.close().await;
    call.say(
        &json!({ "ok": true, "sealed": sealed }),
        &format!("Sealed {} events.", kernel::thousands(sealed)),
    );
    Ok(())
}

async fn resume(call: &Call, reason: &str) -> anyhow::Result<()> {
    anyhow::ensure!(!reason.is_empty(), "Say why with --reason; it stays in the record.");
    let db = call.open().await?;
    let (sealer, mut words) = (sealer(call), Vec::new());
    for org in identity::org::list(&db).await? {
        match sealer.resume(&db, org.id, Instant::machine_now(), reason).await? {
            Some(batch) => words.push(format!("{}: goes on with batch {}.", org.name, batch.number)),
            None => words.push(format!("{}: nothing is missing that was sealed here.", org.name)),
        }
    }
    db.close().await;
    call.say(&json!({ "ok": true, "organisations": words }), &words.join("\n"));
    Ok(())
}

async fn rotate(call: &Call, reason: &str, lost: bool) -> anyhow::Result<()> {
    anyhow::ensure!(!reason.is_empty(), "Say why with --reason; it stays in the record.");
    let db = call.open().await?;
    let (file, sealer) = (call.config.seal_key(), sealer(call));
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
            Some(present) => {
                sealer.announce(&db, org.id, (present, new.public()), now, reason).await?;
            }
            None => {
                let batch = seal::replace_lost(&db, org.id, &new, now, reason).await?;
                sealer.replaced(&db, org.id, &batch).await?;
            }
        }
    }
    if present.is_some() {
        let old = old_file(&file);
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

/// A name for the key that was, beside those before it.
fn old_file(file: &Path) -> PathBuf {
    let name = |n: u32| match n {
        1 => file.with_extension("old-seal-key"),
        n => file.with_extension(format!("old-{n}-seal-key")),
    };
    (1..).map(name).find(|old| !old.exists()).unwrap_or_else(|| name(1))
}
