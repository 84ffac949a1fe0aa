//! What people ask of an import: each form is carried out once, however often it is sent.

use axum::{extract::Path, response::Response};
use db::Tx;
use kernel::{Actor, FieldError, Result};
use web::{Ctx, Form, Reply};

use super::{address, counted, mapping, read_id};
use crate::{
    device::ImportId,
    import::run::{ImportRun, RunState, actions},
    posted::{Done, once},
};

pub(super) async fn check(ctx: Ctx, Path(id): Path<String>, form: Form) -> Reply {
    let id = read_id(&id)?;
    let done = once!(&ctx, &form, "fleet.import.check", |tx, who| {
        let run = actions::visible(tx, who, id).await?;
        let mut errors: Vec<FieldError> = Vec::new();
        let setup = mapping::read(&run, &form, &mut errors);
        web::form::check(errors)?;
        let run = actions::begin_check(tx, who, &run, setup).await?;
        Ok(Done::new(address(run.id), "The rows are being checked again."))
    })?;
    Ok(done.go(&ctx))
}

/// One of the steps without a form of its own.
async fn go(ctx: &Ctx, form: &Form, id: ImportId, step: Step) -> Result<Response, web::Stop> {
    let done = once!(ctx, form, "fleet.import.step", |tx, who| {
        let run = actions::visible(tx, who, id).await?;
        step.take(tx, who, &run).await
    })?;
    Ok(done.go(ctx))
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
