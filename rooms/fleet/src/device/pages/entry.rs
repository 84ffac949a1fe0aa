//! The fields of a device that are typed together, when it is added and when it is edited.

use db::Tx;
use kernel::{Actor, Currency, FieldError, Money, OrgId, Result};
use maud::{Markup, html};
use web::{
    Form,
    look::{Choice, Field, Width, fieldset},
};

use crate::{
    ModelId, RiskLevel, company,
    device::{Device, Edit, Serial, Strategy, Tag, Tenure},
    device_type, model,
    posted::{Faults, suggesting},
};

/// The names of the fields, so that a rule finds its own.
pub(super) const NAMES: &[&str] = &[
    "tag",
    "serial",
    "serial_less",
    "udi",
    "maker",
    "model",
    "type",
    "risk",
    "risk_reason",
    "strategy",
    "tenure",
    "agreement",
    "agreement_ends_on",
    "acquired_on",
    "price",
    "notes",
    "site",
    "place",
    "department",
    "reason",
    "budget_request",
    "purchase_order",
    "on",
    "time",
];

/// More names than this are not offered while typing; they are still found.
const OFFERED: u32 = 500;

/// What may be typed again: names on record, offered while one types.
pub(super) struct Known {
    makers: Vec<String>,
    types: Vec<String>,
    models: Vec<String>,
}

impl Known {
    pub(super) async fn read(tx: &mut Tx, org: OrgId) -> Result<Self> {
        let makers = company::store::list(tx, org, OFFERED).await?;
        let types = device_type::store::list(tx, org, OFFERED).await?;
        let models = model::store::list(tx, org, OFFERED).await?;
        let mut models: Vec<String> = models.into_iter().map(|m| m.name).collect();
        models.dedup();
        Ok(Self {
            makers: makers.into_iter().map(|c| c.name).collect(),
            types: types.into_iter().map(|t| t.name).collect(),
            models,
        })
    }
}

/// A device's fields as its form shows them.
pub(super) fn of(device: &Device, known: &super::known::Known) -> Form {
    let text = |t: &Option<String>| t.clone().unwrap_or_default();
    let mut pairs = vec![
        ("tag", device.tag.clone()),
        ("serial", text(&device.serial)),
        ("udi", text(&device.udi)),
        ("maker", known.company.clone()),
        ("model", known.model.clone()),
        ("type", known.type_name.clone()),
        ("risk", device.risk.map_or("", RiskLevel::code).to_owned()),
        ("risk_reason", text(&device.risk_reason)),
        ("strategy", device.strategy.map_or("", Strategy::code).to_owned()),
        ("tenure", device.tenure.code().to_owned()),
        ("agreement", text(&device.agreement)),
        ("agreement_ends_on", device.agreement_ends_on.map(|d| d.to_string()).unwrap_or_default()),
        ("acquired_on", device.acquired_on.map(|d| d.to_string()).unwrap_or_default()),
        ("price", device.price.map(Money::plain).unwrap_or_default()),
        ("notes", text(&device.notes)),
    ];
    if device.serial_less {
        pairs.push(("serial_less", "yes".to_owned()));
    }
    let pairs: Vec<(&str, &str)> = pairs.iter().map(|(name, value)| (*name, value.as_str())).collect();
    Form::from_pairs(&pairs)
}

/// Reads the fields. The model is found by maker and name, or recorded where the person may.
///
/// # Errors
/// As the database; what was typed wrong goes to `errors`.
pub(super) async fn read(
    tx: &mut Tx,
    who: &Actor,
    form: &Form,
    currency: Currency,
    errors: &mut Vec<FieldError>,
) -> Result<Option<Edit>> {
    let before = errors.len();
    let fault = |errors: &mut Vec<FieldError>, field: &'static str, message: String| {
        errors.push(FieldError { field: field.into(), message });
    };
    let tag = Tag::parse(form.text("tag")).map_err(|e| fault(errors, "tag", e.to_string())).ok();
    let serial = match form.some("serial").map(|t| Serial::parse(&t)) {
        Some(Err(error)) => {
            fault(errors, "serial", error.to_string());
            None
        }
        read => read.and_then(Result::ok),
    };
    let price = form.some("price").and_then(|text| match Money::parse(&text, currency) {
        Ok(price) if price.minor >= 0 => Some(price),
        Ok(_) => {
            fault(errors, "price", "A price is zero or more.".to_owned());
            None
        }
        Err(error) => {
            fault(errors, "price", format!("{error}."));
            None
        }
    });
    let acquired_on = form.day("acquired_on", errors);
    let agreement_ends_on = form.day("agreement_ends_on", errors);
    let risk = form.parse("risk", "a risk level", errors);
    let strategy = form.parse("strategy", "a maintenance strategy", errors);
    let tenure = form.parse("tenure", "a tenure", errors).unwrap_or(Tenure::Owned);
    let model = model_of(tx, who, form, errors).await?;
    let (Some(tag), Some(model)) = (tag, model) else { return Ok(None) };
    if errors.len() > before {
        return Ok(None);
    }
    Ok(Some(Edit {
        tag,
        serial,
        serial_less: form.ticked("serial_less"),
        udi: form.some("udi"),
        model,
        risk,
        risk_reason: form.some("risk_reason"),
        strategy,
        tenure,
        agreement: form.some("agreement"),
        agreement_ends_on,
        acquired_on,
        price,
        notes: form.some("notes"),
    }))
}

async fn model_of(
    tx: &mut Tx,
    who: &Actor,
    form: &Form,
    errors: &mut Vec<FieldError>,
) -> Result<Option<ModelId>> {
    let maker = form.need("maker", "The maker", errors);
    let name = form.need("model", "The model", errors);
    if maker.is_empty() || name.is_empty() {
        return Ok(None);
    }
    match model::actions::find_or_add(tx, who, &maker, form.text("type"), &name).await {
        Ok(id) => Ok(Some(id)),
        Err(kernel::Problem::Invalid { fields }) => {
            errors.extend(fields);
            Ok(None)
        }
        Err(other) => Err(other),
    }
}

/// What the device is: tag, serial, maker, model, type.
pub(super) fn identity(form: &Form, faults: &Faults, known: &Known) -> Markup {
    let text =
        |name: &str, label: &str| Field::text(name, label).value(form.text(name)).error(faults.at(name));
    fieldset(
        "Identity",
        None,
        &html! {
            (text("tag", "Asset tag").identifier().required().width(Width::Medium))
            (text("serial", "Serial").identifier().width(Width::Medium).hint("From the nameplate."))
            (Field::checkbox("serial_less", "The maker gave it no serial number").value("yes")
                .checked(form.ticked("serial_less")).error(faults.at("serial_less")))
            (text("udi", "UDI").identifier().optional("optional").hint("As scanned, whole."))
            (suggesting(&text("maker", "Maker").required().autocomplete("off"), "maker", &known.makers))
            (suggesting(&text("model", "Model").required().autocomplete("off"), "model", &known.models))
            (suggesting(
                &text("type", "Type").autocomplete("off").hint("What it is, whoever makes it. Needed for a new model only."),
                "type",
                &known.types,
            ))
        },
    )
}

/// How it is kept in order, and whose it is.
pub(super) fn care(form: &Form, faults: &Faults, currency: Currency) -> Markup {
    let text =
        |name: &str, label: &str| Field::text(name, label).value(form.text(name)).error(faults.at(name));
    let select = |name: &str, label: &str, none: &str, all: Vec<(&str, &str)>| {
        let mut choices = vec![Choice::new("", none)];
        choices.extend(all.into_iter().map(|(code, words)| Choice::new(code, words)));
        Field::select(name, label, choices).value(form.text(name)).error(faults.at(name))
    };
    let tenures = Tenure::ALL.iter().map(|t| Choice::new(t.code(), t.on_page())).collect();
    let tenure = form.some("tenure").unwrap_or_else(|| Tenure::Owned.code().to_owned());
    html! {
        (fieldset("Care", None, &html! {
            (select("strategy", "Maintenance strategy", "Not decided yet",
                Strategy::ALL.iter().map(|s| (s.code(), s.on_page())).collect()))
            (select("risk", "Risk level of its own", "That of its type",
                RiskLevel::ALL.iter().map(|r| (r.code(), r.on_page())).collect()))
            (text("risk_reason", "Why it differs from its type").optional("only with a risk level of its own"))
        }))
        (fieldset("Ownership", None, &html! {
            (Field::radio("tenure", "Whose is it?", tenures).value(tenure).error(faults.at("tenure")))
            (text("agreement", "Agreement").optional("unless owned").width(Width::Medium))
            (Field::date("agreement_ends_on", "Last day of the agreement").value(form.text("agreement_ends_on"))
                .optional("unless owned").error(faults.at("agreement_ends_on")))
            (Field::date("acquired_on", "Acquired on").value(form.text("acquired_on"))
                .optional("optional").error(faults.at("acquired_on")))
            (Field::number("price", "Price").value(form.text("price")).suffix(currency.as_str())
                .optional("optional").error(faults.at("price")))
            (Field::area("notes", "Notes", 3).value(form.text("notes")).optional("optional").error(faults.at("notes")))
        }))
    }
}
