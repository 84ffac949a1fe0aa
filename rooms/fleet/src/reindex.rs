//! The words devices are found by, written again after something they carry the name of was renamed.

use db::{Tx, job::Job, vals};
use kernel::{Id, Instant, OrgId, Problem, Result};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use web::{App, JobKind};

use crate::device::{DeviceId, store};

db::statements! {
    /// Devices of a model, in id order.
    OF_MODEL = "SELECT d.id FROM device d WHERE d.org_id = $1 AND d.model_id = $2 AND d.removed_at IS NULL \
                AND d.id > $3 ORDER BY d.id LIMIT $4";
    /// Devices of a maker, in id order.
    OF_COMPANY = "SELECT d.id FROM device d JOIN model m ON m.org_id = d.org_id AND m.id = d.model_id \
                  WHERE d.org_id = $1 AND m.company_id = $2 AND d.removed_at IS NULL \
                  AND d.id > $3 ORDER BY d.id LIMIT $4";
    /// Devices of a type, in id order.
    OF_TYPE = "SELECT d.id FROM device d JOIN model m ON m.org_id = d.org_id AND m.id = d.model_id \
               WHERE d.org_id = $1 AND m.type_id = $2 AND d.removed_at IS NULL \
               AND d.id > $3 ORDER BY d.id LIMIT $4";
    /// Devices standing at a place, in id order.
    OF_PLACE = "SELECT d.id FROM device d WHERE d.org_id = $1 AND d.place_id = $2 AND d.removed_at IS NULL \
                AND d.id > $3 ORDER BY d.id LIMIT $4";
    /// Devices of an owner, in id order.
    OF_DEPARTMENT = "SELECT d.id FROM device d WHERE d.org_id = $1 AND d.department_id = $2 \
                     AND d.removed_at IS NULL AND d.id > $3 ORDER BY d.id LIMIT $4";
    /// Devices of a site, in id order.
    OF_SITE = "SELECT d.id FROM device d WHERE d.org_id = $1 AND d.site_id = $2 AND d.removed_at IS NULL \
               AND d.id > $3 ORDER BY d.id LIMIT $4";
}

/// What was renamed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Noun {
    Model,
    Company,
    DeviceType,
    Place,
    Department,
    Site,
}

/// What is left to do: the devices of this noun after that one.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Left {
    noun: Noun,
    id: Uuid,
    #[serde(default)]
    after: Option<DeviceId>,
}

/// The job of this room; each one writes a batch and enqueues the next with where it stopped.
const KIND: &str = "fleet.device.reindex";
/// Devices a transaction.
const BATCH: u32 = 500;

/// The jobs that write words again. The three of identity carry the id of what was renamed as their payload.
pub(crate) fn jobs() -> Vec<JobKind> {
    vec![
        JobKind { kind: KIND, run: |app, job| Box::pin(run(app, job)) },
        JobKind { kind: "identity.place.renamed", run: |app, job| Box::pin(renamed(app, job, Noun::Place)) },
        JobKind {
            kind: "identity.department.renamed",
            run: |app, job| Box::pin(renamed(app, job, Noun::Department)),
        },
        JobKind { kind: "identity.site.renamed", run: |app, job| Box::pin(renamed(app, job, Noun::Site)) },
    ]
}

/// Enqueues the work after a rename, in its transaction.
///
/// # Errors
/// As [`Tx::execute`].
pub(crate) async fn later(tx: &mut Tx, org: OrgId, noun: Noun, id: Uuid, now: Instant) -> Result<()> {
    enqueue(tx, org, &Left { noun, id, after: None }, now).await
}

async fn enqueue(tx: &mut Tx, org: OrgId, left: &Left, now: Instant) -> Result<()> {
    let payload = serde_json::to_string(left).map_err(Problem::bug)?;
    db::job::add(tx, org, KIND, &payload, now).await.map(drop)
}

async fn run(app: App, job: Job) -> Result<()> {
    let left: Left = serde_json::from_str(&job.payload).map_err(Problem::bug)?;
    batch(&app, job.org, &left).await
}

/// The payload is the id, bare or in quotes.
async fn renamed(app: App, job: Job, noun: Noun) -> Result<()> {
    let id: Uuid = job.payload.trim_matches('"').parse().map_err(Problem::bug)?;
    batch(&app, job.org, &Left { noun, id, after: None }).await
}

async fn batch(app: &App, org: OrgId, left: &Left) -> Result<()> {
    let statement = match left.noun {
        Noun::Model => OF_MODEL,
        Noun::Company => OF_COMPANY,
        Noun::DeviceType => OF_TYPE,
        Noun::Place => OF_PLACE,
        Noun::Department => OF_DEPARTMENT,
        Noun::Site => OF_SITE,
    };
    let after = left.after.map_or(Uuid::nil(), Id::uuid);
    db::write!(app.db(), org, |tx| {
        let rows = tx.all(statement.clone(), &vals![org, left.id, after, BATCH]).await?;
        let mut last = None;
        for row in &rows {
            let id: DeviceId = row.get("id")?;
            store::index(tx, org, id).await?;
            last = Some(id);
        }
        if rows.len() == BATCH as usize {
            enqueue(tx, org, &Left { after: last, ..*left }, app.now()).await?;
        }
        Ok(())
    })
}
