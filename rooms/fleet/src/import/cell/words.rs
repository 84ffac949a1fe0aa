//! Words of other systems for our closed lists.

use crate::{
    RiskLevel,
    device::{OutFor, State, Strategy, Tenure},
    import::Field,
};

/// Text that stands for no value.
pub(in crate::import) fn is_blank(text: &str) -> bool {
    let text = text.trim();
    text.is_empty()
        || is_failed_formula(text)
        || matches!(
            kernel::fold(text).as_str(),
            "null"
                | "n/a"
                | "na"
                | "n.a."
                | "-"
                | "--"
                | "---"
                | "–"
                | "—"
                | "none"
                | "unknown"
                | "?"
                | "(null)"
                | "(blank)"
                | "nil"
                | "tbd"
                | "not known"
                | "unbekannt"
                | "inconnu"
                | "desconocido"
                | "keine"
        )
}

/// What a spreadsheet program shows when a formula failed.
pub(in crate::import) fn is_failed_formula(text: &str) -> bool {
    matches!(
        text.trim().to_ascii_uppercase().as_str(),
        "#REF!"
            | "#N/A"
            | "#VALUE!"
            | "#NAME?"
            | "#DIV/0!"
            | "#NULL!"
            | "#NUM!"
            | "#BEZUG!"
            | "#NV"
            | "#WERT!"
    )
}

fn look_up<T: Copy>(text: &str, table: &[(T, &str)]) -> Option<T> {
    let text = kernel::words(text).join(" ");
    table.iter().find(|(_, words)| words.split(" | ").any(|word| word == text)).map(|(value, _)| *value)
}

/// One of our own values by its code or its words on the page. Both are plain ASCII, so they are compared as they
/// stand: this runs for every row.
fn ours<T: Copy>(
    text: &str,
    all: &[T],
    code: fn(T) -> &'static str,
    page: fn(T) -> &'static str,
) -> Option<T> {
    let text = kernel::words(text).join(" ");
    let plain = |known: &str| {
        let words = known.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty());
        let mut left = text.as_str();
        let all = words.into_iter().all(|word| match left.get(..word.len()) {
            Some(start) if start.eq_ignore_ascii_case(word) => {
                left = &left[word.len()..];
                let more = left.strip_prefix(' ');
                left = more.unwrap_or(left);
                more.is_some() || left.is_empty()
            }
            _ => false,
        });
        all && left.is_empty() && !text.is_empty()
    };
    all.iter().copied().find(|v| plain(code(*v)) || plain(page(*v)))
}

/// Words of other systems for lifecycle states, without accents.
const STATES: &[(State, &str)] = &[
    (
        State::InService,
        "active | in use | in service | deployed | operational | available | installed | ok | \
         aktiv | in betrieb | im einsatz | en service | actif | activo | en uso | en servicio | \
         working | live",
    ),
    (
        State::OutOfService(OutFor::Repair),
        "out for repair | in repair | under repair | repair | down | broken | awaiting parts | \
         out of service | oos | in shop | defective | defekt | in reparatur | en panne | \
         en réparation | en reparation | en reparacion | averiado",
    ),
    (
        State::OutOfService(OutFor::Stored),
        "spare | stored | storage | in storage | backup | reserve | inactive | lager | eingelagert | \
         en stock | almacen | en almacen | pool",
    ),
    (State::OutOfService(OutFor::Seasonal), "seasonal | seasonal storage"),
    (State::LoanedOut, "on loan | loaned | loaned out | lent | verliehen | prete | prestado"),
    (
        State::NotLocated,
        "missing | not located | not found | could not locate | unable to locate | cnl | utl | \
         lost | vermisst | introuvable | perdu | perdido | no localizado",
    ),
    (State::Quarantined, "quarantine | quarantined | sequestered | incident hold"),
    (
        State::PendingDisposal,
        "pending disposal | to be disposed | being disposed | surplus | awaiting disposal",
    ),
    (
        State::Retired,
        "retired | disposed | disposed of | scrapped | sold | decommissioned | written off | \
         junked | donated | ausgemustert | entsorgt | reforme | baja | dado de baja",
    ),
    (State::Returned, "returned | returned to vendor | rtv | zuruckgegeben | rendu | devuelto"),
    (State::IncomingInspection, "incoming | incoming inspection | awaiting inspection"),
    (State::Received, "received | delivered | geliefert | recu | recibido"),
    (State::Ordered, "ordered | on order | bestellt | commande | pedido"),
    (State::Planned, "planned | budgeted | geplant | planifie | planificado"),
    (State::Cancelled, "cancelled | canceled | storniert | annule | cancelado"),
];

/// A lifecycle state by our code, our words or those of other systems.
pub(in crate::import) fn state(text: &str) -> Option<State> {
    ours(text, State::ALL, State::code, State::on_page).or_else(|| look_up(text, STATES))
}

/// Words of other systems for risk levels.
const RISKS: &[(RiskLevel, &str)] = &[
    (RiskLevel::LifeSupport, "life support | ls | life sustaining | lebenserhaltend | critical life support"),
    (RiskLevel::High, "high | high risk | hr | hoch | eleve | haut | alto"),
    (RiskLevel::Medium, "medium | medium risk | moderate | med | mittel | moyen | medio"),
    (RiskLevel::Low, "low | low risk | minimal | niedrig | gering | faible | bas | bajo"),
];

/// A risk level.
pub(in crate::import) fn risk(text: &str) -> Option<RiskLevel> {
    ours(text, RiskLevel::ALL, RiskLevel::code, RiskLevel::on_page).or_else(|| look_up(text, RISKS))
}

/// Words of other systems for maintenance strategies.
const STRATEGIES: &[(Strategy, &str)] = &[
    (Strategy::Oem, "oem | manufacturer | mfr | manufacturer schedule | per manufacturer | hersteller"),
    (Strategy::AemPm, "aem | aem pm | aem own schedule"),
    (Strategy::AemReduced, "aem reduced | reduced"),
    (Strategy::RunToFail, "run to fail | run to failure | rtf | repair on failure | no pm"),
    (Strategy::Condition, "condition | condition based | predictive | meter | meter based"),
    (Strategy::ByLaw, "by law | regulatory | statutory | required by law"),
];

/// A maintenance strategy.
pub(in crate::import) fn strategy(text: &str) -> Option<Strategy> {
    ours(text, Strategy::ALL, Strategy::code, Strategy::on_page).or_else(|| look_up(text, STRATEGIES))
}

/// Words of other systems for whose a device is.
const TENURES: &[(Tenure, &str)] = &[
    (Tenure::Owned, "owned | own | hospital | hospital owned | purchased | eigentum | propio"),
    (Tenure::LoanIn, "loan | loan in | loaner | borrowed | consigned | leihgerat | pret"),
    (Tenure::Rental, "rental | rented | rent | lease | leased | gemietet | miete | location | alquiler"),
    (Tenure::Demo, "demo | trial | on trial | evaluation | demonstration"),
];

/// Whose a device is.
pub(in crate::import) fn tenure(text: &str) -> Option<Tenure> {
    ours(text, Tenure::ALL, Tenure::code, Tenure::on_page).or_else(|| look_up(text, TENURES))
}

/// The words of other systems for the values of a field, by their codes.
pub(in crate::import) fn others(field: Field) -> Vec<(&'static str, &'static str)> {
    fn coded<T: Copy>(
        table: &[(T, &'static str)],
        code: fn(T) -> &'static str,
    ) -> Vec<(&'static str, &'static str)> {
        table.iter().map(|(value, words)| (code(*value), *words)).collect()
    }
    match field {
        Field::State => coded(STATES, State::code),
        Field::Risk | Field::TypeRisk => coded(RISKS, RiskLevel::code),
        Field::Strategy => coded(STRATEGIES, Strategy::code),
        Field::Tenure => coded(TENURES, Tenure::code),
        _ => Vec::new(),
    }
}

/// Yes or no.
pub(in crate::import) fn yes_no(text: &str) -> Option<bool> {
    look_up(
        text,
        &[
            (true, "yes | y | true | 1 | x | ja | oui | si | t"),
            (false, "no | n | false | 0 | nein | non | f"),
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_words_and_those_of_others_are_known() {
        for value in State::ALL {
            assert_eq!(state(value.code()), Some(*value));
            assert_eq!(state(&value.on_page().to_uppercase()), Some(*value));
        }
        for value in Strategy::ALL {
            assert_eq!((strategy(value.code()), strategy(value.on_page())), (Some(*value), Some(*value)));
        }
        for (text, expected) in [
            ("Active", Some(State::InService)),
            ("IN USE", Some(State::InService)),
            ("Out for repair", Some(State::OutOfService(OutFor::Repair))),
            ("Disposed", Some(State::Retired)),
            ("Missing", Some(State::NotLocated)),
            ("Prêté", Some(State::LoanedOut)),
            ("In", None),
            ("In service now", None),
            ("", None),
        ] {
            assert_eq!(state(text), expected, "{text}");
        }
        assert_eq!((risk("HIGH"), risk("L"), risk("ls"), risk("14")), {
            (Some(RiskLevel::High), Some(RiskLevel::Low), Some(RiskLevel::LifeSupport), None)
        });
        assert_eq!(
            (tenure("Leased"), yes_no("Ja"), yes_no("maybe")),
            (Some(Tenure::Rental), Some(true), None)
        );
    }

    #[test]
    fn words_for_nothing_are_blank() {
        assert!(["", " ", "NULL", "n/a", "#REF!", "-", "None", "Unknown"].iter().all(|t| is_blank(t)));
        assert!(!is_blank("0") && !is_blank("nonesuch"));
    }
}
