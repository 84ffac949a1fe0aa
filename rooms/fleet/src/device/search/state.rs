//! States in a search, by their codes or the words of the page.

use kernel::query::{self, Term, Test};

use super::Fault;
use crate::device::{
    Kind, State,
    list::{Also, Of, Wanted},
    pages::words::state_of,
};

/// What a word means among states.
enum Meant {
    States(Vec<State>),
    /// Held, or kept for investigation: what reads “Do not use”.
    Unusable,
}

/// Adds what a term asks for.
pub(super) fn read(term: &Term, wanted: &mut Wanted) -> std::result::Result<(), Fault> {
    let Test::OneOf(values) = &term.test else {
        return Err("A state is no number or date: it cannot be more or less.".to_owned().into());
    };
    let (mut states, mut any) = (Vec::new(), Vec::new());
    for value in values {
        match meant(value)? {
            Meant::States(more) => states.extend(more),
            Meant::Unusable => any.push(Of::Unusable),
        }
    }
    states.sort_unstable();
    states.dedup();
    if term.not {
        any.push(Of::State(states));
        wanted.also.push(Also { not: true, any });
        return Ok(());
    }
    // Who asks for states that devices leave by asks for those that have left.
    if states.iter().any(|state| state.kind().is_terminal()) {
        wanted.left_too = true;
    }
    if states.len() == State::ALL.len() {
        return Ok(());
    }
    if any.is_empty() && wanted.states.is_empty() {
        wanted.states = states;
    } else {
        any.push(Of::State(states));
        wanted.also.push(Also::one(any));
    }
    Ok(())
}

fn meant(value: &str) -> std::result::Result<Meant, Fault> {
    let plain = |text: &str| kernel::fold(text).replace(['_', '-'], " ");
    let value = plain(value);
    let of = |fits: fn(&State) -> bool| Ok(Meant::States(State::ALL.iter().copied().filter(fits).collect()));
    match value.as_str() {
        "do not use" => return Ok(Meant::Unusable),
        "any" => return of(|_| true),
        "left" => return of(|state| state.kind().is_terminal()),
        "out of service" => return of(|state| state.kind() == Kind::OutOfService),
        _ => {}
    }
    let names = |state: &State| [state.code(), state.on_page(), state_of(*state, false).word()];
    let exact = |state: &&State| names(state).iter().any(|name| plain(name) == value);
    if let Some(state) = State::ALL.iter().find(exact) {
        return Ok(Meant::States(vec![*state]));
    }
    let begins = |state: &&State| {
        names(state).iter().any(|name| plain(name).split(' ').any(|word| word.starts_with(&value)))
    };
    let mut beginning = State::ALL.iter().filter(begins);
    if let (Some(state), None) = (beginning.next(), beginning.next()) {
        return Ok(Meant::States(vec![*state]));
    }
    let words: Vec<&str> = State::ALL.iter().map(|state| names(state)[2]).collect();
    let near = query::nearest(&value, words.iter().copied().chain(["do not use", "left", "any"]));
    let said = format!(
        "“{value}” is no state. There are {}; also do not use, out of service, left and any.",
        words.join(", ")
    );
    Err(Fault::Words(said, near.map(str::to_lowercase)))
}
