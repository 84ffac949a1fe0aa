//! Buttons: a verb and its object. One primary a page.

use maud::{Markup, Render, html};

use super::icon::{Icon, icon_sized};

#[derive(Clone, Debug)]
enum Does {
    Submit,
    Nothing,
    Link(String),
}

/// A button or a link that looks like one. Made by [`button`], [`link_button`] or
/// [`Button::script`], then refined.
#[derive(Clone, Debug)]
#[must_use]
pub struct Button {
    label: String,
    does: Does,
    kind: &'static str,
    size: &'static str,
    icon: Option<Icon>,
    icon_only: bool,
    busy: Option<String>,
    name_value: Option<(String, String)>,
    form: Option<String>,
    key: Option<String>,
    why_not: Option<String>,
    wide: bool,
}

/// A button that submits the form it stands in: `button("Save changes").primary().busy("Saving")`.
pub fn button(label: impl Into<String>) -> Button {
    Button::new(label, Does::Submit)
}

/// A link that looks like a button, for going somewhere: `link_button("Move", "/d/NH-1/move")`.
pub fn link_button(label: impl Into<String>, href: impl Into<String>) -> Button {
    Button::new(label, Does::Link(href.into()))
}

/// A form of one button, for an act that needs no further answer. `fields` are sent along.
pub fn post_button(action: &str, fields: &[(&str, &str)], button: &Button) -> Markup {
    html! {
        form.inline method="post" action=(action) {
            @for (name, value) in fields { (super::form::hidden(name, value)) }
            (button)
        }
    }
}

impl Button {
    fn new(label: impl Into<String>, does: Does) -> Self {
        Self {
            label: label.into(),
            does,
            kind: "",
            size: "",
            icon: None,
            icon_only: false,
            busy: None,
            name_value: None,
            form: None,
            key: None,
            why_not: None,
            wide: false,
        }
    }

    /// A button that only script listens to. Hidden until script runs.
    pub fn script(label: impl Into<String>) -> Self {
        Self::new(label, Does::Nothing)
    }

    /// The one filled button of the page.
    pub fn primary(mut self) -> Self {
        self.kind = "pri";
        self
    }

    /// Without an edge, for the least of several acts.
    pub fn ghost(mut self) -> Self {
        self.kind = "ghost";
        self
    }

    /// Outlined in red, for what cannot be taken back easily.
    pub fn danger(mut self) -> Self {
        self.kind = "dang";
        self
    }

    /// 26 px high, for rows.
    pub fn small(mut self) -> Self {
        self.size = "sm";
        self
    }

    /// 44 px high, for sign-in and phone.
    pub fn tall(mut self) -> Self {
        self.size = "md";
        self
    }

    /// As wide as its container.
    pub fn wide(mut self) -> Self {
        self.wide = true;
        self
    }

    /// An icon before the label.
    pub fn icon(mut self, icon: Icon) -> Self {
        self.icon = Some(icon);
        self
    }

    /// Shows the icon only; the label becomes the spoken name.
    pub fn icon_only(mut self, icon: Icon) -> Self {
        self.icon = Some(icon);
        self.icon_only = true;
        self
    }

    /// The doing word shown while the form is being sent: "Saving".
    pub fn busy(mut self, word: impl Into<String>) -> Self {
        self.busy = Some(word.into());
        self
    }

    /// What the form receives when this button sends it.
    pub fn sends(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.name_value = Some((name.into(), value.into()));
        self
    }

    /// The id of the form this button sends when it stands outside of it (the page's head).
    pub fn form(mut self, id: impl Into<String>) -> Self {
        self.form = Some(id.into());
        self
    }

    /// A single-key shortcut, drawn in the button and heard by script.
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Disabled, with the reason in words beside it.
    pub fn disabled(mut self, why: impl Into<String>) -> Self {
        self.why_not = Some(why.into());
        self
    }

    fn classes(&self) -> String {
        let mut classes = String::from("btn");
        let script = matches!(self.does, Does::Nothing);
        for (on, class) in [
            (!self.kind.is_empty(), self.kind),
            (!self.size.is_empty(), self.size),
            (self.icon_only, "ico"),
            (self.wide, "wide"),
            (script, "js-only"),
        ] {
            if on {
                classes.push(' ');
                classes.push_str(class);
            }
        }
        classes
    }

    fn inside(&self) -> Markup {
        let icon_size = if self.size == "md" { 18 } else { 15 };
        html! {
            @if let Some(icon) = self.icon { (icon_sized(icon, icon_size, "")) }
            @if !self.icon_only { span { (self.label) } }
            @if let Some(key) = &self.key { kbd aria-hidden="true" { (key) } }
        }
    }
}

impl Render for Button {
    fn render(&self) -> Markup {
        let name = self.icon_only.then_some(self.label.as_str());
        let pair = self.name_value.as_ref();
        let busy = self.busy.as_deref();
        let key = self.key.as_deref();
        if let Some(why) = &self.why_not {
            return html! {
                span.whynot {
                    button type="button" class=(self.classes()) disabled aria-label=[name] { (self.inside()) }
                    span.hint { (why) }
                }
            };
        }
        html! {
            @match &self.does {
                Does::Link(href) => a class=(self.classes()) href=(href) aria-label=[name] title=[name]
                    data-key=[key] { (self.inside()) },
                Does::Submit => button type="submit" class=(self.classes()) name=[pair.map(|p| &p.0)]
                    value=[pair.map(|p| &p.1)] form=[self.form.as_deref()] aria-label=[name] title=[name]
                    data-busy=[busy] data-key=[key] { (self.inside()) },
                Does::Nothing => button type="button" class=(self.classes()) aria-label=[name] title=[name]
                    data-key=[key] { (self.inside()) },
            }
        }
    }
}
