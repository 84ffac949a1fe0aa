//! A file that travels to or from an object store in pieces, so that memory holds a few of them and never the file.
//!
//! One side runs on the thread that packs or unpacks, the other as a future that speaks with the store; between them
//! one piece waits.

use std::io::{self, Read, Write};

use bytes::Bytes;
use kernel::{Problem, Result};
use object_store::MultipartUpload;
use tokio::{
    runtime::Handle,
    sync::mpsc,
    task::{JoinError, JoinSet},
};

use super::bucket::Bucket;

/// Bytes of a piece. S3 takes at least 5 MiB, and at most 10,000 pieces.
const PIECE: u64 = 8 << 20;
/// Pieces that a file may come to; some are left for what packs badly.
const MOST: u64 = 9_000;
/// Pieces that are on their way at once.
const AT_ONCE: usize = 2;

/// The size of a piece of a file of about so many bytes, in whole MiB.
pub(super) fn piece_for(bytes: u64) -> usize {
    let size = bytes.div_ceil(MOST).next_multiple_of(1 << 20).max(PIECE);
    usize::try_from(size).unwrap_or(PIECE as usize)
}

/// What could not be done, before the place's name.
const TO: &str = "The backup could not be written to";

enum Part {
    Piece(Bytes),
    /// Nothing comes after this; a file without it was cut short.
    End,
}

fn cut() -> io::Error {
    io::Error::new(io::ErrorKind::BrokenPipe, "the object store does not go on")
}

/// Where a file is written that goes to a store.
pub(super) struct Pieces {
    to: mpsc::Sender<Part>,
    piece: Vec<u8>,
    size: usize,
}

impl Pieces {
    fn send(&mut self) -> io::Result<()> {
        let piece = std::mem::replace(&mut self.piece, Vec::with_capacity(self.size));
        self.to.blocking_send(Part::Piece(piece.into())).map_err(|_| cut())
    }

    /// Sends the last piece. A file that was not ended is given up by the other side.
    pub(super) fn end(mut self) -> io::Result<()> {
        if !self.piece.is_empty() {
            self.send()?;
        }
        self.to.blocking_send(Part::End).map_err(|_| cut())
    }
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(self.size - self.piece.len());
        self.piece.extend_from_slice(&bytes[..taken]);
        if self.piece.len() == self.size {
            self.send()?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The other side of [`Pieces`]: brings them to the store.
pub(super) struct Sending(Option<Upload>);

struct Upload {
    to: Bucket,
    pieces: mpsc::Receiver<Part>,
    upload: Option<Box<dyn MultipartUpload>>,
}

impl Sending {
    /// For a file that goes nowhere else.
    pub(super) fn nothing() -> Self {
        Self(None)
    }

    /// Begins an object.
    pub(super) fn begin(to: Bucket, upload: Box<dyn MultipartUpload>, size: usize) -> (Pieces, Self) {
        let (sender, pieces) = mpsc::channel(1);
        let upload = Upload { to, pieces, upload: Some(upload) };
        (Pieces { to: sender, piece: Vec::with_capacity(size), size }, Self(Some(upload)))
    }

    /// Sends what comes until the file ends. The object is there after that, or not at all.
    pub(super) async fn run(self) -> Result<()> {
        match self.0 {
            Some(mut upload) => upload.run().await,
            None => Ok(()),
        }
    }
}

impl Upload {
    async fn run(&mut self) -> Result<()> {
        // A file that was given up is given up here as well, when `self` goes.
        let Some(bytes) = self.pass_on().await? else { return Ok(()) };
        if let Some(upload) = &mut self.upload {
            let completed = upload.complete().await;
            completed.map_err(|e| self.to.refused(TO, &e))?;
        }
        self.upload = None;
        let there = self.to.length().await?;
        if there == bytes {
            return Ok(());
        }
        Err(super::unusable(format!(
            "{} has {there} bytes after {bytes} were sent and taken. The backup does not count.",
            self.to.address()
        )))
    }

    /// Sends pieces as they come; how many bytes they were, or nothing when the file was given up.
    async fn pass_on(&mut self) -> Result<Option<u64>> {
        let (mut on_their_way, mut bytes) = (JoinSet::new(), 0);
        loop {
            match self.pieces.recv().await {
                Some(Part::Piece(piece)) => {
                    bytes += piece.len() as u64;
                    on_their_way.extend(self.upload.as_mut().map(|upload| upload.put_part(piece.into())));
                }
                Some(Part::End) => break,
                None => return Ok(None),
            }
            if on_their_way.len() >= AT_ONCE {
                let part = on_their_way.join_next().await;
                self.arrived(part)?;
            }
        }
        while let Some(part) = on_their_way.join_next().await {
            self.arrived(Some(part))?;
        }
        Ok(Some(bytes))
    }

    fn arrived(&self, part: Option<Result<object_store::Result<()>, JoinError>>) -> Result<()> {
        match part {
            Some(Ok(Err(error))) => Err(self.to.refused(TO, &error)),
            Some(Err(error)) => Err(Problem::bug(error)),
            Some(Ok(Ok(()))) | None => Ok(()),
        }
    }
}

impl Drop for Upload {
    /// Pieces of an object that will never be: the store would keep them, and nobody sees them in a list.
    fn drop(&mut self) {
        let (Some(mut upload), Ok(runtime)) = (self.upload.take(), Handle::try_current()) else { return };
        runtime.spawn(async move { upload.abort().await });
    }
}

/// A file of a store, read as it arrives.
pub(super) struct Arriving {
    pieces: mpsc::Receiver<Part>,
    piece: Bytes,
    ended: bool,
}

impl Read for Arriving {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() && !self.ended {
            match self.pieces.blocking_recv() {
                Some(Part::Piece(piece)) => self.piece = piece,
                Some(Part::End) => self.ended = true,
                None => return Err(cut()),
            }
        }
        let some = self.piece.split_to(into.len().min(self.piece.len()));
        into[..some.len()].copy_from_slice(&some);
        Ok(some.len())
    }
}

/// The other side of [`Arriving`]: asks the store for one piece after the other.
pub(super) struct Fetching(Option<Fetch>);

struct Fetch {
    from: Bucket,
    length: u64,
    pieces: mpsc::Sender<Part>,
}

impl Fetching {
    /// For a file that comes from nowhere else.
    pub(super) fn nothing() -> Self {
        Self(None)
    }

    /// Begins to read an object of so many bytes.
    pub(super) fn begin(from: Bucket, length: u64) -> (Arriving, Self) {
        let (sender, pieces) = mpsc::channel(1);
        let arriving = Arriving { pieces, piece: Bytes::new(), ended: false };
        (arriving, Self(Some(Fetch { from, length, pieces: sender })))
    }

    /// Asks for all of it, as long as somebody reads.
    pub(super) async fn run(self) -> Result<()> {
        let Some(Fetch { from, length, pieces }) = self.0 else { return Ok(()) };
        let mut at = 0;
        while at < length {
            let piece = from.range(at..length.min(at + PIECE)).await?;
            at += piece.len() as u64;
            if pieces.send(Part::Piece(piece)).await.is_err() {
                return Ok(());
            }
        }
        let _ = pieces.send(Part::End).await;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_any_size_comes_to_at_most_ten_thousand_pieces() {
        assert_eq!(piece_for(0), 8 << 20);
        assert_eq!(piece_for(70 << 30), 8 << 20);
        for gigabytes in [80, 500, 4_000_u64] {
            let (bytes, size) = (gigabytes << 30, piece_for(gigabytes << 30) as u64);
            assert!(
                bytes.div_ceil(size) <= MOST && size <= (5 << 30) && size % (1 << 20) == 0,
                "{gigabytes}"
            );
        }
    }
}
