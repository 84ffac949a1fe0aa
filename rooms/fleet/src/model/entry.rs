//! The form of a model.

use db::Tx;
use identity::org::Org;
use kernel::{Actor, Currency, FieldError, Id, OrgId, Problem, Result};
use maud::{Markup, html};
use web::{
    Ctx, Form, Reply,
    look::{
        Choice, Column, DeviceGlyph, Field, Row, Table, Width, button, fieldset, link_button, record_head,
    },
};

use super::{
    About, End, Identifier, ListPrice, MOST, Milestone, Model, ModelId, OwnRisk, Package, Values, Written,
    actions, pages::changed, store,
};
use crate::{
    RiskLevel, UsefulLife, company,
    device_type::{self, DeviceType},
    permit,
    posted::{Done, Faults, form as posted_form, once, suggesting},
};

/// Rows for further identifiers.
const MORE: usize = 2;
/// The names of the fields of identifiers, each followed by its position.
const DI: [&str; 3] = ["di", "di_package", "di_quantity"];
/// Says who issued the identifier that stood in a row, for texts that are identifiers of two agencies.
const DI_AGENCY: &str = "di_agency";

/// What the form shows beside what is typed.
struct Known {
    model: Model,
    maker: String,
    kind: DeviceType,
    types: Vec<String>,
    currency: Currency,
}

async fn known(tx: &mut Tx, org: OrgId, id: ModelId) -> Result<Known> {
    let model = store::get(tx, org, id).await?;
    let types = device_type::store::list(tx, org, 500).await?;
    let org = identity::org::get(tx, org).await?;
    Ok(Known {
        maker: company::store::get(tx, org.id, model.company).await?.name,
        kind: device_type::store::get(tx, org.id, model.device_type).await?,
        types: types.into_iter().map(|t| t.name).collect(),
        currency: currency(&org, &model),
        model,
    })
}

/// The currency a price is typed in: that of the price on record, else that of the organisation.
fn currency(org: &Org, model: &Model) -> Currency {
    model.about.list_price.map_or(org.currency, |list| list.price.currency)
}

/// `GET /models/{id}/edit`.
pub(super) async fn page(ctx: Ctx, id: ModelId) -> Reply {
    ctx.actor().need_everywhere(permit::MODEL_EDIT)?;
    let org = ctx.actor().org;
    let known = db::read!(ctx.app.db(), org, |tx| known(tx, org, id).await)?;
    let typed = filled(&known.model, &known.kind);
    Ok(draw(&ctx, &known, &typed, &Faults::default()))
}

/// `POST /models/{id}/edit`.
pub(super) async fn save(ctx: Ctx, id: ModelId, form: Form) -> Reply {
    let saved = once!(ctx, form, "fleet.model.change", |tx, who| {
        let values = typed(tx, who, id, &form).await?;
        let model = actions::change(tx, who, id, form.version(), &values, form.some("reason")).await?;
        Ok(Done::new(format!("/models/{id}"), format!("{} is saved.", model.name)))
    });
    match saved {
        Ok(done) => Ok(done.go(&ctx)),
        Err(problem) => {
            let org = ctx.actor().org;
            let mut faults = Faults::of_problem(problem)?;
            faults.rename(&["identifiers"], "di_0");
            let known = db::read!(ctx.app.db(), org, |tx| known(tx, org, id).await)?;
            Ok(draw(&ctx, &known, &form, &faults))
        }
    }
}

/// A position among identifiers, as the name of a field.
fn at(field: &str, n: usize) -> String {
    format!("{field}_{n}")
}

/// What the form says. Name and type are read by the action.
async fn typed(tx: &mut Tx, who: &Actor, id: ModelId, form: &Form) -> Result<Values> {
    let org = identity::org::get(tx, who.org).await?;
    let currency = currency(&org, &store::get(tx, org.id, id).await?);
    let today = who.at.date_in(&org.zone());
    let mut errors = Vec::new();
    let written = (0..MOST + MORE).map(|n| {
        let [di, package, quantity] = DI.map(|field| form.text(&at(field, n)));
        Written { di, agency: form.text(&at(DI_AGENCY, n)).parse().ok(), package, quantity }
    });
    let identifiers = Identifier::read_all(DI[0], written, form.ticked("as_printed"), &mut errors);
    let mut end = |end: End| {
        let fields = Milestone::fields(end.field());
        let texts = fields.each_ref().map(|field| form.text(field));
        Milestone::read(end.field(), texts, today, &mut errors)
    };
    let [sale_end, support_end, life_end] = End::ALL.map(&mut end);
    let price = ListPrice::FIELDS.map(|field| form.text(field));
    let [years, source] = UsefulLife::FIELDS.map(|field| form.text(field));
    let [level, why] = OwnRisk::FIELDS;
    let own = form.some(level).and_then(|code| {
        let wrong = |e: crate::UnknownCode| FieldError { field: level.into(), message: format!("{e}.") };
        code.parse::<RiskLevel>().map_err(|e| errors.push(wrong(e))).ok()
    });
    let about = About {
        catalogue_number: form.some(About::TEXTS[0]),
        edition: form.some(About::TEXTS[1]),
        identifiers,
        sale_end,
        support_end,
        life_end,
        list_price: ListPrice::read(price, currency, today, &mut errors),
        useful_life: UsefulLife::read(years, source, &mut errors),
        own_risk: OwnRisk::checked(own, form.text(why), &mut errors),
    };
    web::form::check(errors)?;
    Ok(Values { name: form.text("name").to_owned(), type_name: form.text("type").to_owned(), about })
}

/// The form as it is before anybody types.
fn filled(model: &Model, kind: &DeviceType) -> Form {
    let about = &model.about;
    let mut pairs = vec![("name".to_owned(), model.name.clone()), ("type".to_owned(), kind.name.clone())];
    let mut add = |name: &str, value: Option<String>| {
        pairs.extend(value.map(|value| (name.to_owned(), value)));
    };
    add(About::TEXTS[0], about.catalogue_number.clone());
    add(About::TEXTS[1], about.edition.clone());
    for (n, one) in about.identifiers.iter().enumerate() {
        add(&at(DI[0], n), Some(one.di.clone()));
        add(&at(DI_AGENCY, n), Some(one.agency.code().to_owned()));
        add(&at(DI[1], n), Some(one.package.code().to_owned()));
        add(&at(DI[2], n), Some(one.quantity.to_string()));
    }
    add("as_printed", about.identifiers.iter().any(|one| one.as_printed).then(|| "yes".to_owned()));
    for end in End::ALL {
        let [on, source, learnt_on] = Milestone::fields(end.field());
        let known = about.end(end);
        add(&on, known.map(|e| e.on.to_string()));
        add(&source, known.map(|e| e.source.clone()));
        add(&learnt_on, known.map(|e| e.learnt_on.to_string()));
    }
    add(ListPrice::FIELDS[0], about.list_price.map(|list| list.price.plain()));
    add(ListPrice::FIELDS[1], about.list_price.map(|list| list.on.to_string()));
    add(UsefulLife::FIELDS[0], about.useful_life.as_ref().map(|life| life.years.to_string()));
    add(UsefulLife::FIELDS[1], about.useful_life.as_ref().map(|life| life.source.clone()));
    add(OwnRisk::FIELDS[0], about.own_risk.as_ref().map(|own| own.level.code().to_owned()));
    add(OwnRisk::FIELDS[1], about.own_risk.as_ref().map(|own| own.reason.clone()));
    let pairs: Vec<(&str, &str)> =
        pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    Form::from_pairs(&pairs)
}

fn draw(ctx: &Ctx, known: &Known, typed: &Form, faults: &Faults) -> axum::response::Response {
    let model = &known.model;
    let href = format!("/models/{}", model.id);
    let inside = html! {
        (identity(known, typed, faults))
        (identifiers(model, typed, faults))
        (ends(typed, faults))
        (care(known, typed, faults))
        div.fields { (text(typed, faults, "reason", "Why").optional("optional")) }
        (web::look::form_foot(&html! {
            (link_button("Cancel", href.clone()))
            (button("Save changes").primary().busy("Saving"))
        }))
    };
    let body = html! {
        (faults.summary())
        @if faults.stale().is_some() {
            (changed(&format!("It is now “{}”, of the type “{}”.", model.name, known.kind.name)))
        }
        (posted_form(&format!("{href}/edit"), model.version, &inside))
    };
    let crumbs = [("Models".to_owned(), "/models".to_owned()), (model.name.clone(), href)];
    let identity = html! { span { (known.kind.name) ". " (known.maker) } };
    let sentence = format!("What is known of the {}", model.name);
    let head = record_head(DeviceGlyph::from_type_name(&known.kind.name), &identity, &sentence);
    ctx.page("Edit", "/models").under(crumbs).head(head).status(faults.status()).show(body)
}

fn text(typed: &Form, faults: &Faults, name: &str, label: &str) -> Field {
    Field::text(name, label).value(typed.text(name)).error(faults.at(name))
}

fn day(typed: &Form, faults: &Faults, name: &str, label: &str) -> Field {
    Field::date(name, label).value(typed.text(name)).error(faults.at(name)).optional("optional")
}

fn identity(known: &Known, typed: &Form, faults: &Faults) -> Markup {
    let [number, edition] = About::TEXTS;
    fieldset(
        "Identity",
        None,
        &html! {
            (text(typed, faults, "name", "Model").required().hint("As it stands on the nameplate."))
            (suggesting(
                &text(typed, faults, "type", "Type").required().autocomplete("off").hint("What it is, whoever makes it."),
                "type",
                &known.types,
            ))
            (text(typed, faults, number, "Catalogue number").identifier().width(Width::Medium).optional("optional")
                .hint("The number under which it is ordered (REF)."))
            (text(typed, faults, edition, "Version").width(Width::Medium).optional("optional")
                .hint("Where the name alone does not tell it."))
        },
    )
}

/// A row each for the identifiers that are there, and some more.
fn identifiers(model: &Model, typed: &Form, faults: &Faults) -> Markup {
    let used = (0..MOST).rev().find(|n| !typed.text(&at(DI[0], *n)).is_empty()).map_or(0, |n| n + 1);
    let rows = used.max(model.about.identifiers.len()) + MORE;
    let columns = vec![Column::new("Identifier"), Column::new("Stands on"), Column::new("Devices in it")];
    let rows = (0..rows)
        .map(|n| {
            let [di, package, quantity] = DI.map(|field| at(field, n));
            let levels = Package::ALL.iter().map(|p| Choice::new(p.code(), p.on_page())).collect();
            let level = typed.some(&package).unwrap_or_else(|| Package::Each.code().to_owned());
            let nth = n + 1;
            Row::new(vec![
                html! {
                    (text(typed, faults, &di, &format!("Identifier {nth}")).identifier().bare())
                    @if let Some(agency) = typed.some(&at(DI_AGENCY, n)) {
                        input type="hidden" name=(at(DI_AGENCY, n)) value=(agency);
                    }
                },
                html! {
                    (Field::select(&package, format!("What identifier {nth} stands on"), levels).value(level)
                        .error(faults.at(&package)).bare())
                },
                html! {
                    (Field::number(&quantity, format!("Devices in what identifier {nth} stands on"))
                        .value(typed.text(&quantity)).error(faults.at(&quantity)).inputmode("numeric").bare())
                },
            ])
        })
        .collect();
    fieldset(
        "UDI device identifiers",
        Some("As on the label, or scanned: of a whole code, the identifier is kept."),
        &html! {
            (Table::new("Identifiers", columns, rows))
            (Field::checkbox("as_printed", "As printed").value("yes").checked(typed.ticked("as_printed"))
                .hint("Take identifiers whose check digit is wrong: their labels say so."))
        },
    )
}

fn ends(typed: &Form, faults: &Faults) -> Markup {
    let one = |end: End| {
        let [on, source, learnt_on] = Milestone::fields(end.field());
        html! {
            (day(typed, faults, &on, end.on_page()))
            (text(typed, faults, &source, &format!("{}: where from", end.on_page())).optional("with the day"))
            (day(typed, faults, &learnt_on, &format!("{}: learnt on", end.on_page())).optional("else today"))
        }
    };
    fieldset(
        "What its maker ends",
        Some("Each day with where it is from: a letter of the maker, a contract."),
        &html! { @for end in End::ALL { (one(end)) } },
    )
}

fn care(known: &Known, typed: &Form, faults: &Faults) -> Markup {
    let [price, price_on] = ListPrice::FIELDS;
    let [years, source] = UsefulLife::FIELDS;
    let [risk, why] = OwnRisk::FIELDS;
    let mut levels = vec![Choice::new("", by_type(known.kind.risk))];
    levels.extend(RiskLevel::ALL.iter().map(|risk| Choice::new(risk.code(), risk.on_page())));
    let life = known.kind.useful_life.as_ref().map_or_else(
        || "Its type has none.".to_owned(),
        |life| format!("Empty: that of its type, {}.", life.on_page()),
    );
    fieldset(
        "Care and planning",
        None,
        &html! {
            (Field::select(risk, "Risk level", levels).value(typed.text(risk)).error(faults.at(risk)))
            (text(typed, faults, why, "Why it differs from its type").optional("only with a level of its own"))
            (Field::number(years, "Useful life").value(typed.text(years)).error(faults.at(years)).suffix("years")
                .inputmode("numeric").optional("optional").hint(life))
            (text(typed, faults, source, "Where the useful life is from").optional("with the years")
                .hint("The maker, a standard, your own records."))
            (Field::number(price, "List price").value(typed.text(price)).error(faults.at(price))
                .suffix(known.currency.as_str()).optional("optional"))
            (day(typed, faults, price_on, "Price as of").optional("else today"))
        },
    )
}

/// `That of its type: High`.
fn by_type(risk: Option<RiskLevel>) -> String {
    format!("That of its type: {}", risk.map_or("not decided yet", RiskLevel::on_page))
}

/// Reads an id of an address.
pub(super) fn read_id(text: &str) -> Result<ModelId> {
    text.parse::<Id<Model>>().map_err(|_| Problem::not_found("this model"))
}
