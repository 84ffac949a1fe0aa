//! A posted form: carried out once, and shown again with what was typed when it is refused.

use axum::response::Response;
use kernel::{FieldError, Problem};
use maud::{Markup, html};
use web::{Ctx, look};

/// Carries a posted command out inside one write: the same form sent twice does it once and answers the same. The body
/// ends with a [`Done`].
macro_rules! once {
    ($ctx:expr, $form:expr, $action:literal, |$tx:ident, $who:ident| $body:expr) => {{
        let $who = $ctx.actor();
        db::write!($ctx.app.db(), $who.org, |$tx| {
            $form.printable()?;
            let (id, record, content) = ($form.command(), $form.path(), $form.content());
            match db::command::claim($tx, $who, id, $action, record, content).await? {
                db::Claim::Done(answer) => Ok($crate::posted::Done::read(&answer)),
                db::Claim::Fresh => {
                    let done: ::kernel::Result<$crate::posted::Done> = async { $body }.await;
                    let done = done?;
                    db::command::answer($tx, $who, id, &done.answer()).await?;
                    Ok(done)
                }
            }
        })
    }};
}
pub(crate) use once;

/// What a command ended with: the page to go on to, and the words shown there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Done {
    to: String,
    words: String,
}

impl Done {
    pub fn new(to: impl Into<String>, words: impl Into<String>) -> Self {
        Self { to: to.into(), words: words.into() }
    }

    /// An address holds no line break, so the first one parts the two.
    pub fn answer(&self) -> String {
        format!("{}\n{}", self.to, self.words)
    }

    pub fn read(answer: &str) -> Self {
        let (to, words) = answer.split_once('\n').unwrap_or((answer, ""));
        Self::new(to, words)
    }

    pub fn go(&self, ctx: &Ctx) -> Response {
        ctx.done(&self.to, &self.words)
    }
}

/// What kept a form from being carried out, each at its field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Faults {
    fields: Vec<FieldError>,
    stale: bool,
}

impl Faults {
    /// What a problem says about a form.
    ///
    /// # Errors
    /// The problem itself when the form cannot be blamed: not found, forbidden, busy, a defect.
    pub fn of(problem: Problem) -> Result<Self, Problem> {
        match problem {
            Problem::Invalid { fields } => Ok(Self { fields, stale: false }),
            Problem::Conflict { message, .. } => {
                Ok(Self { fields: vec![FieldError { field: FORM.into(), message }], stale: false })
            }
            Problem::Stale { .. } => Ok(Self { fields: Vec::new(), stale: true }),
            other => Err(other),
        }
    }

    /// What is wrong with one field.
    pub fn at(&self, field: &str) -> Option<String> {
        let all: Vec<&str> =
            self.fields.iter().filter(|fault| fault.field == field).map(|fault| &*fault.message).collect();
        (!all.is_empty()).then(|| all.join(" "))
    }

    /// What stands above the form.
    pub fn summary(&self) -> Markup {
        if self.stale {
            return look::message(
                look::Tone::Warn,
                &html! {
                    b { "Somebody else changed this while you had it open. Nothing of yours was saved." }
                    " What you typed is kept. Check it, and send it again."
                },
            );
        }
        let lines: Vec<(String, String)> =
            self.fields.iter().map(|fault| (look::field_id(&fault.field), fault.message.clone())).collect();
        let title = match lines.len() {
            0 => return Markup::default(),
            1 => "Nothing was saved.".to_owned(),
            n => format!("Nothing was saved. There are {n} problems."),
        };
        look::error_summary(&title, &lines)
    }

    /// The status of the page that shows the form again.
    pub const fn status(&self) -> http::StatusCode {
        if self.stale {
            http::StatusCode::CONFLICT
        } else if self.fields.is_empty() {
            http::StatusCode::OK
        } else {
            http::StatusCode::UNPROCESSABLE_ENTITY
        }
    }
}

/// Most characters of a reason.
const REASON: usize = 500;

/// Whether a reason fits.
///
/// # Errors
/// [`Problem::Invalid`] at `reason`.
pub(crate) fn check_reason(reason: Option<&String>) -> Result<(), Problem> {
    match reason.map(|words| words.chars().count()) {
        Some(long) if long > REASON => {
            Err(Problem::invalid("reason", format!("This has {long} characters; at most {REASON} fit.")))
        }
        _ => Ok(()),
    }
}

/// Where a summary leads when no field is at fault: the form itself.
// Not that of the record’s own form, which stands on the same page.
const FORM: &str = "margin";

/// A form with what every form carries: the command's id, the record's version, and an id to lead to.
pub(crate) fn form(action: &str, version: i64, inside: &Markup) -> Markup {
    html! {
        form.form id=(look::field_id(FORM)) method="post" action=(action) {
            (web::form::once())
            (look::hidden("version", &version.to_string()))
            (inside)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_reads_back() {
        let done = Done::new("/d/NH-1", "It is added,\nand kept.");
        assert_eq!(Done::read(&done.answer()), done);
    }

    #[test]
    fn what_no_form_can_mend_passes_through() {
        assert!(Faults::of(Problem::not_found("x")).is_err());
        let stale = Faults::of(Problem::Stale { current: 4 }).unwrap();
        assert_eq!(stale.status(), http::StatusCode::CONFLICT);
        let wrong = Faults::of(Problem::invalid("title", "Too long.")).unwrap();
        assert_eq!((wrong.at("title").as_deref(), wrong.at("kind")), (Some("Too long."), None));
    }
}
