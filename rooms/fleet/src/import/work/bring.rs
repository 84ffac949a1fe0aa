//! Saving the devices, a thousand a transaction, each with its event and its words for search.

use std::collections::{HashMap, HashSet};

use db::{Select, Tx, Val};
use kernel::{Actor, Instant, OrgId, Result};

use super::{
    Work, build,
    build::{Refs, RowNames},
    judge::{BATCH, serials},
    known::{Fresh, KnownSite, Lookup, Names},
    survey::reading,
};
use crate::{
    Refusal,
    device::{self, Device, DeviceId},
    import::{
        Draft,
        row::parse,
        run::{
            Flaw, ImportRun, Progress, RunState,
            source::Line,
            store::{self, Coming},
        },
    },
};

/// A device about to be saved.
struct Ready {
    line: u64,
    device: Device,
    /// Names by which it is found.
    words: String,
    flaws: Vec<Flaw>,
}

/// What one batch came to.
struct Brought {
    next: Progress,
    fresh: Fresh,
    run: Option<ImportRun>,
}

impl Work {
    pub(super) async fn bring(&mut self, at: Instant) -> Result<()> {
        let (mapping, options) = (self.run.mapping(), reading(&self.run)?);
        let names = self.names().await?;
        let layout = self.run.layout.clone();
        let batch = self.window.batch(&self.db, &layout, self.progress.position, BATCH).await?;
        let lines = (batch.lines.first().map_or(0, Line::number), batch.lines.last().map_or(0, Line::number));
        let (org, id, wave) = (self.org, self.run.id, self.progress.wave);
        let coming = db::read!(self.db, org, |tx| store::wave(tx, org, id, lines, wave).await)?;
        let mut drafts: Vec<(u64, Draft)> = Vec::with_capacity(coming.len());
        for line in &batch.lines {
            if let Line::Record(record) = line
                && coming.contains_key(&record.line)
                && let Some(mut draft) = parse(record, &mapping, &options).draft
            {
                names.settle(record.line, &mapping, &mut draft);
                drafts.push((record.line, draft));
            }
        }
        let mut next = Progress { position: batch.next, ..self.progress.clone() };
        if batch.ended {
            next.wave += 1;
            next.position = self.run.start;
        }
        let who = self.run.actor(org, at);
        let brought = self.save(&who, &drafts, &coming, next).await?;
        self.known.absorb(brought.fresh);
        self.progress = brought.next;
        if let Some(run) = brought.run {
            self.end(run);
        }
        Ok(())
    }

    async fn save(
        &self,
        who: &Actor,
        drafts: &[(u64, Draft)],
        coming: &HashMap<u64, Coming>,
        next: Progress,
    ) -> Result<Brought> {
        let (org, id, step) = (self.org, self.run.id, self.progress.step);
        db::write!(self.db, org, |tx| {
            let run = store::must_be(tx, org, id, RunState::Running).await?;
            let mut next = Progress { step: step + 1, ..next.clone() };
            let mut fresh = Fresh::default();
            let mut lookup = Lookup { known: &self.known, fresh: &mut fresh, run: &run, who };
            let made = make(tx, &mut lookup, drafts, coming).await?;
            let ready = still_free(tx, org, made).await?;
            for (line, flaws, flaw) in &ready.refused {
                next.counts.turn(*line, flaws, flaw);
                let all: Vec<Flaw> = flaws.iter().chain([flaw]).cloned().collect();
                store::refuse(tx, org, id, *line, &all).await?;
            }
            let saved = put(tx, who, &ready.devices).await?;
            next.done += saved;
            next.counts.devices += saved;
            store::step(tx, org, id, step, &next).await?;
            let mut ended = None;
            if next.wave > next.waves {
                let to = ImportRun { state: RunState::Done, counts: next.counts.clone(), ..run.clone() };
                ended = Some(store::keep(tx, who, "fleet.import.done", &run, to).await?);
            }
            Ok(Brought { next, fresh, run: ended })
        })
    }
}

/// Rows on their way: devices, and rows that turned out to be refused with what was said before.
#[derive(Default)]
struct Made {
    devices: Vec<Ready>,
    refused: Vec<(u64, Vec<Flaw>, Flaw)>,
}

/// Looks names up, adds those that are missing, and makes the devices.
async fn make(
    tx: &mut Tx,
    lookup: &mut Lookup<'_>,
    drafts: &[(u64, Draft)],
    coming: &HashMap<u64, Coming>,
) -> Result<Made> {
    let parents = parents(tx, lookup.who.org, coming).await?;
    // Names may have been changed since the check, and would be added anew.
    let ground = lookup.ground(tx).await?;
    let here: HashMap<String, DeviceId> =
        drafts.iter().filter_map(|(l, d)| Some((d.tag.key(), coming.get(l)?.device))).collect();
    let mut made = Made::default();
    for (line, draft) in drafts {
        let Some(row) = coming.get(line) else { continue };
        let site = match lookup.site(tx, draft.site.as_ref()).await? {
            Some(site) => site,
            None => {
                let flaw = Flaw::refusal(*line, "site_unknown", "its site is no longer on record");
                made.refused.push((*line, row.flaws.clone(), flaw));
                continue;
            }
        };
        if let Err(flaw) = ground.check(*line, draft, &site, lookup.run) {
            made.refused.push((*line, row.flaws.clone(), flaw));
            continue;
        }
        let parent = match &row.parent_key {
            None => None,
            Some(key) => match here.get(key).or_else(|| parents.get(key)) {
                Some(parent) => Some(*parent),
                None => {
                    let what = "its system did not come in; correct that row first";
                    let flaw = Flaw::refusal(*line, "parent_unknown", what);
                    made.refused.push((*line, row.flaws.clone(), flaw));
                    continue;
                }
            },
        };
        match one(tx, lookup, draft, row, &site, parent).await? {
            Ok((device, words)) => {
                made.devices.push(Ready { line: *line, device, words, flaws: row.flaws.clone() });
            }
            Err(rules) => {
                let flaw = Flaw::refusal(*line, "rule", super::judge::words(&rules));
                made.refused.push((*line, row.flaws.clone(), flaw));
            }
        }
    }
    Ok(made)
}

async fn one(
    tx: &mut Tx,
    lookup: &mut Lookup<'_>,
    draft: &Draft,
    row: &Coming,
    site: &KnownSite,
    parent: Option<DeviceId>,
) -> Result<Result<(Device, String), Vec<Refusal>>> {
    let names = RowNames::of(draft).map_err(|e| kernel::Problem::bug(e.to_string()))?;
    let wanted = Names {
        maker: &names.maker,
        type_name: &names.type_name,
        type_risk: draft.type_risk,
        model: &names.model,
    };
    let Some(model) = lookup.model(tx, &wanted).await? else {
        let gone =
            Refusal::new("fleet.import.model_new", "Its model is no longer on record.", "Check again.");
        return Ok(Err(vec![gone]));
    };
    let name = |n: &Option<crate::Name>| n.as_ref().map(|n| n.as_str().to_owned());
    let (building, floor, room) = (name(&draft.building), name(&draft.floor), name(&draft.room));
    let way = [building.as_deref(), floor.as_deref(), room.as_deref()];
    let place = lookup.place(tx, site.id, way).await?;
    let (owner, unit) = build::owner(draft);
    let department = match owner {
        None => None,
        Some(owner) => {
            let named = (owner.as_str(), unit.map(crate::Name::as_str));
            let cost_centre = draft.cost_centre.as_deref().filter(|_| lookup.may_manage(site.id));
            Some(lookup.department(tx, site.id, named, cost_centre).await?)
        }
    };
    let refs = Refs {
        id: row.device,
        model: model.id,
        parent,
        site: site.id,
        place,
        department,
        import: lookup.run.id,
        inherited_risk: model.risk,
    };
    let made = build::device(draft, &refs, site, lookup.run.as_at);
    Ok(made.map(|device| {
        let place = [room.as_deref(), floor.as_deref(), building.as_deref()].into_iter().flatten().next();
        let words = [
            Some(draft.tag.as_str()),
            device.serial.as_deref(),
            device.udi.as_deref(),
            Some(names.model.as_str()),
            Some(names.maker.as_str()),
            Some(names.type_name.as_str()),
            place,
            Some(&site.name),
            unit.or(owner).map(crate::Name::as_str),
        ];
        let words = words.into_iter().flatten().collect::<Vec<_>>().join(" ");
        (device, words)
    }))
}

/// The systems on record that rows of this batch name, by the keys of their tags.
async fn parents(
    tx: &mut Tx,
    org: OrgId,
    coming: &HashMap<u64, Coming>,
) -> Result<HashMap<String, DeviceId>> {
    let keys: HashSet<&String> = coming.values().filter_map(|c| c.parent_key.as_ref()).collect();
    ids_by_tag(tx, org, keys.into_iter()).await
}

async fn ids_by_tag<'k>(
    tx: &mut Tx,
    org: OrgId,
    keys: impl Iterator<Item = &'k String>,
) -> Result<HashMap<String, DeviceId>> {
    let mut select = Select::new("SELECT d.id, d.tag_key FROM device d", "d", org);
    select.one_of("d.tag_key", keys.map(Val::from)).filter("d.removed_at IS NULL", []);
    select.all(tx).await?.iter().map(|row| Ok((row.get("tag_key")?, row.get("id")?))).collect()
}

/// Leaves out devices whose tag or serial number somebody took since the check.
async fn still_free(tx: &mut Tx, org: OrgId, made: Made) -> Result<Made> {
    let keys: Vec<String> = made.devices.iter().map(|r| r.device.tag_key()).collect();
    let mut taken: HashSet<String> = ids_by_tag(tx, org, keys.iter()).await?.into_keys().collect();
    taken.extend(device::former::among(tx, org, &keys).await?);
    let keys = made.devices.iter().filter_map(|r| r.device.serial.as_deref().map(kernel::key));
    let serials = serials(tx, org, keys).await?;
    if taken.is_empty() && serials.is_empty() {
        return Ok(made);
    }
    let mut left = Made { devices: Vec::new(), refused: made.refused };
    for ready in made.devices {
        let device = &ready.device;
        let serial = device.serial.as_deref().map(|s| (device.model, kernel::key(s)));
        let flaw = if taken.contains(&device.tag_key()) {
            let what = format!("asset tag {} was taken since the check; check again", device.tag);
            Some(Flaw::refusal(ready.line, "tag_taken", what))
        } else {
            serial.and_then(|key| serials.get(&key)).map(|tag| {
                let what = format!("its serial number was taken by {tag} since the check; check again");
                Flaw::refusal(ready.line, "serial_taken", what)
            })
        };
        match flaw {
            Some(flaw) => left.refused.push((ready.line, ready.flaws, flaw)),
            None => left.devices.push(ready),
        }
    }
    Ok(left)
}

/// Saves devices with their events and the words by which they are found.
async fn put(tx: &mut Tx, who: &Actor, ready: &[Ready]) -> Result<u64> {
    let devices: Vec<Device> = ready.iter().map(|r| r.device.clone()).collect();
    device::store::add_many(tx, who.org, &devices).await?;
    tx.record_many(who, devices.iter().map(Device::imported).collect()).await?;
    let words: Vec<_> = ready.iter().map(|r| (r.device.words_of(), r.words.clone())).collect();
    db::search::put_new(tx, who.org, "device", &words).await?;
    Ok(ready.len() as u64)
}
