//! A form as it is shown: what was typed comes back with what is wrong beside it.

use kernel::{FieldError, Problem};
use maud::{Markup, html};
use web::{
    Form,
    look::{Field, Tone, error_summary, field_id, message},
};

/// The values and errors a form is shown with.
#[derive(Clone, Copy, Default)]
pub(crate) struct Filled<'f> {
    form: Option<&'f Form>,
    errors: &'f [FieldError],
    /// What keeps the form as a whole from being carried out.
    notice: Option<&'f str>,
    /// Somebody else changed the record: what is on record stands beside what was typed.
    stale: bool,
}

/// Why a form comes back instead of being carried out.
#[derive(Debug, Default)]
pub(crate) struct Refused {
    errors: Vec<FieldError>,
    notice: Option<String>,
    stale: bool,
}

impl Refused {
    /// What a problem says about a form.
    ///
    /// # Errors
    /// The problem itself when no form can mend it: not found, forbidden, busy, a defect.
    pub(crate) fn of(problem: Problem) -> Result<Self, Problem> {
        match problem {
            Problem::Invalid { fields } => Ok(Self { errors: fields, ..Self::default() }),
            Problem::Conflict { message, .. } => Ok(Self { notice: Some(message), ..Self::default() }),
            Problem::Stale { .. } => {
                Ok(Self { notice: Some(STALE.to_owned()), stale: true, ..Self::default() })
            }
            other => Err(other),
        }
    }
}

const STALE: &str = "Somebody else changed this record while you had it open. Nothing of yours was saved. What you typed \
                     is kept, with what is on record now beneath it where the two differ. Look at both, then save.";

impl<'f> Filled<'f> {
    /// A form nobody has sent yet.
    pub(crate) const EMPTY: Filled<'static> = Filled { form: None, errors: &[], notice: None, stale: false };

    /// A form that came back with errors.
    pub(crate) const fn back(form: &'f Form, errors: &'f [FieldError]) -> Self {
        Self { form: Some(form), errors, notice: None, stale: false }
    }

    /// A form that came back, for whatever reason.
    pub(crate) fn refused(form: &'f Form, refused: &'f Refused) -> Self {
        Self {
            form: Some(form),
            errors: &refused.errors,
            notice: refused.notice.as_deref(),
            stale: refused.stale,
        }
    }

    /// A page whose step was refused; the forms on it stand as on record.
    pub(crate) fn noticed(refused: &'f Refused) -> Self {
        Self { form: None, errors: &refused.errors, notice: refused.notice.as_deref(), stale: false }
    }

    /// The version that the form shall carry: after a look at both sides the present one.
    pub(crate) fn version(&self, present: i64) -> String {
        if self.stale { present.to_string() } else { self.text("version", &present.to_string()) }
    }

    /// 422 for a form that came back, 409 for a step that was refused as a whole, 200 else.
    pub(crate) fn status(&self) -> http::StatusCode {
        if self.notice.is_some() {
            return http::StatusCode::CONFLICT;
        }
        if self.errors.is_empty() { http::StatusCode::OK } else { http::StatusCode::UNPROCESSABLE_ENTITY }
    }

    /// What a field holds: what was typed, or the present value.
    pub(crate) fn text(&self, name: &str, present: &str) -> String {
        match self.form.filter(|form| !form.all(name).is_empty()) {
            Some(form) => form.text(name).to_owned(),
            None => present.to_owned(),
        }
    }

    /// What is wrong with a field.
    pub(crate) fn error(&self, name: &str) -> Option<String> {
        self.errors.iter().find(|e| e.field == name).map(|e| e.message.clone())
    }

    /// Puts value and error into a field.
    pub(crate) fn field(&self, name: &str, field: Field, present: &str) -> Field {
        let typed = self.text(name, present);
        let differs = self.stale && typed != present;
        let field = field.value(typed).error(self.error(name));
        if !differs {
            return field;
        }
        let now = if present.is_empty() { "nothing" } else { present };
        field.hint(format!("On record now: {now}"))
    }

    /// The summary at the top of the page; nothing when all is well.
    pub(crate) fn summary(&self) -> Markup {
        let lines: Vec<(String, String)> =
            self.errors.iter().map(|e| (field_id(&e.field), e.message.clone())).collect();
        html! {
            @if let Some(words) = self.notice {
                div role="alert" tabindex="-1" data-errors { (message(Tone::Crit, &html! { (words) })) }
            }
            (error_summary("Nothing was saved yet. Please check:", &lines))
        }
    }
}
