//! What stands around a list: saved views, the query, filters, pages.

use maud::{Markup, Render, html};

use super::form::hidden;
use super::icon::{Icon, icon, icon_sized};

/// A view of a list, with its count.
#[derive(Clone, Debug)]
pub struct Tab {
    /// The name of the view.
    pub label: String,
    /// Where it leads.
    pub href: String,
    /// How many it holds, written for the reader.
    pub count: Option<String>,
    /// Whether it is the one in sight.
    pub current: bool,
}

/// Views side by side. `name` is the spoken name of the group: "Saved views".
pub fn tabs(name: &str, tabs: &[Tab]) -> Markup {
    html! {
        nav.tabs aria-label=(name) {
            @for tab in tabs {
                a href=(tab.href) aria-current=[tab.current.then_some("page")] {
                    (tab.label)
                    @if let Some(count) = &tab.count { em { (count) } }
                }
            }
        }
    }
}

/// A filter in force, drawn inside the query bar. Following its link takes it away.
#[derive(Clone, Debug)]
pub struct Token {
    /// The field: "state".
    pub field: String,
    /// The value: "in service".
    pub value: String,
    /// Whether it excludes.
    pub negated: bool,
    /// The list without this filter.
    pub remove_href: String,
    /// What the link does, spoken after the filter: "remove".
    pub remove_word: String,
}

/// The query bar: what is asked, always in sight and editable.
#[derive(Clone, Debug)]
#[must_use]
pub struct QueryBar {
    action: String,
    query: String,
    label: String,
    placeholder: String,
    submit: String,
    filter: Option<String>,
    tokens: Vec<Token>,
    kept: Vec<(String, String)>,
    actions: Option<Markup>,
}

impl QueryBar {
    /// A bar that asks `action` with `?q=`. `label` is its spoken name, `submit` the word of the
    /// button shown without script.
    pub fn new(action: impl Into<String>, label: impl Into<String>, submit: impl Into<String>) -> Self {
        Self {
            action: action.into(),
            query: String::new(),
            label: label.into(),
            placeholder: String::new(),
            submit: submit.into(),
            filter: None,
            tokens: Vec::new(),
            kept: Vec::new(),
            actions: None,
        }
    }

    /// The words asked for now.
    pub fn query(mut self, query: impl Into<String>) -> Self {
        self.query = query.into();
        self
    }

    /// An example of what may be typed.
    pub fn placeholder(mut self, text: impl Into<String>) -> Self {
        self.placeholder = text.into();
        self
    }

    /// The word of the button that shows the filters on a phone and a tablet ("Filter").
    pub fn filter(mut self, word: impl Into<String>) -> Self {
        self.filter = Some(word.into());
        self
    }

    /// The filters in force.
    pub fn tokens(mut self, tokens: Vec<Token>) -> Self {
        self.tokens = tokens;
        self
    }

    /// A parameter kept when the words change (a filter, the order).
    pub fn keep(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.kept.push((name.into(), value.into()));
        self
    }

    /// Buttons at the end of the bar: Columns, Export.
    pub fn actions(mut self, actions: Markup) -> Self {
        self.actions = Some(actions);
        self
    }
}

impl Render for QueryBar {
    fn render(&self) -> Markup {
        html! {
            div.qbar {
                form.query method="get" action=(self.action) role="search" aria-label=(self.label) {
                    (icon_sized(Icon::Search, 15, "mute"))
                    @for token in &self.tokens {
                        a.tok.neg[token.negated] href=(token.remove_href) title=(token.remove_word) {
                            i { @if token.negated { "-" } (token.field) ":" }
                            (token.value)
                            (icon_sized(Icon::Cross, 12, ""))
                            span.vh { ", " (token.remove_word) }
                        }
                    }
                    @for (name, value) in &self.kept { (hidden(name, value)) }
                    input type="search" name="q" value=(self.query) placeholder=(self.placeholder)
                        aria-label=(self.label) autocomplete="off" spellcheck="false" data-filter;
                    kbd.js-only aria-hidden="true" { "/" }
                    button.btn.sm.nojs type="submit" { (self.submit) }
                }
                @if let Some(word) = &self.filter {
                    a.btn.ph-f href="#filters" { (icon(Icon::Filter)) (word) }
                }
                @if let Some(actions) = &self.actions { span.qbar-a { (actions) } }
            }
        }
    }
}

/// One answer of a filter.
#[derive(Clone, Debug)]
pub struct FacetOption {
    /// The parameter's value.
    pub value: String,
    /// What is read.
    pub label: String,
    /// How many are in the present result, written for the reader. "0" stays, faint.
    pub count: String,
    /// Whether it is in force.
    pub checked: bool,
}

/// A group of answers; several in one group mean "or".
#[derive(Clone, Debug)]
pub struct FacetGroup {
    /// The head of the group.
    pub title: String,
    /// The parameter's name.
    pub name: String,
    /// Its answers.
    pub options: Vec<FacetOption>,
}

/// Words of the filter panel.
#[derive(Clone, Debug)]
pub struct FacetWords<'a> {
    /// The spoken name of the panel: "Filters".
    pub name: &'a str,
    /// The button that applies them: "Show results".
    pub apply: &'a str,
    /// The link that closes the panel on a phone: "Close".
    pub close: &'a str,
}

/// The filters beside a list: checkboxes in a form that asks for the same list. Script sends it at
/// each tick on a desktop. On a phone and a tablet the panel is opened by the query bar's button.
/// `kept` are parameters to keep (the words asked for, the order). Must be followed by the list
/// inside [`list_page`], which gives the panel its place.
pub fn facets(
    action: &str,
    words: &FacetWords<'_>,
    kept: &[(String, String)],
    groups: &[FacetGroup],
) -> Markup {
    html! {
        aside.facets id="filters" aria-label=(words.name) {
            form method="get" action=(action) data-autosubmit="wide" {
                @for (name, value) in kept { (hidden(name, value)) }
                @for group in groups {
                    fieldset {
                        legend { (group.title) }
                        @for option in &group.options {
                            label.on[option.checked].zero[option.count == "0" && !option.checked] {
                                input.cb type="checkbox" name=(group.name) value=(option.value)
                                    checked[option.checked];
                                span title=(option.label) { (option.label) }
                                span { (option.count) }
                            }
                        }
                    }
                }
                p.facets-f {
                    button.btn.narrow-or-nojs type="submit" { (words.apply) }
                    a.btn.ghost.ph-f href="#list" { (words.close) }
                }
            }
        }
    }
}

/// A list page: filters on one side, views, query, table and pages on the other.
pub fn list_page(facets: Option<&Markup>, list: &Markup) -> Markup {
    html! {
        div.fleet.nofacets[facets.is_none()] {
            @if let Some(facets) = facets { (facets) }
            div.lst id="list" { (list) }
        }
    }
}

/// The foot of a list: how many, and the neighbouring pages. Pages are found by key, so there is a
/// first, a previous and a next page, and no page numbers.
#[derive(Clone, Debug, Default)]
pub struct Pager {
    /// "1–50 of 412".
    pub summary: String,
    /// Link to the first page, unless this is it.
    pub first: Option<String>,
    /// Link to the page before.
    pub previous: Option<String>,
    /// Link to the page after.
    pub next: Option<String>,
    /// Spoken names of group, first, previous and next.
    pub names: PagerNames,
    /// What may be done to the selected rows, before the pages.
    pub lead: Option<Markup>,
}

/// The words of a [`Pager`].
#[derive(Clone, Debug)]
pub struct PagerNames {
    /// Spoken name of the group: "Pages".
    pub group: String,
    /// "First page".
    pub first: String,
    /// "Previous page".
    pub previous: String,
    /// "Next page".
    pub next: String,
}

impl Default for PagerNames {
    fn default() -> Self {
        Self {
            group: "Pages".into(),
            first: "First page".into(),
            previous: "Previous page".into(),
            next: "Next page".into(),
        }
    }
}

impl Render for Pager {
    fn render(&self) -> Markup {
        html! {
            @if let Some(lead) = &self.lead {
                div.pager { (lead) nav.pages aria-label=(self.names.group) { (self.pages()) } }
            } @else {
                nav.pager aria-label=(self.names.group) { (self.pages()) }
            }
        }
    }
}

impl Pager {
    fn pages(&self) -> Markup {
        html! {
                span.sec { (self.summary) }
                @if let Some(href) = &self.first { a.btn href=(href) { (self.names.first) } }
                @if let Some(href) = &self.previous {
                    a.btn.ico href=(href) rel="prev" aria-label=(self.names.previous) title=(self.names.previous) {
                        (icon(Icon::ChevronLeft))
                    }
                }
                @if let Some(href) = &self.next {
                    a.btn.ico href=(href) rel="next" aria-label=(self.names.next) title=(self.names.next) {
                        (icon(Icon::ChevronRight))
                    }
                }
        }
    }
}
