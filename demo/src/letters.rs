//! What the demonstration's makers tell about their models over the years: numbers on the label, prices, and the letters
//! that announce the end of sale and support.

use fleet::{
    Model,
    model::{About, End, Identifier, Issuer, ListPrice, Milestone, Package},
};
use jiff::civil::{Date, date};
use kernel::{Instant, Money, Problem, Result};

use crate::{
    catalogue::{PRODUCTS, Product, gtin, packed, types},
    days::Days,
    facts::FACTS,
};

/// Years from the end of sale to the end of support. Makers keep parts for seven to ten years.
const SUPPORTED: i16 = 8;
/// Dearer devices come one by one.
const PACKED_BELOW: u32 = 5_000;
const IN_A_CASE: u32 = 4;

/// A price in US dollars as of a day.
fn price(dollars: u32, on: Date) -> Result<ListPrice> {
    let currency = "USD".parse().map_err(Problem::bug)?;
    Ok(ListPrice { price: Money { minor: i64::from(dollars) * 100, currency }, on })
}

/// The label of a model: its catalogue number and identifiers.
fn label(item: usize, product: &Product, dollars: u32) -> About {
    let one =
        |di, package, quantity| Identifier { di, agency: Issuer::Gs1, package, quantity, as_printed: false };
    let mut identifiers = vec![one(gtin(product.maker, item), Package::Each, 1)];
    if dollars < PACKED_BELOW {
        identifiers.push(one(packed(1, product.maker, item), Package::Case, IN_A_CASE));
    }
    let number = format!("{}-{:04}", 100 + product.maker * 7, 1_001 + item * 3);
    About { catalogue_number: Some(number), identifiers, ..About::default() }
}

/// The letter about the end of a model that is sold no more: when it came, and what it said.
fn letter(product: &Product) -> Option<(Date, [(End, Milestone); 2])> {
    let last = product.until.checked_sub(1).filter(|_| product.until < i16::MAX)?;
    let learnt_on = date(last, 3, 15);
    let source = format!("Letter of the maker of {}", learnt_on.strftime("%-d %B %Y"));
    let end = |year: i16| Milestone { on: date(year, 12, 31), source: source.clone(), learnt_on };
    Some((learnt_on, [(End::Sale, end(last)), (End::Support, end(last + SUPPORTED))]))
}

/// A model as it was first recorded and each time more was learnt of it, with when.
///
/// # Errors
/// [`Problem::Bug`] when the currency of the demonstration is none.
pub fn versions(model: &Model, item: usize, days: &Days) -> Result<Vec<(Instant, Model)>> {
    let product = &PRODUCTS[item];
    let class = types().find(|(name, _)| *name == product.device_type).map_or(0, |(_, class)| class);
    let dollars = FACTS[class].price.1;
    let begins = days.date(0);
    let mut news: Vec<(Date, About)> = Vec::new();
    let mut about = label(item, product, dollars);
    let priced = date(product.from.max(begins.year()), 1, 15);
    about.list_price = (priced <= begins).then(|| price(dollars, priced)).transpose()?;
    let letter = letter(product);
    let told = |about: &mut About, ends: [(End, Milestone); 2]| {
        for (end, on) in ends {
            match end {
                End::Sale => about.sale_end = Some(on),
                End::Support => about.support_end = Some(on),
                End::Life => about.life_end = Some(on),
            }
        }
    };
    if let Some((_, ends)) = letter.clone().filter(|(on, _)| *on <= begins) {
        told(&mut about, ends);
    }
    news.push((begins, about.clone()));
    if priced > begins {
        about.list_price = Some(price(dollars, priced)?);
        news.push((priced, about.clone()));
    }
    if let Some((on, ends)) = letter.filter(|(on, _)| *on > begins) {
        told(&mut about, ends);
        news.push((on, about));
    }
    let at = |on: Date| match on {
        on if on == begins => days.beginning(),
        on => Instant::at_start_of(on, &days.zone).plus_seconds(9 * 3_600),
    };
    let versions = news
        .into_iter()
        .zip(1..)
        .map(|((on, about), version)| (at(on), Model { version, about, ..model.clone() }));
    Ok(versions.filter(|(at, _)| *at <= days.horizon).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use fleet::{CompanyId, DeviceTypeId, ModelId, Name};

    #[test]
    fn what_is_known_grows_and_every_identifier_is_right() {
        let days = Days::until(date(2026, 10, 13)).unwrap();
        let mut all = std::collections::BTreeSet::new();
        let (mut letters, mut grown) = (0, 0);
        for (item, product) in PRODUCTS.iter().enumerate() {
            let name = Name::parse(product.name).unwrap();
            let model = Model::new(ModelId::new(), CompanyId::new(), DeviceTypeId::new(), name);
            let versions = versions(&model, item, &days).unwrap();
            assert!(versions.is_sorted_by(|(a, one), (b, next)| a < b && one.version + 1 == next.version));
            assert_eq!(versions[0].0, days.beginning());
            let (_, last) = versions.last().unwrap();
            for one in &last.about.identifiers {
                assert!(udi::identifier(udi::Agency::Gs1, &one.di).ok, "{}", one.di);
                assert!(all.insert(one.di.clone()), "{} stands twice", one.di);
            }
            assert!(last.about.list_price.is_some(), "{}", product.name);
            letters += usize::from(last.about.support_end.is_some());
            grown += usize::from(versions.len() > 1);
            for (at, version) in &versions {
                let end = version.about.support_end.as_ref();
                assert!(end.is_none_or(|end| end.learnt_on <= at.date_in(&days.zone)), "{}", product.name);
            }
        }
        assert!(letters > 30 && grown > 10, "{letters} {grown}");
    }
}
