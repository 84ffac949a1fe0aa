//! The fleet as it was known at a past instant, taken out as files.

use std::{collections::BTreeMap, path::Path};

use baton::rooms;
use fleet::{
    company,
    device::{Hold, State, actions, store},
    export::folder,
};
use identity::Sent;
use kernel::Instant;
use testkit::Store;

use crate::hospital::system;

fn schemas() -> &'static [db::RoomSchema] {
    Box::leak(rooms::schemas().into_boxed_slice())
}

/// Every file of an export, its lines in order: devices stand by tag today and by when they came as of then.
async fn taken(store: &Store, org: kernel::OrgId, as_of: Option<Instant>) -> BTreeMap<String, Vec<String>> {
    let folder = tempfile::tempdir().unwrap();
    folder::write(&store.db, &system(org), folder.path(), as_of, |_, _| {}).await.unwrap();
    let read = |path: &Path| {
        let mut lines: Vec<String> =
            std::fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    let files = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
    files.map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), read(&path))).collect()
}

testkit::engine_tests! {
    rooms: schemas();

    async fn an_export_as_known_then_is_the_export_of_then(store: Store) {
        let options = demo::Options { devices: 80, ..demo::Options::default() };
        demo::create(&store.db, &options, |_| {}).await.unwrap();
        let org = identity::org::list(&store.db).await.unwrap()[0].id;
        let before = taken(&store, org, None).await;
        assert_eq!(before.len(), 7);
        assert!(before["devices.csv"].len() > 80);
        let then = db::read!(store.db, db::Wall::All("a test"), |tx| db::gate::last_recorded(tx).await).unwrap().unwrap();
        assert_eq!(taken(&store, org, Some(then)).await, before, "nothing was recorded since");
        // A day later a maker, a site and a place have other names, one device is held and another has another tag.
        let mut who = system(org);
        who.at = then.plus_seconds(86_400);
        db::write!(store.db, org, |tx| {
            let maker = company::store::list(tx, org, 1).await?.remove(0);
            company::actions::rename(tx, &who, maker.id, maker.version, "Renamed & Sons").await?;
            let devices = store::each(tx, org, None, 1_000).await?;
            let mut free = devices.iter().filter(|d| d.state == State::InService && d.hold.is_none());
            let hold = Hold { reason: "Flow above limit".into(), released_by: "Flow test".into() };
            let held = free.next().unwrap();
            actions::hold(tx, &who, held.id, held.version, hold).await?;
            let site = identity::site::list(tx, org).await?.remove(0);
            let draft = identity::site::Draft {
                name: "Another name".into(),
                code: site.code.clone().unwrap_or_default(),
                time_zone: site.time_zone.clone(),
                currency: site.currency.to_string(),
                beds: site.beds.map(|b| b.to_string()).unwrap_or_default(),
            };
            identity::site::change(tx, &who, site.id, site.version, &draft, Sent::once()).await?;
            Ok(())
        }).unwrap();
        let after = taken(&store, org, None).await;
        assert_ne!(after["companies.csv"], before["companies.csv"]);
        assert_ne!(after["sites.csv"], before["sites.csv"]);
        assert_ne!(after["devices.csv"], before["devices.csv"]);
        assert_eq!(taken(&store, org, Some(then)).await, before, "as known then");
        assert_eq!(taken(&store, org, Some(who.at)).await, after, "as known now");
        let long_ago = taken(&store, org, Some(Instant::from_micros(0))).await;
        assert!(long_ago.values().all(|lines| lines.len() == 1), "before everything there are only headers");
    }
}
