//! The lifecycle of a device as data: its states and the moves between them.
//!
//! **Invariant:** [`TRANSITIONS`] is the only place that says which moves exist. `InService` is entered only from
//! `IncomingInspection`, `OutOfService` and `LoanedOut`, never straight from `Received`, `NotLocated` or
//! `Quarantined`: a device that was delivered, lost or kept after an incident is checked before it is used again.

use super::PmClock;

coded! {
    /// A lifecycle state without its detail: the rows and columns of the table of moves.
    pub enum Kind ("device state") {
        /// Wanted, with a budget request.
        Planned = "planned", "Planned";
        /// Ordered from a vendor.
        Ordered = "ordered", "Ordered";
        /// Delivered, not yet looked at.
        Received = "received", "Received";
        /// Being checked before first use, or after having been found.
        IncomingInspection = "incoming_inspection", "Incoming inspection";
        /// May be used on patients.
        InService = "in_service", "In service";
        /// Not in use, will return.
        OutOfService = "out_of_service", "Out of service";
        /// Somebody else has it.
        LoanedOut = "loaned_out", "On loan";
        /// Looked for by policy, not found.
        NotLocated = "not_located", "Not located";
        /// Sequestered after an incident.
        Quarantined = "quarantined", "Do not use, kept for investigation";
        /// Leaving the hospital.
        PendingDisposal = "pending_disposal", "Being disposed";
        /// Gone for good; kept in history.
        Retired = "retired", "Retired";
        /// Went back to the vendor, the lender or the renter.
        Returned = "returned", "Returned";
        /// Never arrived.
        Cancelled = "cancelled", "Cancelled";
    }
}

coded! {
    /// Why a device is out of service.
    pub enum OutFor ("reason for being out of service") {
        /// Broken or being worked on.
        Repair = "repair", "In repair";
        /// A spare on the shelf, ready to go.
        Stored = "stored", "Spare";
        /// Put away for a part of the year.
        Seasonal = "seasonal", "Stored";
    }
}

/// The state a device is in. Exactly one at any instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each variant is documented at the Kind of the same name")]
pub enum State {
    Planned,
    Ordered,
    Received,
    IncomingInspection,
    InService,
    OutOfService(OutFor),
    LoanedOut,
    NotLocated,
    Quarantined,
    PendingDisposal,
    Retired,
    Returned,
    Cancelled,
}

serde_by_code!(State);

impl State {
    /// Every state, each reason for being out of service by itself.
    pub const ALL: &'static [Self] = &[
        Self::Planned,
        Self::Ordered,
        Self::Received,
        Self::IncomingInspection,
        Self::InService,
        Self::OutOfService(OutFor::Repair),
        Self::OutOfService(OutFor::Stored),
        Self::OutOfService(OutFor::Seasonal),
        Self::LoanedOut,
        Self::NotLocated,
        Self::Quarantined,
        Self::PendingDisposal,
        Self::Retired,
        Self::Returned,
        Self::Cancelled,
    ];
    const WHAT: &'static str = "device state";

    /// The state without its detail.
    pub const fn kind(self) -> Kind {
        match self {
            Self::Planned => Kind::Planned,
            Self::Ordered => Kind::Ordered,
            Self::Received => Kind::Received,
            Self::IncomingInspection => Kind::IncomingInspection,
            Self::InService => Kind::InService,
            Self::OutOfService(_) => Kind::OutOfService,
            Self::LoanedOut => Kind::LoanedOut,
            Self::NotLocated => Kind::NotLocated,
            Self::Quarantined => Kind::Quarantined,
            Self::PendingDisposal => Kind::PendingDisposal,
            Self::Retired => Kind::Retired,
            Self::Returned => Kind::Returned,
            Self::Cancelled => Kind::Cancelled,
        }
    }

    /// The stable code. Out of service carries its reason: `out_of_service_repair`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::OutOfService(OutFor::Repair) => "out_of_service_repair",
            Self::OutOfService(OutFor::Stored) => "out_of_service_stored",
            Self::OutOfService(OutFor::Seasonal) => "out_of_service_seasonal",
            other => other.kind().code(),
        }
    }

    /// The words on the page.
    pub const fn on_page(self) -> &'static str {
        match self {
            Self::OutOfService(why) => why.on_page(),
            other => other.kind().on_page(),
        }
    }

    /// Whether a device in this state is on the inventory; see [`Kind::in_inventory`].
    pub const fn in_inventory(self) -> bool {
        self.kind().in_inventory()
    }

    /// What the PM clock does, as far as the state alone decides it; [`super::Device::pm_clock`] knows more.
    ///
    /// Out of service, the clock runs only while the device can return to use without a check: a spare can, a
    /// device in repair or put away for a season cannot.
    pub const fn pm_clock(self) -> PmClock {
        match self {
            Self::Planned | Self::Ordered | Self::Received | Self::IncomingInspection | Self::Cancelled => {
                PmClock::None
            }
            Self::InService | Self::LoanedOut | Self::NotLocated => PmClock::Runs,
            Self::OutOfService(OutFor::Stored) => PmClock::Runs,
            Self::OutOfService(OutFor::Repair | OutFor::Seasonal) => PmClock::Paused,
            Self::Quarantined => PmClock::Frozen,
            Self::PendingDisposal | Self::Retired | Self::Returned => PmClock::Stopped,
        }
    }
}

impl Kind {
    /// Whether devices in this state are on the inventory: everything in the house, whoever owns it (CMS expects
    /// leased and loaned equipment too), from delivery until it has left for good.
    pub const fn in_inventory(self) -> bool {
        !matches!(self, Self::Planned | Self::Ordered | Self::Retired | Self::Returned | Self::Cancelled)
    }

    /// Whether nothing follows.
    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::Retired | Self::Returned | Self::Cancelled)
    }
}

/// One legal move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transition {
    /// From which state.
    pub from: Kind,
    /// Into which state.
    pub to: Kind,
    /// The verb, stable: the last word of the event and of the address that posts it.
    pub verb: &'static str,
    /// The words on the button.
    pub name: &'static str,
}

const fn t(from: Kind, to: Kind, verb: &'static str, name: &'static str) -> Transition {
    Transition { from, to, verb, name }
}

/// Every legal move, in the order a page offers them.
///
/// `Quarantined` to `NotLocated` is left out on purpose: a device kept for an investigation leaves quarantine only
/// by signed release, and a custodian who cannot find it has an incident, not a search. From `OutOfService` to
/// `Returned` additionally needs a tenure other than owned; a device on loan is taken back before it is returned.
pub const TRANSITIONS: &[Transition] = &[
    t(Kind::Planned, Kind::Ordered, "order", "Order"),
    t(Kind::Ordered, Kind::Received, "receive", "Receive"),
    t(Kind::Planned, Kind::Cancelled, "cancel", "Cancel"),
    t(Kind::Ordered, Kind::Cancelled, "cancel", "Cancel"),
    t(Kind::Received, Kind::IncomingInspection, "inspect", "Start incoming inspection"),
    t(Kind::IncomingInspection, Kind::InService, "accept", "Accept for use"),
    t(Kind::IncomingInspection, Kind::Received, "reject", "Reject, for return to the vendor"),
    t(Kind::InService, Kind::OutOfService, "withdraw", "Take out of service"),
    t(Kind::OutOfService, Kind::InService, "restore", "Return to service"),
    t(Kind::OutOfService, Kind::OutOfService, "change_reason", "Change why it is out of service"),
    t(Kind::InService, Kind::LoanedOut, "lend", "Lend"),
    t(Kind::OutOfService, Kind::LoanedOut, "lend", "Lend"),
    t(Kind::LoanedOut, Kind::InService, "take_back", "Take back into service"),
    t(Kind::LoanedOut, Kind::OutOfService, "take_back", "Take back, out of service"),
    t(Kind::Received, Kind::NotLocated, "report_not_located", "Report not located"),
    t(Kind::IncomingInspection, Kind::NotLocated, "report_not_located", "Report not located"),
    t(Kind::InService, Kind::NotLocated, "report_not_located", "Report not located"),
    t(Kind::OutOfService, Kind::NotLocated, "report_not_located", "Report not located"),
    t(Kind::LoanedOut, Kind::NotLocated, "report_not_located", "Report not located"),
    t(Kind::PendingDisposal, Kind::NotLocated, "report_not_located", "Report not located"),
    t(Kind::NotLocated, Kind::IncomingInspection, "find", "Found, inspect before use"),
    t(Kind::NotLocated, Kind::Retired, "write_off", "Write off as lost"),
    t(Kind::Received, Kind::Quarantined, "quarantine", "Keep for investigation"),
    t(Kind::IncomingInspection, Kind::Quarantined, "quarantine", "Keep for investigation"),
    t(Kind::InService, Kind::Quarantined, "quarantine", "Keep for investigation"),
    t(Kind::OutOfService, Kind::Quarantined, "quarantine", "Keep for investigation"),
    t(Kind::LoanedOut, Kind::Quarantined, "quarantine", "Keep for investigation"),
    t(Kind::NotLocated, Kind::Quarantined, "quarantine", "Keep for investigation"),
    t(Kind::PendingDisposal, Kind::Quarantined, "quarantine", "Keep for investigation"),
    t(Kind::Quarantined, Kind::OutOfService, "release", "Release from investigation"),
    t(Kind::OutOfService, Kind::PendingDisposal, "dispose", "Start disposal"),
    t(Kind::IncomingInspection, Kind::PendingDisposal, "dispose", "Start disposal"),
    t(Kind::PendingDisposal, Kind::Retired, "retire", "Retire"),
    t(Kind::Received, Kind::Returned, "return", "Return to its owner or vendor"),
    t(Kind::IncomingInspection, Kind::Returned, "return", "Return to its owner or vendor"),
    t(Kind::OutOfService, Kind::Returned, "return", "Return to its owner or vendor"),
];

impl Transition {
    /// The legal move between two states, if there is one.
    pub fn find(from: Kind, to: Kind) -> Option<&'static Self> {
        TRANSITIONS.iter().find(|t| t.from == from && t.to == to)
    }

    /// The legal moves out of a state.
    pub fn from(kind: Kind) -> impl Iterator<Item = &'static Self> {
        TRANSITIONS.iter().filter(move |t| t.from == kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn codes_are_distinct_and_read_back() {
        let codes: BTreeSet<&str> = State::ALL.iter().map(|s| s.code()).collect();
        assert_eq!(codes.len(), State::ALL.len());
        for state in State::ALL {
            assert_eq!(state.code().parse::<State>().as_ref(), Ok(state));
            let json = serde_json::to_string(state).unwrap();
            assert_eq!(&serde_json::from_str::<State>(&json).unwrap(), state);
        }
        let error = "lost".parse::<State>().unwrap_err();
        assert!(error.to_string().starts_with("“lost” is not a device state; write one of planned, "));
    }

    #[test]
    fn pages_use_the_words_of_the_house() {
        let words: Vec<&str> = State::ALL.iter().map(|s| s.on_page()).collect();
        assert_eq!(
            words,
            [
                "Planned",
                "Ordered",
                "Received",
                "Incoming inspection",
                "In service",
                "In repair",
                "Spare",
                "Stored",
                "On loan",
                "Not located",
                "Do not use, kept for investigation",
                "Being disposed",
                "Retired",
                "Returned",
                "Cancelled",
            ]
        );
    }

    #[test]
    fn every_kind_has_a_state_and_no_move_is_listed_twice() {
        let kinds: BTreeSet<Kind> = State::ALL.iter().map(|s| s.kind()).collect();
        assert_eq!(kinds.len(), Kind::ALL.len());
        let pairs: BTreeSet<(Kind, Kind)> = TRANSITIONS.iter().map(|t| (t.from, t.to)).collect();
        assert_eq!(pairs.len(), TRANSITIONS.len());
    }
}
