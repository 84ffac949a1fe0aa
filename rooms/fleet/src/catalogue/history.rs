//! What happened to a type, a model or a maker, at the foot of its page.

use db::{Event, Tx};
use kernel::{FieldChange, OrgId, Result, TimeZone};
use margin::{Before, Subject};
use maud::{Markup, Render as _, html};
use serde_json::Value;
use uuid::Uuid;
use web::{
    Ctx,
    look::{
        Change, Entry, Icon, Pager, Section, Tone,
        timeline::{Words, timeline},
    },
};

use crate::{
    RiskLevel, UsefulLife,
    company::Owner,
    device::pages::{
        names::{Ids, Names},
        words::{count, day},
    },
    model::{End, Identifier, ListPrice, Milestone, OwnRisk},
};

/// Events a page.
const PAGE: u32 = 10;

/// Where a page of a history begins; it stands in addresses as `?below=…&before=…`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct From {
    /// Versions below this one.
    below: i64,
    /// What was added to the record before this.
    before: Before,
}

impl From {
    /// Reads it from a query; anything else is the newest.
    pub(crate) fn read(query: Option<&str>) -> Self {
        let mut from = Self { below: i64::MAX, before: Before::NOW };
        for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            match &*name {
                "below" => from.below = value.parse().unwrap_or(i64::MAX),
                "before" => from.before = Before::read(&value),
                _ => {}
            }
        }
        from
    }

    /// The newest.
    pub(crate) fn newest() -> Self {
        Self::read(None)
    }

    fn is_newest(self) -> bool {
        self.below == i64::MAX && self.before == Before::NOW
    }
}

/// A page of a history.
pub(crate) struct History {
    from: From,
    /// Each with whether it is a version of the record itself.
    events: Vec<(Event, bool)>,
    names: Names,
    more: bool,
}

impl History {
    /// Reads the versions of a record, and what was added to it where it has a margin.
    ///
    /// # Errors
    /// As [`Tx::all`].
    pub(crate) async fn read(
        tx: &mut Tx,
        org: OrgId,
        (entity, id): (&str, Uuid),
        subject: Option<&Subject>,
        from: From,
    ) -> Result<Self> {
        let own = db::gate::life(tx, org, entity, id, from.below, PAGE + 1).await?;
        let added = match subject {
            Some(subject) => margin::life(tx, subject, from.before, PAGE + 1).await?,
            None => Vec::new(),
        };
        let mut ids = Ids::default();
        for change in own.iter().flat_map(changes) {
            for value in [&change.before, &change.after] {
                if let Some(id) = value.as_str().and_then(|t| t.parse().ok()) {
                    ids.add(noun_of(&change.field), id);
                }
                let owners = value.as_array().filter(|_| change.field == "owners");
                let owners = owners.into_iter().flatten().filter_map(|owner| owner["company"].as_str());
                owners.filter_map(|id| id.parse().ok()).for_each(|id| ids.add("maker", id));
            }
        }
        let names = Names::read(tx, org, &ids).await?;
        let mut events: Vec<(Event, bool)> =
            own.into_iter().map(|e| (e, true)).chain(added.into_iter().map(|e| (e, false))).collect();
        events.sort_by_key(|(event, _)| std::cmp::Reverse(Before::event(event)));
        let more = events.len() > PAGE as usize;
        events.truncate(PAGE as usize);
        Ok(Self { from, events, names, more })
    }

    /// The section, with the way to older events. `href` is the record's own page.
    pub(crate) fn section(&self, ctx: &Ctx, href: &str) -> Markup {
        let zone = &ctx.org.zone;
        let entries: Vec<Entry> = self
            .events
            .iter()
            .map(|(event, own)| if *own { self.entry(event, zone) } else { margin::entry(event, zone) })
            .collect();
        let newest = self.events.last().map_or(self.from, |(last, _)| From {
            below: self.events.iter().rev().find(|(_, own)| *own).map_or(self.from.below, |(e, _)| e.version),
            before: Before::event(last),
        });
        let n = entries.len();
        let pager = Pager {
            summary: if n == 1 { "1 event".to_owned() } else { format!("{} events", count(n as i64)) },
            first: (!self.from.is_newest()).then(|| format!("{href}#history")),
            next: self
                .more
                .then(|| format!("{href}?below={}&before={}#history", newest.below, newest.before)),
            ..Pager::default()
        };
        let body = html! {
            (timeline(&entries, &Words::default()))
            @if self.more || !self.from.is_newest() { (pager) }
        };
        Section::new("History", body).id("history").render()
    }

    fn entry(&self, event: &Event, zone: &TimeZone) -> Entry {
        let (what, icon) = match event.action.rsplit('.').next().unwrap_or_default() {
            "add" => ("Added", Icon::Plus),
            "rename" => ("Renamed", Icon::Pencil),
            _ => ("Changed", Icon::Pencil),
        };
        let line = |change: FieldChange| {
            let side = |value: &Value| words(&change.field, value, &self.names);
            Some(Change {
                field: label(&change.field)?.to_owned(),
                before: side(&change.before),
                after: side(&change.after),
            })
        };
        Entry {
            when: event.recorded_at.on_page(zone),
            when_iso: event.recorded_at.timestamp().to_string(),
            what: what.to_owned(),
            changes: changes(event).into_iter().filter_map(line).collect(),
            who: Some(event.actor_name.clone()),
            reason: event.reason.clone(),
            link: None,
            tone: Tone::Plain,
            icon: Some(icon),
        }
    }
}

/// The fields that a version changed; of the first version, all that were recorded.
fn changes(event: &Event) -> Vec<FieldChange> {
    if event.before.is_some() { event.changes() } else { FieldChange::between(None, &event.after) }
}

/// What a field's ids identify, as [`Names`] calls it.
fn noun_of(field: &str) -> &str {
    match field {
        "device_type" => "type",
        "company" => "maker",
        other => other,
    }
}

/// The name of a field on the page; `None` for what says nothing to a reader.
fn label(field: &str) -> Option<&'static str> {
    Some(match field {
        "name" => "Name",
        "risk" => "Risk level",
        "product_code" => "FDA product code",
        "gmdn" => "GMDN term code",
        "emdn" => "EMDN code",
        "umdns" => "UMDNS code",
        "useful_life" => "Useful life",
        "device_type" => "Type",
        "company" => "Maker",
        "catalogue_number" => "Catalogue number",
        "edition" => "Version",
        "identifiers" => "Identifiers",
        "sale_end" => End::Sale.on_page(),
        "support_end" => End::Support.on_page(),
        "life_end" => End::Life.on_page(),
        "list_price" => "List price",
        "own_risk" => "Own risk level",
        "aliases" => "Other names",
        "owners" => "Owners",
        _ => return None,
    })
}

/// A value in words; `None` when there is none.
fn words(field: &str, value: &Value, names: &Names) -> Option<String> {
    if value.is_null() {
        return None;
    }
    let known = match field {
        "risk" => {
            value.as_str().and_then(|code| code.parse::<RiskLevel>().ok()).map(|r| r.on_page().to_owned())
        }
        "useful_life" => serde_json::from_value::<UsefulLife>(value.clone())
            .ok()
            .map(|life| format!("{} ({})", life.on_page(), life.source)),
        "sale_end" | "support_end" | "life_end" => serde_json::from_value::<Milestone>(value.clone())
            .ok()
            .map(|end| format!("{} ({}, learnt on {})", day(end.on), end.source, day(end.learnt_on))),
        "list_price" => serde_json::from_value::<ListPrice>(value.clone())
            .ok()
            .map(|list| format!("{} as of {}", list.price, day(list.on))),
        "own_risk" => serde_json::from_value::<OwnRisk>(value.clone())
            .ok()
            .map(|own| format!("{} ({})", own.level.on_page(), own.reason)),
        "identifiers" => serde_json::from_value::<Vec<Identifier>>(value.clone()).ok().map(|all| {
            all.iter().map(|i| format!("{} ({})", i.di, i.on_page())).collect::<Vec<_>>().join(", ")
        }),
        "aliases" => serde_json::from_value::<Vec<String>>(value.clone()).ok().map(|names| names.join(", ")),
        "owners" => serde_json::from_value::<Vec<Owner>>(value.clone()).ok().map(|all| {
            let one = |owner: &Owner| format!("{} ({})", names.text(owner.company.uuid()), owner.time());
            all.iter().map(one).collect::<Vec<_>>().join(", ")
        }),
        "device_type" | "company" => value.as_str().and_then(|t| t.parse().ok()).map(|id| names.text(id)),
        _ => None,
    };
    known.or_else(|| value.as_str().map(str::to_owned)).or_else(|| Some(value.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_said_in_words() {
        let names = Names::default();
        let of = |field: &str, value: Value| words(field, &value, &names);
        assert_eq!(of("risk", json!("LS")).as_deref(), Some("Life support"));
        assert_eq!(of("risk", json!("of a later version")).as_deref(), Some("of a later version"));
        let life = json!({"years": 1, "source": "Maker"});
        assert_eq!(of("useful_life", life).as_deref(), Some("1 year (Maker)"));
        let end = json!({"on": "2027-09-30", "source": "Letter", "learnt_on": "2026-10-01"});
        assert_eq!(of("support_end", end).as_deref(), Some("30 Sep 2027 (Letter, learnt on 1 Oct 2026)"));
        let list = json!({"price": {"minor": 412_050, "currency": "USD"}, "on": "2026-10-01"});
        assert_eq!(of("list_price", list).as_deref(), Some("$4,120.50 as of 1 Oct 2026"));
        let own = json!({"level": "H", "reason": "Transport"});
        assert_eq!(of("own_risk", own).as_deref(), Some("High (Transport)"));
        let all = json!([{"di": "00614141000036", "agency": "GS1", "package": "case", "quantity": 20}]);
        assert_eq!(of("identifiers", all).as_deref(), Some("00614141000036 (Case of 20)"));
        let owner = json!([{"company": "01890a5d-ac96-774b-bcce-b302099a8057", "from": "2020-01-01"}]);
        assert_eq!(of("owners", owner).as_deref(), Some("no longer on record (since 1 Jan 2020)"));
        assert_eq!(of("aliases", json!(["Helios", "HELION"])).as_deref(), Some("Helios, HELION"));
        assert_eq!(of("gmdn", Value::Null), None);
        let lost = json!("01890a5d-ac96-774b-bcce-b302099a8057");
        assert_eq!(of("company", lost).as_deref(), Some("no longer on record"));
        assert_eq!((label("umdns"), label("id")), (Some("UMDNS code"), None));
    }

    #[test]
    fn a_page_begins_where_its_address_says() {
        assert!(From::read(Some("below=x&before=y")).is_newest());
        assert!(From::newest().is_newest());
        let from = From::read(Some("below=4"));
        assert!(!from.is_newest() && from.below == 4);
    }
}
