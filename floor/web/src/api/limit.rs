//! How many requests a token may send: a bucket that fills again steadily, in the memory of each server.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use http::{HeaderMap, HeaderName, HeaderValue};
use uuid::Uuid;

/// What whoever runs the server sets about the API.
#[derive(Clone)]
pub struct Settings {
    /// Requests a token may send in a minute, and at once; none is no limit.
    pub a_minute: Option<u32>,
    /// By how much the clocks of servers may differ: the feed of changes stays so far behind.
    pub behind: Duration,
    buckets: Arc<Mutex<HashMap<Uuid, Bucket>>>,
}

impl Settings {
    /// With these settings.
    pub fn new(a_minute: Option<u32>, behind: Duration) -> Self {
        Self { a_minute: a_minute.filter(|n| *n > 0), behind, buckets: Arc::default() }
    }

    /// Counts one request; nothing where there is no limit.
    pub(super) fn count(&self, token: Uuid, now: Instant) -> Option<Left> {
        let most = self.a_minute?;
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= MOST_KEPT {
            // A bucket that is full again says nothing that a new one would not.
            buckets.retain(|_, bucket| now.duration_since(bucket.at) < MINUTE);
        }
        let bucket = buckets.entry(token).or_insert(Bucket { left: f64::from(most), at: now });
        Some(bucket.take(most, now))
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self::new(Some(600), Duration::from_secs(5))
    }
}

const MINUTE: Duration = Duration::from_secs(60);
/// Buckets kept before those that are full again are thrown away.
const MOST_KEPT: usize = 10_000;

struct Bucket {
    left: f64,
    at: Instant,
}

impl Bucket {
    fn take(&mut self, most: u32, now: Instant) -> Left {
        let rate = f64::from(most) / MINUTE.as_secs_f64();
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        self.left = (self.left + passed * rate).min(f64::from(most));
        self.at = now;
        let allowed = self.left >= 1.0;
        if allowed {
            self.left -= 1.0;
        }
        let full_in = (f64::from(most) - self.left) / rate;
        let one_in = (1.0 - self.left).max(0.0) / rate;
        Left {
            allowed,
            most,
            left: self.left as u32,
            full_in: full_in.ceil() as u32,
            one_in: one_in.ceil() as u32,
        }
    }
}

/// What a token has left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Left {
    pub(super) allowed: bool,
    most: u32,
    left: u32,
    /// Seconds until all may be sent at once again.
    full_in: u32,
    /// Seconds until the next may be sent.
    pub(super) one_in: u32,
}

impl Left {
    /// Says so in the header fields of draft-ietf-httpapi-ratelimit-headers-11.
    pub(super) fn tell(self, headers: &mut HeaderMap) {
        let texts = [
            ("ratelimit-policy", format!("\"token\";q={};w={}", self.most, MINUTE.as_secs())),
            ("ratelimit", format!("\"token\";r={};t={}", self.left, self.full_in)),
        ];
        for (name, text) in texts {
            if let Ok(value) = HeaderValue::from_str(&text) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_empties_and_fills_again() {
        let settings = Settings::new(Some(60), Duration::ZERO);
        let (token, begin) = (Uuid::now_v7(), Instant::now());
        for left in (0..60).rev() {
            let counted = settings.count(token, begin).unwrap();
            assert_eq!((counted.allowed, counted.left), (true, left));
        }
        let refused = settings.count(token, begin).unwrap();
        assert_eq!((refused.allowed, refused.one_in, refused.full_in), (false, 1, 60));
        assert!(settings.count(Uuid::now_v7(), begin).unwrap().allowed, "each token has its own");
        let later = settings.count(token, begin + Duration::from_secs(2)).unwrap();
        assert_eq!((later.allowed, later.left), (true, 1));
        assert_eq!(Settings::new(Some(0), Duration::ZERO).count(token, begin), None);
    }
}
