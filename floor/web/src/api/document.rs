//! The OpenAPI 3.1 document, written from the routes.

use std::sync::Arc;

use schemars::{SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use super::{
    Operation,
    operation::{Body, Content},
};
use crate::{Gate, Route};

/// The document as text.
#[derive(Clone)]
pub struct Document(Arc<str>);

impl Document {
    /// Writes the document of all routes that belong to the API.
    pub fn of(routes: &[Route], version: &str) -> Self {
        let mut generator = SchemaSettings::draft2020_12()
            .for_serialize()
            .with(|s| {
                s.definitions_path = "/components/schemas".into();
                s.meta_schema = None;
            })
            .into_generator();
        let mut paths = Map::new();
        for route in routes {
            let Some(operation) = &route.operation else { continue };
            let path = paths.entry(operation.path).or_insert_with(|| json!({}));
            let verb = operation.method.as_str().to_lowercase();
            path[verb] = one(operation, route.gate, &mut generator);
        }
        let mut schemas = generator.take_definitions(true);
        schemas.insert("Problem".to_owned(), problem());
        let document = json!({
            "openapi": "3.1.0",
            "info": {
                "title": "Baton",
                "summary": "Healthcare technology management: what the pages do, for other programs.",
                "description": "Send an API token as `Authorization: Bearer baton_…`. A guide stands in the book, docs/book/api.md.",
                "version": version,
                "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
            },
            "servers": [{ "url": "/" }],
            "security": [{ "token": [] }],
            "paths": paths,
            "components": {
                "schemas": schemas,
                "responses": { "Problem": {
                    "description": "Nothing was done; it says why (RFC 9457).",
                    "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } },
                } },
                "parameters": parameters(),
                "headers": headers(),
                "securitySchemes": { "token": {
                    "type": "http", "scheme": "bearer",
                    "description": "An API token: `baton_` and 64 hexadecimal digits. It is made on the page “API tokens” or by `baton token create`.",
                } },
            },
        });
        let text = serde_json::to_string_pretty(&document).unwrap_or_default();
        Self(format!("{text}\n").into())
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.0
    }
}

fn one(operation: &Operation, gate: Gate, generator: &mut SchemaGenerator) -> Value {
    let mut about = operation.about.to_owned();
    if let Gate::Permit(permit) = gate {
        about = format!("{about}\n\nTakes the permission `{}`.", permit.0).trim().to_owned();
    }
    let mut value = json!({
        "operationId": operation.id(),
        "summary": operation.summary,
        "tags": [operation.tag],
        "responses": responses(operation, generator),
    });
    if !about.is_empty() {
        value["description"] = about.into();
    }
    let parameters = all_parameters(operation);
    if !parameters.is_empty() {
        value["parameters"] = parameters.into();
    }
    if let Some(body) = body(operation, generator) {
        value["requestBody"] = body;
    }
    if operation.open {
        value["security"] = json!([]);
    }
    value
}

fn all_parameters(operation: &Operation) -> Vec<Value> {
    let mut all: Vec<Value> = operation
        .path
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
        .map(|name| {
            let schema = match name {
                "tag" | "code" | "noun" => json!({ "type": "string", "minLength": 1 }),
                _ => json!({ "type": "string", "format": "uuid" }),
            };
            json!({ "name": name, "in": "path", "required": true, "schema": schema })
        })
        .collect();
    for param in &operation.query {
        let mut schema = param.schema.as_value().clone();
        let mut value = json!({ "name": param.name, "in": "query", "required": param.required });
        if let Some(said) = schema.as_object_mut().and_then(|s| s.remove("description")) {
            value["description"] = said;
        }
        value["schema"] = schema;
        all.push(value);
    }
    if operation.checked {
        all.push(json!({ "$ref": "#/components/parameters/IfMatch" }));
    }
    if operation.writes() {
        all.push(json!({ "$ref": "#/components/parameters/IdempotencyKey" }));
    }
    all
}

/// A file whatever it is; what it is stands in `Content-Type` or is told by its bytes.
const ANY_FILE: &str = "application/octet-stream";

fn body(operation: &Operation, generator: &mut SchemaGenerator) -> Option<Value> {
    let (kind, schema) = match operation.body {
        Body::Nothing => return None,
        Body::Csv => ("text/csv", json!({ "type": "string" })),
        Body::File => (ANY_FILE, json!({ "type": "string", "format": "binary" })),
        Body::Json(shape) => ("application/json", shape(generator).to_value()),
        Body::Patch(shape) => ("application/merge-patch+json", loose(shape(generator).to_value())),
    };
    let needed = kind != "application/json" || schema["required"].as_array().is_some_and(|r| !r.is_empty());
    let mut content = Map::new();
    if kind == "application/merge-patch+json" {
        content.insert("application/json".to_owned(), json!({ "schema": schema }));
    }
    content.insert(kind.to_owned(), json!({ "schema": schema }));
    Some(json!({ "required": needed, "content": content }))
}

/// The schema of a patch: no field must be there.
fn loose(mut schema: Value) -> Value {
    if let Some(fields) = schema.as_object_mut() {
        fields.remove("required");
        fields.remove("title");
    }
    if let Some(fields) = schema["properties"].as_object_mut() {
        for field in fields.values_mut() {
            if let Some(field) = field.as_object_mut() {
                field.remove("default");
            }
        }
    }
    schema
}

fn responses(operation: &Operation, generator: &mut SchemaGenerator) -> Value {
    let mut headers = Map::new();
    let mut tell = |name: &str| {
        headers.insert(name.to_owned(), json!({ "$ref": format!("#/components/headers/{name}") }));
    };
    if !operation.open {
        tell("RateLimit");
        tell("RateLimit-Policy");
    }
    if operation.tagged {
        tell("ETag");
    }
    if operation.status == 201 {
        tell("Location");
    }
    let content = match operation.answer {
        Content::Nothing => None,
        Content::Json(shape) => Some(("application/json", shape(generator).to_value())),
        Content::Csv => Some(("text/csv", json!({ "type": "string" }))),
        Content::File => Some((ANY_FILE, json!({ "type": "string", "format": "binary" }))),
        Content::Document => Some(("application/json", json!({ "type": "object" }))),
    };
    let mut good = json!({ "description": said(operation) });
    if !headers.is_empty() {
        good["headers"] = headers.into();
    }
    let status = if content.is_none() && operation.status == 200 { 204 } else { operation.status };
    if let Some((kind, schema)) = content {
        good["content"] = json!({ (kind): { "schema": schema } });
    }
    let mut all = Map::new();
    all.insert(status.to_string(), good);
    for bad in faults(operation) {
        all.insert(bad.to_string(), json!({ "$ref": "#/components/responses/Problem" }));
    }
    all.insert("default".to_owned(), json!({ "$ref": "#/components/responses/Problem" }));
    all.into()
}

fn said(operation: &Operation) -> &'static str {
    match (operation.status, operation.answer) {
        (201, _) => "It was added.",
        (202, _) => "It has begun.",
        (_, Content::Nothing) => "It was done.",
        _ => "It is this.",
    }
}

/// The problems that are to be expected.
fn faults(operation: &Operation) -> Vec<u16> {
    if operation.open {
        return Vec::new();
    }
    let mut all = vec![401, 403, 422, 429, 503];
    if operation.path.contains('{') {
        all.push(404);
        // A file of a record that keeps it no more.
        if matches!(operation.answer, Content::Csv | Content::File) {
            all.push(409);
        }
    }
    if operation.writes() {
        all.extend([400, 409]);
    }
    if operation.checked {
        all.extend([412, 428]);
    }
    if !matches!(operation.body, Body::Nothing) {
        all.extend([413, 415]);
    }
    all.sort_unstable();
    all
}

fn problem() -> Value {
    json!({
        "type": "object",
        "description": "Why nothing was done (RFC 9457).",
        "required": ["type", "title", "status", "code", "detail", "request_id"],
        "properties": {
            "type": { "type": "string", "format": "uri-reference", "description": "Leads to what the status means here." },
            "title": { "type": "string" },
            "status": { "type": "integer", "minimum": 400, "maximum": 599 },
            "code": { "type": "string", "description": "Stable name of what refused: `invalid`, `fleet.device.hold`." },
            "detail": { "type": "string", "description": "What is wrong and what would be right." },
            "request_id": { "type": "string", "description": "The request in the server’s log." },
            "errors": { "type": "array", "items": {
                "type": "object",
                "required": ["detail"],
                "properties": {
                    "pointer": { "type": "string", "description": "The field of the body (RFC 6901); empty for the whole." },
                    "parameter": { "type": "string", "description": "The parameter of the query." },
                    "detail": { "type": "string" },
                },
            } },
        },
    })
}

fn parameters() -> Value {
    json!({
        "IfMatch": {
            "name": "If-Match", "in": "header", "required": true,
            "description": "The ETag of the record as it was read; `*` for whatever is there.",
            "schema": { "type": "string", "pattern": "^(\\*|\"[0-9]+\")$" },
        },
        "IdempotencyKey": {
            "name": "Idempotency-Key", "in": "header", "required": false,
            "description": "A name for this request, such as a random UUID: sent again with the same key within 30 days, it is not done again and gets the first answer.",
            "schema": { "type": "string", "pattern": "^[!-~]{1,255}$" },
        },
    })
}

fn headers() -> Value {
    let text = |said: &str| json!({ "description": said, "schema": { "type": "string" } });
    json!({
        "ETag": text("The record’s version in quotes, for If-Match."),
        "Location": text("The address of what was added."),
        "RateLimit": text("Requests left to the token (r), and seconds until all are (t)."),
        "RateLimit-Policy": text("Requests a token may send (q) in so many seconds (w)."),
    })
}
