//! The look as a whole: contrast, structure and safety of every component.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop here")]

mod contrast;
mod markup;
mod served;
