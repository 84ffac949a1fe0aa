//! Copying the bytes of a large file without being in anybody's way.

use std::{
    fs::File,
    io::{self, Read, Write},
    num::NonZeroU64,
    os::unix::fs::FileExt as _,
    time::{Duration, Instant as Moment},
};

use sha2::{Digest as _, Sha256};
use tokio::sync::oneshot;

use super::pieces::{Arriving, Pieces};

/// Bytes read at once.
const CHUNK: usize = 1 << 20;
/// Bytes after which what was written is brought to the disk and leaves the memory: a pile of unwritten bytes would
/// hold up the small writes of everybody else on the same disk.
const FLUSH: u64 = 16 << 20;
/// Level of compression. 1 packs a database of records to about a fifth at the speed of a disk; higher levels cost
/// more time than they save bytes.
const LEVEL: i32 = 1;

/// What became of a copy.
pub(super) struct Copied {
    pub bytes: u64,
    pub plain: u64,
    pub sha256: String,
}

/// Runs work on a thread of its own that gives way to all others.
pub(super) async fn gently<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let (done, wait) = oneshot::channel();
    let run = move || {
        // Whatever refuses this leaves the copy as quick as any other work, which harms nothing but speed.
        let _ = rustix::process::setpriority_process(Some(rustix::thread::gettid()), 19);
        let _ = done.send(work());
    };
    std::thread::Builder::new().name("backup".to_owned()).spawn(run)?;
    wait.await.unwrap_or_else(|_| Err(io::Error::other("the copying thread ended early")))
}

/// Copies so many bytes of a file, packed, at most `rate` bytes a second.
pub(super) fn pack(from: &File, length: u64, to: To, rate: Option<u64>) -> io::Result<Copied> {
    let mut packer = zstd::Encoder::new(Out::new(to), LEVEL)?;
    packer.include_checksum(true)?;
    let mut pace = Pace::new(rate);
    let (mut chunk, mut at) = (vec![0; CHUNK], 0);
    while at < length {
        let want = usize::try_from(length - at).unwrap_or(CHUNK).min(CHUNK);
        from.read_exact_at(&mut chunk[..want], at)?;
        packer.write_all(&chunk[..want])?;
        at += want as u64;
        pace.went(want as u64);
    }
    packer.finish()?.end(length)
}

/// Copies a stream as it is, packed already.
pub(super) fn carry(mut from: impl Read, to: To, plain: u64) -> io::Result<Copied> {
    let mut out = Out::new(to);
    io::copy(&mut from, &mut out)?;
    out.end(plain)
}

/// Unpacks a file and says what its packed bytes come to, also when they cannot be unpacked. Reads no further than a
/// whole file of that length would go.
pub(super) fn unpack(from: From, to: &mut File, most: u64) -> io::Result<Copied> {
    let mut counted = Counted { from, sha: Sha256::new(), bytes: 0 };
    let plain = {
        let mut unpacker = zstd::Decoder::new(&mut counted)?;
        io::copy(&mut (&mut unpacker).take(most + 1), to)
    };
    if let Err(full) = &plain
        && full.kind() == io::ErrorKind::StorageFull
    {
        return Err(full.kind().into());
    }
    // The reader stops at the end of what is packed; whatever follows belongs to the file as well.
    io::copy(&mut counted, &mut io::sink())?;
    let sha256 = hex(counted.sha);
    let plain = plain.map_err(|e| {
        io::Error::new(e.kind(), format!("{e}; it has {} bytes with SHA-256 {sha256}", counted.bytes))
    })?;
    Ok(Copied { bytes: counted.bytes, plain, sha256 })
}

fn hex(sha: Sha256) -> String {
    sha.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Keeps to a rate by resting between chunks.
struct Pace {
    rate: Option<u64>,
    began: Moment,
    gone: u64,
}

impl Pace {
    fn new(rate: Option<u64>) -> Self {
        Self { rate, began: Moment::now(), gone: 0 }
    }

    fn went(&mut self, bytes: u64) {
        self.gone += bytes;
        let Some(rate) = self.rate else { return };
        let due = Duration::from_secs_f64(self.gone as f64 / rate as f64);
        std::thread::sleep(due.saturating_sub(self.began.elapsed()));
    }
}

/// Where the bytes of a copy go.
pub(super) enum To {
    File {
        file: File,
        bytes: u64,
        /// Bytes that are on the disk already.
        kept: u64,
    },
    Pieces(Pieces),
}

impl To {
    pub(super) fn file(file: File) -> Self {
        Self::File { file, bytes: 0, kept: 0 }
    }

    fn end(self) -> io::Result<()> {
        match self {
            Self::File { file, bytes, .. } => {
                file.sync_all()?;
                forget(&file, 0, bytes);
                Ok(())
            }
            Self::Pieces(pieces) => pieces.end(),
        }
    }
}

impl Write for To {
    fn write(&mut self, some: &[u8]) -> io::Result<usize> {
        let (file, bytes, kept) = match self {
            Self::File { file, bytes, kept } => (file, bytes, kept),
            Self::Pieces(pieces) => return pieces.write(some),
        };
        let written = file.write(some)?;
        *bytes += written as u64;
        if *bytes - *kept >= FLUSH {
            file.sync_data()?;
            forget(file, *kept, *bytes - *kept);
            *kept = *bytes;
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A copy being written, and what its bytes come to.
struct Out {
    to: To,
    sha: Sha256,
    bytes: u64,
}

impl Out {
    fn new(to: To) -> Self {
        Self { to, sha: Sha256::new(), bytes: 0 }
    }

    fn end(self, plain: u64) -> io::Result<Copied> {
        self.to.end()?;
        Ok(Copied { bytes: self.bytes, plain, sha256: hex(self.sha) })
    }
}

impl Write for Out {
    fn write(&mut self, some: &[u8]) -> io::Result<usize> {
        let written = self.to.write(some)?;
        self.sha.update(&some[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// Lets the system forget bytes that nobody reads again soon, instead of others' that somebody does.
fn forget(file: &File, at: u64, length: u64) {
    let _ = rustix::fs::fadvise(file, at, NonZeroU64::new(length), rustix::fs::Advice::DontNeed);
}

/// Where the bytes of a copy come from.
pub(super) enum From {
    File(File),
    Pieces(Arriving),
}

impl Read for From {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.read(into),
            Self::Pieces(pieces) => pieces.read(into),
        }
    }
}

/// A copy being read, and what its bytes come to.
struct Counted {
    from: From,
    sha: Sha256,
    bytes: u64,
}

impl Read for Counted {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(into)?;
        self.sha.update(&into[..read]);
        self.bytes += read as u64;
        Ok(read)
    }
}
