//! Finding devices: the list, one, by tag or scanned code, how many there are, and what one was.

use kernel::{DepartmentId, Instant, Keyset, Problem, Result, SiteId, query::Query};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use web::{
    Gate, Route,
    api::{Answer, Call, Fault, Moment, Operation, Page, Paged, Version, keyset, versions},
};

use super::{Shown, TAG, shown};
use crate::{
    CompanyId, DeviceTypeId, ModelId,
    device::{
        Device, DeviceId, Gap, ImportId, State, actions,
        list::{self, Of, Sort, Wanted},
        search::{self, Day},
        store, then,
    },
    permit,
};

/// A view that is more than a choice of states.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Show {
    DoNotUse,
    Undecided,
    Left,
}

/// By what the list is ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Order {
    Tag,
    Since,
}

/// The filters of the list.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(crate) struct Asked {
    /// What is looked for, in the language of the list: words, each of which begins a word of the device (tag, serial
    /// number, UDI, type, maker, model, place, site, owner), and fields such as `type:"infusion pump" age:>7 -site:Lakeside`.
    #[schemars(length(max = 2000))]
    q: Option<String>,
    /// States, any of them; without one, all but those that have left.
    state: Vec<State>,
    /// Sites, any of them.
    site: Vec<SiteId>,
    /// Owner departments, any of them.
    department: Vec<DepartmentId>,
    /// Models, any of them.
    model: Vec<ModelId>,
    /// Types, any of them.
    r#type: Vec<DeviceTypeId>,
    /// Makers, any of them.
    maker: Vec<CompanyId>,
    /// Only what this import brought, wherever it is in its life now.
    import: Option<ImportId>,
    /// `do_not_use`: held or kept for investigation. `undecided`: something is not decided. `left`: retired, returned,
    /// cancelled.
    show: Option<Show>,
    /// Only devices on which this is not decided yet.
    gap: Option<Gap>,
    /// `tag`, or `since`: longest in its state first.
    sort: Option<Order>,
    /// The list as it was known at this instant, by the tags and names of then; in the order of tags, whatever `sort`
    /// says. Needs the permission for the history of devices. Changes of the last seconds may not be in it yet.
    as_of: Option<Moment>,
    /// Whether to count all rows too. A list of the past is counted where that does not mean reading all of it.
    count: bool,
    /// Where the page begins: `next` of the page before.
    after: Option<String>,
    /// Rows a page.
    #[schemars(range(min = 1, max = 200))]
    limit: Option<u32>,
}

/// The question as the list understands it: all that the query and the filters ask for.
///
/// # Errors
/// [`Problem::Invalid`] for a query that is not understood.
pub(crate) async fn wanted(call: &Call, asked: &Asked) -> Result<Wanted> {
    let (who, day) = (call.actor(), Day::of(call.now(), &call.org.zone));
    let query = Query::parse(asked.q.as_deref().unwrap_or_default());
    let understood = db::read!(call.app.db(), who.org, |tx| search::understand(tx, who, &query, &day).await)?;
    understood.sound("q")?;
    let mut wanted = understood.wanted;
    let left = State::ALL.iter().copied().filter(|s| s.kind().is_terminal());
    let states = match asked.show {
        Some(Show::Left) if asked.state.is_empty() => left.collect(),
        _ => asked.state.clone(),
    };
    wanted.left_too |= asked.import.is_some() || states.iter().any(|state| state.kind().is_terminal());
    wanted.and(Of::State(states));
    wanted.and(Of::Site(asked.site.clone()));
    wanted.and(Of::Department(asked.department.clone()));
    wanted.and(Of::Model(asked.model.clone()));
    wanted.and(Of::Type(asked.r#type.clone()));
    wanted.and(Of::Company(asked.maker.clone()));
    for of in [
        asked.import.map(Of::Import),
        (asked.show == Some(Show::DoNotUse)).then_some(Of::Unusable),
        (asked.show == Some(Show::Undecided)).then_some(Of::Undecided),
        asked.gap.map(Of::Gap),
    ] {
        of.into_iter().for_each(|of| wanted.and(of));
    }
    wanted.sort = if asked.sort == Some(Order::Since) { Sort::State } else { Sort::Tag };
    Ok(wanted)
}

/// How many devices of one state a site has.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "DeviceCount")]
struct Count {
    site: SiteId,
    site_name: String,
    state: State,
    devices: i64,
    /// How many of them are held.
    held: i64,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct AsOf {
    /// The instant: the record as it was known then.
    at: Moment,
}

pub(super) fn routes() -> Vec<Route> {
    let (view, past) = (Gate::Permit(permit::DEVICE_VIEW), Gate::Permit(permit::DEVICE_HISTORY));
    let get = Operation::get;
    vec![
        Route::api(
            get("/api/v1/devices", TAG, "The list of devices: search and filters")
                .query::<Asked>()
                .gives::<Page<Shown>>(),
            view,
            devices,
        ),
        Route::api(
            get("/api/v1/devices/counts", TAG, "How many there are, by site and state").gives::<Vec<Count>>(),
            view,
            counts,
        ),
        Route::api(get("/api/v1/devices/{id}", TAG, "One device").gives_record::<Shown>(), view, device),
        Route::api(
            get(
                "/api/v1/devices/by-tag/{tag}",
                TAG,
                "The device with an asset tag, or that carried it before",
            )
            .gives_record::<Shown>(),
            view,
            by_tag,
        ),
        Route::api(
            get("/api/v1/devices/by-code/{code}", TAG, "The one device a scanned code names")
                .about("Its tag, else its serial number, else its UDI, whole. More than one fitting is none.")
                .gives_record::<Shown>(),
            view,
            by_code,
        ),
        Route::api(
            get("/api/v1/devices/{id}/components", TAG, "The components directly below it, by tag")
                .query::<Paged>()
                .gives::<Page<Shown>>(),
            view,
            components,
        ),
        Route::api(
            get("/api/v1/devices/{id}/history", TAG, "Its versions, newest first")
                .query::<Paged>()
                .gives::<Page<Version>>(),
            past,
            history,
        ),
        Route::api(
            get("/api/v1/devices/{id}/as-of", TAG, "Its record as it was known at an instant")
                .query::<AsOf>()
                .gives_record::<Device>(),
            past,
            as_of,
        ),
    ]
}

async fn devices(call: Call) -> Result<Answer, Fault> {
    let asked: Asked = call.query()?;
    let keyset = keyset(asked.after.as_deref(), asked.limit)?;
    let (who, wanted) = (call.actor(), wanted(&call, &asked).await?);
    if let Some(at) = instant(&call, &asked)? {
        return devices_then(&call, &wanted, at, &keyset, asked.count).await;
    }
    let page = db::read!(call.app.db(), who.org, |tx| {
        let slice = list::page(tx, who, &wanted, &keyset).await?;
        let ids: Vec<DeviceId> = slice.rows.iter().map(|row| row.id).collect();
        let mut page = Page::new(shown::of(tx, who, &ids).await?, slice.next.as_ref());
        if asked.count {
            page.count = Some(list::count(tx, who, &wanted).await?);
        }
        Ok(page)
    })?;
    Ok(page.answer(&call)?)
}

/// The instant of the past whose list is asked for.
pub(crate) fn instant(call: &Call, asked: &Asked) -> Result<Option<Instant>> {
    asked.as_of.as_ref().map(|at| at.of(call, "as_of")).transpose()
}

async fn devices_then(
    call: &Call,
    wanted: &Wanted,
    at: Instant,
    keyset: &Keyset,
    count: bool,
) -> Result<Answer, Fault> {
    let who = call.actor();
    then::ready(&call.app, who, at).await?;
    let page = db::read!(call.app.db(), who.org, |tx| {
        let found = then::list::page(tx, who, wanted, at, then::list::TO_SHOW, keyset).await?;
        let rows = found.described(tx, who.org, at).await?.into_iter().map(Shown::from).collect();
        let mut page = Page::new(rows, found.slice.next.as_ref());
        page.count = found.count.filter(|_| count);
        Ok(page)
    })?;
    Ok(page.answer(call)?)
}

async fn counts(call: Call) -> Result<Answer, Fault> {
    let who = call.actor();
    let tallies = db::read!(call.app.db(), who.org, |tx| list::tally(tx, who).await)?;
    let counts: Vec<Count> = tallies
        .into_iter()
        .map(|t| Count {
            site: t.site,
            site_name: t.site_name,
            state: t.state,
            devices: t.count,
            held: t.held,
        })
        .collect();
    Ok(Answer::json(&counts)?)
}

async fn device(call: Call) -> Result<Answer, Fault> {
    let (who, id) = (call.actor(), call.id("id", "this device")?);
    Ok(db::read!(call.app.db(), who.org, |tx| {
        actions::visible(tx, who, id).await?;
        shown::answer(tx, who, id).await
    })?)
}

async fn by_tag(call: Call) -> Result<Answer, Fault> {
    let (who, tag) = (call.actor(), call.part("tag"));
    Ok(db::read!(call.app.db(), who.org, |tx| {
        let device = actions::visible_by_tag(tx, who, tag).await?;
        shown::answer(tx, who, device.id).await
    })?)
}

async fn by_code(call: Call) -> Result<Answer, Fault> {
    let (who, code) = (call.actor(), call.part("code"));
    Ok(db::read!(call.app.db(), who.org, |tx| {
        let id = search::by_code(tx, who, code).await?;
        shown::answer(tx, who, id.ok_or_else(|| Problem::not_found("one device by this code"))?).await
    })?)
}

async fn components(call: Call) -> Result<Answer, Fault> {
    let (who, id, asked) = (call.actor(), call.id("id", "this device")?, call.query::<Paged>()?);
    let keyset: Keyset = keyset(asked.after.as_deref(), asked.limit)?;
    let page = db::read!(call.app.db(), who.org, |tx| {
        actions::visible(tx, who, id).await?;
        let below = store::children(tx, who.org, id).await?;
        let seen = below.iter().filter(|d| who.may(permit::DEVICE_VIEW, d.reach()));
        let ids: Vec<DeviceId> = seen.map(|d| d.id).collect();
        let cut = Page::cut(ids, &keyset, |id| id.uuid());
        Ok(Page { items: shown::of(tx, who, &cut.items).await?, next: cut.next, count: None })
    })?;
    Ok(page.answer(&call)?)
}

async fn history(call: Call) -> Result<Answer, Fault> {
    let (who, id, asked) = (call.actor(), call.id("id", "this device")?, call.query::<Paged>()?);
    let page = db::read!(call.app.db(), who.org, |tx| {
        let device = actions::visible(tx, who, id).await?;
        who.need(permit::DEVICE_HISTORY, device.reach())?;
        versions(tx, who.org, ("device", id.uuid()), &asked).await
    })?;
    Ok(page.answer(&call)?)
}

async fn as_of(call: Call) -> Result<Answer, Fault> {
    let (who, id, asked) = (call.actor(), call.id("id", "this device")?, call.query::<AsOf>()?);
    let at = asked.at.of(&call, "at")?;
    let device = db::read!(call.app.db(), who.org, |tx| {
        // A device whose import was undone was on record until then.
        let today = store::get(tx, who.org, id).await?;
        let missing = || Problem::not_found("a record of this device at that moment");
        if !who.may(permit::DEVICE_VIEW, today.reach()) {
            return Err(Problem::not_found("this device"));
        }
        who.need(permit::DEVICE_HISTORY, today.reach())?;
        let event = db::gate::as_of(tx, who.org, "device", id.uuid(), at).await?.ok_or_else(missing)?;
        let device: Device = serde_json::from_value(event.after).map_err(Problem::bug)?;
        if device.removed_at.is_none() { Ok(device) } else { Err(missing()) }
    })?;
    Ok(Answer::record(&device, device.version)?)
}
