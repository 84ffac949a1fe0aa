//! The table of moves against the handbook's list, written out by hand as a matrix.

use fleet::device::{Kind, PmClock, State, Transition};

/// Rows are states left, columns states entered; `x` is a legal move. Columns in the order of the rows:
/// Planned, Ordered, Received, IncomingInspection, InService, OutOfService, LoanedOut, NotLocated, Quarantined,
/// PendingDisposal, Retired, reTurned, Cancelled.
const MATRIX: [(&str, &str); 13] = [
    //                      P O R I S U L N Q D R T C
    ("planned", /*       */ ". x . . . . . . . . . . x"),
    ("ordered", /*       */ ". . x . . . . . . . . . x"),
    ("received", /*      */ ". . . x . . . x x . . x ."),
    ("incoming_inspection", ". . x . x . . x x x . x ."),
    ("in_service", /*    */ ". . . . . x x x x . . . ."),
    ("out_of_service", /**/ ". . . . x x x x x x . x ."),
    ("loaned_out", /*    */ ". . . . x x . x x . . . ."),
    ("not_located", /*   */ ". . . x . . . . x . x . ."),
    ("quarantined", /*   */ ". . . . . x . . . . . . ."),
    ("pending_disposal", /**/ ". . . . . . . x x . x . ."),
    ("retired", /*       */ ". . . . . . . . . . . . ."),
    ("returned", /*      */ ". . . . . . . . . . . . ."),
    ("cancelled", /*     */ ". . . . . . . . . . . . ."),
];

#[test]
fn the_moves_are_those_of_the_handbook_and_no_others() {
    let kinds: Vec<Kind> = MATRIX.iter().map(|(code, _)| code.parse().unwrap()).collect();
    assert_eq!(kinds.len(), Kind::ALL.len());
    let mut differences = Vec::new();
    for (from, (code, row)) in kinds.iter().zip(MATRIX) {
        let cells: Vec<&str> = row.split(' ').collect();
        assert_eq!(cells.len(), 13, "row {code}");
        for (to, cell) in kinds.iter().zip(cells) {
            let listed = Transition::find(*from, *to).is_some();
            if listed != (cell == "x") {
                differences.push(format!("{} → {}: matrix {cell}, table {listed}", from.code(), to.code()));
            }
        }
    }
    assert!(differences.is_empty(), "{differences:#?}");
}

#[test]
fn in_service_is_never_reached_from_receipt_loss_or_quarantine() {
    for from in [Kind::Received, Kind::NotLocated, Kind::Quarantined] {
        assert_eq!(Transition::find(from, Kind::InService), None);
    }
}

#[test]
fn end_states_end() {
    for kind in Kind::ALL {
        assert_eq!(Transition::from(*kind).next().is_none(), kind.is_terminal(), "{}", kind.code());
    }
}

/// Inventory (`i` or `-`) and PM clock of every state, by hand.
const CLOCKS: [(&str, char, PmClock); 15] = [
    ("planned", '-', PmClock::None),
    ("ordered", '-', PmClock::None),
    ("received", 'i', PmClock::None),
    ("incoming_inspection", 'i', PmClock::None),
    ("in_service", 'i', PmClock::Runs),
    ("out_of_service_repair", 'i', PmClock::Paused),
    ("out_of_service_stored", 'i', PmClock::Runs),
    ("out_of_service_seasonal", 'i', PmClock::Paused),
    ("loaned_out", 'i', PmClock::Runs),
    ("not_located", 'i', PmClock::Runs),
    ("quarantined", 'i', PmClock::Frozen),
    ("pending_disposal", 'i', PmClock::Stopped),
    ("retired", '-', PmClock::Stopped),
    ("returned", '-', PmClock::Stopped),
    ("cancelled", '-', PmClock::None),
];

#[test]
fn inventory_and_clock_are_those_of_the_handbook() {
    assert_eq!(CLOCKS.len(), State::ALL.len());
    for (code, inventory, clock) in CLOCKS {
        let state: State = code.parse().unwrap();
        assert_eq!(state.in_inventory(), inventory == 'i', "{code}");
        assert_eq!(state.pm_clock(), clock, "{code}");
    }
}
