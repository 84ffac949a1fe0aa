//! Closed lists of words: each value has a stable code for the store and words for the page.

/// A code read from the store, a file or a form that is none of the known ones.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("“{text}” is not a {what}; write one of {known}")]
pub struct UnknownCode {
    /// What was expected, in words.
    pub what: &'static str,
    /// What was found.
    pub text: String,
    /// The codes that would do, separated by commas.
    pub known: String,
}

impl UnknownCode {
    pub(crate) fn new<'a>(what: &'static str, text: &str, known: impl Iterator<Item = &'a str>) -> Self {
        Self { what, text: text.to_owned(), known: known.collect::<Vec<_>>().join(", ") }
    }
}

/// Serialises a type as its code, so that a record in the record of changes reads like its row in the store.
macro_rules! serde_by_code {
    ($name:ident) => {
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.serialize_str(self.code())
            }
        }
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                <String as serde::Deserialize>::deserialize(d)?.parse().map_err(serde::de::Error::custom)
            }
        }
        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                let codes: Vec<&str> = Self::ALL.iter().map(|v| v.code()).collect();
                schemars::json_schema!({ "type": "string", "enum": codes })
            }
        }
        impl std::str::FromStr for $name {
            type Err = $crate::UnknownCode;
            fn from_str(text: &str) -> Result<Self, $crate::UnknownCode> {
                Self::ALL.iter().copied().find(|v| v.code() == text).ok_or_else(|| {
                    $crate::UnknownCode::new(Self::WHAT, text, Self::ALL.iter().map(|v| v.code()))
                })
            }
        }
    };
}

/// Declares a closed list: `Variant = "code", "words on the page";`.
macro_rules! coded {
    (
        $(#[$doc:meta])*
        pub enum $name:ident ($what:literal) {
            $( $(#[$variant_doc:meta])* $variant:ident = $code:literal, $words:literal; )+
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $( $(#[$variant_doc])* $variant, )+
        }

        impl $name {
            /// Every value, in the order of the handbook.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
            const WHAT: &'static str = $what;

            /// The stable code: what the store, files and the API carry.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }

            /// The words on the page.
            pub const fn on_page(self) -> &'static str {
                match self { $(Self::$variant => $words),+ }
            }
        }

        serde_by_code!($name);
    };
}
