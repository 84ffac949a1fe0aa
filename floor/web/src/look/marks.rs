//! Marks: the small signs for tag, risk, state and due date. Each carries a word or a spoken name.

use maud::{Markup, html};

use super::Tone;
use super::icon::{Icon, icon_sized};

/// An asset tag, outlined like the sticker on the device.
pub fn asset_tag(tag: &str) -> Markup {
    html! { span.assettag { (tag) } }
}

/// An asset tag in a list, linking to its device.
pub fn tag_link(tag: &str, href: &str) -> Markup {
    html! { a href=(href) { span.tagno { (tag) } } }
}

/// An identifier that is read over the phone (serial, UDI, MAC): slashed zero, I, l and 1 apart.
pub fn ident(text: &str) -> Markup {
    html! { span.id { (text) } }
}

/// The risk level of a device or type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Risk {
    /// Life support.
    LifeSupport,
    /// High.
    High,
    /// Medium.
    Medium,
    /// Low.
    Low,
    /// Not decided yet: a gap to close, shown as one.
    Undecided,
}

impl Risk {
    /// The letters drawn in the mark.
    pub const fn letters(self) -> &'static str {
        match self {
            Risk::LifeSupport => "LS",
            Risk::High => "H",
            Risk::Medium => "M",
            Risk::Low => "L",
            Risk::Undecided => "?",
        }
    }

    /// The word beside the mark.
    pub const fn word(self) -> &'static str {
        match self {
            Risk::LifeSupport => "Life support",
            Risk::High => "High",
            Risk::Medium => "Medium",
            Risk::Low => "Low",
            Risk::Undecided => "Not decided yet",
        }
    }

    const fn class(self) -> &'static str {
        match self {
            Risk::LifeSupport => "ls",
            Risk::High => "h",
            Risk::Medium => "m",
            Risk::Low => "l",
            Risk::Undecided => "u",
        }
    }
}

/// The risk letter alone, with its spoken name. `name` is spoken: "High risk". Works in black and
/// white: life support and high are solid, medium outlined, low faint, undecided dashed.
pub fn risk_mark(risk: Risk, name: &str) -> Markup {
    html! {
        span class={ "risk " (risk.class()) } title=(name) {
            b aria-hidden="true" { (risk.letters()) }
            span.vh { (name) }
        }
    }
}

/// The risk letter with its word beside it.
pub fn risk_word(risk: Risk, word: &str) -> Markup {
    html! {
        span.st {
            span class={ "risk " (risk.class()) } { b aria-hidden="true" { (risk.letters()) } }
            (word)
        }
    }
}

/// The state of a device as the page says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// May be used.
    InService,
    /// Out of service for repair.
    InRepair,
    /// Out of service, ready to be used.
    Spare,
    /// Out of service, in a store.
    Stored,
    /// Somebody else has it.
    OnLoan,
    /// Looked for by policy and not found.
    NotLocated,
    /// A hold: failed PM or repair pending.
    DoNotUse,
    /// Kept for investigation after an incident.
    Quarantined,
    /// Being disposed.
    BeingDisposed,
    /// Gone, kept in history.
    Retired,
    /// Given back to its owner or seller.
    Returned,
    /// Never arrived.
    Cancelled,
    /// Wanted, not yet ordered.
    Planned,
    /// Ordered.
    Ordered,
    /// Arrived, not yet inspected.
    Received,
    /// Being inspected before first use.
    IncomingInspection,
}

impl State {
    /// Every state.
    pub const ALL: [State; 16] = [
        State::InService,
        State::InRepair,
        State::Spare,
        State::Stored,
        State::OnLoan,
        State::NotLocated,
        State::DoNotUse,
        State::Quarantined,
        State::BeingDisposed,
        State::Retired,
        State::Returned,
        State::Cancelled,
        State::Planned,
        State::Ordered,
        State::Received,
        State::IncomingInspection,
    ];

    /// The English word on the page.
    pub const fn word(self) -> &'static str {
        match self {
            State::InService => "In service",
            State::InRepair => "In repair",
            State::Spare => "Spare",
            State::Stored => "Stored",
            State::OnLoan => "On loan",
            State::NotLocated => "Not located",
            State::DoNotUse | State::Quarantined => "Do not use",
            State::BeingDisposed => "Being disposed",
            State::Retired => "Retired",
            State::Returned => "Returned",
            State::Cancelled => "Cancelled",
            State::Planned => "Planned",
            State::Ordered => "Ordered",
            State::Received => "Received",
            State::IncomingInspection => "Incoming inspection",
        }
    }

    /// The icon that goes with the word.
    pub const fn icon(self) -> Icon {
        match self {
            State::InService => Icon::Circle,
            State::InRepair => Icon::Wrench,
            State::Spare => Icon::PackageCheck,
            State::Stored => Icon::Warehouse,
            State::OnLoan => Icon::ArrowRight,
            State::NotLocated => Icon::CircleDashed,
            State::DoNotUse => Icon::OctagonX,
            State::Quarantined => Icon::Lock,
            State::BeingDisposed => Icon::Trash,
            State::Retired => Icon::CircleSlash,
            State::Returned => Icon::Return,
            State::Cancelled => Icon::Ban,
            State::Planned => Icon::Calendar,
            State::Ordered => Icon::Cart,
            State::Received => Icon::Package,
            State::IncomingInspection => Icon::ClipboardCheck,
        }
    }

    /// Only states that somebody must act on have a colour; ended ones are faint.
    const fn class(self) -> &'static str {
        match self {
            State::InRepair | State::NotLocated => "warn",
            State::DoNotUse | State::Quarantined => "crit",
            State::Retired | State::Returned | State::Cancelled => "mute",
            _ => "",
        }
    }
}

/// A state as icon and word. `word` is usually [`State::word`], or its translation, or more:
/// "Do not use, kept for investigation".
pub fn state_mark(state: State, word: &str) -> Markup {
    html! { span class={ "st " (state.class()) } { (icon_sized(state.icon(), 13, "")) (word) } }
}

/// How urgent a due date is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Due {
    /// The window has closed: "4 days over". Red.
    Late,
    /// Today or within days: "Today". Amber.
    Soon,
    /// Plain: "19 Oct", or "window to 11 Nov" between due date and window end.
    Later,
    /// Nothing is due: "No PM", faint.
    None,
}

/// A due date in words, with an icon when somebody must act.
pub fn due(due: Due, words: &str) -> Markup {
    let (class, sign) = match due {
        Due::Late => ("crit", Some(Icon::Triangle)),
        Due::Soon => ("warn", Some(Icon::Clock)),
        Due::Later => ("", None),
        Due::None => ("mute", None),
    };
    html! {
        span class={ "due " (class) } {
            @if let Some(sign) = sign { (icon_sized(sign, 13, "")) }
            (words)
        }
    }
}

/// A word in a capsule: recall class, draft, passed.
pub fn pill(tone: Tone, text: &str) -> Markup {
    html! { span class={ "pill " (tone.class()) } { (text) } }
}

/// A judgement in a row, such as "Sure" or "Check" beside a matched column: icon, word, colour.
pub fn verdict(tone: Tone, word: &str) -> Markup {
    let sign = match tone {
        Tone::Ok => Some(Icon::Check),
        Tone::Warn => Some(Icon::Question),
        Tone::Crit => Some(Icon::Cross),
        Tone::Accent => Some(Icon::Info),
        Tone::Plain => None,
    };
    html! {
        span class={ "st " (if tone == Tone::Plain { "mute" } else { tone.class() }) } {
            @if let Some(sign) = sign { (icon_sized(sign, 14, "")) }
            (word)
        }
    }
}

/// Signs after a row (open recall, vulnerability ...), each with its spoken name.
pub fn flags(flags: &[(Icon, Tone, &str)]) -> Markup {
    html! {
        @if !flags.is_empty() {
            span.fl {
                @for (sign, tone, name) in flags { (super::icon::icon_named(*sign, tone.class(), name)) }
            }
        }
    }
}
