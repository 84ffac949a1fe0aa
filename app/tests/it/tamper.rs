//! Whoever changes the record behind Baton's back is noticed: random changes to any audited row, event or seal, each
//! of which the check must name; a history signed anew; a chain cut short. What the check cannot see is in
//! `THREAT_MODEL.md`.

use std::path::{Path, PathBuf};

use baton::rooms;
use db::{
    Db, Engine, Wall,
    gate::{self, Event},
    scratch::meddle,
    seal::{self, Account, Anchor, Fault, Record, Sealer, Signer, Witness},
};
use kernel::{Instant, OrgId};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng, seq::IndexedRandom as _};
use testkit::Store;
use uuid::Uuid;

fn schemas() -> &'static [db::RoomSchema] {
    Box::leak(rooms::schemas().into_boxed_slice())
}

fn records() -> Vec<Record> {
    rooms::schemas().iter().flat_map(|room| room.records.iter().copied()).collect()
}

/// A small hospital whose record is sealed.
struct Sealed {
    store: Store,
    org: OrgId,
    signer: Signer,
    folder: tempfile::TempDir,
}

fn admin() -> Option<String> {
    std::env::var("BATON_TEST_POSTGRES").ok()
}

impl Sealed {
    async fn new(store: Store) -> Self {
        let options = demo::Options { devices: 40, ..demo::Options::default() };
        demo::create(&store.db, &options, |_| {}).await.unwrap();
        let org = identity::org::list(&store.db).await.unwrap()[0].id;
        let folder = tempfile::tempdir().unwrap();
        let signer = Signer::create(&folder.path().join("key")).unwrap();
        let sealed = Self { store, org, signer, folder };
        sealed.seal().await;
        sealed
    }

    fn db(&self) -> &Db {
        &self.store.db
    }

    async fn seal(&self) {
        while seal::close(self.db(), self.org, &self.signer, Instant::machine_now()).await.unwrap().is_some()
        {
        }
    }

    async fn verify(&self, expect: Option<[u8; 32]>) -> Account {
        self.held_against(&Anchor { root: expect, ..Anchor::default() }).await
    }

    async fn held_against(&self, anchor: &Anchor) -> Account {
        seal::verify(self.db(), self.org, &records(), anchor).await.unwrap()
    }

    /// The server's, with the key and a note of what it sealed.
    fn sealer(&self) -> Sealer {
        Sealer::new(self.folder.path().join("key"), self.witness())
    }

    fn witness(&self) -> PathBuf {
        self.folder.path().join("witness")
    }

    /// What the note says.
    fn anchor(&self) -> Anchor {
        let witness = Witness::read(&self.witness()).unwrap().unwrap();
        Anchor { root: None, keys: witness.keys().to_vec(), last: witness.last(self.org) }
    }

    /// What somebody does who can write the database and does not have the key: puts another name into an old event, with a
    /// fitting hash, takes all seals away and has everything wait for a seal.
    async fn rewrite(&self) {
        let (id, _) = self.rows("person", "id").await[0];
        let mut event = life(self, "person", id).await.remove(0);
        event.actor_name = "Somebody else".to_owned();
        let hash = self.bytes(&event.content_hash(self.org));
        let id = self.id(event.id.uuid());
        self.meddle(&[
            format!("UPDATE event SET actor_name = 'Somebody else', hash = {hash} WHERE id = {id}"),
            "DELETE FROM event_seal".into(),
        ])
        .await;
        requeue_all(self).await;
    }

    async fn root(&self) -> [u8; 32] {
        db::read!(self.db(), self.org, |tx| seal::last(tx, self.org).await).unwrap().unwrap().root
    }

    async fn meddle(&self, statements: &[String]) -> u64 {
        meddle(&self.store.url, admin().as_deref(), statements).await.unwrap()
    }

    /// Rows of a table as text, without the organisation.
    async fn rows(
        &self,
        table: &'static str,
        key: &'static str,
    ) -> Vec<(Uuid, Vec<(String, Option<String>)>)> {
        let sql: &'static str = Box::leak(format!("SELECT * FROM {table} ORDER BY {key}").into_boxed_str());
        let rows =
            db::read!(self.db(), Wall::All("a test"), |tx| tx.all(db::Sql::new(sql), &[]).await).unwrap();
        rows.iter()
            .map(|row| {
                let columns = row.columns().into_iter().filter(|c| c != "org_id");
                let held = columns.map(|c| (c.clone(), row.as_text(&c).unwrap())).collect();
                (row.get(key).unwrap(), held)
            })
            .collect()
    }

    /// An id as this engine writes it.
    fn id(&self, id: Uuid) -> String {
        match self.db().engine() {
            Engine::Sqlite => format!("x'{}'", id.simple()),
            Engine::Postgres => format!("'{id}'"),
        }
    }

    fn bytes(&self, bytes: &[u8]) -> String {
        let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
        match self.db().engine() {
            Engine::Sqlite => format!("x'{hex}'"),
            Engine::Postgres => format!("'\\x{hex}'"),
        }
    }

    /// Another value than the one a column holds, as the engine writes it.
    fn other(&self, kind: Kind, held: Option<&str>, rng: &mut StdRng) -> String {
        match (kind, held) {
            (Kind::Text, Some(text)) if rng.random_bool(0.5) && !text.is_empty() => {
                // One character of it.
                let at = rng.random_range(0..text.chars().count());
                let changed: String = text
                    .chars()
                    .enumerate()
                    .map(|(n, c)| if n == at { if c == 'x' { 'y' } else { 'x' } } else { c })
                    .collect();
                format!("'{}'", changed.replace('\'', "''"))
            }
            (Kind::Text, _) => format!("'meddled {}'", rng.random::<u32>()),
            (Kind::Int, held) => {
                let held: i64 = held.and_then(|h| h.parse().ok()).unwrap_or(0);
                (held + rng.random_range(1..1_000_000)).to_string()
            }
            (Kind::Bool, held) => (!matches!(held, Some("1" | "true"))).to_string(),
            (Kind::Uuid, _) => self.id(Uuid::from_u128(rng.random())),
            (Kind::Bytes, _) => self.bytes(&rng.random::<[u8; 32]>()),
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Text,
    Int,
    Bool,
    Uuid,
    Bytes,
}

/// What kind of value a column holds, by the names the schema gives.
fn kind_of(column: &str) -> Kind {
    match column {
        "hash" => Kind::Bytes,
        "id" | "org_id" | "parent_key" | "import_id" => Kind::Uuid,
        "version" | "beds" | "bytes" | "price_minor" | "life_years" => Kind::Int,
        "active" | "demo" | "must_change_password" | "serial_less" => Kind::Bool,
        _ if column.ends_with("_id") => Kind::Uuid,
        _ if column.ends_with("_at") => Kind::Int,
        _ => Kind::Text,
    }
}

/// How many changes are tried.
fn many() -> usize {
    if std::env::var_os("BATON_LONG").is_some() { 1_000 } else { 200 }
}

const EVENT: Record = Record { table: "event", key: "id", columns: &[], rebuild: |_| Ok(Vec::new()) };

testkit::engine_tests! {
    rooms: schemas();

    async fn every_recorded_table_can_be_checked(store: Store) {
        let all: Vec<db::RoomSchema> = std::iter::once(db::FLOOR).chain(rooms::schemas()).collect();
        let unrecorded: Vec<&str> = all.iter().flat_map(|r| r.unrecorded.iter().map(|(t, _)| *t)).collect();
        let records = records();
        for table in tables(&store.db).await {
            let known = records.iter().find(|r| r.table == table);
            assert_eq!(known.is_none(), unrecorded.contains(&table.as_str()), "{table}");
            let Some(record) = known else { continue };
            let mut columns: Vec<&str> = record.columns.iter().copied().chain(["org_id"]).collect();
            columns.sort_unstable();
            assert_eq!(columns_of(&store.db, &table).await, columns, "{table}");
        }
    }

    async fn seals_that_are_altered_removed_or_reordered_are_named(store: Store) {
        let sealed = Sealed::new(store).await;
        // Several batches.
        for n in 0..3 {
            add_company(&sealed, &format!("Maker {n}")).await;
            sealed.seal().await;
        }
        let batches = sealed.verify(None).await.batches;
        assert!(batches >= 4);
        let org = sealed.id(sealed.org.uuid());
        sealed.meddle(&["CREATE TABLE seal_was AS SELECT * FROM event_seal".to_owned()]).await;
        let zeros = sealed.bytes(&[0; 32]);
        for (number, what) in [
            (2, format!("UPDATE event_seal SET root = {zeros} WHERE number = 2")),
            (2, format!("UPDATE event_seal SET previous = {zeros} WHERE number = 2")),
            (2, format!("UPDATE event_seal SET tree = {zeros} WHERE number = 2")),
            (2, format!("UPDATE event_seal SET signature = {zeros} WHERE number = 2")),
            (2, format!("UPDATE event_seal SET next_by = {zeros} WHERE number = 2")),
            (1, format!("UPDATE event_seal SET leaves = {zeros} WHERE number = 1")),
            (3, "UPDATE event_seal SET sealed_at = sealed_at + 1 WHERE number = 3".to_owned()),
            (3, "UPDATE event_seal SET events = events + 1 WHERE number = 3".to_owned()),
            (3, "UPDATE event_seal SET note = 'meddled' WHERE number = 3".to_owned()),
            (2, "DELETE FROM event_seal WHERE number = 2".to_owned()),
            (1, "DELETE FROM event_seal WHERE number = 1".to_owned()),
            (2, "UPDATE event_seal SET number = 5 - number WHERE number IN (2, 3) AND org_id = ".to_owned() + &org),
        ] {
            let reorder = what.contains("5 - number");
            let steps = if reorder {
                vec![
                    "UPDATE event_seal SET number = -2 WHERE number = 2".to_owned(),
                    "UPDATE event_seal SET number = 2 WHERE number = 3".to_owned(),
                    "UPDATE event_seal SET number = 3 WHERE number = -2".to_owned(),
                ]
            } else {
                vec![what.clone()]
            };
            sealed.meddle(&steps).await;
            let account = sealed.verify(None).await;
            let first = account.faults.first();
            assert!(
                matches!(first, Some(Fault::Batch { number: found, .. }) if *found == number),
                "{what}: {first:?}"
            );
            sealed.meddle(&["DELETE FROM event_seal".into(), "INSERT INTO event_seal SELECT * FROM seal_was".into()]).await;
        }
        assert_eq!(sealed.verify(None).await.faults, []);
        // Leaves that changed places.
        let leaves = db::read!(sealed.db(), sealed.org, |tx| {
            let row = tx.one(db::Sql::new("SELECT leaves FROM event_seal WHERE org_id = $1 AND number = 1"), &db::vals![sealed.org]).await?;
            row.get::<Vec<u8>>("leaves")
        }).unwrap();
        let mut swapped = leaves.clone();
        swapped[..64].copy_from_slice(&leaves[64..128]);
        swapped[64..128].copy_from_slice(&leaves[..64]);
        sealed.meddle(&[format!("UPDATE event_seal SET leaves = {} WHERE number = 1", sealed.bytes(&swapped))]).await;
        assert!(matches!(sealed.verify(None).await.faults[0], Fault::Batch { number: 1, .. }));
        sealed.meddle(&["DROP TABLE seal_was".to_owned()]).await;
    }

    async fn a_history_signed_anew_passes_by_itself_and_fails_against_a_root_kept_elsewhere(store: Store) {
        let sealed = Sealed::new(store).await;
        let kept = sealed.root().await;
        add_company(&sealed, "Another maker").await;
        sealed.seal().await;
        let account = sealed.verify(Some(kept)).await;
        assert_eq!((account.faults, account.expected), (vec![], Some(1)));
        // Somebody with the file and the key rewrites one event with its hash, and seals everything anew.
        sealed.rewrite().await;
        sealed.seal().await;
        assert_eq!(sealed.verify(None).await.faults, [], "with the key, the chain alone says nothing");
        let account = sealed.verify(Some(kept)).await;
        assert_eq!(account.faults, [Fault::Root]);
    }

    async fn a_history_rewritten_without_the_key_is_not_sealed_by_the_server(store: Store) {
        let sealed = Sealed::new(store).await;
        let (sealer, at) = (sealed.sealer(), Instant::machine_now());
        add_company(&sealed, "Another maker").await;
        assert_eq!(sealer.seal(sealed.db(), sealed.org, at).await.unwrap(), 1);
        assert_eq!(sealed.held_against(&sealed.anchor()).await.faults, []);
        let noted = sealed.anchor();
        sealed.rewrite().await;
        let refused = sealer.seal(sealed.db(), sealed.org, at).await.unwrap_err();
        assert_eq!(refused.code(), "seal.cut", "{refused:?}");
        let account = sealed.held_against(&noted).await;
        assert_eq!((account.batches, account.faults.as_slice()), (0, [Fault::Cut { number: 2 }].as_slice()));
        assert_eq!(sealed.anchor(), noted, "the note stands");
        // Nor by any other way in.
        let next = Signer::create(&sealed.folder.path().join("next")).unwrap();
        let refused = sealer.announce(sealed.db(), sealed.org, (&sealed.signer, next.public()), at, "yearly").await;
        assert_eq!(refused.unwrap_err().code(), "seal.cut");
        // Nor where the note was taken away with the seals: only a person may say that there were none, and that stays.
        std::fs::remove_file(sealed.witness()).unwrap();
        let refused = sealer.seal(sealed.db(), sealed.org, at).await.unwrap_err();
        assert_eq!(refused.code(), "seal.witness", "{refused:?}");
        let refused = sealer.announce(sealed.db(), sealed.org, (&sealed.signer, next.public()), at, "yearly").await;
        assert_eq!(refused.unwrap_err().code(), "seal.witness");
        assert!(!sealed.witness().exists());
        let batch = sealer.resume(sealed.db(), sealed.org, at, "it was never sealed").await.unwrap().unwrap();
        assert!(batch.note.as_ref().unwrap().contains("neither a seal nor a note"), "{:?}", batch.note);
        assert!(sealer.seal(sealed.db(), sealed.org, at).await.unwrap() > 1);
    }

    async fn a_history_sealed_with_another_key_is_named_and_not_gone_on_with(store: Store) {
        let sealed = Sealed::new(store).await;
        let (sealer, at) = (sealed.sealer(), Instant::machine_now());
        assert_eq!(sealer.seal(sealed.db(), sealed.org, at).await.unwrap(), 0);
        add_company(&sealed, "Another maker").await;
        assert_eq!(sealer.seal(sealed.db(), sealed.org, at).await.unwrap(), 1);
        sealed.rewrite().await;
        // With a key of their own, and ours announced as the next one: it stands in the database.
        let theirs = Signer::create(&sealed.folder.path().join("theirs")).unwrap();
        while seal::close(sealed.db(), sealed.org, &theirs, at).await.unwrap().is_some() {}
        seal::rotate(sealed.db(), sealed.org, &theirs, sealed.signer.public(), at, "").await.unwrap();
        assert_eq!(sealed.verify(None).await.faults, [], "held against itself, it is whole");
        add_company(&sealed, "A third one").await;
        let refused = sealer.seal(sealed.db(), sealed.org, at).await.unwrap_err();
        assert_eq!(refused.code(), "seal.cut", "{refused:?}");
        let account = sealed.held_against(&sealed.anchor()).await;
        let strange = Fault::Stranger { number: 1, key: theirs.public() };
        assert!(account.faults.contains(&strange) && account.faults.contains(&Fault::Cut { number: 2 }), "{account:?}");
        // Without the batch that was sealed last, by the keys alone.
        let account = sealed.held_against(&Anchor { last: None, ..sealed.anchor() }).await;
        assert_eq!(account.faults, [strange]);
    }

    async fn after_a_backup_was_restored_the_record_says_why_it_goes_on(store: Store) {
        let sealed = Sealed::new(store).await;
        let (sealer, at) = (sealed.sealer(), Instant::machine_now());
        assert_eq!(sealer.resume(sealed.db(), sealed.org, at, "nothing happened").await.unwrap().map(|b| b.number), None);
        let company = add_company(&sealed, "Another maker").await;
        assert_eq!(sealer.seal(sealed.db(), sealed.org, at).await.unwrap(), 1);
        // As it was before.
        let id = sealed.id(company);
        sealed.meddle(&[
            "DELETE FROM event_seal WHERE number = 2".into(),
            format!("DELETE FROM event WHERE entity_id = {id}"),
            format!("DELETE FROM company WHERE id = {id}"),
        ]).await;
        add_company(&sealed, "Bought after the disk died").await;
        assert_eq!(sealer.seal(sealed.db(), sealed.org, at).await.unwrap_err().code(), "seal.cut");
        let batch = sealer.resume(sealed.db(), sealed.org, at, "the disk died").await.unwrap().unwrap();
        assert_eq!((batch.number, batch.events), (2, 0));
        assert_eq!(batch.note.as_deref(), Some("the disk died (batch 2, sealed here before, is not in the chain)"));
        assert_eq!(sealer.seal(sealed.db(), sealed.org, at).await.unwrap(), 1);
        assert_eq!(sealed.held_against(&sealed.anchor()).await.faults, []);
    }

    async fn a_key_file_that_was_mended_counts_at_once(store: Store) {
        use std::os::unix::fs::PermissionsExt as _;
        let sealed = Sealed::new(store).await;
        let (sealer, at) = (sealed.sealer(), Instant::machine_now());
        let key = sealed.folder.path().join("key");
        add_company(&sealed, "Another maker").await;
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert_eq!(sealer.seal(sealed.db(), sealed.org, at).await.unwrap_err().code(), "seal.key");
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(sealer.seal(sealed.db(), sealed.org, at).await.unwrap(), 1);
        // Another server exchanged it.
        let next = sealed.folder.path().join("next");
        let new = Signer::create(&next).unwrap();
        sealer.announce(sealed.db(), sealed.org, (&sealed.signer, new.public()), at, "yearly").await.unwrap();
        add_company(&sealed, "A third one").await;
        assert_eq!(sealer.seal(sealed.db(), sealed.org, at).await.unwrap_err().code(), "seal.key");
        std::fs::rename(&next, &key).unwrap();
        assert_eq!(sealer.seal(sealed.db(), sealed.org, at).await.unwrap(), 1);
        assert_eq!(sealed.held_against(&sealed.anchor()).await.faults, []);
        assert_eq!(sealed.anchor().keys, [sealed.signer.public(), new.public()]);
    }

    async fn a_chain_cut_short_fails_against_a_root_kept_elsewhere(store: Store) {
        let sealed = Sealed::new(store).await;
        let earlier = sealed.root().await;
        let company = add_company(&sealed, "Another maker").await;
        sealed.seal().await;
        let kept = sealed.root().await;
        let id = sealed.id(company);
        sealed.meddle(&[
            "DELETE FROM event_seal WHERE number = 2".into(),
            format!("DELETE FROM event WHERE entity_id = {id}"),
            format!("DELETE FROM company WHERE id = {id}"),
        ]).await;
        assert_eq!(sealed.verify(Some(earlier)).await.faults, [], "what came before is whole");
        assert_eq!(sealed.verify(Some(kept)).await.faults, [Fault::Root]);
    }

    async fn a_new_key_is_signed_over_by_the_old_one_and_a_lost_one_shows_for_ever(store: Store) {
        let sealed = Sealed::new(store).await;
        let folder = tempfile::tempdir().unwrap();
        let key = |name: &str| Signer::create(&Path::new(folder.path()).join(name)).unwrap();
        let (second, third) = (key("second"), key("third"));
        let at = Instant::machine_now();
        add_company(&sealed, "One").await;
        seal::rotate(sealed.db(), sealed.org, &sealed.signer, second.public(), at, "yearly").await.unwrap();
        let refused = seal::close(sealed.db(), sealed.org, &sealed.signer, at).await.unwrap_err();
        assert_eq!(refused.code(), "seal.key");
        seal::close(sealed.db(), sealed.org, &second, at).await.unwrap().unwrap();
        let account = sealed.verify(None).await;
        assert_eq!((account.faults.as_slice(), account.keys.len()), ([].as_slice(), 2));
        assert_eq!(account.keys[1].1, second.public());
        seal::replace_lost(sealed.db(), sealed.org, &third, at, "the disk died").await.unwrap();
        add_company(&sealed, "Two").await;
        seal::close(sealed.db(), sealed.org, &third, at).await.unwrap().unwrap();
        let account = sealed.verify(None).await;
        let note = Some("the disk died".to_owned());
        let last = account.batches - 1;
        assert_eq!(account.faults, [Fault::Key { number: last, key: third.public(), note }]);
    }

    async fn what_waits_for_its_seal_is_checked_as_far_as_it_can_be(store: Store) {
        let sealed = Sealed::new(store).await;
        let company = add_company(&sealed, "Late maker").await;
        assert_eq!(sealed.verify(None).await.unsealed, 1);
        let event = life(&sealed, "company", company).await.remove(0).id.uuid();
        let id = sealed.id(event);
        sealed.meddle(&["CREATE TABLE event_was AS SELECT * FROM event".to_owned()]).await;
        for (what, fits) in [
            (format!("UPDATE event SET reason = 'meddled' WHERE id = {id}"), "event_altered"),
            (format!("DELETE FROM event WHERE id = {id}"), "event_removed"),
        ] {
            sealed.meddle(&[what]).await;
            let codes: Vec<&str> = sealed.verify(None).await.faults.iter().map(Fault::code).collect();
            assert!(codes.contains(&fits), "{codes:?}");
            sealed.meddle(&[
                format!("DELETE FROM event WHERE id = {id}"),
                format!("INSERT INTO event SELECT * FROM event_was WHERE id = {id}"),
            ]).await;
        }
        assert_eq!(sealed.verify(None).await.faults, []);
        // An event taken out of the queue was never sealed.
        sealed.meddle(&["CREATE TABLE queue_was AS SELECT * FROM event_unsealed".into(), "DELETE FROM event_unsealed".into()]).await;
        let faults = sealed.verify(None).await.faults;
        assert_eq!(faults.iter().map(|f| (f.code(), f.record())).collect::<Vec<_>>(), [("event_inserted", Some(company))]);
        // One that is sealed already and hides another's place.
        let (old, _) = sealed.rows("event", "id").await[0];
        let row = format!(
            "INSERT INTO event_unsealed (org_id, id, ids, queued_at) VALUES ({}, {}, {}, 1)",
            sealed.id(sealed.org.uuid()), sealed.id(old), sealed.bytes(old.as_bytes())
        );
        sealed.meddle(&[row]).await;
        let codes: Vec<&str> = sealed.verify(None).await.faults.iter().map(Fault::code).collect();
        assert!(codes.contains(&"event_requeued"), "{codes:?}");
        sealed.meddle(&["DROP TABLE event_was".into(), "DROP TABLE queue_was".into()]).await;
    }

    async fn a_small_organisation_beside_a_large_one_is_checked_as_well(store: Store) {
        let mut sealed = Sealed::new(store).await;
        let large = sealed.verify(None).await.sealed;
        let small = crate::hospital::an_organisation(sealed.db(), "small.example", "Small Clinic").await.org;
        let large_one = std::mem::replace(&mut sealed.org, small);
        let company = add_company(&sealed, "A maker").await;
        sealed.seal().await;
        let account = sealed.verify(None).await;
        assert_eq!(account.faults, []);
        assert!(account.sealed >= 2 && account.sealed * 8 < large, "{} of {large}", account.sealed);
        let [record, new] = [company, Uuid::now_v7()].map(|id| sealed.id(id));
        let zeros = sealed.bytes(&[0; 32]);
        let copy = format!(
            "INSERT INTO event (org_id, id, entity, entity_id, version, action, recorded_at, valid_at, actor_name, via, \
             request_id, after, hash) SELECT org_id, {new}, entity, entity_id, 0, action, recorded_at, valid_at, \
             actor_name, via, request_id, after, {zeros} FROM event WHERE entity_id = {record}"
        );
        for (what, code) in [
            (copy, "event_inserted"),
            (format!("DELETE FROM event WHERE id = {new}"), ""),
            (format!("UPDATE event SET reason = 'meddled' WHERE entity_id = {record}"), "event_altered"),
            (format!("UPDATE event SET reason = NULL WHERE entity_id = {record}"), ""),
            (format!("DELETE FROM event WHERE entity_id = {record}"), "event_removed"),
        ] {
            assert_eq!(sealed.meddle(std::slice::from_ref(&what)).await, 1, "{what}");
            let codes: Vec<&str> = sealed.verify(None).await.faults.iter().map(Fault::code).collect();
            assert_eq!(codes.first().copied().unwrap_or_default(), code, "{what}: {codes:?}");
        }
        sealed.org = large_one;
        assert_eq!(sealed.verify(None).await.faults, []);
    }

    async fn what_is_written_and_sealed_meanwhile_is_no_fault(store: Store) {
        let sealed = Sealed::new(store).await;
        let done = std::sync::atomic::AtomicBool::new(false);
        let work = async {
            let mut written = 0;
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                add_company(&sealed, &format!("Maker {written}")).await;
                written += 1;
                if written % 5 == 0 {
                    sealed.seal().await;
                }
            }
            written
        };
        let checks = async {
            for _ in 0..15 {
                assert_eq!(sealed.verify(None).await.faults, []);
            }
            done.store(true, std::sync::atomic::Ordering::Relaxed);
        };
        let (written, ()) = tokio::join!(work, checks);
        assert!(written > 15, "{written}");
    }

    async fn events_that_were_put_in_are_named(store: Store) {
        let sealed = Sealed::new(store).await;
        let new = Uuid::now_v7();
        let (id, zeros) = (sealed.id(new), sealed.bytes(&[0; 32]));
        // With the hash of another event, with no hash, and with its own.
        let (first, columns) = sealed.rows("event", "id").await.remove(0);
        let text = |name: &str| columns.iter().find(|(c, _)| c == name).unwrap().1.clone().unwrap();
        let life = life(&sealed, &text("entity"), text("entity_id").parse().unwrap()).await;
        let mut event = life.into_iter().find(|e| e.id.uuid() == first).unwrap();
        let anothers = sealed.bytes(&event.hash);
        (event.id, event.version) = (kernel::Id::from_uuid(new), event.version + 1000);
        let own = sealed.bytes(&event.content_hash(sealed.org));
        for hash in [anothers, zeros.clone(), own] {
            put_in(&sealed, &id, &hash).await;
            let faults = sealed.verify(None).await.faults;
            assert!(
                faults.iter().any(|f| matches!(f, Fault::Inserted(e) if e.event == new)),
                "{hash}: {faults:?}"
            );
            sealed.meddle(&[format!("DELETE FROM event WHERE id = {id}")]).await;
        }
        // SQLite takes anything for an id, of an event as of a row.
        if sealed.db().engine() == Engine::Sqlite {
            for odd in ["17", "'seventeen'", "x'17'", "x'ffffffffffffffffffffffffffffffffff'"] {
                put_in(&sealed, odd, &zeros).await;
                let codes: Vec<&str> = sealed.verify(None).await.faults.iter().map(Fault::code).collect();
                assert!(codes.contains(&"event_inserted"), "{odd}: {codes:?}");
                sealed.meddle(&[format!("DELETE FROM event WHERE id = {odd}")]).await;
                let row = format!(
                    "INSERT INTO company (org_id, id, name, name_key, version) SELECT org_id, {odd}, name || '!', \
                     name_key || '!', version FROM company LIMIT 1"
                );
                assert_eq!(sealed.meddle(&[row]).await, 1);
                let codes: Vec<&str> = sealed.verify(None).await.faults.iter().map(Fault::code).collect();
                assert_eq!(codes, ["row_inserted"], "{odd}");
                sealed.meddle(&[format!("DELETE FROM company WHERE id = {odd}")]).await;
            }
            // And any number for the row that an event lies in.
            let id = sealed.id(new);
            for number in ["-1", "0", "-9223372036854775808", "9223372036854775807"] {
                put_in(&sealed, &id, &zeros).await;
                sealed.meddle(&[format!("UPDATE event SET rowid = {number} WHERE id = {id}")]).await;
                let faults = sealed.verify(None).await.faults;
                assert!(
                    faults.iter().any(|f| matches!(f, Fault::Inserted(e) if e.event == new)),
                    "{number}: {faults:?}"
                );
                sealed.meddle(&[format!("DELETE FROM event WHERE id = {id}")]).await;
            }
        }
        assert_eq!(sealed.verify(None).await.faults, []);
        // The hash was changed before the event was sealed.
        let company = add_company(&sealed, "Late maker").await;
        let odd = sealed.bytes(&[1; 32]);
        let what = format!("UPDATE event SET hash = {odd} WHERE entity_id = {}", sealed.id(company));
        sealed.meddle(&[what]).await;
        sealed.seal().await;
        let faults = sealed.verify(None).await.faults;
        assert_eq!(faults.iter().map(|f| (f.code(), f.record())).collect::<Vec<_>>(), [("event_altered", Some(company))]);
    }
}

/// Puts a copy of an event into the record under another id and as a later version, with a hash.
async fn put_in(sealed: &Sealed, id: &str, hash: &str) {
    let event = sealed.id(sealed.rows("event", "id").await[0].0);
    let count = sealed
        .meddle(&[format!(
            "INSERT INTO event (org_id, id, entity, entity_id, version, action, recorded_at, valid_at, actor_id, \
             actor_name, via, request_id, reason, before, after, hash) SELECT org_id, {id}, entity, entity_id, \
             version + 1000, action, recorded_at, valid_at, actor_id, actor_name, via, request_id, reason, before, \
             after, {hash} FROM event WHERE id = {event}"
        )])
        .await;
    assert_eq!(count, 1);
}

#[test]
fn each_of_many_random_changes_is_named_on_sqlite() {
    testkit::run(false, false, schemas(), each_of_many_random_changes_is_named);
}

#[test]
fn each_of_many_random_changes_is_named_on_postgres() {
    testkit::run(true, false, schemas(), each_of_many_random_changes_is_named);
}

async fn each_of_many_random_changes_is_named(store: Store) {
    let sealed = Sealed::new(store).await;
    let seed = 20_261_122;
    let mut rng = StdRng::seed_from_u64(seed);
    let account = sealed.verify(None).await;
    assert_eq!(account.faults, [], "the record is whole to begin with");
    assert!(account.sealed > 400 && account.unsealed == 0 && account.rows > 400, "{account:?}");
    let mut tables = records();
    tables.extend([EVENT, EVENT, EVENT]);
    let mut held = Vec::new();
    for record in &tables {
        held.push((*record, sealed.rows(record.table, record.key).await));
    }
    held.retain(|(_, rows)| !rows.is_empty());
    for n in 0..many() {
        let (record, rows) = held.choose(&mut rng).unwrap();
        let (id, columns) = rows.choose(&mut rng).unwrap();
        let change = Meddling { sealed: &sealed, record, id: *id, columns };
        let (what, there, back) = change.choose(&mut rng).await;
        assert_eq!(sealed.meddle(&there).await, 1, "{n}: {what}");
        let account = sealed.verify(None).await;
        let named = account.faults.iter().any(|f| names(f, record, *id));
        assert!(named, "seed {seed}, change {n}: {what} is not named: {:?}", account.faults);
        sealed.meddle(&back).await;
    }
    assert_eq!(sealed.verify(None).await.faults, [], "what was put back is whole again");
}

/// Whether a fault is about this record, or this event.
fn names(fault: &Fault, record: &Record, id: Uuid) -> bool {
    match fault {
        Fault::Altered(e) | Fault::Gone(e) | Fault::Inserted(e) | Fault::Requeued(e) => {
            record.table == "event" && e.event == id
        }
        Fault::Row { table, id: row, .. } => *table == record.table && *row == id,
        _ => false,
    }
}

/// One change to one row that nobody should make.
struct Meddling<'s> {
    sealed: &'s Sealed,
    record: &'s Record,
    id: Uuid,
    columns: &'s [(String, Option<String>)],
}

impl Meddling<'_> {
    /// What it is, the statements that make it, and those that take it back.
    async fn choose(&self, rng: &mut StdRng) -> (String, Vec<String>, Vec<String>) {
        let Record { table, key, .. } = *self.record;
        let id = self.sealed.id(self.id);
        self.sealed
            .meddle(&[
                "DROP TABLE IF EXISTS was".to_owned(),
                format!("CREATE TABLE was AS SELECT * FROM {table} WHERE {key} = {id}"),
            ])
            .await;
        let put_back = format!("INSERT INTO {table} SELECT * FROM was");
        let drop_was = "DROP TABLE was".to_owned();
        let (what, there, back) = match rng.random_range(0..10) {
            0 => {
                let what = format!("DELETE FROM {table} WHERE {key} = {id}");
                (what.clone(), what, vec![put_back, drop_was])
            }
            1 if table == "event" => self.event_with_new_hash(rng).await,
            _ => {
                let (column, held) = self.columns.choose(rng).unwrap();
                let null = held.is_some() && self.may_be_null(column) && rng.random_bool(0.2);
                let value = if null {
                    "NULL".to_owned()
                } else {
                    self.sealed.other(kind_of(column), held.as_deref(), rng)
                };
                let what = format!("UPDATE {table} SET {column} = {value} WHERE {key} = {id}");
                let gone = if column == key { value } else { id };
                let back = vec![format!("DELETE FROM {table} WHERE {key} = {gone}"), put_back, drop_was];
                (what.clone(), what, back)
            }
        };
        (what, vec![there], back)
    }

    /// The clever way: the content and the hash that fits it.
    async fn event_with_new_hash(&self, rng: &mut StdRng) -> (String, String, Vec<String>) {
        let id = self.sealed.id(self.id);
        let text = |name: &str| self.columns.iter().find(|(c, _)| c == name).unwrap().1.clone().unwrap();
        let (entity, record) = (text("entity"), text("entity_id").parse().unwrap());
        let life = life(self.sealed, &entity, record).await;
        let mut event = life.into_iter().find(|e| e.id.uuid() == self.id).unwrap();
        event.reason = Some(format!("meddled {}", rng.random::<u32>()));
        let reason = event.reason.clone().unwrap();
        let hash = self.sealed.bytes(&event.content_hash(self.sealed.org));
        let what = format!("UPDATE event SET reason = '{reason}', hash = {hash} WHERE id = {id}");
        let back = vec![
            format!("DELETE FROM event WHERE id = {id}"),
            "INSERT INTO event SELECT * FROM was".to_owned(),
            "DROP TABLE was".to_owned(),
        ];
        (what.clone(), what, back)
    }

    fn may_be_null(&self, column: &str) -> bool {
        let optional =
            ["reason", "before", "actor_id", "serial", "department_id", "place_id", "code", "risk"];
        optional.contains(&column) && (self.record.table != "device_type" || column == "risk")
    }
}

async fn life(sealed: &Sealed, entity: &str, id: Uuid) -> Vec<Event> {
    db::read!(sealed.db(), sealed.org, |tx| gate::life(tx, sealed.org, entity, id, i64::MAX, 1_000).await)
        .unwrap()
}

/// Adds a company the usual way.
async fn add_company(sealed: &Sealed, name: &str) -> Uuid {
    let who = crate::hospital::system(sealed.org);
    let name = fleet::Name::parse(name).unwrap();
    let company = fleet::Company::new(kernel::Id::new(), name);
    db::write!(sealed.db(), sealed.org, |tx| {
        fleet::company::store::add(tx, sealed.org, &company).await?;
        let after = serde_json::to_value(&company).unwrap();
        let change = kernel::Change {
            action: "fleet.company.add",
            entity: "company",
            id: company.id.uuid(),
            version: 1,
            before: None,
            after,
            valid_at: None,
            reason: None,
        };
        tx.record(&who, change).await
    })
    .unwrap();
    company.id.uuid()
}

/// Queues every event, as if nothing had ever been sealed.
async fn requeue_all(sealed: &Sealed) {
    let packed = match sealed.db().engine() {
        Engine::Sqlite => "id",
        Engine::Postgres => "uuid_send(id)",
    };
    sealed
        .meddle(&[
            "DELETE FROM event_unsealed".into(),
            format!(
                "INSERT INTO event_unsealed (org_id, id, ids, queued_at) SELECT org_id, id, {packed}, 1 FROM event"
            ),
        ])
        .await;
}

/// Every table of the database that is ours.
async fn tables(db: &Db) -> Vec<String> {
    let sql = match db.engine() {
        Engine::Sqlite => {
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE \
             'search_words_%' ORDER BY name"
        }
        Engine::Postgres => {
            "SELECT CAST(relname AS TEXT) AS name FROM pg_class WHERE relkind = 'r' AND relnamespace = \
             current_schema()::regnamespace ORDER BY 1"
        }
    };
    let rows = db::read!(db, Wall::All("a test"), |tx| tx.all(db::Sql::new(sql), &[]).await).unwrap();
    let names = rows.iter().map(|row| row.get("name").unwrap());
    names.filter(|name: &String| name != "_sqlx_migrations").collect()
}

/// The columns of a table by name.
async fn columns_of(db: &Db, table: &str) -> Vec<String> {
    let sql = match db.engine() {
        Engine::Sqlite => "SELECT name FROM pragma_table_info($1) ORDER BY name",
        Engine::Postgres => {
            "SELECT CAST(attname AS TEXT) AS name FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 \
             AND NOT attisdropped ORDER BY 1"
        }
    };
    let rows =
        db::read!(db, Wall::All("a test"), |tx| tx.all(db::Sql::new(sql), &db::vals![table]).await).unwrap();
    rows.iter().map(|row| row.get("name").unwrap()).collect()
}
