//! What the sites of a health system are called. The towns are invented.

/// The sites of the pictures.
const KNOWN: &[(&str, &str)] = &[("Northfield General", "NG"), ("St Anne’s", "SA"), ("Lakeside", "LS")];

const BEGINNINGS: &[&str] = &[
    "Alder", "Birch", "Cedar", "Elm", "Fern", "Hazel", "Iron", "Juniper", "Kestrel", "Larch", "Maple",
    "Otter", "Pine", "Quarry", "Raven", "Silver", "Thistle", "Umber", "Willow", "Yarrow",
];
const ENDS: &[&str] = &["brook", "dale", "ford", "haven", "mere", "ridge", "ton", "vale", "water", "wick"];
/// By size, in turn.
const KINDS: &[&str] = &["General", "Community Hospital", "Clinic"];

/// Name and code of a site by its number. Two hundred towns have one site each of every kind; after that a second one.
pub fn site(number: usize) -> (String, String) {
    if let Some((name, code)) = KNOWN.get(number) {
        return ((*name).to_owned(), (*code).to_owned());
    }
    let kind = KINDS[number % KINDS.len()];
    // 29 and 200 have no common divisor, so neighbours in the list have names that differ at a glance.
    let town = (number * 29) % (BEGINNINGS.len() * ENDS.len());
    let round = number / (BEGINNINGS.len() * ENDS.len() * KINDS.len());
    let (begin, end) = (BEGINNINGS[town % BEGINNINGS.len()], ENDS[town / BEGINNINGS.len()]);
    let again = if round == 0 { String::new() } else { format!(" {}", round + 1) };
    (format!("{begin}{end} {kind}{again}"), format!("N{number:03}"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    #[test]
    fn every_site_has_a_name_and_a_code_of_its_own() {
        let sites: Vec<_> = (0..1_500).map(super::site).collect();
        assert_eq!(sites.iter().map(|s| kernel::fold(&s.0)).collect::<BTreeSet<_>>().len(), sites.len());
        assert_eq!(sites.iter().map(|s| &s.1).collect::<BTreeSet<_>>().len(), sites.len());
    }
}
