//! A file on its way in: kept in pieces as it comes, refused as soon as it cannot be a list of devices.

use std::collections::BTreeSet;

use db::{
    Claim, Db, blob,
    blob::BlobId,
    command::{self, CommandId},
};
use sha2::{Digest as _, Sha256};

use kernel::{Actor, Currency, Id, OrgId, Problem, Reach, Result};
use sheet::{
    Error, Layout, Position, Reader, Workbook,
    workbook::{self, WorkbookError},
};

use super::{
    ColumnSeen, Counts, ImportRun, MayAdd, RunState, Setup, actions, columns_of, is_own,
    source::{AHEAD, Tail, UNREADABLE, is_edge, unreadable},
    store,
};
use crate::{
    import::{Field, Mapping, Match},
    permit,
};

/// Most bytes of a file: about 600,000 rows.
pub const MOST_BYTES: u64 = 100 * 1024 * 1024;
/// Pieces kept in one transaction.
const AT_ONCE: usize = 4 * blob::PIECE;
/// Rows by which a column is recognised.
const SAMPLES: usize = 200;

/// The command of a page that sends a file.
const UPLOAD: &str = "fleet.import.upload";

/// Takes a file as it comes. Holds a few megabytes, however large the file is.
pub struct Receiver<'d> {
    db: &'d Db,
    org: OrgId,
    blob: BlobId,
    piece: i64,
    total: u64,
    pending: Vec<u8>,
    head: Vec<u8>,
    opened: Option<Opened>,
    /// A workbook is held whole until it ended, and its sheet is then kept as text.
    workbook: Option<Vec<u8>>,
    /// The sheet that is wanted, and once it is written the one that was.
    sheet: Option<String>,
    /// The command the file was sent with, and the fingerprint of its bytes.
    command: Option<(CommandId, Sha256)>,
}

/// What the beginning of a file says.
struct Opened {
    layout: Layout,
    start: Position,
    samples: Vec<Vec<String>>,
}

impl<'d> Receiver<'d> {
    /// Begins with nothing.
    pub fn new(db: &'d Db, org: OrgId) -> Self {
        let (pending, head) = (Vec::new(), Vec::new());
        Self {
            db,
            org,
            blob: Id::new(),
            piece: 0,
            total: 0,
            pending,
            head,
            opened: None,
            workbook: None,
            sheet: None,
            command: None,
        }
    }

    /// The file was sent with a form that counts once: sent again, it leads to the import that began the first time.
    #[must_use]
    pub fn once(mut self, command: CommandId) -> Self {
        self.command = Some((command, Sha256::new()));
        self
    }

    /// The sheet of a workbook that is wanted, by its name; without it the first that holds a list.
    #[must_use]
    pub fn sheet(mut self, name: Option<String>) -> Self {
        self.sheet = name;
        self
    }

    /// Takes the next bytes. After an error nothing of the file is kept.
    ///
    /// # Errors
    /// [`Problem::Conflict`] for a file that is too large or cannot be read, with place and remedy.
    pub async fn push(&mut self, bytes: &[u8]) -> Result<()> {
        let taken = self.take(bytes).await;
        self.or_forget(taken).await
    }

    async fn take(&mut self, bytes: &[u8]) -> Result<()> {
        if let Some((_, sha)) = &mut self.command {
            sha.update(bytes);
        }
        if let Some(book) = &mut self.workbook {
            book.extend_from_slice(bytes);
            return if book.len() > workbook::MOST_BYTES { Err(too_large_workbook()) } else { Ok(()) };
        }
        // Four bytes say whether it is a workbook; a form may send fewer at a time.
        if self.total < 4 && self.opened.is_none() && workbook::is_like(&[&self.head, bytes].concat()) {
            let book = [&std::mem::take(&mut self.head), bytes].concat();
            self.pending.clear();
            self.workbook = Some(book);
            return Ok(());
        }
        self.text(bytes).await
    }

    /// Takes the next bytes of a text.
    async fn text(&mut self, bytes: &[u8]) -> Result<()> {
        self.total += bytes.len() as u64;
        if self.total > MOST_BYTES {
            return Err(too_large());
        }
        if self.opened.is_none() {
            self.head.extend_from_slice(bytes);
            if self.head.len() >= AHEAD {
                self.open(false)?;
            }
        }
        self.pending.extend_from_slice(bytes);
        while self.pending.len() >= AT_ONCE {
            let rest = self.pending.split_off(AT_ONCE);
            let full = std::mem::replace(&mut self.pending, rest);
            self.keep(&full).await?;
        }
        Ok(())
    }

    /// Keeps bytes as the next pieces.
    async fn keep(&mut self, bytes: &[u8]) -> Result<()> {
        let (org, blob, first) = (self.org, self.blob, self.piece);
        db::write!(self.db, org, |tx| {
            if first == 0 {
                blob::begin(tx, org, blob).await?;
            }
            for (number, piece) in (first..).zip(bytes.chunks(blob::PIECE)) {
                blob::put(tx, org, blob, number, piece).await?;
            }
            Ok(())
        })?;
        self.piece += bytes.len().div_ceil(blob::PIECE) as i64;
        Ok(())
    }

    /// Writes the sheet of a workbook as the text that is kept.
    async fn unfold(&mut self, book: Vec<u8>) -> Result<()> {
        let wanted = self.sheet.take();
        let unfold = move || -> Result<_, WorkbookError> {
            let mut text = Vec::new();
            let written = Workbook::open(book)?.write(wanted.as_deref(), &mut text)?;
            Ok((written, text))
        };
        // Work for the processor, of seconds where the sheet is large.
        let unfolded = tokio::task::spawn_blocking(unfold).await.map_err(Problem::bug)?;
        let (written, text) = unfolded.map_err(|error| no_workbook(&error))?;
        self.sheet = Some(written.sheet);
        for some in text.chunks(AT_ONCE) {
            self.text(some).await?;
        }
        Ok(())
    }

    fn open(&mut self, ended: bool) -> Result<()> {
        let head = std::mem::take(&mut self.head);
        let mut reader = Reader::open(Tail { left: &head, ended }).map_err(|e| unreadable(&e))?;
        let mut layout = reader.layout().clone();
        layout.sheet = self.sheet.clone();
        let start = reader.position();
        let mut samples = Vec::new();
        while samples.len() < SAMPLES {
            match reader.next() {
                None => break,
                Some(Ok(record)) => samples.push(record.cells),
                Some(Err(Error::Row(_))) => {}
                Some(Err(Error::File(error))) if is_edge(&error) => break,
                Some(Err(Error::File(error))) => return Err(unreadable(&error)),
            }
        }
        self.opened = Some(Opened { layout, start, samples });
        Ok(())
    }

    /// Ends the file: an import begins, and its rows are checked at once when the columns are clear enough.
    ///
    /// # Errors
    /// As [`Receiver::push`]; [`Problem::Forbidden`] for whoever may import nowhere.
    pub async fn finish(self, who: &Actor, name: &str) -> Result<ImportRun> {
        self.finish_with(who, name, |_, _| ()).await
    }

    /// As [`Receiver::finish`], with choices made beforehand: `choose` changes what is proposed for the columns.
    ///
    /// # Errors
    /// As [`Receiver::finish`].
    pub async fn finish_with(
        mut self,
        who: &Actor,
        name: &str,
        choose: impl Fn(&Layout, &mut Setup),
    ) -> Result<ImportRun> {
        let done = self.end(who, name, choose).await;
        self.or_forget(done).await
    }

    async fn end(
        &mut self,
        who: &Actor,
        name: &str,
        choose: impl Fn(&Layout, &mut Setup),
    ) -> Result<ImportRun> {
        if !who.may_somewhere(permit::IMPORT_RUN) {
            return Err(Problem::Forbidden { permit: permit::IMPORT_RUN.0 });
        }
        match self.workbook.take() {
            Some(book) => self.unfold(book).await?,
            // Only a workbook has sheets.
            None => self.sheet = None,
        }
        if self.opened.is_none() {
            self.open(true)?;
        }
        let rest = std::mem::take(&mut self.pending);
        self.keep(&rest).await?;
        let opened = self.opened.take().ok_or_else(|| Problem::bug("a file without a beginning"))?;
        let run = self.run(who, name, opened);
        let command = self.command.take().map(|(id, sha)| (id, sha.finalize()));
        let begun = db::write!(self.db, who.org, |tx| {
            if let Some((id, print)) = &command {
                let content = [run.file_name.as_bytes(), &[0], print.as_slice()].concat();
                let claim = command::claim(tx, who, *id, UPLOAD, "/devices/import", &content).await?;
                if let Claim::Done(first) = claim {
                    return actions::visible(tx, who, first.parse().map_err(Problem::bug)?).await;
                }
                command::answer(tx, who, *id, &run.id.to_string()).await?;
            }
            let sites = identity::site::list(tx, who.org).await?;
            let mut run = run.clone();
            let mine = |site: kernel::SiteId| {
                who.may(permit::IMPORT_RUN, Reach { site: Some(site), department: None })
            };
            let reached: Vec<_> = sites.iter().filter(|s| mine(s.id)).collect();
            if let [only] = reached.as_slice() {
                run.setup.site = Some(only.id);
            }
            run.setup.currency = same_currency(sites.iter().map(|s| s.currency));
            let earlier = store::list(tx, who.org, None, EARLIER).await?;
            if let Some(like) = earlier.iter().find(|e| is_like(e, &run.layout)) {
                as_before(&mut run.setup, like, mine);
            }
            choose(&run.layout, &mut run.setup);
            store::add(tx, who, &run).await?;
            blob::settle(tx, who.org, run.blob).await?;
            if run.mapping().check().is_ok() {
                let setup = run.setup.clone();
                return actions::begin_check(tx, who, &run, setup).await;
            }
            Ok(run)
        })?;
        if begun.blob != self.blob {
            self.give_up().await;
        }
        Ok(begun)
    }

    fn run(&self, who: &Actor, name: &str, opened: Opened) -> ImportRun {
        let Opened { layout, start, samples } = opened;
        let mut seen = vec![ColumnSeen::default(); layout.header.len()];
        for row in &samples {
            for (column, cell) in seen.iter_mut().zip(row) {
                column.see(cell);
            }
        }
        let name = name.rsplit(['/', '\\']).next().unwrap_or(name);
        let name: String = name.chars().filter(|c| !c.is_control()).take(120).collect();
        ImportRun {
            id: Id::new(),
            version: 1,
            state: RunState::Uploaded,
            file_name: if name.trim().is_empty() { "devices.csv".to_owned() } else { name },
            bytes: i64::try_from(self.total).unwrap_or(i64::MAX),
            blob: self.blob,
            by: who.person,
            by_name: who.name.clone(),
            within: who.scope(permit::IMPORT_RUN).into(),
            may_add: MayAdd::of(who),
            begun_at: who.at,
            as_at: who.at,
            setup: propose(&layout, &samples),
            layout,
            start,
            reading: None,
            seen,
            counts: Counts::default(),
            error: None,
        }
    }

    async fn or_forget<T>(&self, done: Result<T>) -> Result<T> {
        if done.is_err() {
            self.give_up().await;
        }
        done
    }

    /// Throws away what came of a file that is refused or did not arrive whole.
    pub async fn give_up(&self) {
        if self.piece == 0 {
            return;
        }
        let forgotten = db::write!(self.db, self.org, |tx| blob::forget(tx, self.org, self.blob).await);
        if let Err(error) = forgotten {
            tracing::warn!(%error, "the bytes of a refused file could not be thrown away");
        }
    }
}

fn too_large_workbook() -> Problem {
    Problem::conflict(
        "fleet.import.too_large",
        format!(
            "The workbook is larger than {} MB. Save the list alone as a new workbook, or as “CSV UTF-8”. Nothing was \
             kept.",
            workbook::MOST_BYTES / 1024 / 1024
        ),
    )
}

/// A workbook that cannot be read, in words.
fn no_workbook(error: &WorkbookError) -> Problem {
    let mut words = error.to_string();
    if let Some(first) = words.get(..1).map(str::to_uppercase) {
        words.replace_range(..1, &first);
    }
    Problem::conflict(UNREADABLE, format!("{words}."))
}

/// A file that is too large, in words.
pub fn too_large() -> Problem {
    Problem::conflict(
        "fleet.import.too_large",
        format!(
            "The file is larger than {} MB. Leave out columns that are not needed, or send it in several parts. \
             Nothing was kept.",
            MOST_BYTES / 1024 / 1024
        ),
    )
}

/// What the columns of a file are proposed to become.
pub fn propose(layout: &Layout, samples: &[Vec<String>]) -> Setup {
    let mut setup = Setup::default();
    if is_own(&layout.header) {
        let own =
            columns_of(&layout.header).iter().filter_map(|h| Some((h.clone(), h.parse::<Field>().ok()?)));
        setup.columns = own.collect();
        return setup;
    }
    let mapping = Mapping::propose(&layout.header, samples);
    let unsure = mapping.columns().iter().filter(|c| c.certainty == Match::Check);
    setup.unsure = unsure.map(|c| c.header.clone()).collect::<BTreeSet<_>>();
    setup.columns = mapping
        .columns()
        .iter()
        .filter(|c| c.field != Field::Ignore)
        .map(|c| (c.header.clone(), c.field))
        .collect();
    setup
}

/// Earlier imports among which one with the same columns is looked for.
const EARLIER: u32 = 20;

/// Whether an earlier import had the same columns, and nobody put it away.
fn is_like(earlier: &ImportRun, layout: &Layout) -> bool {
    let stands = matches!(earlier.state, RunState::Checked | RunState::Running | RunState::Done);
    stands && columns_of(&earlier.layout.header) == columns_of(&layout.header)
}

/// Takes over what was chosen for a file with the same columns: a corrected list is read as the list was. Adding
/// sites is asked for anew each time.
fn as_before(setup: &mut Setup, earlier: &ImportRun, mine: impl Fn(kernel::SiteId) -> bool) {
    let before = &earlier.setup;
    let site = before.site.filter(|s| mine(*s)).or(setup.site);
    let currency = before.currency.or(setup.currency);
    let like = Some(earlier.file_name.clone());
    *setup = Setup { site, currency, create_sites: false, like, ..before.clone() };
}

/// The currency of all sites, if they have one in common.
fn same_currency(mut all: impl Iterator<Item = Currency>) -> Option<Currency> {
    let first = all.next()?;
    all.all(|c| c == first).then_some(first)
}
