//! Chance that repeats: every draw comes from one seed, and a stream by its number is the same whatever was drawn
//! elsewhere.

use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

/// A stream of random numbers. The ways of drawing are written out here, so that a new version of a library does
/// not make another hospital of the same seed.
#[derive(Clone)]
pub struct Chance(ChaCha8Rng);

impl Chance {
    /// The streams of a seed begin here.
    pub fn seeded(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// The stream with this number, from its beginning.
    pub fn stream(&self, number: u64) -> Self {
        let mut rng = self.0.clone();
        rng.set_stream(number);
        rng.set_word_pos(0);
        Self(rng)
    }

    /// A number in [0, 1).
    pub fn unit(&mut self) -> f64 {
        // 53 bits fill the fraction of a double.
        (self.0.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A whole number from `low` to `high`, both included.
    pub fn between(&mut self, low: i32, high: i32) -> i32 {
        let span = i64::from(high) - i64::from(low) + 1;
        low + (self.unit() * span as f64) as i32
    }

    /// A position in a list of `n`.
    pub fn below(&mut self, n: usize) -> usize {
        ((self.unit() * n as f64) as usize).min(n.saturating_sub(1))
    }

    /// True with this probability.
    pub fn often(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// One of a list.
    pub fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }

    /// A position drawn by weight.
    pub fn weighted(&mut self, weights: impl Iterator<Item = u32> + Clone) -> usize {
        let sum: u32 = weights.clone().sum();
        let mut left = self.unit() * f64::from(sum);
        for (i, w) in weights.enumerate() {
            left -= f64::from(w);
            if left < 0.0 {
                return i;
            }
        }
        0
    }

    /// A lifetime in days around a mean in years: Weibull with shape 4, by inversion. Γ(1 + 1/4) = 0.9064.
    pub fn lifetime(&mut self, mean_years: f64) -> f64 {
        let scale = mean_years * 365.25 / 0.906_402_477;
        scale * (-(1.0 - self.unit()).ln()).powf(0.25)
    }

    /// Days until the next of events that come so often a year; exponential, at most some thousand years.
    pub fn wait(&mut self, per_year: f64) -> i32 {
        (-(1.0 - self.unit()).ln() * 365.25 / per_year.max(1e-9)).min(1e6) as i32
    }

    /// Ten random bytes, for ids.
    pub fn bytes(&mut self) -> [u8; 10] {
        let mut bytes = [0; 10];
        self.0.fill_bytes(&mut bytes);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_repeat_and_differ() {
        let root = Chance::seeded(7);
        let draw = |n| root.stream(n).unit();
        assert!((draw(3) - draw(3)).abs() < f64::EPSILON);
        assert!((draw(3) - draw(4)).abs() > f64::EPSILON);
    }

    #[test]
    fn lifetimes_lie_around_their_mean() {
        let mut chance = Chance::seeded(1);
        let mean = (0..20_000).map(|_| chance.lifetime(9.0)).sum::<f64>() / 20_000.0 / 365.25;
        assert!((mean - 9.0).abs() < 0.1, "{mean}");
    }
}
