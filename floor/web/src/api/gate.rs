//! The API's part of the front door: only a token opens it, and whatever happens is answered as a problem.
//!
//! A session cookie opens nothing here, so no page of another site can make a browser call the API for its user.

use std::{sync::Arc, time::Instant as Moment};

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, StatusCode, header};
use kernel::{Problem, RequestId};

use super::{
    Fault, Operation, Settings,
    call::{Entry, Pass},
    fault::PROBLEM,
    limit::Left,
};
use crate::{App, Gate, House, OrgFacts, guard::host_of};

/// Lets a request in by its token and its route's gate, and dresses its problem, if it ends with one.
pub(crate) async fn gate(
    State((app, gate, operation)): State<(App, Gate, Arc<Operation>)>,
    mut request: Request,
    next: Next,
) -> Response {
    let id = request.extensions().get::<RequestId>().cloned().unwrap_or_default();
    if gate == Gate::Public {
        return dressed(&id, next.run(request).await);
    }
    let asked = {
        let (host, token) = (host_of(&request), bearer(request.headers()).map(str::to_owned));
        admit(&app, &host, token.as_deref(), &id).await
    };
    let (org, pass) = match asked {
        Ok(known) => known,
        Err(fault) => return fault.answer(&id),
    };
    let left = app.room::<Settings>().and_then(|s| s.count(pass.token, Moment::now()));
    let refused = left.filter(|left| !left.allowed).map(too_many).or_else(|| closed(gate, &pass));
    let mut response = match refused {
        Some(fault) => fault.answer(&id),
        None => {
            request.extensions_mut().insert(Entry { app, org, pass, operation });
            dressed(&id, next.run(request).await)
        }
    };
    if let Some(left) = left {
        left.tell(response.headers_mut());
    }
    response
}

async fn admit(
    app: &App,
    host: &str,
    token: Option<&str>,
    id: &RequestId,
) -> Result<(OrgFacts, Pass), Fault> {
    let org = match app.door().house(app.db(), host).await? {
        House::Org(org) => org,
        House::Unknown => {
            return Err(Problem::not_found(format!("an organisation at the address {host}")).into());
        }
        House::NotSetUp => {
            return Err(Problem::not_found("an organisation: nothing is set up here yet, so it").into());
        }
    };
    let token = token.ok_or(Problem::Unauthenticated)?;
    let pass = app.door().pass(app.db(), org.id, token, id.clone(), app.now()).await?;
    pass.map(|pass| (org, pass)).ok_or_else(|| Problem::Unauthenticated.into())
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let text = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = text.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn closed(gate: Gate, pass: &Pass) -> Option<Fault> {
    match gate {
        Gate::Permit(permit) if !pass.actor.may_somewhere(permit) => {
            Some(Problem::Forbidden { permit: permit.0 }.into())
        }
        _ => None,
    }
}

fn too_many(left: Left) -> Fault {
    metrics::counter!("baton_api_limited_total").increment(1);
    let seconds = left.one_in.max(1).to_string();
    let words = format!("This token has sent too many requests. Go on in {seconds} s.");
    Fault::request(StatusCode::TOO_MANY_REQUESTS, "limited_rate", words).with(header::RETRY_AFTER, &seconds)
}

/// Whatever ended badly on the way, as a problem: a handler's own, or what the router and the server's layers said.
pub(crate) fn dressed(id: &RequestId, response: Response) -> Response {
    if let Some(fault) = response.extensions().get::<Fault>().cloned() {
        return fault.answer(id);
    }
    if let Some(problem) = response.extensions().get::<Problem>().cloned() {
        return Fault::from(problem).answer(id);
    }
    let status = response.status();
    let said = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == PROBLEM);
    if said || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let detail = match status {
        StatusCode::METHOD_NOT_ALLOWED => "This address takes other methods; Allow names them.",
        StatusCode::PAYLOAD_TOO_LARGE => "The body is larger than is taken here. Send less at a time.",
        StatusCode::NOT_FOUND => "There is no such address; /api/openapi.json lists them all.",
        _ => "The request could not be served.",
    };
    let allow = response.headers().get(header::ALLOW).cloned();
    let mut answer = Fault::request(status, "request", detail).answer(id);
    if let Some(allow) = allow {
        answer.headers_mut().insert(header::ALLOW, allow);
    }
    answer
}

/// An address of the API that does not exist.
pub(crate) fn lost() -> Response {
    let words = "There is no such address; /api/openapi.json lists them all.";
    Fault::request(StatusCode::NOT_FOUND, "not_found", words).into_response()
}
