//! One field of a form: label above, control, hint, error. Never a placeholder instead of a label.

use maud::{Markup, Render, html};

use super::icon::{Icon, icon_sized};

/// The id of a field's control, made from its name; what an error summary links to.
pub fn field_id(name: &str) -> String {
    format!("f-{name}")
}

/// One answer of a select or radio group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What the form sends.
    pub value: String,
    /// What the person reads.
    pub label: String,
    /// A second line, shown in radio groups.
    pub hint: Option<String>,
    /// The title it stands under in a select; neighbours with the same title share it.
    pub group: Option<String>,
}

impl Choice {
    /// A choice without a second line.
    pub fn new(value: impl Into<String>, label: impl Into<String>) -> Self {
        Self { value: value.into(), label: label.into(), hint: None, group: None }
    }

    /// Under a title, in a select.
    #[must_use]
    pub fn group(mut self, title: impl Into<String>) -> Self {
        self.group = Some(title.into());
        self
    }

    /// With a second line.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

#[derive(Clone, Debug)]
enum Kind {
    Input(&'static str),
    Area(u8),
    Select(Vec<Choice>),
    Check,
    Radio(Vec<Choice>),
    File(String),
}

/// How wide the control is, to hint at the length of the answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Width {
    /// As wide as the column.
    #[default]
    Full,
    /// About 24 characters: tags, serials, names.
    Medium,
    /// About 12 characters: numbers, dates.
    Short,
}

/// One field. Made by [`Field::text`] and its like, then refined; spliced into `html!` as it is.
#[derive(Clone, Debug)]
#[must_use]
pub struct Field {
    kind: Kind,
    name: String,
    label: String,
    value: String,
    checked: bool,
    hint: Option<String>,
    error: Option<String>,
    required: bool,
    optional_word: Option<String>,
    autocomplete: Option<String>,
    inputmode: Option<String>,
    width: Width,
    suffix: Option<String>,
    autofocus: bool,
    ident: bool,
    bare: bool,
    one_of_several: bool,
    placeholder: Option<&'static str>,
    zone: bool,
}

impl Field {
    fn new(kind: Kind, name: impl Into<String>, label: impl Into<String>) -> Self {
        Self {
            kind,
            name: name.into(),
            label: label.into(),
            value: String::new(),
            checked: false,
            hint: None,
            error: None,
            required: false,
            optional_word: None,
            autocomplete: None,
            inputmode: None,
            width: Width::Full,
            suffix: None,
            autofocus: false,
            ident: false,
            bare: false,
            one_of_several: false,
            placeholder: None,
            zone: false,
        }
    }

    /// One line of text.
    pub fn text(name: impl Into<String>, label: impl Into<String>) -> Self {
        Self::new(Kind::Input("text"), name, label)
    }

    /// An e-mail address.
    pub fn email(name: impl Into<String>, label: impl Into<String>) -> Self {
        Self::new(Kind::Input("email"), name, label).inputmode("email")
    }

    /// A password. Its value is never written into the page. Pasting is allowed.
    pub fn password(name: impl Into<String>, label: impl Into<String>) -> Self {
        Self::new(Kind::Input("password"), name, label)
    }

    /// A number, typed as text with a number pad, so that nothing scrolls it by accident.
    pub fn number(name: impl Into<String>, label: impl Into<String>) -> Self {
        Self::new(Kind::Input("text"), name, label).inputmode("decimal").width(Width::Short)
    }

    /// A date, as text: the browser's own control writes dates in the order of its language. The year stands first,
    /// and the month may be a word; [`kernel::read_day`] reads the answer.
    pub fn date(name: impl Into<String>, label: impl Into<String>) -> Self {
        let field = Self::new(Kind::Input("text"), name, label).width(Width::Short).autocomplete("off");
        Self { placeholder: Some(kernel::DAY_EXAMPLE), ..field }
    }

    /// Several lines of text.
    pub fn area(name: impl Into<String>, label: impl Into<String>, rows: u8) -> Self {
        Self::new(Kind::Area(rows), name, label)
    }

    /// One of a list.
    pub fn select(name: impl Into<String>, label: impl Into<String>, choices: Vec<Choice>) -> Self {
        Self::new(Kind::Select(choices), name, label)
    }

    /// A time zone of a list. While none is chosen, script proposes that of the browser.
    pub fn zone(name: impl Into<String>, label: impl Into<String>, choices: Vec<Choice>) -> Self {
        Self { zone: true, ..Self::select(name, label, choices) }
    }

    /// Yes or no; sends its value ("on" unless set) when ticked.
    pub fn checkbox(name: impl Into<String>, label: impl Into<String>) -> Self {
        Self::new(Kind::Check, name, label)
    }

    /// One of a few, all in sight.
    pub fn radio(name: impl Into<String>, label: impl Into<String>, choices: Vec<Choice>) -> Self {
        Self::new(Kind::Radio(choices), name, label)
    }

    /// A file; `accept` as in HTML (".csv,text/csv").
    pub fn file(name: impl Into<String>, label: impl Into<String>, accept: impl Into<String>) -> Self {
        Self::new(Kind::File(accept.into()), name, label)
    }

    /// The present answer (the chosen value for selects and radio groups).
    pub fn value(mut self, value: impl Into<String>) -> Self {
        self.value = value.into();
        self
    }

    /// Whether a checkbox is ticked.
    pub fn checked(mut self, checked: bool) -> Self {
        self.checked = checked;
        self
    }

    /// A note under the control.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// What is wrong, in one sentence with the fix. `None` when nothing is.
    pub fn error<T: Into<String>>(mut self, error: Option<T>) -> Self {
        self.error = error.map(Into::into);
        self
    }

    /// The answer must be given.
    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// Says so behind the label ("optional").
    pub fn optional(mut self, word: impl Into<String>) -> Self {
        self.optional_word = Some(word.into());
        self
    }

    /// The browser's autocomplete token ("username", "current-password", "off").
    pub fn autocomplete(mut self, token: impl Into<String>) -> Self {
        self.autocomplete = Some(token.into());
        self
    }

    /// The phone keyboard to offer ("numeric", "decimal", "email").
    pub fn inputmode(mut self, mode: impl Into<String>) -> Self {
        self.inputmode = Some(mode.into());
        self
    }

    /// How wide the control is.
    pub fn width(mut self, width: Width) -> Self {
        self.width = width;
        self
    }

    /// The unit behind the control: "months", "USD".
    pub fn suffix(mut self, unit: impl Into<String>) -> Self {
        self.suffix = Some(unit.into());
        self
    }

    /// Takes focus when the page arrives. At most one a page, and only where typing is all one does.
    pub fn autofocus(mut self) -> Self {
        self.autofocus = true;
        self
    }

    /// Draws the value as an identifier and turns spelling and correction off.
    pub fn identifier(mut self) -> Self {
        self.ident = true;
        self
    }

    /// Says that several boxes have this name: the value becomes part of the id, which must stand once on a page.
    pub fn one_of_several(mut self) -> Self {
        self.one_of_several = true;
        self
    }

    /// Hides the label from sight (not from screen readers), for a control inside a table cell.
    pub fn bare(mut self) -> Self {
        self.bare = true;
        self
    }

    fn id(&self) -> String {
        if !self.one_of_several {
            return field_id(&self.name);
        }
        let value: String =
            self.value.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        format!("{}-{value}", field_id(&self.name))
    }

    /// The ids of hint and error, for `aria-describedby`.
    fn described_by(&self) -> Option<String> {
        let id = self.id();
        let hint = self.hint.as_ref().map(|_| format!("{id}-hint"));
        let error = self.error.as_ref().map(|_| format!("{id}-error"));
        match (error, hint) {
            (Some(error), Some(hint)) => Some(format!("{error} {hint}")),
            (error, hint) => error.or(hint),
        }
    }

    fn notes(&self) -> Markup {
        html! {
            @if let Some(hint) = &self.hint { p.hint id={ (self.id()) "-hint" } { (hint) } }
            @if let Some(error) = &self.error {
                p.ferr id={ (self.id()) "-error" } { (icon_sized(Icon::CircleAlert, 13, "")) span { (error) } }
            }
        }
    }

    fn label_text(&self) -> Markup {
        html! {
            (self.label)
            @if let Some(word) = &self.optional_word { span.opt-w { " " (word) } }
        }
    }

    fn control_class(&self) -> String {
        let width = match self.width {
            Width::Full => "",
            Width::Medium => " w-m",
            Width::Short => " w-s",
        };
        format!("inp{width}{}", if self.ident { " id" } else { "" })
    }

    fn control(&self) -> Markup {
        let (id, class, by) = (self.id(), self.control_class(), self.described_by());
        let invalid = self.error.as_ref().map(|_| "true");
        let (auto, mode) = (self.autocomplete.as_deref(), self.inputmode.as_deref());
        let spell = self.ident.then_some("false");
        html! {
            @match &self.kind {
                Kind::Input(kind) => input id=(id) class=(class) type=(kind) name=(self.name)
                    value=[(*kind != "password").then_some(&self.value)] required[self.required]
                    autocomplete=[auto] inputmode=[mode] placeholder=[self.placeholder]
                    autofocus[self.autofocus] spellcheck=[spell] autocapitalize=[spell.map(|_| "off")]
                    aria-describedby=[by] aria-invalid=[invalid];,
                Kind::Area(rows) => textarea id=(id) class={ (class) " area" } name=(self.name) rows=(rows)
                    required[self.required] aria-describedby=[by] aria-invalid=[invalid] { "\n" (self.value) },
                Kind::Select(choices) => span.selw {
                    select id=(id) class=(class) name=(self.name) required[self.required] data-zone[self.zone]
                        aria-describedby=[by] aria-invalid=[invalid] {
                        @for group in choices.chunk_by(|a, b| a.group == b.group) {
                            @match group.first().and_then(|choice| choice.group.as_deref()) {
                                Some(title) => optgroup label=(title) { (self.options(group)) },
                                None => (self.options(group)),
                            }
                        }
                    }
                    (icon_sized(Icon::ChevronDown, 13, "mute"))
                },
                Kind::File(accept) => input id=(id) class="file" type="file" name=(self.name) accept=(accept)
                    required[self.required] aria-describedby=[by] aria-invalid=[invalid];,
                Kind::Check | Kind::Radio(_) => {},
            }
        }
    }

    fn options(&self, choices: &[Choice]) -> Markup {
        html! {
            @for choice in choices {
                option value=(choice.value) selected[choice.value == self.value] { (choice.label) }
            }
        }
    }

    fn render_check(&self) -> Markup {
        let value = if self.value.is_empty() { "on" } else { &self.value };
        html! {
            div.field.check {
                label.opt-l {
                    input.cb id=(self.id()) type="checkbox" name=(self.name) value=(value) checked[self.checked]
                        required[self.required] aria-describedby=[self.described_by()]
                        aria-invalid=[self.error.as_ref().map(|_| "true")];
                    span { (self.label_text()) }
                }
                (self.notes())
            }
        }
    }

    fn render_radio(&self, choices: &[Choice]) -> Markup {
        html! {
            fieldset.field.radios id=(self.id()) tabindex="-1" aria-describedby=[self.described_by()] {
                legend.f { (self.label_text()) }
                @for (n, choice) in choices.iter().enumerate() {
                    label.opt-l {
                        input.cb id={ (self.id()) "-" (n) } type="radio" name=(self.name) value=(choice.value)
                            checked[choice.value == self.value] required[self.required];
                        span {
                            (choice.label)
                            @if let Some(hint) = &choice.hint { span.two { (hint) } }
                        }
                    }
                }
                (self.notes())
            }
        }
    }
}

impl Render for Field {
    fn render(&self) -> Markup {
        match &self.kind {
            Kind::Check => self.render_check(),
            Kind::Radio(choices) => self.render_radio(choices),
            _ => html! {
                div.field {
                    label.f.vh[self.bare] for=(self.id()) { (self.label_text()) }
                    @if let Some(unit) = &self.suffix {
                        span.unit { (self.control()) span { (unit) } }
                    } @else { (self.control()) }
                    (self.notes())
                }
            },
        }
    }
}
