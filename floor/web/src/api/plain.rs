//! What a reader of JSON says, in plain words.

/// Says why a value cannot be used. Words of our own types are kept; those of the reader name types of a program.
pub(crate) fn words(said: &str) -> String {
    let said = said.split(" at line ").next().unwrap_or_default();
    if let Some(rest) = said.strip_prefix("unknown field ") {
        return format!("There is no field {} here.{}", quoted(rest), known(rest, "Fields are"));
    }
    if let Some(rest) = said.strip_prefix("unknown variant ") {
        return format!("{} cannot stand here.{}", quoted(rest), known(rest, "Write one of"));
    }
    if let Some(rest) = said.strip_prefix("missing field ") {
        return format!("{} is missing.", quoted(rest));
    }
    for lead in ["invalid type: ", "invalid value: ", "invalid length "] {
        if let Some((_, wanted)) = said.strip_prefix(lead).and_then(|rest| rest.split_once(", expected ")) {
            return format!("Write {} here.", kind(wanted));
        }
    }
    if said.contains("UUID")
        || said.starts_with("invalid length: ")
        || said.starts_with("invalid character: ")
    {
        return "Write an id here, such as 01a205a9-7341-755c-b7b2-0e958c167997.".to_owned();
    }
    if said.contains("failed to parse") || said.contains("date") {
        return "Write a date here, such as 2026-10-13, or an instant, such as 2026-10-13T12:00:00Z, where one is asked \
                for."
            .to_owned();
    }
    format!("It cannot be used: {}.", said.trim_end_matches('.'))
}

/// The name at the beginning, between marks.
fn quoted(rest: &str) -> String {
    format!("“{}”", rest.split('`').nth(1).unwrap_or_default())
}

/// The names after the first.
fn known(rest: &str, lead: &str) -> String {
    let names: Vec<&str> = rest.split('`').skip(3).step_by(2).collect();
    if names.is_empty() { String::new() } else { format!(" {lead}: {}.", names.join(", ")) }
}

/// What a type of a program is called.
fn kind(wanted: &str) -> &str {
    match wanted {
        "a string" | "str" | "a borrowed string" => "a text",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        "a map" => "an object",
        "f64" | "f32" => "a number",
        "unit" => "null",
        w if w.starts_with("struct ") || w.contains("internally tagged") => "an object",
        w if w.contains("enum") || w.contains("variant") => {
            "one of the words that the document of the API lists"
        }
        w if w.contains("UUID") => "an id, such as 01a205a9-7341-755c-b7b2-0e958c167997,",
        w if ["i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "usize"].contains(&w) => {
            "a whole number that is not too large"
        }
        w if w.contains("timestamp") => "an instant, such as 2026-10-13T12:00:00Z,",
        w if w.contains("date") => "a date, such as 2026-10-13,",
        w if w.contains("sequence") || w.contains("array") => "a list",
        _ => "what the document of the API says",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::Date;
    use serde::Deserialize;
    use serde_json::{Value, json};

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Order {
        Tag,
        Since,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Fields {
        #[expect(dead_code, reason = "only read")]
        name: String,
        #[expect(dead_code, reason = "only read")]
        order: Option<Order>,
        #[expect(dead_code, reason = "only read")]
        beds: Option<u32>,
        #[expect(dead_code, reason = "only read")]
        at: Option<jiff::Timestamp>,
        #[expect(dead_code, reason = "only read")]
        on: Option<Date>,
        #[expect(dead_code, reason = "only read")]
        id: Option<uuid::Uuid>,
        #[expect(dead_code, reason = "only read")]
        list: Option<Vec<String>>,
    }

    #[test]
    fn no_word_of_the_reader_gets_out() {
        let read = |value: Value| words(&serde_json::from_value::<Fields>(value).unwrap_err().to_string());
        for (value, wanted) in [
            (json!({}), "“name” is missing."),
            (json!({"name": null}), "Write a text here."),
            (json!({"name": "a", "beds": -1}), "Write a whole number that is not too large here."),
            (json!({"name": "a", "beds": "x"}), "Write a whole number that is not too large here."),
            (json!({"name": "a", "order": "lost"}), "“lost” cannot stand here. Write one of: tag, since."),
            (json!({"name": "a", "list": 3}), "Write a list here."),
            (json!([]), "Write an object here."),
        ] {
            assert_eq!(read(value.clone()), wanted, "{value}");
        }
        assert!(
            read(json!({"name": "a", "x": 1}))
                .starts_with("There is no field “x” here. Fields are: name, order")
        );
        for (value, wanted) in [
            (json!({"name": "a", "at": "yesterday"}), "instant"),
            (json!({"name": "a", "on": "13.10."}), "date"),
            (json!({"name": "a", "id": "x"}), "an id here, such as"),
            (json!({"name": "a", "id": 7}), "id, such as"),
        ] {
            assert!(read(value.clone()).contains(wanted), "{value}: {}", read(value.clone()));
        }
        assert_eq!(words("A tag has no blanks."), "It cannot be used: A tag has no blanks.");
    }
}
