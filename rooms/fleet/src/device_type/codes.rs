//! What a type is called in the nomenclatures of the world: codes, each with its shape.
//!
//! Only the shape of a code is checked. Whether a code exists is said by the lists of its publisher, two of which need a
//! licence (GMDN, UMDNS), and all of which change.

use kernel::FieldError;
use serde::{Deserialize, Serialize};

/// A nomenclature of medical devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nomenclature {
    /// The product code of the FDA: three letters, which lead to class and regulation.
    ProductCode,
    /// The Global Medical Device Nomenclature: a preferred term's five digits.
    Gmdn,
    /// The European Medical Device Nomenclature: a letter for the category and up to six pairs of
    /// digits, a level each.
    Emdn,
    /// The Universal Medical Device Nomenclature System of ECRI: five digits, written 12-345.
    Umdns,
}

/// A text that is no code of its nomenclature.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("“{text}” is not {what}, such as {example}. Write {shape}.")]
pub struct CodeError {
    text: String,
    what: &'static str,
    example: &'static str,
    shape: &'static str,
}

impl Nomenclature {
    /// Every one, in the order of pages and files.
    pub const ALL: [Self; 4] = [Self::ProductCode, Self::Gmdn, Self::Emdn, Self::Umdns];

    /// The name of its field in forms, files and the API.
    pub const fn field(self) -> &'static str {
        match self {
            Self::ProductCode => "product_code",
            Self::Gmdn => "gmdn",
            Self::Emdn => "emdn",
            Self::Umdns => "umdns",
        }
    }

    /// What a page calls it.
    pub const fn on_page(self) -> &'static str {
        match self {
            Self::ProductCode => "FDA product code",
            Self::Gmdn => "GMDN term code",
            Self::Emdn => "EMDN code",
            Self::Umdns => "UMDNS code",
        }
    }

    /// How a code looks, in words.
    pub const fn shape(self) -> &'static str {
        match self {
            Self::ProductCode => "three letters",
            Self::Gmdn => "five digits",
            Self::Emdn => "a letter and up to six pairs of digits",
            Self::Umdns => "five digits, as 12-345",
        }
    }

    const fn example(self) -> &'static str {
        match self {
            Self::ProductCode => "FRN",
            Self::Gmdn => "12345",
            Self::Emdn => "Z12030202",
            Self::Umdns => "16-491",
        }
    }

    const fn noun(self) -> &'static str {
        match self {
            Self::ProductCode => "an FDA product code",
            Self::Gmdn => "a GMDN term code",
            Self::Emdn => "an EMDN code",
            Self::Umdns => "a UMDNS code",
        }
    }

    /// Reads a code as people write it: blanks around it and the case of letters do not matter, nor does the hyphen of
    /// UMDNS. The answer is the code as its publisher writes it.
    ///
    /// # Errors
    /// [`CodeError`] says how it must look.
    pub fn read(self, text: &str) -> Result<String, CodeError> {
        let code = text.trim().to_ascii_uppercase();
        let digits = |t: &str, most: usize| t.len() <= most && t.bytes().all(|b| b.is_ascii_digit());
        let read = match self {
            Self::ProductCode => {
                (code.len() == 3 && code.bytes().all(|b| b.is_ascii_uppercase())).then_some(code)
            }
            Self::Gmdn => (code.len() == 5 && digits(&code, 5)).then_some(code),
            Self::Emdn => {
                let below = code.strip_prefix(|c: char| c.is_ascii_uppercase());
                below.is_some_and(|below| digits(below, 12) && below.len().is_multiple_of(2)).then_some(code)
            }
            Self::Umdns => {
                let (before, after) =
                    code.split_once('-').unwrap_or(code.split_at_checked(2).unwrap_or(("", "")));
                let whole = (before.len(), after.len()) == (2, 3) && digits(before, 2) && digits(after, 3);
                whole.then(|| format!("{before}-{after}"))
            }
        };
        read.ok_or_else(|| CodeError {
            text: text.trim().to_owned(),
            what: self.noun(),
            example: self.example(),
            shape: self.shape(),
        })
    }
}

/// The codes of one type, each as its publisher writes it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Codes {
    /// The product code of the FDA: three letters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product_code: Option<String>,
    /// The code of a GMDN term: five digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gmdn: Option<String>,
    /// The EMDN code: a letter and up to six pairs of digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub emdn: Option<String>,
    /// The UMDNS code: `16-491`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub umdns: Option<String>,
}

impl Codes {
    /// The code in a nomenclature.
    pub fn get(&self, of: Nomenclature) -> Option<&str> {
        match of {
            Nomenclature::ProductCode => self.product_code.as_deref(),
            Nomenclature::Gmdn => self.gmdn.as_deref(),
            Nomenclature::Emdn => self.emdn.as_deref(),
            Nomenclature::Umdns => self.umdns.as_deref(),
        }
    }

    /// Those that are known, in the order of pages.
    pub fn known(&self) -> impl Iterator<Item = (Nomenclature, &str)> {
        Nomenclature::ALL.into_iter().filter_map(|of| Some((of, self.get(of)?)))
    }

    /// Reads each code from what `typed` gives for it; a blank is no code. What cannot be read is told at its field.
    pub fn read<'t>(typed: impl Fn(Nomenclature) -> &'t str, errors: &mut Vec<FieldError>) -> Self {
        let [product_code, gmdn, emdn, umdns] = Nomenclature::ALL.map(|of| {
            let text = typed(of).trim();
            if text.is_empty() {
                return None;
            }
            let fault = |e: CodeError| FieldError { field: of.field().into(), message: e.to_string() };
            of.read(text).map_err(|e| errors.push(fault(e))).ok()
        });
        Self { product_code, gmdn, emdn, umdns }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn codes_are_read_as_people_write_them() {
        let read = |of: Nomenclature, text: &str| of.read(text).ok();
        assert_eq!(read(Nomenclature::ProductCode, " frn ").as_deref(), Some("FRN"));
        assert_eq!(read(Nomenclature::Gmdn, "12345").as_deref(), Some("12345"));
        assert_eq!(read(Nomenclature::Emdn, "z12030202").as_deref(), Some("Z12030202"));
        assert_eq!(read(Nomenclature::Emdn, "Z123456789012").as_deref(), Some("Z123456789012"));
        assert_eq!(read(Nomenclature::Umdns, "16491").as_deref(), Some("16-491"));
        assert_eq!(read(Nomenclature::Umdns, "16-491").as_deref(), Some("16-491"));
        for (of, text) in [
            (Nomenclature::ProductCode, "FR"),
            (Nomenclature::ProductCode, "FRNX"),
            (Nomenclature::ProductCode, "F1N"),
            (Nomenclature::ProductCode, "ÄRN"),
            (Nomenclature::Gmdn, "1234"),
            (Nomenclature::Gmdn, "1234x"),
            (Nomenclature::Emdn, "12030202"),
            (Nomenclature::Emdn, "Z1234567890123"),
            (Nomenclature::Emdn, "ZA12"),
            (Nomenclature::Emdn, "Z1203020"),
            (Nomenclature::Umdns, "1-6491"),
            (Nomenclature::Umdns, "16-49"),
            (Nomenclature::Umdns, "é6-491"),
        ] {
            assert_eq!(read(of, text), None, "{text}");
        }
        let words = Nomenclature::Umdns.read("16-49").unwrap_err().to_string();
        assert_eq!(words, "“16-49” is not a UMDNS code, such as 16-491. Write five digits, as 12-345.");
    }

    #[test]
    fn each_fault_is_told_at_its_field() {
        let mut errors = Vec::new();
        let typed = |of| match of {
            Nomenclature::ProductCode => "FRN",
            Nomenclature::Gmdn => "x",
            Nomenclature::Emdn => " ",
            Nomenclature::Umdns => "1",
        };
        let codes = Codes::read(typed, &mut errors);
        assert_eq!(codes, Codes { product_code: Some("FRN".into()), ..Codes::default() });
        assert_eq!(errors.iter().map(|e| &*e.field).collect::<Vec<_>>(), ["gmdn", "umdns"]);
        assert_eq!(codes.known().collect::<Vec<_>>(), [(Nomenclature::ProductCode, "FRN")]);
    }

    /// The published lists, from the folder named by `BATON_CORPUS`: every code of theirs is read as it stands.
    #[test]
    fn every_published_code_is_read() {
        let Some(folder) = std::env::var_os("BATON_CORPUS") else {
            return eprintln!("SKIPPED: BATON_CORPUS names no folder with emdn and fda-classification");
        };
        let folder = std::path::PathBuf::from(folder);
        for (of, file, column, sign, least) in [
            (Nomenclature::Emdn, "emdn/emdn_v2.tsv", 2, '\t', 5_000),
            (Nomenclature::ProductCode, "fda-classification/foiclass.txt", 2, '|', 4_000),
        ] {
            let bytes = std::fs::read(folder.join(file)).unwrap();
            let text = String::from_utf8_lossy(&bytes);
            let codes: Vec<&str> = text.lines().skip(1).filter_map(|l| l.split(sign).nth(column)).collect();
            assert!(codes.len() > least, "{file} has {} codes", codes.len());
            for code in codes {
                assert_eq!(of.read(code).as_deref(), Ok(code), "{file}");
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_read_reads_as_itself(text in "\\PC{0,14}") {
            for of in Nomenclature::ALL {
                if let Ok(code) = of.read(&text) {
                    prop_assert!(code.is_ascii() && code.len() <= 13);
                    prop_assert_eq!(of.read(&code), Ok(code.clone()));
                }
            }
        }

        #[test]
        fn every_code_of_its_shape_is_read(letters in "[A-Z]{3}", digits in "[0-9]{12}", n in 0usize..=6) {
            prop_assert!(Nomenclature::ProductCode.read(&letters).is_ok());
            prop_assert!(Nomenclature::Gmdn.read(&digits[..5]).is_ok());
            let emdn = format!("{}{}", &letters[..1], &digits[..2 * n]);
            prop_assert!(Nomenclature::Emdn.read(&emdn).is_ok());
            prop_assert_eq!(Nomenclature::Umdns.read(&digits[..5]).unwrap().replace('-', ""), &digits[..5]);
        }
    }
}
