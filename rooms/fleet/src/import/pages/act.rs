//! What people ask of an import: each form is carried out once, however often it is sent.

use std::collections::BTreeSet;

use axum::{extract::Path, response::Response};
use db::Tx;
use http::StatusCode;
use kernel::{Actor, Problem, Result};
use web::{Ctx, Form, Reply};

use super::{
    address, counted,
    mapping::{self, Shown},
    read_id,
    show::{Seen, page},
};
use crate::{
    device::ImportId,
    import::run::{
        ImportRun, RunState, Setup,
        actions::{self, NO_MAPPING},
    },
    posted::{Done, once},
};

pub(super) async fn check(ctx: Ctx, Path(id): Path<String>, form: Form) -> Reply {
    let id = read_id(&id)?;
    let done = once!(&ctx, &form, "fleet.import.check", |tx, who| {
        let run = actions::visible(tx, who, id).await?;
        let mut faults = Vec::new();
        let setup = mapping::read(&run, &form, &mut faults);
        if run.version != form.version() {
            return Err(Problem::Stale { current: run.version });
        }
        if !faults.is_empty() {
            // Which fields these are is found out again when the page is drawn.
            return Err(Problem::invalid("columns", "The choices contradict each other."));
        }
        let wants_run = form.text("then") == "run";
        if wants_run && same_choices(&setup, &run.setup) {
            return Step::Run.take(tx, who, &run).await;
        }
        let run = actions::begin_check(tx, who, &run, setup).await?;
        let words = if wants_run {
            "Choices have changed, so the rows are checked again first. Nothing is imported yet."
        } else {
            "The rows are being checked again."
        };
        Ok(Done::new(address(run.id), words))
    });
    match done {
        Ok(done) => Ok(done.go(&ctx)),
        Err(problem) => again(&ctx, id, &form, problem).await,
    }
}

/// Whether rows would be read the same way; how sure a proposal was and where it came from does not count.
fn same_choices(one: &Setup, other: &Setup) -> bool {
    let plain = |setup: &Setup| Setup { unsure: BTreeSet::new(), like: None, ..setup.clone() };
    plain(one) == plain(other)
}

/// The page with everything that was chosen, and what keeps it from being done.
async fn again(ctx: &Ctx, id: ImportId, form: &Form, problem: Problem) -> Reply {
    let mut seen = Seen::read(ctx, id).await?;
    if !seen.run.state.is_open() {
        return Err(problem.into());
    }
    let mut faults = Vec::new();
    let setup = mapping::read(&seen.run, form, &mut faults);
    let status = match problem {
        Problem::Invalid { .. } => StatusCode::UNPROCESSABLE_ENTITY,
        Problem::Conflict { code, message } => {
            faults.push((mapping::ANCHOR.to_owned(), message));
            if code == NO_MAPPING { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::CONFLICT }
        }
        Problem::Stale { .. } => {
            let words = format!(
                "{} checked this file meanwhile. The numbers are those of that check; your choices stand in the \
                 form and are not checked yet.",
                seen.run.by_name
            );
            faults.insert(0, (mapping::ANCHOR.to_owned(), words));
            StatusCode::CONFLICT
        }
        other => return Err(other.into()),
    };
    seen.run.setup = setup;
    Ok(page(ctx, &seen, Shown::back(form, &faults), status))
}

/// One of the steps without a form of its own.
async fn go(ctx: &Ctx, form: &Form, id: ImportId, step: Step) -> Result<Response, web::Stop> {
    let done = once!(ctx, form, "fleet.import.step", |tx, who| {
        let run = actions::visible(tx, who, id).await?;
        step.take(tx, who, &run).await
    });
    match done {
        Ok(done) => Ok(done.go(ctx)),
        // The page as it stands now shows best what can be done instead.
        Err(Problem::Conflict { message, .. }) => {
            let mut seen = Seen::read(ctx, id).await?;
            seen.notice = Some(message);
            Ok(page(ctx, &seen, Shown::default(), StatusCode::CONFLICT))
        }
        Err(problem) => Err(problem.into()),
    }
}

#[derive(Clone, Copy)]
enum Step {
    Run,
    Cancel,
    Undo,
}

impl Step {
    async fn take(self, tx: &mut Tx, who: &Actor, run: &ImportRun) -> Result<Done> {
        let here = address(run.id);
        match self {
            Self::Run => {
                let run = actions::begin_run(tx, who, run).await?;
                let words = format!("Importing {}.", counted(run.counts.new, "device", "devices"));
                Ok(Done::new(here, words))
            }
            Self::Undo => {
                actions::begin_undo(tx, who, run).await?;
                Ok(Done::new(here, "The import is being undone."))
            }
            Self::Cancel => {
                let began = run.state == RunState::Running;
                let run = actions::cancel(tx, who, run).await?;
                if began {
                    let stay = counted(run.counts.devices, "device stays", "devices stay");
                    return Ok(Done::new(here, format!("Stopped. {stay} until you undo the import.")));
                }
                Ok(Done::new("/devices/import", "The file was put away. Nothing was imported."))
            }
        }
    }
}

pub(super) async fn run(ctx: Ctx, Path(id): Path<String>, form: Form) -> Reply {
    go(&ctx, &form, read_id(&id)?, Step::Run).await
}

pub(super) async fn cancel(ctx: Ctx, Path(id): Path<String>, form: Form) -> Reply {
    go(&ctx, &form, read_id(&id)?, Step::Cancel).await
}

pub(super) async fn undo(ctx: Ctx, Path(id): Path<String>, form: Form) -> Reply {
    go(&ctx, &form, read_id(&id)?, Step::Undo).await
}
