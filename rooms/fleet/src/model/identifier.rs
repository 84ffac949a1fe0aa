//! UDI device identifiers of a model, one for each level of its packages.

use std::collections::BTreeSet;

use kernel::FieldError;
use serde::{Deserialize, Serialize};

coded! {
    /// Who issues device identifiers.
    pub enum Issuer ("issuing agency") {
        /// GS1: a GTIN.
        Gs1 = "GS1", "GS1";
        /// Health Industry Business Communications Council.
        Hibcc = "HIBCC", "HIBCC";
        /// International Council for Commonality in Blood Banking Automation.
        Iccbba = "ICCBBA", "ICCBBA";
    }
}

coded! {
    /// What a device identifier stands on, from the inside out.
    pub enum Package ("package level") {
        /// One use of a device of which the base package holds several; it stands on no label.
        UnitOfUse = "unit_of_use", "Unit of use";
        /// The device, or the base package that holds it: what registers call the primary identifier.
        Each = "each", "Device";
        /// A package of devices.
        Inner = "inner", "Inner package";
        /// A case of packages.
        Case = "case", "Case";
        /// A pallet.
        Pallet = "pallet", "Pallet";
    }
}

/// A device identifier (UDI-DI) of a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Identifier {
    /// As its agency writes it: a GTIN of 14 digits; LIC, PCN and unit of measure; an ICCBBA product.
    pub di: String,
    /// Who issued it.
    pub agency: Issuer,
    /// What it stands on.
    pub package: Package,
    /// How many devices that package holds; 1 for a device itself.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub quantity: u32,
    /// Its check character is wrong and it stands so on the labels; it is found, never printed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub as_printed: bool,
}

/// A device identifier as somebody wrote it.
#[derive(Clone, Copy, Debug)]
pub struct Written<'a> {
    /// The identifier, or a whole code as a scanner reads it.
    pub di: &'a str,
    /// Who issued it, where that is on record: some texts are identifiers of two agencies.
    pub agency: Option<Issuer>,
    /// What it stands on; empty for the device.
    pub package: &'a str,
    /// How many devices the package holds; empty for one.
    pub quantity: &'a str,
}

/// Most identifiers of a model. Of the public records of the FDA none has more than 30.
pub const MOST: usize = 50;
/// Most devices in a package.
const MOST_IN_IT: u32 = 1_000_000;
/// Signs of the shortest identifier, a GTIN of eight digits or LIC, one sign of a product and its unit of measure.
const SHORTEST: usize = 6;
/// Codes with a date in them are read as of about now; of a code, only its identifier is wanted here.
const YEAR: u16 = 2026;

impl Issuer {
    const fn of_udi(self) -> udi::Agency {
        match self {
            Self::Gs1 => udi::Agency::Gs1,
            Self::Hibcc => udi::Agency::Hibcc,
            Self::Iccbba => udi::Agency::Iccbba,
        }
    }
}

impl Identifier {
    /// Reads identifiers as they were written, blank ones left out. What is wrong with the one at position `n` is told at
    /// `{field}_{n}`, `{field}_package_{n}` and `{field}_quantity_{n}`; that there are too many, at `identifiers`. With `as_printed`, identifiers whose check
    /// character is wrong are taken.
    pub fn read_all<'a>(
        field: &str,
        written: impl IntoIterator<Item = Written<'a>>,
        as_printed: bool,
        errors: &mut Vec<FieldError>,
    ) -> Vec<Self> {
        let (mut all, mut known) = (Vec::new(), BTreeSet::new());
        for (n, one) in written.into_iter().enumerate() {
            if one.di.trim().is_empty() {
                continue;
            }
            let at = |part: &str| format!("{field}{part}_{n}");
            let package = package(one.package).map_err(|e| errors.push(fault(at("_package"), e))).ok();
            let quantity = package.and_then(|p| {
                quantity(p, one.quantity).map_err(|e| errors.push(fault(at("_quantity"), e))).ok()
            });
            let read = di(one, as_printed).map_err(|e| errors.push(fault(at(""), e))).ok();
            let (Some((di, agency, wrong)), Some(package), Some(quantity)) = (read, package, quantity) else {
                continue;
            };
            if known.insert(di.clone()) {
                all.push(Self { di, agency, package, quantity, as_printed: wrong });
            } else {
                errors.push(fault(at(""), format!("{di} stands here twice. Leave one of them out.")));
            }
        }
        if all.len() > MOST {
            errors.push(fault("identifiers".to_owned(), format!("A model has at most {MOST} identifiers.")));
        }
        all.sort_by(|a, b| (a.package, &a.di).cmp(&(b.package, &b.di)));
        all
    }

    /// Reads identifiers that came whole, as [`Self::read_all`] reads texts.
    pub(crate) fn checked_all(field: &str, all: &[Self], errors: &mut Vec<FieldError>) -> Vec<Self> {
        let wrong = all.iter().any(|one| one.as_printed);
        let quantities: Vec<String> = all.iter().map(|one| one.quantity.to_string()).collect();
        let written = all.iter().zip(&quantities).map(|(one, quantity)| Written {
            di: &one.di,
            agency: Some(one.agency),
            package: one.package.code(),
            quantity,
        });
        Self::read_all(field, written, wrong, errors)
    }

    /// The identifiers that a typed or scanned text may hold, the likeliest first; of names and tags there are none.
    pub(crate) fn readings(text: &str) -> Vec<String> {
        let text = text.trim();
        if text.len() < SHORTEST || text.contains("://") {
            return Vec::new();
        }
        let read = udi::parse(text, YEAR);
        let ways = std::iter::once(&read).chain(&read.candidates).filter_map(|way| way.di.clone());
        let mut all: Vec<String> = ways.collect();
        // Many tags and serial numbers could be identifiers of HIBCC; what is on record under exactly this text is meant.
        all.push(text.to_uppercase());
        all.dedup();
        all
    }

    /// What it stands on, with how many that is: `Case of 20`.
    pub fn on_page(&self) -> String {
        match self.quantity {
            1 => self.package.on_page().to_owned(),
            n => format!("{} of {n}", self.package.on_page()),
        }
    }
}

fn fault(field: String, message: String) -> FieldError {
    FieldError { field: field.into(), message }
}

fn package(text: &str) -> Result<Package, String> {
    match text.trim() {
        "" => Ok(Package::Each),
        text => text.parse().map_err(|e: crate::UnknownCode| format!("{e}.")),
    }
}

fn quantity(package: Package, text: &str) -> Result<u32, String> {
    let text = text.trim();
    let one = matches!(package, Package::UnitOfUse | Package::Each);
    match (text, text.parse::<u32>()) {
        ("", _) if one => Ok(1),
        ("", _) => Err("How many devices it holds is missing.".to_owned()),
        (_, Ok(n)) if one && n != 1 => Err("A device is one. Choose the package that holds more.".to_owned()),
        (_, Ok(n)) if (1..=MOST_IN_IT).contains(&n) => Ok(n),
        _ => Err(format!("“{text}” is not a number of devices from 1 to {MOST_IN_IT}.")),
    }
}

/// The identifier in a text, its agency, and whether its check character is wrong.
fn di(written: Written<'_>, as_printed: bool) -> Result<(String, Issuer, bool), String> {
    let text = written.di.trim();
    let known = written.agency.map(|agency| udi::identifier(agency.of_udi(), text));
    let known = known.filter(|read| read.di.as_deref() == Some(text));
    let whole = known.unwrap_or_else(|| udi::parse(text, YEAR));
    // Some identifiers of HIBCC end on what could be their check character. Whole codes begin with a plus; without one, what
    // stands here is taken as the identifier it is.
    let read = whole.candidates.iter().find(|way| way.di.as_deref() == Some(text)).unwrap_or(&whole);
    let (Some(di), Some(agency)) = (&read.di, read.agency) else {
        let ways: Vec<String> = read.candidates.iter().filter_map(|c| c.di.clone()).collect();
        return Err(match ways.as_slice() {
            [] => format!("“{text}” is not a device identifier of GS1, HIBCC or ICCBBA."),
            ways => format!(
                "“{text}” can be read as {}. Write the whole code as it is scanned.",
                ways.join(" and as ")
            ),
        });
    };
    let agency = match agency {
        udi::Agency::Gs1 => Issuer::Gs1,
        udi::Agency::Hibcc => Issuer::Hibcc,
        udi::Agency::Iccbba => Issuer::Iccbba,
    };
    // Only a GTIN has its check digit in the identifier; those of others stand behind the whole code.
    let wrong = agency == Issuer::Gs1 && read.warnings.contains(&udi::Warning::CheckDiffers);
    if !read.ok && !wrong {
        let why = read.warnings.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        return Err(format!("“{text}” is not a device identifier: {why}"));
    }
    if wrong && !as_printed {
        return Err(format!(
            "The check character of “{text}” is wrong, so a sign of it is mistyped. If the label itself says so, tick “As \
             printed”."
        ));
    }
    Ok((di.clone(), agency, wrong))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn one(di: &str, as_printed: bool) -> Result<Vec<Identifier>, Vec<String>> {
        let mut errors = Vec::new();
        let all = Identifier::read_all(
            "di",
            [Written { di, agency: None, package: "", quantity: "" }],
            as_printed,
            &mut errors,
        );
        let words = |e: FieldError| format!("{}: {}", e.field, e.message);
        if errors.is_empty() { Ok(all) } else { Err(errors.into_iter().map(words).collect()) }
    }

    #[test]
    fn an_identifier_is_read_from_whatever_carries_it() {
        for (text, di, agency) in [
            ("00614141000036", "00614141000036", Issuer::Gs1),
            (" 614141000036 ", "00614141000036", Issuer::Gs1),
            ("(01)00614141000036(21)A7", "00614141000036", Issuer::Gs1),
            ("A123BJC5D6E71", "A123BJC5D6E71", Issuer::Hibcc),
        ] {
            let read = one(text, false).unwrap_or_else(|e| panic!("{text}: {e:?}"));
            assert_eq!(
                (read[0].di.as_str(), read[0].agency, read[0].package, read[0].quantity),
                (di, agency, Package::Each, 1)
            );
        }
        assert!(one("pump", false).unwrap_err()[0].starts_with("di_0: “pump” is not a device identifier"));
        assert!(one("00614141000037", false).unwrap_err()[0].contains("tick “As printed”"));
        let wrong = one("00614141000037", true).unwrap();
        assert!(wrong[0].as_printed && wrong[0].di == "00614141000037");
    }

    #[test]
    fn packages_hold_what_they_say() {
        let read = |package: &str, quantity: &str| {
            let mut errors = Vec::new();
            let written = [Written { di: "00614141000036", agency: None, package, quantity }];
            let all = Identifier::read_all("di", written, false, &mut errors);
            (all.first().map(Identifier::on_page), errors.first().map(|e| e.field.to_string()))
        };
        assert_eq!(read("case", "20"), (Some("Case of 20".into()), None));
        assert_eq!(read("unit_of_use", ""), (Some("Unit of use".into()), None));
        assert_eq!(read("case", ""), (None, Some("di_quantity_0".into())));
        assert_eq!(read("each", "2"), (None, Some("di_quantity_0".into())));
        assert_eq!(read("case", "0"), (None, Some("di_quantity_0".into())));
        assert_eq!(read("crate", "4"), (None, Some("di_package_0".into())));
    }

    #[test]
    fn one_stands_once_from_the_inside_out() {
        let mut errors = Vec::new();
        let w = |di, package, quantity| Written { di, agency: None, package, quantity };
        let written = [w("10614141000033", "case", "20"), w("00614141000036", "", ""), w("", "case", "x")];
        let all = Identifier::read_all("di", written, false, &mut errors);
        assert!(errors.is_empty());
        assert_eq!(all.iter().map(|i| i.package).collect::<Vec<_>>(), [Package::Each, Package::Case]);
        let mut errors = Vec::new();
        assert_eq!(Identifier::checked_all("di", &all, &mut errors), all);
        assert!(errors.is_empty());
        let twice = [w("614141000036", "", ""), w("00614141000036", "case", "2")];
        assert_eq!(Identifier::read_all("di", twice, false, &mut errors).len(), 1);
        assert_eq!(errors[0].field, "di_1");
    }

    proptest! {
        #[test]
        fn what_is_taken_reads_back(text in "[0-9A-Z+/$.]{0,30}|[A-Z][0-9]{3}[A-Z0-9]{1,18}[0-9][A-Z0-9]?", as_printed: bool) {
            if let Ok(all) = one(&text, as_printed) {
                let mut errors = Vec::new();
                let again = Identifier::checked_all("di", &all, &mut errors);
                prop_assert_eq!(again, all, "{:?}", errors);
            }
        }
    }
}
