//! The many spellings of a file gathered into names: those on record, and the new ones.
//!
//! Every spelling becomes one name. What is certain is taken and says why; what is not is asked, once for all spellings
//! that belong together; a spelling like no other is a new name. Rows count: the rare spelling is read as the frequent
//! one, never the other way round, and what is on record stands before what is not.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    hash::Hash,
};

use crate::{
    model,
    name::{self, Reason, Register, Resolution},
    term,
    text::folded,
};

/// One way in which a file writes a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spelling {
    /// As it is written.
    pub text: String,
    /// On how many rows.
    pub rows: u64,
    /// What a person said it means; an empty text is a name of its own.
    pub settled: Option<String>,
}

/// How a spelling came to its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// It stands on record like this, whatever its case and accents.
    OnRecord,
    /// A person said so.
    Settled,
    /// It is certain enough to be taken.
    Taken,
    /// It is like no other.
    New,
    /// A person must say which name it is.
    Asked,
}

/// What a spelling is read as.
#[derive(Clone, Debug, PartialEq)]
pub struct Read {
    /// The name; of a spelling that is asked about, the most frequent spelling of those that belong together.
    pub name: String,
    /// How it came to it.
    pub how: How,
    /// Why, where it was taken.
    pub reason: Option<String>,
    /// The names that it may be, the likeliest first.
    pub candidates: Vec<Candidate>,
}

/// A name that a spelling may mean.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// The name.
    pub name: String,
    /// How well it fits, from 0 to 1.
    pub score: f64,
    /// Why.
    pub reason: String,
    /// Whether it is on record, or else a name of this file.
    pub on_record: bool,
}

/// How sure it is that two texts are one name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Certain {
    /// Where one is on record or far more frequent than the other.
    WhereRare,
    /// A person must look.
    No,
}

/// How alike two texts are.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Alike {
    pub(crate) score: f64,
    pub(crate) certain: Certain,
    pub(crate) reason: String,
}

/// From this score on a maker’s likeness to another is asked about. Chosen so that makers that share only words of the
/// trade are not.
const ASK: f64 = 0.50;
/// How many times more frequent the name is as which a slip is read.
const RARE: u64 = 5;
/// How far the next name must be behind.
const LEAD: f64 = 0.01;
/// Candidates that are told.
const TOLD: usize = 5;
/// With more different names than these each stands for itself: no list of names is that long.
const MOST: usize = 3_000;

/// Makers. `known` are those on record, each with the names by which it is known, its own first.
pub fn makers<K: Copy + Eq + Hash + Ord>(known: &[(K, String)], spellings: &[Spelling]) -> Vec<Read> {
    let mut gather = Gather::of(known, spellings);
    gather.group((false, "the same telling words"), |text| name::core(text).join(" "));
    let names = gather.nodes.iter().enumerate().flat_map(|(at, node)| {
        let own = node.names.iter().map(move |name| (at, name.clone()));
        own.chain(node.spellings.iter().map(move |s| (at, spellings[*s].text.clone())))
    });
    let register = Register::new(names.collect::<Vec<_>>());
    let register = &register;
    gather.free_those_on_record(register);
    let links = |gather: &Gather<'_>, at: usize| {
        let own = gather.texts(at);
        let found = found_in(register, &gather.nodes[at].name, &own);
        let mut sure = found.sure;
        let matches = found.matches.into_iter().filter(|m| m.company != at && m.score >= ASK);
        let link = |m: name::Match<usize>| {
            let sure = std::mem::take(&mut sure);
            Link { to: m.company, score: m.score, sure, reason: m.reason.to_string() }
        };
        matches.map(link).collect()
    };
    gather.link(links);
    gather.read()
}

/// Whom a text means other than those who write it so. In a short list the same words weigh little, being all there is;
/// they are the same words all the same, and one company alone that has them is meant.
fn found_in(register: &Register<usize>, text: &str, own: &HashSet<&str>) -> Resolution<usize> {
    let mut found = register.find_without(text, |name| own.contains(name));
    for (reason, score) in [(Reason::Same, 1.0), (Reason::Form, 0.95)] {
        let mut same = found.matches.iter_mut().filter(|m| m.reason == reason);
        match (same.next(), same.next()) {
            (None, _) => {}
            (Some(only), None) => {
                only.score = only.score.max(score);
                found.matches.sort_by(|a, b| b.score.total_cmp(&a.score));
                found.sure = true;
                break;
            }
            (Some(_), Some(_)) => break,
        }
    }
    found
}

/// Models of one maker, known by some name.
pub fn models(maker: &str, known: &[String], spellings: &[Spelling]) -> Vec<Read> {
    let maker = model::maker_words(maker);
    let form = |text: &str| model::Form::of(text, &maker);
    let key = |text: &str| form(text).key;
    gathered(known, spellings, "the same letters and digits", key, form, model::Form::alike)
}

/// Terms of the hospital: types of devices, departments, units, buildings, floors.
pub fn terms(known: &[String], spellings: &[Spelling]) -> Vec<Read> {
    gathered(
        known,
        spellings,
        "the same words",
        |text| term::Form::of(text).key,
        term::Form::of,
        term::Form::alike,
    )
}

/// Names that are numbers more than words, such as rooms: only blanks, strokes and case are looked through.
pub fn codes(known: &[String], spellings: &[Spelling]) -> Vec<Read> {
    let key = |text: &str| crate::text::joined(&crate::text::tokens(text));
    gathered(known, spellings, "the same letters and digits", key, |_| (), |(), ()| None)
}

fn gathered<F>(
    known: &[String],
    spellings: &[Spelling],
    why: &str,
    key: impl Fn(&str) -> String,
    form: impl Fn(&str) -> F,
    alike: impl Fn(&F, &F) -> Option<Alike>,
) -> Vec<Read> {
    let known: Vec<(usize, String)> = known.iter().cloned().enumerate().collect();
    let mut gather = Gather::of(&known, spellings);
    gather.group((true, why), key);
    let forms: Vec<F> = gather.nodes.iter().map(|node| form(&node.name)).collect();
    let few = gather.nodes.len() <= MOST;
    let links = |gather: &Gather<'_>, at: usize| {
        if !few {
            return Vec::new();
        }
        let own = &gather.nodes[at];
        let link = |to: usize| {
            let there = &gather.nodes[to];
            let alike = alike(&forms[at], &forms[to])?;
            let frequent = there.known || there.rows >= own.rows.saturating_mul(RARE);
            let sure = alike.certain == Certain::WhereRare && frequent;
            Some(Link { to, score: alike.score, sure, reason: alike.reason })
        };
        (0..gather.nodes.len()).filter(|to| *to != at).filter_map(link).collect()
    };
    gather.link(links);
    gather.read()
}

/// A name, with the spellings that are it without doubt.
struct Node {
    name: String,
    /// All names by which it is known.
    names: Vec<String>,
    rows: u64,
    known: bool,
    spellings: Vec<usize>,
}

/// Why one name may be another.
struct Link {
    to: usize,
    score: f64,
    sure: bool,
    reason: String,
}

/// What became of a name.
enum Fate {
    Stands,
    Is(usize, String),
    Asked(Vec<Candidate>),
}

struct Gather<'s> {
    spellings: &'s [Spelling],
    nodes: Vec<Node>,
    fates: Vec<Fate>,
    /// The node of each spelling, and how it came there.
    of: Vec<(usize, How, Option<String>)>,
}

impl<'s> Gather<'s> {
    /// Names on record and names that a person gave, with the spellings that are theirs to the letter.
    fn of<K: Copy + Eq + Hash>(known: &[(K, String)], spellings: &'s [Spelling]) -> Self {
        let mut nodes: Vec<Node> = Vec::new();
        let mut by_id: HashMap<K, usize> = HashMap::new();
        let mut by_name: HashMap<String, usize> = HashMap::new();
        for (id, name) in known {
            let at = *by_id.entry(*id).or_insert_with(|| {
                nodes.push(Node {
                    name: name.clone(),
                    names: Vec::new(),
                    rows: 0,
                    known: true,
                    spellings: Vec::new(),
                });
                nodes.len() - 1
            });
            nodes[at].names.push(name.clone());
            by_name.entry(folded(name)).or_insert(at);
        }
        // What a person said first, in an order that is not the file's.
        let mut order: Vec<usize> = (0..spellings.len()).collect();
        order.sort_by(|a, b| {
            let (one, other) = (&spellings[*a], &spellings[*b]);
            one.settled.is_none().cmp(&other.settled.is_none()).then(one.text.cmp(&other.text))
        });
        let mut of = vec![(usize::MAX, How::New, None); spellings.len()];
        for n in order {
            let spelling = &spellings[n];
            let settled = spelling.settled.as_ref().map(|name| match name.is_empty() {
                true => spelling.text.as_str(),
                false => name.as_str(),
            });
            let there = by_name.get(&folded(settled.unwrap_or(&spelling.text))).copied();
            let (at, how) = match (settled, there) {
                (Some(_), Some(at)) => (at, How::Settled),
                (None, Some(at)) => (at, How::OnRecord),
                (Some(name), None) => {
                    by_name.insert(folded(name), nodes.len());
                    let names = vec![name.to_owned()];
                    // What a person said stands like what is on record: nothing else is asked about it.
                    nodes.push(Node {
                        name: name.to_owned(),
                        names,
                        rows: 0,
                        known: true,
                        spellings: Vec::new(),
                    });
                    (nodes.len() - 1, How::Settled)
                }
                (None, None) => continue,
            };
            nodes[at].rows += spelling.rows;
            nodes[at].spellings.push(n);
            of[n] = (at, how, None);
        }
        Self { spellings, nodes, fates: Vec::new(), of }
    }

    /// Gathers the other spellings by a key under which they are one name, and names each by its most frequent one.
    /// With those that stand already only where that key decides.
    fn group(&mut self, (decides, why): (bool, &str), key: impl Fn(&str) -> String) {
        let mut by_key: HashMap<String, Option<usize>> = HashMap::new();
        for (at, node) in self.nodes.iter().enumerate().filter(|_| decides) {
            for name in &node.names {
                // Two names on record with one key: a person must say which is meant.
                let same = by_key.entry(key(name)).or_insert(Some(at));
                if *same != Some(at) {
                    *same = None;
                }
            }
        }
        let mut order: Vec<usize> =
            (0..self.spellings.len()).filter(|n| self.of[*n].0 == usize::MAX).collect();
        order.sort_by(|a, b| self.before(*a, *b));
        let mut new: HashMap<String, usize> = HashMap::new();
        for n in order {
            let spelling = &self.spellings[n];
            let key = key(&spelling.text);
            let (at, how, reason) = match (by_key.get(&key), new.get(&key)) {
                (Some(Some(at)), _) => (*at, How::Taken, Some(why.to_owned())),
                (_, Some(at)) => {
                    let other = folded(&self.nodes[*at].name) != folded(&spelling.text);
                    let how = if other { How::Taken } else { How::New };
                    (*at, how, other.then(|| why.to_owned()))
                }
                (_, None) => {
                    new.insert(key, self.nodes.len());
                    let name = spelling.text.clone();
                    self.nodes.push(Node {
                        name,
                        names: Vec::new(),
                        rows: 0,
                        known: false,
                        spellings: Vec::new(),
                    });
                    (self.nodes.len() - 1, How::New, None)
                }
            };
            self.nodes[at].rows += spelling.rows;
            self.nodes[at].spellings.push(n);
            self.of[n] = (at, how, reason);
        }
    }

    /// The more frequent spelling first; of equally frequent ones that which is not written in capitals.
    fn before(&self, a: usize, b: usize) -> std::cmp::Ordering {
        let (one, other) = (&self.spellings[a], &self.spellings[b]);
        let capitals = |s: &Spelling| !s.text.chars().any(char::is_lowercase);
        other.rows.cmp(&one.rows).then(capitals(one).cmp(&capitals(other))).then(one.text.cmp(&other.text))
    }

    /// Spellings that are surely a name on record leave the group they were put into: “Corvid Surgical” and “Corvid
    /// Diagnostics” have one core and may be two makers on record.
    fn free_those_on_record(&mut self, register: &Register<usize>) {
        let mut leaving = Vec::new();
        for (n, (at, how, _)) in self.of.iter().enumerate() {
            if matches!(how, How::OnRecord | How::Settled) {
                continue;
            }
            let own = self.texts(*at);
            let found = found_in(register, &self.spellings[n].text, &own);
            let first = found.matches.first().filter(|m| found.sure && self.nodes[m.company].known);
            leaving.extend(first.map(|m| (n, *at, m.company, m.reason.to_string())));
        }
        for (n, from, to, reason) in leaving {
            let rows = self.spellings[n].rows;
            self.nodes[from].rows -= rows;
            self.nodes[from].spellings.retain(|s| *s != n);
            self.nodes[to].rows += rows;
            self.nodes[to].spellings.push(n);
            self.of[n] = (to, How::Taken, Some(reason));
        }
        for at in 0..self.nodes.len() {
            let first = self.nodes[at].spellings.iter().copied().min_by(|a, b| self.before(*a, *b));
            if let Some(first) = first.filter(|_| !self.nodes[at].known) {
                self.nodes[at].name = self.spellings[first].text.clone();
            }
        }
    }

    /// What the file writes for a name.
    fn texts(&self, at: usize) -> HashSet<&'s str> {
        let spellings: &'s [Spelling] = self.spellings;
        self.nodes[at].spellings.iter().map(|s| spellings[*s].text.as_str()).collect()
    }

    /// Decides about every name, from the one that ranks first to the last.
    fn link(&mut self, links: impl Fn(&Self, usize) -> Vec<Link>) {
        let mut order: Vec<usize> = (0..self.nodes.len()).collect();
        let rank = |node: &Node| (!node.known, std::cmp::Reverse(node.rows));
        order.sort_by(|a, b| {
            let (one, other) = (&self.nodes[*a], &self.nodes[*b]);
            rank(one).cmp(&rank(other)).then_with(|| one.name.cmp(&other.name))
        });
        let mut ranks = vec![0; order.len()];
        order.iter().enumerate().for_each(|(rank, at)| ranks[*at] = rank);
        self.fates = self.nodes.iter().map(|_| Fate::Stands).collect();
        for at in order {
            if self.nodes[at].known || self.nodes[at].spellings.is_empty() {
                continue;
            }
            let is_empty = |to: usize| !self.nodes[to].known && self.nodes[to].spellings.is_empty();
            let links =
                links(self, at).into_iter().filter(|link| ranks[link.to] < ranks[at] && !is_empty(link.to));
            self.fates[at] = self.fate(links.collect());
        }
    }

    /// The name that a name stands for in the end.
    fn root(&self, mut at: usize) -> usize {
        while let Some(Fate::Is(to, _)) = self.fates.get(at) {
            at = *to;
        }
        at
    }

    fn fate(&self, links: Vec<Link>) -> Fate {
        let mut best: BTreeMap<usize, Link> = BTreeMap::new();
        for link in links {
            let to = self.root(link.to);
            let better = best.get(&to).is_none_or(|had| (link.sure, link.score) > (had.sure, had.score));
            if better {
                best.insert(to, Link { to, ..link });
            }
        }
        let mut best: Vec<Link> = best.into_values().collect();
        let name = |link: &Link| &self.nodes[link.to].name;
        best.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| name(a).cmp(name(b))));
        let next = best.get(1).map_or(0.0, |link| link.score);
        match best.first() {
            None => Fate::Stands,
            Some(first) if first.sure && first.score - next >= LEAD => {
                Fate::Is(first.to, first.reason.clone())
            }
            Some(_) => {
                let told = best.into_iter().take(TOLD).map(|link| Candidate {
                    name: self.nodes[link.to].name.clone(),
                    score: link.score,
                    reason: link.reason,
                    on_record: self.nodes[link.to].known,
                });
                Fate::Asked(told.collect())
            }
        }
    }

    fn read(self) -> Vec<Read> {
        let read = |(at, how, reason): &(usize, How, Option<String>)| {
            let root = self.root(*at);
            let name = self.nodes[root].name.clone();
            let linked = match &self.fates[*at] {
                Fate::Is(_, why) => Some(why.clone()),
                _ => None,
            };
            match &self.fates[root] {
                Fate::Asked(candidates) => {
                    Read { name, how: How::Asked, reason: None, candidates: candidates.clone() }
                }
                _ => match linked {
                    Some(why) => Read { name, how: How::Taken, reason: Some(why), candidates: Vec::new() },
                    None => Read { name, how: *how, reason: reason.clone(), candidates: Vec::new() },
                },
            }
        };
        self.of.iter().map(read).collect()
    }
}
