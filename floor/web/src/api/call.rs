//! One request to the API.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    body::{Body as HttpBody, Bytes},
    extract::{FromRequest, FromRequestParts as _, Path, Request, rejection::BytesRejection},
};
use db::{Claim, Tx, command, command::CommandId};
use http::{HeaderMap, StatusCode, header};
use kernel::{Actor, Id, Instant, Problem, Result};
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{Answer, Fault, Operation, body, operation::Body, place::List, query};
use crate::{App, OrgFacts};

/// Whoever an API token lets in.
#[derive(Clone, Debug)]
pub struct Pass {
    /// Who acts, with what the token leaves of their rights.
    pub actor: Actor,
    /// The token's id: requests are counted by it, and its keys are its own.
    pub token: uuid::Uuid,
    /// The token's name.
    pub name: String,
    /// Whether the token leaves its owner less than all of their rights.
    pub limited: bool,
    /// When it ends.
    pub expires_at: Instant,
}

/// What the front door knows of a request, handed to its handler.
#[derive(Clone)]
pub(super) struct Entry {
    pub(super) app: App,
    pub(super) org: OrgFacts,
    pub(super) pass: Pass,
    pub(super) operation: Arc<Operation>,
}

/// One request to the API.
pub struct Call {
    /// The running program.
    pub app: App,
    /// The organisation.
    pub org: OrgFacts,
    /// Who asks.
    pub pass: Pass,
    operation: Arc<Operation>,
    path: HashMap<String, String>,
    address: String,
    query: String,
    headers: HeaderMap,
    bytes: Bytes,
    stream: Mutex<Option<HttpBody>>,
}

/// For which versions of a record a change was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// Whichever is there.
    Any,
    /// One of these.
    These(Vec<i64>),
}

impl Seen {
    /// The version to hand to the action: the present one where it is among those, else one that is not.
    pub fn of(&self, present: i64) -> i64 {
        match self {
            Self::Any => present,
            Self::These(all) if all.contains(&present) => present,
            Self::These(all) => all.first().copied().unwrap_or(0),
        }
    }

    /// Reads `If-Match`. A tag of ours is a version; one that is not ours fits no version.
    fn read(text: &str) -> Option<Self> {
        if text.trim() == "*" {
            return Some(Self::Any);
        }
        let tag = |part: &str| {
            let part = part.trim();
            let inner = part.strip_prefix("W/").unwrap_or(part).strip_prefix('"')?.strip_suffix('"')?;
            (!inner.contains('"')).then(|| inner.parse().unwrap_or(0))
        };
        text.split(',').map(tag).collect::<Option<Vec<i64>>>().map(Self::These)
    }
}

impl Call {
    /// Who acts, for permissions and for the record.
    pub fn actor(&self) -> &Actor {
        &self.pass.actor
    }

    /// Now.
    pub fn now(&self) -> Instant {
        self.pass.actor.at
    }

    /// A part of the path.
    pub fn part(&self, name: &str) -> &str {
        self.path.get(name).map_or("", String::as_str)
    }

    /// An id of the path.
    ///
    /// # Errors
    /// [`Problem::NotFound`] for what is no id.
    pub fn id<T>(&self, name: &str, what: &str) -> Result<Id<T>> {
        self.part(name).parse().map_err(|_| Problem::not_found(what))
    }

    /// The path asked for.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The parameters of the query.
    ///
    /// # Errors
    /// [`Problem::Invalid`], each at its parameter; also for `after` of another list.
    pub fn query<T: DeserializeOwned>(&self) -> Result<T> {
        query::read(&self.operation.query, &self.list().bare()?)
    }

    /// The parameters of a query whose `after` is no place in a list.
    ///
    /// # Errors
    /// As [`Call::query`].
    pub(super) fn query_as_it_came<T: DeserializeOwned>(&self) -> Result<T> {
        query::read(&self.operation.query, &self.query)
    }

    /// The list that is asked for.
    pub(super) fn list(&self) -> List<'_> {
        List { address: &self.address, query: &self.query }
    }

    /// The query as it came, without one parameter.
    pub fn query_without(&self, name: &str) -> Vec<(String, String)> {
        let pairs = form_urlencoded::parse(self.query.as_bytes());
        pairs.filter(|(key, _)| key != name).map(|(k, v)| (k.into_owned(), v.into_owned())).collect()
    }

    /// The JSON body as a type.
    ///
    /// # Errors
    /// 415 for another media type, 400 for what is no JSON, 422 at each field that cannot be used.
    pub fn body<T: DeserializeOwned>(&self) -> Result<T, Fault> {
        Ok(body::read(self.json()?)?)
    }

    /// The JSON body of a patch: an object of the fields to change.
    ///
    /// # Errors
    /// As [`Call::body`].
    pub fn changes(&self) -> Result<Value, Fault> {
        let value = self.json()?;
        if value.is_object() {
            return Ok(value);
        }
        Err(Problem::invalid("", "The body must be an object of the fields to change.").into())
    }

    fn json(&self) -> Result<Value, Fault> {
        let kind = self.headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if self.bytes.is_empty() && kind.is_empty() {
            return Ok(Value::Object(serde_json::Map::new()));
        }
        if kind != "application/json" && !(kind.starts_with("application/") && kind.ends_with("+json")) {
            let words = "Send JSON, and say so: “Content-Type: application/json”.";
            return Err(Fault::request(StatusCode::UNSUPPORTED_MEDIA_TYPE, "media_type", words));
        }
        body::parse(&self.bytes).map_err(|words| Fault::request(StatusCode::BAD_REQUEST, "malformed", words))
    }

    /// The body as it comes, for files. It can be taken once.
    pub fn stream(&self) -> Option<HttpBody> {
        self.stream.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// A header as text.
    pub fn header(&self, name: &header::HeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|v| v.to_str().ok())
    }

    /// For which version of the record the change was made.
    ///
    /// # Errors
    /// 428 without `If-Match`, 400 where it cannot be read.
    pub fn seen(&self) -> Result<Seen, Fault> {
        let Some(value) = self.headers.get(header::IF_MATCH) else {
            return Err(Fault::request(
                StatusCode::PRECONDITION_REQUIRED,
                "if_match",
                "Read the record first and send its ETag as If-Match, so that nothing is overwritten unseen.",
            ));
        };
        value.to_str().ok().and_then(Seen::read).ok_or_else(|| {
            let words = "If-Match cannot be read. Send the ETag as it came, such as \"3\", quotes included.";
            Fault::request(StatusCode::BAD_REQUEST, "if_match", words)
        })
    }

    /// Refuses a token that was limited: what concerns its owner's account as a whole is not for it.
    ///
    /// # Errors
    /// 403.
    pub fn need_whole(&self) -> Result<(), Fault> {
        if !self.pass.limited {
            return Ok(());
        }
        let words = "This token is limited to a part of its owner’s rights; this takes one that is not.";
        Err(Fault::request(StatusCode::FORBIDDEN, "limited", words))
    }

    /// The command this request is, if its sender named it. Keys of one token mean nothing to another.
    ///
    /// # Errors
    /// [`Problem::Invalid`] for a key that is empty, too long or not plain text.
    pub fn command(&self) -> Result<Option<CommandId>> {
        let Some(key) = self.headers.get("idempotency-key") else { return Ok(None) };
        let plain = |k: &&str| (1..=255).contains(&k.len()) && k.bytes().all(|b| b.is_ascii_graphic());
        let key = key.to_str().ok().filter(plain);
        let Some(key) = key else {
            let words =
                "An Idempotency-Key has 1 to 255 plain characters without blanks; a random UUID is good.";
            return Err(Problem::invalid("", words));
        };
        let mut sha = Sha256::new();
        sha.update(self.pass.token.as_bytes());
        sha.update(key.as_bytes());
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&sha.finalize()[..16]);
        Ok(Some(Id::from_uuid(uuid::Builder::from_custom_bytes(bytes).into_uuid())))
    }

    /// What the sender sent: the same key with anything else is refused.
    fn content(&self) -> Vec<u8> {
        let mut content = self.query.clone().into_bytes();
        content.push(0);
        if let Some(tag) = self.headers.get(header::IF_MATCH) {
            content.extend_from_slice(tag.as_bytes());
        }
        content.push(0);
        content.extend_from_slice(&self.bytes);
        content
    }

    #[doc(hidden)]
    pub async fn before(&self, tx: &mut Tx, action: &'static str) -> Result<Option<Answer>> {
        let Some(id) = self.command()? else { return Ok(None) };
        let record = format!("{} {}", self.operation.method, self.address);
        match command::claim(tx, self.actor(), id, action, &record, &self.content()).await? {
            Claim::Fresh => Ok(None),
            Claim::Done(answer) => Answer::again(&answer).map(Some),
        }
    }

    #[doc(hidden)]
    pub async fn after(&self, tx: &mut Tx, answer: &str) -> Result<()> {
        let Some(id) = self.command()? else { return Ok(()) };
        command::answer(tx, self.actor(), id, answer).await
    }
}

/// Carries a change out inside one write; a request sent again with the same `Idempotency-Key` gets the first answer.
///
/// The body ends with an [`Answer`]. As every write it may run again.
#[macro_export]
macro_rules! carry_out {
    ($call:expr, $action:literal, |$tx:ident, $who:ident| $body:expr) => {{
        let call: &$crate::api::Call = &$call;
        let $who = call.actor();
        db::write!(call.app.db(), $who.org, |$tx| {
            match call.before($tx, $action).await? {
                Some(first) => Ok(first),
                None => {
                    let done: ::kernel::Result<$crate::api::Answer> = async { $body }.await;
                    let done = done?;
                    let kept = done.kept();
                    call.after($tx, &kept).await?;
                    Ok(done)
                }
            }
        })
    }};
}

impl FromRequest<App> for Call {
    type Rejection = Fault;

    async fn from_request(request: Request, app: &App) -> Result<Self, Fault> {
        let (mut parts, body) = request.into_parts();
        let outside = || Problem::bug("a route of the API outside its door");
        let entry = parts.extensions.get::<Entry>().cloned().ok_or_else(outside)?;
        let Path(path) = Path::<HashMap<String, String>>::from_request_parts(&mut parts, app)
            .await
            .map_err(|_| Problem::not_found("this address"))?;
        if path.values().any(|v| v.chars().any(char::is_control)) {
            return Err(Problem::not_found("this address").into());
        }
        let address = parts.uri.path().to_owned();
        let query = parts.uri.query().unwrap_or_default().to_owned();
        if entry.operation.query.is_empty() {
            query::read::<serde_json::Value>(&[], &query)?;
        }
        let headers = parts.headers.clone();
        let (bytes, stream) = if matches!(entry.operation.body, Body::Csv | Body::File) {
            (Bytes::new(), Some(body))
        } else {
            let whole = Bytes::from_request(Request::from_parts(parts, body), app).await;
            (whole.map_err(|e| unread(&e))?, None)
        };
        let Entry { app, org, pass, operation } = entry;
        let stream = Mutex::new(stream);
        Ok(Self { app, org, pass, operation, path, address, query, headers, bytes, stream })
    }
}

/// A body that did not come whole.
fn unread(error: &BytesRejection) -> Fault {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        let words = "The body is larger than is taken here. Send less at a time.";
        return Fault::request(StatusCode::PAYLOAD_TOO_LARGE, "too_large", words);
    }
    Fault::request(StatusCode::BAD_REQUEST, "malformed", format!("The body could not be read: {error}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn if_match_names_versions() {
        assert_eq!(Seen::read("*"), Some(Seen::Any));
        assert_eq!(Seen::read("\"3\""), Some(Seen::These(vec![3])));
        assert_eq!(Seen::read("W/\"3\", \"4\""), Some(Seen::These(vec![3, 4])));
        assert_eq!(Seen::read("\"abc\""), Some(Seen::These(vec![0])));
        for bad in ["3", "", "\"3", "\"3\" \"4\""] {
            assert_eq!(Seen::read(bad), None, "{bad}");
        }
        let seen = Seen::These(vec![3, 4]);
        assert_eq!((seen.of(4), seen.of(5), Seen::Any.of(5)), (4, 3, 5));
    }
}
