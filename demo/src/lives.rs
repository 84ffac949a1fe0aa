//! The lives of all devices in outline: when each came, what it was, when it left and what came after it.
//!
//! A fleet of `n` devices is `n` posts to fill. Each post has a line of holders over the eight years, bought in
//! batches and replaced in batches, and exactly one of them is in the house today; so the fleet of today has `n`
//! devices and the mix of [`crate::facts`], whatever chance did before. The moves that fill a life are told by
//! [`crate::story`].

use fleet::device::Tenure;

use crate::{
    catalogue::{self, PRODUCTS},
    chance::Chance,
    days::Days,
    facts::{FACTS, Fact, Habit, SYSTEMS, UNDECIDED_TYPE, divide, mix},
    house::{Area, House, REGION_DEVICES, regions},
    tags,
};

/// How a device came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// By the first import; acquired on that day, before 0.
    Imported { acquired: i32 },
    /// Delivered on that day.
    Delivered { received: i32 },
    /// Wanted or ordered on that day, not here yet.
    Expected { on: i32 },
}

/// What becomes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// In the house today.
    Stays,
    /// Taken out of use on that day, then disposed of.
    Retired { from: i32 },
    /// Not located on that day, never found, written off by policy.
    Lost { reported: i32 },
    /// Given back to its owner on that day.
    Returned { on: i32 },
    /// Planned for next year.
    Planned,
    /// Ordered, not delivered yet.
    Ordered,
    /// Never arrived: cancelled on that day.
    Cancelled { on: i32 },
}

/// One device's life in outline.
#[derive(Clone, Debug)]
pub struct Life {
    /// Position of its class in [`FACTS`].
    pub class: usize,
    /// Position of its model in [`PRODUCTS`].
    pub product: usize,
    /// Position of its home in [`House::units`].
    pub unit: usize,
    /// How it came.
    pub entry: Entry,
    /// What becomes of it.
    pub end: End,
    /// Whose it is.
    pub tenure: Tenure,
    /// The purchase it belongs to.
    pub order: u32,
    /// The life of the system it is a component of.
    pub parent: Option<usize>,
    /// Whether components are built into it.
    pub is_system: bool,
    /// The device of the pictures: NH-104207, ICU 2 West, bay 6. It has a quiet life.
    pub shown: bool,
    /// The number in its asset tag.
    pub tag: u32,
    /// Its running number among the units of its model.
    pub number: u32,
}

/// All lives. Components follow their system, so a system with its components is one run.
#[derive(Clone, Debug, Default)]
pub struct Lives {
    /// Every life.
    pub all: Vec<Life>,
    /// Runs in the order in which they began.
    pub runs: Vec<std::ops::Range<usize>>,
}

/// Days before today of the latest delivery, so that it falls before the horizon whatever the weekday.
const LATEST: i32 = 6;
/// How many days a batch takes from the first replacement received to the last old one gone.
const CHANGEOVER: i32 = 130;
/// A loss is written off after a year; this many days later the write-off is surely on record.
const LOSS: i32 = 420;

/// Outlines all lives of a fleet that has so many devices today.
pub fn outline(devices: u32, days: &Days, house: &House, root: &Chance) -> Lives {
    let mut weaver = Weaver {
        days,
        house,
        chance: root.stream(1),
        lives: Lives::default(),
        order: 20_000,
        scale: devices,
        region: devices / regions(devices),
    };
    for (class, count) in mix(devices).into_iter().enumerate() {
        weaver.class(class, count);
    }
    weaver.others(devices);
    let mut lives = weaver.lives;
    lives.runs.sort_by_key(|run| (begin(&lives.all[run.start]), run.start));
    tags::give(&mut lives.all, &mut root.stream(2));
    lives
}

/// The first day of a life on record or before.
pub(crate) fn begin(life: &Life) -> i32 {
    match life.entry {
        Entry::Imported { acquired } => acquired,
        Entry::Delivered { received } => received,
        Entry::Expected { on } => on,
    }
}

/// One purchase in the line of a batch of posts: from when, and until when if its replacement is complete.
struct Generation {
    entry: Entry,
    product: usize,
    order: u32,
    /// The day its replacement begins.
    until: Option<i32>,
    /// The day it would be replaced, if that lies ahead.
    due: i32,
}

/// A post to fill: where, and whether it is that of the pictures.
#[derive(Clone, Copy)]
pub(crate) struct Post {
    pub(crate) unit: usize,
    shown: bool,
}

pub(crate) struct Weaver<'a> {
    pub(crate) days: &'a Days,
    pub(crate) house: &'a House,
    pub(crate) chance: Chance,
    pub(crate) lives: Lives,
    pub(crate) order: u32,
    pub(crate) scale: u32,
    /// Devices of one region, which buys by itself.
    region: u32,
}

impl Weaver<'_> {
    fn class(&mut self, class: usize, count: u32) {
        let fact = &FACTS[class];
        let shares: Vec<u32> = fact.types.iter().map(|(_, share)| *share).collect();
        let counts = divide(count, &shares);
        for ((name, _), count) in fact.types.iter().zip(counts) {
            if let Some((part, _)) = SYSTEMS.iter().find(|(_, system)| system == name) {
                let parts = self.count_of(part);
                self.posts(class, name, count, Some((part, parts)));
            } else if !self.is_built_in(name) {
                self.posts(class, name, count, None);
            }
        }
    }

    /// Components are planned with their system; without any system of their kind they stand alone.
    fn is_built_in(&self, name: &str) -> bool {
        SYSTEMS.iter().any(|(part, system)| *part == name && self.count_of(system) > 0)
    }

    /// How many devices of a type there are.
    fn count_of(&self, name: &str) -> u32 {
        let mix = mix(self.scale);
        FACTS
            .iter()
            .zip(mix)
            .find_map(|(fact, count)| {
                let at = fact.types.iter().position(|(n, _)| *n == name)?;
                let shares: Vec<u32> = fact.types.iter().map(|(_, share)| *share).collect();
                divide(count, &shares).get(at).copied()
            })
            .unwrap_or(0)
    }

    /// Fills the posts of one type, batch by batch; each system takes its part of the components.
    fn posts(&mut self, class: usize, name: &'static str, count: u32, parts: Option<(&'static str, u32)>) {
        let fact = &FACTS[class];
        let batch = (fact.batch * self.region / REGION_DEVICES).max(1);
        let mut shares = divide(parts.map_or(0, |(_, n)| n), &vec![1; count as usize]).into_iter();
        let mut left = count;
        while left > 0 {
            let size = batch.min(left);
            let first = left == count;
            left -= size;
            let line = self.line(fact, name, first);
            for post in 0..size {
                let shown = first && post == 0 && name == FACTS[0].types[0].0;
                let post = self.post(fact, shown);
                let built_in = parts.map(|(part, _)| (part, shares.next().unwrap_or(0)));
                self.fill(class, post, &line, built_in);
            }
        }
    }

    pub(crate) fn post(&mut self, fact: &Fact, shown: bool) -> Post {
        if shown && let Some(unit) = self.house.unit_at(0, Area::Icu) {
            return Post { unit, shown };
        }
        let area = fact.homes[self.chance.weighted(fact.homes.iter().map(|(_, w)| *w))].0;
        Post { unit: self.house.unit_of(area, &mut self.chance), shown: false }
    }

    /// The line of purchases of one batch. At the first import a batch is somewhere in its life: a life is met
    /// the likelier the longer it is, and at any point of it.
    fn line(&mut self, fact: &Fact, name: &'static str, first: bool) -> Vec<Generation> {
        let today = self.days.today();
        let mean = f64::from(fact.life_years);
        let mut line = Vec::new();
        let shown = first && name == FACTS[0].types[0].0;
        let (mut entry, mut end) = if name == UNDECIDED_TYPE {
            (Entry::Imported { acquired: -self.chance.between(200, 2_400) }, today + 400)
        } else if !shown && self.chance.often(0.1) {
            // A few batches are being delivered just now.
            let now = self.chance.often(0.06);
            let received = self.chance.between(if now { today - 14 } else { 30 }, today - LATEST);
            (Entry::Delivered { received }, received + self.chance.lifetime(mean) as i32)
        } else {
            let life = loop {
                let life = self.chance.lifetime(mean);
                if self.chance.often(life / (mean * 365.25 * 2.2)) {
                    break life;
                }
            };
            let age = life * self.chance.unit();
            // The pictures' pump came in June 2019, seven years and four months ago.
            let end = if shown { (today - 2_681).max(1) } else { (life - age) as i32 };
            (Entry::Imported { acquired: -(age as i32) - 1 }, end)
        };
        loop {
            let done = end + CHANGEOVER < today;
            line.push(self.generation(name, entry, done.then_some(end), end, shown && !line.is_empty()));
            if !done {
                return line;
            }
            entry = Entry::Delivered { received: end.max(1) };
            end = end.max(1) + if shown { 4_000 } else { (self.chance.lifetime(mean) as i32).max(400) };
        }
    }

    fn generation(
        &mut self,
        name: &'static str,
        entry: Entry,
        until: Option<i32>,
        due: i32,
        shown: bool,
    ) -> Generation {
        let day = match entry {
            Entry::Imported { acquired } => acquired,
            Entry::Delivered { received } => received,
            Entry::Expected { on } => on,
        };
        let sold = catalogue::sold(name, self.days.date(day).year());
        let pictured = shown.then(|| PRODUCTS.iter().position(|p| p.name == "VP-3")).flatten();
        // Most of what a hospital buys is its standard model.
        let usual = sold[sold.len() - 1];
        let product = if self.chance.often(0.75) { usual } else { *self.chance.pick(&sold) };
        self.order += 1;
        Generation { entry, product: pictured.unwrap_or(product), order: self.order, until, due }
    }

    /// Everybody who held one post, with what was built into it.
    fn fill(&mut self, class: usize, post: Post, line: &[Generation], parts: Option<(&'static str, u32)>) {
        let today = self.days.today();
        for generation in line {
            let from = self.lives.all.len();
            let last_day = generation.until;
            let rollout = if post.shown { 0 } else { self.chance.between(0, 30) };
            let entry = match generation.entry {
                Entry::Delivered { received } => {
                    Entry::Delivered { received: received + rollout.min((today - LATEST - received).max(0)) }
                }
                other => other,
            };
            let is_system = parts.is_some_and(|(_, n)| n > 0);
            let life = self.life(class, generation.product, post.unit, entry, generation.order);
            let tenure = self.tenure(class, &life);
            let system = Life { is_system, tenure, shown: post.shown && last_day.is_none(), ..life };
            if is_system {
                let end = last_day.map_or(End::Stays, |day| End::Retired { from: day + 45 });
                self.lives.all.push(Life { end, ..system });
                for _ in 0..parts.map_or(0, |(_, n)| n) {
                    self.component(from, parts.map_or("", |(part, _)| part), generation);
                }
                self.lives.runs.push(from..self.lives.all.len());
            } else {
                self.hold(&system, last_day.map(|day| day + 10 + rollout));
                self.lives.runs.extend((from..self.lives.all.len()).map(|i| i..i + 1));
            }
            if last_day.is_none() {
                self.expect(class, post.unit, generation);
            }
        }
    }

    /// The components that one place in a system held during the system's life.
    fn component(&mut self, system: usize, part: &'static str, generation: &Generation) {
        let parent = self.lives.all[system].clone();
        let day = match parent.entry {
            Entry::Imported { acquired } => acquired,
            Entry::Delivered { received } | Entry::Expected { on: received } => received,
        };
        let sold = catalogue::sold(part, self.days.date(day).year());
        let class =
            catalogue::types().find(|(name, _)| *name == part).map_or(parent.class, |(_, class)| class);
        let life = Life {
            parent: Some(system),
            is_system: false,
            class,
            product: sold[sold.len() - 1],
            end: End::Stays,
            ..parent
        };
        let from = generation.until.map(|day| day + self.chance.between(0, 20));
        self.hold(&life, from);
    }

    /// One post during one purchase: the first device, and whatever replaced it when it was lost or broke early.
    fn hold(&mut self, first: &Life, last_day: Option<i32>) {
        let today = self.days.today();
        let fact = &FACTS[first.class];
        let (losses, breaks) = match fact.habit {
            Habit::Fixed => (0.0, 0.0),
            Habit::Placed => (0.001, 0.004),
            Habit::Mobile => (0.007, 0.006),
        };
        let mut life = first.clone();
        loop {
            let here = match life.entry {
                Entry::Delivered { received } | Entry::Expected { on: received } => received,
                Entry::Imported { .. } => 0,
            };
            let early = here + 200 + self.chance.wait(losses + breaks);
            let fits = early + LOSS + 60 < last_day.unwrap_or(today);
            if losses + breaks == 0.0 || life.shown || !fits || self.is_undecided(&life) {
                life.end = last_day.map_or(End::Stays, |from| End::Retired { from });
                self.lives.all.push(life);
                return;
            }
            let lost = self.chance.often(losses / (losses + breaks));
            let next = early + self.chance.between(30, 80);
            life.end = if lost { End::Lost { reported: early } } else { End::Retired { from: early } };
            self.order += 1;
            let follower =
                Life { entry: Entry::Delivered { received: next }, order: self.order, ..life.clone() };
            self.lives.all.push(life);
            life = follower;
        }
    }

    fn is_undecided(&self, life: &Life) -> bool {
        PRODUCTS[life.product].device_type == UNDECIDED_TYPE
    }

    /// What is due soon is on order, what is due next year is planned.
    fn expect(&mut self, class: usize, unit: usize, generation: &Generation) {
        let ahead = generation.due - self.days.today();
        let name = PRODUCTS[generation.product].device_type;
        let end = match ahead {
            _ if name == UNDECIDED_TYPE => return,
            i32::MIN..=90 if self.chance.often(0.35) => End::Ordered,
            91..=420 if self.chance.often(0.3) => End::Planned,
            _ => return,
        };
        let on = self.days.today() - self.chance.between(10, 90);
        let sold = catalogue::sold(name, self.days.date(self.days.today()).year());
        self.order += 1;
        let life = self.life(class, sold[sold.len() - 1], unit, Entry::Expected { on }, self.order);
        self.single(Life { end, ..life });
    }

    pub(crate) fn life(&self, class: usize, product: usize, unit: usize, entry: Entry, order: u32) -> Life {
        Life {
            class,
            product,
            unit,
            entry,
            end: End::Stays,
            tenure: Tenure::Owned,
            order,
            parent: None,
            is_system: false,
            shown: false,
            tag: 0,
            number: 0,
        }
    }

    pub(crate) fn single(&mut self, life: Life) {
        let at = self.lives.all.len();
        self.lives.all.push(life);
        self.lives.runs.push(at..at + 1);
    }
}
