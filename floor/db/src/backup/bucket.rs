//! Backups in a bucket of an object store that speaks S3: AWS, `MinIO`, Ceph, Garage and others.
//!
//! The copy is sent first and the manifest put last, in one piece that the store takes whole or not at all: only what
//! has a manifest is a backup. Removing goes the other way.

use std::{fmt, ops::Range, sync::Arc, time::Duration};

use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use kernel::{Instant, Problem, Result};
use object_store::{
    BackoffConfig, Certificate, ClientOptions, Error, ObjectStore, ObjectStoreExt as _, RetryConfig,
    aws::AmazonS3Builder, path::Path as Key,
};

use super::{
    Found, MANIFEST, Manifest, PLACE,
    copy::{From, To},
    folder::LEFT_AFTER,
    pieces::{Fetching, Pieces, Sending, piece_for},
    shelf::{Spot, spoilt},
};

/// How addresses of buckets begin.
pub(super) const S3: &str = "s3://";
/// How names of backups begin; whatever else lies in the bucket is somebody else's.
const OURS: &str = "baton-";
/// Manifests read at once.
const AT_ONCE: usize = 8;
/// Most bytes of a manifest.
const LONGEST: u64 = 16 << 20;

/// How a store is reached.
#[derive(Clone, Debug)]
pub struct Access {
    /// `https://minio.example.org:9000`; without it AWS.
    pub endpoint: Option<String>,
    /// Where the bucket is; stores other than AWS mostly take any.
    pub region: String,
    /// Who asks.
    pub keys: Keys,
    /// Certificates in PEM that may have signed the store's, besides those that the system trusts.
    pub certificates: Option<Vec<u8>>,
    /// Whether a store on another machine may be reached without TLS.
    pub plain_http: bool,
}

/// An access key and its secret. Never printed.
#[derive(Clone)]
pub struct Keys {
    /// The access key's id.
    pub id: String,
    /// Its secret.
    pub secret: String,
    /// What belongs to keys that are lent for a while.
    pub token: Option<String>,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(…)")
    }
}

/// Codes by which a store refuses whoever asks.
const REFUSALS: [&str; 6] = [
    "AccessDenied",
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "RequestTimeTooSkewed",
    "ExpiredToken",
    "InvalidToken",
];
const KEYS: &str = "Check the access key, its secret and this machine’s clock, and that the key may list, read, write \
    and delete there.";
const ELSEWHERE: &str =
    "Check the names: of the bucket, which must be there already, of its region and of the endpoint.";

/// A place in a bucket: a shelf, a backup on it or one of its files.
#[derive(Clone, Debug)]
pub(super) struct Bucket {
    /// Tries again and again: for pieces of a copy.
    patient: Arc<dyn ObjectStore>,
    /// Says soon what is wrong.
    brisk: Arc<dyn ObjectStore>,
    name: String,
    at: Key,
}

impl Bucket {
    /// The place that an address names.
    pub(super) fn open(at: &str, access: &Access) -> Result<Self> {
        let (name, prefix) =
            at.strip_prefix(S3).map(|rest| rest.split_once('/').unwrap_or((rest, ""))).unwrap_or_default();
        let letters = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-' | '_');
        let key =
            Key::parse(prefix).ok().filter(|_| (3..64).contains(&name.len()) && name.chars().all(letters));
        let Some(key) = key else {
            return Err(Problem::conflict(
                PLACE,
                format!(
                    "“{at}” names no bucket. Write s3://bucket or s3://bucket/prefix; keys and endpoint do not belong \
                     into it."
                ),
            ));
        };
        let client = |tries, most| {
            let retry =
                RetryConfig { max_retries: tries, retry_timeout: most, backoff: BackoffConfig::default() };
            builder(name, access)?.with_retry(retry).build().map_err(|e| {
                Problem::conflict(PLACE, format!("The object store of {at} cannot be used ({}).", cause(&e)))
            })
        };
        Ok(Self {
            patient: Arc::new(client(10, Duration::from_secs(180))?),
            brisk: Arc::new(client(3, Duration::from_secs(20))?),
            name: name.to_owned(),
            at: key,
        })
    }

    /// Its address, for people.
    pub(super) fn address(&self) -> String {
        let slash = if self.at.as_ref().is_empty() { "" } else { "/" };
        format!("{S3}{}{slash}{}", self.name, self.at)
    }

    /// What has a name in this place.
    pub(super) fn below(&self, name: &str) -> Self {
        Self { at: self.at.clone().join(name), ..self.clone() }
    }

    /// Whether the store lets us look, which is asked before anything is copied.
    pub(super) async fn answers(&self) -> Result<()> {
        let first = self.brisk.list(Some(&self.at)).next().await.transpose();
        first.map(drop).map_err(|e| self.refused("The backup could not be written to", &e))
    }

    /// The names of backups on this shelf, whole or not.
    async fn names(&self) -> Result<Vec<String>> {
        let listed = self.brisk.list_with_delimiter(Some(&self.at)).await;
        let listed = listed.map_err(|e| self.refused("Cannot read", &e))?;
        let names = listed.common_prefixes.iter().filter_map(|key| key.filename());
        Ok(names.filter(|name| name.starts_with(OURS)).map(str::to_owned).collect())
    }

    /// Each backup that has a manifest: a whole one, or why it cannot be used. When a manifest cannot be fetched nothing
    /// is said at all.
    pub(super) async fn each(&self) -> Result<Vec<Result<Found>>> {
        let names = self.names().await?;
        let each = stream::iter(names).map(|name| async move {
            let place = self.below(&name);
            match place.here().await {
                Err(problem @ Problem::Conflict { code: super::UNUSABLE, .. }) => {
                    Ok(Some(Err(spoilt(&place.address(), &problem))))
                }
                other => other.map(|found| found.map(Ok)),
            }
        });
        let each: Vec<Option<Result<Found>>> = each.buffer_unordered(AT_ONCE).try_collect().await?;
        Ok(each.into_iter().flatten().collect())
    }

    /// The backup that lies at this place, if there is a whole one.
    pub(super) async fn here(&self) -> Result<Option<Found>> {
        let manifest = self.below(MANIFEST);
        let refused = |e: &Error| manifest.refused("Cannot read", e);
        let there = match self.brisk.get(&manifest.at).await {
            Ok(there) => there,
            Err(Error::NotFound { .. }) if self.is_there().await? => return Ok(None),
            Err(error) => return Err(refused(&error)),
        };
        if there.meta.size > LONGEST {
            return Err(super::unusable(format!("{} is no manifest of a backup.", manifest.address())));
        }
        let bytes = there.bytes().await.map_err(|e| refused(&e))?;
        let manifest = Manifest::parse(&String::from_utf8_lossy(&bytes))?;
        Ok(Some(Found::new(Spot::Bucket(self.clone()), manifest)))
    }

    /// A bucket that is not there has no backups either, but that is not what is meant.
    async fn is_there(&self) -> Result<bool> {
        let first = self.brisk.list(Some(&self.at)).next().await.transpose();
        first.map(|_| true).map_err(|e| self.refused("Cannot read", &e))
    }

    /// Bytes of the object at this place.
    pub(super) async fn length(&self) -> Result<u64> {
        let head = self.patient.head(&self.at).await;
        head.map(|about| about.size).map_err(|e| self.refused("Cannot read", &e))
    }

    /// Some bytes of the object at this place.
    pub(super) async fn range(&self, range: Range<u64>) -> Result<Bytes> {
        self.patient.get_range(&self.at, range).await.map_err(|e| self.refused("Cannot read", &e))
    }

    /// Reads the object at this place.
    pub(super) async fn fetch(self) -> Result<(From, Fetching)> {
        let length = self.length().await?;
        let (arriving, fetching) = Fetching::begin(self, length);
        Ok((From::Pieces(arriving), fetching))
    }

    /// Writes an object of about so many bytes to this place.
    pub(super) async fn send(self, bytes: u64) -> Result<(To, Sending)> {
        let upload = self.patient.put_multipart(&self.at).await;
        let upload = upload.map_err(|e| self.refused("The backup could not be written to", &e))?;
        let (pieces, sending): (Pieces, _) = Sending::begin(self, upload, piece_for(bytes));
        Ok((To::Pieces(pieces), sending))
    }

    /// Puts the manifest: from now on what lies here is a backup.
    pub(super) async fn put(&self, manifest: Manifest) -> Result<Found> {
        let text = serde_json::to_vec_pretty(&manifest).map_err(Problem::bug)?;
        let at = self.below(MANIFEST);
        let put = self.patient.put(&at.at, text.into()).await;
        put.map_err(|e| at.refused("The backup could not be written to", &e))?;
        self.sweep().await;
        Ok(Found::new(Spot::Bucket(self.clone()), manifest))
    }

    /// Removes the backup at this place: the manifest first, so that it stops counting before its bytes go.
    pub(super) async fn remove(&self) -> Result<()> {
        let refused = |e: Error| self.refused("An old backup could not be removed from", &e);
        match self.brisk.delete(&self.below(MANIFEST).at).await {
            Ok(()) | Err(Error::NotFound { .. }) => {}
            Err(error) => return Err(refused(error)),
        }
        let mut all = self.brisk.list(Some(&self.at));
        while let Some(object) = all.try_next().await.map_err(refused)? {
            self.brisk.delete(&object.location).await.map_err(refused)?;
        }
        Ok(())
    }

    /// Removes what makers of backups left beside this one that were cut short. What cannot be removed is tried again.
    async fn sweep(&self) {
        let mut shelf = self.clone();
        let parts: Vec<_> = self.at.parts().collect();
        shelf.at = parts.iter().take(parts.len().saturating_sub(1)).cloned().collect();
        if let Err(error) = shelf.sweep_all().await {
            tracing::warn!(%error, "what earlier backups left behind stays");
        }
    }

    async fn sweep_all(&self) -> Result<()> {
        let before =
            Instant::machine_now().micros() - i64::try_from(LEFT_AFTER.as_micros()).unwrap_or(i64::MAX);
        for name in self.names().await? {
            let place = self.below(&name);
            let objects: Vec<_> = self
                .brisk
                .list(Some(&place.at))
                .try_collect()
                .await
                .map_err(|e| place.refused("Cannot read", &e))?;
            let whole = objects.iter().any(|o| o.location.filename() == Some(MANIFEST));
            let old = objects.iter().all(|o| o.last_modified.timestamp_micros() < before);
            if !whole && old {
                place.remove().await?;
            }
        }
        Ok(())
    }

    /// A refusal of the store, in words with a remedy.
    pub(super) fn refused(&self, what: &str, error: &Error) -> Problem {
        let cause = cause(error);
        let says = |part: &str| cause.contains(part);
        let remedy = match error {
            Error::NotFound { .. } => ELSEWHERE,
            _ if says("NoSuchBucket") => ELSEWHERE,
            Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => KEYS,
            _ if REFUSALS.iter().any(|code| says(code)) => KEYS,
            _ if says("region") || says("AuthorizationHeaderMalformed") || says("PermanentRedirect") => {
                "Check backup_s3_region: the bucket seems to be in another one."
            }
            _ if says("ertificate") => {
                "If a certificate of your own signs the store’s, name it with backup_s3_certificate."
            }
            _ => "Check that the store runs and that backup_s3_endpoint is its address.",
        };
        Problem::conflict(PLACE, format!("{what} {} ({cause}). {remedy}", self.address()))
    }
}

/// A client's settings, but for how often it tries.
fn builder(bucket: &str, access: &Access) -> Result<AmazonS3Builder> {
    // Whoever was first stays; the program has one and the same everywhere.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut options = ClientOptions::new()
        .with_connect_timeout(Duration::from_secs(10))
        .with_read_timeout(Duration::from_secs(60))
        // Of one piece: 8 MiB in that time is what a line of 250 kbit/s brings.
        .with_timeout(Duration::from_secs(300))
        .with_http1_only();
    if let Some(pem) = &access.certificates {
        let unread =
            || Problem::conflict(PLACE, "backup_s3_certificate: the file holds no certificate in PEM.");
        let all = Certificate::from_pem_bundle(pem).map_err(|_| unread())?;
        if all.is_empty() {
            return Err(unread());
        }
        options = all.into_iter().fold(options, ClientOptions::with_root_certificate);
    }
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(bucket)
        // Not every store that speaks S3 knows how to delete many at once.
        .with_disable_bulk_delete(true)
        .with_region(&access.region)
        .with_access_key_id(&access.keys.id)
        .with_secret_access_key(&access.keys.secret);
    if let Some(token) = &access.keys.token {
        builder = builder.with_token(token);
    }
    if let Some(endpoint) = &access.endpoint {
        options = options.with_allow_http(may_be_plain(endpoint, access.plain_http)?);
        builder = builder.with_endpoint(endpoint.trim_end_matches('/'));
    }
    Ok(builder.with_client_options(options))
}

/// Whether an endpoint may be reached without TLS, and is one.
fn may_be_plain(endpoint: &str, said: bool) -> Result<bool> {
    let wrong =
        |words: &str| Err(Problem::conflict(PLACE, format!("backup_s3_endpoint: “{endpoint}” {words}")));
    let (plain, rest) = match (endpoint.strip_prefix("https://"), endpoint.strip_prefix("http://")) {
        (Some(rest), _) => (false, rest),
        (_, Some(rest)) => (true, rest),
        _ => return wrong("is no address. Write https://host or https://host:port."),
    };
    let rest = rest.trim_end_matches('/');
    if rest.is_empty() || rest.contains(['@', '/', '?', '#']) {
        return wrong(
            "is no address of a server. Write https://host or https://host:port, and nothing after it.",
        );
    }
    let host =
        rest.rsplit_once(':').filter(|(_, port)| port.parse::<u16>().is_ok()).map_or(rest, |(host, _)| host);
    let here = matches!(host, "localhost" | "[::1]")
        || host.parse::<std::net::Ipv4Addr>().is_ok_and(|ip| ip.is_loopback());
    if plain && !here && !said {
        return wrong(
            "is not TLS, and the whole record would cross the network readable. Use https://, or set \
             backup_s3_plain_http = true where that network is yours alone.",
        );
    }
    Ok(plain)
}

/// Why a store refused, in as few words as it says it.
fn cause(error: &Error) -> String {
    let all = error.to_string();
    let between = |tag: &str| {
        let from = all.find(&format!("<{tag}>"))? + tag.len() + 2;
        all[from..].split('<').next().map(str::to_owned)
    };
    if let Some(code) = between("Code") {
        return between("Message").map_or(code.clone(), |message| format!("{code}: {message}"));
    }
    // The innermost says what happened, those around it what was tried.
    let mut inner: &dyn std::error::Error = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    inner.to_string().trim().trim_end_matches('.').chars().take(500).collect()
}
