//! The life of one device told move by move: how it came, what happened in use, how it left.
//!
//! A life is cut off where the horizon is: a step that would lie after it is not told, nor is anything behind it.

use db::gate::Seeded;
use fleet::device::{
    Device, Draft, Edit, Evidence, Facts, Move, Serial, Spot, State, Tag, Tenure, then::Known,
};
use jiff::ToSpan as _;
use kernel::{Instant, Money, Problem, Role};

use crate::{
    catalogue::PRODUCTS,
    chance::Chance,
    facts::{FACTS, Fact, Habit, SERIAL_LESS, UNDECIDED_TYPE},
    leave,
    lives::{End, Entry, Life},
    pen::{self, First, Pen, Stand},
    use_of,
    world::{World, risk},
};

/// A life told.
pub struct Told {
    /// The device as it is today.
    pub device: Device,
    /// Its history.
    pub entries: Vec<Seeded>,
    /// What lists of the past ask of each version of it.
    pub known: Vec<(Instant, Known)>,
    /// Where it stood, if it is a system.
    pub stands: Vec<Stand>,
}

/// Tells one life. `number` is its position among all lives; `system` says where the system stood that it was
/// built into.
///
/// # Errors
/// [`Problem::Bug`] naming rule and device where a rule of the fleet refused.
pub fn tell(world: &World, life: &Life, number: usize, system: &[Stand]) -> Result<Told, Problem> {
    let mut teller = Teller {
        world,
        life,
        fact: &FACTS[life.class],
        system,
        chance: world.root.stream(1_000 + number as u64),
        home: 0,
    };
    let unit = &world.house.units[life.unit];
    teller.home =
        if life.shown { unit.rooms[5.min(unit.rooms.len() - 1)] } else { *teller.chance.pick(&unit.rooms) };
    let mut pen = match life.entry {
        Entry::Imported { acquired } => teller.imported(acquired)?,
        Entry::Delivered { received } => teller.delivered(received)?,
        Entry::Expected { on } => teller.expected(on)?,
    };
    if pen.device.state == State::InService {
        teller.live(&mut pen)?;
    }
    pen.follow(None)?;
    let (entries, known) = (pen.entries, pen.known);
    Ok(Told { device: pen.device, entries, known, stands: pen.stands.unwrap_or_default() })
}

struct Teller<'w> {
    world: &'w World,
    life: &'w Life,
    fact: &'w Fact,
    system: &'w [Stand],
    chance: Chance,
    home: usize,
}

impl<'w> Teller<'w> {
    fn type_name(&self) -> &'static str {
        PRODUCTS[self.life.product].device_type
    }

    fn site(&self) -> usize {
        self.world.house.units[self.life.unit].site
    }

    fn facts(&self) -> Facts {
        Facts {
            inherited_risk: risk(self.type_name(), self.life.class),
            lost_after_days: Facts::LOST_AFTER_DAYS,
            now: self.world.days.horizon,
            zone: self.world.days.zone.clone(),
        }
    }

    /// What is on the nameplate and in the books.
    fn fields(&mut self, acquired: Option<i32>) -> Result<Edit, Problem> {
        let product = &PRODUCTS[self.life.product];
        let serial_less = SERIAL_LESS.contains(&product.device_type) && self.life.number.is_multiple_of(3);
        let date = self.world.days.date(acquired.unwrap_or_else(|| self.world.days.today()));
        let serial = (!serial_less).then(|| product.serial(self.life.product, self.life.number, date.year()));
        let made = date.checked_sub(40.days()).unwrap_or(date);
        let udi = serial.as_deref().and_then(|serial| product.udi(self.life.product, serial, made));
        let (low, usual, high) = self.fact.price;
        let wide = (self.chance.unit() + self.chance.unit()) / 2.0;
        let price = if wide < 0.5 {
            f64::from(low) + (f64::from(usual) - f64::from(low)) * wide * 2.0
        } else {
            f64::from(usual) + (f64::from(high) - f64::from(usual)) * (wide - 0.5) * (wide - 0.5) * 4.0
        };
        let owned = self.life.tenure == Tenure::Owned;
        Ok(Edit {
            tag: Tag::parse(&format!("NH-{:06}", self.life.tag)).map_err(Problem::bug)?,
            serial: serial.as_deref().map(Serial::parse).transpose().map_err(Problem::bug)?,
            serial_less,
            udi,
            model: self.world.models[self.life.product].id,
            risk: None,
            risk_reason: None,
            strategy: Some(self.fact.strategy),
            tenure: self.life.tenure,
            agreement: (!owned).then(|| format!("AG-{}", self.life.order)),
            agreement_ends_on: (!owned).then(|| self.world.days.date(self.back()).max(date)),
            acquired_on: acquired.filter(|_| owned).map(|day| self.world.days.date(day)),
            price: owned.then(|| Money {
                minor: (price / 10.0).round() as i64 * 1_000,
                currency: self.world.house.org.currency,
            }),
            notes: None,
        })
    }

    /// The last day of a guest's agreement.
    fn back(&self) -> i32 {
        match self.life.end {
            End::Returned { on } => on + 10,
            _ => self.world.days.today() + 120,
        }
    }

    fn draft(&mut self, at: kernel::Instant, fields: Edit, place: usize) -> Draft {
        let unit = &self.world.house.units[self.life.unit];
        Draft {
            id: pen::device_id(at, &mut self.chance),
            fields,
            parent: None,
            site: self.world.house.sites[unit.site].id,
            place: Some(self.world.place(place)),
            department: Some(self.world.house.departments[unit.department].id),
            import: None,
        }
    }

    fn pen(
        &mut self,
        who: usize,
        draft: &Draft,
        at: kernel::Instant,
        first: First<'_>,
    ) -> Result<Pen<'w>, Problem> {
        let chance = self.chance.clone();
        let mut pen = Pen::first(self.world, chance, self.facts(), (self.site(), who), draft, at, first)?;
        if self.life.is_system {
            pen.stands = Some(Vec::new());
            pen.stand(at, who);
        }
        Ok(pen)
    }

    /// It was here before the house began: taken over by the first import, some with gaps.
    fn imported(&mut self, acquired: i32) -> Result<Pen<'w>, Problem> {
        let minute = 7_200 + i64::from(self.life.tag % 9_000);
        let at = self.world.days.beginning().plus_seconds(minute);
        let mut draft = {
            let fields = self.fields(Some(acquired))?;
            self.draft(at, fields, self.home)
        };
        let single = self.life.parent.is_none() && !self.life.is_system && !self.life.shown;
        let open = single && self.type_name() != UNDECIDED_TYPE;
        if open && self.chance.often(0.10) {
            draft.department = None;
        }
        if open && self.chance.often(0.15) {
            draft.fields.strategy = None;
        }
        if open && self.chance.often(0.06) {
            draft.fields.price = None;
            draft.fields.acquired_on = None;
        }
        if let Some(stand) = self.system.first() {
            let system = stand.system();
            draft.parent = Some(system.id);
            (draft.site, draft.place, draft.department) = (system.site, system.place, system.department);
        }
        // Daniel Reyes, the lead, ran the import.
        let mut pen = self.pen(2, &draft, at, First::Imported(State::InService))?;
        pen.join(self.system);
        self.close_gaps(&mut pen)?;
        Ok(pen)
    }

    /// Most gaps were closed within three years; a few never.
    fn close_gaps(&mut self, pen: &mut Pen<'w>) -> Result<(), Problem> {
        let unit = &self.world.house.units[self.life.unit];
        let leaves = match self.life.end {
            End::Retired { from } => from,
            End::Lost { reported } => reported,
            _ => self.world.days.today(),
        };
        if pen.device.department.is_none() && pen.chance.often(0.9) {
            let day = pen.chance.between(30, 900);
            let department = Some(self.world.house.departments[unit.department].id);
            let to = Spot { site: pen.device.site, place: pen.device.place, department };
            if day + 5 < leaves {
                pen.transfer(day, to, "Owner agreed with the ward")?;
            }
        }
        if pen.device.strategy.is_none() && pen.chance.often(0.9) {
            let day = pen.today() + pen.chance.between(10, 500);
            let strategy = self.fact.strategy;
            if day + 5 < leaves {
                pen.edit(day, "Strategy decided in the yearly review", |f| f.strategy = Some(strategy))?;
            }
        }
        Ok(())
    }

    /// It was ordered, delivered, inspected and brought to its ward.
    fn delivered(&mut self, received: i32) -> Result<Pen<'w>, Problem> {
        let fact = self.fact;
        let (receiving, _) = self.world.house.docks[self.site()];
        let built_in = fact.habit == Habit::Fixed;
        let place = if built_in { self.home } else { receiving };
        let ordered = received
            - if fact.price.1 > 50_000 { self.chance.between(60, 200) } else { self.chance.between(14, 45) };
        let apiece = fact.price.1 >= 8_000 && self.life.tenure == Tenure::Owned;
        let mut pen = if apiece && ordered > 0 {
            self.ordered(ordered, received, place)?
        } else {
            let at = self.moment(received)?;
            let fields = self.fields(Some(self.world.days.day_of(at)))?;
            let draft = self.draft(at, fields, place);
            let mv = Move { to: State::Received, at, evidence: self.order_line() };
            let who = self.world.staff.somebody(Role::Technician, self.site(), &mut self.chance);
            self.pen(who, &draft, at, First::Begun(&mv))?
        };
        if pen.device.state == State::Received {
            self.accept(&mut pen, built_in)?;
        }
        Ok(pen)
    }

    fn moment(&mut self, day: i32) -> Result<kernel::Instant, Problem> {
        self.world
            .days
            .moment(day, &mut self.chance)
            .ok_or_else(|| Problem::bug(format!("day {day} lies after the horizon")))
    }

    fn order_line(&mut self) -> Evidence {
        let words = match self.life.tenure {
            Tenure::Owned => format!("PO-{} line {}", self.life.order, 1 + self.life.number % 4),
            other => format!("None: {}, agreement AG-{}", other.on_page().to_lowercase(), self.life.order),
        };
        Evidence { purchase_order: Some(words), ..Evidence::default() }
    }

    /// A device worth an order of its own: first without a serial number, which is read at its receipt.
    fn ordered(&mut self, ordered: i32, received: i32, place: usize) -> Result<Pen<'w>, Problem> {
        let planned = ordered - self.chance.between(60, 300);
        let full = self.fields(Some(self.world.days.working(received)))?;
        let bare = Edit { serial: None, udi: None, acquired_on: None, serial_less: false, ..full.clone() };
        let begins = if self.fact.price.1 >= 100_000 && planned > 0 { planned } else { ordered };
        let at = self.moment(begins)?;
        let draft = self.draft(at, bare, place);
        let site = self.site();
        let order =
            Evidence { purchase_order: Some(format!("PO-{}", self.life.order)), ..Evidence::default() };
        let budget =
            Evidence { budget_request: Some(format!("BR-{}", self.life.order)), ..Evidence::default() };
        let (to, evidence) =
            if begins == planned { (State::Planned, budget) } else { (State::Ordered, order.clone()) };
        let who = self.world.staff.somebody(Role::Manager, site, &mut self.chance);
        let mut pen = self.pen(who, &draft, at, First::Begun(&Move { to, at, evidence }))?;
        if begins == planned && !pen.go(ordered, Role::Manager, State::Ordered, order)? {
            return Ok(pen);
        }
        let line = self.order_line();
        let read = pen.edit(received, "Nameplate read at receipt", |fields| {
            *fields = Edit { price: fields.price, ..full };
        })?;
        if read {
            pen.go(received, Role::Technician, State::Received, line)?;
        }
        Ok(pen)
    }

    /// Incoming inspection, sometimes with a rejection first, then the way to its home or its system.
    fn accept(&mut self, pen: &mut Pen<'w>, built_in: bool) -> Result<(), Problem> {
        let mut day = pen.today();
        if pen.chance.often(0.012) {
            let reason = Some("Damaged in transport; vendor sends parts".to_owned());
            let back = Evidence { reason, ..Evidence::default() };
            day += pen.chance.between(1, 3);
            if !pen.go(day, Role::Technician, State::IncomingInspection, Evidence::default())?
                || !pen.go(day, Role::Technician, State::Received, back)?
            {
                return Ok(());
            }
            day += pen.chance.between(5, 15);
        }
        day += pen.chance.between(0, 4);
        if !pen.go(day, Role::Technician, State::IncomingInspection, Evidence::default())? {
            return Ok(());
        }
        day = pen.today() + pen.chance.between(0, if built_in { 12 } else { 2 });
        let passed =
            Evidence { inspection_passed: true, inspected_by: Some(pen.technician()), ..Evidence::default() };
        if !pen.go(day, Role::Technician, State::InService, passed)? {
            return Ok(());
        }
        let day = pen.today();
        if self.life.parent.is_some() {
            let there = self.system_home().map_or(day, |stand| stand.day(self.world));
            pen.attach(day.max(there + 1), self.system)?;
        } else if !built_in {
            pen.carry(day, self.home, "Delivered to the ward")?;
        }
        Ok(())
    }

    /// Where its system came to stand first: an imported one stood there, a delivered one was brought there from
    /// receiving.
    fn system_home(&self) -> Option<&'w Stand> {
        let first = self.system.first()?;
        let brought = if first.system().is_accepted() { None } else { self.system.get(1) };
        Some(brought.unwrap_or(first))
    }

    /// Wanted or ordered, and not here; or never to come.
    fn expected(&mut self, on: i32) -> Result<Pen<'w>, Problem> {
        let fields = self.fields(None)?;
        let bare = Edit { serial: None, udi: None, acquired_on: None, serial_less: false, ..fields };
        let at = self.moment(on)?;
        let draft = self.draft(at, bare, self.home);
        let who = self.world.staff.somebody(Role::Manager, self.site(), &mut self.chance);
        let planned = matches!(self.life.end, End::Planned);
        let year = self.world.days.date(self.world.days.today()).year() + 1;
        let evidence = if planned {
            Evidence {
                budget_request: Some(format!("BR-FY{year}-{}", self.life.order)),
                ..Evidence::default()
            }
        } else {
            Evidence { purchase_order: Some(format!("PO-{}", self.life.order)), ..Evidence::default() }
        };
        let to = if planned { State::Planned } else { State::Ordered };
        let mut pen = self.pen(who, &draft, at, First::Begun(&Move { to, at, evidence }))?;
        if let End::Cancelled { on } = self.life.end {
            pen.go(on, Role::Manager, State::Cancelled, Evidence::default())?;
        }
        Ok(pen)
    }

    /// From its first day in use to its last, or to today.
    fn live(&mut self, pen: &mut Pen<'w>) -> Result<(), Problem> {
        let until = match self.life.end {
            End::Retired { from } => from,
            End::Lost { reported } => reported,
            End::Returned { on } => on,
            _ => self.world.days.today(),
        };
        let gaps = !pen.device.undecided(pen.facts.inherited_risk).is_empty();
        if !gaps && !self.life.shown {
            use_of::happen(pen, self.life, self.fact, self.home, until)?;
        }
        match self.life.end {
            End::Retired { from } => leave::retire(pen, self.life, self.fact, from),
            End::Lost { reported } => leave::lose(pen, reported),
            End::Returned { on } => leave::give_back(pen, on),
            _ if gaps || self.life.shown => Ok(()),
            _ => use_of::today(pen, self.life, self.fact),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{days::Days, lives};

    /// Whoever was meant to leave has left, and whoever was meant to stay is here: else the fleet of today would
    /// have another size than asked for.
    #[test]
    fn every_life_ends_as_outlined() {
        let hasher = identity::account::Hasher::new();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let hash = runtime.block_on(hasher.hash("a phrase nobody uses")).unwrap();
        let devices = 4_000;
        let days = Days::until(jiff::civil::date(2026, 10, 13)).unwrap();
        let world = World::build(devices, days, Chance::seeded(20_261_013), &hash).unwrap();
        let lives = lives::outline(devices, &world.days, &world.house, &world.root);
        let mut stands = Vec::new();
        for run in &lives.runs {
            for number in run.clone() {
                let life = &lives.all[number];
                let system: &[Stand] = if life.parent.is_some() { &stands } else { &[] };
                let told = tell(&world, life, number, system).unwrap();
                let stays = life.end == End::Stays;
                assert_eq!(told.device.state.in_inventory(), stays, "{life:?} {:?}", told.device);
                if life.is_system {
                    stands = told.stands;
                }
            }
        }
    }
}
