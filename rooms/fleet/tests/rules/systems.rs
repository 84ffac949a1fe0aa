//! Components: no circle, one place and one owner for a system, whatever is attached to what.

use fleet::device::rules::{attach, check_parent, detach, follow, transfer};
use fleet::device::{Device, DeviceId, Place, Spot, State};
use kernel::{DepartmentId, Id, SiteId};
use proptest::prelude::*;

use crate::made::{day, in_service, rules};

fn spot(device: &Device) -> Spot {
    Spot { site: device.site, place: device.place, department: device.department }
}

fn another(like: &Device) -> Device {
    Device { id: DeviceId::new(), tag: "NH-2".into(), ..like.clone() }
}

#[test]
fn a_device_is_no_component_of_itself_nor_of_what_is_below_it() {
    let system = in_service();
    let part = another(&system);
    assert_eq!(check_parent(&system, &system, &[]).unwrap_err().rule, "fleet.device.parent_self");
    let below = check_parent(&system, &part, &[system.id]).unwrap_err();
    assert_eq!(below.rule, "fleet.device.parent_cycle");
    assert_eq!(below.message, "NH-2 is itself below NH-104207.");
    assert!(check_parent(&part, &system, &[]).is_ok());
}

#[test]
fn parent_and_component_share_a_site() {
    let system = in_service();
    let part = Device { site: SiteId::new(), ..another(&system) };
    assert_eq!(check_parent(&part, &system, &[]).unwrap_err().rule, "fleet.device.parent_site");
}

#[test]
fn a_system_that_left_takes_no_components() {
    let part = in_service();
    let gone = Device { state: State::Retired, ..another(&part) };
    assert_eq!(check_parent(&part, &gone, &[]).unwrap_err().rule, "fleet.device.parent_gone");
    let undone = Device { removed_at: Some(day(9)), ..another(&part) };
    assert_eq!(check_parent(&part, &undone, &[]).unwrap_err().rule, "fleet.device.parent_gone");
    assert_eq!(attach(&undone, &part, &[]).unwrap_err().rule, "fleet.device.removed");
}

#[test]
fn a_component_takes_over_place_and_owner_and_moves_with_its_system() {
    let system = Device { place: Some(Id::new()), ..in_service() };
    let part = Device { department: None, place: None, ..another(&system) };
    let attached = attach(&part, &system, &[]).unwrap();
    assert_eq!((attached.parent, attached.version), (Some(system.id), part.version + 1));
    assert_eq!(spot(&attached), spot(&system));
    let elsewhere = Spot { site: SiteId::new(), place: None, department: Some(DepartmentId::new()) };
    assert_eq!(rules(transfer(&attached, elsewhere)), ["fleet.device.component"]);
    let moved = transfer(&system, elsewhere).unwrap();
    assert_eq!(spot(&follow(&attached, &moved).unwrap()), elsewhere);
    let free = detach(&attached);
    assert_eq!((free.parent, free.version, spot(&free)), (None, attached.version + 1, spot(&attached)));
    assert_eq!(detach(&free), free);
}

#[test]
fn a_device_in_service_keeps_an_owner() {
    let device = in_service();
    let nobody = Spot { department: None, ..spot(&device) };
    assert_eq!(rules(transfer(&device, nobody)), ["fleet.device.owner"]);
    let imported = Device { department: None, ..device };
    assert!(transfer(&imported, nobody).is_ok());
}

#[test]
fn a_device_in_service_keeps_its_owner_in_a_system() {
    let part = in_service();
    let nobodys = Device { department: None, state: State::Received, ..another(&part) };
    let refused = attach(&part, &nobodys, &[]).unwrap_err();
    assert_eq!(refused.rule, "fleet.device.parent_owner");
    assert!(refused.remedy.starts_with("Give NH-2 its owner department first"), "{refused}");
    assert_eq!(follow(&part, &nobodys).unwrap_err().rule, "fleet.device.parent_owner");
    let imported = Device { department: None, ..part.clone() };
    assert!(attach(&imported, &nobodys, &[]).is_ok(), "it has no owner to lose");
    let shelved = Device { state: State::OutOfService(fleet::device::OutFor::Stored), ..part };
    assert!(attach(&shelved, &nobodys, &[]).is_ok(), "only use asks for an owner");
}

/// What may be tried on a fleet of a few devices.
#[derive(Clone, Debug)]
enum Act {
    Attach(usize, usize),
    Detach(usize),
    Transfer(usize, u8),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        6 => (0_usize..12, 0_usize..12).prop_map(|(c, p)| Act::Attach(c, p)),
        2 => (0_usize..12).prop_map(Act::Detach),
        2 => (0_usize..12, any::<u8>()).prop_map(|(d, s)| Act::Transfer(d, s)),
    ];
    prop::collection::vec(act, 1..80)
}

fn index(fleet: &[Device], id: DeviceId) -> usize {
    fleet.iter().position(|d| d.id == id).unwrap()
}

fn ancestors(fleet: &[Device], of: usize) -> Vec<DeviceId> {
    let mut chain = Vec::new();
    let mut next = fleet[of].parent;
    while let Some(id) = next {
        assert!(chain.len() <= fleet.len(), "a circle of parents");
        chain.push(id);
        next = fleet[index(fleet, id)].parent;
    }
    chain
}

/// Puts a changed device in its place and takes everything below it along, as the store does: all or nothing.
fn carry(fleet: &mut [Device], at: usize, system: Device) -> bool {
    let below: Vec<usize> =
        (0..fleet.len()).filter(|i| ancestors(fleet, *i).contains(&fleet[at].id)).collect();
    let moved: Result<Vec<Device>, _> = below.iter().map(|i| follow(&fleet[*i], &system)).collect();
    let Ok(moved) = moved else { return false };
    fleet[at] = system;
    for (i, device) in below.into_iter().zip(moved) {
        fleet[i] = device;
    }
    true
}

/// A fleet in all stages: in use with an owner, in use and imported without one, just received for nobody yet.
fn stages(first: &Device) -> Vec<Device> {
    let nobodys = |d: Device| Device { department: None, ..d };
    (0..12)
        .map(|n| match n % 4 {
            0 => nobodys(Device { state: State::Received, ..another(first) }),
            1 => nobodys(another(first)),
            _ => another(first),
        })
        .collect()
}

proptest! {
    #[test]
    fn no_order_of_attaching_makes_a_circle_or_tears_a_system_apart(acts in acts()) {
        let first = in_service();
        let sites = [first.site, SiteId::new()];
        let places: Vec<Id<Place>> = (0..3).map(|_| Id::new()).collect();
        let mut fleet = stages(&first);
        for act in acts {
            let before = fleet.clone();
            match act {
                Act::Attach(c, p) => {
                    let above = ancestors(&fleet, p);
                    let circle = c == p || above.contains(&fleet[c].id);
                    let far = fleet[c].site != fleet[p].site;
                    let owned = fleet[c].state == State::InService && fleet[c].department.is_some();
                    let orphan = owned && fleet[p].department.is_none();
                    let done = attach(&fleet[c], &fleet[p], &above);
                    prop_assert_eq!(done.is_ok(), !circle && !far && !orphan);
                    if let Ok(attached) = done {
                        carry(&mut fleet, c, attached);
                    }
                }
                Act::Detach(d) => fleet[d] = detach(&fleet[d]),
                Act::Transfer(d, s) => {
                    let to = Spot {
                        site: sites[usize::from(s) % 2],
                        place: places.get(usize::from(s) % 4).copied(),
                        department: (s % 5 > 0).then(DepartmentId::new),
                    };
                    if let Ok(moved) = transfer(&fleet[d], to) {
                        carry(&mut fleet, d, moved);
                    }
                }
            }
            for i in 0..fleet.len() {
                let above = ancestors(&fleet, i);
                prop_assert!(!above.contains(&fleet[i].id));
                let owned = before[i].state != State::InService || before[i].department.is_none();
                prop_assert!(owned || fleet[i].department.is_some(), "a device in service lost its owner");
                if let Some(parent) = fleet[i].parent {
                    prop_assert_eq!(spot(&fleet[i]), spot(&fleet[index(&fleet, parent)]));
                }
            }
        }
    }
}
