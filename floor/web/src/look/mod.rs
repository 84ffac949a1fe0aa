//! The look: every component Baton's pages are made of, as pure functions from data to markup.
//!
//! Rules that hold everywhere here:
//!
//! * **Data in, markup out.** A component knows no request, no session and no database, so that a
//!   page can be rendered in a test and a fragment is the same function as the page.
//! * **Works without script.** Script only makes things quicker; each action is a link or a form.
//! * **No colour alone.** A state is an icon, a word and then a colour. A mark always has a word
//!   or a spoken name.
//! * **No inline style, script or handler.** The content policy forbids them; widths that depend
//!   on data are SVG attributes or `<progress>`.
//! * **Text is escaped by maud.** Only the constant shapes of icons are trusted markup.
//!
//! Larger components are builders that implement [`maud::Render`], so they are spliced as they
//! are: `html! { (Field::text("tag", "Asset tag").required()) (button("Add device").primary()) }`.

use maud::{Markup, html};

pub mod button;
pub mod form;
pub mod frame;
pub mod glyph;
pub mod heading;
pub mod icon;
pub mod input;
pub mod kit;
pub mod layout;
pub mod ledger;
pub mod lifeline;
pub mod list;
pub mod marks;
pub mod message;
pub mod progress;
pub mod table;
pub mod timeline;
pub mod ways;

pub use button::{Button, button, link_button, post_button};
pub use form::{error_summary, fieldset, form_foot, hidden};
pub use glyph::{DeviceGlyph, glyph};
pub use heading::{Section, answer, quiet_answer, record_head, rule, split};
pub use icon::{Icon, icon, icon_named, icon_sized};
pub use input::{Choice, Field, Width, field_id};
pub use layout::{Bare, Crumb, Density, Flash, NavGroup, NavItem, PersonChip, Shell, Theme};
pub use ledger::{Fact, item, items, ledger, strip};
pub use lifeline::{Lane, LaneMark, LifeLine, MarkKind};
pub use list::{FacetGroup, FacetOption, Pager, QueryBar, Tab, Token, facets, tabs};
pub use marks::{Due, Risk, State, asset_tag, due, ident, pill, risk_mark, state_mark, tag_link};
pub use message::{copy_button, empty_state, message, message_with};
pub use progress::{Drop, Step, StepState, dropzone, progress, refresh_region, steps};
pub use table::{Column, Hide, PhoneSlot, Row, Sort, Table};
pub use timeline::{Change, Entry, timeline};
pub use ways::{Way, ways};

/// How loud something is. Plain is the normal state; colour only when somebody must do something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Tone {
    /// Ink on paper.
    #[default]
    Plain,
    /// Information that belongs to an action: blue.
    Accent,
    /// Passed or fixed just now: green.
    Ok,
    /// Soon, unclear, at risk: amber.
    Warn,
    /// Unsafe, failed, late: red.
    Crit,
}

impl Tone {
    /// The class in the stylesheet; empty for [`Tone::Plain`].
    pub const fn class(self) -> &'static str {
        match self {
            Tone::Plain => "",
            Tone::Accent => "acc",
            Tone::Ok => "ok",
            Tone::Warn => "warn",
            Tone::Crit => "crit",
        }
    }
}

/// Text that only a screen reader speaks.
pub fn spoken(text: &str) -> Markup {
    html! { span.vh { (text) } }
}
