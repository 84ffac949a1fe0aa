//! How these words stand in the document of the API: JSON Schema of draft 2020-12, the dialect of OpenAPI 3.1.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::{Currency, Id, Instant};

macro_rules! inline {
    ($name:literal, $schema:tt) => {
        fn inline_schema() -> bool {
            true
        }
        fn schema_name() -> Cow<'static, str> {
            $name.into()
        }
        fn json_schema(_: &mut SchemaGenerator) -> Schema {
            json_schema!($schema)
        }
    };
}

impl<T> JsonSchema for Id<T> {
    inline!("Id", {"type": "string", "format": "uuid"});
}

/// The record keeps microseconds; the API writes and reads RFC 3339.
impl JsonSchema for Instant {
    inline!("Instant", {"type": "string", "format": "date-time"});
}

impl JsonSchema for Currency {
    inline!("Currency", {"type": "string", "pattern": "^[A-Z]{3}$", "description": "ISO 4217"});
}
