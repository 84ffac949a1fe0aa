//! Choosing what becomes of many devices: each field stays as it is unless something else is chosen, and what the choice
//! would do is shown before anything is done.

use axum::{
    extract::Path,
    response::{IntoResponse as _, Redirect, Response},
};
use http::StatusCode;
use kernel::{FieldChange, FieldError, Money, Problem, SiteId};
use maud::{Markup, Render as _, html};
use web::{
    Ctx, Form, Reply,
    look::{
        Choice, Column, Field, Row, Section, Table, Tone, answer, button, form_foot, hidden, link_button,
        message, tag_link,
    },
};

use super::{address, read_id, show};
use crate::{
    RiskLevel,
    act::{
        ActId, Change, To,
        actions::{self, Look, Preview},
        store::Draft,
        work,
    },
    device::{
        Device, Strategy, Tenure,
        pages::{
            Ground, changed,
            names::Names,
            words::{count, href},
        },
    },
    permit,
    posted::{Done, Faults, once},
};

/// The choice that leaves a field as it is on each device.
const LEAVE: (&str, &str) = ("", "Leave as it is");
/// The choice that empties it.
const CLEAR: (&str, &str) = ("-", "Make empty");

/// What the page of a draft needs.
struct Seen {
    draft: Draft,
    ground: Ground,
    preview: Option<Preview>,
    devices: i64,
    /// The names in the preview.
    names: Names,
}

impl Seen {
    async fn read(ctx: &Ctx, id: ActId, site: Option<SiteId>) -> kernel::Result<Self> {
        let who = ctx.actor();
        db::read!(ctx.app.db(), who.org, |tx| {
            let draft = actions::my_draft(tx, who, id).await?;
            let first = crate::act::store::items(tx, who.org, id, -1, 1).await?;
            let first = work::load_items(tx, who.org, &first).await?;
            let here = first.values().next().map(|device: &Device| device.site);
            let wanted = site.or(draft.change.site).or(here);
            let ground = Ground::read(tx, who, permit::DEVICE_EDIT, wanted).await?;
            let devices = crate::act::store::counts(tx, who.org, id).await?.devices;
            let mut preview = None;
            if !draft.change.is_empty() {
                preview = Some(actions::preview(tx, who, id, &draft.change, &draft.reason).await?);
            }
            let changes: Vec<FieldChange> =
                preview.iter().flat_map(|p| p.changed.iter().flat_map(between)).collect();
            let names = Names::read(tx, who.org, &changed::ids_of(&changes)).await?;
            Ok(Self { draft, ground, preview, devices, names })
        })
    }
}

fn between(look: &Look) -> Vec<FieldChange> {
    let json = |device: &Device| serde_json::to_value(device).unwrap_or_default();
    match &look.after {
        Ok(after) => FieldChange::between(Some(&json(&look.before)), &json(after)),
        Err(_) => Vec::new(),
    }
}

/// `GET /devices/bulk/{id}` of a draft.
pub(super) async fn page(ctx: &Ctx, id: ActId, query: Option<&str>) -> Reply {
    let parameter = |name: &str| {
        let mut pairs = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
        pairs.find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
    };
    let seen = Seen::read(ctx, id, parameter("site").and_then(|id| id.parse().ok())).await?;
    let typed = typed(&seen.draft);
    Ok(draw(ctx, &seen, &typed, &Faults::default(), &parameter("find").unwrap_or_default()))
}

/// The fields as they stand in a draft.
fn typed(draft: &Draft) -> Form {
    fn text<T: Clone>(to: Option<&To<T>>, write: impl Fn(&T) -> String) -> String {
        match to {
            None => String::new(),
            Some(To::Clear) => CLEAR.0.to_owned(),
            Some(To::Set(value)) => write(value),
        }
    }
    fn mode<T>(to: Option<&To<T>>) -> String {
        match to {
            None => "",
            Some(To::Clear) => "-",
            Some(To::Set(_)) => "set",
        }
        .to_owned()
    }
    fn set<T>(to: Option<&To<T>>, write: impl Fn(&T) -> String) -> String {
        match to {
            Some(To::Set(value)) => write(value),
            _ => String::new(),
        }
    }
    let change = &draft.change;
    let pairs = [
        ("place", text(change.place.as_ref(), ToString::to_string)),
        ("department", text(change.department.as_ref(), ToString::to_string)),
        ("risk", text(change.risk.as_ref(), |risk| risk.code().to_owned())),
        ("strategy", text(change.strategy.as_ref(), |strategy| strategy.code().to_owned())),
        ("tenure", change.tenure.map(|tenure| tenure.code().to_owned()).unwrap_or_default()),
        ("agreement_how", mode(change.agreement.as_ref())),
        ("agreement", set(change.agreement.as_ref(), String::clone)),
        ("agreement_ends_on_how", mode(change.agreement_ends_on.as_ref())),
        ("agreement_ends_on", set(change.agreement_ends_on.as_ref(), ToString::to_string)),
        ("acquired_on_how", mode(change.acquired_on.as_ref())),
        ("acquired_on", set(change.acquired_on.as_ref(), ToString::to_string)),
        ("price_how", mode(change.price.as_ref())),
        ("price", set(change.price.as_ref(), |price| price.plain())),
        ("notes_how", mode(change.notes.as_ref())),
        ("notes", set(change.notes.as_ref(), String::clone)),
        ("reason", draft.reason.clone()),
        ("move_there", if change.move_there { "1".to_owned() } else { String::new() }),
    ];
    let pairs: Vec<(&str, &str)> = pairs
        .iter()
        .filter(|(name, value)| *name != "move_there" || !value.is_empty())
        .map(|(n, v)| (*n, v.as_str()))
        .collect();
    Form::from_pairs(&pairs)
}

/// Reads what was chosen.
fn read(form: &Form, ground: &Ground, errors: &mut Vec<FieldError>) -> Change {
    fn picked<T: std::str::FromStr>(
        form: &Form,
        name: &'static str,
        what: &str,
        errors: &mut Vec<FieldError>,
    ) -> Option<To<T>> {
        if form.text(name) == CLEAR.0 {
            return Some(To::Clear);
        }
        form.parse(name, what, errors).map(To::Set)
    }
    let mut change = Change {
        place: picked(form, "place", "a place", errors),
        department: picked(form, "department", "a department", errors),
        risk: picked(form, "risk", "a risk level", errors),
        strategy: picked(form, "strategy", "a strategy", errors),
        tenure: form.parse("tenure", "a tenure", errors),
        move_there: form.ticked("move_there"),
        ..Change::default()
    };
    if change.moves() {
        change.site = Some(ground.site.id);
        let place = match change.place {
            Some(To::Set(id)) => Some(id),
            _ => None,
        };
        let department = match change.department {
            Some(To::Set(id)) => Some(id),
            _ => None,
        };
        ground.offers(place, department, errors);
    }
    // A field that was filled in is meant to be set, whatever the choice beside it says.
    let how = |name: &str, field: &str| match form.text(name) {
        "-" => Some(To::Clear),
        _ if !form.text(field).is_empty() => Some(To::Set(())),
        "set" => Some(To::Clear),
        _ => None,
    };
    fn with<T>(how: Option<To<()>>, value: Option<T>) -> Option<To<T>> {
        match how? {
            To::Clear => Some(To::Clear),
            To::Set(()) => value.map(To::Set),
        }
    }
    change.agreement = with(how("agreement_how", "agreement"), form.some("agreement"));
    change.notes = with(how("notes_how", "notes"), form.some("notes"));
    change.agreement_ends_on =
        with(how("agreement_ends_on_how", "agreement_ends_on"), form.day("agreement_ends_on", errors));
    change.acquired_on = with(how("acquired_on_how", "acquired_on"), form.day("acquired_on", errors));
    change.price = with(how("price_how", "price"), price(form, ground, errors));
    change
}

fn price(form: &Form, ground: &Ground, errors: &mut Vec<FieldError>) -> Option<Money> {
    let text = form.some("price")?;
    match Money::parse(&text, ground.site.currency) {
        Ok(price) if price.minor >= 0 => Some(price),
        Ok(_) => {
            errors.push(FieldError { field: "price".into(), message: "A price is zero or more.".into() });
            None
        }
        Err(error) => {
            errors.push(FieldError { field: "price".into(), message: format!("{error}.") });
            None
        }
    }
}

/// `POST /devices/bulk/{id}`: keeps the choice and shows what it would do.
pub(super) async fn save(ctx: Ctx, Path(id): Path<String>, form: Form) -> Reply {
    form.printable()?;
    let id = read_id(&id)?;
    let seen = Seen::read(&ctx, id, form.text("site").parse().ok()).await?;
    let mut errors = Vec::new();
    let change = read(&form, &seen.ground, &mut errors);
    if errors.is_empty() && change.is_empty() {
        let message = "Nothing is chosen to change. Set at least one field.".to_owned();
        errors.push(FieldError { field: "form".into(), message });
    }
    if !errors.is_empty() {
        return Ok(draw(&ctx, &seen, &form, &Faults::from(errors), ""));
    }
    let (who, reason) = (ctx.actor(), form.text("reason"));
    db::write!(ctx.app.db(), who.org, |tx| actions::choose(tx, who, id, &change, reason).await)?;
    Ok(Redirect::to(&address(id)).into_response())
}

/// `POST /devices/bulk/{id}/begin`: does what was chosen and looked at.
pub(super) async fn begin(ctx: Ctx, Path(id): Path<String>, form: Form) -> Reply {
    let id = read_id(&id)?;
    let done = once!(&ctx, &form, "fleet.act.begin", |tx, who| {
        let draft = actions::my_draft(tx, who, id).await?;
        let reason = form.some("reason").unwrap_or_else(|| draft.reason.clone());
        actions::begin(tx, who, id, &draft.change, &reason).await?;
        Ok(Done::new(address(id), ""))
    });
    match done {
        Ok(done) => {
            show::hurry(&ctx, id).await?;
            Ok(done.go(&ctx))
        }
        Err(problem @ (Problem::Invalid { .. } | Problem::Conflict { .. })) => {
            let seen = Seen::read(&ctx, id, None).await?;
            let typed = typed(&seen.draft);
            Ok(draw(&ctx, &seen, &typed, &Faults::of_problem(problem)?, ""))
        }
        Err(problem) => Err(problem.into()),
    }
}

fn devices(n: i64) -> String {
    if n == 1 { "1 device".to_owned() } else { format!("{} devices", count(n)) }
}

fn draw(ctx: &Ctx, seen: &Seen, typed: &Form, faults: &Faults, find: &str) -> Response {
    let draft = &seen.draft;
    let sentence = match &seen.preview {
        Some(preview) => looked(preview),
        None => format!("What becomes of {}?", devices(seen.devices)),
    };
    let sub = if draft.query.is_empty() {
        "Picked in the list.".to_owned()
    } else {
        format!("Search: {}", draft.query)
    };
    let action = address(draft.id);
    let main = html! {
        (answer(&sentence, Some(&sub)))
        (faults.summary())
        @if let Some(preview) = &seen.preview { (shown(ctx, seen, preview)) }
        (seen.ground.chooser(&action, find))
        form.form id=(web::look::field_id("form")) method="post" action=(action) {
            (hidden("site", &seen.ground.site.id.to_string()))
            (fields(seen, typed, faults, find))
            (form_foot(&html! {
                @if seen.preview.as_ref().is_some_and(|preview| preview.counts.changed > 0) { (button("Look again").busy("Looking")) }
                @else { (button("Look at what changes").primary().busy("Looking")) }
                (link_button("Cancel", "/devices").ghost())
            }))
        }
    };
    let crumbs = [("Devices".to_owned(), "/devices".to_owned())];
    let status = if faults.summary().0.is_empty() { StatusCode::OK } else { faults.status() };
    ctx.page("Change devices", "/devices").under(crumbs).status(status).show(main)
}

fn looked(preview: &Preview) -> String {
    let counts = preview.counts;
    match (counts.changed, counts.refused) {
        (0, _) => "Nothing would change.".to_owned(),
        (n, 0) => format!("{} will change.", devices(n)),
        (n, left) => format!("{} will change, {} are left alone.", devices(n), count(left)),
    }
}

/// What the choice would do, and the button that does it.
fn shown(ctx: &Ctx, seen: &Seen, preview: &Preview) -> Markup {
    let zone = &ctx.org.zone;
    let rows = preview.changed.iter().map(|look| {
        let lines = changed::lines(&between(look), &seen.names, zone);
        Row::new(vec![
            tag_link(&look.before.tag, &href(&look.before.tag)),
            html! {
                @for line in &lines {
                    div {
                        span.sec { (line.field) ": " }
                        (line.before.as_deref().unwrap_or("–")) " → " b { (line.after.as_deref().unwrap_or("empty")) }
                    }
                }
            },
        ])
    });
    let columns = vec![Column::new("Tag"), Column::new("What changes")];
    let n = preview.counts.changed;
    let more = n - preview.changed.len() as i64;
    let command = db::command::CommandId::new().to_string();
    let inside = html! {
        @if n > 0 { (Table::new("What changes", columns, rows.collect())) }
        @if more > 0 { p.hint { "and " (devices(more)) " more." } }
        @if preview.counts.same > 0 { p.hint { (devices(preview.counts.same)) " already so: nothing changes there." } }
        @for (words, n, tags) in &preview.refused {
            (message(Tone::Warn, &html! {
                b { (devices(*n)) " left alone. " } (words) " "
                span.sec { (tags.join(", ")) @if *n > tags.len() as i64 { " and more" } }
            }))
        }
        @if n > 0 {
            form.form method="post" action={ (address(seen.draft.id)) "/begin" } {
                (hidden("command", &command))
                (form_foot(&html! {
                    (button(format!("Change {}", devices(n))).primary().busy("Changing"))
                    span.hint { "It can be undone as a whole." }
                }))
            }
        }
    };
    Section::new("Before and after", inside).id("preview").render()
}

fn with_both(choices: impl IntoIterator<Item = Choice>) -> Vec<Choice> {
    let first = [LEAVE, CLEAR].map(|(value, label)| Choice::new(value, label));
    first.into_iter().chain(choices).collect()
}

/// Leave, set, or empty, beside a field that is typed.
fn typed_field(typed: &Form, name: &str, label: &str, field: Field, faults: &Faults) -> Markup {
    let how = format!("{name}_how");
    let choices = [LEAVE, ("set", "Set to"), CLEAR].map(|(value, label)| Choice::new(value, label)).to_vec();
    html! {
        div.tri {
            (Field::select(how.clone(), label, choices).value(typed.text(&how)))
            (field.value(typed.text(name)).error(faults.at(name)))
        }
    }
}

fn fields(seen: &Seen, typed: &Form, faults: &Faults, find: &str) -> Markup {
    let ground = &seen.ground;
    let risks = RiskLevel::ALL.iter().map(|risk| Choice::new(risk.code(), risk.on_page()));
    let strategies = Strategy::ALL.iter().map(|s| Choice::new(s.code(), s.on_page()));
    let tenures = std::iter::once(Choice::new(LEAVE.0, LEAVE.1))
        .chain(Tenure::ALL.iter().map(|t| Choice::new(t.code(), t.on_page())));
    let select = |name: &str, label: &str, choices: Vec<Choice>| {
        Field::select(name, label, choices).value(typed.text(name)).error(faults.at(name))
    };
    html! {
        (Section::new(format!("Where it stands and whose it is, at {}", ground.site.name), html! {
            div.fields {
                (select("place", "Location", with_both(ground.place_choices(typed.text("place"), find))))
                (select("department", "Owner", with_both(ground.owner_choices())))
                (Field::checkbox("move_there", format!("Also move devices of other sites to {}", ground.site.name))
                    .checked(typed.ticked("move_there")))
            }
        }))
        (Section::new("How it is kept", html! {
            div.fields {
                (select("strategy", "Maintenance strategy", with_both(strategies)))
                (select("risk", "Risk level of its own", with_both(risks)).hint("Empty: that of its type. Your reason stays with it."))
            }
        }))
        (Section::new("Papers", html! {
            div.fields {
                (select("tenure", "Owned, borrowed or rented", tenures.collect()))
                (typed_field(typed, "agreement", "Agreement", Field::text("agreement", "Agreement").bare(), faults))
                (typed_field(typed, "agreement_ends_on", "Last day of the agreement", Field::date("agreement_ends_on", "Last day of the agreement").bare(), faults))
                (typed_field(typed, "acquired_on", "Acquired", Field::date("acquired_on", "Acquired").bare(), faults))
                (typed_field(typed, "price", "Price", Field::number("price", "Price").suffix(ground.site.currency.as_str()).bare(), faults))
                (typed_field(typed, "notes", "Notes", Field::text("notes", "Notes").bare(), faults))
                (Field::text("reason", "Why").value(typed.text("reason")).required()
                    .hint("It stands in the history of each device.").error(faults.at("reason")))
            }
        }))
    }
}
