//! What a move carries: where to, when, and the evidence that its target asks for.

use kernel::{Date, Instant};
use serde::{Deserialize, Serialize};

use super::{Kind, State, Text};
use crate::{Refusal, refusal::given};

coded! {
    /// Who may sign a release from quarantine.
    pub enum SignerRole ("role of the signer") {
        /// Risk management.
        RiskManagement = "risk_management", "Risk management";
        /// Clinical engineering.
        ClinicalEngineering = "clinical_engineering", "Clinical engineering";
    }
}

coded! {
    /// Where a disposed device went.
    pub enum DisposalMethod ("method of disposal") {
        /// Given in payment for another.
        TradeIn = "trade_in", "Traded in";
        /// Sold.
        Sale = "sale", "Sold";
        /// Given away.
        Donation = "donation", "Donated";
        /// Recycled.
        Recycle = "recycle", "Recycled";
        /// Destroyed.
        Destroy = "destroy", "Destroyed";
        /// Given back to the maker.
        Return = "return", "Given back to the maker";
    }
}

/// The signature that releases a device from quarantine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Release {
    /// Who signs.
    pub name: String,
    /// In which role.
    pub role: SignerRole,
}

/// The answer to one question of disposal: done, or documented as not applicable. Both need words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Done: how, by whom, or the certificate's number.
    Done(String),
    /// Not applicable: why.
    NotApplicable(String),
}

impl Answer {
    /// What was written.
    pub fn words(&self) -> &str {
        match self {
            Self::Done(words) | Self::NotApplicable(words) => words,
        }
    }
}

/// The record of a disposal: the method, and an answer to every question that must be settled before a device
/// leaves for good. Open orders, recalls and contracts are asked by the rooms that know them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Disposal {
    /// Where it went.
    pub method: DisposalMethod,
    /// Decontaminated, with its certificate.
    pub decontaminated: Answer,
    /// Patient data determined and, where present, sanitised (NIST SP 800-88 Rev. 2; 45 CFR 164.310(d)).
    pub patient_data: Answer,
    /// Batteries, mercury, x-ray tube, sealed source handled.
    pub hazards: Answer,
    /// Radiation or laser registration closed.
    pub registration: Answer,
    /// Removed from the network and its access control.
    pub network: Answer,
    /// Entry in asset accounting made.
    pub accounting: Answer,
    /// Maker of a tracked device notified (21 CFR 821).
    pub tracked: Answer,
}

impl Disposal {
    /// The questions in words, each with its answer.
    pub fn answers(&self) -> [(&'static str, &Answer); 7] {
        [
            ("decontamination", &self.decontaminated),
            ("patient data", &self.patient_data),
            ("hazardous content", &self.hazards),
            ("radiation or laser registration", &self.registration),
            ("network removal", &self.network),
            ("asset accounting", &self.accounting),
            ("notice to the maker of a tracked device", &self.tracked),
        ]
    }
}

/// What somebody brings along with a move. Each target asks for some of it ([`needs`]); the rest is kept with the
/// event and changes nothing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Evidence {
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The budget request a planned device stands on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget_request: Option<String>,
    /// The purchase order; on receipt with its line, or why there is none (a donation, a loan).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purchase_order: Option<String>,
    /// The incident under investigation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub incident: Option<String>,
    /// Who keeps the sequestered device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custodian: Option<String>,
    /// What was preserved with it: settings, logs, accessories, disposables, or why nothing could be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preserved: Option<String>,
    /// The signature that releases it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub release: Option<Release>,
    /// The agreement it is lent under.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agreement: Option<String>,
    /// The last day of the loan.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agreement_ends_on: Option<Date>,
    /// Where it was looked for, by whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub search_note: Option<String>,
    /// Who signs a loss.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signed_by: Option<String>,
    /// When the loss was reviewed, where a committee does so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loss_reviewed_on: Option<Date>,
    /// An acceptance inspection passed at the moment of the move. It counts on moves into use only.
    #[serde(default)]
    pub inspection_passed: bool,
    /// Who inspected, or the number of the order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inspected_by: Option<String>,
    /// How it was disposed of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disposal: Option<Disposal>,
}

impl Evidence {
    /// Texts that are too long or hold what does not print.
    pub(crate) fn texts(&self) -> Vec<Refusal> {
        let release = self.release.as_ref().map(|release| &release.name);
        let mut all = vec![
            (Text::Words, "fleet.device.reason", self.reason.as_ref()),
            (Text::Words, "fleet.device.budget_request", self.budget_request.as_ref()),
            (Text::Words, "fleet.device.purchase_order", self.purchase_order.as_ref()),
            (Text::Words, "fleet.device.incident", self.incident.as_ref()),
            (Text::Words, "fleet.device.custodian", self.custodian.as_ref()),
            (Text::Words, "fleet.device.preserved", self.preserved.as_ref()),
            (Text::Words, "fleet.device.release", release),
            (Text::Agreement, "fleet.device.agreement", self.agreement.as_ref()),
            (Text::Words, "fleet.device.search_note", self.search_note.as_ref()),
            (Text::Words, "fleet.device.signature", self.signed_by.as_ref()),
            (Text::Words, "fleet.device.inspected_by", self.inspected_by.as_ref()),
        ];
        if let Some(disposal) = &self.disposal {
            let rules = [
                "fleet.device.decontaminated",
                "fleet.device.patient_data",
                "fleet.device.hazards",
                "fleet.device.registration",
                "fleet.device.network",
                "fleet.device.accounting",
                "fleet.device.tracked",
            ];
            let answers = disposal.answers().into_iter().map(|(_, answer)| match answer {
                Answer::Done(words) | Answer::NotApplicable(words) => words,
            });
            all.extend(rules.into_iter().zip(answers).map(|(rule, words)| (Text::Words, rule, Some(words))));
        }
        all.into_iter().filter_map(|(text, rule, words)| text.refusal(rule, words)).collect()
    }
}

/// A move somebody asks for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Move {
    /// Into which state.
    pub to: State,
    /// When it happened: valid time, not the time of recording.
    pub at: Instant,
    /// What they bring along.
    pub evidence: Evidence,
}

coded! {
    /// A piece of evidence that a move asks for: a field of its form.
    pub enum Need ("piece of evidence") {
        /// [`Evidence::reason`].
        Reason = "reason", "Reason";
        /// [`Evidence::budget_request`].
        BudgetRequest = "budget_request", "Budget request";
        /// [`Evidence::purchase_order`].
        PurchaseOrder = "purchase_order", "Purchase order";
        /// [`Evidence::purchase_order`] with its line.
        OrderLine = "order_line", "Purchase order and line";
        /// [`Evidence::incident`].
        Incident = "incident", "Incident";
        /// [`Evidence::custodian`].
        Custodian = "custodian", "Custodian";
        /// [`Evidence::preserved`].
        Preserved = "preserved", "What was preserved with it";
        /// [`Evidence::release`].
        Release = "release", "Release signature and role";
        /// [`Evidence::agreement`].
        Agreement = "agreement", "Loan agreement";
        /// [`Evidence::agreement_ends_on`].
        AgreementEndsOn = "agreement_ends_on", "Last day of the loan";
        /// [`Evidence::search_note`].
        SearchNote = "search_note", "Where it was looked for";
        /// [`Evidence::signed_by`].
        Signature = "signed_by", "Signature";
        /// [`Evidence::inspection_passed`] with [`Evidence::inspected_by`].
        Inspection = "inspection", "Passed inspection, and by whom";
        /// [`Evidence::disposal`].
        Disposal = "disposal", "Method of disposal and its answers";
    }
}

/// The evidence that entering a state asks for; `from` is `None` for a device being recorded for the first time.
///
/// A rejected device was received once already, so going back to `Received` asks for the reason and not again
/// for the order line. An inspection is asked for besides, where the device has none that is recent enough.
pub fn needs(from: Option<Kind>, to: Kind) -> &'static [Need] {
    match (from, to) {
        (_, Kind::Planned) => &[Need::BudgetRequest],
        (_, Kind::Ordered) => &[Need::PurchaseOrder],
        (Some(Kind::IncomingInspection), Kind::Received) => &[Need::Reason],
        (_, Kind::Received) => &[Need::OrderLine],
        (Some(Kind::Quarantined), Kind::OutOfService) => &[Need::Release, Need::Reason],
        (_, Kind::OutOfService | Kind::PendingDisposal | Kind::Returned) => &[Need::Reason],
        (_, Kind::LoanedOut) => &[Need::Agreement, Need::AgreementEndsOn],
        (_, Kind::NotLocated) => &[Need::SearchNote],
        (_, Kind::Quarantined) => &[Need::Incident, Need::Custodian, Need::Preserved],
        (Some(Kind::NotLocated), Kind::Retired) => &[Need::Signature],
        (_, Kind::Retired) => &[Need::Disposal],
        (_, Kind::IncomingInspection | Kind::InService | Kind::Cancelled) => &[],
    }
}

impl Need {
    /// What is missing, if the evidence does not meet this need. `day` is the civil day of the move.
    pub(crate) fn unmet(self, evidence: &Evidence, day: Date) -> Option<Refusal> {
        let met = match self {
            Self::Reason => given(evidence.reason.as_ref()),
            Self::BudgetRequest => given(evidence.budget_request.as_ref()),
            Self::PurchaseOrder | Self::OrderLine => given(evidence.purchase_order.as_ref()),
            Self::Incident => given(evidence.incident.as_ref()),
            Self::Custodian => given(evidence.custodian.as_ref()),
            Self::Preserved => given(evidence.preserved.as_ref()),
            Self::Release => evidence.release.as_ref().is_some_and(|r| !r.name.trim().is_empty()),
            Self::Agreement => given(evidence.agreement.as_ref()),
            Self::AgreementEndsOn => evidence.agreement_ends_on.is_some_and(|end| end >= day),
            Self::SearchNote => given(evidence.search_note.as_ref()),
            Self::Signature => given(evidence.signed_by.as_ref()),
            Self::Inspection => evidence.inspection_passed && given(evidence.inspected_by.as_ref()),
            Self::Disposal => return unsettled(evidence.disposal.as_ref()),
        };
        (!met).then(|| self.refusal())
    }

    fn refusal(self) -> Refusal {
        Refusal::new(self.rule(), self.message(), self.remedy())
    }

    /// The stable code of the rule that asks for it.
    const fn rule(self) -> &'static str {
        match self {
            Self::Reason => "fleet.device.reason",
            Self::BudgetRequest => "fleet.device.budget_request",
            Self::PurchaseOrder => "fleet.device.purchase_order",
            Self::OrderLine => "fleet.device.order_line",
            Self::Incident => "fleet.device.incident",
            Self::Custodian => "fleet.device.custodian",
            Self::Preserved => "fleet.device.preserved",
            Self::Release => "fleet.device.release",
            Self::Agreement => "fleet.device.agreement",
            Self::AgreementEndsOn => "fleet.device.agreement_ends_on",
            Self::SearchNote => "fleet.device.search_note",
            Self::Signature => "fleet.device.signature",
            Self::Inspection => "fleet.device.inspection",
            Self::Disposal => "fleet.device.disposal",
        }
    }

    /// What the rule is.
    const fn message(self) -> &'static str {
        match self {
            Self::Reason => "This move needs a reason.",
            Self::BudgetRequest => "A planned device stands on a budget request.",
            Self::PurchaseOrder => "An ordered device stands on a purchase order.",
            Self::OrderLine => "A received device is matched to a line of its purchase order.",
            Self::Incident => "A device is kept for investigation because of an incident.",
            Self::Custodian => "A device kept for investigation is in somebody’s custody.",
            Self::Preserved => "Settings and accessories are evidence and are preserved with the device.",
            Self::Release => "A device leaves an investigation only by a signed release.",
            Self::Agreement => "A device is lent under an agreement.",
            Self::AgreementEndsOn => "A loan has a last day, not before the day it begins.",
            Self::SearchNote => "A device is not located only after it was looked for.",
            Self::Signature => "Writing a device off as lost needs a signature.",
            Self::Inspection => "It has no inspection passed since it was last received, found or released.",
            Self::Disposal => "A device is retired with a record of its disposal.",
        }
    }

    /// What would satisfy it.
    const fn remedy(self) -> &'static str {
        match self {
            Self::Reason => "Write why, in a few words.",
            Self::BudgetRequest => "Give the number of the budget request.",
            Self::PurchaseOrder => "Give the number of the purchase order.",
            Self::OrderLine => {
                "Give the order and line, or write why there is none, such as a donation or a loan."
            }
            Self::Incident => "Give the number of the incident report.",
            Self::Custodian => "Name the person who keeps it.",
            Self::Preserved => "Write what was preserved with it, or why nothing could be.",
            Self::Release => "Have risk management or clinical engineering sign with name and role.",
            Self::Agreement => "Give the number or name of the loan agreement.",
            Self::AgreementEndsOn => "Give the last day of the loan.",
            Self::SearchNote => "Write where it was looked for and by whom.",
            Self::Signature => "Name the person who signs the loss.",
            Self::Inspection => "Inspect it and record the passed inspection with who did it.",
            Self::Disposal => {
                "Give the method and answer every question of disposal, or write why it does not apply."
            }
        }
    }
}

/// What is missing from the record of disposal: all of it, or the answers without words.
fn unsettled(disposal: Option<&Disposal>) -> Option<Refusal> {
    let Some(disposal) = disposal else {
        return Some(Need::Disposal.refusal());
    };
    let open: Vec<&str> = disposal
        .answers()
        .into_iter()
        .filter(|(_, answer)| answer.words().trim().is_empty())
        .map(|(question, _)| question)
        .collect();
    (!open.is_empty()).then(|| {
        Refusal::new(
            "fleet.device.disposal_answer",
            format!("The record of disposal does not answer: {}.", open.join(", ")),
            "Write for each what was done, or why it does not apply.",
        )
    })
}
