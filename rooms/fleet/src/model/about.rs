//! What is known of a model beside its name, maker and type.

use kernel::{Date, FieldError};
use serde::{Deserialize, Serialize};

use super::{Identifier, ListPrice, Milestone};
use crate::{RiskLevel, UsefulLife, device::Text};

/// A risk level that differs from the type's, with why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnRisk {
    /// The level.
    pub level: RiskLevel,
    /// Why it differs.
    pub reason: String,
}

impl OwnRisk {
    /// The names of its fields in forms and files.
    pub const FIELDS: [&'static str; 2] = ["risk", "risk_reason"];

    /// Checks that a level of its own has its reason. What is wrong is told at [`Self::FIELDS`].
    pub(crate) fn checked(
        level: Option<RiskLevel>,
        reason: &str,
        errors: &mut Vec<FieldError>,
    ) -> Option<Self> {
        let level = level?;
        let mut wrong = |message: String| errors.push(FieldError { field: Self::FIELDS[1].into(), message });
        if reason.trim().is_empty() {
            wrong(
                "Say why this model differs from its type, or leave the risk level to the type.".to_owned(),
            );
            return None;
        }
        let reason = Text::RiskReason.read(reason).map_err(|e| wrong(e.to_string())).ok()?;
        Some(Self { level, reason })
    }
}

/// A day in the life of a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It is sold no more.
    Sale,
    /// It is repaired, calibrated and patched no more.
    Support,
    /// Its maker wants it out of use.
    Life,
}

impl End {
    /// Every one, in the order in which they come.
    pub const ALL: [Self; 3] = [Self::Sale, Self::Support, Self::Life];

    /// The name of its field in the record, of which [`Milestone::fields`] are made.
    pub const fn field(self) -> &'static str {
        match self {
            Self::Sale => "sale_end",
            Self::Support => "support_end",
            Self::Life => "life_end",
        }
    }

    /// What a page calls it.
    pub const fn on_page(self) -> &'static str {
        match self {
            Self::Sale => "End of sale",
            Self::Support => "End of support",
            Self::Life => "End of life",
        }
    }
}

/// What is known of a model beside its name, maker and type. Nothing of it must be known.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct About {
    /// The number under which it is ordered (REF).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catalogue_number: Option<String>,
    /// The version or configuration on the nameplate, where the name alone does not tell it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edition: Option<String>,
    /// Its UDI device identifiers at every level of its packages, from the inside out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub identifiers: Vec<Identifier>,
    /// When it is sold no more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sale_end: Option<Milestone>,
    /// When it is supported no more: no repair, no calibration, no patch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub support_end: Option<Milestone>,
    /// When its maker wants it out of use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub life_end: Option<Milestone>,
    /// What one costs by the maker’s list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list_price: Option<ListPrice>,
    /// How long devices of it last, where that differs from its type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub useful_life: Option<UsefulLife>,
    /// Its risk level, where it differs from its type’s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_risk: Option<OwnRisk>,
}

impl About {
    /// The names of its texts in forms and files.
    pub const TEXTS: [&'static str; 2] = ["catalogue_number", "edition"];

    /// A day in its life.
    pub const fn end(&self, end: End) -> Option<&Milestone> {
        match end {
            End::Sale => self.sale_end.as_ref(),
            End::Support => self.support_end.as_ref(),
            End::Life => self.life_end.as_ref(),
        }
    }

    /// What was typed or sent, checked whole; `today` bounds days on which something was learnt.
    pub(crate) fn checked(self, today: Date, errors: &mut Vec<FieldError>) -> Self {
        let mut text = |field: &'static str, text: Option<String>| {
            let text = text.filter(|text| !text.trim().is_empty())?;
            let wrong = |e: crate::TextError| FieldError { field: field.into(), message: e.to_string() };
            Text::Number.read(&text).map_err(|e| errors.push(wrong(e))).ok()
        };
        let [catalogue_number, edition] = Self::TEXTS;
        let catalogue_number = text(catalogue_number, self.catalogue_number);
        let edition = text(edition, self.edition);
        let own = self.own_risk.map(|own| (own.level, own.reason));
        let mut end = |end: End, this| Milestone::checked(end.field(), this, today, errors);
        let (sale_end, support_end, life_end) = (
            end(End::Sale, self.sale_end),
            end(End::Support, self.support_end),
            end(End::Life, self.life_end),
        );
        Self {
            catalogue_number,
            edition,
            identifiers: Identifier::checked_all("di", &self.identifiers, errors),
            sale_end,
            support_end,
            life_end,
            list_price: ListPrice::checked(self.list_price, today, errors),
            useful_life: UsefulLife::checked(self.useful_life, errors),
            own_risk: own.and_then(|(level, reason)| OwnRisk::checked(Some(level), &reason, errors)),
        }
    }
}
