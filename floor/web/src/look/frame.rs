//! What the frame of a page is told: theme, crumbs, menu, person, what was just done, its words.

use super::Tone;
use super::icon::Icon;

/// Light, dark, or as the system says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// As the system says.
    #[default]
    Auto,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// The value in forms and in the `data-theme` attribute.
    pub const fn value(self) -> &'static str {
        match self {
            Theme::Auto => "auto",
            Theme::Light => "light",
            Theme::Dark => "dark",
        }
    }

    /// The reverse of [`Theme::value`]; anything unknown is [`Theme::Auto`].
    pub fn from_value(value: &str) -> Self {
        match value {
            "light" => Theme::Light,
            "dark" => Theme::Dark,
            _ => Theme::Auto,
        }
    }
}

/// How close rows stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Density {
    /// As designed.
    #[default]
    Normal,
    /// Closer rows.
    Compact,
}

/// A step of the breadcrumb; the last one has no link.
#[derive(Clone, Debug)]
pub struct Crumb {
    /// The words.
    pub label: String,
    /// Where it leads; `None` for the present page.
    pub href: Option<String>,
}

impl Crumb {
    /// A step that leads somewhere.
    pub fn link(label: impl Into<String>, href: impl Into<String>) -> Self {
        Self { label: label.into(), href: Some(href.into()) }
    }

    /// The present page.
    pub fn here(label: impl Into<String>) -> Self {
        Self { label: label.into(), href: None }
    }
}

/// An entry of the menu or the phone bar.
#[derive(Clone, Debug)]
pub struct NavItem {
    /// Where it leads; also compared with [`Shell::current`].
    pub href: String,
    /// The word.
    pub label: String,
    /// Its icon.
    pub icon: Icon,
    /// How many wait there, written for the reader.
    pub count: Option<String>,
}

impl NavItem {
    /// An entry without a count.
    pub fn new(href: impl Into<String>, label: impl Into<String>, icon: Icon) -> Self {
        Self { href: href.into(), label: label.into(), icon, count: None }
    }

    /// With a count behind the word.
    #[must_use]
    pub fn count(mut self, count: impl Into<String>) -> Self {
        self.count = Some(count.into());
        self
    }
}

/// A titled group of menu entries. Only what the person may see is passed in.
#[derive(Clone, Debug)]
pub struct NavGroup {
    /// The title: Work, Fleet, Assurance, Plan.
    pub title: String,
    /// Its entries.
    pub items: Vec<NavItem>,
}

/// The signed-in person at the foot of the sidebar, with their menu.
#[derive(Clone, Debug)]
pub struct PersonChip {
    /// Full name.
    pub name: String,
    /// Two letters.
    pub initials: String,
    /// The account page.
    pub account_href: String,
    /// Where the theme form posts `theme=auto|light|dark`.
    pub theme_action: String,
    /// Where sign-out posts.
    pub sign_out_action: String,
}

impl PersonChip {
    /// A person with the usual addresses: `/me`, `/me/theme`, `/sign-out`.
    pub fn new(name: impl Into<String>, initials: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            initials: initials.into(),
            account_href: "/me".into(),
            theme_action: "/me/theme".into(),
            sign_out_action: "/sign-out".into(),
        }
    }
}

/// What was just done, told once on the next page.
#[derive(Clone, Debug)]
pub struct Flash {
    /// How it went.
    pub tone: Tone,
    /// "Moved to ICU 3 East, bay 4."
    pub text: String,
    /// How to take it back: (where to post, the word "Undo").
    pub undo: Option<(String, String)>,
}

/// Words of the shell that a page does not choose. English by default.
#[derive(Clone, Debug)]
pub struct ShellWords {
    /// Skip link.
    pub skip: String,
    /// Search box.
    pub search: String,
    /// Spoken name of the menu.
    pub menu: String,
    /// Spoken name of the breadcrumb.
    pub breadcrumb: String,
    /// Before the name of the page one goes back to.
    pub back_to: String,
    /// Link to the account page.
    pub account: String,
    /// Title of the theme choice, then its three answers: as system, light, dark.
    pub theme: [String; 4],
    /// Sign out, and its busy word.
    pub sign_out: [String; 2],
    /// Title of the list of keys, and the word that closes it.
    pub keys: [String; 2],
    /// The keys and what they do.
    pub key_list: Vec<(String, String)>,
    /// The button that puts the toast away.
    pub dismiss: String,
}

impl Default for ShellWords {
    fn default() -> Self {
        let keys = [
            ("Ctrl K", "Search"),
            ("/", "Filter this list"),
            ("J K", "Next, previous row"),
            ("Enter", "Open"),
            ("X", "Select row"),
            ("Esc", "Close, step back"),
            ("?", "Keys on this page"),
        ];
        Self {
            skip: "Skip to content".into(),
            search: "Search".into(),
            menu: "Main".into(),
            breadcrumb: "Breadcrumb".into(),
            back_to: "Back to".into(),
            account: "Your account".into(),
            theme: ["Theme".into(), "System".into(), "Light".into(), "Dark".into()],
            sign_out: ["Sign out".into(), "Signing out".into()],
            keys: ["Keys on this page".into(), "Close".into()],
            key_list: keys.iter().map(|(key, does)| ((*key).into(), (*does).into())).collect(),
            dismiss: "Dismiss".into(),
        }
    }
}
