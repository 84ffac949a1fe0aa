//! The rooms of the house, from the lowest up. The only list of them.

use db::RoomSchema;
use web::Room;

/// All rooms.
pub fn rooms() -> Vec<Room> {
    vec![margin::room(), identity::room(), fleet::room()]
}

/// The tables of all rooms, and the mark by which a demonstration is known.
pub fn schemas() -> Vec<RoomSchema> {
    rooms().iter().map(|room| room.schema).chain([demo::SCHEMA]).collect()
}
