//! One device's history being written: every entry asks the rules of the fleet first.
//!
//! **Invariant:** nothing here changes a device except by a pure function of [`fleet::device`] that returned `Ok`.
//! A refusal is a defect of the generator and stops it, naming rule and device.

use std::collections::VecDeque;

use db::gate::Seeded;
use fleet::{
    DeviceId, Refusal,
    device::{
        self, Device, Draft, Edit, Evidence, Facts, Hold, HoldTest, Move, Spot, State, rules, then::Known,
    },
};
use kernel::{Change, Id, Instant, Problem, Role};
use serde_json::Value;

use crate::{chance::Chance, world::World};

/// Where a system stood from a moment on; its components were brought there in the same act.
#[derive(Clone, Debug)]
pub struct Stand {
    at: Instant,
    who: usize,
    system: Device,
}

impl Stand {
    /// The system as it was from then on.
    pub fn system(&self) -> &Device {
        &self.system
    }

    /// The day on which it came to stand there.
    pub fn day(&self, world: &World) -> i32 {
        world.days.day_of(self.at)
    }
}

/// The history of one device up to now.
pub struct Pen<'w> {
    /// What the device lives in.
    pub world: &'w World,
    /// Its own chance.
    pub chance: Chance,
    /// What the rules must know.
    pub facts: Facts,
    /// The position of its site.
    pub site: usize,
    /// The device now.
    pub device: Device,
    /// All that was recorded.
    pub entries: Vec<Seeded>,
    /// What lists of the past ask of each version.
    pub known: Vec<(Instant, Known)>,
    /// Where it stood, for its components; kept for systems only.
    pub stands: Option<Vec<Stand>>,
    /// Where its system goes next.
    ahead: VecDeque<Stand>,
    /// When the last entry was recorded.
    last: Instant,
    json: Value,
}

/// How a device's history begins.
pub enum First<'m> {
    /// Recorded by the first import in a state.
    Imported(State),
    /// Recorded by a move.
    Begun(&'m Move),
}

impl<'w> Pen<'w> {
    /// Records a device for the first time.
    ///
    /// # Errors
    /// The refusals of [`device::begin`] or [`device::baseline`].
    pub fn first(
        world: &'w World,
        chance: Chance,
        facts: Facts,
        (site, who): (usize, usize),
        draft: &Draft,
        at: Instant,
        first: First<'_>,
    ) -> Result<Self, Problem> {
        let facts = Facts { now: at, ..facts };
        let tag = draft.fields.tag.as_str();
        let (device, mv) = match first {
            First::Imported(state) => (device::baseline(draft, &facts, state, at), None),
            First::Begun(mv) => (device::begin(draft, &facts, mv), Some(mv)),
        };
        let device = Device { version: 1, ..device.map_err(|r| refused(tag, &r))? };
        let change = match mv {
            None => device.imported(),
            Some(mv) => Change { action: "fleet.device.add", ..device.moved(None, mv) },
        };
        let json = record(&device)?;
        let mut pen = Self {
            world,
            chance,
            facts,
            site,
            device,
            entries: Vec::with_capacity(8),
            known: Vec::with_capacity(8),
            stands: None,
            ahead: VecDeque::new(),
            last: at,
            json,
        };
        pen.note(who, at, change)?;
        Ok(pen)
    }

    /// The next moment in working hours on a day or soon after it, later than everything recorded; `None` when
    /// that has not come yet. What the system did until then is followed first.
    ///
    /// # Errors
    /// [`Problem::Bug`] when the record cannot be written.
    pub fn when(&mut self, day: i32) -> Result<Option<Instant>, Problem> {
        let day = day.max(self.today());
        let Some(mut at) = self.world.days.moment(day, &mut self.chance) else { return Ok(None) };
        if at <= self.last {
            at = self.last.plus_seconds(i64::from(self.chance.between(600, 5_400)));
        }
        if at > self.world.days.horizon {
            return Ok(None);
        }
        self.follow(Some(at))?;
        Ok(Some(at))
    }

    /// The day of the last entry.
    pub fn today(&self) -> i32 {
        self.world.days.day_of(self.last)
    }

    /// Somebody of a role at the device's site.
    pub fn somebody(&mut self, role: Role) -> usize {
        self.world.staff.somebody(role, self.site, &mut self.chance)
    }

    /// A technician's name, for evidence.
    pub fn technician(&mut self) -> String {
        let who = self.somebody(Role::Technician);
        self.world.staff.people[who].name.clone()
    }

    /// Moves the device to a state; false when that lies in the future.
    ///
    /// # Errors
    /// The refusals of [`device::plan`].
    pub fn go(&mut self, day: i32, role: Role, to: State, evidence: Evidence) -> Result<bool, Problem> {
        let Some(at) = self.when(day)? else { return Ok(false) };
        let recorded = self.recorded(at);
        self.facts.now = recorded;
        let mv = Move { to, at, evidence };
        let next = device::plan(&self.device, &self.facts, &mv).map_err(|r| refused(&self.device.tag, &r))?;
        let json = record(&next)?;
        let mut after = json.clone();
        if let (Value::Object(after), Ok(evidence)) = (&mut after, serde_json::to_value(&mv.evidence)) {
            after.insert("evidence".to_owned(), evidence);
        }
        let change = self.change("fleet.device.state", next, json, after, mv.evidence.reason, Some(at));
        let who = self.somebody(role);
        self.note(who, recorded, change)?;
        Ok(true)
    }

    /// Brings the device somewhere else; false when that lies in the future.
    ///
    /// # Errors
    /// The refusals of [`rules::transfer`].
    pub fn transfer(&mut self, day: i32, to: Spot, reason: &str) -> Result<bool, Problem> {
        let Some(at) = self.when(day)? else { return Ok(false) };
        let next = rules::transfer(&self.device, to).map_err(|r| refused(&self.device.tag, &r))?;
        let who = self.keep(at, Role::Technician, "fleet.device.transfer", next, Some(reason))?;
        self.stand(at, who);
        Ok(true)
    }

    /// Brings the device to another place of its site.
    ///
    /// # Errors
    /// As [`Pen::transfer`].
    pub fn carry(&mut self, day: i32, place: usize, reason: &str) -> Result<bool, Problem> {
        let to = Spot {
            site: self.device.site,
            place: Some(self.world.place(place)),
            department: self.device.department,
        };
        self.transfer(day, to, reason)
    }

    /// Changes what is known of the device.
    ///
    /// # Errors
    /// The refusals of [`rules::edit`].
    pub fn edit(&mut self, day: i32, reason: &str, change: impl FnOnce(&mut Edit)) -> Result<bool, Problem> {
        let Some(at) = self.when(day)? else { return Ok(false) };
        self.facts.now = at;
        let mut fields = Edit::of(&self.device).map_err(Problem::bug)?;
        change(&mut fields);
        let next =
            rules::edit(&self.device, &self.facts, &fields).map_err(|r| refused(&self.device.tag, &r))?;
        self.keep(at, Role::Technician, "fleet.device.edit", next, Some(reason))?;
        Ok(true)
    }

    /// Puts the device on hold.
    ///
    /// # Errors
    /// The refusals of [`rules::set_hold`].
    pub fn hold(&mut self, day: i32, hold: Hold) -> Result<bool, Problem> {
        let Some(at) = self.when(day)? else { return Ok(false) };
        let reason = hold.reason.clone();
        let next = rules::set_hold(&self.device, hold).map_err(|r| refused(&self.device.tag, &r))?;
        self.keep(at, Role::Technician, "fleet.device.hold", next, Some(&reason))?;
        Ok(true)
    }

    /// Lifts the hold by its test.
    ///
    /// # Errors
    /// The refusals of [`rules::release_hold`].
    pub fn lift(&mut self, day: i32, test: &HoldTest) -> Result<bool, Problem> {
        let Some(at) = self.when(day)? else { return Ok(false) };
        let next = rules::release_hold(&self.device, test).map_err(|r| refused(&self.device.tag, &r))?;
        let words = format!("{}: {}", test.test, test.result);
        self.keep(at, Role::Technician, "fleet.device.lift_hold", next, Some(&words))?;
        Ok(true)
    }

    /// Builds the device into a system, whose further ways it then follows.
    ///
    /// # Errors
    /// The refusal of [`rules::attach`].
    pub fn attach(&mut self, day: i32, stands: &[Stand]) -> Result<bool, Problem> {
        let Some(at) = self.when(day)? else { return Ok(false) };
        let known = stands.partition_point(|s| s.at <= at);
        let Some(stand) = known.checked_sub(1).map(|i| &stands[i]) else { return Ok(false) };
        let next =
            rules::attach(&self.device, &stand.system, &[]).map_err(|r| refused(&self.device.tag, &[r]))?;
        let reason = format!("Built into {}", stand.system.tag);
        self.keep(at, Role::Technician, "fleet.device.attach", next, Some(&reason))?;
        self.ahead = stands[known..].iter().cloned().collect();
        Ok(true)
    }

    /// Follows a system the device was recorded as part of.
    pub fn join(&mut self, stands: &[Stand]) {
        self.ahead = stands.iter().filter(|s| s.at > self.last).cloned().collect();
    }

    /// Takes the device out of its system.
    ///
    /// # Errors
    /// [`Problem::Bug`] when the record cannot be written.
    pub fn detach(&mut self, day: i32) -> Result<bool, Problem> {
        let Some(at) = self.when(day)? else { return Ok(false) };
        self.ahead.clear();
        let next = rules::detach(&self.device);
        self.keep(at, Role::Technician, "fleet.device.detach", next, Some("Taken out of its system"))?;
        Ok(true)
    }

    /// Follows its system up to a moment, or to its end.
    ///
    /// # Errors
    /// [`Problem::Bug`] when the record cannot be written.
    pub fn follow(&mut self, until: Option<Instant>) -> Result<(), Problem> {
        while self.ahead.front().is_some_and(|s| until.is_none_or(|until| s.at <= until)) {
            let Some(stand) = self.ahead.pop_front() else { break };
            let at = stand.at.max(self.last.plus_seconds(1));
            let next = rules::follow(&self.device, &stand.system)
                .map_err(|refusal| refused(&self.device.tag, &[refusal]))?;
            let json = record(&next)?;
            let change = self.change("fleet.device.follow", next, json.clone(), json, None, None);
            self.note(stand.who, at, change)?;
        }
        Ok(())
    }

    /// Remembers where the device stands now, for its components.
    pub fn stand(&mut self, at: Instant, who: usize) {
        let system = self.stands.is_some().then(|| self.device.clone());
        if let (Some(stands), Some(system)) = (&mut self.stands, system) {
            stands.push(Stand { at, who, system });
        }
    }

    fn keep(
        &mut self,
        at: Instant,
        role: Role,
        action: &'static str,
        next: Device,
        reason: Option<&str>,
    ) -> Result<usize, Problem> {
        let who = self.somebody(role);
        let json = record(&next)?;
        let change = self.change(action, next, json.clone(), json, reason.map(str::to_owned), None);
        self.note(who, at, change)?;
        Ok(who)
    }

    /// Takes the next version over and gives the change that leads to it.
    fn change(
        &mut self,
        action: &'static str,
        next: Device,
        json: Value,
        after: Value,
        reason: Option<String>,
        valid_at: Option<Instant>,
    ) -> Change {
        let before = std::mem::replace(&mut self.json, json);
        self.device = next;
        Change {
            action,
            entity: "device",
            id: self.device.id.uuid(),
            version: self.device.version,
            before: Some(before),
            after,
            valid_at,
            reason,
        }
    }

    /// A few facts are written down hours later; components are written with their system, at once.
    fn recorded(&mut self, at: Instant) -> Instant {
        if self.device.parent.is_some() || self.stands.is_some() || !self.chance.often(0.04) {
            return at;
        }
        at.plus_seconds(i64::from(self.chance.between(1_800, 90_000))).min(self.world.days.horizon)
    }

    fn note(&mut self, who: usize, at: Instant, change: Change) -> Result<(), Problem> {
        let id = Id::seeded(at, self.chance.bytes());
        self.last = at;
        self.known.push((at, Known::of(&change.after)?));
        self.entries.push(Seeded::new(&self.world.actor(who, at), &change, id));
        Ok(())
    }
}

fn record(device: &Device) -> Result<Value, Problem> {
    serde_json::to_value(device).map_err(Problem::bug)
}

/// A refusal as what it is here: a defect of the generator.
fn refused(tag: &str, refusals: &[Refusal]) -> Problem {
    let rules: Vec<&str> = refusals.iter().map(|r| r.rule).collect();
    Problem::bug(format!("the generator broke {} on device {tag}", rules.join(", ")))
}

/// An id of a device first recorded at a moment.
pub fn device_id(at: Instant, chance: &mut Chance) -> DeviceId {
    Id::seeded(at, chance.bytes())
}
