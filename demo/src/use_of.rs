//! What happens to a device in use, and what state it is in today.

use fleet::device::{Evidence, HoldTest, OutFor, Release, SignerRole, Spot, State};
use jiff::ToSpan as _;
use kernel::{Problem, Role};

use crate::{
    facts::{Fact, Habit},
    house::Area,
    lives::{End, Life},
    pen::Pen,
    words,
};

/// What may happen.
#[derive(Clone, Copy)]
enum Turn {
    Repair,
    Move,
    Spare,
    Loan,
    Search,
    Incident,
    Hold,
}

const TURNS: [Turn; 7] =
    [Turn::Repair, Turn::Move, Turn::Spare, Turn::Loan, Turn::Search, Turn::Incident, Turn::Hold];

/// How often each happens in a hundred device-years, in the order of [`TURNS`].
const fn rates(habit: Habit) -> [u32; 7] {
    match habit {
        Habit::Fixed => [14, 0, 0, 0, 0, 0, 1],
        Habit::Placed => [9, 3, 1, 1, 1, 1, 1],
        Habit::Mobile => [7, 8, 2, 1, 2, 0, 1],
    }
}

/// Tells what happened from now until a day.
///
/// # Errors
/// [`Problem::Bug`] naming rule and device where a rule of the fleet refused.
pub fn happen(pen: &mut Pen<'_>, life: &Life, fact: &Fact, home: usize, until: i32) -> Result<(), Problem> {
    let mut rates = rates(fact.habit);
    if life.parent.is_some() {
        rates = [rates[0], 0, 0, 0, 0, 0, 0];
    } else if life.is_system {
        rates = [rates[0], rates[1], 0, 0, 0, 0, 0];
    }
    if life.tenure != fleet::device::Tenure::Owned {
        rates[3] = 0;
    }
    let total = f64::from(rates.iter().sum::<u32>()) / 100.0;
    let mut user = User { pen, life, fact, home, until };
    loop {
        let day = user.pen.today() + 1 + user.pen.chance.wait(total);
        // Every turn of fortune is over well before the end of the story; today's state is told apart.
        if day + 60 > until {
            return Ok(());
        }
        let done = match TURNS[user.pen.chance.weighted(rates.into_iter())] {
            Turn::Repair => user.repair(day)?,
            Turn::Move => user.wander(day)?,
            Turn::Spare => user.spare(day)?,
            Turn::Loan => user.loan(day)?,
            Turn::Search => user.search(day)?,
            Turn::Incident => user.incident(day)?,
            Turn::Hold => user.hold(day)?,
        };
        if !done {
            return Ok(());
        }
    }
}

struct User<'p, 'w> {
    pen: &'p mut Pen<'w>,
    life: &'p Life,
    fact: &'p Fact,
    home: usize,
    until: i32,
}

fn because(reason: &str) -> Evidence {
    Evidence { reason: Some(reason.to_owned()), ..Evidence::default() }
}

fn passed(pen: &mut Pen<'_>) -> Evidence {
    Evidence { inspection_passed: true, inspected_by: Some(pen.technician()), ..Evidence::default() }
}

impl User<'_, '_> {
    /// Days in the workshop: log-normal around four, at most a month and a half.
    fn turnaround(&mut self) -> i32 {
        let normal: f64 = (0..12).map(|_| self.pen.chance.unit()).sum::<f64>() - 6.0;
        ((4.0 * (1.1 * normal).exp()) as i32).clamp(0, 45)
    }

    fn repair(&mut self, day: i32) -> Result<bool, Problem> {
        let fault = *self.pen.chance.pick(words::FAULTS);
        let days = self.turnaround();
        let tested = passed(self.pen);
        Ok(self.pen.go(day, Role::Technician, State::OutOfService(OutFor::Repair), because(fault))?
            && self.pen.go(day + days, Role::Technician, State::InService, tested)?)
    }

    /// To another room, or to another unit that uses such devices.
    fn wander(&mut self, day: i32) -> Result<bool, Problem> {
        let world = self.pen.world;
        let at = self.pen.site;
        let mut unit = self.life.unit;
        if self.pen.chance.often(0.4) {
            let area = self.fact.homes[self.pen.chance.weighted(self.fact.homes.iter().map(|(_, w)| *w))].0;
            let other = world.house.unit_of(area, &mut self.pen.chance);
            // Devices change the site rarely, systems with what is built into them never.
            if world.house.units[other].site == at || !self.life.is_system && self.pen.chance.often(0.05) {
                unit = other;
            }
        }
        let unit = &world.house.units[unit];
        let room = *self.pen.chance.pick(&unit.rooms);
        let to = Spot {
            site: world.house.sites[unit.site].id,
            place: Some(world.place(room)),
            department: Some(world.house.departments[unit.department].id),
        };
        if to.place == self.pen.device.place {
            return Ok(true);
        }
        let reason = *self.pen.chance.pick(words::MOVES);
        let moved = self.pen.transfer(day, to, reason)?;
        if moved {
            (self.pen.site, self.home) = (unit.site, room);
        }
        Ok(moved)
    }

    fn spare(&mut self, day: i32) -> Result<bool, Problem> {
        let seasonal = self.pen.chance.often(0.1);
        let kind = if seasonal { OutFor::Seasonal } else { OutFor::Stored };
        let days = self.pen.chance.between(5, 50);
        let stored =
            self.pen.go(day, Role::Technician, State::OutOfService(kind), because("Not needed now"))?;
        Ok(stored
            && store(self.pen, day)?
            && self.pen.go(day + days, Role::Technician, State::InService, Evidence::default())?
            && self.pen.carry(day + days, self.home, "Needed on the ward")?)
    }

    fn loan(&mut self, day: i32) -> Result<bool, Problem> {
        let days = self.pen.chance.between(7, 50);
        let lent = lend(self.pen, day, days + 10)?;
        Ok(lent && self.pen.go(day + days, Role::Technician, State::InService, Evidence::default())?)
    }

    fn search(&mut self, day: i32) -> Result<bool, Problem> {
        let days = self.pen.chance.between(3, 40);
        let found = Evidence::default();
        if !miss(self.pen, day)?
            || !self.pen.go(day + days, Role::Technician, State::IncomingInspection, found)?
        {
            return Ok(false);
        }
        let tested = passed(self.pen);
        let next = self.pen.today() + self.pen.chance.between(0, 2);
        self.pen.go(next, Role::Technician, State::InService, tested)
    }

    fn incident(&mut self, day: i32) -> Result<bool, Problem> {
        let days = self.pen.chance.between(10, 35);
        if day + days + 20 > self.until || !sequester(self.pen, self.life, day)? {
            return Ok(day + days + 20 > self.until);
        }
        let role = *self.pen.chance.pick(&[SignerRole::RiskManagement, SignerRole::ClinicalEngineering]);
        let name = if role == SignerRole::RiskManagement { "Ruth Lindqvist" } else { "Grace Whitfield" };
        let release = Some(Release { name: name.to_owned(), role });
        let free = Evidence { release, ..because("Investigation closed, device not at fault") };
        let out = self.pen.go(day + days, Role::Manager, State::OutOfService(OutFor::Repair), free)?;
        let tested = passed(self.pen);
        let next = self.pen.today() + self.pen.chance.between(1, 5);
        Ok(out
            && self.pen.go(next, Role::Technician, State::InService, tested)?
            && self.pen.carry(next, self.home, "Back from investigation")?)
    }

    fn hold(&mut self, day: i32) -> Result<bool, Problem> {
        let hold = words::hold(&mut self.pen.chance);
        let test =
            HoldTest { test: hold.released_by.clone(), passed: true, result: "Within limits".to_owned() };
        let days = self.pen.chance.between(0, 20);
        Ok(self.pen.hold(day, hold)? && self.pen.lift(day + days, &test)?)
    }
}

/// Brings the device to the equipment store of its site.
fn store(pen: &mut Pen<'_>, day: i32) -> Result<bool, Problem> {
    let house = &pen.world.house;
    let Some(unit) = house.unit_at(pen.site, Area::Store) else { return Ok(true) };
    let shelf = *pen.chance.pick(&house.units[unit].rooms);
    pen.carry(day, shelf, "To the equipment store")
}

fn lend(pen: &mut Pen<'_>, day: i32, days: i32) -> Result<bool, Problem> {
    let who = *pen.chance.pick(words::BORROWERS);
    let end = pen.world.days.date(pen.world.days.working(day.max(pen.today()))).checked_add(days.days());
    let agreement = Some(format!("Loan to {who}"));
    let evidence = Evidence { agreement, agreement_ends_on: end.ok(), ..Evidence::default() };
    pen.go(day, Role::Technician, State::LoanedOut, evidence)
}

fn miss(pen: &mut Pen<'_>, day: i32) -> Result<bool, Problem> {
    let note = Some((*pen.chance.pick(words::SEARCHES)).to_owned());
    let evidence = Evidence { search_note: note, ..Evidence::default() };
    pen.go(day, Role::Technician, State::NotLocated, evidence)
}

fn sequester(pen: &mut Pen<'_>, life: &Life, day: i32) -> Result<bool, Problem> {
    let evidence = Evidence {
        incident: Some(format!("IR-{}", life.tag)),
        custodian: Some("Grace Whitfield".to_owned()),
        preserved: Some("Settings, log and disposables kept with it".to_owned()),
        ..Evidence::default()
    };
    let (_, cage) = pen.world.house.docks[pen.site];
    Ok(pen.go(day, Role::Technician, State::Quarantined, evidence)? && pen.carry(day, cage, "To the cage")?)
}

/// What the device is doing this morning: most are in use.
///
/// # Errors
/// [`Problem::Bug`] naming rule and device where a rule of the fleet refused.
pub fn today(pen: &mut Pen<'_>, life: &Life, fact: &Fact) -> Result<(), Problem> {
    if life.end != End::Stays || pen.device.state != State::InService {
        return Ok(());
    }
    let today = pen.world.days.today();
    let lately = (pen.today() + 1).max(today - pen.chance.between(1, 30));
    let movable = life.parent.is_none() && !life.is_system && fact.habit != Habit::Fixed;
    let draw = pen.chance.unit();
    match draw {
        d if d < 0.018 => {
            let fault = *pen.chance.pick(words::FAULTS);
            pen.go(lately, Role::Technician, State::OutOfService(OutFor::Repair), because(fault))?;
        }
        d if d < 0.021 => {
            let hold = words::hold(&mut pen.chance);
            pen.hold(lately, hold)?;
        }
        _ if !movable => {}
        d if d < 0.038 => {
            let kind = if d < 0.022 { OutFor::Seasonal } else { OutFor::Stored };
            if pen.go(lately, Role::Technician, State::OutOfService(kind), because("Not needed now"))? {
                store(pen, lately)?;
            }
        }
        d if d < 0.042 && life.tenure == fleet::device::Tenure::Owned => {
            lend(pen, lately, 60)?;
        }
        d if d < 0.050 => {
            let since = (pen.today() + 1).max(today - pen.chance.between(3, 360));
            miss(pen, since)?;
        }
        d if d < 0.0508 => {
            sequester(pen, life, lately)?;
        }
        d if d < 0.054 && life.tenure == fleet::device::Tenure::Owned => {
            let reason = *pen.chance.pick(words::ENDS);
            if pen.go(lately, Role::Technician, State::OutOfService(OutFor::Repair), because(reason))? {
                pen.go(lately + 2, Role::Lead, State::PendingDisposal, because(reason))?;
            }
        }
        _ => {}
    }
    Ok(())
}
