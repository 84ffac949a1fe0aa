//! Histories of this room's records, in words.

use db::Event;
use kernel::TimeZone;
use maud::Markup;
use serde_json::Value;
use web::look::timeline::{Change, Entry, Words, timeline};

/// A history, newest first.
pub(crate) fn history(
    events: &[Event],
    zone: &TimeZone,
    say: impl Fn(&str, &Value) -> Option<String>,
) -> Markup {
    let entries: Vec<Entry> = events.iter().map(|event| entry(event, zone, &say)).collect();
    timeline(&entries, &Words::default())
}

/// `say` turns a field's value into words where the value alone says nothing (an id, an instant).
fn entry(event: &Event, zone: &TimeZone, say: &impl Fn(&str, &Value) -> Option<String>) -> Entry {
    let words = |field: &str, value: &Value| match value {
        Value::Null => None,
        value => Some(say(field, value).unwrap_or_else(|| plain(value))),
    };
    let changes = event
        .changes()
        .into_iter()
        // That the password is another one is said by what was done.
        .filter(|change| change.field != "password_mark")
        .map(|change| Change {
            field: field_name(&change.field),
            before: words(&change.field, &change.before),
            after: words(&change.field, &change.after),
        })
        .collect();
    Entry {
        when: event.recorded_at.on_page(zone),
        when_iso: event.recorded_at.to_string(),
        what: what(&event.action, &event.after, say),
        changes,
        who: Some(event.actor_name.clone()),
        reason: event.reason.clone(),
        ..Entry::default()
    }
}

fn what(action: &str, after: &Value, say: &impl Fn(&str, &Value) -> Option<String>) -> String {
    let words = match action {
        "identity.person.deactivate" => "Deactivated",
        "identity.person.reactivate" => "Reactivated",
        "identity.person.renew_password" => "New one-time password",
        "identity.account.change_password" => "Password changed",
        "identity.site.set_calendar" => "Calendar changed",
        "identity.grant.give" | "identity.grant.end" => {
            let verb = if action.ends_with("give") { "Role given" } else { "Role taken away" };
            let part = |field: &str| after.get(field).and_then(|value| say(field, value)).unwrap_or_default();
            return format!("{verb}: {}, {}", part("role"), part("scope"));
        }
        _ => match action.rsplit('.').next() {
            Some("add") => "Added",
            Some("rename") => "Renamed",
            Some("move") => "Moved",
            Some("close") => "Closed",
            Some("reopen") => "Reopened",
            _ => "Changed",
        },
    };
    words.to_owned()
}

fn field_name(field: &str) -> String {
    match field {
        "email" => "E-mail".to_owned(),
        "base_url" => "Address".to_owned(),
        _ => {
            let mut words = field.replace('_', " ");
            if let Some(first) = words.get_mut(..1) {
                first.make_ascii_uppercase();
            }
            words
        }
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        other => other.to_string(),
    }
}

/// "1 building", "3 buildings", "no buildings".
pub(crate) fn count(n: usize, one: &str, many: &str) -> String {
    match n {
        0 => format!("no {many}"),
        1 => format!("1 {one}"),
        _ => format!("{} {many}", kernel::thousands(i64::try_from(n).unwrap_or(i64::MAX))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_read_well() {
        assert_eq!(count(0, "room", "rooms"), "no rooms");
        assert_eq!(count(1, "room", "rooms"), "1 room");
        assert_eq!(count(14_012, "room", "rooms"), "14,012 rooms");
        assert_eq!(field_name("time_zone"), "Time zone");
    }
}
