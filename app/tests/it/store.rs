//! An object store of the test's own that speaks S3 as far as backups need it, remembers every request, and fails when
//! told to.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Request, State},
    response::Response,
};
use http::{Method, StatusCode, header};
use sha2::{Digest as _, Sha256};

/// The only bucket there is.
pub const BUCKET: &str = "hospital";
/// The only key that opens it.
pub const KEY: &str = "AKBATONTEST";
/// Its secret.
pub const SECRET: &str = "a-secret-nobody-may-see";
/// Keys in one page of a list, as AWS has it.
const PAGE: usize = 1000;

/// An object.
#[derive(Clone)]
pub struct Object {
    /// Its content.
    pub bytes: Bytes,
    /// When it was put, as lists say it.
    pub at: String,
}

/// What goes wrong with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// An answer of this status with this code of S3.
    Says(u16, &'static str),
    /// The connection is cut in the middle.
    Cut,
    /// No answer for a long while.
    Stuck,
}

struct Trouble {
    method: Method,
    part: &'static str,
    left: usize,
    fault: Fault,
}

#[derive(Default)]
struct Inside {
    objects: BTreeMap<String, Object>,
    /// Parts of objects that are not whole yet.
    uploads: BTreeMap<String, BTreeMap<usize, Bytes>>,
    asked: Vec<String>,
    troubles: Vec<Trouble>,
    begun: usize,
}

/// A running store.
#[derive(Clone)]
pub struct Store {
    inside: Arc<Mutex<Inside>>,
    /// Where it listens.
    pub at: SocketAddr,
}

impl Store {
    /// Starts one on a free port of this machine, without TLS.
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let store = Self { inside: Arc::default(), at: listener.local_addr().unwrap() };
        let router = store.router();
        tokio::spawn(async move { axum::serve(listener, router).await });
        store
    }

    /// What answers, for a server of another kind.
    pub fn router(&self) -> Router {
        Router::new().fallback(answer).with_state(self.clone())
    }

    /// The configuration and environment with which the program finds it.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        vec![
            ("BATON_BACKUP_S3_ENDPOINT", format!("http://{}", self.at)),
            ("AWS_ACCESS_KEY_ID", KEY.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", SECRET.to_owned()),
        ]
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap()
    }

    /// All objects by their keys.
    pub fn objects(&self) -> BTreeMap<String, Object> {
        self.inside().objects.clone()
    }

    /// Puts or replaces an object from behind; nothing removes it.
    pub fn set(&self, key: &str, object: Option<Object>) {
        let objects = &mut self.inside().objects;
        match object {
            Some(object) => objects.insert(key.to_owned(), object),
            None => objects.remove(key),
        };
    }

    /// Uploads that were begun and neither finished nor given up.
    pub fn open_uploads(&self) -> usize {
        self.inside().uploads.len()
    }

    /// Every request there was, `PUT key?query`, and forgets them.
    pub fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.inside().asked)
    }

    /// Lets the next requests of a kind fail: a method, and words that the address has.
    pub fn fail(&self, method: Method, part: &'static str, times: usize, fault: Fault) {
        self.inside().troubles.push(Trouble { method, part, left: times, fault });
    }

    /// Forgets all faults that are still to come; how many there were.
    pub fn heal(&self) -> usize {
        self.inside().troubles.drain(..).map(|trouble| trouble.left).sum()
    }

    /// How many faults are still to come.
    pub fn to_come(&self) -> usize {
        self.inside().troubles.iter().map(|trouble| trouble.left).sum()
    }

    fn fault(&self, method: &Method, uri: &str) -> Option<Fault> {
        let mut inside = self.inside();
        let fits = |t: &&mut Trouble| t.left > 0 && t.method == *method && uri.contains(t.part);
        let trouble = inside.troubles.iter_mut().find(fits)?;
        trouble.left -= 1;
        Some(trouble.fault)
    }
}

/// The instant as lists have it.
pub fn now() -> String {
    kernel::Instant::machine_now().to_string()
}

fn refusal(status: u16, code: &str) -> Response {
    let text =
        format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>So it is.</Message></Error>");
    Response::builder().status(status).body(Body::from(text)).unwrap()
}

async fn answer(State(store): State<Store>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let query = parts.uri.query().unwrap_or_default().to_owned();
    let uri = format!("{}?{query}", parts.uri.path());
    store.inside().asked.push(format!("{} {uri}", parts.method));
    match store.fault(&parts.method, &uri) {
        Some(Fault::Says(status, code)) => {
            let _ = axum::body::to_bytes(body, usize::MAX).await;
            return refusal(status, code);
        }
        // The task of this connection ends, and the connection with it.
        Some(Fault::Cut) if parts.method != Method::GET => std::panic::resume_unwind(Box::new("cut")),
        Some(Fault::Cut) => return cut_short(),
        Some(Fault::Stuck) => tokio::time::sleep(Duration::from_secs(600)).await,
        None => {}
    }
    let header =
        |name: &str| parts.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
    if !header("authorization").contains(&format!("Credential={KEY}/")) {
        return refusal(403, "InvalidAccessKeyId");
    }
    let Ok(bytes) = axum::body::to_bytes(body, usize::MAX).await else {
        return refusal(400, "IncompleteBody");
    };
    let sum: String = Sha256::digest(&bytes).iter().map(|b| format!("{b:02x}")).collect();
    if header("x-amz-content-sha256") != sum {
        return refusal(400, "XAmzContentSHA256Mismatch");
    }
    let path = parts.uri.path().trim_start_matches('/');
    let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
    if bucket != BUCKET {
        return refusal(404, "NoSuchBucket");
    }
    let query: BTreeMap<String, String> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let asked = Asked { key, query: &query, bytes, range: header("range") };
    serve(&store, &parts.method, asked)
}

struct Asked<'a> {
    key: &'a str,
    query: &'a BTreeMap<String, String>,
    bytes: Bytes,
    range: String,
}

fn serve(store: &Store, method: &Method, asked: Asked<'_>) -> Response {
    let mut inside = store.inside();
    let (key, upload) = (asked.key.to_owned(), asked.query.get("uploadId").cloned());
    let ok = |text: String| Response::builder().header(header::ETAG, "\"e\"").body(Body::from(text)).unwrap();
    match (method.as_str(), upload) {
        ("GET", None) if key.is_empty() => ok(list(&inside.objects, asked.query)),
        ("GET" | "HEAD", None) => match inside.objects.get(&key) {
            Some(object) => some_of(object, &asked.range, method == Method::HEAD),
            None => refusal(404, "NoSuchKey"),
        },
        ("PUT", None) => {
            inside.objects.insert(key, Object { bytes: asked.bytes, at: now() });
            ok(String::new())
        }
        ("POST", None) => {
            inside.begun += 1;
            let id = format!("upload-{}", inside.begun);
            inside.uploads.insert(id.clone(), BTreeMap::new());
            ok(format!(
                "<InitiateMultipartUploadResult><Bucket>{BUCKET}</Bucket><Key>{key}</Key><UploadId>{id}</UploadId>\
                 </InitiateMultipartUploadResult>"
            ))
        }
        ("PUT", Some(id)) => {
            let number = asked.query["partNumber"].parse().unwrap();
            let Some(parts) = inside.uploads.get_mut(&id) else { return refusal(404, "NoSuchUpload") };
            parts.insert(number, asked.bytes);
            ok(String::new())
        }
        ("POST", Some(id)) => {
            let Some(parts) = inside.uploads.remove(&id) else { return refusal(404, "NoSuchUpload") };
            let small = parts.values().rev().skip(1).any(|part| part.len() < 5 << 20);
            let named = String::from_utf8_lossy(&asked.bytes).matches("<PartNumber>").count();
            if small || named != parts.len() || parts.keys().copied().ne(1..=parts.len()) {
                return refusal(400, "InvalidPart");
            }
            let bytes =
                parts.into_values().fold(Vec::new(), |all, part| [all, part.to_vec()].concat()).into();
            inside.objects.insert(key.clone(), Object { bytes, at: now() });
            ok(format!(
                "<CompleteMultipartUploadResult><Key>{key}</Key><ETag>\"e\"</ETag></CompleteMultipartUploadResult>"
            ))
        }
        ("DELETE", upload) => {
            match upload {
                Some(id) => drop(inside.uploads.remove(&id)),
                None => drop(inside.objects.remove(&key)),
            }
            Response::builder().status(StatusCode::NO_CONTENT).body(Body::empty()).unwrap()
        }
        _ => refusal(405, "MethodNotAllowed"),
    }
}

/// An object or the range of it that is asked for.
fn some_of(object: &Object, range: &str, only_head: bool) -> Response {
    let all = object.bytes.len();
    let asked = range.strip_prefix("bytes=").and_then(|range| range.split_once('-'));
    let asked = asked.and_then(|(from, to)| Some((from.parse::<usize>().ok()?, to.parse::<usize>().ok()?)));
    let answer = Response::builder()
        .header(header::ETAG, "\"e\"")
        .header(header::LAST_MODIFIED, "Mon, 02 Mar 2026 12:00:00 GMT");
    match asked {
        Some((from, _)) if from >= all => refusal(416, "InvalidRange"),
        Some((from, to)) => {
            let to = to.min(all - 1);
            let answer = answer.status(206).header(header::CONTENT_RANGE, format!("bytes {from}-{to}/{all}"));
            answer.body(Body::from(object.bytes.slice(from..=to))).unwrap()
        }
        None => {
            let body = if only_head { Body::empty() } else { Body::from(object.bytes.clone()) };
            answer.header(header::CONTENT_LENGTH, all).body(body).unwrap()
        }
    }
}

/// An answer that promises more than it brings.
fn cut_short() -> Response {
    let some = futures_of(vec![Ok(Bytes::from_static(b"some")), Err(std::io::Error::other("cut"))]);
    Response::builder().header(header::CONTENT_LENGTH, 1000).body(some).unwrap()
}

fn futures_of(parts: Vec<std::io::Result<Bytes>>) -> Body {
    Body::from_stream(futures::stream::iter(parts))
}

/// A page of a list.
fn list(objects: &BTreeMap<String, Object>, query: &BTreeMap<String, String>) -> String {
    let word = |name: &str| query.get(name).cloned().unwrap_or_default();
    let (prefix, delimiter, after) = (word("prefix"), word("delimiter"), word("continuation-token"));
    let (mut names, mut last, mut more) = (String::new(), String::new(), false);
    let mut n = 0;
    for (key, object) in objects.iter().filter(|(key, _)| key.starts_with(&prefix)) {
        let rest = &key[prefix.len()..];
        let common = rest.find(&delimiter).filter(|_| !delimiter.is_empty());
        let name = common.map_or(key.clone(), |at| format!("{prefix}{}", &rest[..at + delimiter.len()]));
        if name <= after || name == last {
            continue;
        }
        if n == PAGE {
            more = true;
            break;
        }
        n += 1;
        names += &match common {
            Some(_) => format!("<CommonPrefixes><Prefix>{name}</Prefix></CommonPrefixes>"),
            None => format!(
                "<Contents><Key>{name}</Key><LastModified>{}</LastModified><ETag>\"e\"</ETag><Size>{}</Size></Contents>",
                object.at,
                object.bytes.len()
            ),
        };
        last = name;
    }
    let token =
        if more { format!("<NextContinuationToken>{last}</NextContinuationToken>") } else { String::new() };
    format!(
        "<ListBucketResult><Name>{BUCKET}</Name><IsTruncated>{more}</IsTruncated>{token}{names}</ListBucketResult>"
    )
}
