//! What a call gets.

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use kernel::{Problem, Result};
use serde::Serialize;
use serde_json::{Value, json};

use super::shown;

/// What a call gets. It can be kept and given again to a sender who asks twice, all but its secret.
#[derive(Debug)]
pub struct Answer {
    status: StatusCode,
    version: Option<i64>,
    location: Option<String>,
    next: Option<String>,
    content: Content,
    /// A field that is shown this once.
    secret: Option<(&'static str, String)>,
}

#[derive(Debug)]
enum Content {
    Nothing,
    Json(Value),
    Csv { body: Body, name: String },
    File(Box<Response>),
}

impl Answer {
    const fn of(content: Content) -> Self {
        Self { status: StatusCode::OK, version: None, location: None, next: None, content, secret: None }
    }

    /// A value.
    ///
    /// # Errors
    /// [`Problem::Bug`] for what cannot be written as JSON.
    pub fn json<T: Serialize>(value: &T) -> Result<Self> {
        Ok(Self::of(Content::Json(shown(value)?)))
    }

    /// One record with its version.
    ///
    /// # Errors
    /// As [`Answer::json`].
    pub fn record<T: Serialize>(value: &T, version: i64) -> Result<Self> {
        Ok(Self { version: Some(version), ..Self::json(value)? })
    }

    /// Nothing but that it was done.
    pub fn done() -> Self {
        Self { status: StatusCode::NO_CONTENT, ..Self::of(Content::Nothing) }
    }

    /// A CSV file with a name.
    pub const fn csv(body: Body, name: String) -> Self {
        Self::of(Content::Csv { body, name })
    }

    /// A file as a page hands it out. The API says of none what it is by `Content-Type`: programs know that from its
    /// record.
    pub fn file(page: Response) -> Self {
        Self::of(Content::File(Box::new(page)))
    }

    /// A record that was added, with its address.
    #[must_use]
    pub fn added(self, location: String) -> Self {
        Self { status: StatusCode::CREATED, location: Some(location), ..self }
    }

    /// Work that goes on.
    #[must_use]
    pub const fn begun(mut self) -> Self {
        self.status = StatusCode::ACCEPTED;
        self
    }

    /// With the address of the next page.
    #[must_use]
    pub fn next(self, address: Option<String>) -> Self {
        Self { next: address, ..self }
    }

    /// With a field that is shown this once and never kept; given again, the answer has null there.
    #[must_use]
    pub fn secret(mut self, field: &'static str, text: String) -> Self {
        self.secret = Some((field, text));
        self
    }

    /// The answer as it is kept with its command.
    pub fn kept(&self) -> String {
        let body = match &self.content {
            Content::Json(value) => value.clone(),
            _ => Value::Null,
        };
        json!({ "status": self.status.as_u16(), "version": self.version, "location": self.location, "body": body })
            .to_string()
    }

    /// The reverse.
    pub(super) fn again(text: &str) -> Result<Self> {
        let kept: Value = serde_json::from_str(text).map_err(Problem::bug)?;
        let status = kept["status"].as_u64().and_then(|s| StatusCode::from_u16(s as u16).ok());
        let content = match &kept["body"] {
            Value::Null => Content::Nothing,
            body => Content::Json(body.clone()),
        };
        Ok(Self {
            status: status.unwrap_or(StatusCode::OK),
            version: kept["version"].as_i64(),
            location: kept["location"].as_str().map(str::to_owned),
            ..Self::of(content)
        })
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let json = header::HeaderValue::from_static("application/json");
        let csv = header::HeaderValue::from_static("text/csv; charset=utf-8");
        let mut response = match self.content {
            Content::File(page) => {
                let mut page = *page;
                let any = header::HeaderValue::from_static("application/octet-stream");
                page.headers_mut().insert(header::CONTENT_TYPE, any);
                page
            }
            Content::Nothing => self.status.into_response(),
            Content::Json(mut value) => {
                if let (Some((field, text)), Some(fields)) = (self.secret, value.as_object_mut()) {
                    fields.insert(field.to_owned(), text.into());
                }
                (self.status, [(header::CONTENT_TYPE, json)], value.to_string()).into_response()
            }
            Content::Csv { body, name } => {
                let name = format!("attachment; filename=\"{name}\"");
                let name = HeaderValue::from_str(&name).unwrap_or(HeaderValue::from_static("attachment"));
                let headers = [(header::CONTENT_TYPE, csv), (header::CONTENT_DISPOSITION, name)];
                (self.status, headers, body).into_response()
            }
        };
        let link = self.next.map(|next| format!("<{next}>; rel=\"next\""));
        let tag = self.version.map(|version| format!("\"{version}\""));
        for (name, text) in [(header::ETAG, tag), (header::LOCATION, self.location), (header::LINK, link)] {
            if let Some(Ok(value)) = text.map(|text| HeaderValue::from_str(&text)) {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_kept_without_its_secret() {
        let answer = Answer::record(&json!({"id": 1, "token": null}), 3).unwrap().added("/x/1".to_owned());
        let answer = answer.secret("token", "baton_secret".to_owned());
        let kept = answer.kept();
        assert!(!kept.contains("secret"), "{kept}");
        let again = Answer::again(&kept).unwrap();
        assert_eq!((again.status, again.version), (StatusCode::CREATED, Some(3)));
        assert_eq!(again.location.as_deref(), Some("/x/1"));
        assert!(matches!(again.content, Content::Json(body) if body["token"].is_null()));
    }
}
