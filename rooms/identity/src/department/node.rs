//! A department or unit as a node of its tree.

use db::{Row, Tx, Val};
use futures::future::BoxFuture;
use kernel::{Actor, DepartmentId, Instant, Reach, Result, SiteId};
use maud::Markup;
use web::Form;

use super::{Department, DepartmentKind, actions, pages, store};
use crate::{
    Sent,
    filled::Filled,
    tally::Stand,
    tree::{Core, Node, Tree},
};

impl Node for Department {
    type Mark = kernel::Department;
    const TREE: Tree = Tree {
        noun: "department",
        path: "departments",
        get: store::GET,
        list: store::LIST,
        add: store::ADD,
        change: store::CHANGE,
        actions: [
            "identity.department.add",
            "identity.department.move",
            "identity.department.close",
            "identity.department.reopen",
        ],
        name_field: "department_name",
        parent_field: "department_parent",
        add_inside: "Add a unit",
    };

    fn core(&self) -> Core<'_, kernel::Department> {
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

    fn changed(&self, parent: Option<DepartmentId>, closed_at: Option<Instant>) -> Self {
        let kind = DepartmentKind::under(parent.is_some());
        Self { version: self.version + 1, parent, kind, closed_at, ..self.clone() }
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
            cost_centre: row.get("cost_centre")?,
            closed_at: row.get("closed_at")?,
        })
    }

    fn own(&self) -> Vec<Val> {
        vec![self.cost_centre.as_deref().into()]
    }

    fn kind(&self) -> &'static str {
        self.kind.code()
    }

    /// The tree has two levels: what holds units stays a department, and nothing stands under a unit.
    fn misplaced(&self, above: Option<&Self>, outer: bool) -> Option<String> {
        match above {
            None => None,
            Some(above) if above.kind == DepartmentKind::Unit => {
                Some(format!("{} is a unit; nothing stands under it. Choose a department.", above.name))
            }
            Some(_) if outer => Some(format!("{} has units of its own. Move them first.", self.name)),
            Some(_) => None,
        }
    }

    fn reach(site: SiteId, id: Option<DepartmentId>) -> Reach {
        Reach { site: Some(site), department: id }
    }

    fn stand(id: DepartmentId) -> Stand {
        Stand::Department(id)
    }

    fn fields(filled: Filled<'_>, present: &Self) -> Markup {
        pages::own_fields(filled, Some(present))
    }

    fn note(&self) -> Option<String> {
        self.cost_centre.as_ref().map(|centre| format!("Cost centre {centre}"))
    }

    fn fields_inside(&self, filled: Filled<'_>) -> Option<Markup> {
        (self.kind == DepartmentKind::Department).then(|| pages::own_fields(filled, None))
    }

    fn change<'a>(&'a self, tx: &'a mut Tx, who: &'a Actor, form: &'a Form) -> BoxFuture<'a, Result<Self>> {
        Box::pin(async move {
            actions::change(tx, who, self.id, form.version(), &pages::draft(form), Sent::form(form)).await
        })
    }

    fn add<'a>(&'a self, tx: &'a mut Tx, who: &'a Actor, form: &'a Form) -> BoxFuture<'a, Result<Self>> {
        Box::pin(async move {
            actions::add(tx, who, self.site, Some(self.id), &pages::draft(form), Sent::form(form)).await
        })
    }
}
