//! Taking out what an import brought: new versions say so, nothing is deleted, tags and serial numbers are free.

use kernel::{Change, Instant, Result};

use super::Work;
use crate::{
    device::{self, Device},
    import::run::{ImportRun, Progress, RunState, actions, store},
};

impl Work {
    pub(super) async fn undo(&mut self, at: Instant) -> Result<()> {
        let (org, id, step) = (self.org, self.run.id, self.progress.step);
        let who = self.run.actor(org, at);
        let begun = &self.progress;
        let (next, run) = db::write!(self.db, org, |tx| {
            let run = store::must_be(tx, org, id, RunState::Undoing).await?;
            let mut next = Progress { step: step + 1, ..begun.clone() };
            let devices = device::store::of_import(tx, org, id, None, store::BATCH).await?;
            let mut ended = None;
            if !devices.is_empty() {
                if devices.iter().any(|d| d.version > 1) {
                    // Somebody changed one meanwhile; the words name it.
                    actions::in_the_way(tx, &who, id).await?;
                }
                device::store::take_out(tx, org, id, &devices, at).await?;
                let gone = devices.len() as u64;
                tx.record_many(&who, devices.iter().map(|d| gone_at(d, at)).collect()).await?;
                next.done += gone;
                next.counts.devices = next.counts.devices.saturating_sub(gone);
            } else {
                let counts = next.counts.clone();
                let to = ImportRun { state: RunState::Undone, counts, ..run.clone() };
                ended = Some(store::keep(tx, &who, "fleet.import.undone", &run, to).await?);
            }
            store::step(tx, org, id, step, &next).await?;
            Ok((next, ended))
        })?;
        self.progress = next;
        if let Some(run) = run {
            self.end(run);
        }
        Ok(())
    }
}

fn gone_at(before: &Device, at: Instant) -> Change {
    let after = Device { version: before.version + 1, removed_at: Some(at), ..before.clone() };
    after.import_undone(before)
}
