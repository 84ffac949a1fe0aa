//! What changed between two versions of a device, in the words of the page.

use db::Event;
use kernel::{AsOf, FieldChange, Instant, Money, TimeZone};
use serde_json::Value;
use uuid::Uuid;
use web::look::{Change, Entry, Icon, Tone};

use super::{
    names::{Ids, Names},
    words::{day, href, machine_time},
};
use crate::{
    RiskLevel,
    device::{Acceptance, Disposal, Release, State, Strategy, Tenure},
};

/// The ids in these versions whose names history needs.
pub(super) fn ids(events: &[Event]) -> Ids {
    let mut ids = Ids::default();
    for event in events {
        for change in changes(event) {
            for value in [&change.before, &change.after] {
                if let Some(id) = value.as_str().and_then(|t| t.parse::<Uuid>().ok()) {
                    ids.add(&change.field, id);
                }
            }
        }
        for field in ["place", "site"] {
            if let Some(id) = event.after.get(field).and_then(Value::as_str).and_then(|t| t.parse().ok()) {
                ids.add(field, id);
            }
        }
    }
    ids
}

/// The ids in these changes whose names a reader needs.
pub(crate) fn ids_of<'c>(changes: impl IntoIterator<Item = &'c FieldChange>) -> Ids {
    let mut ids = Ids::default();
    for change in changes {
        for value in [&change.before, &change.after] {
            if let Some(id) = value.as_str().and_then(|t| t.parse::<Uuid>().ok()) {
                ids.add(&change.field, id);
            }
        }
    }
    ids
}

/// Changes in words; those a reader learns elsewhere are left out.
pub(crate) fn lines(changes: &[FieldChange], names: &Names, zone: &TimeZone) -> Vec<Change> {
    changes.iter().filter_map(|change| line(change, names, zone)).collect()
}

/// The fields that a version changed; of the first version, all that were recorded.
fn changes(event: &Event) -> Vec<FieldChange> {
    let all = match &event.before {
        Some(_) => event.changes(),
        None => FieldChange::between(None, &event.after),
    };
    all.into_iter().filter(|c| label(&c.field).is_some()).collect()
}

/// The name of a field on the page; `None` for what a reader learns elsewhere on the same line.
fn label(field: &str) -> Option<&'static str> {
    Some(match field {
        "tag" => "Asset tag",
        "serial" => "Serial",
        "serial_less" => "Has no serial number",
        "udi" => "UDI",
        "model" => "Model",
        "parent" => "Component of",
        "site" => "Site",
        "place" => "Location",
        "department" => "Owner",
        "state" => "State",
        "inspect_after" => "Needs an inspection since",
        "accepted_at" => "Accepted",
        "accepted_as" => "Accepted as",
        "hold" => "Hold",
        "loan" => "Loan",
        "risk" => "Risk of its own",
        "risk_reason" => "Reason for that risk",
        "strategy" => "Strategy",
        "tenure" => "Tenure",
        "agreement" => "Agreement",
        "agreement_ends_on" => "Agreement ends",
        "acquired_on" => "Acquired",
        "price" => "Price",
        "notes" => "Notes",
        "removed_at" => "Removed",
        _ => return None,
    })
}

/// One version as an entry of the timeline. `brief` leaves out what a first version held.
pub(super) fn entry(event: &Event, names: &Names, zone: &TimeZone, tag: &str, brief: bool) -> Entry {
    let (what, icon) = act(event);
    let mut lines: Vec<Change> = Vec::new();
    // A minute apart is the time it takes to fill in a form.
    if (event.recorded_at.micros() - event.valid_at.micros()).abs() >= 60_000_000 {
        lines.push(said("Happened", event.valid_at.on_page(zone)));
    }
    if !(brief && event.before.is_none()) {
        let shown = changes(event).into_iter();
        lines.extend(shown.filter_map(|change| line(&change, names, zone)));
        lines.extend(evidence(event.after.get("evidence")));
    }
    let as_of = AsOf::code(event.recorded_at, zone);
    Entry {
        when: event.recorded_at.on_page(zone),
        when_iso: machine_time(event.recorded_at, zone),
        what: what.to_owned(),
        changes: lines,
        who: Some(who(event)),
        reason: event.reason.clone(),
        link: Some(("As known then".to_owned(), format!("{}?as-of={as_of}", href(tag)))),
        tone: Tone::Plain,
        icon: Some(icon),
    }
}

fn act(event: &Event) -> (&'static str, Icon) {
    match event.action.as_str() {
        "fleet.device.add" => ("Added", Icon::Plus),
        "fleet.device.import" => ("Added by import", Icon::Upload),
        "fleet.device.baseline" => ("Added by import, in use before", Icon::Upload),
        "fleet.device.import_undone" => ("Import undone", Icon::Undo),
        "fleet.device.edit" => ("Edited", Icon::Pencil),
        "fleet.device.transfer" => ("Moved", Icon::MapPin),
        "fleet.device.bulk" => ("Changed with others", Icon::Pencil),
        "fleet.device.bulk_undo" => ("Change undone", Icon::Undo),
        "fleet.device.follow" => ("Moved with its system", Icon::MapPin),
        "fleet.device.state" => ("State changed", Icon::Circle),
        "fleet.device.hold" => ("Put on hold", Icon::OctagonX),
        "fleet.device.lift_hold" => ("Hold lifted", Icon::CircleCheck),
        "fleet.device.attach" => ("Built into a system", Icon::Link),
        "fleet.device.detach" => ("Taken out of its system", Icon::Link),
        "fleet.device.unretire_ask" => ("Said to be retired in error", Icon::Undo),
        "fleet.device.unretire_decline" => ("Stays retired", Icon::Circle),
        "fleet.device.unretire" => ("Retirement taken back", Icon::Undo),
        _ => ("Changed", Icon::Circle),
    }
}

/// The name that stands in the record, and how it came in when no page was used.
fn who(event: &Event) -> String {
    match event.via.as_str() {
        "job" => format!("{}, by the server", event.actor_name),
        "cli" => format!("{}, on the command line", event.actor_name),
        _ => event.actor_name.clone(),
    }
}

fn said(field: &str, after: String) -> Change {
    Change { field: field.to_owned(), before: None, after: Some(after) }
}

fn line(change: &FieldChange, names: &Names, zone: &TimeZone) -> Option<Change> {
    let label = label(&change.field)?;
    let before = value(&change.field, &change.before, names, zone);
    let after = value(&change.field, &change.after, names, zone);
    (before != after).then(|| Change { field: label.to_owned(), before, after })
}

/// A value in words; `None` when there is none.
fn value(field: &str, value: &Value, names: &Names, zone: &TimeZone) -> Option<String> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    if Ids::holds(field) {
        return value.as_str().and_then(|t| t.parse().ok()).map(|id| names.text(id));
    }
    match field {
        "state" => coded::<State>(value, |s| s.on_page()),
        "accepted_as" => coded::<Acceptance>(value, |a| a.on_page()),
        "risk" => coded::<RiskLevel>(value, |r| r.on_page()),
        "strategy" => coded::<Strategy>(value, |s| s.on_page()),
        "tenure" => coded::<Tenure>(value, |t| t.on_page()),
        "inspect_after" | "accepted_at" | "removed_at" => {
            value.as_i64().map(|at| Instant::from_micros(at).on_page(zone))
        }
        "acquired_on" | "agreement_ends_on" => date(value),
        "price" => serde_json::from_value::<Money>(value.clone()).ok().map(|m| m.to_string()),
        "serial_less" => value.as_bool().filter(|yes| *yes).map(|_| "Yes".to_owned()),
        "hold" => {
            let of = |key| value.get(key).and_then(Value::as_str);
            Some(format!("{} (lifted by: {})", of("reason")?, of("released_by")?))
        }
        "loan" => Some(format!(
            "{}, until {}",
            value.get("agreement").and_then(Value::as_str)?,
            value.get("ends_on").and_then(date)?
        )),
        _ => text(value),
    }
}

fn coded<T: std::str::FromStr>(value: &Value, words: impl Fn(T) -> &'static str) -> Option<String> {
    let code = value.as_str()?;
    Some(code.parse().map_or_else(|_| code.to_owned(), |known| words(known).to_owned()))
}

fn date(value: &Value) -> Option<String> {
    value.as_str().map(|text| text.parse().map_or_else(|_| text.to_owned(), day))
}

/// What was brought along with a move. Its reason stands in the entry already.
fn evidence(evidence: Option<&Value>) -> Vec<Change> {
    let Some(Value::Object(evidence)) = evidence else { return Vec::new() };
    let mut lines = Vec::new();
    for (field, value) in evidence {
        let label = match field.as_str() {
            "budget_request" => "Budget request",
            "purchase_order" => "Purchase order",
            "incident" => "Incident",
            "custodian" => "Custodian",
            "preserved" => "Preserved",
            "search_note" => "Looked for",
            "signed_by" => "Signed by",
            "loss_reviewed_on" => "Loss reviewed",
            "inspected_by" => "Inspected by",
            "agreement" => "Agreement",
            "agreement_ends_on" => "Last day of the loan",
            _ => {
                lines.extend(larger(field, value));
                continue;
            }
        };
        lines.extend(date(value).or_else(|| Some(value.to_string())).map(|words| said(label, words)));
    }
    lines
}

fn larger(field: &str, value: &Value) -> Vec<Change> {
    match field {
        "release" => serde_json::from_value::<Release>(value.clone())
            .map(|r| vec![said("Released by", format!("{}, {}", r.name, r.role.on_page().to_lowercase()))])
            .unwrap_or_default(),
        "disposal" => {
            serde_json::from_value::<Disposal>(value.clone()).map(|d| disposal(&d)).unwrap_or_default()
        }
        _ => Vec::new(),
    }
}

fn disposal(disposal: &Disposal) -> Vec<Change> {
    let mut lines = vec![said("Disposal", disposal.method.on_page().to_owned())];
    for (question, answer) in disposal.answers() {
        let mut letters = question.chars();
        let first: String = letters.next().map(|c| c.to_uppercase().collect()).unwrap_or_default();
        let words = match answer {
            crate::device::Answer::Done(words) => words.clone(),
            crate::device::Answer::NotApplicable(why) => format!("does not apply: {why}"),
        };
        lines.push(said(&format!("{first}{}", letters.as_str()), words));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_written_in_words() {
        let zone = TimeZone::UTC;
        let names = Names::default();
        let of = |field: &str, v: Value| value(field, &v, &names, &zone);
        assert_eq!(of("state", json!("out_of_service_repair")).as_deref(), Some("In repair"));
        assert_eq!(of("state", json!("of a later version")).as_deref(), Some("of a later version"));
        assert_eq!(of("risk", json!("LS")).as_deref(), Some("Life support"));
        assert_eq!(of("price", json!({"minor": 412000, "currency": "USD"})).as_deref(), Some("$4,120.00"));
        assert_eq!(of("acquired_on", json!("2019-06-11")).as_deref(), Some("11 Jun 2019"));
        assert_eq!(of("accepted_at", json!(0)).as_deref(), Some("1 Jan 1970, 00:00"));
        assert_eq!(of("serial_less", json!(false)), None);
        assert_eq!(of("notes", Value::Null), None);
        let hold = json!({"reason": "flow high", "released_by": "flow test"});
        assert_eq!(of("hold", hold).as_deref(), Some("flow high (lifted by: flow test)"));
        assert_eq!(
            of("place", json!("01890a5d-ac96-774b-bcce-b302099a8057")).as_deref(),
            Some("no longer on record")
        );
    }
}
