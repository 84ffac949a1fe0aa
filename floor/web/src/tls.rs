//! TLS by ourselves: a certificate and its key from two files, read again when they change.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, SystemTime},
};

use kernel::{Problem, Result};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::{CryptoProvider, ring},
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
        server::{ClientHello, ResolvesServerCert},
        sign::CertifiedKey,
    },
};

/// Between two looks at the files.
const LOOK: Duration = Duration::from_secs(5);

/// A certificate with its chain and its key, and what to answer with now.
#[derive(Clone, Debug)]
pub struct Tls {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    certificate: PathBuf,
    key: PathBuf,
    provider: Arc<CryptoProvider>,
    present: RwLock<Arc<CertifiedKey>>,
}

/// When files were changed, and how long they are.
type Stamp = [Option<(SystemTime, u64)>; 2];

impl Tls {
    /// Reads the files: PEM, the server's own certificate first, then those that sign it.
    ///
    /// # Errors
    /// [`Problem::Conflict`] naming the file that cannot be used.
    pub fn read(certificate: &Path, key: &Path) -> Result<Self> {
        let provider = Arc::new(ring::default_provider());
        let present = RwLock::new(Arc::new(certified(certificate, key, &provider)?));
        let inner = Inner { certificate: certificate.to_owned(), key: key.to_owned(), provider, present };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// What accepts connections: TLS 1.2 and 1.3, HTTP/1.1.
    ///
    /// # Errors
    /// [`Problem::Bug`] when the protocol versions are not supported.
    pub(crate) fn acceptor(&self) -> Result<TlsAcceptor> {
        let config = ServerConfig::builder_with_provider(self.inner.provider.clone());
        let config = config.with_safe_default_protocol_versions().map_err(Problem::bug)?;
        let mut config = config.with_no_client_auth().with_cert_resolver(self.inner.clone());
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }

    /// Reads the files again whenever they changed, for ever. What cannot be used is said, and the former certificate
    /// stays; connections that are open keep theirs.
    pub async fn follow(&self) {
        let mut known = self.stamp();
        loop {
            tokio::time::sleep(LOOK).await;
            let now = self.stamp();
            if now == known {
                continue;
            }
            known = now;
            match certified(&self.inner.certificate, &self.inner.key, &self.inner.provider) {
                Ok(new) => {
                    *self.inner.present.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(new);
                    tracing::info!(file = %self.inner.certificate.display(), "the new certificate is used from now on");
                }
                Err(error) => tracing::error!(%error, "the former certificate stays in use"),
            }
        }
    }

    fn stamp(&self) -> Stamp {
        [&self.inner.certificate, &self.inner.key].map(|file| {
            let about = fs::metadata(file).ok()?;
            Some((about.modified().ok()?, about.len()))
        })
    }
}

impl ResolvesServerCert for Inner {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.present.read().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

fn certified(certificate: &Path, key: &Path, provider: &CryptoProvider) -> Result<CertifiedKey> {
    let bad = |file: &Path, what: &str, error: &dyn std::fmt::Display| {
        Problem::conflict("web.tls", format!("{} {what} ({error}).", file.display()))
    };
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<std::result::Result<Vec<_>, _>>)
        .map_err(|e| bad(certificate, "cannot be read as a certificate in PEM", &e))?;
    if chain.is_empty() {
        return Err(bad(certificate, "holds no certificate", &"PEM begins with -----BEGIN CERTIFICATE-----"));
    }
    let secret =
        PrivateKeyDer::from_pem_file(key).map_err(|e| bad(key, "cannot be read as a key in PEM", &e))?;
    let made = CertifiedKey::from_der(chain, secret, provider);
    made.map_err(|e| {
        bad(
            key,
            &format!("does not belong to {} or is of a kind that is not known", certificate.display()),
            &e,
        )
    })
}
