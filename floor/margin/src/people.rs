//! Whom a comment can mention: asked of the room that knows people.

use db::Tx;
use futures::future::BoxFuture;
use kernel::{OrgId, PersonId, Result};
use web::App;

/// Somebody who can be mentioned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Who.
    pub id: PersonId,
    /// Their full name.
    pub name: String,
    /// Their short name, which nobody else of the organisation has where one is given: their e-mail up to its `@`.
    pub handle: String,
}

/// The people with an account that is on whose name begins with a word, as [`kernel::fold`] writes it, or whose handle is
/// that word; at most a few dozen.
pub type Named = for<'a> fn(&'a mut Tx, OrgId, &'a str) -> BoxFuture<'a, Result<Vec<Known>>>;

/// The question, kept in memory by the room that answers it.
#[derive(Clone, Copy)]
pub struct People(pub Named);

impl People {
    /// The answer of a running program; without one nobody can be mentioned.
    pub(crate) fn of(app: &App) -> Self {
        app.room::<Self>().copied().unwrap_or(Self(|_, _, _| Box::pin(std::future::ready(Ok(Vec::new())))))
    }
}
