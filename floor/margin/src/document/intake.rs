//! A file on its way in: kept in pieces as it comes, and refused as soon as it can be.

use db::{Db, blob, blob::BlobId};
use kernel::{Id, OrgId, Problem, Result};
use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;

use super::{
    Blob, Picture, Stored,
    media::{self, LOOKED_AT, Media, Plain},
    picture::{self, Drawn},
};

/// Most bytes of a picture.
pub const MOST_OF_PICTURE: u64 = 15 * 1000 * 1000;
/// Most bytes of any other file.
pub const MOST: u64 = 50 * 1000 * 1000;
/// Pieces kept in one transaction.
const AT_ONCE: usize = 4 * blob::PIECE;

/// One picture is drawn at a time: a large one takes hundreds of megabytes.
static DRAWING: Semaphore = Semaphore::const_new(1);

/// Takes a file as it comes. Holds a megabyte of it, or all of a picture.
pub struct Intake<'d> {
    db: &'d Db,
    org: OrgId,
    /// The file, and what is made of it.
    blobs: [BlobId; 3],
    pieces: i64,
    total: u64,
    pending: Vec<u8>,
    head: Vec<u8>,
    tail: Vec<u8>,
    plain: Plain,
    /// All of it, while it looks like a picture.
    whole: Option<Vec<u8>>,
    sha: Sha256,
}

/// A file that is here whole and whose bytes lie in the database, where nothing names them yet.
#[derive(Clone, Debug)]
pub struct Arrived {
    /// What it is.
    pub file: Stored,
    /// What its sender called it, with an ending that says what it is.
    pub name: String,
}

impl<'d> Intake<'d> {
    /// Begins with nothing.
    pub fn new(db: &'d Db, org: OrgId) -> Self {
        Self {
            db,
            org,
            blobs: [Id::new(), Id::new(), Id::new()],
            pieces: 0,
            total: 0,
            pending: Vec::new(),
            head: Vec::new(),
            tail: Vec::new(),
            plain: Plain::default(),
            whole: Some(Vec::new()),
            sha: Sha256::new(),
        }
    }

    /// Takes the next bytes. After an error nothing of the file is kept.
    ///
    /// # Errors
    /// [`Problem::Invalid`] at `file` for one that is too large.
    pub async fn push(&mut self, bytes: &[u8]) -> Result<()> {
        let taken = self.take(bytes).await;
        self.or_forget(taken).await
    }

    async fn take(&mut self, bytes: &[u8]) -> Result<()> {
        self.total += bytes.len() as u64;
        self.sha.update(bytes);
        self.plain.see(bytes);
        let room = LOOKED_AT.saturating_sub(self.head.len()).min(bytes.len());
        self.head.extend_from_slice(&bytes[..room]);
        self.tail.extend_from_slice(&bytes[bytes.len().saturating_sub(LOOKED_AT)..]);
        self.tail.drain(..self.tail.len().saturating_sub(LOOKED_AT));
        let picture = media::picture(&self.head).is_some();
        // The first bytes that come may be fewer than tell a picture.
        if self.head.len() >= 16 && !picture {
            self.whole = None;
        }
        if let Some(whole) = &mut self.whole {
            whole.extend_from_slice(bytes);
        }
        if self.total > if picture { MOST_OF_PICTURE } else { MOST } {
            return Err(too_large(picture));
        }
        self.pending.extend_from_slice(bytes);
        while self.pending.len() >= AT_ONCE {
            let rest = self.pending.split_off(AT_ONCE);
            let full = std::mem::replace(&mut self.pending, rest);
            self.pieces = keep(self.db, self.org, self.blobs[0], self.pieces, &full).await?;
        }
        Ok(())
    }

    /// Ends the file: what it is, is known, and a picture is drawn.
    ///
    /// # Errors
    /// [`Problem::Invalid`] at `file` for what is not taken, in words.
    pub async fn finish(mut self, name: &str) -> Result<Arrived> {
        let done = self.end(name).await;
        self.or_forget(done).await
    }

    async fn end(&mut self, name: &str) -> Result<Arrived> {
        let refused = |words: String| Problem::invalid("file", words);
        let media = media::tell(&self.head, &self.tail, &self.plain).map_err(refused)?;
        let rest = std::mem::take(&mut self.pending);
        self.pieces = keep(self.db, self.org, self.blobs[0], self.pieces, &rest).await?;
        let picture = match self.whole.take().filter(|_| media.is_picture()) {
            None => None,
            Some(whole) => Some(self.draw(whole, media).await?),
        };
        let hash = std::mem::take(&mut self.sha).finalize();
        let file = Stored {
            id: Id::new(),
            sha256: hash.iter().map(|byte| format!("{byte:02x}")).collect(),
            media,
            sent: Blob { id: self.blobs[0], bytes: size(self.total)? },
            picture,
        };
        Ok(Arrived { name: media.name(name), file })
    }

    async fn draw(&self, whole: Vec<u8>, media: Media) -> Result<Picture> {
        let _turn = DRAWING.acquire().await.map_err(Problem::bug)?;
        let drawn = tokio::task::spawn_blocking(move || picture::draw(&whole, media)).await;
        let drawn = drawn.map_err(Problem::bug)?.map_err(|words| Problem::invalid("file", words))?;
        let put = async |blob: BlobId, drawn: &Drawn| {
            keep(self.db, self.org, blob, 0, &drawn.bytes).await?;
            Ok::<_, Problem>(Blob { id: blob, bytes: size(drawn.bytes.len() as u64)? })
        };
        let points = |drawn: &Drawn| (i64::from(drawn.width), i64::from(drawn.height));
        Ok(Picture {
            shown: put(self.blobs[1], &drawn.shown).await?,
            media: drawn.shown.media,
            size: points(&drawn.shown),
            preview: put(self.blobs[2], &drawn.preview).await?,
            preview_size: points(&drawn.preview),
        })
    }

    async fn or_forget<T>(&self, done: Result<T>) -> Result<T> {
        if done.is_err() {
            self.give_up().await;
        }
        done
    }

    /// Throws away what came of a file that is refused or did not arrive whole.
    pub async fn give_up(&self) {
        forget(self.db, self.org, &self.blobs).await;
    }
}

impl Arrived {
    /// Throws its bytes away: it was not added, or the organisation has the same file already.
    pub async fn forget(&self, db: &Db, org: OrgId) {
        forget(db, org, &self.blobs()).await;
    }

    /// All bytes that were kept for it.
    pub(super) fn blobs(&self) -> Vec<BlobId> {
        let picture = self.file.picture.iter().flat_map(|p| [p.shown.id, p.preview.id]);
        std::iter::once(self.file.sent.id).chain(picture).collect()
    }
}

fn size(bytes: u64) -> Result<i64> {
    i64::try_from(bytes).map_err(Problem::bug)
}

/// Keeps bytes as the next pieces, and says how many there are now.
async fn keep(db: &Db, org: OrgId, blob: BlobId, first: i64, bytes: &[u8]) -> Result<i64> {
    if bytes.is_empty() && first > 0 {
        return Ok(first);
    }
    db::write!(db, org, |tx| {
        if first == 0 {
            blob::begin(tx, org, blob).await?;
        }
        for (number, piece) in (first..).zip(bytes.chunks(blob::PIECE)) {
            blob::put(tx, org, blob, number, piece).await?;
        }
        Ok(())
    })?;
    Ok(first + size(bytes.len().div_ceil(blob::PIECE) as u64)?)
}

async fn forget(db: &Db, org: OrgId, blobs: &[BlobId]) {
    let forgotten = db::write!(db, org, |tx| {
        for blob in blobs {
            blob::forget(tx, org, *blob).await?;
        }
        Ok(())
    });
    if let Err(error) = forgotten {
        tracing::warn!(%error, "the bytes of a refused file could not be thrown away; they are swept later");
    }
}

/// A file that is too large, in words.
pub fn too_large(picture: bool) -> Problem {
    let words = if picture {
        format!(
            "The picture is larger than {} MB. Make it smaller and send it again.",
            MOST_OF_PICTURE / 1_000_000
        )
    } else {
        format!("The file is larger than {} MB. Make it smaller, or send it in parts.", MOST / 1_000_000)
    };
    Problem::invalid("file", format!("{words} Nothing was kept."))
}
