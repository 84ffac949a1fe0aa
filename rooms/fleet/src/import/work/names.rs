//! What the names of a file are read as: against what is on record, against each other, and as a person said.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use db::Tx;
use kernel::{OrgId, Reach, Result};
use matching::gather::{self, How, Read, Spelling};

use super::{Work, known::NO_MAKER};
use crate::{
    company, device_type,
    import::{
        Field,
        names::{Doubt, Gathered, Heard, Hearing, NameRead, Names, answer_key},
        run::{ImportRun, Progress, RunState, names as kept, store},
    },
    model,
};

/// Names on record that are looked at of each kind.
const MOST: u32 = 50_000;

/// The names that are on record.
#[derive(Default)]
struct OnRecord {
    makers: Vec<(usize, String)>,
    /// Models by the keys of their makers.
    models: HashMap<String, Vec<String>>,
    terms: BTreeMap<Field, Vec<String>>,
}

impl OnRecord {
    async fn read(tx: &mut Tx, org: OrgId, run: &ImportRun) -> Result<Self> {
        let mut found = Self::default();
        let companies = company::store::list(tx, org, MOST).await?;
        let makers: HashMap<_, String> = companies.iter().map(|c| (c.id, c.key())).collect();
        let names = |(n, c): (usize, &company::Company)| {
            let names: Vec<String> = std::iter::once(&c.name).chain(&c.aliases).cloned().collect();
            names.into_iter().map(move |name| (n, name))
        };
        found.makers = companies.iter().enumerate().flat_map(names).collect();
        for model in model::store::list(tx, org, MOST).await? {
            let Some(maker) = makers.get(&model.company) else { continue };
            found.models.entry(maker.clone()).or_default().push(model.name.as_str().to_owned());
        }
        let types = device_type::store::list(tx, org, MOST).await?;
        found.terms.insert(Field::Type, types.into_iter().map(|t| t.name.as_str().to_owned()).collect());
        let mut add = |field, name: String| found.terms.entry(field).or_default().push(name);
        for site in identity::site::list(tx, org).await? {
            // Names of places out of reach are nobody's to see here.
            if !run.within.holds(Reach { site: Some(site.id), department: None }) {
                continue;
            }
            for department in identity::department::list(tx, org, site.id).await? {
                let field = if department.parent.is_some() { Field::Unit } else { Field::Department };
                add(field, department.name);
            }
            for place in identity::place::list(tx, org, site.id).await? {
                let field = match place.kind {
                    identity::place::PlaceKind::Building => Field::Building,
                    identity::place::PlaceKind::Floor => Field::Floor,
                    identity::place::PlaceKind::Room => Field::Room,
                };
                add(field, place.name);
            }
        }
        for names in found.terms.values_mut() {
            // One room “101” on every floor is one name.
            *names = std::mem::take(names).into_iter().collect::<BTreeSet<_>>().into_iter().collect();
        }
        Ok(found)
    }
}

/// Reads all names of a file. What each column comes to is told beside.
fn read_all(
    heard: &Hearing,
    on_record: &OnRecord,
    run: &ImportRun,
) -> (Vec<NameRead>, BTreeMap<Field, Gathered>) {
    let mut told = Told { run, names: Vec::new(), gathered: BTreeMap::new() };
    let none = Vec::new();
    let mut makers: HashMap<String, (String, How)> = HashMap::new();
    for (field, of_field) in &heard.names {
        let spellings = told.spellings(*field, "", of_field);
        let known = on_record.terms.get(field).unwrap_or(&none);
        let read = match field {
            Field::Maker => gather::makers(&on_record.makers, &spellings),
            Field::Floor | Field::Room => gather::codes(known, &spellings),
            _ => gather::terms(known, &spellings),
        };
        let read = told.keep(*field, "", &spellings, read);
        if *field == Field::Maker {
            let pairs = spellings.iter().zip(&read);
            makers = pairs.map(|(s, r)| (s.text.clone(), (r.name.clone(), r.how))).collect();
        }
    }
    let mut by_maker: BTreeMap<String, (String, Heard)> = BTreeMap::new();
    for (written, models) in &heard.models {
        let (maker, how) = match (written.as_str(), makers.get(written)) {
            ("", _) => (String::new(), How::OnRecord),
            (_, Some((name, how))) => (name.clone(), *how),
            (written, None) => (written.to_owned(), How::New),
        };
        // Which models they are is asked once it is known whose.
        if how == How::Asked {
            continue;
        }
        let (_, all) = by_maker.entry(kernel::fold(&maker)).or_insert_with(|| (maker, Heard::new()));
        for (model, rows) in models {
            *all.entry(model.clone()).or_default() += rows;
        }
    }
    for (key, (maker, models)) in &by_maker {
        let spellings = told.spellings(Field::Model, maker, models);
        let on_record_as = if key.is_empty() { kernel::fold(NO_MAKER) } else { key.clone() };
        let known = on_record.models.get(&on_record_as).unwrap_or(&none);
        let read = gather::models(maker, known, &spellings);
        told.keep(Field::Model, maker, &spellings, read);
    }
    (told.names, told.gathered)
}

/// What is told of the names of a file.
struct Told<'r> {
    run: &'r ImportRun,
    names: Vec<NameRead>,
    gathered: BTreeMap<Field, Gathered>,
}

impl Told<'_> {
    fn spellings(&self, field: Field, scope: &str, heard: &Heard) -> Vec<Spelling> {
        let settled = self.run.setup.words.get(&field);
        let one = |(text, rows): (&String, &u64)| Spelling {
            text: text.clone(),
            rows: *rows,
            settled: settled.and_then(|words| words.get(&answer_key(field, scope, text))).cloned(),
        };
        let mut all: Vec<Spelling> = heard.iter().map(one).collect();
        all.sort_by(|a, b| a.text.cmp(&b.text));
        all
    }

    /// Settles what is in doubt as the person wants it, and keeps what is worth telling.
    fn keep(&mut self, field: Field, scope: &str, spellings: &[Spelling], read: Vec<Read>) -> Vec<Read> {
        let settled: Vec<Read> = read.into_iter().map(|read| undoubted(read, self.run.setup.doubt)).collect();
        let mut names = BTreeSet::new();
        let mut asked = BTreeSet::new();
        for (spelling, read) in spellings.iter().zip(&settled) {
            let of = if read.how == How::Asked { &mut asked } else { &mut names };
            of.insert(kernel::fold(&read.name));
            if read.how != How::Asked && read.how != How::Settled && read.name == spelling.text {
                continue;
            }
            self.names.push(NameRead {
                field,
                scope: scope.to_owned(),
                written: spelling.text.clone(),
                rows: spelling.rows,
                becomes: read.name.clone(),
                how: read.how,
                reason: read.reason.clone(),
                candidates: read.candidates.iter().cloned().map(Into::into).collect(),
            });
        }
        let all = self.gathered.entry(field).or_default();
        all.spellings += spellings.len() as u64;
        all.names += (names.len() + asked.len()) as u64;
        all.asked += asked.len() as u64;
        settled
    }
}

fn undoubted(mut read: Read, doubt: Doubt) -> Read {
    match (read.how, doubt) {
        (How::Asked, Doubt::Likeliest) => {
            if let Some(first) = read.candidates.first().cloned() {
                read.reason = Some(format!("the likeliest: {}", first.reason));
                read.name = first.name;
                read.how = How::Taken;
            }
        }
        (How::Asked, Doubt::AsWritten) => read.how = How::New,
        _ => {}
    }
    read
}

impl Work {
    /// Reads the names that were heard and keeps what they came to.
    pub(super) async fn read_names(&mut self, heard: &Hearing) -> Result<BTreeMap<Field, Gathered>> {
        let (org, id, run) = (self.org, self.run.id, &self.run);
        let on_record = db::read!(self.db, org, |tx| OnRecord::read(tx, org, run).await)?;
        let (names, gathered) = read_all(heard, &on_record, &self.run);
        loop {
            let (from, begun) = (self.progress.step, &self.progress);
            let (next, left) = db::write!(self.db, org, |tx| {
                store::must_be(tx, org, id, RunState::Checking).await?;
                let next = Progress { step: from + 1, ..begun.clone() };
                let left = kept::clear(tx, org, id).await?;
                store::step(tx, org, id, from, &next).await?;
                Ok((next, left))
            })?;
            self.progress = next;
            if !left {
                break;
            }
        }
        for some in names.chunks(kept::BATCH) {
            let (from, begun) = (self.progress.step, &self.progress);
            self.progress = db::write!(self.db, org, |tx| {
                store::must_be(tx, org, id, RunState::Checking).await?;
                let next = Progress { step: from + 1, ..begun.clone() };
                kept::add(tx, org, id, some).await?;
                store::step(tx, org, id, from, &next).await?;
                Ok(next)
            })?;
        }
        Ok(gathered)
    }

    /// What the names of the file are read as.
    pub(super) async fn names(&mut self) -> Result<Arc<Names>> {
        if let Some(names) = &self.names {
            return Ok(names.clone());
        }
        let (org, id) = (self.org, self.run.id);
        let mut names = Names::default();
        let mut last: Option<NameRead> = None;
        loop {
            let some = db::read!(self.db, org, |tx| kept::after(tx, org, id, last.as_ref()).await)?;
            let ended = some.len() < kept::BATCH;
            last = some.last().cloned();
            some.into_iter().for_each(|name| names.add(name));
            if ended {
                break;
            }
        }
        Ok(self.names.insert(Arc::new(names)).clone())
    }
}
