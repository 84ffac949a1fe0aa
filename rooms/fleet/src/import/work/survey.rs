//! The first pass: what the columns hold and prove. Reads only, so a worker that is killed here begins it again.

use kernel::{Instant, Problem, Result, TimeZone};

use super::Work;
use crate::import::{
    AmountStyle, Field, Options, Survey, Words,
    names::Hearing,
    run::{ColumnSeen, ImportRun, Phase, Progress, RunState, source::Line, store},
};

/// Rows read at once; nothing is written between.
const AT_ONCE: usize = 5_000;
/// Words of a column that a person is shown, the most frequent first.
const SHOWN_WORDS: usize = 40;

impl Work {
    pub(super) async fn survey(&mut self, at: Instant) -> Result<()> {
        let mapping = self.run.mapping();
        let mut survey = Survey::new(&mapping);
        let mut seen = vec![ColumnSeen::default(); self.run.layout.header.len()];
        let (mut position, layout) = (self.run.start, self.run.layout.clone());
        let mut records = 0;
        let mut heard = Hearing::default();
        let own = self.run.is_own();
        loop {
            let batch = self.window.batch(&self.db, &layout, position, AT_ONCE).await?;
            for line in &batch.lines {
                if let Line::Record(record) = line
                    && !record.is_blank()
                {
                    survey.see(&record.cells);
                    if !own {
                        heard.hear(record, &mapping);
                    }
                    seen.iter_mut().zip(&record.cells).for_each(|(column, cell)| column.see(cell));
                }
            }
            records += batch.lines.len() as u64;
            position = batch.next;
            if batch.ended {
                break;
            }
            tokio::task::yield_now().await;
        }
        for (column, words) in survey.words() {
            let few = words.into_iter().take(SHOWN_WORDS).collect();
            if let Some(column) = seen.get_mut(column) {
                column.words = few;
            }
        }
        heard.end();
        self.names = None;
        for (field, gathered) in self.read_names(&heard).await? {
            let catalogue = || mapping.index(Field::CatalogueNumber).filter(|_| field == Field::Model);
            if let Some(column) = mapping.index(field).or_else(catalogue).and_then(|at| seen.get_mut(at)) {
                column.names = Some(gathered);
            }
        }
        self.read_so(at, &survey, seen, records).await
    }

    /// Keeps what was found and goes on to the verdicts.
    async fn read_so(
        &mut self,
        at: Instant,
        survey: &Survey,
        seen: Vec<ColumnSeen>,
        records: u64,
    ) -> Result<()> {
        let (org, id, from) = (self.org, self.run.id, self.progress.step);
        let who = self.run.actor(org, at);
        let next = Progress {
            step: from + 1,
            phase: Phase::Judge,
            position: self.run.start,
            done: 0,
            total: records,
            ..self.progress.clone()
        };
        let run = db::write!(self.db, org, |tx| {
            let run = store::must_be(tx, org, id, RunState::Checking).await?;
            let sites = identity::site::list(tx, org).await?;
            let default = run.setup.site.and_then(|site| sites.iter().find(|s| s.id == site));
            let zone = default.or(sites.first()).map_or(TimeZone::UTC, identity::site::Site::zone);
            let mut reading = options(&run, survey, at.date_in(&zone), at);
            reading.words = settled(&run, &sites);
            let to = ImportRun { reading: Some(reading), seen: seen.clone(), ..run.clone() };
            store::step(tx, org, id, from, &next).await?;
            store::keep(tx, &who, "fleet.import.read", &run, to).await
        })?;
        self.run = run;
        self.progress = next;
        Ok(())
    }
}

/// How the cells are read: what a person chose ranks before what the columns prove.
fn options(run: &ImportRun, survey: &Survey, today: kernel::Date, at: Instant) -> Options {
    let mut options = survey.options(today, run.setup.currency);
    options.dates.extend(&run.setup.dates);
    options.amounts = run.setup.amounts.unwrap_or(options.amounts);
    if run.is_own() {
        options.own = true;
        options.amounts = AmountStyle::Point;
        // Instants of an export are in UTC, where it may already be tomorrow.
        options.today = today.max(at.date_in(&TimeZone::UTC));
    }
    options
}

/// What a person said about words, with sites by the names under which rows are looked up.
fn settled(run: &ImportRun, sites: &[identity::site::Site]) -> Words {
    let mut words = run.setup.words.clone();
    if let Some(named) = words.get_mut(&Field::Site) {
        named.retain(|_, id| {
            let site = sites.iter().find(|s| s.id.to_string() == *id);
            site.map(|s| id.clone_from(&s.name)).is_some()
        });
    }
    words
}

/// The options of an import whose columns were read.
pub(super) fn reading(run: &ImportRun) -> Result<Options> {
    run.reading.clone().ok_or_else(|| Problem::bug("rows are judged before the columns were read"))
}
