//! The key that seals: Ed25519, in a file that only its owner can read.

use std::{fmt, fs, io::Write as _, path::Path, sync::Arc};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use ring::{
    rand::SystemRandom,
    signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey},
};

/// The public half of a key.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// From its bytes.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub const fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Its first eight bytes, to tell keys apart by eye.
    pub fn short(&self) -> String {
        self.0.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }

    /// Reads the 64 digits of [`fmt::Display`].
    pub fn parse(text: &str) -> Option<Self> {
        parse_root(text).map(Self)
    }

    pub(super) fn signed(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.0).verify(message, signature).is_ok()
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.short())
    }
}

/// A root as it is printed: 32 bytes in 64 hexadecimal digits.
pub fn parse_root(text: &str) -> Option<[u8; 32]> {
    let digits = text.trim().as_bytes();
    if digits.len() != 64 {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
        let pair = std::str::from_utf8(pair).ok()?;
        *byte = u8::from_str_radix(pair, 16).ok()?;
    }
    Some(bytes)
}

/// The key that signs. Cheap to clone; never printed.
#[derive(Clone)]
pub struct Signer {
    pair: Arc<Ed25519KeyPair>,
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({})", self.public().short())
    }
}

/// Why a key file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyFault {
    /// There is none.
    #[error("There is no key file {0}.")]
    Missing(String),
    /// Others can read or write it.
    #[error("The file {file} has rights {mode:o}: others than its owner can reach it. Run: chmod 600 {file}")]
    Open {
        /// The file.
        file: String,
        /// Its rights.
        mode: u32,
    },
    /// It holds something else.
    #[error("The file {0} does not hold an Ed25519 key in PKCS #8 PEM.")]
    Unreadable(String),
    /// A line of the witness cannot be read.
    #[error("The file {file} has a line that cannot be read: “{line}”. Put a copy of it back.")]
    Torn {
        /// The file.
        file: String,
        /// The line.
        line: String,
    },
    /// It exists and would be overwritten.
    #[error(
        "The key file {0} exists already. Move it away first; without it nobody can tell who sealed the past."
    )]
    Exists(String),
    /// The disk refused.
    #[error("The file {file} cannot be used: {error}.")]
    Disk {
        /// The file.
        file: String,
        /// What the system says.
        error: std::io::Error,
    },
    /// No random bytes.
    #[error("The system gives no random bytes for a key.")]
    NoChance,
}

const BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
const END: &str = "-----END PRIVATE KEY-----";

impl Signer {
    /// Reads a key file.
    ///
    /// # Errors
    /// [`KeyFault`], among them a file that others than its owner can reach.
    pub fn read(path: &Path) -> Result<Self, KeyFault> {
        let name = || path.display().to_string();
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(KeyFault::Missing(name()));
            }
            Err(error) => return Err(KeyFault::Disk { file: name(), error }),
        };
        check_rights(path)?;
        let body: String = text.lines().map(str::trim).filter(|line| !line.starts_with('-')).collect();
        let der = BASE64_STANDARD.decode(body).map_err(|_| KeyFault::Unreadable(name()))?;
        let pair =
            Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der).map_err(|_| KeyFault::Unreadable(name()))?;
        Ok(Self { pair: Arc::new(pair) })
    }

    /// Makes a key and its file, which only its owner can read, and waits until it is on the disk.
    ///
    /// # Errors
    /// [`KeyFault`]; an existing file is left alone.
    pub fn create(path: &Path) -> Result<Self, KeyFault> {
        let der = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(|_| KeyFault::NoChance)?;
        let text = format!("{BEGIN}\n{}\n{END}\n", BASE64_STANDARD.encode(der.as_ref()));
        write_private(path, &text).map_err(|error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => KeyFault::Exists(path.display().to_string()),
            _ => KeyFault::Disk { file: path.display().to_string(), error },
        })?;
        Self::read(path)
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        let bytes = self.pair.public_key().as_ref();
        PublicKey(bytes.try_into().unwrap_or_default())
    }

    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.pair.sign(message).as_ref().to_vec()
    }
}

pub(super) fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    sync_folder(path)
}

/// Waits until a file's name is on the disk.
pub(super) fn sync_folder(path: &Path) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::File::open(folder)?.sync_all()
}

#[cfg(unix)]
pub(super) fn check_rights(path: &Path) -> Result<(), KeyFault> {
    use std::os::unix::fs::PermissionsExt as _;
    let file = || path.display().to_string();
    let mode =
        fs::metadata(path).map_err(|error| KeyFault::Disk { file: file(), error })?.permissions().mode();
    if mode & 0o077 == 0 { Ok(()) } else { Err(KeyFault::Open { file: file(), mode: mode & 0o777 }) }
}

/// Elsewhere than on Unix the rights of a file are not looked at.
#[cfg(not(unix))]
pub(super) fn check_rights(_: &Path) -> Result<(), KeyFault> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_read_back_and_kept_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("seal.key");
        assert!(matches!(Signer::read(&path), Err(KeyFault::Missing(_))));
        let made = Signer::create(&path).unwrap();
        assert!(matches!(Signer::create(&path), Err(KeyFault::Exists(_))));
        let read = Signer::read(&path).unwrap();
        assert_eq!(made.public(), read.public());
        assert_eq!(PublicKey::parse(&made.public().to_string()), Some(made.public()));
        let signature = made.sign(b"words");
        assert!(read.public().signed(b"words", &signature));
        assert!(!read.public().signed(b"other words", &signature));
        assert!(!format!("{made:?}").contains("PRIVATE"));
    }

    #[cfg(unix)]
    #[test]
    fn a_key_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("seal.key");
        Signer::create(&path).unwrap();
        for mode in [0o640, 0o604, 0o620] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let fault = Signer::read(&path).unwrap_err();
            assert!(matches!(fault, KeyFault::Open { .. }));
            assert!(fault.to_string().contains("chmod 600"), "{fault}");
        }
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("seal.key");
        write_private(&path, "-----BEGIN PRIVATE KEY-----\nbm90IGEga2V5\n-----END PRIVATE KEY-----\n")
            .unwrap();
        assert!(matches!(Signer::read(&path), Err(KeyFault::Unreadable(_))));
    }
}
