//! Which column of a file is which field of a device.

use std::collections::{BTreeMap, HashSet};

use serde::{Serialize, Serializer};

use super::cell::{amount, date, words};

mod names;

coded! {
    /// What a column of a file of devices can be.
    pub enum Field ("field of a device") {
        /// The asset tag.
        Tag = "tag", "Asset tag";
        /// The maker's serial number.
        Serial = "serial", "Serial number";
        /// Whether the maker gave it no serial number.
        SerialLess = "serial_less", "Has no serial number";
        /// The unique device identifier.
        Udi = "udi", "UDI";
        /// The manufacturer.
        Maker = "maker", "Maker";
        /// The device type.
        Type = "type", "Type";
        /// The risk level of the type.
        TypeRisk = "type_risk", "Risk level of the type";
        /// The model name or number.
        Model = "model", "Model";
        /// The maker's catalogue number: stands in for a blank model.
        CatalogueNumber = "catalogue_number", "Catalogue number, where the model is blank";
        /// The site.
        Site = "site", "Site";
        /// The building.
        Building = "building", "Building";
        /// The floor.
        Floor = "floor", "Floor";
        /// The room.
        Room = "room", "Room";
        /// The department that owns it.
        Department = "department", "Department";
        /// The unit of that department.
        Unit = "unit", "Unit";
        /// The cost centre.
        CostCentre = "cost_centre", "Cost centre";
        /// The lifecycle state.
        State = "state", "State";
        /// Since when it is in that state.
        StateSince = "state_since", "In that state since";
        /// Why it must not be used.
        HoldReason = "hold_reason", "Reason for a hold";
        /// The test that lifts the hold.
        HoldReleasedBy = "hold_released_by", "Test that lifts the hold";
        /// Under what agreement somebody else has it.
        LentUnder = "lent_under", "Lent out under";
        /// The last day of that loan.
        LentUntil = "lent_until", "Lent out until";
        /// Since when it needs an inspection before it is used.
        InspectAfter = "inspect_after", "Needs an inspection after";
        /// The device's own risk level.
        Risk = "risk", "Risk level";
        /// Why it differs from its type's.
        RiskReason = "risk_reason", "Reason for its own risk level";
        /// The maintenance strategy.
        Strategy = "strategy", "Maintenance strategy";
        /// Whose it is.
        Tenure = "tenure", "Owned, borrowed or rented";
        /// The agreement behind a tenure other than owned.
        Agreement = "agreement", "Agreement";
        /// The last day of that agreement.
        AgreementEndsOn = "agreement_ends_on", "Agreement ends on";
        /// When the hospital got it.
        AcquiredOn = "acquired_on", "Acquired on";
        /// When it was accepted for use.
        AcceptedOn = "accepted_on", "In service since";
        /// What it cost.
        Price = "price", "Price when bought";
        /// The currency of the price.
        Currency = "currency", "Currency";
        /// The tag of the system it is part of.
        ParentTag = "parent_tag", "Asset tag of its system";
        /// Free words.
        Notes = "notes", "Notes";
        /// Left out.
        Ignore = "ignore", "Do not import";
    }
}

impl Field {
    /// Whether the cells are dates.
    pub const fn is_date(self) -> bool {
        matches!(
            self,
            Self::StateSince
                | Self::LentUntil
                | Self::InspectAfter
                | Self::AgreementEndsOn
                | Self::AcquiredOn
                | Self::AcceptedOn
        )
    }
}

/// How certain a proposal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Match {
    /// The name says it and the values do not contradict; or a person chose it.
    Sure,
    /// Look at it.
    Check,
    /// The column is left out.
    NotUsed,
}

/// One column of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name in the file.
    pub header: String,
    /// What it becomes.
    pub field: Field,
    /// How certain that is.
    pub certainty: Match,
}

/// What every column of a file becomes. No field stands twice, `Ignore` apart.
///
/// Serialises as `{"header": "field"}`: the mapping a person saves for the next file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    columns: Vec<Column>,
}

/// Why a file cannot be imported with a mapping.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MappingError {
    /// No column becomes the asset tag.
    #[error(
        "No column is the asset tag; choose the one that holds the number on the sticker among: {found}."
    )]
    NoTag {
        /// The names found in the file.
        found: String,
    },
    /// No column says what the devices are.
    #[error(
        "No column is the model or the type; choose the one that says what the device is among: {found}."
    )]
    NoModel {
        /// The names found in the file.
        found: String,
    },
}

/// Points of a proposal: names rank before contents, exact names before parts of names.
const EXACT: u32 = 3_000;
const DOUBTFUL: u32 = 2_000;
const PARTLY: u32 = 1_000;

impl Mapping {
    /// Proposes what each column becomes, by its name and then by the values of the first rows.
    pub fn propose(header: &[String], samples: &[Vec<String>]) -> Self {
        let ignored =
            |name: &String| Column { header: name.clone(), field: Field::Ignore, certainty: Match::NotUsed };
        let mut mapping = Self { columns: header.iter().map(ignored).collect() };
        let mut proposals: Vec<(u32, usize, Field)> = Vec::new();
        for (index, name) in header.iter().enumerate() {
            let filled = samples.iter().any(|row| row.get(index).is_some_and(|cell| !cell.trim().is_empty()));
            for (points, field) in by_name(name) {
                // Of two columns that could be the same, one without a single value is the worse.
                let points = if filled || samples.is_empty() { points } else { points / 4 };
                proposals.push((points, index, field));
            }
        }
        proposals.sort_by_key(|(points, index, _)| (std::cmp::Reverse(*points), *index));
        for (points, index, field) in proposals {
            if mapping.columns[index].field == Field::Ignore && mapping.index(field).is_none() {
                let fits = fits(field, &filled(samples, index));
                let certainty = if points > DOUBTFUL && fits { Match::Sure } else { Match::Check };
                mapping.columns[index] = Column { header: header[index].clone(), field, certainty };
            }
        }
        mapping.guess_tag(samples);
        mapping
    }

    /// Applies a saved mapping to a file's header; columns it does not name are left out.
    pub fn saved(header: &[String], saved: &BTreeMap<String, Field>) -> Self {
        let column =
            |name: &String| Column { header: name.clone(), field: Field::Ignore, certainty: Match::NotUsed };
        let mut mapping = Self { columns: header.iter().map(column).collect() };
        for (index, name) in header.iter().enumerate() {
            if let Some(field) = saved.get(name) {
                mapping.set(index, *field);
            }
        }
        mapping
    }

    /// What a person chose for a column. A column that was this field before is left out from now on, and is
    /// returned.
    pub fn set(&mut self, column: usize, field: Field) -> Option<usize> {
        let before = self.index(field).filter(|other| *other != column);
        if let Some(other) = before {
            self.columns[other].field = Field::Ignore;
            self.columns[other].certainty = Match::NotUsed;
        }
        if let Some(column) = self.columns.get_mut(column) {
            column.field = field;
            column.certainty = if field == Field::Ignore { Match::NotUsed } else { Match::Sure };
        }
        before
    }

    /// The columns in the order of the file.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The column that is a field; none for `Ignore`.
    pub fn index(&self, field: Field) -> Option<usize> {
        self.columns.iter().position(|c| c.field == field && field != Field::Ignore)
    }

    /// The name in the file of the column that is a field.
    pub fn header(&self, field: Field) -> Option<&str> {
        self.index(field).map(|index| self.columns[index].header.as_str())
    }

    /// Whether the mapping suffices to import devices.
    ///
    /// # Errors
    /// [`MappingError`] without a column for the tag, or without any for model, type or catalogue number.
    pub fn check(&self) -> Result<(), MappingError> {
        let found = || {
            let names: Vec<String> = self
                .columns
                .iter()
                .filter(|c| !c.header.is_empty())
                .map(|c| format!("“{}”", c.header))
                .collect();
            names.join(", ")
        };
        if self.index(Field::Tag).is_none() {
            return Err(MappingError::NoTag { found: found() });
        }
        if [Field::Model, Field::Type, Field::CatalogueNumber].iter().all(|f| self.index(*f).is_none()) {
            return Err(MappingError::NoModel { found: found() });
        }
        Ok(())
    }

    /// Without a telling name the tag is looked for among the columns left over: filled, unique, with digits.
    fn guess_tag(&mut self, samples: &[Vec<String>]) {
        if self.index(Field::Tag).is_some() || samples.len() < 3 {
            return;
        }
        let fitting = (0..self.columns.len()).find(|index| {
            let values = filled(samples, *index);
            self.columns[*index].field == Field::Ignore
                && values.len() == samples.len()
                && values.iter().all(|v| v.chars().count() <= 40 && v.contains(|c: char| c.is_ascii_digit()))
                && fits(Field::Tag, &values)
                && !fits(Field::AcquiredOn, &values)
        });
        if let Some(index) = fitting {
            self.columns[index].field = Field::Tag;
            self.columns[index].certainty = Match::Check;
        }
    }
}

impl Serialize for Mapping {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_map(self.columns.iter().filter(|c| !c.header.is_empty()).map(|c| (&c.header, c.field)))
    }
}

fn filled(samples: &[Vec<String>], index: usize) -> Vec<&str> {
    samples
        .iter()
        .filter_map(|row| row.get(index))
        .map(|v| v.trim())
        .filter(|v| !words::is_blank(v))
        .collect()
}

/// The words of a column's name: `AssetTag`, `asset_tag` and `Asset-Tag #` all become `asset tag`.
fn plain_name(name: &str) -> String {
    let mut spaced = String::with_capacity(name.len() + 4);
    let mut before = ' ';
    for c in name.chars() {
        if c.is_uppercase() && before.is_lowercase() {
            spaced.push(' ');
        }
        spaced.push(c);
        before = c;
    }
    kernel::words(&spaced).join(" ")
}

fn by_name(name: &str) -> Vec<(u32, Field)> {
    let name = plain_name(name);
    if name.is_empty() {
        return Vec::new();
    }
    let padded = format!(" {name} ");
    let mut found = Vec::new();
    for (table, points) in [(names::SURE, EXACT), (names::DOUBTFUL, DOUBTFUL)] {
        for (field, names) in table {
            let folded = || names.split(" | ").map(|n| kernel::words(n).join(" "));
            if let Some(rank) = folded().position(|known| known == name) {
                found.push((points - rank as u32, *field));
            } else if points == EXACT
                && let Some(part) = folded().filter(|k| part_of(k, &padded)).map(|k| k.len()).max()
            {
                // The longer the part, the more of the name it explains.
                found.push((PARTLY + part as u32, *field));
            }
        }
    }
    let own = |field: &&Field| **field != Field::Ignore && plain_name(field.on_page()) == name;
    found.extend(Field::ALL.iter().find(own).map(|field| (EXACT, *field)));
    found
}

/// Whether a known name of some length stands in a column's name as whole words.
fn part_of(known: &str, padded: &str) -> bool {
    known.len() >= 5 && padded.contains(&format!(" {known} "))
}

/// Whether the values could be those of the field.
fn fits(field: Field, values: &[&str]) -> bool {
    let most = |fit: fn(&str) -> bool| {
        let fitting = values.iter().filter(|v| fit(v)).count();
        fitting * 10 >= values.len() * 9
    };
    match field {
        Field::Tag | Field::Serial => {
            let keys: HashSet<String> = values.iter().map(|v| kernel::key(v)).collect();
            keys.len() * 10 >= values.len() * 9
        }
        field if field.is_date() => most(date::is_like),
        Field::Price => most(amount::is_like),
        Field::Currency => most(|v| v.parse::<kernel::Currency>().is_ok()),
        Field::State => most(|v| words::state(v).is_some()),
        Field::Risk | Field::TypeRisk => most(|v| words::risk(v).is_some()),
        Field::Strategy => most(|v| words::strategy(v).is_some()),
        Field::Tenure => most(|v| words::tenure(v).is_some()),
        Field::SerialLess => most(|v| words::yes_no(v).is_some()),
        _ => true,
    }
}
