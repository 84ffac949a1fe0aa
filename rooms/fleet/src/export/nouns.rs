//! Companies, types and models as files, out and in.

use std::collections::HashMap;

use db::Tx;
use kernel::{Actor, Problem, Result};
use serde::Serialize;

use super::{
    around::Around,
    names::{Cells, Table, at, cell, some, text},
};
use crate::{
    Company, CompanyId, DeviceType, DeviceTypeId, Model, ModelId, Name, UsefulLife, company,
    device_type::{self, Codes, Nomenclature},
    model,
};

pub(super) const COMPANIES: &[&str] = &["name"];
pub(super) const TYPES: &[&str] =
    &["name", "risk", "product_code", "gmdn", "emdn", "umdns", "life_years", "life_source"];
pub(super) const MODELS: &[&str] = &["maker", "name", "type"];

/// The three files, in the order in which they come in again.
pub(super) fn tables(around: &Around) -> [Table; 3] {
    let Around { companies, types, models, .. } = around;
    let makers: HashMap<_, _> = companies.iter().map(|c| (c.id, c.name.clone())).collect();
    let kinds: HashMap<_, _> = types.iter().map(|t| (t.id, t.name.clone())).collect();
    let rows = models
        .iter()
        .map(|m| {
            let maker = makers.get(&m.company).cloned().unwrap_or_default();
            vec![maker, m.name.clone(), kinds.get(&m.device_type).cloned().unwrap_or_default()]
        })
        .collect();
    [
        Table {
            file: "companies.csv",
            columns: COMPANIES,
            rows: companies.iter().map(|c| vec![c.name.clone()]).collect(),
        },
        Table { file: "types.csv", columns: TYPES, rows: types.iter().map(type_cells).collect() },
        Table { file: "models.csv", columns: MODELS, rows },
    ]
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
        "types.csv" => bring_type(tx, who, &line).await,
        _ => bring_model(tx, who, &line).await,
    }
}

async fn bring_company(tx: &mut Tx, who: &Actor, line: &Line<'_>) -> Result<bool> {
    if company::store::find_by_name(tx, who.org, line.cell(0)).await?.is_some() {
        return Ok(false);
    }
    let new = Company::new(CompanyId::new(), line.name(0)?);
    company::store::add(tx, who.org, &new).await?;
    tx.record(who, line.added("fleet.company.add", "company", new.id.uuid(), &new)?).await.map(|()| true)
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
    let new = Model::new(ModelId::new(), maker.id, kind.id, line.name(1)?);
    model::store::add(tx, org, &new).await?;
    tx.record(who, line.added("fleet.model.add", "model", new.id.uuid(), &new)?).await.map(|()| true)
}
