//! What holds for any text and any content.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

use proptest::prelude::*;
use udi::{
    Agency, Date, Udi, check,
    gs1::{self, Rules},
    parse,
};

/// A valid day, or a month without one.
fn date() -> impl Strategy<Value = Date> {
    (2000_u16..2060, 1_u8..=12, prop::option::of(1_u8..=28)).prop_map(|(year, month, day)| Date {
        year,
        month,
        day,
        hour: None,
        minute: None,
    })
}

fn text_of(set: &'static [u8]) -> impl Strategy<Value = String> {
    let one = prop::sample::select(set).prop_map(char::from);
    prop::collection::vec(one, 1..=18).prop_map(|chars| chars.into_iter().collect())
}

const HIBC_NUMBER: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-.";

prop_compose! {
    fn gs1_content()(
        item in "[0-9]{13}",
        lot in prop::option::of(text_of(check::CSET_82)),
        serial in prop::option::of(text_of(check::CSET_82)),
        expiry in prop::option::of(date()),
        manufactured in prop::option::of(date()),
    ) -> Udi {
        let digit = check::digit(&item).map(char::from).unwrap();
        Udi { di: Some(format!("{item}{digit}")), lot, serial, expiry, manufactured, ..parse("", 2026) }
    }
}

prop_compose! {
    fn hibc_content()(
        di in "[A-Z][A-Z0-9]{3}[A-Z0-9]{1,18}[0-9]",
        lot in prop::option::of(text_of(HIBC_NUMBER)),
        serial in prop::option::of(text_of(HIBC_NUMBER)),
        expiry in prop::option::of(date()),
        manufactured in prop::option::of(date().prop_filter("a day", |d| d.day.is_some())),
    ) -> Udi {
        Udi { di: Some(di), lot, serial, expiry, manufactured, ..parse("", 2026) }
    }
}

fn same(read: &Udi, meant: &Udi) -> bool {
    (&read.di, &read.lot, &read.serial, &read.expiry, &read.manufactured)
        == (&meant.di, &meant.lot, &meant.serial, &meant.expiry, &meant.manufactured)
}

proptest! {
    #[test]
    fn no_text_is_too_strange(text in any::<String>(), bytes: Vec<u8>, now in 1950_u16..2200) {
        parse(&text, now);
        parse(&String::from_utf8_lossy(&bytes), now);
    }

    #[test]
    fn nor_one_that_looks_like_a_code(text in "[\\]\\+\\$\\(\\)=&/^01723SQD0-9A-Z\u{1d} %]{0,60}") {
        parse(&text, 2026);
    }

    /// A text made of marks can be cut in more ways than anybody could look through.
    #[test]
    fn nor_one_that_can_be_read_in_very_many_ways(
        marks in prop::collection::vec(prop::sample::select(&["10", "21", "240", "241", "250", "30", "37", "8012", "17"][..]), 0..200),
    ) {
        prop_assert!(parse(&marks.concat(), 2026).candidates.len() <= 10);
    }

    #[test]
    fn what_is_written_is_read_in_every_form(meant in gs1_content()) {
        let elements = gs1::in_brackets(&gs1::brackets(&udi::gs1_written(&meant).unwrap()), Rules::default()).unwrap();
        for text in [
            format!("]d2{}", gs1::joined(&elements)),
            format!("^{}", gs1::joined(&elements).replace(gs1::GS, "^")),
            gs1::brackets(&elements),
            gs1::link("https://id.gs1.org", &elements).unwrap(),
        ] {
            let read = parse(&text, 2026);
            prop_assert!(read.ok && read.agency == Some(Agency::Gs1) && same(&read, &meant), "{text}: {read:?}");
        }
    }

    /// Where a scanner drops the separators, nothing is guessed, and the right reading is among those that are told.
    #[test]
    fn without_separators_nothing_is_guessed(
        meant in gs1_content(),
        lot in "[A-Z0-9]{1,8}",
        serial in "[A-Z0-9]{1,8}",
    ) {
        let meant = Udi { lot: Some(lot), serial: Some(serial), ..meant };
        let elements = udi::gs1_written(&meant).unwrap();
        let text = gs1::joined(&elements).replace(gs1::GS, "");
        let read = parse(&text, 2026);
        prop_assert!(same(&read, &meant) || !read.candidates.is_empty(), "{text}: {read:?}");
        prop_assert!(read.lot.is_none() || read.lot == meant.lot, "{text}: {read:?}");
        let told = read.candidates.iter().any(|one| same(one, &meant)) || read.candidates.len() == 10;
        prop_assert!(read.candidates.is_empty() || told, "{text}: {read:?}");
    }

    #[test]
    fn hibc_is_read_as_it_was_written(meant in hibc_content()) {
        let text = udi::hibc_written(&meant).unwrap();
        let read = parse(&text, 2026);
        prop_assert!(read.ok && read.agency == Some(Agency::Hibcc) && same(&read, &meant), "{text}: {read:?}");
    }

    /// One character that is another is noticed.
    #[test]
    fn a_wrong_character_of_hibc_is_noticed(meant in hibc_content(), at: prop::sample::Index, other in prop::sample::select(HIBC_NUMBER)) {
        let text = udi::hibc_written(&meant).unwrap();
        let mut bytes = text.clone().into_bytes();
        let at = at.index(bytes.len() - 1) + 1;
        prop_assume!(bytes[at] != other);
        bytes[at] = other;
        let changed = String::from_utf8(bytes).unwrap();
        prop_assert!(!parse(&changed, 2026).ok, "{text} and {changed}");
    }
}
