//! A form as it is shown: what was typed comes back with what is wrong beside it.

use kernel::FieldError;
use maud::Markup;
use web::{
    Form,
    look::{Field, error_summary, field_id},
};

/// The values and errors a form is shown with.
#[derive(Clone, Copy, Default)]
pub(crate) struct Filled<'f> {
    form: Option<&'f Form>,
    errors: &'f [FieldError],
}

impl<'f> Filled<'f> {
    /// A form nobody has sent yet.
    pub(crate) const EMPTY: Filled<'static> = Filled { form: None, errors: &[] };

    /// A form that came back with errors.
    pub(crate) const fn back(form: &'f Form, errors: &'f [FieldError]) -> Self {
        Self { form: Some(form), errors }
    }

    /// 422 for a form that came back, 200 else.
    pub(crate) fn status(&self) -> http::StatusCode {
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
        field.value(self.text(name, present)).error(self.error(name))
    }

    /// The summary at the top of the page; nothing when all is well.
    pub(crate) fn summary(&self) -> Markup {
        let lines: Vec<(String, String)> =
            self.errors.iter().map(|e| (field_id(e.field), e.message.clone())).collect();
        error_summary("Nothing was saved yet. Please check:", &lines)
    }
}
