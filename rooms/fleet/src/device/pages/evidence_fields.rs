//! The fields of a move's evidence: exactly those its target asks for.

use jiff::civil::Time;
use kernel::{FieldError, Instant, TimeZone};
use maud::{Markup, html};
use web::{
    Form,
    look::{Choice, Field, fieldset},
};

use crate::{
    device::{Answer, Disposal, DisposalMethod, Evidence, Need, Release, SignerRole},
    posted::Faults,
};

/// The questions of disposal: field, question, what a good answer looks like.
const QUESTIONS: [(&str, &str, &str); 7] = [
    ("decontaminated", "Decontaminated", "The certificate, or by whom."),
    ("patient_data", "Patient data", "How it was sanitised, with the record; or why there is none."),
    ("hazards", "Hazardous content", "Batteries, mercury, x-ray tube, sealed source."),
    ("registration", "Radiation or laser registration", "Closed, with its number."),
    ("network", "Removed from the network", "Address freed, access control cleared."),
    ("accounting", "Asset accounting", "The entry that was made."),
    ("tracked", "Maker of a tracked device told", "When and how."),
];

/// The names of all fields these needs may draw, so that a rule finds its field.
pub(super) const NAMES: &[&str] = &[
    "on",
    "time",
    "reason",
    "budget_request",
    "purchase_order",
    "incident",
    "custodian",
    "preserved",
    "release_name",
    "release_role",
    "agreement",
    "agreement_ends_on",
    "search_note",
    "signed_by",
    "loss_reviewed_on",
    "inspection_passed",
    "inspected_by",
    "method",
    "decontaminated",
    "patient_data",
    "hazards",
    "registration",
    "network",
    "accounting",
    "tracked",
];

/// When it happened; both empty means now.
pub(super) fn when(form: &Form, faults: &Faults) -> Markup {
    html! {
        (Field::date("on", "Day it happened").value(form.text("on")).optional("optional")
            .hint("Leave empty for now.").error(faults.at("on")))
        (Field::text("time", "Time").value(form.text("time")).optional("optional")
            .width(web::look::Width::Short).hint("24-hour clock, such as 14:30.").error(faults.at("time")))
    }
}

/// Reads when it happened. A past day without a time counts from its noon, today without one is now.
pub(super) fn read_when(form: &Form, zone: &TimeZone, now: Instant, errors: &mut Vec<FieldError>) -> Instant {
    let day = form.day("on", errors);
    let time: Option<Time> = form.parse("time", "a time; write one such as 14:30", errors);
    let today = now.date_in(zone);
    match (day, time) {
        (None, None) => now,
        (Some(day), None) if day == today => now,
        (day, time) => {
            let noon = jiff::civil::time(12, 0, 0, 0);
            Instant::of_civil(day.unwrap_or(today).to_datetime(time.unwrap_or(noon)), zone)
        }
    }
}

/// The fields these needs ask for, in their order; a reason may always be given.
pub(super) fn fields(needs: &[Need], form: &Form, faults: &Faults) -> Markup {
    let reason = Field::text("reason", "Why").value(form.text("reason")).error(faults.at("reason"));
    html! {
        @for need in needs.iter().filter(|n| !matches!(n, Need::Reason | Need::Disposal)) {
            (field(*need, form, faults))
        }
        @if needs.contains(&Need::Reason) { (reason) } @else { (reason.optional("optional")) }
    }
}

fn field(need: Need, form: &Form, faults: &Faults) -> Markup {
    let text = |name: &str, label: &str, hint: &str| {
        Field::text(name, label).value(form.text(name)).hint(hint).error(faults.at(name))
    };
    match need {
        Need::Reason | Need::Disposal => html! {},
        Need::BudgetRequest => html! { (text("budget_request", "Budget request", "Its number.")) },
        Need::PurchaseOrder => html! { (text("purchase_order", "Purchase order", "Its number.")) },
        Need::OrderLine => html! {
            (text("purchase_order", "Purchase order and line", "Or why there is none, such as a donation or a loan."))
        },
        Need::Incident => html! { (text("incident", "Incident", "The number of the incident report.")) },
        Need::Custodian => html! { (text("custodian", "Custodian", "Who keeps it locked away.")) },
        Need::Preserved => html! {
            (text("preserved", "Preserved with it", "Settings, logs, accessories, disposables; or why nothing could be."))
        },
        Need::Release => html! {
            (text("release_name", "Released by", "Who signs that the investigation is over."))
            (Field::radio("release_role", "In the role of", choices(SignerRole::ALL, |r| (r.code(), r.on_page())))
                .value(form.text("release_role")).error(faults.at("release_role")))
        },
        Need::Agreement => html! { (text("agreement", "Loan agreement", "Its number or name.")) },
        Need::AgreementEndsOn => html! {
            (Field::date("agreement_ends_on", "Last day of the loan").value(form.text("agreement_ends_on"))
                .error(faults.at("agreement_ends_on")))
        },
        Need::SearchNote => html! { (text("search_note", "Looked for", "Where, when and by whom.")) },
        Need::Signature => html! {
            (text("signed_by", "Signed by", "Who signs the loss."))
            (Field::date("loss_reviewed_on", "Loss reviewed on").value(form.text("loss_reviewed_on"))
                .optional("optional").hint("Where a committee reviews losses.").error(faults.at("loss_reviewed_on")))
        },
        Need::Inspection => html! {
            (Field::checkbox("inspection_passed", "The inspection was passed").value("yes")
                .checked(form.ticked("inspection_passed")).error(faults.at("inspection_passed")))
            (text("inspected_by", "Inspected by", "Who inspected it, or the number of the order."))
        },
    }
}

fn choices<T: Copy>(all: &[T], of: impl Fn(T) -> (&'static str, &'static str)) -> Vec<Choice> {
    all.iter().map(|v| of(*v)).map(|(code, words)| Choice::new(code, words)).collect()
}

/// The record of disposal: the method, and each question done or documented as not applicable.
pub(super) fn disposal(form: &Form, faults: &Faults) -> Markup {
    let mut methods = vec![Choice::new("", "Choose")];
    methods.extend(choices(DisposalMethod::ALL, |m| (m.code(), m.on_page())));
    html! {
        (fieldset("Record of disposal", Some("Every question is answered: what was done, or why it does not apply."), &html! {
            (Field::select("method", "Method", methods).value(form.text("method")).error(faults.at("method")))
            @for (name, label, hint) in QUESTIONS {
                (Field::text(name, label).value(form.text(name)).hint(hint).error(faults.at(name)))
                (Field::checkbox(na(name), format!("{label}: does not apply, for the reason above")).value("yes")
                    .checked(form.ticked(&na(name))))
            }
        }))
    }
}

fn na(name: &str) -> String {
    format!("{name}_na")
}

/// Reads the evidence that was typed; what is missing the rules say.
pub(super) fn read(needs: &[Need], form: &Form, errors: &mut Vec<FieldError>) -> Evidence {
    let asked = |need: Need| needs.contains(&need);
    let mut evidence = Evidence {
        reason: form.some("reason"),
        budget_request: form.some("budget_request"),
        purchase_order: form.some("purchase_order"),
        incident: form.some("incident"),
        custodian: form.some("custodian"),
        preserved: form.some("preserved"),
        agreement: form.some("agreement"),
        agreement_ends_on: form.day("agreement_ends_on", errors),
        search_note: form.some("search_note"),
        signed_by: form.some("signed_by"),
        loss_reviewed_on: form.day("loss_reviewed_on", errors),
        inspection_passed: form.ticked("inspection_passed"),
        inspected_by: form.some("inspected_by"),
        ..Evidence::default()
    };
    if let Some(name) = form.some("release_name").filter(|_| asked(Need::Release)) {
        match form.parse("release_role", "a role that may sign", errors) {
            Some(role) => evidence.release = Some(Release { name, role }),
            None if form.text("release_role").is_empty() => errors.push(FieldError {
                field: "release_role".into(),
                message: "Choose in which role they sign.".to_owned(),
            }),
            None => {}
        }
    }
    if let Some(method) = form.parse::<DisposalMethod>("method", "a method of disposal", errors)
        && asked(Need::Disposal)
    {
        let answer = |name: &str| {
            let words = form.text(name).to_owned();
            if form.ticked(&na(name)) { Answer::NotApplicable(words) } else { Answer::Done(words) }
        };
        evidence.disposal = Some(Disposal {
            method,
            decontaminated: answer("decontaminated"),
            patient_data: answer("patient_data"),
            hazards: answer("hazards"),
            registration: answer("registration"),
            network: answer("network"),
            accounting: answer("accounting"),
            tracked: answer("tracked"),
        });
    }
    evidence
}

/// Each question of disposal that has no words, as an error at its own field.
pub(super) fn unanswered(form: &Form) -> Vec<FieldError> {
    QUESTIONS
        .iter()
        .filter(|(name, ..)| form.text(name).is_empty())
        .map(|(name, label, _)| FieldError {
            field: (*name).into(),
            message: format!("{label}: write what was done, or why it does not apply."),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_read_in_the_zone_of_the_site() {
        let zone = TimeZone::get("America/New_York").unwrap();
        let now = Instant::from_micros(1_791_892_800_000_000);
        let read = |pairs: &[(&str, &str)]| {
            let mut errors = Vec::new();
            let at = read_when(&Form::from_pairs(pairs), &zone, now, &mut errors);
            (at.on_page(&zone), errors.len())
        };
        assert_eq!(read(&[]), ("13 Oct 2026, 08:00".into(), 0));
        assert_eq!(read(&[("on", "2026-10-13")]), ("13 Oct 2026, 08:00".into(), 0));
        assert_eq!(read(&[("on", "2026-10-12")]), ("12 Oct 2026, 12:00".into(), 0));
        assert_eq!(read(&[("time", "07:15")]), ("13 Oct 2026, 07:15".into(), 0));
        assert_eq!(read(&[("on", "yesterday"), ("time", "25:00")]).1, 2);
    }

    #[test]
    fn a_disposal_needs_words_for_every_question() {
        let form =
            Form::from_pairs(&[("method", "recycle"), ("hazards", "no battery"), ("hazards_na", "yes")]);
        let mut errors = Vec::new();
        let disposal = read(&[Need::Disposal], &form, &mut errors).disposal.unwrap();
        assert_eq!(disposal.hazards, Answer::NotApplicable("no battery".into()));
        assert_eq!(unanswered(&form).len(), 6);
        assert!(errors.is_empty());
    }
}
