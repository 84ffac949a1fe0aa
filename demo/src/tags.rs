//! Asset tags and serial numbers, in the order in which devices came.

use crate::{
    catalogue::PRODUCTS,
    chance::Chance,
    lives::{Life, begin},
};

/// The tag of the pictures.
const SHOWN_TAG: u32 = 104_207;
/// The number of its unit: VP3-4412087.
const SHOWN_NUMBER: u32 = 12_087;

/// Gives out tags and unit numbers in the order of arrival, with gaps: some stickers are spoilt, other customers
/// buy too. The device of the pictures gets the tag of the pictures.
pub fn give(lives: &mut [Life], chance: &mut Chance) {
    let mut order: Vec<usize> = (0..lives.len()).collect();
    order.sort_by_key(|&i| (begin(&lives[i]), i));
    let mut units = vec![0u32; PRODUCTS.len()];
    let mut next = 0;
    for &i in &order {
        next += if chance.often(0.9) { 1 } else { 1 + u32::try_from(chance.between(1, 6)).unwrap_or(1) };
        lives[i].tag = next;
        let unit = &mut units[lives[i].product];
        *unit += 1 + u32::try_from(chance.between(0, 3)).unwrap_or(0);
        lives[i].number = *unit;
    }
    let shown = lives.iter().position(|l| l.shown);
    pictured(lives, shown);
    let shown_tag = shown.map_or(0, |i| lives[i].tag);
    let base = if shown_tag < SHOWN_TAG - 10_000 { SHOWN_TAG - shown_tag } else { 100_000 };
    for life in lives.iter_mut() {
        life.tag += base;
    }
    if let Some(shown) = shown.filter(|&i| lives[i].tag != SHOWN_TAG) {
        let theirs = lives[shown].tag;
        if let Some(other) = lives.iter().position(|l| l.tag == SHOWN_TAG) {
            lives[other].tag = theirs;
        }
        lives[shown].tag = SHOWN_TAG;
    }
}

/// Numbers the units of the pictures' model so that the device shown has the serial number shown.
fn pictured(lives: &mut [Life], shown: Option<usize>) {
    let Some((product, number)) = shown.map(|i| (lives[i].product, lives[i].number)) else { return };
    let missing = SHOWN_NUMBER.saturating_sub(number);
    for life in lives.iter_mut().filter(|l| l.product == product) {
        life.number += missing;
    }
}
