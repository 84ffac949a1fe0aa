//! Names of companies: “PHILIPS MED SYS”, “Phillips Healthcare (Suzhou) Co., Ltd.” and “Philips” are one maker.
//!
//! A text is divided into the companies it names ([`parts`]), and each into words ([`words`]) without legal forms. A
//! register of known names weighs each word by how few companies have it, general words of the trade and places little.
//! The names that share words with the text, misspelt ones included, are scored by how much of both is shared:
//!
//! ```text
//! w(t) = p(t) · ln((N + 1) / (n(t) + ½)) / ln(N + 1) + 0.01
//! I    = Σ s(t) · min(w(t), w(t′))            over the words t of the text that stand as t′ in the name
//! score = (0.60 · 2I / (W + W′) + 0.25 · I / min(W, W′) + 0.15 · h) · min(1, ½ + I) · f
//! ```
//!
//! `N` is the number of companies, `n(t)` of those that have the word, at least 1; `p` is 1, for general words 0.20, for
//! places 0.08; `s` is 1 for the same word and 0.95 times the Jaro–Winkler similarity for one that is at least 0.93 alike;
//! `W` and `W′` are the sums of all words' weights; `h` is 1 where both begin with the same word; `f` is 0.55 for an
//! importer, else 1. The constants were chosen on the International Medical Devices Database, and what they come to is
//! measured by `tests/makers.rs` on companies that were not looked at.

mod parts;
mod register;
mod words;

use std::fmt;

use serde::Serialize;

pub use register::{Register, SURE};
pub use words::same;
pub(crate) use words::{core, telling};

/// A company that a text may mean.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Match<K> {
    /// Which.
    pub company: K,
    /// How well it fits, from 0 to 1.
    pub score: f64,
    /// The known name of it that fits best.
    pub name: String,
    /// Why.
    pub reason: Reason,
}

/// Why a known name fits a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Reason {
    /// The same words, whatever their case, accents and marks.
    Same,
    /// The same words but for legal form, place or general words of the trade.
    Form,
    /// Some of the words.
    Shared {
        /// Words that both have.
        words: Vec<String>,
        /// Words of the text that were read as another word of the name.
        read_as: Vec<(String, String)>,
    },
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Same => f.write_str("the same name"),
            Self::Form => f.write_str("the same name but for legal form, place or general words"),
            Self::Shared { words, read_as } => {
                let quoted = words.iter().map(|word| format!("“{word}”")).collect::<Vec<_>>().join(", ");
                if !words.is_empty() {
                    write!(f, "both have {quoted}")?;
                }
                for (n, (theirs, ours)) in read_as.iter().enumerate() {
                    let join = if n == 0 && words.is_empty() { "" } else { "; " };
                    write!(f, "{join}“{theirs}” read as “{ours}”")?;
                }
                Ok(())
            }
        }
    }
}

/// What a text comes to in a register.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Resolution<K> {
    /// The companies that it may mean, the likeliest first.
    pub matches: Vec<Match<K>>,
    /// Whether the first is certain enough to be taken without asking.
    pub sure: bool,
}
