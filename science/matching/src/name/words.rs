//! The words of a name, without those that say nothing about whose it is.

use crate::text;

/// Legal forms, folded.
const FORMS: &[&str] = &[
    "inc",
    "incorporated",
    "llc",
    "llp",
    "lp",
    "ltd",
    "limited",
    "ltda",
    "limitada",
    "lda",
    "corp",
    "corporation",
    "corporate",
    "co",
    "company",
    "cie",
    "gmbh",
    "mbh",
    "kg",
    "kgaa",
    "ohg",
    "ug",
    "ag",
    "se",
    "sa",
    "sas",
    "sarl",
    "srl",
    "sapa",
    "spa",
    "bv",
    "nv",
    "ab",
    "oy",
    "oyj",
    "as",
    "aps",
    "plc",
    "pty",
    "pte",
    "pvt",
    "sdn",
    "bhd",
    "kk",
    "cv",
    "eirl",
    "eireli",
    "ooo",
    "zao",
    "sl",
    "slu",
    "sro",
    "doo",
    "dd",
    "zrt",
    "kft",
    "ev",
    "sasu",
    "snc",
    "sociedad",
    "societe",
    "anonima",
    "anonyme",
    "aktiengesellschaft",
    "gesellschaft",
    "publ",
    "kabushiki",
    "kaisha",
    "group",
    "holding",
    "holdings",
];

/// Words that hold others together, and single letters, folded.
const SMALL: &[&str] = &[
    "de", "do", "da", "dos", "das", "del", "la", "le", "les", "et", "e", "y", "und", "u", "the", "of", "and",
    "der", "die", "di", "con", "en", "para", "in", "by", "for", "a", "b", "c", "d", "l", "n", "o", "p", "r",
    "s", "v",
];

/// What very many companies of the trade call themselves, folded.
const GENERAL: &[&str] = &[
    "medical",
    "medicals",
    "medica",
    "medico",
    "medicas",
    "medicos",
    "medizintechnik",
    "medizinische",
    "medtech",
    "med",
    "healthcare",
    "health",
    "care",
    "system",
    "systems",
    "sistemas",
    "product",
    "products",
    "produtos",
    "productos",
    "device",
    "devices",
    "technology",
    "technologies",
    "tecnologia",
    "industry",
    "industries",
    "industria",
    "industrias",
    "industrial",
    "comercio",
    "comercial",
    "com",
    "serv",
    "servicos",
    "servicios",
    "equipamentos",
    "equipos",
    "hospitalar",
    "hospitalares",
    "hospital",
    "laboratories",
    "laboratory",
    "laboratorio",
    "laboratorios",
    "laboratoires",
    "labs",
    "lab",
    "surgical",
    "surgery",
    "instruments",
    "instrument",
    "instrumentos",
    "diagnostics",
    "diagnostic",
    "diagnosticos",
    "diagnostica",
    "manufacturing",
    "manufacture",
    "manufacturer",
    "services",
    "service",
    "solutions",
    "pharmaceutical",
    "pharmaceuticals",
    "pharma",
    "farmaceutica",
    "biomedical",
    "biomedica",
    "bio",
    "biotech",
    "scientific",
    "science",
    "sciences",
    "division",
    "business",
    "unit",
    "operations",
    "trading",
    "distribution",
    "distribuidora",
    "import",
    "importacao",
    "importadora",
    "imp",
    "exp",
    "export",
    "exportacao",
    "marketing",
    "sales",
    "sucursal",
    "branch",
    "plant",
    "factory",
    "production",
    "research",
    "development",
    "engineering",
    "electronics",
    "electronic",
    "enterprises",
    "enterprise",
    "ventures",
    "partners",
    "investments",
    "domicilio",
    "sys",
];

/// Places that stand in names, folded.
const PLACES: &[&str] = &[
    "usa",
    "us",
    "america",
    "united",
    "states",
    "kingdom",
    "uk",
    "europe",
    "european",
    "euro",
    "deutschland",
    "germany",
    "german",
    "alemania",
    "brasil",
    "brazil",
    "brazilia",
    "brasileira",
    "colombia",
    "peru",
    "mexico",
    "chile",
    "argentina",
    "espana",
    "spain",
    "iberica",
    "france",
    "francia",
    "italia",
    "italy",
    "japan",
    "china",
    "chinese",
    "shanghai",
    "beijing",
    "shenzhen",
    "suzhou",
    "hangzhou",
    "hong",
    "kong",
    "hk",
    "korea",
    "india",
    "taiwan",
    "singapore",
    "malaysia",
    "thailand",
    "ireland",
    "irlanda",
    "netherlands",
    "nederland",
    "holland",
    "holanda",
    "belgium",
    "switzerland",
    "suisse",
    "schweiz",
    "suiza",
    "austria",
    "sweden",
    "svenska",
    "norge",
    "norway",
    "denmark",
    "danmark",
    "finland",
    "canada",
    "australia",
    "australasia",
    "zealand",
    "asia",
    "pacific",
    "africa",
    "israel",
    "turkey",
    "puerto",
    "rico",
    "costa",
    "dominican",
    "republic",
    "czech",
    "poland",
    "polska",
    "hungary",
    "russia",
    "scandinavia",
    "nordic",
    "latin",
    "north",
    "south",
    "east",
    "west",
    "unidos",
    "estados",
    "reino",
    "unido",
    "emea",
    "cayman",
    "guernsey",
    "international",
    "internacional",
    "intl",
    "global",
    "worldwide",
];

/// How much a word says about whose name it is, before any register is looked at.
pub(crate) fn telling(word: &str) -> f64 {
    if PLACES.contains(&word) {
        0.08
    } else if GENERAL.contains(&word) {
        0.20
    } else {
        1.0
    }
}

/// All words: small letters without accents, letters with full stops between them as one word, “&” left out.
pub(super) fn all(text: &str) -> Vec<String> {
    let folded = text::folded(text);
    let mut words: Vec<String> = Vec::new();
    let mut initials = false;
    for piece in folded.split(|c: char| c.is_whitespace() || "&,;:/()[]\"+-–—_*".contains(c)) {
        for word in piece.split_inclusive('.') {
            let letters: String = word.chars().filter(|c| c.is_alphanumeric()).collect();
            if letters.is_empty() {
                continue;
            }
            let initial = word.ends_with('.') && letters.chars().count() == 1;
            match words.last_mut().filter(|_| initials && letters.chars().count() == 1) {
                Some(before) => before.push_str(&letters),
                None => words.push(letters),
            }
            initials = initial;
        }
    }
    words
}

/// The words that tell names apart; all of them where there are no others.
pub(super) fn telling_ones(text: &str) -> Vec<String> {
    let words = all(text);
    let kept: Vec<String> = words
        .iter()
        .filter(|word| !FORMS.contains(&word.as_str()) && !SMALL.contains(&word.as_str()))
        .cloned()
        .collect();
    if kept.is_empty() { words } else { kept }
}

/// The words that tell whose name it is, each once; all words where there are none such. Names with the same are one
/// company’s, unless a person says otherwise.
pub(crate) fn core(text: &str) -> Vec<String> {
    let words = telling_ones(text);
    let mut own: Vec<String> = words.iter().filter(|word| telling(word) >= 1.0).cloned().collect();
    if own.is_empty() {
        own = words;
    }
    own.sort_unstable();
    own.dedup();
    own
}

/// Whether two names are the same but for case, accents, marks and legal forms.
pub fn same(one: &str, other: &str) -> bool {
    telling_ones(one) == telling_ones(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_marks_and_accents_are_no_part_of_a_name() {
        for (text, wanted) in [
            ("B. Braun Melsungen AG", "braun melsungen"),
            ("Fresenius Kabi AG & Co. KGaA", "fresenius kabi"),
            ("Dixtal Biomédica Indústria e Comércio Ltda.", "dixtal biomedica industria comercio"),
            ("S.A.S. Vygon", "vygon"),
            ("G.E. Medical", "ge medical"),
            ("Becton, Dickinson and Company", "becton dickinson"),
            ("3M Company", "3m"),
            ("Limited", "limited"),
            ("Lærdal", "lærdal"),
            ("Kabushiki Kaisha Topcon", "topcon"),
            ("Dräger/Medical GmbH+Co.KG", "drager medical"),
        ] {
            assert_eq!(telling_ones(text).join(" "), wanted, "{text}");
        }
    }
}
