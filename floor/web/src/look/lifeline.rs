//! A device's life in lanes: where it was, what was done, what was noticed, today and the plans.
//!
//! Times are years with a fraction (2026.78), so that the page, which knows calendars, decides.

use maud::{Markup, Render, html};

use super::Tone;

const WIDTH: f64 = 1184.0;
const LEFT: f64 = 92.0;
const TOP: f64 = 16.0;
const LANE: f64 = 31.0;

/// The shape of a mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarkKind {
    /// A check that passed: a ticked square. In [`Tone::Crit`], one that failed: a solid square.
    Check,
    /// A repair: a solid triangle.
    Repair,
    /// A repair without a fault found: a hollow triangle.
    NoFault,
    /// A notice or any other event: a diamond, solid and red while open.
    Notice,
}

/// Something at one moment, with a word beside it.
#[derive(Clone, Debug)]
pub struct LaneMark {
    /// When, in years.
    pub at: f64,
    /// Its shape.
    pub kind: MarkKind,
    /// [`Tone::Crit`] while somebody must act.
    pub tone: Tone,
    /// The word beside it; may be empty.
    pub label: String,
}

/// One lane: spans of time, and moments.
#[derive(Clone, Debug, Default)]
pub struct Lane {
    /// The name at its beginning.
    pub name: String,
    /// Spans as (from, to, name), in years.
    pub spans: Vec<(f64, f64, String)>,
    /// Moments.
    pub marks: Vec<LaneMark>,
}

/// The whole picture. `name` is spoken in its place: say what it shows.
#[derive(Clone, Debug)]
pub struct LifeLine {
    /// The finding, for screen readers.
    pub name: String,
    /// First year drawn.
    pub from: f64,
    /// Last year drawn.
    pub to: f64,
    /// What stands along the foot as (year, words), for a life too short to be told in years; empty draws years.
    pub ticks: Vec<(f64, String)>,
    /// Today, and its word.
    pub today: (f64, String),
    /// Plans ahead as (year, words).
    pub plans: Vec<(f64, String)>,
    /// The lanes, from the top.
    pub lanes: Vec<Lane>,
}

impl LifeLine {
    fn x(&self, year: f64) -> f64 {
        let span = (self.to - self.from).max(0.01);
        let at = LEFT + (year - self.from) / span * (WIDTH - LEFT - 8.0);
        (at.clamp(LEFT, WIDTH - 8.0) * 10.0).round() / 10.0
    }

    fn foot(&self) -> f64 {
        let lanes = u32::try_from(self.lanes.len()).unwrap_or(0);
        TOP + 8.0 + LANE * f64::from(lanes)
    }

    fn ticks(&self) -> Vec<(f64, String)> {
        if !self.ticks.is_empty() {
            return self.ticks.clone();
        }
        // Years are small whole numbers, so the conversion is exact.
        #[expect(clippy::cast_possible_truncation, reason = "years fit easily")]
        let (first, last) = (self.from.ceil() as i32, self.to.floor() as i32);
        let step = if last - first > 16 { 5 } else { 1 };
        (first..=last)
            .filter(|year| year % step == 0)
            .map(|year| (f64::from(year), year.to_string()))
            .collect()
    }

    fn axis(&self) -> Markup {
        let foot = self.foot();
        let today = self.x(self.today.0);
        html! {
            rect.fut x=(today) y=(TOP) width=((WIDTH - 8.0 - today).max(0.0)) height=(foot - TOP) {}
            @for (at, words) in self.ticks() {
                @let x = self.x(at);
                line.gr x1=(x) x2=(x) y1=(TOP) y2=(foot) {}
                text.ax x=(x) y=(foot + 16.0) text-anchor="middle" { (words) }
            }
            @for (n, (year, words)) in self.plans.iter().enumerate() { (self.plan(n, *year, words)) }
        }
    }

    /// A plan ahead: a dashed line, its words in two lines at the top, away from its neighbours.
    fn plan(&self, n: usize, year: f64, words: &str) -> Markup {
        let x = self.x(year);
        let after = n > 0 && x < WIDTH - 100.0;
        let (at, anchor) = if after { (x + 5.0, "start") } else { (x - 5.0, "end") };
        let (first, second) = words.rsplit_once(' ').unwrap_or((words, ""));
        html! {
            line.plan x1=(x) x2=(x) y1=(TOP + 10.0) y2=(self.foot()) {}
            text.lb x=(at) y=(TOP + 17.0) text-anchor=(anchor) { (first) }
            text.lb x=(at) y=(TOP + 30.0) text-anchor=(anchor) { (second) }
        }
    }

    fn lane(&self, n: u32, lane: &Lane) -> Markup {
        let y = TOP + 22.0 + LANE * f64::from(n);
        html! {
            text.ln-k x="0" y=(y + 4.0) { (lane.name) }
            @for (from, to, name) in &lane.spans {
                @let (a, b) = (self.x(*from), self.x(*to));
                @let width = (b - a - 2.0).max(2.0);
                rect.place x=(a) y=(y - 10.0) width=(width) height="20" rx="2" { title { (name) } }
                text.lb.nh x=(a + 7.5) y=(y + 4.0) { (fitting(name, width)) }
            }
            @for mark in &lane.marks { (self.mark(y, mark)) }
        }
    }

    fn mark(&self, y: f64, mark: &LaneMark) -> Markup {
        let x = self.x(mark.at);
        let crit = mark.tone == Tone::Crit;
        let late = x > WIDTH - 140.0;
        let today = self.x(self.today.0);
        // Beside the line of today, the word stands behind it.
        let right = if x < today && today - x < 20.0 { today + 8.0 } else { x + 10.0 };
        html! {
            @match mark.kind {
                MarkKind::Check => {
                    rect.sq.bad[crit] x=(x - 5.0) y=(y - 5.0) width="10" height="10" rx="1" {}
                    @if !crit { path.tickm d={ "M" (x - 2.6) " " (y) "l1.9 2 3.4-4" } {} }
                },
                MarkKind::Repair => path.tri.bad[crit] d={ "M" (x) " " (y - 5.5) "l6 11h-12z" } {},
                MarkKind::NoFault => path.tri.nff d={ "M" (x) " " (y - 5.5) "l6 11h-12z" } {},
                MarkKind::Notice => path.dia.open[crit] d={ "M" (x) " " (y - 6.0) "l6 6-6 6-6-6z" } {},
            }
            @if !mark.label.is_empty() {
                text.lb.c[crit] x=(if late { x - 10.0 } else { right }) y=(y + 4.0)
                    text-anchor=(if late { "end" } else { "start" }) { (mark.label) }
            }
        }
    }
}

/// As much of a name as fits the width at about 6.4 px a letter.
fn fitting(name: &str, width: f64) -> String {
    let mut room = width - 12.0;
    let mut text = String::new();
    for letter in name.chars() {
        room -= 6.4;
        if room < 6.4 {
            if text.is_empty() {
                return text;
            }
            text.push('…');
            return text;
        }
        text.push(letter);
    }
    text
}

impl Render for LifeLine {
    fn render(&self) -> Markup {
        let foot = self.foot();
        let today = self.x(self.today.0);
        html! {
            svg.ch.life viewBox={ "0 0 1184 " (foot + 24.0) } role="img" aria-label=(self.name) {
                (self.axis())
                @for (n, lane) in (0u32..).zip(&self.lanes) { (self.lane(n, lane)) }
                line.today x1=(today) x2=(today) y1="10" y2=(foot + 2.0) {}
                text.lb.a x=(today) y="8" text-anchor="middle" { (self.today.1) }
            }
        }
    }
}
