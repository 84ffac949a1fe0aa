//! The second pass: a verdict on each row, against the rows before it and against what is on record.

use std::collections::{HashMap, HashSet};

use db::{Select, Tx, Val};
use kernel::{Instant, OrgId, Reach, Result, SiteId};

use super::{
    Work, build,
    build::RowNames,
    known::{self, KnownSite},
    missing::{Ground, model_may_be_added},
    survey::reading,
};
use crate::{
    ModelId,
    device::former,
    export::described::{self, Described},
    import::{
        Draft, Field, Mapping, Options, Seen,
        names::Names,
        row::parse,
        run::{
            Counts, Flaw, ImportRun, Phase, Progress, RunState, Verdict,
            source::{Batch, Line},
            store::{self, Judged},
        },
    },
};

/// Rows of a batch.
pub(super) const BATCH: usize = store::BATCH as usize;

/// A row as far as the file alone decides it.
pub(super) struct Entry {
    line: u64,
    tag: Option<String>,
    draft: Option<Draft>,
    flaws: Vec<Flaw>,
}

/// What a batch of rows must be compared with.
struct Facts {
    sites: HashMap<String, KnownSite>,
    ground: Ground,
    /// Devices by the keys of their tags.
    devices: HashMap<String, Described>,
    /// Keys of tags that a device carried before its present one.
    former: HashSet<String>,
    /// Models by the keys of maker and model, with the key of their type.
    models: HashMap<(String, String), (ModelId, String)>,
    /// Tags of devices by model and key of the serial number.
    serials: HashMap<(ModelId, String), String>,
}

impl Work {
    pub(super) async fn judge(&mut self, at: Instant) -> Result<()> {
        let judged = self.judge_batch(at).await;
        if judged.is_err() {
            // What the rows of this batch repeat was noted, but the batch was not kept.
            self.seen = None;
        }
        judged
    }

    async fn judge_batch(&mut self, _: Instant) -> Result<()> {
        let (mapping, options) = (self.run.mapping(), reading(&self.run)?);
        let names = self.names().await?;
        let mut seen = match self.seen.take() {
            Some(seen) => seen,
            None => self.replayed(&mapping, &options, &names).await?,
        };
        let layout = self.run.layout.clone();
        let from = self.progress.position;
        let batch = self.window.batch(&self.db, &layout, from, BATCH).await?;
        let entries = entries(&batch, (&mapping, &options, &names), &mut seen);
        let (org, id, step, run) = (self.org, self.run.id, self.progress.step, &self.run);
        let begun = &self.progress;
        let next = db::write!(self.db, org, |tx| {
            store::must_be(tx, org, id, RunState::Checking).await?;
            let facts = Facts::of(tx, org, run, &entries).await?;
            let mut counts = begun.counts.clone();
            counts.blank += batch.lines.len() as u64 - entries.len() as u64;
            let mut rows = Vec::with_capacity(entries.len());
            for entry in &entries {
                rows.push(verdict(entry, &facts, run, &mapping, &mut counts));
            }
            store::add_rows(tx, org, id, &rows).await?;
            let next = Progress {
                step: step + 1,
                phase: if batch.ended { Phase::Link } else { Phase::Judge },
                position: batch.next,
                done: begun.done + batch.lines.len() as u64,
                counts,
                ..begun.clone()
            };
            store::step(tx, org, id, step, &next).await?;
            Ok(next)
        })?;
        self.seen = Some(seen);
        self.progress = next;
        Ok(())
    }

    /// What the rows before the present position hold, for a worker that goes on where another was killed.
    async fn replayed(&mut self, mapping: &Mapping, options: &Options, names: &Names) -> Result<Seen> {
        let mut seen = Seen::default();
        let (mut position, layout) = (self.run.start, self.run.layout.clone());
        while position.record < self.progress.position.record {
            let left = self.progress.position.record - position.record;
            let most = BATCH.min(usize::try_from(left).unwrap_or(BATCH));
            let batch = self.window.batch(&self.db, &layout, position, most).await?;
            entries(&batch, (mapping, options, names), &mut seen);
            position = batch.next;
            if batch.ended {
                break;
            }
        }
        Ok(seen)
    }
}

/// What the file alone says about the rows of a batch; blank rows are left out.
pub(super) fn entries(
    batch: &Batch,
    (mapping, options, names): (&Mapping, &Options, &Names),
    seen: &mut Seen,
) -> Vec<Entry> {
    let tag_column = mapping.index(Field::Tag);
    let mut entries = Vec::with_capacity(batch.lines.len());
    for line in &batch.lines {
        let record = match line {
            Line::Record(record) => record,
            Line::Bad { line, message } => {
                let flaw = Flaw { kind: "unreadable".into(), refuses: true, message: message.clone() };
                entries.push(Entry { line: *line, tag: None, draft: None, flaws: vec![flaw] });
                continue;
            }
        };
        let verdict = parse(record, mapping, options);
        if verdict.is_blank() {
            continue;
        }
        let mut draft = verdict.draft;
        let mut flaws: Vec<Flaw> = verdict.problems.into_iter().map(Flaw::from).collect();
        flaws.extend(recoded(record, mapping));
        if let Some(row) = &mut draft {
            flaws.extend(names.settle(record.line, mapping, row));
            for problem in seen.take(record.line, row) {
                let kind = if problem.field == Field::Tag { "tag_twice" } else { "serial_twice" };
                flaws.push(Flaw { kind: kind.into(), ..Flaw::from(problem) });
            }
        }
        if flaws.iter().any(|f| f.refuses) {
            draft = None;
        }
        let cell = tag_column.and_then(|c| record.cells.get(c)).map(|c| c.trim().chars().take(80).collect());
        let tag = draft.as_ref().map(|d| d.tag.as_str().to_owned()).or(cell);
        entries.push(Entry { line: record.line, tag, draft, flaws });
    }
    entries
}

/// A row with letters that are read by a guess, the only one this import makes: it is told, and changes no digit.
fn recoded(record: &sheet::Record, mapping: &Mapping) -> Option<Flaw> {
    let at = record.recoded?;
    let header = mapping.columns().get(at).map_or("", |column| column.header.as_str());
    let cell: String = record.cells.get(at)?.trim().chars().take(40).collect();
    let what =
        format!("column {header}: “{cell}” was no UTF-8 and is read as Windows-1252; look at its letters");
    let message = format!("line {}, {what}", record.line);
    Some(Flaw { kind: "encoding".into(), refuses: false, message })
}

impl Facts {
    async fn of(tx: &mut Tx, org: OrgId, run: &ImportRun, entries: &[Entry]) -> Result<Self> {
        let drafts: Vec<&Draft> = entries.iter().filter_map(|e| e.draft.as_ref()).collect();
        let tags: Vec<String> = drafts.iter().map(|d| d.tag.key()).collect();
        let devices = described::by_tags(tx, org, &tags).await?;
        let former = former::among(tx, org, &tags).await?;
        let models = models(tx, org, &drafts).await?;
        let serials = serials(tx, org, drafts.iter().filter_map(|d| Some(d.serial.as_ref()?.key()))).await?;
        let sites = known::sites(tx, org).await?;
        let ground = Ground::read(tx, org, run, &sites).await?;
        let devices = devices.into_iter().map(|d| (d.device.tag_key(), d)).collect();
        Ok(Self { sites, ground, devices, former, models, serials })
    }
}

/// Models on record that rows may mean.
async fn models(
    tx: &mut Tx,
    org: OrgId,
    drafts: &[&Draft],
) -> Result<HashMap<(String, String), (ModelId, String)>> {
    const HEAD: &str = "SELECT m.id, m.name_key AS model, c.name_key AS maker, t.name_key AS type_name \
        FROM model m JOIN company_called c ON c.org_id = m.org_id AND c.company_id = m.company_id \
        JOIN device_type t ON t.org_id = m.org_id AND t.id = m.type_id";
    let keys: HashSet<String> =
        drafts.iter().filter_map(|d| RowNames::of(d).ok()).map(|names| names.model.key()).collect();
    let mut select = Select::new(HEAD, "m", org);
    select.one_of("m.name_key", keys.iter().map(Val::from));
    let rows = select.all(tx).await?;
    rows.iter()
        .map(|row| {
            let key = (row.get("maker")?, row.get("model")?);
            Ok((key, (row.get("id")?, row.get("type_name")?)))
        })
        .collect()
}

/// Tags of devices on record that have one of these serial numbers, by model.
pub(super) async fn serials(
    tx: &mut Tx,
    org: OrgId,
    keys: impl Iterator<Item = String>,
) -> Result<HashMap<(ModelId, String), String>> {
    const HEAD: &str = "SELECT d.tag, d.model_id, d.serial_key FROM device d";
    let mut select = Select::new(HEAD, "d", org);
    select.one_of("d.serial_key", keys.map(Val::from)).filter("d.removed_at IS NULL", []);
    let rows = select.all(tx).await?;
    rows.iter().map(|row| Ok(((row.get("model_id")?, row.get("serial_key")?), row.get("tag")?))).collect()
}

/// The verdict on one row, counted.
fn verdict(entry: &Entry, facts: &Facts, run: &ImportRun, mapping: &Mapping, counts: &mut Counts) -> Judged {
    let mut flaws = entry.flaws.clone();
    let (mut site_key, mut parent_key) = (None, None);
    let mut verdict = Verdict::Refused;
    if let Some(draft) = &entry.draft {
        parent_key = draft.parent_tag.as_ref().map(crate::device::Tag::key);
        match against(entry.line, draft, facts, run, mapping) {
            Ok((found, site, warnings)) => {
                verdict = found;
                site_key = Some(site);
                flaws.extend(warnings);
            }
            Err(flaw) => flaws.push(flaw),
        }
    }
    counts.add(entry.line, verdict, &flaws);
    Judged { line: entry.line, tag: entry.tag.clone(), parent_key, site_key, verdict, flaws }
}

/// What is on record decides: the verdict, the key of the site, and what else is to be said.
fn against(
    line: u64,
    draft: &Draft,
    facts: &Facts,
    run: &ImportRun,
    mapping: &Mapping,
) -> Result<(Verdict, String, Vec<Flaw>), Flaw> {
    short_enough(line, draft)?;
    let (site, site_key) = site_of(line, draft, facts, run)?;
    let names = RowNames::of(draft).map_err(|e| Flaw::refusal(line, "too_long", e))?;
    let row = build::described(draft, &names, &site, run.as_at)
        .map_err(|rules| Flaw::refusal(line, "rule", words(&rules)))?;
    if let Some(there) = facts.devices.get(&draft.tag.key()) {
        let differing = differing(draft, &row, there, mapping);
        if differing.is_empty() {
            return Ok((Verdict::Same, site_key, Vec::new()));
        }
        let what = format!(
            "asset tag {} is already on record with another {}; an import changes no device, correct it on its \
             page or give this one another tag",
            draft.tag.as_str(),
            differing.join(", ")
        );
        return Err(Flaw::refusal(line, "tag_taken", what));
    }
    if facts.former.contains(&draft.tag.key()) {
        let what = format!(
            "asset tag {} was carried by another device before; tags are never used again, give this one a new tag",
            draft.tag.as_str()
        );
        return Err(Flaw::refusal(line, "tag_used", what));
    }
    let model = facts.models.get(&(names.maker.key(), names.model.key()));
    if let (Some((model, _)), Some(serial)) = (model, &draft.serial)
        && let Some(tag) = facts.serials.get(&(*model, serial.key()))
    {
        let what = format!(
            "serial number {} of this model is already on record as {tag}; keep one of them",
            serial.as_str()
        );
        return Err(Flaw::refusal(line, "serial_taken", what));
    }
    let mut warnings: Vec<Flaw> = facts.ground.check(line, draft, &site, run)?.into_iter().collect();
    if model.is_none() {
        model_may_be_added(line, &names, run)?;
    }
    if let (Some((_, kind)), Some(named)) = (model, &draft.device_type)
        && named.key() != *kind
    {
        let what = format!(
            "model {} is on record under another type than “{}”; that type is kept",
            names.model.as_str(),
            named.as_str()
        );
        warnings.push(Flaw::warning(line, "type_differs", what));
    }
    Ok((Verdict::New, site_key, warnings))
}

/// The fields that the file gives and in which it differs from what is on record.
fn differing(draft: &Draft, row: &Described, there: &Described, mapping: &Mapping) -> Vec<&'static str> {
    let given = |field: &Field| match field {
        Field::TypeRisk => draft.type_risk.is_some(),
        Field::Type => draft.device_type.is_some(),
        Field::CatalogueNumber | Field::Ignore => false,
        Field::CostCentre => draft.cost_centre.is_some(),
        Field::StateSince => draft.state_since.is_some(),
        Field::AcceptedOn => draft.accepted_on.is_some(),
        Field::InspectAfter => draft.inspect_after.is_some(),
        _ => true,
    };
    let mapped = mapping.columns().iter().map(|c| c.field);
    mapped.filter(given).filter(|f| !row.agrees(there, *f)).map(Field::on_page).collect()
}

fn short_enough(line: u64, draft: &Draft) -> Result<(), Flaw> {
    // The limits of the identity room.
    let named = [
        (Field::Site, &draft.site),
        (Field::Building, &draft.building),
        (Field::Floor, &draft.floor),
        (Field::Room, &draft.room),
        (Field::Department, &draft.department),
        (Field::Unit, &draft.unit),
    ];
    let too_long = |field: Field, limit: usize| {
        let what = format!("the {} is too long; shorten it to {limit} characters", field.on_page());
        Err(Flaw::refusal(line, "too_long", what))
    };
    for (field, name) in named {
        if name.as_ref().is_some_and(|n| n.as_str().chars().count() > 120) {
            return too_long(field, 120);
        }
    }
    if draft.cost_centre.as_ref().is_some_and(|c| c.chars().count() > 40) {
        return too_long(Field::CostCentre, 40);
    }
    Ok(())
}

/// The site of a row and its key, if the import may put devices there.
fn site_of(line: u64, draft: &Draft, facts: &Facts, run: &ImportRun) -> Result<(KnownSite, String), Flaw> {
    let refuse = |kind, what: String| Err(Flaw::refusal(line, kind, what));
    let default = run.setup.site.and_then(|id| facts.sites.values().find(|s| s.id == id));
    let site = match &draft.site {
        None => default.cloned(),
        Some(name) => match facts.sites.get(&name.key()) {
            None if run.setup.create_sites => return new_site(line, name, default, facts, run),
            None => {
                let what = format!(
                    "site “{}” is not on record; correct it, add the site, or choose to add missing sites",
                    name.as_str()
                );
                return refuse("site_unknown", what);
            }
            known => known.cloned(),
        },
    };
    let Some(site) = site else {
        return refuse("site_missing", "no site; choose one for rows that name none".to_owned());
    };
    let department = facts.ground.owner(site.id, draft);
    if !run.within.holds(Reach { site: Some(site.id), department }) {
        let what =
            format!("you may not import devices into {}; leave the row to somebody who may", site.name);
        return refuse("site_reach", what);
    }
    let key = kernel::fold(&site.name);
    Ok((site, key))
}

/// A site that the import will add; only somebody who may import and add sites everywhere does.
fn new_site(
    line: u64,
    name: &crate::Name,
    default: Option<&KnownSite>,
    facts: &Facts,
    run: &ImportRun,
) -> Result<(KnownSite, String), Flaw> {
    if !run.may_add_sites() {
        let what = format!(
            "site “{}” is not on record and you may not add it; have it added by a manager",
            name.as_str()
        );
        return Err(Flaw::refusal(line, "site_reach", what));
    }
    let like = default.or_else(|| facts.sites.values().min_by(|a, b| a.name.cmp(&b.name)));
    let usd = || "USD".parse().ok();
    let Some(currency) = like.map(|s| s.currency).or_else(usd) else {
        return Err(Flaw::refusal(line, "site_missing", "no site"));
    };
    let site = KnownSite {
        id: SiteId::from_uuid(uuid::Uuid::nil()),
        name: name.as_str().to_owned(),
        zone: like.map_or(kernel::TimeZone::UTC, |s| s.zone.clone()),
        currency,
    };
    Ok((site, name.key()))
}

/// Broken rules as one sentence after another.
pub(super) fn words(rules: &[crate::Refusal]) -> String {
    rules.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}
