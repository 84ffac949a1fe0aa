//! An organisation with sites, and files sent to it.

use db::{Db, Wall};
use fleet::import::{
    ImportRun, RunState, Setup, Work,
    run::{actions, upload::Receiver},
};
use identity::{
    org::Org,
    site::{Calendar, Site},
};
use kernel::{Actor, Clock, Id, OrgId, Problem, Result, Via};
use testkit::Store;

/// An organisation on a database.
#[derive(Clone)]
pub struct House {
    pub db: Db,
    pub clock: Clock,
    pub org: OrgId,
}

impl House {
    /// The store's own organisation with two sites.
    pub async fn new(store: &Store) -> Self {
        Self::empty(store, store.org, &["Main hospital", "West clinic"]).await
    }

    /// Another organisation.
    pub async fn empty(store: &Store, org: OrgId, sites: &[&str]) -> Self {
        let house = Self { db: store.db.clone(), clock: store.clock.clone(), org };
        let who = house.who();
        let new = Org {
            id: org,
            version: 1,
            name: format!("Northfield {org}"),
            base_url: None,
            host: None,
            time_zone: "America/New_York".into(),
            currency: "USD".parse().unwrap(),
            demo: false,
        };
        db::write!(house.db, Wall::All("set-up"), |tx| identity::org::keep(tx, &who, &new).await).unwrap();
        for name in sites {
            let site = Site {
                id: Id::new(),
                version: 1,
                name: (*name).to_owned(),
                code: None,
                time_zone: "America/New_York".into(),
                currency: "USD".parse().unwrap(),
                beds: Some(420),
                calendar: Calendar::default(),
            };
            db::write!(house.db, org, |tx| identity::site::keep(tx, &who, &site).await).unwrap();
        }
        house
    }

    pub fn who(&self) -> Actor {
        Actor::system(self.org, "Test", Via::Job, self.clock.now())
    }

    /// Sends a file in small parts.
    pub async fn send(&self, who: &Actor, text: &[u8]) -> Result<ImportRun> {
        let mut receiver = Receiver::new(&self.db, self.org);
        for part in text.chunks(100_000) {
            receiver.push(part).await?;
        }
        receiver.finish(who, "list.csv").await
    }

    /// Goes on with an import to the end of its present work.
    pub async fn finish(&self, run: &ImportRun) -> ImportRun {
        fleet::import::drive(&self.db, &self.clock, self.org, run.id, |_, _| ()).await.unwrap();
        self.get(run).await
    }

    /// Goes on with an import for some batches, as a server that is then killed.
    pub async fn some_steps(&self, run: &ImportRun, steps: usize) {
        let mut work = Work::open(&self.db, self.org, run.id).await.unwrap().unwrap();
        for _ in 0..steps {
            work.step(self.clock.now()).await.unwrap();
        }
    }

    pub async fn get(&self, run: &ImportRun) -> ImportRun {
        let who = self.who();
        db::read!(self.db, self.org, |tx| actions::visible(tx, &who, run.id).await).unwrap()
    }

    /// Sends and checks a file.
    pub async fn check(&self, text: &[u8]) -> ImportRun {
        let sent = self.send(&self.who(), text).await.unwrap();
        self.finish(&sent).await
    }

    /// Checks again with another set-up.
    pub async fn check_with(&self, run: &ImportRun, change: impl FnOnce(&mut Setup)) -> ImportRun {
        let mut setup = run.setup.clone();
        change(&mut setup);
        let who = self.who();
        let run = db::write!(self.db, self.org, |tx| {
            let run = actions::visible(tx, &who, run.id).await?;
            actions::begin_check(tx, &who, &run, setup.clone()).await
        })
        .unwrap();
        self.finish(&run).await
    }

    /// Begins one of the steps that people ask for.
    pub async fn begin(&self, run: &ImportRun, step: Ask) -> Result<ImportRun> {
        let who = self.who();
        db::write!(self.db, self.org, |tx| {
            let run = actions::visible(tx, &who, run.id).await?;
            match step {
                Ask::Run => actions::begin_run(tx, &who, &run).await,
                Ask::Stop => actions::cancel(tx, &who, &run).await,
                Ask::Undo => actions::begin_undo(tx, &who, &run).await,
            }
        })
    }

    /// Runs a checked import to its end.
    pub async fn run(&self, run: &ImportRun) -> ImportRun {
        let run = self.begin(run, Ask::Run).await.unwrap();
        let done = self.finish(&run).await;
        assert_eq!(done.state, RunState::Done, "{:?}", done.error);
        done
    }

    /// Sends, checks and runs a file.
    pub async fn import(&self, text: &[u8]) -> ImportRun {
        let checked = self.check(text).await;
        assert_eq!(checked.state, RunState::Checked, "{:?}", checked.error);
        self.run(&checked).await
    }

    /// Every device that was not removed, without ids, versions and origin, by tag.
    pub async fn fingerprint(&self) -> Vec<String> {
        crate::counts::are_true(&self.db, self.org).await;
        let mut lines = Vec::new();
        let mut after = None;
        loop {
            let some =
                db::read!(self.db, self.org, |tx| fleet::device::store::each(tx, self.org, after, 500).await)
                    .unwrap();
            let Some(last) = some.last() else { break };
            after = Some(last.id);
            for device in some {
                let mut json = serde_json::to_value(&device).unwrap();
                for gone in ["id", "import", "version"] {
                    json.as_object_mut().unwrap().remove(gone);
                }
                lines.push(format!("{} {json}", device.tag));
            }
        }
        lines.sort();
        lines
    }

    pub async fn devices(&self) -> usize {
        self.fingerprint().await.len()
    }
}

/// What people ask of an import.
#[derive(Clone, Copy)]
pub enum Ask {
    Run,
    Stop,
    Undo,
}

/// A problem's words.
pub fn words<T: std::fmt::Debug>(result: Result<T, Problem>) -> String {
    result.unwrap_err().to_string()
}
