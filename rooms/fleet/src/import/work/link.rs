//! The third pass: systems and their components, which may stand anywhere in the file.
//!
//! Holds a few dozen bytes for each row that names a system; files without systems pass through at once.

use std::collections::{HashMap, HashSet};

use kernel::{Instant, Result};

use super::Work;
use crate::{
    export::described,
    import::run::{
        Flaw, ImportRun, Progress, RunState,
        store::{self, Linked},
    },
};

/// Deepest chain of systems, as the store follows it.
const DEEPEST: usize = 50;

/// A row that other rows name as their system.
struct Above {
    line: u64,
    new: bool,
    site_key: String,
}

/// What became of the systems that rows name.
#[derive(Default)]
struct Links {
    rows: Vec<Linked>,
    /// Rows of the file by the keys of their tags, only those that are named.
    in_file: HashMap<String, Above>,
    /// The sites of named devices on record, by the keys of their tags.
    on_record: HashMap<String, String>,
}

impl Work {
    pub(super) async fn link(&mut self, at: Instant) -> Result<()> {
        let links = self.links().await?;
        let (refused, waves) = links.judged();
        self.refuse_links(&links, &refused).await?;
        self.note_waves(&waves).await?;
        self.checked(at, waves.values().copied().max().unwrap_or(0)).await
    }

    async fn links(&self) -> Result<Links> {
        let (org, id) = (self.org, self.run.id);
        let mut links = Links::default();
        let mut after = 0;
        loop {
            let rows = db::read!(self.db, org, |tx| store::linked(tx, org, id, after).await)?;
            let Some(last) = rows.last() else { break };
            after = last.line;
            links.rows.extend(rows);
        }
        let wanted: HashSet<String> = links.rows.iter().map(|r| r.parent_key.clone()).collect();
        if wanted.is_empty() {
            return Ok(links);
        }
        let keys: Vec<String> = wanted.iter().cloned().collect();
        for some in keys.chunks(store::BATCH as usize) {
            let found = db::read!(self.db, org, |tx| described::by_tags(tx, org, some).await)?;
            links.on_record.extend(found.into_iter().map(|d| (d.device.tag_key(), kernel::fold(&d.site))));
        }
        after = 0;
        loop {
            let rows = db::read!(self.db, org, |tx| store::tags(tx, org, id, after).await)?;
            let Some(last) = rows.last() else { break };
            after = last.line;
            for row in rows {
                let Some(key) = row.tag_key.filter(|key| wanted.contains(key)) else { continue };
                let above =
                    Above { line: row.line, new: row.new, site_key: row.site_key.unwrap_or_default() };
                // Of rows with one tag, the one that comes in counts.
                match links.in_file.get(&key) {
                    Some(there) if there.new || !above.new => {}
                    _ => drop(links.in_file.insert(key, above)),
                }
            }
        }
        Ok(links)
    }

    /// Turns rows whose system cannot be into refused ones. Run again after a crash it finds fewer to turn.
    async fn refuse_links(&mut self, links: &Links, refused: &HashMap<u64, Flaw>) -> Result<()> {
        let (org, id) = (self.org, self.run.id);
        let rows: Vec<&Linked> = links.rows.iter().filter(|r| refused.contains_key(&r.line)).collect();
        for some in rows.chunks(store::BATCH as usize) {
            let (step, begun) = (self.progress.step, &self.progress);
            let next = db::write!(self.db, org, |tx| {
                store::must_be(tx, org, id, RunState::Checking).await?;
                let mut next = Progress { step: step + 1, ..begun.clone() };
                for row in some {
                    let Some(flaw) = refused.get(&row.line) else { continue };
                    next.counts.turn(row.line, &row.flaws, flaw);
                    let flaws: Vec<Flaw> = row.flaws.iter().chain([flaw]).cloned().collect();
                    store::refuse(tx, org, id, row.line, &flaws).await?;
                }
                store::step(tx, org, id, step, &next).await?;
                Ok(next)
            })?;
            self.progress = next;
        }
        Ok(())
    }

    async fn note_waves(&mut self, waves: &HashMap<u64, i64>) -> Result<()> {
        let (org, id) = (self.org, self.run.id);
        let mut later: Vec<(u64, i64)> = waves.iter().filter(|w| *w.1 > 0).map(|w| (*w.0, *w.1)).collect();
        later.sort_unstable();
        for some in later.chunks(store::BATCH as usize) {
            let (step, begun) = (self.progress.step, &self.progress);
            let next = db::write!(self.db, org, |tx| {
                store::must_be(tx, org, id, RunState::Checking).await?;
                let next = Progress { step: step + 1, ..begun.clone() };
                for (line, wave) in some {
                    store::set_wave(tx, org, id, *line, *wave).await?;
                }
                store::step(tx, org, id, step, &next).await?;
                Ok(next)
            })?;
            self.progress = next;
        }
        Ok(())
    }

    /// Every row has its verdict.
    async fn checked(&mut self, at: Instant, waves: i64) -> Result<()> {
        let (org, id, step) = (self.org, self.run.id, self.progress.step);
        let who = self.run.actor(org, at);
        let next = Progress { step: step + 1, waves, ..self.progress.clone() };
        let run = db::write!(self.db, org, |tx| {
            let run = store::must_be(tx, org, id, RunState::Checking).await?;
            store::step(tx, org, id, step, &next).await?;
            let to = ImportRun { state: RunState::Checked, counts: next.counts.clone(), ..run.clone() };
            store::keep(tx, &who, "fleet.import.checked", &run, to).await
        })?;
        self.progress = next;
        self.end(run);
        Ok(())
    }
}

impl Links {
    /// Rows that are refused because of their system, and the wave in which each of the others comes.
    fn judged(&self) -> (HashMap<u64, Flaw>, HashMap<u64, i64>) {
        let parent: HashMap<u64, &Linked> = self.rows.iter().map(|r| (r.line, r)).collect();
        let mut refused: HashMap<u64, Flaw> = HashMap::new();
        let mut waves: HashMap<u64, i64> = HashMap::new();
        for row in &self.rows {
            // Down from the row to a system that is already decided, then back up.
            let mut way: Vec<&Linked> = Vec::new();
            let mut next = Some(row);
            let mut circle = false;
            while let Some(here) = next {
                if refused.contains_key(&here.line) || waves.contains_key(&here.line) {
                    break;
                }
                if way.iter().any(|r| r.line == here.line) || way.len() > DEEPEST {
                    circle = true;
                    break;
                }
                way.push(here);
                let above = self.in_file.get(&here.parent_key).filter(|a| a.new);
                next = above.and_then(|a| parent.get(&a.line)).copied();
            }
            for here in way.into_iter().rev() {
                let decided = if circle {
                    let what = "its systems contain each other, or there are more than 50 of them; empty one of \
                                the cells";
                    Err(Flaw::refusal(here.line, "parent_circle", what))
                } else {
                    self.decide(here, &refused, &waves)
                };
                match decided {
                    Ok(wave) => drop(waves.insert(here.line, wave)),
                    Err(flaw) => drop(refused.insert(here.line, flaw)),
                }
            }
        }
        (refused, waves)
    }

    /// The wave of a row whose system is decided.
    fn decide(
        &self,
        row: &Linked,
        refused: &HashMap<u64, Flaw>,
        waves: &HashMap<u64, i64>,
    ) -> Result<i64, Flaw> {
        let unknown = |what: String| Err(Flaw::refusal(row.line, "parent_unknown", what));
        let elsewhere = || {
            let what = "its system stands on another site; correct one of the sites";
            Flaw::refusal(row.line, "parent_site", what)
        };
        if let Some(site) = self.on_record.get(&row.parent_key) {
            return if *site == row.site_key { Ok(0) } else { Err(elsewhere()) };
        }
        match self.in_file.get(&row.parent_key) {
            None => unknown(format!(
                "its system {} is neither in the file nor on record; correct the tag or empty the cell",
                row.parent_key
            )),
            Some(above) if !above.new || refused.contains_key(&above.line) => {
                unknown(format!("its system on line {} is refused; correct that row first", above.line))
            }
            Some(above) if above.site_key != row.site_key => Err(elsewhere()),
            Some(above) => {
                let wave = waves.get(&above.line).copied().unwrap_or(0);
                // A system later in the file is saved in an earlier pass.
                Ok(if above.line > row.line { wave + 1 } else { wave })
            }
        }
    }
}
