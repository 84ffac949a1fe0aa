//! Tokens by the API: they are seen and revoked there. They are made by people only, on the page or in a terminal: a
//! token that leaked could otherwise make others that outlive it.

use kernel::Permit;
use web::{
    Gate, Route,
    api::{Answer, Call, Fault, Operation, Page, Paged, keyset},
    carry_out,
};

use super::{Listed, actions};
use crate::Sent;

const TAG: &str = "tokens";

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::api(
            Operation::get("/api/v1/tokens", TAG, "Tokens: one’s own, and those of people one manages")
                .query::<Paged>()
                .gives::<Page<Listed>>(),
            Gate::SignedIn,
            list,
        ),
        Route::api(
            Operation::get("/api/v1/tokens/{id}", TAG, "One token").gives_record::<Listed>(),
            Gate::SignedIn,
            show,
        ),
        Route::api(
            Operation::post("/api/v1/tokens/{id}/revoke", TAG, "Revoke a token; it may be the one in use")
                .checked()
                .gives_record::<Listed>(),
            Gate::SignedIn,
            revoke,
        ),
    ]
}

/// A token limited to some permissions sees those of others only if managing people is among them, which
/// [`actions::list`] asks.
async fn list(call: Call) -> Result<Answer, Fault> {
    let asked: Paged = call.query()?;
    let keyset = keyset(asked.after.as_deref(), asked.limit)?;
    let who = call.actor();
    let all = db::read!(call.app.db(), who.org, |tx| actions::list(tx, who).await)?;
    Ok(Page::cut(all, &keyset, |listed| listed.token.id.uuid()).answer(&call)?)
}

async fn show(call: Call) -> Result<Answer, Fault> {
    let (who, id) = (call.actor(), call.id("id", "this token")?);
    let found = db::read!(call.app.db(), who.org, |tx| actions::seen_by(tx, who, id).await)?;
    Ok(Answer::record(&found, found.token.version)?)
}

async fn revoke(call: Call) -> Result<Answer, Fault> {
    let (seen, id) = (call.seen()?, call.id("id", "this token")?);
    // A token may always end itself; ending others takes all of its owner's rights.
    if call.pass.token != id.uuid() {
        call.need_whole()?;
    }
    Ok(carry_out!(call, "identity.token.revoke", |tx, who| {
        let present = actions::seen_by(tx, who, id).await?;
        let token = actions::revoke(tx, who, id, seen.of(present.token.version), Sent::claimed()).await?;
        let version = token.version;
        Answer::record(&Listed { token, ..present }, version)
    })?)
}

/// Every permission of the house, for the choice of a token's.
pub(super) fn known(app: &web::App) -> Vec<Permit> {
    app.room::<crate::Front>().map(crate::Front::known).unwrap_or_default()
}
