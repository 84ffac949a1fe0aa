//! Known names, and finding those that a text may mean.

use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    hash::Hash,
};

use super::{
    Match, Reason, Resolution,
    parts::{self, Part},
    words,
};

/// From this score on a match is taken without asking, where it is also [`LEAD`] before the next company.
pub const SURE: f64 = 0.60;
/// How far the next company must be behind.
const LEAD: f64 = 0.01;
/// Below this score a match is not told.
const POSSIBLE: f64 = 0.30;
/// Matches that are told.
const TOLD: usize = 8;
/// How alike two words must be to be read as one.
const ALIKE: f64 = 0.93;
/// Letters of a word that may be misspelt; shorter ones are other words.
const LONG: usize = 5;
/// What a further name of the company that fits as well adds, so that of two companies the one more often meant wins.
const OFTEN: f64 = 0.02;

/// Companies, each with the names by which it is known.
#[derive(Clone, Debug)]
pub struct Register<K> {
    names: Vec<Known<K>>,
    /// The names that hold a word, or two of its words written as one.
    holding: HashMap<String, Vec<u32>>,
    /// The words that hold three letters in a row.
    near: HashMap<[char; 3], Vec<String>>,
    /// Companies that have a word.
    companies: HashMap<String, usize>,
    all: usize,
}

#[derive(Clone, Debug)]
struct Known<K> {
    company: K,
    name: String,
    words: Vec<String>,
    imports: bool,
    weight: f64,
}

/// A word of a text that stands in a name, how it is read there, and how much it weighs.
type Shared = (usize, String, f64);

impl<K: Copy + Eq + Hash + Ord> Register<K> {
    /// Of names, each with the company that it means.
    pub fn new<N: AsRef<str>>(names: impl IntoIterator<Item = (K, N)>) -> Self {
        let mut register = Self {
            names: Vec::new(),
            holding: HashMap::new(),
            near: HashMap::new(),
            companies: HashMap::new(),
            all: 0,
        };
        let mut having: HashMap<String, HashSet<K>> = HashMap::new();
        let mut companies = HashSet::new();
        for (company, name) in names {
            companies.insert(company);
            for Part { text, imports } in parts::of(name.as_ref()) {
                let words = words::telling_ones(text);
                for word in &words {
                    having.entry(word.clone()).or_default().insert(company);
                }
                let name = name.as_ref().to_owned();
                register.names.push(Known { company, name, words, imports, weight: 0.0 });
            }
        }
        register.all = companies.len();
        register.companies = having.into_iter().map(|(word, of)| (word, of.len())).collect();
        register.index();
        register
    }

    fn index(&mut self) {
        let mut names = std::mem::take(&mut self.names);
        for (at, known) in names.iter_mut().enumerate() {
            let at = u32::try_from(at).unwrap_or(u32::MAX);
            known.weight = self.weigh(&known.words);
            let joined = known.words.windows(2).map(|two| two.concat());
            let each: BTreeSet<String> = known.words.iter().cloned().chain(joined).collect();
            for word in each {
                self.holding.entry(word).or_default().push(at);
            }
        }
        self.names = names;
        for word in self.companies.keys() {
            for three in threes(word) {
                self.near.entry(three).or_default().push(word.clone());
            }
        }
        // The same text is read the same way every time.
        self.near.values_mut().for_each(|words| words.sort());
    }

    /// What a word weighs: the fewer companies have it, the more.
    fn weight(&self, word: &str) -> f64 {
        let all = self.all.max(1) as f64 + 1.0;
        let having = self.companies.get(word).copied().unwrap_or(0).max(1) as f64;
        words::telling(word) * (all / (having + 0.5)).ln() / all.ln() + 0.01
    }

    fn weigh(&self, words: &[String]) -> f64 {
        let once: BTreeSet<&String> = words.iter().collect();
        once.into_iter().map(|word| self.weight(word)).sum()
    }

    /// The companies that a text may mean.
    pub fn find(&self, text: &str) -> Resolution<K> {
        self.find_without(text, |_| false)
    }

    /// The same without some of the known names; for measuring what would be found if they were not known.
    pub fn find_without(&self, text: &str, unknown: impl Fn(&str) -> bool) -> Resolution<K> {
        let mut found: BTreeMap<K, Best> = BTreeMap::new();
        let parts = parts::of(text);
        for part in &parts {
            let words = words::telling_ones(part.text);
            let weight = self.weigh(&words);
            for (at, shared) in self.sharing(&words) {
                let Some(known) = self.names.get(at as usize).filter(|known| !unknown(&known.name)) else {
                    continue;
                };
                let score = self.score((part, &words, weight), known, &shared);
                found.entry(known.company).or_default().see(score, || (at, reason(&words, known, &shared)));
            }
        }
        let mut all: Vec<(f64, Match<K>)> =
            found.into_iter().filter_map(|(key, best)| self.told(key, best)).collect();
        all.sort_by(|(a, x), (b, y)| {
            b.partial_cmp(a).unwrap_or(Ordering::Equal).then(x.company.cmp(&y.company))
        });
        let lead =
            all.first().map_or(0.0, |(first, _)| first - all.get(1).map_or(0.0, |(second, _)| *second));
        let sure = all.first().is_some_and(|(_, first)| first.score >= SURE) && lead >= LEAD;
        all.truncate(TOLD);
        Resolution { matches: all.into_iter().map(|(_, one)| one).collect(), sure }
    }

    fn told(&self, company: K, best: Best) -> Option<(f64, Match<K>)> {
        let (at, reason) = best.by?;
        let name = self.names.get(at as usize)?.name.clone();
        let rank = best.score + OFTEN * best.votes.ln_1p();
        (best.score >= POSSIBLE).then(|| (rank, Match { company, score: best.score.min(1.0), name, reason }))
    }

    /// The names that share words with others, and which.
    fn sharing(&self, words: &[String]) -> HashMap<u32, Vec<Shared>> {
        let mut sharing: HashMap<u32, Vec<Shared>> = HashMap::new();
        let mut seen = HashSet::new();
        for (n, word) in words.iter().enumerate().filter(|(_, word)| seen.insert(*word)) {
            let mut add = |at: u32, read: &str, weight: f64| {
                let shared = sharing.entry(at).or_default();
                match shared.iter_mut().find(|(m, ..)| *m == n) {
                    Some(had) if had.2 >= weight => {}
                    Some(had) => *had = (n, read.to_owned(), weight),
                    None => shared.push((n, read.to_owned(), weight)),
                }
            };
            for (read, alike) in self.read_as(word) {
                let weight = alike * self.weight(word).min(self.weight(&read));
                self.holding.get(&read).into_iter().flatten().for_each(|at| add(*at, &read, weight));
            }
            // “BioRad” for “Bio-Rad”, and the other way round.
            let next = words.get(n + 1).map(|next| format!("{word}{next}"));
            for (joined, own) in [(Some(word.clone()), false), (next, true)] {
                let Some(joined) = joined else { continue };
                let weight = if own { self.weight(word) } else { self.weight(&joined) };
                self.holding.get(&joined).into_iter().flatten().for_each(|at| add(*at, &joined, weight));
            }
        }
        sharing
    }

    /// Words of the register that a word may stand for, each with how alike it is.
    fn read_as(&self, word: &str) -> Vec<(String, f64)> {
        let mut read = Vec::new();
        if self.companies.contains_key(word) {
            read.push((word.to_owned(), 1.0));
        }
        let length = word.chars().count();
        if length < LONG {
            return read;
        }
        let mut common: HashMap<&str, usize> = HashMap::new();
        for three in threes(word) {
            for other in self.near.get(&three).into_iter().flatten() {
                *common.entry(other).or_default() += 1;
            }
        }
        let mut alike: Vec<(String, f64)> = common
            .into_iter()
            .filter(|(other, common)| {
                *common >= 2 && *other != word && other.chars().count().abs_diff(length) <= 2
            })
            .map(|(other, _)| (other, strsim::jaro_winkler(word, other)))
            .filter(|(_, alike)| *alike >= ALIKE)
            .map(|(other, alike)| (other.to_owned(), 0.95 * alike))
            .collect();
        alike.sort_by(|a, b| a.0.cmp(&b.0));
        read.extend(alike);
        read
    }

    fn score(
        &self,
        (part, words, weight): (&Part<'_>, &[String], f64),
        known: &Known<K>,
        shared: &[Shared],
    ) -> f64 {
        let common: f64 = shared.iter().map(|(.., weight)| weight).sum();
        let both = weight + known.weight;
        let least = weight.min(known.weight);
        if both <= 0.0 || least <= 0.0 {
            return 0.0;
        }
        let begins = shared.iter().any(|(n, read, _)| *n == 0 && known.words.first() == Some(read))
            && !words.is_empty();
        let dice = (2.0 * common / both).min(1.0);
        let contained = (common / least).min(1.0);
        let fits =
            0.60 * dice + 0.25 * contained * (2.0 * common).min(1.0) + 0.15 * f64::from(u8::from(begins));
        let importer = if part.imports || known.imports { 0.55 } else { 1.0 };
        fits * (0.5 + common).min(1.0) * importer
    }
}

/// The best of a company's names so far.
#[derive(Default)]
struct Best {
    score: f64,
    /// The names that fit about as well.
    votes: f64,
    by: Option<(u32, Reason)>,
}

impl Best {
    fn see(&mut self, score: f64, by: impl FnOnce() -> (u32, Reason)) {
        self.votes += score.powi(8);
        if self.by.is_none() || score > self.score {
            self.score = score;
            self.by = Some(by());
        }
    }
}

fn reason<K>(words: &[String], known: &Known<K>, shared: &[Shared]) -> Reason {
    if words == known.words {
        return Reason::Same;
    }
    let own = |words: &[String]| -> BTreeSet<String> {
        words.iter().filter(|word| words::telling(word) >= 1.0).cloned().collect()
    };
    if own(words) == own(&known.words) && !own(words).is_empty() {
        return Reason::Form;
    }
    let (mut same, mut read_as) = (Vec::new(), Vec::new());
    for (n, read, _) in shared {
        match words.get(*n) {
            Some(word) if word == read => same.push(word.clone()),
            Some(word) => read_as.push((word.clone(), read.clone())),
            None => {}
        }
    }
    Reason::Shared { words: same, read_as }
}

/// Three letters in a row, each once.
fn threes(word: &str) -> BTreeSet<[char; 3]> {
    let letters: Vec<char> = word.chars().collect();
    letters.windows(3).filter_map(|three| three.try_into().ok()).collect()
}
