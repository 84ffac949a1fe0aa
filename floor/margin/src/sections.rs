//! Everything that stands in the margin of a record, as the record’s own page shows it.

use db::Tx;
use kernel::Result;
use maud::{Markup, html};
use web::Ctx;

use crate::{Subject, comment, document, label};

/// What was added to a record lately, read for its page.
#[derive(Clone, Debug, Default)]
pub struct Margin {
    comments: comment::Few,
    documents: document::Few,
    labels: label::section::Worn,
}

impl Margin {
    /// Reads it.
    ///
    /// # Errors
    /// As [`Tx::all`].
    pub async fn of(tx: &mut Tx, subject: &Subject) -> Result<Self> {
        Ok(Self {
            comments: comment::few(tx, subject).await?,
            documents: document::few(tx, subject).await?,
            labels: label::section::worn(tx, subject).await?,
        })
    }

    /// What stands in the page itself.
    pub fn main(&self, ctx: &Ctx, subject: &Subject) -> Markup {
        comment::section(ctx, subject, &self.comments)
    }

    /// What stands beside it.
    pub fn aside(&self, ctx: &Ctx, subject: &Subject) -> Markup {
        html! {
            (label::section::section(ctx, subject, &self.labels))
            (document::section(ctx, subject, &self.documents))
        }
    }
}
