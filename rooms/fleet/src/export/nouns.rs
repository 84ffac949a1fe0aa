//! Companies, types and models as files, out and in.

use std::collections::HashMap;

use db::Tx;
use kernel::{Actor, Date, Problem, Result};
use serde::Serialize;

use super::{
    around::Around,
    names::{Cells, Table, at, cell, some, text},
};
use crate::{
    Company, CompanyId, DeviceType, DeviceTypeId, Model, ModelId, Name, UsefulLife,
    company::{self, Owner},
    device_type::{self, Codes, Nomenclature},
    model::{self, About, End, Identifier, ListPrice, Milestone, OwnRisk, Written},
};

pub(super) const COMPANIES: &[&str] = &["name", "other_names"];
pub(super) const OWNERS: &[&str] = &["maker", "owner", "from", "until", "source"];
pub(super) const TYPES: &[&str] =
    &["name", "risk", "product_code", "gmdn", "emdn", "umdns", "life_years", "life_source"];
pub(super) const MODELS: &[&str] = &[
    "maker",
    "name",
    "type",
    "catalogue_number",
    "edition",
    "identifiers",
    "sale_end_on",
    "sale_end_source",
    "sale_end_learnt_on",
    "support_end_on",
    "support_end_source",
    "support_end_learnt_on",
    "life_end_on",
    "life_end_source",
    "life_end_learnt_on",
    "list_price",
    "list_price_currency",
    "list_price_on",
    "life_years",
    "life_source",
    "risk",
    "risk_reason",
];
/// Stands behind an identifier whose check digit is wrong on its label.
const AS_PRINTED: &str = "as-printed";

/// The files, in the order in which they come in again.
pub(super) fn tables(around: &Around) -> [Table; 4] {
    let Around { companies, types, models, .. } = around;
    let makers: HashMap<_, _> = companies.iter().map(|c| (c.id, c.name.clone())).collect();
    let kinds: HashMap<_, _> = types.iter().map(|t| (t.id, t.name.clone())).collect();
    let rows = models
        .iter()
        .map(|m| {
            let maker = makers.get(&m.company).cloned().unwrap_or_default();
            let kind = kinds.get(&m.device_type).cloned().unwrap_or_default();
            [vec![maker, m.name.clone(), kind], about_cells(&m.about)].concat()
        })
        .collect();
    [
        Table {
            file: "companies.csv",
            columns: COMPANIES,
            // A name holds no line break.
            rows: companies.iter().map(|c| vec![c.name.clone(), c.aliases.join("\n")]).collect(),
        },
        Table { file: "owners.csv", columns: OWNERS, rows: owner_rows(companies, &makers) },
        Table { file: "types.csv", columns: TYPES, rows: types.iter().map(type_cells).collect() },
        Table { file: "models.csv", columns: MODELS, rows },
    ]
}

fn owner_rows(companies: &[Company], names: &HashMap<CompanyId, String>) -> Vec<Cells> {
    let day = |day: Option<Date>| day.map(|day| day.to_string()).unwrap_or_default();
    let row = |company: &Company, owner: &Owner| {
        let of = names.get(&owner.company).cloned().unwrap_or_default();
        vec![company.name.clone(), of, day(owner.from), day(owner.until), text(owner.source.as_deref())]
    };
    companies.iter().flat_map(|c| c.owners.iter().map(move |owner| row(c, owner))).collect()
}

fn life_cells(life: Option<&UsefulLife>) -> [String; 2] {
    [life.map(|l| l.years.to_string()).unwrap_or_default(), text(life.map(|l| l.source.as_str()))]
}

fn type_cells(t: &DeviceType) -> Cells {
    let mut cells = vec![t.name.clone(), text(t.risk.map(|r| r.code()))];
    cells.extend(Nomenclature::ALL.map(|of| text(t.codes.get(of))));
    cells.extend(life_cells(t.useful_life.as_ref()));
    cells
}

/// `00614141000036 GS1 each 1; 10614141000033 GS1 case 20`.
fn identifier_cell(all: &[Identifier]) -> String {
    let one = |i: &Identifier| {
        let wrong = if i.as_printed { format!(" {AS_PRINTED}") } else { String::new() };
        format!("{} {} {} {}{wrong}", i.di, i.agency.code(), i.package.code(), i.quantity)
    };
    all.iter().map(one).collect::<Vec<_>>().join("; ")
}

fn about_cells(about: &About) -> Cells {
    let day = |day: Option<Date>| day.map(|day| day.to_string()).unwrap_or_default();
    let mut cells = vec![
        text(about.catalogue_number.as_deref()),
        text(about.edition.as_deref()),
        identifier_cell(&about.identifiers),
    ];
    for end in End::ALL.map(|end| about.end(end)) {
        cells.push(day(end.map(|e| e.on)));
        cells.push(text(end.map(|e| e.source.as_str())));
        cells.push(day(end.map(|e| e.learnt_on)));
    }
    let list = about.list_price;
    cells.push(list.map(|list| list.price.plain()).unwrap_or_default());
    cells.push(list.map(|list| list.price.currency.to_string()).unwrap_or_default());
    cells.push(day(list.map(|list| list.on)));
    cells.extend(life_cells(about.useful_life.as_ref()));
    let own = about.own_risk.as_ref();
    cells.push(text(own.map(|own| own.level.code())));
    cells.push(text(own.map(|own| own.reason.as_str())));
    cells
}

/// Reads [`about_cells`].
fn about(line: &Line<'_>, today: Date) -> Result<About> {
    let column = |name: &str| MODELS.iter().position(|column| *column == name).unwrap_or(MODELS.len());
    let cell = |name: &str| line.cell(column(name));
    let mut errors = Vec::new();
    let texts = cell("identifiers").to_owned();
    let parts: Vec<Vec<&str>> = texts.split(';').map(|one| one.split_whitespace().collect()).collect();
    let written = parts.iter().map(|parts| {
        let part = |n: usize| parts.get(n).copied().unwrap_or_default();
        Written { di: part(0), agency: part(1).parse().ok(), package: part(2), quantity: part(3) }
    });
    let wrong = parts.iter().any(|parts| parts.get(4) == Some(&AS_PRINTED));
    let identifiers = Identifier::read_all("identifiers", written, wrong, &mut errors);
    let mut end = |end: End| {
        let fields = Milestone::fields(end.field());
        let texts = fields.each_ref().map(|field| cell(field));
        Milestone::read(end.field(), texts, today, &mut errors)
    };
    let [sale_end, support_end, life_end] = End::ALL.map(&mut end);
    let list_price = match cell("list_price_currency") {
        "" => None,
        currency => {
            let currency = currency.parse().map_err(|e| line.wrong(e))?;
            ListPrice::read([cell("list_price"), cell("list_price_on")], currency, today, &mut errors)
        }
    };
    let useful_life = UsefulLife::read(cell("life_years"), cell("life_source"), &mut errors);
    let level = some(line.cells, column("risk")).map(|r| r.parse()).transpose();
    let level = level.map_err(|e: crate::UnknownCode| line.wrong(e))?;
    let own_risk = OwnRisk::checked(level, cell("risk_reason"), &mut errors);
    let about = About {
        catalogue_number: some(line.cells, column("catalogue_number")),
        edition: some(line.cells, column("edition")),
        identifiers,
        sale_end,
        support_end,
        life_end,
        list_price,
        useful_life,
        own_risk,
    };
    let about = about.checked(today, &mut errors);
    line.checked(errors)?;
    Ok(about)
}

/// One row of one of the files.
struct Line<'a> {
    file: &'static str,
    line: u64,
    cells: &'a Cells,
}

impl Line<'_> {
    fn cell(&self, index: usize) -> &str {
        cell(self.cells, index)
    }

    fn wrong(&self, what: impl std::fmt::Display) -> Problem {
        at(self.file, self.line, what)
    }

    /// What the record refuses, with where it stands.
    fn invalid(&self, problem: Problem) -> Problem {
        match problem {
            invalid @ Problem::Invalid { .. } => self.wrong(invalid),
            other => other,
        }
    }

    fn name(&self, index: usize) -> Result<Name> {
        Name::parse(self.cell(index)).map_err(|e| self.wrong(e))
    }

    /// What is wrong with a row that could be read in part.
    fn checked(&self, errors: Vec<kernel::FieldError>) -> Result<()> {
        if errors.is_empty() { Ok(()) } else { Err(self.wrong(Problem::Invalid { fields: errors })) }
    }

    fn added(
        &self,
        action: &'static str,
        entity: &'static str,
        id: uuid::Uuid,
        noun: &impl Serialize,
    ) -> Result<kernel::Change> {
        Ok(kernel::Change {
            action,
            entity,
            id,
            version: 1,
            before: None,
            after: serde_json::to_value(noun).map_err(Problem::bug)?,
            valid_at: None,
            reason: Some(format!("Imported from {}", self.file)),
        })
    }
}

/// Brings one row in, unless it is on record; whether it was new.
pub(super) async fn bring(
    tx: &mut Tx,
    who: &Actor,
    file: &'static str,
    line: u64,
    cells: &Cells,
) -> Result<bool> {
    let line = Line { file, line, cells };
    match file {
        "companies.csv" => bring_company(tx, who, &line).await,
        "owners.csv" => bring_owner(tx, who, &line).await,
        "types.csv" => bring_type(tx, who, &line).await,
        _ => bring_model(tx, who, &line).await,
    }
}

async fn bring_company(tx: &mut Tx, who: &Actor, line: &Line<'_>) -> Result<bool> {
    if company::store::find_by_name(tx, who.org, line.cell(0)).await?.is_some() {
        return Ok(false);
    }
    let aliases =
        line.cell(1).lines().map(|name| Name::parse(name).map(String::from).map_err(|e| line.wrong(e)));
    let new =
        Company { aliases: aliases.collect::<Result<_>>()?, ..Company::new(CompanyId::new(), line.name(0)?) };
    company::store::add(tx, who.org, &new).await.map_err(|problem| line.invalid(problem))?;
    tx.record(who, line.added("fleet.company.add", "company", new.id.uuid(), &new)?).await.map(|()| true)
}

/// An owner more of a maker on record. What is known of its owners already stays.
async fn bring_owner(tx: &mut Tx, who: &Actor, line: &Line<'_>) -> Result<bool> {
    let mut found = Vec::with_capacity(2);
    for index in [0, 1] {
        let company = company::store::find_by_name(tx, who.org, line.cell(index)).await?;
        found.push(company.ok_or_else(|| line.wrong("the maker is not known"))?);
    }
    let [maker, by] = found.as_slice() else { return Ok(false) };
    let day = |index: usize| {
        let text = some(line.cells, index);
        text.map(|text| kernel::read_day(&text)).transpose().map_err(|e| line.wrong(e))
    };
    let owner = Owner { company: by.id, from: day(2)?, until: day(3)?, source: some(line.cells, 4) };
    if maker.owners.contains(&owner) {
        return Ok(false);
    }
    let mut values = maker.values();
    values.owners.push(owner);
    let why = Some(format!("Imported from {}", line.file));
    let changed = company::actions::change(tx, who, maker.id, maker.version, &values, why).await;
    changed.map(|_| true).map_err(|problem| line.invalid(problem))
}

async fn bring_type(tx: &mut Tx, who: &Actor, line: &Line<'_>) -> Result<bool> {
    if device_type::store::find_by_name(tx, who.org, line.cell(0)).await?.is_some() {
        return Ok(false);
    }
    let risk = some(line.cells, 1).map(|r| r.parse()).transpose();
    let risk = risk.map_err(|e: crate::UnknownCode| line.wrong(e))?;
    let mut errors = Vec::new();
    let column = |of: Nomenclature| TYPES.iter().position(|name| *name == of.field()).unwrap_or(TYPES.len());
    let codes = Codes::read(|of| line.cell(column(of)), &mut errors);
    let useful_life = UsefulLife::read(line.cell(6), line.cell(7), &mut errors);
    line.checked(errors)?;
    let new = DeviceType { codes, useful_life, ..DeviceType::new(DeviceTypeId::new(), line.name(0)?, risk) };
    device_type::store::add(tx, who.org, &new).await?;
    tx.record(who, line.added("fleet.device_type.add", "device_type", new.id.uuid(), &new)?)
        .await
        .map(|()| true)
}

async fn bring_model(tx: &mut Tx, who: &Actor, line: &Line<'_>) -> Result<bool> {
    let org = who.org;
    let maker = company::store::find_by_name(tx, org, line.cell(0)).await?;
    let maker = maker.ok_or_else(|| line.wrong("the maker is not known"))?;
    if model::store::find_by_name(tx, org, maker.id, line.cell(1)).await?.is_some() {
        return Ok(false);
    }
    let kind = device_type::store::find_by_name(tx, org, line.cell(2)).await?;
    let kind = kind.ok_or_else(|| line.wrong("the type is not known"))?;
    let today = who.at.date_in(&identity::org::get(tx, org).await?.zone());
    let about = about(line, today)?;
    let new = Model { about, ..Model::new(ModelId::new(), maker.id, kind.id, line.name(1)?) };
    model::store::add(tx, org, &new).await.map_err(|problem| line.invalid(problem))?;
    tx.record(who, line.added("fleet.model.add", "model", new.id.uuid(), &new)?).await.map(|()| true)
}
