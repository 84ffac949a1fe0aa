//! A posted form: carried out once, and shown again with everything that was typed when it is refused.

use axum::response::Response;
use kernel::{FieldError, Problem};
use maud::{Markup, html};
use web::{Ctx, look};

use crate::Refusal;

/// Carries a posted command out inside one write: the same form sent twice does it once and answers the same.
///
/// The body ends with a [`Done`]: where to go on, and what to say there.
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
    pub(crate) fn new(to: impl Into<String>, words: impl Into<String>) -> Self {
        Self { to: to.into(), words: words.into() }
    }

    /// The answer kept with the command. An address holds no line break, so the first one parts the two.
    pub(crate) fn answer(&self) -> String {
        format!("{}\n{}", self.to, self.words)
    }

    pub(crate) fn read(answer: &str) -> Self {
        let (to, words) = answer.split_once('\n').unwrap_or((answer, ""));
        Self::new(to, words)
    }

    pub(crate) fn go(&self, ctx: &Ctx) -> Response {
        ctx.done(&self.to, &self.words)
    }
}

/// Whether a rule of the fleet refused, so that asking the rules again says at which fields. A command id that was
/// used for something else is refused in its own words.
pub(crate) fn by_rule(problem: &Problem) -> bool {
    matches!(problem, Problem::Conflict { code, .. } if *code != db::command::REUSED)
}

/// Everything that kept a form from being carried out, each at its field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Faults {
    lines: Vec<(String, String)>,
    stale: Option<i64>,
}

impl Faults {
    /// Further errors, after those that are there.
    pub(crate) fn add(&mut self, more: Vec<FieldError>) {
        self.lines.extend(Self::from(more).lines);
    }

    /// The record's present version, when somebody else was faster.
    pub(crate) const fn stale(&self) -> Option<i64> {
        self.stale
    }

    /// What a problem says about a form.
    ///
    /// # Errors
    /// The problem itself when the form cannot be blamed: not found, forbidden, busy, a defect.
    pub(crate) fn of_problem(problem: Problem) -> Result<Self, Problem> {
        match problem {
            Problem::Invalid { fields } => Ok(fields.into()),
            Problem::Conflict { message, .. } => {
                Ok(Self { lines: vec![(FORM.to_owned(), message)], stale: None })
            }
            Problem::Stale { current } => Ok(Self { lines: Vec::new(), stale: Some(current) }),
            other => Err(other),
        }
    }

    /// Rules that refused, each at the field that would satisfy it. `fields` are those the form has.
    pub(crate) fn refused(refusals: &[Refusal], fields: &[&str]) -> Self {
        let lines = refusals
            .iter()
            .map(|refusal| {
                let field = field_of(refusal.rule);
                let at = if fields.contains(&field) { field } else { FORM };
                (at.to_owned(), refusal.to_string())
            })
            .collect();
        Self { lines, stale: None }
    }

    /// Moves the errors of some fields to the one field that asks for them all.
    pub(crate) fn rename(&mut self, from: &[&str], to: &str) {
        for (at, _) in self.lines.iter_mut().filter(|(at, _)| from.contains(&at.as_str())) {
            to.clone_into(at);
        }
    }

    /// What is wrong with one field.
    pub(crate) fn at(&self, field: &str) -> Option<String> {
        let all: Vec<&str> =
            self.lines.iter().filter(|(at, _)| at == field).map(|(_, words)| words.as_str()).collect();
        (!all.is_empty()).then(|| all.join(" "))
    }

    /// The summary above the form; it takes focus and leads to each field.
    pub(crate) fn summary(&self) -> Markup {
        let lines: Vec<(String, String)> =
            self.lines.iter().map(|(at, words)| (look::field_id(at), words.clone())).collect();
        let title = match lines.len() {
            1 => "Nothing was saved.".to_owned(),
            n => format!("Nothing was saved. There are {n} problems."),
        };
        look::error_summary(&title, &lines)
    }

    /// The status of the page that shows the form again.
    pub(crate) const fn status(&self) -> http::StatusCode {
        if self.stale.is_some() {
            http::StatusCode::CONFLICT
        } else if self.lines.is_empty() {
            http::StatusCode::OK
        } else {
            http::StatusCode::UNPROCESSABLE_ENTITY
        }
    }
}

impl From<Vec<FieldError>> for Faults {
    fn from(fields: Vec<FieldError>) -> Self {
        Self { lines: fields.into_iter().map(|f| (f.field.into_owned(), f.message)).collect(), stale: None }
    }
}

/// Where a summary leads when no field is at fault: the form itself.
const FORM: &str = "form";

/// The field whose answer would satisfy a rule.
fn field_of(rule: &str) -> &str {
    match rule.rsplit('.').next().unwrap_or(rule) {
        "tenure_agreement" => "agreement",
        "owner" => "department",
        "order_line" => "purchase_order",
        "release" => "release_name",
        "signature" => "signed_by",
        "inspection" => "inspected_by",
        "disposal" => "method",
        "disposal_answer" => "decontaminated",
        "hold_words" => "reason",
        "hold_test" => "test",
        "hold_result" => "result",
        "future" | "before_state" => "on",
        "parent_self" | "parent_cycle" | "parent_site" | "parent_gone" | "parent_owner" => "parent",
        same => same,
    }
}

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

/// A text field whose earlier answers the browser offers while one types.
pub(crate) fn suggesting(field: &look::Field, name: &str, answers: &[String]) -> Markup {
    let id = format!("{}-list", look::field_id(name));
    let text = maud::Render::render(field).into_string();
    // The component writes its control once; the list is named there, so that one component serves both.
    let control = format!("id=\"{}\"", look::field_id(name));
    let listed = text.replacen(&control, &format!("{control} list=\"{id}\""), 1);
    html! {
        (maud::PreEscaped(listed))
        datalist id=(id) { @for answer in answers { option value=(answer) {} } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_reads_back() {
        let done = Done::new("/d/NH-1", "Moved to ICU 3 East,\nbay 4.");
        assert_eq!(Done::read(&done.answer()), done);
        assert_eq!(Done::read("/d/NH-1"), Done::new("/d/NH-1", ""));
    }

    #[test]
    fn a_rule_is_shown_at_the_field_that_satisfies_it() {
        let rules = [
            Refusal::new("fleet.device.order_line", "A.", "B."),
            Refusal::new("fleet.device.hold", "C.", "D."),
        ];
        let faults = Faults::refused(&rules, &["purchase_order"]);
        assert_eq!(faults.at("purchase_order").as_deref(), Some("A. B."));
        assert_eq!(faults.at("form").as_deref(), Some("C. D."));
        assert!(faults.summary().0.contains("2 problems"));
    }

    #[test]
    fn what_no_form_can_mend_passes_through() {
        assert!(Faults::of_problem(Problem::not_found("x")).is_err());
        assert_eq!(Faults::of_problem(Problem::Stale { current: 4 }).unwrap().stale(), Some(4));
    }

    #[test]
    fn the_list_of_answers_is_named_by_the_control_and_escaped() {
        let field = look::Field::text("maker", "Maker").value("a\"b");
        let page = suggesting(&field, "maker", &["\"><script>".to_owned()]).0;
        assert!(page.contains("id=\"f-maker\" list=\"f-maker-list\""), "{page}");
        assert!(!page.contains("<script>"));
    }
}
