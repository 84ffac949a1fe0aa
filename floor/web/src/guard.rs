//! The front door: every request passes here before and after its handler.

use std::{collections::BTreeMap, net::SocketAddr, time::Instant as Moment};

use axum::{
    extract::{ConnectInfo, MatchedPath, Request, State},
    middleware::Next,
    response::{IntoResponse as _, Redirect, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use kernel::{Actor, Problem, RequestId, Result};
use tracing::Instrument as _;

use crate::{
    App, Ctx, Guest, House, api,
    cookie::{self, Told},
    form::never_typed,
    room::{Count, Gate, MenuItem},
    stop::{Stop, dress},
};

/// The content policy: only our own files, no inline script or style, no frames, forms only to ourselves.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                      font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; \
                      frame-ancestors 'none'";

/// The pages that exist before set-up is done.
const SET_UP: &str = "/set-up";
/// Where a password that must be changed is changed.
const NEW_PASSWORD: &str = "/me/password";

/// Wraps every request: its name, its log line, its metrics, its headers.
pub(crate) async fn outer(mut request: Request, next: Next) -> Response {
    let id = RequestId::new();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map_or("(none)", MatchedPath::as_str).to_owned();
    request.extensions_mut().insert(id.clone());
    let began = Moment::now();
    let span = tracing::info_span!("request", id = id.as_str());
    let api = api::is_api(request.uri().path());
    let mut response = next.run(request).instrument(span).await;
    if api {
        response = api::dressed(&id, response);
    }
    let seconds = began.elapsed().as_secs_f64();
    let status = response.status();
    // The route and not the path: a path may hold a serial number or a token.
    tracing::info!(request = id.as_str(), %method, route, status = status.as_u16(), ms = seconds * 1e3, "answered");
    let labels = [("method", method.to_string()), ("route", route), ("status", status.as_u16().to_string())];
    metrics::counter!("baton_requests_total", &labels).increment(1);
    metrics::histogram!("baton_request_seconds", &labels[..2]).record(seconds);
    add_headers(response.headers_mut(), &id);
    response
}

fn add_headers(headers: &mut HeaderMap, id: &RequestId) {
    // A file that people sent is handed out under a policy of its own, which allows nothing at all.
    if !headers.contains_key(header::CONTENT_SECURITY_POLICY) {
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    }
    let fixed = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(self), geolocation=(), microphone=()"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    if let Ok(value) = HeaderValue::from_str(id.as_str()) {
        headers.insert(HeaderName::from_static("x-request-id"), value);
    }
}

/// Lets a request in by its route's gate, and dresses its problem, if it ends with one, as a page.
pub(crate) async fn guard(
    State((app, gate)): State<(App, Gate)>,
    mut request: Request,
    next: Next,
) -> Response {
    let id = request.extensions().get::<RequestId>().cloned().unwrap_or_default();
    let entered = enter(&app, gate, &mut request, &id).await;
    let ctx = request.extensions().get::<Ctx>().cloned();
    let secure = app.secure_cookies();
    let looks = matches!(*request.method(), Method::GET | Method::HEAD);
    let may_lag = looks && cookie::may_lag(request.headers(), secure);
    let mut response = match entered {
        Ok(None) if !readable(request.uri()) => Stop(Problem::not_found("this page")).into_response(),
        // Who asks was read where it is written; what they look at may be read elsewhere.
        Ok(None) if may_lag => db::may_lag(next.run(request)).await,
        Ok(None) => next.run(request).await,
        Ok(Some(elsewhere)) => elsewhere,
        Err(problem) => Stop(problem).into_response(),
    };
    if ctx.is_some()
        && !looks
        && app.db().reads_elsewhere()
        && let Ok(wrote) = cookie::wrote(secure).parse()
    {
        response.headers_mut().append(header::SET_COOKIE, wrote);
    }
    dress(ctx.as_ref(), &id, response)
}

/// Finds out who asks; `Some` sends them elsewhere first.
async fn enter(app: &App, gate: Gate, request: &mut Request, id: &RequestId) -> Result<Option<Response>> {
    let host = host_of(request);
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        same_origin(request.headers(), &host)?;
    }
    let path = request.uri().path().to_owned();
    let org = match app.door().house(app.db(), &host).await? {
        House::Org(org) => Some(org),
        House::Unknown => {
            return Err(Problem::not_found(format!("an organisation at the address {host}")));
        }
        House::NotSetUp if path == SET_UP => None,
        House::NotSetUp => return Ok(Some(Redirect::to(SET_UP).into_response())),
    };
    let visitor = match (&org, cookie::read(request.headers(), cookie::session_name(app.secure_cookies()))) {
        (Some(org), Some(token)) => {
            app.door().visitor(app.db(), org.id, token, id.clone(), app.now()).await?
        }
        _ => None,
    };
    let guest = Guest {
        app: app.clone(),
        org: org.clone(),
        request: id.clone(),
        address: address_of(request),
        browser: browser_of(request.headers()),
        host,
        signed_in: visitor.is_some(),
    };
    request.extensions_mut().insert(guest);
    let allowed = match gate {
        Gate::Public => return Ok(None),
        Gate::SignedIn => true,
        Gate::Permit(permit) => visitor.as_ref().is_none_or(|v| v.actor.may_somewhere(permit)),
    };
    let (Some(org), Some(visitor)) = (org, visitor) else {
        return if *request.method() == Method::GET {
            let asked = request.uri().path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
            let next: String = form_urlencoded::byte_serialize(asked.as_bytes()).collect();
            Ok(Some(Redirect::to(&format!("/sign-in?next={next}")).into_response()))
        } else {
            Err(Problem::Unauthenticated)
        };
    };
    let must_change = visitor.must_change_password && path != NEW_PASSWORD && path != "/sign-out";
    let told = Told::read(request.headers());
    let waiting = waiting(app, &visitor.actor).await?;
    request.extensions_mut().insert(Ctx { app: app.clone(), org, visitor, path, told, waiting });
    match gate {
        Gate::Permit(permit) if !allowed => Err(Problem::Forbidden { permit: permit.0 }),
        _ if must_change => Ok(Some(Redirect::to(NEW_PASSWORD).into_response())),
        _ => Ok(None),
    }
}

/// What waits for somebody at the entries of the menu.
async fn waiting(app: &App, who: &Actor) -> Result<BTreeMap<&'static str, i64>> {
    let counted = |item: &MenuItem| Some((item.href, item.count.filter(|_| who.may_somewhere(item.permit))?));
    let counts: Vec<(&'static str, Count)> = app.menu().iter().filter_map(counted).collect();
    if counts.is_empty() {
        return Ok(BTreeMap::new());
    }
    db::read!(app.db(), who.org, |tx| {
        let mut waiting = BTreeMap::new();
        for (href, count) in &counts {
            let n = count(tx, who).await?;
            if n > 0 {
                waiting.insert(*href, n);
            }
        }
        Ok(waiting)
    })
}

/// Whether an address is text that a person could have typed: nothing here has a name with other characters, and no
/// query looks for them.
fn readable(address: &http::Uri) -> bool {
    let query = address.query().unwrap_or_default();
    let mut words = form_urlencoded::parse(query.as_bytes());
    let hex = |byte: Option<&u8>| char::from(*byte?).to_digit(16).and_then(|d| u8::try_from(d).ok());
    let (path, mut plain) = (address.path().as_bytes(), Vec::new());
    let mut at = 0;
    while let Some(byte) = path.get(at) {
        match (byte, hex(path.get(at + 1)), hex(path.get(at + 2))) {
            (b'%', Some(high), Some(low)) => {
                plain.push(high * 16 + low);
                at += 3;
            }
            _ => {
                plain.push(*byte);
                at += 1;
            }
        }
    }
    String::from_utf8(plain).is_ok_and(|path| !path.chars().any(char::is_control))
        && words.all(|(name, value)| !name.chars().chain(value.chars()).any(never_typed))
}

pub(crate) fn host_of(request: &Request) -> String {
    request
        .headers()
        .get(header::HOST)
        .and_then(|v| v.to_str().ok())
        .or_else(|| request.uri().authority().map(http::uri::Authority::as_str))
        .unwrap_or_default()
        .to_ascii_lowercase()
}

fn address_of(request: &Request) -> String {
    request
        .extensions()
        .get::<ConnectInfo<SocketAddr>>()
        .map_or_else(|| "local".to_owned(), |ConnectInfo(address)| address.ip().to_string())
}

fn browser_of(headers: &HeaderMap) -> String {
    let name = headers.get(header::USER_AGENT).and_then(|v| v.to_str().ok()).unwrap_or_default();
    name.chars().take(200).collect()
}

/// Refuses a form that another site sent: browsers say where a request comes from.
fn same_origin(headers: &HeaderMap, host: &str) -> Result<()> {
    let text = |name: HeaderName| headers.get(name).and_then(|v| v.to_str().ok());
    let ours = match text(HeaderName::from_static("sec-fetch-site")) {
        Some(site) => site == "same-origin" || site == "none",
        None => text(header::ORIGIN)
            .and_then(|o| o.split_once("://"))
            .is_some_and(|(_, origin)| origin.eq_ignore_ascii_case(host)),
    };
    if ours {
        return Ok(());
    }
    Err(Problem::conflict(
        "web.cross_site",
        "This form was not sent from a page of this site. Open the page here and send it again. If it happens \
         on every page, the proxy in front of Baton does not pass the Host header on.",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(k, v)| (HeaderName::from_static(k), HeaderValue::from_static(v))).collect()
    }

    #[test]
    fn addresses_are_text() {
        for (address, wanted) in [
            ("/d/NH-1?as-of=2025-03-01T12%3A00", true),
            ("/d/%C3%9Cnit%201%25?q=a+b%0Ac", true),
            ("/devices?q=(01)1%1D21A", true),
            ("/d/%00", false),
            ("/d/%0a", false),
            ("/d/%ff", false),
            ("/%c3", false),
            ("/devices?q=%00", false),
            ("/devices?%00=x", false),
            ("/d/100%", true),
        ] {
            assert_eq!(readable(&address.parse().unwrap()), wanted, "{address}");
        }
    }

    #[test]
    fn only_our_own_forms_are_taken() {
        let host = "baton.example:8080";
        for (headers, taken) in [
            (from(&[("sec-fetch-site", "same-origin")]), true),
            (from(&[("sec-fetch-site", "none")]), true),
            (from(&[("sec-fetch-site", "cross-site"), ("origin", "http://baton.example:8080")]), false),
            (from(&[("sec-fetch-site", "same-site")]), false),
            (from(&[("origin", "http://baton.example:8080")]), true),
            (from(&[("origin", "http://evil.example")]), false),
            (from(&[("origin", "null")]), false),
            (from(&[]), false),
        ] {
            assert_eq!(same_origin(&headers, host).is_ok(), taken, "{headers:?}");
        }
    }
}
