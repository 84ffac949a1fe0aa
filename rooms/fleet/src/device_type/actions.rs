//! What people do to device types: permit, rule, store, record.

use db::Tx;
use kernel::{Actor, Change, FieldError, Id, Problem, Result};

use super::{Codes, DeviceType, DeviceTypeId, Values, store};
use crate::{Name, UsefulLife, company::actions::name, device::Text, permit, reindex};

impl DeviceType {
    fn change(&self, action: &'static str, before: Option<&Self>, reason: Option<String>) -> Result<Change> {
        Ok(Change {
            action,
            entity: "device_type",
            id: self.id.uuid(),
            version: self.version,
            before: before.map(serde_json::to_value).transpose().map_err(Problem::bug)?,
            after: serde_json::to_value(self).map_err(Problem::bug)?,
            valid_at: None,
            reason,
        })
    }
}

/// Stores a type made elsewhere, complete with its id. Asks no permission: the caller has asked its own.
///
/// # Errors
/// Invalid when the name is taken.
pub async fn keep(tx: &mut Tx, who: &Actor, device_type: &DeviceType) -> Result<()> {
    store::add(tx, who.org, device_type).await?;
    tx.record(who, device_type.change("fleet.device_type.add", None, None)?).await
}

/// The type of this name, recorded now if it is new; its risk level is then not decided yet.
///
/// # Errors
/// Invalid on `type` for a name that cannot be used, or a new one typed by somebody who may not add types.
pub async fn find_or_add(tx: &mut Tx, who: &Actor, text: &str) -> Result<DeviceType> {
    if let Some(found) = store::find_by_name(tx, who.org, text).await? {
        return Ok(found);
    }
    let name = name("type", text)?;
    if !who.may_everywhere(permit::MODEL_EDIT) {
        let words = format!(
            "“{}” is not on record as a type. Choose one that is, or ask a lead or manager to add it.",
            name.as_str()
        );
        return Err(Problem::invalid("type", words));
    }
    let device_type = DeviceType::new(Id::new(), name, None);
    keep(tx, who, &device_type).await?;
    Ok(device_type)
}

/// What was typed about a type, checked whole.
///
/// # Errors
/// Invalid at each field that cannot be taken.
fn checked(values: &Values) -> Result<Values> {
    let mut errors = Vec::new();
    let name = Name::parse(&values.name)
        .map_err(|e| errors.push(FieldError { field: "name".into(), message: e.to_string() }))
        .ok();
    let codes = Codes::read(|of| values.codes.get(of).unwrap_or_default(), &mut errors);
    let useful_life = UsefulLife::checked(values.useful_life.clone(), &mut errors);
    match name {
        Some(name) if errors.is_empty() => {
            Ok(Values { name: name.into(), risk: values.risk, codes, useful_life })
        }
        _ => Err(Problem::Invalid { fields: errors }),
    }
}

/// Changes a type's name and codes, and decides its risk level and how long its devices last. A level that was decided
/// may be changed, not taken away.
///
/// # Errors
/// Forbidden without [`permit::MODEL_EDIT`] everywhere; invalid at each field that cannot be taken, or when the name
/// is; [`Problem::Stale`].
pub async fn change(
    tx: &mut Tx,
    who: &Actor,
    id: DeviceTypeId,
    seen: i64,
    values: &Values,
    reason: Option<String>,
) -> Result<DeviceType> {
    who.need_everywhere(permit::MODEL_EDIT)?;
    Text::Words.refusal("fleet.device_type.reason", reason.as_ref()).map_or(Ok(()), Err)?;
    let before = store::get(tx, who.org, id).await?;
    if before.version != seen {
        return Err(Problem::Stale { current: before.version });
    }
    if before.risk.is_some() && values.risk.is_none() {
        return Err(Problem::invalid(
            "risk",
            "A risk level that was decided is changed, not taken away. Choose one.",
        ));
    }
    let Values { name, risk, codes, useful_life } = checked(values)?;
    let after = DeviceType { id, version: before.version + 1, name, risk, codes, useful_life };
    if after.values() == before.values() {
        return Ok(before);
    }
    store::change(tx, who.org, &after).await?;
    tx.record(who, after.change("fleet.device_type.change", Some(&before), reason)?).await?;
    if after.name != before.name {
        reindex::later(tx, who.org, reindex::Noun::DeviceType, id.uuid(), who.at).await?;
    }
    Ok(after)
}
