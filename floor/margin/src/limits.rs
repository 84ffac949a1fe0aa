//! How much an organisation may add.

use kernel::{Problem, Result};
use web::App;

use crate::document::size_on_page;

/// How much an organisation may add; kept in memory by the program that reads the configuration.
#[derive(Clone, Copy, Debug, Default)]
pub struct Limits {
    /// Most bytes of files of one organisation, with what is made of them; no limit without.
    pub bytes: Option<i64>,
}

impl Limits {
    /// Those of a running program.
    pub(crate) fn of(app: &App) -> Self {
        app.room::<Self>().copied().unwrap_or_default()
    }

    /// Whether so many bytes more may be kept.
    ///
    /// # Errors
    /// [`Problem::Invalid`] at `file`.
    pub(crate) fn check(self, kept: i64, more: i64) -> Result<()> {
        match self.bytes {
            Some(most) if kept.saturating_add(more) > most => {
                let words = format!(
                    "The organisation’s files would become more than {}; {} are kept. Whoever runs Baton can raise \
                     the limit (`files_most_gb`).",
                    size_on_page(most),
                    size_on_page(kept)
                );
                Err(Problem::invalid("file", words))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_reached_and_not_passed() {
        let limits = Limits { bytes: Some(10) };
        assert!(limits.check(4, 6).is_ok() && limits.check(4, 7).is_err());
        assert!(Limits::default().check(i64::MAX, 1).is_ok());
    }
}
