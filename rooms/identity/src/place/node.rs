//! A place as a node of its tree.

use db::{Row, Tx, Val};
use futures::future::BoxFuture;
use kernel::{Actor, Instant, Reach, Result, SiteId};
use maud::{Markup, html};
use web::Form;

use super::{Place, PlaceId, PlaceKind, actions, pages, store};
use crate::{
    Sent,
    filled::Filled,
    tally::Stand,
    tree::{Core, Node, Tree},
};

impl Node for Place {
    type Mark = Self;
    const TREE: Tree = Tree {
        noun: "place",
        path: "places",
        get: store::GET,
        list: store::LIST,
        add: store::ADD,
        change: store::CHANGE,
        actions: [
            "identity.place.add",
            "identity.place.move",
            "identity.place.close",
            "identity.place.reopen",
        ],
        name_field: "place_name",
        parent_field: "place_parent",
        add_inside: "Add a place here",
    };

    fn core(&self) -> Core<'_, Self> {
        Core {
            id: self.id,
            version: self.version,
            site: self.site,
            parent: self.parent,
            name: &self.name,
            code: self.code.as_deref(),
            closed_at: self.closed_at,
        }
    }

    fn changed(&self, parent: Option<PlaceId>, closed_at: Option<Instant>) -> Self {
        Self { version: self.version + 1, parent, closed_at, ..self.clone() }
    }

    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            id: row.get("id")?,
            version: row.get("version")?,
            site: row.get("site_id")?,
            parent: row.get("parent_id")?,
            kind: row.parse("kind")?,
            name: row.get("name")?,
            code: row.get("code")?,
            closed_at: row.get("closed_at")?,
        })
    }

    fn own(&self) -> Vec<Val> {
        Vec::new()
    }

    fn kind(&self) -> &'static str {
        self.kind.code()
    }

    fn misplaced(&self, above: Option<&Self>, _: bool) -> Option<String> {
        (!self.kind.may_stand_under(above.map(|p| p.kind))).then(|| actions::misplaced(self.kind, above))
    }

    /// Places belong to nobody's department, so the whole site must be in reach.
    fn reach(site: SiteId, _: Option<PlaceId>) -> Reach {
        Reach { site: Some(site), department: None }
    }

    fn stand(id: PlaceId) -> Stand {
        Stand::Place(id)
    }

    fn fields(filled: Filled<'_>, present: &Self) -> Markup {
        pages::own_fields(filled, Some(present))
    }

    fn note(&self) -> Option<String> {
        self.code.as_ref().map(|code| format!("Code {code}"))
    }

    fn fields_inside(&self, filled: Filled<'_>) -> Option<Markup> {
        let kinds: Vec<PlaceKind> =
            PlaceKind::ALL.into_iter().filter(|kind| kind.may_stand_under(Some(self.kind))).collect();
        let first = kinds.first()?.code();
        Some(html! { (pages::kind_field(filled, &kinds, first)) (pages::own_fields(filled, None)) })
    }

    fn change<'a>(&'a self, tx: &'a mut Tx, who: &'a Actor, form: &'a Form) -> BoxFuture<'a, Result<Self>> {
        let typed = (form.text("place_name"), form.text("place_code"));
        Box::pin(actions::rename(tx, who, self.id, form.version(), typed, Sent::form(form)))
    }

    fn add<'a>(&'a self, tx: &'a mut Tx, who: &'a Actor, form: &'a Form) -> BoxFuture<'a, Result<Self>> {
        Box::pin(async move {
            let draft = actions::Draft { parent: Some(self.id), ..pages::draft(form)? };
            actions::add(tx, who, self.site, &draft, Sent::form(form)).await
        })
    }
}
