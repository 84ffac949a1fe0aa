//! What this installation has sealed, noted beside its key and not in the database.
//!
//! A seal alone does not say whose it is. Whoever can write the database could take all seals away and have the
//! history sealed once more, by a key of their own or by the server itself. So the keys that ever sealed and the last batch
//! of each organisation are noted in a small file that lies where the key lies. [`super::Sealer`] goes on only where the
//! chain still holds what the file says, and [`super::verify`] takes no other key and no other history for ours.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use kernel::{Id, OrgId};
use uuid::Uuid;

use super::{
    Batch, KeyFault, PublicKey,
    key::{check_rights, sync_folder, write_private},
    parse_root,
};

const HEAD: &str = "# The keys that sealed the record of this installation, and the last seal of each organisation.\n\
                    # Baton writes this. Keep it with the key, and away from whoever administers the database.\n";

/// The note. It is read from its file each time it is needed: other commands write it too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Witness {
    keys: Vec<PublicKey>,
    last: BTreeMap<Uuid, (i64, [u8; 32])>,
}

impl Witness {
    /// Where it lies for a key file, if nothing else is said.
    pub fn beside(key: &Path) -> PathBuf {
        key.with_extension("seal-witness")
    }

    /// Reads it; none when there is no such file.
    ///
    /// # Errors
    /// [`KeyFault`], among them a file that others than its owner can reach.
    pub fn read(path: &Path) -> Result<Option<Self>, KeyFault> {
        let name = || path.display().to_string();
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(KeyFault::Disk { file: name(), error }),
        };
        check_rights(path)?;
        let mut witness = Self::default();
        for line in text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty()) {
            witness.take(line).ok_or_else(|| KeyFault::Torn { file: name(), line: line.to_owned() })?;
        }
        Ok(Some(witness))
    }

    fn take(&mut self, line: &str) -> Option<()> {
        let mut words = line.split_whitespace();
        match (words.next()?, words.next()?, words.next(), words.next()) {
            ("key", key, None, None) => self.keys.push(PublicKey::parse(key)?),
            ("sealed", org, Some(number), Some(root)) => {
                let last = (number.parse().ok()?, parse_root(root)?);
                self.last.insert(org.parse().ok()?, last);
            }
            _ => return None,
        }
        Some(())
    }

    /// Writes it in the place of the one before, and waits until it is on the disk.
    ///
    /// # Errors
    /// [`KeyFault::Disk`]; then the one before is still there.
    pub fn write(&self, path: &Path) -> Result<(), KeyFault> {
        let mut text = HEAD.to_owned();
        for key in &self.keys {
            let _ = writeln!(text, "key {key}");
        }
        for (org, (number, root)) in &self.last {
            let _ = writeln!(text, "sealed {org} {number} {}", PublicKey::new(*root));
        }
        let new = path.with_extension("seal-witness-new");
        let put = || {
            match fs::remove_file(&new) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            write_private(&new, &text)?;
            fs::rename(&new, path)?;
            sync_folder(path)
        };
        put().map_err(|error| KeyFault::Disk { file: path.display().to_string(), error })
    }

    /// The keys that sealed or will, in their order.
    pub fn keys(&self) -> &[PublicKey] {
        &self.keys
    }

    /// Takes a key for one of this installation.
    pub fn trust(&mut self, key: PublicKey) {
        if !self.keys.contains(&key) {
            self.keys.push(key);
        }
    }

    /// The last batch of an organisation that was sealed here: its number and root.
    pub fn last(&self, org: OrgId) -> Option<(i64, [u8; 32])> {
        self.last.get(&org.uuid()).copied()
    }

    /// Notes a batch as the last one.
    pub fn note(&mut self, org: OrgId, batch: &Batch) {
        self.trust(batch.sealed_by);
        self.trust(batch.next_by);
        self.last.insert(org.uuid(), (batch.number, batch.root));
    }

    /// The organisations that it knows.
    pub fn orgs(&self) -> impl Iterator<Item = OrgId> {
        self.last.keys().map(|org| Id::from_uuid(*org))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_as_it_was_written_and_kept_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = Witness::beside(&folder.path().join("baton.sqlite.seal-key"));
        assert!(path.ends_with("baton.sqlite.seal-witness"));
        assert_eq!(Witness::read(&path).unwrap(), None);
        let mut witness = Witness::default();
        witness.trust(PublicKey::new([7; 32]));
        witness.trust(PublicKey::new([9; 32]));
        witness.trust(PublicKey::new([7; 32]));
        witness.last.insert(Uuid::max(), (12, [3; 32]));
        for _ in 0..2 {
            witness.write(&path).unwrap();
            assert_eq!(Witness::read(&path).unwrap().as_ref(), Some(&witness));
        }
        assert_eq!(witness.keys().len(), 2);
        assert_eq!(witness.last(Id::from_uuid(Uuid::max())), Some((12, [3; 32])));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
            assert!(matches!(Witness::read(&path), Err(KeyFault::Open { .. })));
        }
    }

    #[test]
    fn what_it_does_not_understand_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        for (n, text) in ["sealed 12", "key 00", "hello", "sealed x 1 2"].iter().enumerate() {
            let path = folder.path().join(n.to_string());
            write_private(&path, text).unwrap();
            assert!(matches!(Witness::read(&path), Err(KeyFault::Torn { .. })), "{text}");
        }
    }
}
