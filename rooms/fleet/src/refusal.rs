//! Why something was not done, and what would make it possible.

use kernel::Problem;
use serde::Serialize;

/// One rule that forbids, with its remedy. Refusals change nothing: the record stands as it stood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{message} {remedy}")]
pub struct Refusal {
    /// The rule's stable code, `room.noun.rule`: `fleet.device.owner`.
    pub rule: &'static str,
    /// What forbids it, as a sentence.
    pub message: String,
    /// What would satisfy the rule, as a sentence. Never empty.
    pub remedy: String,
}

impl Refusal {
    /// A refusal by a rule.
    pub fn new(rule: &'static str, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { rule, message: message.into(), remedy: remedy.into() }
    }

    /// All refusals of one attempt as the problem a page or the API shows: the first rule's code, every sentence.
    pub fn problem(refusals: &[Self]) -> Problem {
        let code = refusals.first().map_or("fleet.refused", |r| r.rule);
        let text = refusals.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        Problem::conflict(code, text)
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        Refusal::problem(std::slice::from_ref(&refusal))
    }
}

/// Whether an optional text says something.
pub(crate) fn given(text: Option<&String>) -> bool {
    text.is_some_and(|t| !t.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_refusals_become_one_problem_with_every_sentence() {
        let both =
            [Refusal::new("fleet.device.owner", "A.", "B."), Refusal::new("fleet.device.hold", "C.", "D.")];
        let problem = Refusal::problem(&both);
        assert_eq!(problem.code(), "fleet.device.owner");
        assert_eq!(problem.to_string(), "A. B. C. D.");
        assert_eq!(Problem::from(both[1].clone()).code(), "fleet.device.hold");
    }
}
