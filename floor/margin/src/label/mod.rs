//! Labels: words of an organisation's own that are put on records and taken off again in one click. (An asset tag is
//! something else, so pages do not call them tags.)

pub mod actions;
pub(crate) mod api;
pub(crate) mod history;
pub(crate) mod pages;
pub(crate) mod section;
pub mod store;

pub use section::beside;

use kernel::{Id, Problem, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Identifies a label.
pub type LabelId = Id<Label>;
/// Identifies what is between a label and a record.
pub type LabellingId = Id<Labelling>;

/// A word that can be put on records.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Label {
    /// Its identifier.
    pub id: LabelId,
    /// 1 when it was made, one more with each change.
    pub version: i64,
    /// What it says.
    pub name: String,
}

impl Label {
    /// The key under which its name is unique in the organisation.
    pub fn key(&self) -> String {
        kernel::fold(&self.name)
    }
}

/// A label on a record, or taken off it again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Labelling {
    /// Its identifier.
    pub id: LabellingId,
    /// 1 when the label was first put on, one more each time it was taken off or put on again.
    pub version: i64,
    /// The label.
    pub label: LabelId,
    /// The kind of record: `device`.
    pub noun: String,
    /// Which record.
    pub record: Uuid,
    /// What the label said then.
    pub name: String,
    /// Whether the record wears it.
    pub worn: bool,
}

/// Most characters of a label.
pub const LONGEST: usize = 40;
/// Most labels of an organisation.
pub const MOST: usize = 500;
/// Most labels on one record.
pub const MOST_ON_ONE: usize = 30;

/// A label's name as it is kept.
///
/// # Errors
/// [`Problem::Invalid`] at `name`.
pub fn tidy(name: &str) -> Result<String> {
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    let fault = |words: String| Err(Problem::invalid("name", words));
    let long = name.chars().count();
    if kernel::fold(&name).is_empty() {
        return fault("Write what the label says.".to_owned());
    }
    if long > LONGEST {
        return fault(format!("The label has {long} characters; at most {LONGEST} fit."));
    }
    if name.chars().any(|c| c.is_control() || matches!(c, '"' | '“' | '”')) {
        return fault("A label holds no quotation marks and no invisible characters.".to_owned());
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_short_and_plain() {
        assert_eq!(tidy("  Loaner \t pool ").unwrap(), "Loaner pool");
        assert!(tidy(&"é".repeat(LONGEST)).is_ok());
        for wrong in ["", "  ", "a\"b", "a\u{0}b", &"é".repeat(LONGEST + 1)] {
            assert!(tidy(wrong).is_err(), "{wrong}");
        }
    }
}
