//! Lives beside the posts of the fleet, and guests in them.

use fleet::device::Tenure;

use crate::{
    catalogue::{self, PRODUCTS},
    facts::{FACTS, Habit, SYSTEMS},
    lives::{End, Entry, Life, Weaver, begin},
};

impl Weaver<'_> {
    /// Lives beside the posts: devices given up without a successor, guests, and orders that were cancelled.
    pub fn others(&mut self, devices: u32) {
        let today = self.days.today();
        for n in 0..devices / 18 {
            let class = self
                .chance
                .weighted(FACTS.iter().map(|f| if f.habit == Habit::Fixed { 0 } else { f.per_400_beds }));
            let fact = &FACTS[class];
            let name = fact.types[0].0;
            let unit = self.post(fact, false).unit;
            let (entry, tenure, end) = match n % 10 {
                0..6 => {
                    let acquired = -self.chance.between(2_000, 4_500);
                    let end = End::Retired { from: self.chance.between(60, today - 200) };
                    (Entry::Imported { acquired }, Tenure::Owned, end)
                }
                6..9 => {
                    let received = self.chance.between(60, today - 300);
                    let tenure =
                        *self.chance.pick(&[Tenure::Rental, Tenure::Rental, Tenure::LoanIn, Tenure::Demo]);
                    let on = received + self.chance.between(40, 200);
                    (Entry::Delivered { received }, tenure, End::Returned { on })
                }
                _ => {
                    let on = self.chance.between(60, today - 100);
                    (
                        Entry::Expected { on },
                        Tenure::Owned,
                        End::Cancelled { on: on + self.chance.between(10, 60) },
                    )
                }
            };
            let day = begin(&Life { entry, ..self.life(class, 0, unit, entry, 0) });
            let sold = catalogue::sold(name, self.days.date(day).year());
            let product = *self.chance.pick(&sold);
            self.order += 1;
            let life = self.life(class, product, unit, entry, self.order);
            self.single(Life { end, tenure, ..life });
        }
    }

    /// Some of what came lately and moves about is rented, borrowed or on trial.
    pub fn tenure(&mut self, class: usize, life: &Life) -> Tenure {
        let lately =
            matches!(life.entry, Entry::Delivered { received } if received > self.days.today() - 400);
        let guest = lately && FACTS[class].habit == Habit::Mobile && self.chance.often(0.12);
        if !guest || SYSTEMS.iter().any(|(_, system)| *system == PRODUCTS[life.product].device_type) {
            return Tenure::Owned;
        }
        *self.chance.pick(&[Tenure::Rental, Tenure::Rental, Tenure::LoanIn, Tenure::Demo])
    }
}
