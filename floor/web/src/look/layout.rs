//! The page around the content: shell with sidebar for signed-in people, bare sheet for the rest.

use maud::{DOCTYPE, Markup, Render, html};

use super::Tone;
use super::icon::{Icon, icon, icon_sized, logo};
use super::message::message;
use crate::assets;

pub use super::frame::{Crumb, Density, Flash, NavGroup, NavItem, PersonChip, ShellWords, Theme};

/// The page of a signed-in person. Fill what the page has, the rest from [`Shell::new`]:
/// `Shell { crumbs, actions, main, ..Shell::new("NH-104207", "Northfield Health") }.render()`.
#[derive(Clone, Debug)]
pub struct Shell<'a> {
    /// The title of the window; " · Baton" is added.
    pub title: String,
    /// The way here; the last is the present page.
    pub crumbs: Vec<Crumb>,
    /// The answer, where buttons belong to it: they follow it in reading order, and under it on a phone.
    pub head: Markup,
    /// Buttons, drawn at the end of the bar where there is room; the primary last. Without a head they follow the
    /// content.
    pub actions: Markup,
    /// The menu.
    pub nav: &'a [NavGroup],
    /// The address of the menu entry that is in sight: `/devices`.
    pub current: &'a str,
    /// The signed-in person.
    pub person: Option<PersonChip>,
    /// The organisation, spoken and printed.
    pub org_name: String,
    /// What part is seen: "All sites".
    pub site_note: Option<String>,
    /// The demo's clock, shown under the brand and printed.
    pub clock_note: Option<String>,
    /// Where the search box asks (`?q=`); `None` when the person may not search.
    pub search_action: Option<String>,
    /// What the search box holds.
    pub search_value: String,
    /// The theme.
    pub theme: Theme,
    /// How close rows stand.
    pub density: Density,
    /// Whether single-key shortcuts are on (the person may turn them off).
    pub single_keys: bool,
    /// What was just done.
    pub flash: Option<Flash>,
    /// The content.
    pub main: Markup,
    /// The bar at the foot of a phone.
    pub phone_nav: &'a [NavItem],
    /// The language of the page.
    pub lang: String,
    /// The shell's own words.
    pub words: ShellWords,
}

impl Shell<'_> {
    /// An empty page with a title, English words and search at `/devices`.
    pub fn new(title: impl Into<String>, org_name: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            crumbs: Vec::new(),
            head: Markup::default(),
            actions: Markup::default(),
            nav: &[],
            current: "",
            person: None,
            org_name: org_name.into(),
            site_note: None,
            clock_note: None,
            search_action: Some("/devices".into()),
            search_value: String::new(),
            theme: Theme::Auto,
            density: Density::Normal,
            single_keys: true,
            flash: None,
            main: Markup::default(),
            phone_nav: &[],
            lang: "en".into(),
            words: ShellWords::default(),
        }
    }

    fn sidebar(&self) -> Markup {
        html! {
            nav.side aria-label=(self.words.menu) {
                div.side-top {
                    a.brand href="/" { (logo(20)) span { "Baton" } }
                    @if let Some(clock) = &self.clock_note { p.clock { (icon_sized(Icon::Clock, 12, "")) (clock) } }
                }
                @if let Some(action) = &self.search_action {
                    form.find method="get" action=(action) role="search" {
                        (icon_sized(Icon::Search, 14, ""))
                        input type="search" name="q" value=(self.search_value) placeholder=(self.words.search)
                            aria-label=(self.words.search) autocomplete="off" spellcheck="false" data-search;
                        kbd.js-only aria-hidden="true" { "Ctrl K" }
                    }
                }
                div.menu {
                    @for group in self.nav {
                        div.nav-g {
                            h2 { (group.title) }
                            ul { @for item in &group.items { li { (self.nav_link(item, 15)) } } }
                        }
                    }
                }
                div.side-end {
                    @if let Some(site) = &self.site_note {
                        p.site { (icon_sized(Icon::Building, 14, "")) span { (site) } }
                    }
                    @if let Some(person) = &self.person { (self.person_menu(person)) }
                }
            }
        }
    }

    fn nav_link(&self, item: &NavItem, size: u8) -> Markup {
        html! {
            a href=(item.href) aria-current=[(item.href == self.current).then_some("page")] {
                (icon_sized(item.icon, size, ""))
                span { (item.label) }
                @if let Some(count) = &item.count { em { (count) } }
            }
        }
    }

    fn person_menu(&self, person: &PersonChip) -> Markup {
        let words = &self.words;
        let themes =
            [(Theme::Auto, &words.theme[1]), (Theme::Light, &words.theme[2]), (Theme::Dark, &words.theme[3])];
        html! {
            details.me-d data-menu {
                summary.me {
                    span.av aria-hidden="true" { (person.initials) }
                    span { (person.name) }
                    (icon_sized(Icon::ChevronUp, 13, ""))
                }
                div.me-m {
                    a href=(person.account_href) { (icon(Icon::User)) (words.account) }
                    form method="post" action=(person.theme_action) {
                        fieldset.themes {
                            legend { (words.theme[0]) }
                            div.seg {
                                @for (theme, word) in themes {
                                    button type="submit" name="theme" value=(theme.value())
                                        aria-pressed=(if theme == self.theme { "true" } else { "false" }) { (word) }
                                }
                            }
                        }
                    }
                    button.js-only type="button" data-open="keys" { (icon(Icon::Keyboard)) (words.keys[0]) }
                    form method="post" action=(person.sign_out_action) {
                        button type="submit" data-busy=(words.sign_out[1]) { (icon(Icon::SignOut)) (words.sign_out[0]) }
                    }
                }
            }
        }
    }

    fn top(&self) -> Markup {
        let back = self
            .crumbs
            .iter()
            .rev()
            .skip(1)
            .find_map(|crumb| crumb.href.as_ref().map(|href| (href, &crumb.label)));
        html! {
            header.top {
                @if let Some((href, label)) = back {
                    a.bk href=(href) aria-label={ (self.words.back_to) " " (label) } { (icon_sized(Icon::ChevronLeft, 24, "")) }
                }
                nav.crumbs aria-label=(self.words.breadcrumb) {
                    ol {
                        @for (n, crumb) in self.crumbs.iter().enumerate() {
                            li aria-current=[(n + 1 == self.crumbs.len()).then_some("page")] {
                                @if let Some(href) = &crumb.href { a href=(href) { (crumb.label) } }
                                @else { (crumb.label) }
                            }
                        }
                    }
                }
            }
        }
    }

    /// The content. Buttons come after the answer, so that it is read first; on a wide screen they are drawn in the
    /// bar all the same.
    fn content(&self) -> Markup {
        let headed = !self.head.0.is_empty();
        let acts = html! { @if !self.actions.0.is_empty() { div.acts { (self.actions) } } };
        html! {
            main id="main" tabindex="-1" {
                @if headed { (self.head) (acts) }
                (self.main)
                @if !headed { (acts) }
            }
        }
    }

    fn keys(&self) -> Markup {
        let [title, close] = &self.words.keys;
        html! {
            dialog.dlg id="keys" aria-labelledby="keys-title" {
                form method="dialog" {
                    div.shr { h2.sh id="keys-title" { (title) } span.shr-a { button.btn.sm { (close) } } }
                    dl.led {
                        @for (keys, does) in &self.words.key_list {
                            div { dt { @for key in split_keys(keys) { kbd { (key) } " " } } dd { (does) } }
                        }
                    }
                }
            }
        }
    }
}

/// "J K" are two keys, "Ctrl K" is one chord.
fn split_keys(keys: &str) -> Vec<&str> {
    if keys.contains("Ctrl") || keys.contains("then") { vec![keys] } else { keys.split(' ').collect() }
}

impl Render for Shell<'_> {
    fn render(&self) -> Markup {
        let body = html! {
            a.skip href="#main" { (self.words.skip) }
            div.app {
                (self.sidebar())
                div.col {
                    (self.top())
                    p.print-h {
                        (logo(18)) b { (self.org_name) }
                        span { (self.title) @if let Some(clock) = &self.clock_note { ", " (clock) } }
                    }
                    (self.content())
                }
            }
            @if !self.phone_nav.is_empty() {
                nav.pnav aria-label=(self.words.menu) { @for item in self.phone_nav { (self.nav_link(item, 22)) } }
            }
            @if let Some(flash) = &self.flash { (toast(flash, &self.words.dismiss)) }
            (self.keys())
        };
        document(&self.lang, &self.title, self.theme, self.density, self.single_keys, "", &body)
    }
}

/// A page without the shell: sign-in, set-up, errors.
#[derive(Clone, Debug)]
pub struct Bare {
    /// The title of the window and, as the sheet's `h1`, what the page is.
    pub title: String,
    /// A line under the title.
    pub sub: Option<String>,
    /// The theme.
    pub theme: Theme,
    /// What was just done or went wrong.
    pub flash: Option<Flash>,
    /// The content of the sheet.
    pub main: Markup,
    /// Lines under the sheet: where help is.
    pub foot: Vec<String>,
    /// A wider sheet, for set-up.
    pub wide: bool,
    /// The language of the page.
    pub lang: String,
}

impl Bare {
    /// A bare page with a title and its content.
    pub fn new(title: impl Into<String>, main: Markup) -> Self {
        Self {
            title: title.into(),
            sub: None,
            theme: Theme::Auto,
            flash: None,
            main,
            foot: Vec::new(),
            wide: false,
            lang: "en".into(),
        }
    }
}

impl Render for Bare {
    fn render(&self) -> Markup {
        let body = html! {
            main {
                div.sbox.wide[self.wide] {
                    p.brand { (logo(26)) span { "Baton" } }
                    h1 { (self.title) }
                    @if let Some(sub) = &self.sub { p.sec.sub-l { (sub) } }
                    @if let Some(flash) = &self.flash {
                        div.sflash role="status" { (message(flash.tone, &html! { (flash.text) })) }
                    }
                    (self.main)
                }
                @if !self.foot.is_empty() { p.sfoot { @for line in &self.foot { span { (line) } " " } } }
            }
        };
        document(&self.lang, &self.title, self.theme, Density::Normal, true, "signin", &body)
    }
}

/// Bad news stays until it is put away.
const fn stays(tone: Tone) -> &'static str {
    match tone {
        Tone::Warn | Tone::Crit => "stay",
        _ => "",
    }
}

/// What was just done, at the foot of the page, with a way back. Script puts it away after eight
/// seconds unless it is in use.
pub fn toast(flash: &Flash, dismiss: &str) -> Markup {
    let sign = match flash.tone {
        Tone::Crit => Icon::CircleAlert,
        Tone::Warn => Icon::Triangle,
        Tone::Ok => Icon::Check,
        Tone::Plain | Tone::Accent => Icon::Info,
    };
    html! {
        div.toast role="status" data-toast=(stays(flash.tone)) {
            (icon(sign))
            span { (flash.text) }
            @if let Some((action, word)) = &flash.undo {
                form method="post" action=(action) { button type="submit" { (word) } }
            }
            button.js-only type="button" data-dismiss aria-label=(dismiss) { (icon(Icon::Cross)) }
        }
    }
}

fn document(
    lang: &str,
    title: &str,
    theme: Theme,
    density: Density,
    single_keys: bool,
    class: &str,
    body: &Markup,
) -> Markup {
    let theme = (theme != Theme::Auto).then_some(theme.value());
    let density = (density == Density::Compact).then_some("compact");
    html! {
        (DOCTYPE)
        html lang=(lang) data-theme=[theme] data-density=[density] data-keys=[(!single_keys).then_some("off")] {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover";
                meta name="color-scheme" content=(theme.unwrap_or("light dark"));
                title { (title) " · Baton" }
                link rel="icon" type="image/svg+xml" href=(assets::url("logo.svg"));
                link rel="preload" as="font" type="font/woff2" crossorigin="anonymous" href=(assets::url("inter.woff2"));
                link rel="stylesheet" href=(assets::url("baton.css"));
                script type="module" src=(assets::url("baton.js")) {}
            }
            body class=[(!class.is_empty()).then_some(class)] { (body) }
        }
    }
}
