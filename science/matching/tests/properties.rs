//! What holds for any register and any text.

use matching::name::{Reason, Register};
use proptest::prelude::*;

/// Names as companies have them, general words and legal forms among them.
fn name() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        "[A-Z][a-z]{2,9}",
        prop::sample::select(&["Medical", "Systems", "GmbH", "Inc.", "S.A.", "de", "&", "Healthcare"][..])
            .prop_map(str::to_owned),
    ];
    prop::collection::vec(word, 1..5).prop_map(|words| words.join(" "))
}

proptest! {
    #[test]
    fn no_text_is_too_strange(names in prop::collection::vec(any::<String>(), 0..6), text: String) {
        let found = Register::new(names.iter().enumerate()).find(&text);
        for one in &found.matches {
            prop_assert!((0.0..=1.0).contains(&one.score), "{one:?}");
        }
    }

    /// A known name leads to its company, whatever its case, signs and legal form.
    #[test]
    fn a_known_name_is_found(names in prop::collection::btree_set("[A-Z][a-z]{3,9} [A-Z][a-z]{3,9}", 1..20), at: prop::sample::Index) {
        let names: Vec<String> = names.into_iter().collect();
        let at = at.index(names.len());
        let register = Register::new(names.iter().enumerate());
        for text in [names[at].clone(), names[at].to_uppercase(), format!("{}, Inc.", names[at]), format!("  {} GmbH ", names[at])] {
            let found = register.find(&text);
            let first = found.matches.first();
            prop_assert!(first.is_some_and(|first| first.company == at && first.reason == Reason::Same), "{text}: {found:?}");
        }
    }

    /// What is found does not depend on the order in which names were told.
    #[test]
    fn order_says_nothing(names in prop::collection::vec((0_u8..6, name()), 1..12), text in name()) {
        let one = Register::new(names.clone()).find(&text);
        let other = Register::new(names.into_iter().rev()).find(&text);
        let scores = |found: &matching::name::Resolution<u8>| -> Vec<(u8, i64)> {
            let mut all: Vec<(u8, i64)> =
                found.matches.iter().map(|m| (m.company, (m.score * 1e9).round() as i64)).collect();
            all.sort_unstable();
            all
        };
        prop_assert_eq!(scores(&one), scores(&other));
    }
}
