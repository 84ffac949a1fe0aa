//! One's own account: signing in and out, the password, how pages look.

mod actions;
pub(crate) mod api;
mod enter;
mod pages;
mod password;
mod store;

pub use actions::{Attempt, Changed, SignIn, Typed, change_password, look, sign_in};
pub(crate) use pages::routes;
pub use password::{Hasher, check_password, generate};
pub(crate) use store::{ALL, last_sign_in, signed_in};

use kernel::Instant;
use web::look::layout::{Density, Theme};

/// How the pages look to one person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Light, dark or as the system says.
    pub theme: Theme,
    /// How close rows stand.
    pub density: Density,
    /// Whether single-key shortcuts are on.
    pub single_keys: bool,
}

impl Default for Look {
    fn default() -> Self {
        Self { theme: Theme::Auto, density: Density::Normal, single_keys: true }
    }
}

/// The value of a density in forms and in the store.
pub(crate) const fn density_code(density: Density) -> &'static str {
    match density {
        Density::Normal => "normal",
        Density::Compact => "compact",
    }
}

/// The reverse of [`density_code`]; anything unknown is normal.
pub(crate) fn density_from_code(code: &str) -> Density {
    if code == "compact" { Density::Compact } else { Density::Normal }
}

/// Failures of one e-mail before waiting begins.
pub const EMAIL_TRIES: i64 = 5;
/// Failures from one network address before waiting begins; a hospital often has one address for all.
pub const ADDRESS_TRIES: i64 = 50;
/// Seconds after the last failure at which failures are forgotten, and the longest wait.
pub const WINDOW: i64 = 15 * 60;
/// Seconds of the first wait; each further failure doubles it.
const FIRST_WAIT: i64 = 30;

/// Failures counted so far under one name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tries {
    pub(crate) count: i64,
    pub(crate) last_at: Instant,
}

impl Tries {
    /// None yet.
    pub(crate) const NONE: Self = Self { count: 0, last_at: Instant::from_micros(0) };

    /// Until when nobody may try again, if that is later than now.
    pub(crate) fn wait(self, free: i64, at: Instant) -> Option<Instant> {
        let over = self.counted(at) - free;
        if over < 0 {
            return None;
        }
        let seconds = FIRST_WAIT.saturating_mul(1 << over.min(10)).min(WINDOW);
        Some(self.last_at.plus_seconds(seconds)).filter(|until| *until > at)
    }

    /// The failures that still count.
    pub(crate) fn counted(self, at: Instant) -> i64 {
        if self.last_at.plus_seconds(WINDOW) <= at { 0 } else { self.count }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_begins_after_five_and_grows() {
        let at = Instant::from_micros(1_000_000_000_000);
        let tries = |count| Tries { count, last_at: at };
        assert_eq!(tries(4).wait(EMAIL_TRIES, at), None);
        for (count, seconds) in [(5, 30), (6, 60), (7, 120), (9, 480), (10, 900), (400, 900)] {
            let wait = tries(count).wait(EMAIL_TRIES, at);
            // At the longest wait the failures are forgotten in the same moment.
            assert_eq!(wait, Some(at.plus_seconds(seconds)), "{count}");
        }
        assert_eq!(tries(5).wait(EMAIL_TRIES, at.plus_seconds(30)), None);
        assert_eq!(tries(400).wait(EMAIL_TRIES, at.plus_seconds(WINDOW)), None);
    }
}
