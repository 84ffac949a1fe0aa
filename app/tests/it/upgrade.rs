//! Databases of released versions, kept as they were left: this version opens each, keeps all of it, and goes on
//! writing. Files are made once, at the release (CONTRIBUTING, “A release”), and never changed.

use std::{collections::BTreeMap, fs::File, io::BufReader, path::Path};

use baton::rooms;
use db::{
    Db, Sql,
    seal::{self, Signer},
    vals,
};
use fleet::device::{
    Device, Hold, State, actions,
    list::{self, Wanted},
    store,
};
use kernel::{Instant, OrgId, ScopeSet};

use crate::hospital::system;

/// A release, and what its database holds.
struct Release {
    name: &'static str,
    /// Devices, those that have left among them.
    devices: usize,
    /// Changes on record.
    events: i64,
}

const RELEASES: &[Release] = &[Release { name: "v0.1.0", devices: 353, events: 2_371 }];

const EVENTS: Sql = Sql::new("SELECT DISTINCT entity, entity_id FROM event WHERE org_id = $1");

/// Unpacks a release's database into a folder.
pub fn unpacked(release: &str, folder: &Path) -> String {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let packed = File::open(kept.join(format!("{release}.sqlite.gz"))).unwrap();
    assert!(packed.metadata().unwrap().len() <= 1_000_000, "kept databases are small");
    let file = folder.join("baton.sqlite");
    let mut plain = flate2::read::GzDecoder::new(BufReader::new(packed));
    std::io::copy(&mut plain, &mut File::create(&file).unwrap()).unwrap();
    format!("sqlite://{}", file.display())
}

/// The kept counts are those of the rows.
async fn check_counts(db: &Db, org: OrgId, devices: &[Device]) {
    let mut states: BTreeMap<&str, i64> = BTreeMap::new();
    for device in devices {
        *states.entry(device.state.code()).or_default() += 1;
    }
    let tallied = db::read!(db, org, |tx| db::tally::of(tx, org, store::BY_STATE, &ScopeSet::Everywhere)
        .await)
    .unwrap();
    let mut kept: BTreeMap<&str, i64> = BTreeMap::new();
    for t in &tallied {
        *kept.entry(&t.word).or_default() += t.count;
    }
    assert_eq!(kept, states);
}

/// Every event is whole, and the newest of each device says what its row says.
async fn check_record(db: &Db, org: OrgId, devices: &[Device]) {
    let rows: BTreeMap<_, _> = devices.iter().map(|d| (d.id.uuid(), d)).collect();
    let mut seen = 0;
    db::read!(db, org, |tx| {
        for row in tx.all(EVENTS, &vals![org]).await? {
            let (entity, id): (String, kernel::Id<()>) = (row.get("entity")?, row.get("entity_id")?);
            let life = db::gate::life(tx, org, &entity, id.uuid(), i64::MAX, 1_000).await?;
            assert!(life.iter().all(|event| event.is_whole(org)), "{entity} {id}");
            let Some(device) = rows.get(&id.uuid()) else { continue };
            let newest: Device = serde_json::from_value(life[0].after.clone()).unwrap();
            assert_eq!(&newest, *device);
            seen += 1;
        }
        Ok(())
    })
    .unwrap();
    assert_eq!(seen, devices.len(), "every device has its record");
}

/// What was recorded before there were seals waits for the first one, is sealed, and fits its rows.
async fn check_seal(db: &Db, org: OrgId, events: i64) {
    let folder = tempfile::tempdir().unwrap();
    let signer = Signer::create(&folder.path().join("key")).unwrap();
    let records: Vec<_> = rooms::schemas().iter().flat_map(|room| room.records.iter().copied()).collect();
    let before = seal::verify(db, org, &records, &seal::Anchor::default()).await.unwrap();
    assert_eq!((before.unsealed, before.faults), (events, vec![]));
    while seal::close(db, org, &signer, Instant::machine_now()).await.unwrap().is_some() {}
    let after = seal::verify(db, org, &records, &seal::Anchor::default()).await.unwrap();
    assert_eq!((after.sealed, after.unsealed, after.faults), (events, 0, vec![]));
}

#[tokio::test]
async fn databases_of_released_versions_open_and_go_on() {
    for release in RELEASES {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&unpacked(release.name, folder.path()), &rooms::schemas()).await.unwrap();
        let org = identity::org::list(&db).await.unwrap()[0].id;
        let devices = db::read!(db, org, |tx| store::each(tx, org, None, 10_000).await).unwrap();
        let events = db::read!(db, org, |tx| db::gate::count(tx, org).await).unwrap();
        assert_eq!((devices.len(), events), (release.devices, release.events), "{}", release.name);
        check_counts(&db, org, &devices).await;
        check_record(&db, org, &devices).await;
        check_seal(&db, org, release.events).await;

        let who = system(org);
        let free = devices.iter().find(|d| d.state == State::InService && d.hold.is_none());
        let free = free.unwrap();
        let hold = || Hold { reason: "Flow above limit".into(), released_by: "Flow test".into() };
        db::write!(db, org, |tx| actions::hold(tx, &who, free.id, free.version, hold()).await).unwrap();
        let wanted = Wanted { text: free.tag.clone(), held: true, ..Wanted::default() };
        let keyset = kernel::Keyset::default();
        let found = db::read!(db, org, |tx| list::page(tx, &who, &wanted, &keyset).await).unwrap();
        assert_eq!(found.rows.iter().map(|row| row.id).collect::<Vec<_>>(), [free.id], "{}", release.name);
        db.close().await;
    }
}
