//! Which of the known ones is meant.
//!
//! Hospitals, authorities and makers write one and the same thing in many ways. What is matched here comes with a score, a
//! reason that a person can check, and the alternatives; what is not certain is left to a person.

pub mod gather;
mod model;
pub mod name;
mod term;
mod text;
