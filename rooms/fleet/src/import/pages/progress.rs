//! Work under way, with real counts.

use maud::Markup;
use web::look::progress;

use super::n;
use crate::import::run::{ImportRun, Phase, Progress, RunState};

/// Where the work stands now.
pub(super) fn under_way(run: &ImportRun, at: Option<&Progress>) -> Markup {
    let leave = Some("You can leave this page. It goes on without you.");
    let Some(at) = at else { return progress(0, 1, "Waiting to begin", "", leave) };
    let counts = match at.phase {
        Phase::Clear | Phase::Survey | Phase::Link => String::new(),
        _ => format!("{} of {}", n(at.done), n(at.total)),
    };
    let (done, total) = match at.phase {
        Phase::Clear | Phase::Survey => (0, 1),
        Phase::Link => (1, 1),
        _ => (at.done, at.total),
    };
    let label = if run.state == RunState::Undoing { Phase::Undo.on_page() } else { at.phase.on_page() };
    progress(done, total, label, &counts, leave)
}
