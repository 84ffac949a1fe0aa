//! What people wrote: reasons, evidence, answers. All invented.

use fleet::device::{Answer, Disposal, DisposalMethod, Hold};

use crate::{chance::Chance, facts::Fact};

/// Why a device went into repair.
pub const FAULTS: &[&str] = &[
    "Does not switch on",
    "Battery does not hold its charge",
    "Alarm without cause",
    "Housing cracked after a fall",
    "Display has lines",
    "Fails its self-test",
    "Key does not respond",
    "Plug and cord damaged",
    "Reads outside its limits",
    "Noise from the motor",
];

/// Why a device moved.
pub const MOVES: &[&str] = &[
    "Went with the patient",
    "Short there",
    "Bays rearranged",
    "Swapped with a neighbour ward",
    "Ward request",
];

/// Why a device left.
pub const ENDS: &[&str] = &[
    "Replaced by a newer model",
    "Beyond economic repair",
    "Maker ends support",
    "No parts to be had",
    "Worn out",
];

/// Where a device was looked for.
pub const SEARCHES: &[&str] = &[
    "Home ward, store and workshop searched, staff asked twice",
    "Three rounds on the ward, discharge lounge and linen room",
    "All shelves and cupboards of the unit, neighbours asked",
];

/// Who borrows.
pub const BORROWERS: &[&str] =
    &["Harbour Hospice", "Millbrook Nursing Home", "County ambulance service", "Westlake Rehabilitation"];

/// A hold of the usual kind.
pub fn hold(chance: &mut Chance) -> Hold {
    let (reason, test) = *chance.pick(&[
        ("Leakage current over its limit", "Electrical safety test"),
        ("Annual check failed: occlusion pressure", "Occlusion pressure test"),
        ("Repair pending: battery latch", "Function test after repair"),
        ("Annual check failed: alarm volume", "Alarm test"),
    ]);
    Hold { reason: reason.to_owned(), released_by: test.to_owned() }
}

/// The record of a disposal with every question answered.
pub fn disposal(fact: &Fact, order: u32, by: &str, chance: &mut Chance) -> Disposal {
    use DisposalMethod::{Destroy, Donation, Recycle, Return, Sale, TradeIn};
    let done = |words: String| Answer::Done(words);
    let none = |words: &str| Answer::NotApplicable(words.to_owned());
    let dear = fact.price.1 >= 100_000;
    let method = if dear {
        *chance.pick(&[TradeIn, TradeIn, Sale, Return])
    } else {
        *chance.pick(&[Recycle, Recycle, Recycle, Donation, Destroy, TradeIn])
    };
    let networked = fact.connected_percent >= 50;
    let rays = matches!(fact.strategy, fleet::device::Strategy::ByLaw);
    Disposal {
        method,
        decontaminated: done(format!("Certificate D-{order}, {by}")),
        patient_data: if networked {
            done(format!("Memory purged and verified by {by} (SP 800-88, purge)"))
        } else {
            none("Holds no patient data")
        },
        hazards: if rays {
            done("X-ray tube to the licensed recycler".to_owned())
        } else {
            done("Batteries removed and recycled".to_owned())
        },
        registration: if rays {
            done(format!("Deregistered, letter R-{order}"))
        } else {
            none("No source, no laser")
        },
        network: if networked {
            done("Removed from network access control".to_owned())
        } else {
            none("Never on the network")
        },
        accounting: done(format!("Asset closed, entry A-{order}")),
        tracked: none("Not a tracked device"),
    }
}
