//! What people do to models: permit, rule, store, record.

use db::Tx;
use kernel::{Actor, Change, Date, FieldError, Id, Problem, Result};

use super::{About, Model, ModelId, Values, store};
use crate::{
    Name,
    company::{self, actions::name},
    device::Text,
    device_type::{self, DeviceType},
    permit, reindex,
};

impl Model {
    fn change(&self, action: &'static str, before: Option<&Self>, reason: Option<String>) -> Result<Change> {
        Ok(Change {
            action,
            entity: "model",
            id: self.id.uuid(),
            version: self.version,
            before: before.map(serde_json::to_value).transpose().map_err(Problem::bug)?,
            after: serde_json::to_value(self).map_err(Problem::bug)?,
            valid_at: None,
            reason,
        })
    }
}

/// Stores a model made elsewhere, complete with its id. Asks no permission: the caller has asked its own.
///
/// # Errors
/// Invalid when its maker already has a model of this name.
pub async fn keep(tx: &mut Tx, who: &Actor, model: &Model) -> Result<()> {
    store::add(tx, who.org, model).await?;
    tx.record(who, model.change("fleet.model.add", None, None)?).await
}

/// The model of this maker and name, recorded now with its maker and type if it is new.
///
/// # Errors
/// Invalid on `maker`, `model` or `type`: a name that cannot be used, a new one typed by somebody who may not add
/// it, a new model without a type, or a type other than the one on record for the model.
pub async fn find_or_add(
    tx: &mut Tx,
    who: &Actor,
    maker: &str,
    type_name: &str,
    model: &str,
) -> Result<ModelId> {
    if let Some(maker) = company::store::find_by_name(tx, who.org, maker).await?
        && let Some(found) = store::find_by_name(tx, who.org, maker.id, model).await?
    {
        let on_record = device_type::store::get(tx, who.org, found.device_type).await?;
        if !type_name.trim().is_empty() && kernel::fold(type_name) != on_record.key() {
            return Err(Problem::invalid(
                "type",
                format!(
                    "{} {} is on record as “{}”. Leave the type empty, or change it on the model’s page.",
                    maker.name, found.name, on_record.name
                ),
            ));
        }
        return Ok(found.id);
    }
    let name = name("model", model)?;
    if !who.may_everywhere(permit::MODEL_EDIT) {
        let words = format!(
            "“{}” is not on record as a model of this maker. Choose one that is, or ask a lead or manager to add it.",
            name.as_str()
        );
        return Err(Problem::invalid("model", words));
    }
    if type_name.trim().is_empty() {
        let words = format!("“{}” is new. Write what type of device it is.", name.as_str());
        return Err(Problem::invalid("type", words));
    }
    let maker = company::actions::find_or_add(tx, who, maker).await?;
    let device_type = device_type::actions::find_or_add(tx, who, type_name).await?;
    let model = Model::new(Id::new(), maker.id, device_type.id, name);
    keep(tx, who, &model).await?;
    Ok(model.id)
}

/// What was typed about a model, checked whole, but for its type.
///
/// # Errors
/// Invalid at each field that cannot be taken.
fn checked(values: &Values, today: Date) -> Result<(Name, About)> {
    let mut errors = Vec::new();
    let mut wrong = |field: &'static str, message: String| {
        errors.push(FieldError { field: field.into(), message });
    };
    let name = Name::parse(&values.name).map_err(|e| wrong("name", e.to_string())).ok();
    if values.type_name.trim().is_empty() {
        wrong("type", "The type is missing. Write what the device is, whoever makes it.".to_owned());
    }
    let about = values.about.clone().checked(today, &mut errors);
    match name {
        Some(name) if errors.is_empty() => Ok((name, about)),
        _ => Err(Problem::Invalid { fields: errors }),
    }
}

/// Changes what is on record about a model. Its devices take the risk level of a new type, or that of its own.
///
/// # Errors
/// Forbidden without [`permit::MODEL_EDIT`] everywhere; invalid at each field that cannot be taken, when the name or an
/// identifier is, or when devices in service would be left without a risk level; [`Problem::Stale`].
pub async fn change(
    tx: &mut Tx,
    who: &Actor,
    id: ModelId,
    seen: i64,
    values: &Values,
    reason: Option<String>,
) -> Result<Model> {
    who.need_everywhere(permit::MODEL_EDIT)?;
    Text::Words.refusal("fleet.model.reason", reason.as_ref()).map_or(Ok(()), Err)?;
    let before = store::get(tx, who.org, id).await?;
    if before.version != seen {
        return Err(Problem::Stale { current: before.version });
    }
    let today = who.at.date_in(&identity::org::get(tx, who.org).await?.zone());
    let (name, about) = checked(values, today)?;
    let kind = device_type::actions::find_or_add(tx, who, &values.type_name).await?;
    let device_type = kind.id;
    let after =
        Model { version: before.version + 1, name: name.into(), device_type, about, ..before.clone() };
    keeps_risk(tx, who, &before, &after, &kind).await?;
    if (&after.name, after.device_type, &after.about) == (&before.name, before.device_type, &before.about) {
        return Ok(before);
    }
    store::change(tx, who.org, &before, &after).await?;
    tx.record(who, after.change("fleet.model.change", Some(&before), reason)?).await?;
    if (&after.name, after.device_type) != (&before.name, before.device_type) {
        reindex::later(tx, who.org, reindex::Noun::Model, id.uuid(), who.at).await?;
    }
    Ok(after)
}

/// A device in service keeps the risk level it has from its model or type, unless nobody ever decided one.
async fn keeps_risk(tx: &mut Tx, who: &Actor, before: &Model, after: &Model, to: &DeviceType) -> Result<()> {
    if after.risk(to.risk).is_some() {
        return Ok(());
    }
    let from = device_type::store::get(tx, who.org, before.device_type).await?;
    if before.risk(from.risk).is_none() {
        return Ok(());
    }
    let by_type = store::in_service_by_type(tx, who.org, before.id).await?;
    if by_type == 0 {
        return Ok(());
    }
    let have = if by_type == 1 { "1 device has".to_owned() } else { format!("{by_type} devices have") };
    let field = if after.device_type == before.device_type { "risk" } else { "type" };
    Err(Problem::invalid(
        field,
        format!(
            "{have} the present risk level and would be in service without one: that of “{}” is not decided yet. Decide \
             it first, choose another type, or decide a risk level for the model or for each of these devices.",
            to.name
        ),
    ))
}
