//! What a route of the API asks for and answers.

use http::Method;
use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::query;

/// Writes a type's schema.
pub type Shape = fn(&mut SchemaGenerator) -> Schema;

/// One parameter of a query or a path.
#[derive(Clone, Debug)]
pub struct Param {
    /// Its name.
    pub name: String,
    /// Its schema.
    pub schema: Schema,
    /// Whether it must be given.
    pub required: bool,
}

/// What a request carries.
#[derive(Clone, Copy)]
pub(crate) enum Body {
    Nothing,
    Json(Shape),
    /// Fields to change; others stay as they are (RFC 7396).
    Patch(Shape),
    Csv,
    /// Any file, as it is.
    File,
}

/// What an answer carries.
#[derive(Clone, Copy)]
pub(crate) enum Content {
    Nothing,
    Json(Shape),
    Csv,
    /// Any file, as it is.
    File,
    Document,
}

/// What a route of the API asks for and answers: its part of the OpenAPI document.
#[derive(Clone)]
pub struct Operation {
    /// The verb.
    pub method: Method,
    /// The path as axum and OpenAPI write it: `/api/v1/devices/{id}`.
    pub path: &'static str,
    /// What it does, in a few words.
    pub summary: &'static str,
    /// What else is to be known.
    pub about: &'static str,
    /// The noun it belongs to.
    pub tag: &'static str,
    /// The parameters of its query.
    pub query: Vec<Param>,
    pub(crate) body: Body,
    pub(crate) answer: Content,
    pub(crate) status: u16,
    pub(crate) checked: bool,
    pub(crate) tagged: bool,
    pub(crate) open: bool,
}

impl Operation {
    fn new(method: Method, path: &'static str, tag: &'static str, summary: &'static str) -> Self {
        Self {
            method,
            path,
            summary,
            about: "",
            tag,
            query: Vec::new(),
            body: Body::Nothing,
            answer: Content::Nothing,
            status: 200,
            checked: false,
            tagged: false,
            open: false,
        }
    }

    /// Reads something.
    pub fn get(path: &'static str, tag: &'static str, summary: &'static str) -> Self {
        Self::new(Method::GET, path, tag, summary)
    }

    /// Does something.
    pub fn post(path: &'static str, tag: &'static str, summary: &'static str) -> Self {
        Self::new(Method::POST, path, tag, summary)
    }

    /// Changes some fields of a record: the request names those to change, others stay (RFC 7396).
    pub fn patch<T: JsonSchema>(path: &'static str, tag: &'static str, summary: &'static str) -> Self {
        let new = Self::new(Method::PATCH, path, tag, summary);
        Self { body: Body::Patch(|g| inline::<T>(g)), ..new }.checked()
    }

    /// With more to be known.
    #[must_use]
    pub const fn about(mut self, about: &'static str) -> Self {
        self.about = about;
        self
    }

    /// With parameters: the fields of a flat struct.
    #[must_use]
    pub fn query<T: JsonSchema>(mut self) -> Self {
        self.query = query::params::<T>();
        self
    }

    /// With a JSON body.
    #[must_use]
    pub fn takes<T: JsonSchema>(mut self) -> Self {
        self.body = Body::Json(|g| inline::<T>(g));
        self
    }

    /// With a JSON body that names what changes; what it leaves out stays as it is.
    #[must_use]
    pub fn takes_some_of<T: JsonSchema>(mut self) -> Self {
        self.body = Body::Patch(|g| inline::<T>(g));
        self
    }

    /// With a CSV file as its body.
    #[must_use]
    pub const fn takes_csv(mut self) -> Self {
        self.body = Body::Csv;
        self
    }

    /// With a file of any type as its body.
    #[must_use]
    pub const fn takes_file(mut self) -> Self {
        self.body = Body::File;
        self
    }

    /// Answers JSON.
    #[must_use]
    pub fn gives<T: JsonSchema>(mut self) -> Self {
        self.answer = Content::Json(|g| g.subschema_for::<T>());
        self
    }

    /// Answers one record, with its version as `ETag`.
    #[must_use]
    pub fn gives_record<T: JsonSchema>(self) -> Self {
        Self { tagged: true, ..self.gives::<T>() }
    }

    /// Answers a CSV file.
    #[must_use]
    pub const fn gives_csv(mut self) -> Self {
        self.answer = Content::Csv;
        self
    }

    /// Answers a file of any type.
    #[must_use]
    pub const fn gives_file(mut self) -> Self {
        self.answer = Content::File;
        self
    }

    /// Answers the document itself.
    #[must_use]
    pub(crate) const fn gives_document(mut self) -> Self {
        self.answer = Content::Document;
        self
    }

    /// Adds a record: 201 with its address.
    #[must_use]
    pub const fn adds(mut self) -> Self {
        self.status = 201;
        self
    }

    /// Begins work that goes on after the answer: 202.
    #[must_use]
    pub const fn begins(mut self) -> Self {
        self.status = 202;
        self
    }

    /// Changes a record that exists: the request must name the version it was made for, by `If-Match`.
    #[must_use]
    pub const fn checked(mut self) -> Self {
        self.checked = true;
        self
    }

    /// Needs no token.
    #[must_use]
    pub(crate) const fn open(mut self) -> Self {
        self.open = true;
        self
    }

    /// Whether it changes anything.
    pub fn writes(&self) -> bool {
        self.method != Method::GET
    }

    /// Its name in the document, from its method and path: `post_devices_id_hold`.
    pub fn id(&self) -> String {
        let path = self.path.strip_prefix(super::PREFIX).unwrap_or(self.path);
        let words = path.split('/').filter(|p| !p.is_empty()).map(|p| p.replace(['{', '}'], ""));
        let words = words.map(|p| p.replace(['-', '.'], "_"));
        std::iter::once(self.method.as_str().to_lowercase()).chain(words).collect::<Vec<_>>().join("_")
    }
}

/// Bodies stand where they are asked for: what is read may have another shape than what is written.
fn inline<T: JsonSchema>(_: &mut SchemaGenerator) -> Schema {
    let mut generator = schemars::generate::SchemaSettings::draft2020_12()
        .with(|s| {
            s.inline_subschemas = true;
            s.meta_schema = None;
        })
        .into_generator();
    T::json_schema(&mut generator)
}
