//! Why a call got nothing: `application/problem+json` of RFC 9457.

use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use kernel::{FieldError, Problem, RequestId};
use serde_json::{Value, json};

use crate::stop::capital;

/// The media type of a problem.
pub(crate) const PROBLEM: &str = "application/problem+json";

/// Before the name of a query parameter where a field's name would stand.
pub(crate) const PARAMETER: char = '?';

/// Why a call got nothing.
#[derive(Clone, Debug)]
pub enum Fault {
    /// What rules and records say.
    Problem(Problem),
    /// What the request as such lacks.
    Request {
        /// The status.
        status: StatusCode,
        /// Stable code.
        code: &'static str,
        /// What is wrong and what would be right.
        detail: String,
        /// A header that belongs to it.
        header: Option<(HeaderName, HeaderValue)>,
    },
}

impl From<Problem> for Fault {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl Fault {
    /// A request that is wrong as such.
    pub fn request(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self::Request { status, code, detail: detail.into(), header: None }
    }

    pub(crate) fn with(self, name: HeaderName, text: &str) -> Self {
        match (self, HeaderValue::from_str(text)) {
            (Self::Request { status, code, detail, .. }, Ok(value)) => {
                Self::Request { status, code, detail, header: Some((name, value)) }
            }
            (fault, _) => fault,
        }
    }

    /// What HTTP says of it. An outdated version is a failed precondition here, and a key that was used for something
    /// else a request that cannot be processed.
    pub fn status(&self) -> StatusCode {
        let status = match self {
            Self::Request { status, .. } => return *status,
            Self::Problem(Problem::Stale { .. }) => 412,
            Self::Problem(Problem::Conflict { code, .. }) if *code == db::command::REUSED => 422,
            Self::Problem(Problem::Conflict { code, .. }) if *code == db::DISK => 503,
            Self::Problem(problem) => problem.status(),
        };
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Request { code, .. } => code,
            Self::Problem(problem) => problem.code(),
        }
    }

    fn detail(&self) -> String {
        let problem = match self {
            Self::Request { detail, .. } => return detail.clone(),
            Self::Problem(problem) => problem,
        };
        match problem {
            Problem::Invalid { fields } => {
                fields.iter().map(|f| f.message.as_str()).collect::<Vec<_>>().join(" ")
            }
            Problem::NotFound { what } => {
                format!("{} was not found, or lies outside what the token reaches.", capital(what))
            }
            Problem::Stale { current } => format!(
                "Somebody else changed this record meanwhile; it is now at version {current}. Read it again, then \
                 repeat the change with the new ETag in If-Match."
            ),
            Problem::Conflict { code, .. } if *code == db::command::REUSED => {
                "This Idempotency-Key was used for another request. Take a new one for each thing to be done."
                    .to_owned()
            }
            Problem::Forbidden { permit } => {
                format!("This needs the permission {permit} here, which the token lacks.")
            }
            Problem::Unauthenticated => {
                "Send an API token: “Authorization: Bearer baton_…”. It may be missing, ended or revoked."
                    .to_owned()
            }
            Problem::Busy { .. } => "The database is busy. Nothing was changed; send it again.".to_owned(),
            Problem::Away { .. } => "The database cannot be reached. Nothing was changed.".to_owned(),
            Problem::ReadOnly => {
                "This server only shows things at the moment. Nothing was changed; send it to the one that writes."
                    .to_owned()
            }
            Problem::Bug { .. } => {
                "Something went wrong on our side; it is in the log under the number of the request."
                    .to_owned()
            }
            Problem::Conflict { message, .. } => message.clone(),
        }
    }

    fn errors(&self) -> Vec<Value> {
        let Self::Problem(Problem::Invalid { fields }) = self else { return Vec::new() };
        let one = |f: &FieldError| match f.field.strip_prefix(PARAMETER) {
            Some(name) => json!({ "parameter": name, "detail": f.message }),
            None => json!({ "pointer": pointer(&f.field), "detail": f.message }),
        };
        fields.iter().map(one).collect()
    }

    /// The problem as its sender reads it.
    pub(crate) fn answer(&self, request: &RequestId) -> Response {
        if let Self::Problem(Problem::Bug { source }) = self {
            tracing::error!(request = request.as_str(), error = %source, "a defect");
            metrics::counter!("baton_bugs_total").increment(1);
        }
        let status = self.status();
        let mut body = json!({
            "type": format!("/api#{}", kind(status)),
            "title": status.canonical_reason().unwrap_or("Problem"),
            "status": status.as_u16(),
            "code": self.code(),
            "detail": self.detail(),
            "request_id": request.as_str(),
        });
        let errors = self.errors();
        if !errors.is_empty() {
            body["errors"] = errors.into();
        }
        let mut response = (status, [(header::CONTENT_TYPE, PROBLEM)], body.to_string()).into_response();
        for (name, value) in self.headers() {
            response.headers_mut().insert(name, value);
        }
        response
    }

    fn headers(&self) -> Vec<(HeaderName, HeaderValue)> {
        match self {
            Self::Request { header, .. } => header.iter().cloned().collect(),
            Self::Problem(Problem::Stale { current }) => HeaderValue::from_str(&format!("\"{current}\""))
                .map(|v| (header::ETAG, v))
                .into_iter()
                .collect(),
            Self::Problem(Problem::Unauthenticated) => {
                vec![(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"baton\""))]
            }
            Self::Problem(Problem::Busy { retry_after }) => {
                vec![(header::RETRY_AFTER, HeaderValue::from((*retry_after).max(1)))]
            }
            Self::Problem(Problem::Away { .. }) => vec![(header::RETRY_AFTER, HeaderValue::from(5_u32))],
            _ => Vec::new(),
        }
    }
}

/// The last part of a problem's type, where the page of the API explains it.
pub(crate) fn kind(status: StatusCode) -> String {
    let words = status.canonical_reason().unwrap_or("problem").to_lowercase();
    words.replace(' ', "-")
}

/// A field's name as a JSON pointer (RFC 6901).
fn pointer(field: &str) -> String {
    if field.is_empty() {
        return String::new();
    }
    field.split('.').map(|part| format!("/{}", part.replace('~', "~0").replace('/', "~1"))).collect()
}

/// Puts errors at the fields of the body, where an action knows them by the names of a form.
pub fn at(problem: Problem, names: &[(&str, &str)]) -> Problem {
    let Problem::Invalid { mut fields } = problem else { return problem };
    for field in &mut fields {
        if let Some((_, name)) = names.iter().find(|(form, _)| field.field == *form) {
            field.field = (*name).to_owned().into();
        }
    }
    Problem::Invalid { fields }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_become_pointers_and_parameters() {
        let fields = ["week.0.from", "a/b~c", "", "?limit"]
            .map(|f| FieldError { field: f.into(), message: "No.".into() })
            .to_vec();
        let errors = Fault::from(Problem::Invalid { fields }).errors();
        assert_eq!(errors[0]["pointer"], "/week/0/from");
        assert_eq!(errors[1]["pointer"], "/a~1b~0c");
        assert_eq!(errors[2]["pointer"], "");
        assert_eq!(errors[3]["parameter"], "limit");
    }

    #[test]
    fn an_outdated_version_says_which_is_current() {
        let response = Fault::from(Problem::Stale { current: 4 }).answer(&RequestId::new());
        assert_eq!(response.status(), StatusCode::PRECONDITION_FAILED);
        assert_eq!(response.headers()[header::ETAG], "\"4\"");
        assert_eq!(response.headers()[header::CONTENT_TYPE], PROBLEM);
    }
}
