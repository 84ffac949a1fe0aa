//! One maker: what there is of it, whose it is, what else it is called.

use kernel::{Date, Keyset, Result};
use maud::{Markup, Render as _, html};
use web::{
    Ctx, Reply,
    look::{
        Column, DeviceGlyph, Fact, Icon, PhoneSlot, Row, Section, Table, answer, empty_state, glyph::glyph,
        ledger::ledger, link_button, split, strip,
    },
};

use super::{Company, CompanyId, Owner, store};
use crate::{
    ModelId,
    catalogue::{
        READ,
        history::{From, History},
    },
    device::pages::words::{count, devices},
    model::list::{self, Counts, Listed, Wanted},
    permit,
};

/// Models shown; the list of models has the others.
const MODELS: u32 = 20;
/// Owners of owners that are followed on the page.
const UP: usize = 10;

/// A maker with what its page says about it.
struct Known {
    company: Company,
    all: Vec<Company>,
    devices: i64,
    models: Vec<Listed>,
    more: bool,
    counts: Counts,
    history: History,
    today: Date,
}

impl Known {
    fn name(&self, id: CompanyId) -> &str {
        self.all.iter().find(|one| one.id == id).map_or("", |one| one.name.as_str())
    }

    /// Whose it is today, up to whom nobody owns.
    fn owners_today(&self) -> Vec<&Company> {
        let mut all: Vec<&Company> = Vec::new();
        let mut at = &self.company;
        while let Some(owner) = at.owner_on(self.today).filter(|_| all.len() < UP) {
            let Some(above) = self.all.iter().find(|one| one.id == owner.company) else { break };
            all.push(above);
            at = above;
        }
        all
    }

    /// What it owned and owns, each with when.
    fn owned(&self) -> Vec<(&Company, &Owner)> {
        let all = self.all.iter().flat_map(|one| one.owners.iter().map(move |owner| (one, owner)));
        all.filter(|(_, owner)| owner.company == self.company.id).collect()
    }
}

async fn known(ctx: &Ctx, id: CompanyId, from: From) -> Result<Known> {
    let who = ctx.actor();
    let today = ctx.now().date_in(&ctx.org.zone);
    db::read!(ctx.app.db(), who.org, |tx| {
        let company = store::get(tx, who.org, id).await?;
        let wanted = Wanted { company: Some(id), ..Wanted::default() };
        let slice = list::page(tx, who, &wanted, &Keyset { after: None, limit: MODELS }).await?;
        let ids: Vec<ModelId> = slice.rows.iter().map(|m| m.id).collect();
        Ok(Known {
            all: store::list(tx, who.org, READ).await?,
            devices: list::of_companies(tx, who).await?.get(&id.uuid()).copied().unwrap_or(0),
            counts: list::of_models(tx, who, &ids).await?,
            history: History::read(tx, who.org, ("company", id.uuid()), None, from).await?,
            more: slice.next.is_some(),
            models: slice.rows,
            company,
            today,
        })
    })
}

/// `GET /makers/{id}`.
pub(super) async fn page(ctx: Ctx, id: CompanyId, from: From) -> Reply {
    let known = known(&ctx, id, from).await?;
    Ok(draw(&ctx, &known))
}

fn sentence(known: &Known) -> String {
    let Known { company, devices: n, .. } = known;
    match n {
        0 => format!("No device of {} is here now.", company.name),
        1 => format!("1 device of {} is here.", company.name),
        n => format!("{} of {} are here.", devices(*n), company.name),
    }
}

fn link(company: &Company) -> Markup {
    html! { a href={ "/makers/" (company.id) } { (company.name) } }
}

/// With a capital.
fn first_up(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn facts(known: &Known) -> Vec<Fact> {
    let up = known.owners_today();
    let owner = match (up.as_slice(), known.company.owner_on(known.today)) {
        ([first, above @ ..], Some(owner)) => {
            let names: Vec<&str> = above.iter().map(|one| one.name.as_str()).collect();
            let note = match names.as_slice() {
                [] => first_up(&owner.time()),
                names => format!("{}; part of {}", first_up(&owner.time()), names.join(", of ")),
            };
            Fact::new("Belongs to", link(first)).note(note)
        }
        _ => Fact::new("Belongs to", html! { span.mute { "No owner on record" } }),
    };
    let id = known.company.id;
    let n = known.models.len();
    let models = if known.more { format!("{n} and more") } else { count(n as i64) };
    vec![
        Fact::new("Devices", html! { a href={ "/devices?maker=" (id) } { (count(known.devices)) } })
            .note("Retired, returned and cancelled ones left out"),
        Fact::new("Models", html! { a href={ "/models?maker=" (id) } { (models) } }),
        owner,
    ]
}

fn draw(ctx: &Ctx, known: &Known) -> axum::response::Response {
    let company = &known.company;
    let may = ctx.actor().may_everywhere(permit::MODEL_EDIT);
    let href = format!("/makers/{}", company.id);
    let edit = html! { @if may { a href={ (href) "/edit" } { "Edit" } } };
    let owned = known.owned();
    let main = html! {
        (answer(&sentence(known), None))
        (strip(&facts(known)))
        (split(
            &html! {
                (Section::new("Models", models(known)))
                (Section::new("Owners", owners(known, may)))
                @if !owned.is_empty() { (Section::new("What it owned and owns", owned_table(&owned))) }
                (known.history.section(ctx, &href))
            },
            &html! {
                (Section::new("Names", names(company)).actions(edit))
                (web::past::link("company"))
            },
        ))
    };
    let actions = html! {
        @if may { (link_button("Edit", format!("{href}/edit")).icon(Icon::Pencil)) }
        (link_button("Show devices", format!("/devices?maker={}", company.id)).icon(Icon::Devices))
    };
    let crumbs = [("Models".to_owned(), "/models".to_owned()), ("Makers".to_owned(), "/makers".to_owned())];
    ctx.page(&company.name, "/models").under(crumbs).actions(actions).show(main)
}

fn names(company: &Company) -> Markup {
    let mut rows = vec![("Name", html! { (company.name) })];
    if company.aliases.is_empty() {
        rows.push(("Other names", html! { span.mute { "None" } }));
    } else {
        rows.push(("Other names", html! { @for name in &company.aliases { (name) br; } }));
    }
    ledger(&rows)
}

fn models(known: &Known) -> Markup {
    if known.models.is_empty() {
        return empty_state(
            "No model of it is on record.",
            "They come with the devices that are added or imported.",
            None,
        );
    }
    let columns = vec![
        Column::new("Model").phone(PhoneSlot::Title),
        Column::new("Type").phone(PhoneSlot::Place),
        Column::new("Devices").num().phone(PhoneSlot::State),
    ];
    let rows = known.models.iter().map(|model| {
        let n = known.counts.get(&model.id.uuid()).copied().unwrap_or(0);
        Row::new(vec![
            html! {
                span.glc {
                    (glyph(DeviceGlyph::from_type_name(&model.type_name), 17))
                    a href={ "/models/" (model.id) } { (model.name) }
                }
            },
            html! { (model.type_name) },
            html! { @if n > 0 { a href={ "/devices?model=" (model.id) } { (count(n)) } } @else { span.mute { "0" } } },
        ])
    });
    html! {
        (Table::new("Models", columns, rows.collect()))
        @if known.more {
            p.links { a href={ "/models?maker=" (known.company.id) } { "Show all models of " (known.company.name) } }
        }
    }
}

fn owners(known: &Known, may: bool) -> Markup {
    if known.company.owners.is_empty() {
        let button = link_button("Write them down", format!("/makers/{}/edit#f-owner_0", known.company.id));
        let button = button.small().render();
        return empty_state(
            "No owner is on record.",
            "Makers are bought and sold; letters and recalls then come under another name.",
            may.then_some(&button),
        );
    }
    let columns = vec![
        Column::new("Owner").row_head().phone(PhoneSlot::Title),
        Column::new("When").phone(PhoneSlot::Tag),
        Column::new("Where from").phone(PhoneSlot::Place),
    ];
    let rows = known.company.owners.iter().map(|owner| {
        Row::new(vec![
            html! { a href={ "/makers/" (owner.company) } { (known.name(owner.company)) } },
            html! { (first_up(&owner.time())) },
            html! { (owner.source.as_deref().unwrap_or_default()) },
        ])
    });
    html! { (Table::new("Owners", columns, rows.collect())) }
}

fn owned_table(owned: &[(&Company, &Owner)]) -> Markup {
    let columns = vec![
        Column::new("Maker").row_head().phone(PhoneSlot::Title),
        Column::new("When").phone(PhoneSlot::Tag),
    ];
    let rows = owned
        .iter()
        .map(|(company, owner)| Row::new(vec![link(company), html! { (first_up(&owner.time())) }]));
    html! { (Table::new("What it owned and owns", columns, rows.collect())) }
}
