//! What the list is asked, as it stands in the address: any view of it can be sent to a colleague.
//!
//! The query in its own language is the whole question. Ticks beside the list arrive as parameters of their own and are
//! written into it, as are the filters that links of earlier versions carry.

use db::Tx;
use kernel::{
    Actor, Cursor, Result,
    query::{self, Query, Term},
};

use crate::device::{
    State,
    list::Sort,
    search::{self, Day, Understood},
};
use crate::view::ViewId;

/// The question. Whatever it does not know is left aside.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Asked {
    /// The query as it was typed.
    pub(crate) text: String,
    /// Answers beside the query: the field and its value, an id or a code.
    pub(super) ticks: Vec<(&'static str, String)>,
    /// The groups of answers that stood beside the list; of these what is not ticked is not asked for.
    pub(super) offered: Vec<&'static str>,
    pub(crate) sort: Sort,
    /// The saved view from which the question was made.
    pub(crate) view: Option<ViewId>,
    /// The moment of the past whose list is asked for, as it was written; empty for the present.
    pub(crate) as_of: String,
    /// Where the page begins.
    pub(super) after: Option<Cursor>,
    /// How many rows stand before this page; only said, never used to find rows.
    pub(super) before: i64,
}

/// More answers than this are left aside.
const MOST: usize = 200;

/// Parameters that are written into the query: the field each becomes, and what its values are called there.
const PARAMETERS: &[(&str, &str)] = &[
    ("state", "state"),
    ("site", "site"),
    ("department", "dept"),
    ("dept", "dept"),
    ("model", "model"),
    ("type", "type"),
    ("maker", "maker"),
    ("loc", "loc"),
    ("risk", "risk"),
    ("flag", "flag"),
    ("gap", "flag"),
    ("show", "flag"),
    ("import", "import"),
];

/// The word of a flag for what earlier versions called a gap or a view.
fn flag(value: &str) -> &str {
    match value {
        "do_not_use" => "do-not-use",
        "owner" => "no-owner",
        "risk_level" => "no-risk",
        "strategy" => "no-strategy",
        other => other,
    }
}

impl Asked {
    /// What a query asks, and nothing else.
    pub(crate) fn of(query: &str) -> Self {
        Self { text: query.trim().to_owned(), ..Self::default() }
    }

    /// Reads a query string.
    pub(crate) fn read(query: &str) -> Self {
        let mut asked = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "q" => asked.add(&value, false),
                // What the query bar shows as filters, before the words that are typed beside them.
                "f" => asked.add(&value, true),
                "of" => asked.offered.extend(fields(&value)),
                "view" => asked.view = value.parse().ok(),
                "sort" => asked.sort = Sort::from_code(&value),
                "as-of" => asked.as_of = value.trim().chars().take(200).collect(),
                "after" => asked.after = Cursor::decode(&value),
                "before" => asked.before = value.parse().unwrap_or(0).clamp(0, 100_000_000),
                _ => asked.tick(&name, &value),
            }
        }
        if asked.after.is_none() {
            asked.before = 0;
        }
        asked
    }

    fn add(&mut self, text: &str, first: bool) {
        let (one, two) = if first { (text, &*self.text) } else { (&*self.text, text) };
        let text = format!("{} {}", one.trim(), two.trim());
        self.text = text.trim().chars().take(query::LONGEST).collect();
    }

    fn tick(&mut self, name: &str, value: &str) {
        let known = PARAMETERS.iter().find(|(known, _)| *known == name);
        let Some((_, field)) = known.filter(|_| self.ticks.len() < MOST) else { return };
        let value = value.trim();
        let tick = match (name, value) {
            ("show", "left") => ("state", "left"),
            (_, value) if *field == "flag" => ("flag", flag(value)),
            _ => (*field, value),
        };
        let tick = (tick.0, tick.1.to_owned());
        if !value.is_empty() && !self.ticks.contains(&tick) {
            self.ticks.push(tick);
        }
    }

    /// The question with what was ticked written into its query, by the names that people read.
    ///
    /// # Errors
    /// As [`Tx::all`].
    pub(crate) async fn written(mut self, tx: &mut Tx, who: &Actor, day: &Day) -> Result<Self> {
        if self.ticks.is_empty() && self.offered.is_empty() {
            return Ok(self);
        }
        let mut query = self.query();
        let now = search::understand(tx, who, &query, day).await?;
        let mut fields: Vec<&'static str> = self.offered.clone();
        fields.extend(self.ticks.iter().map(|(field, _)| *field));
        fields.sort_unstable();
        fields.dedup();
        for field in fields {
            let ticked: Vec<&str> =
                self.ticks.iter().filter(|(of, _)| *of == field).map(|(_, value)| value.as_str()).collect();
            // What stands in the query in other words and means just that stays as it is written.
            if self.offered.contains(&field) && same(&search::ticked(&now, &query, field), &ticked) {
                continue;
            }
            let mut values = Vec::with_capacity(ticked.len());
            for value in ticked {
                values.push(search::value_of(tx, who, field, value).await?);
            }
            query = query.asking(field, values);
        }
        self.text = query.to_string();
        (self.ticks, self.offered) = (Vec::new(), Vec::new());
        Ok(self)
    }

    /// The query.
    pub(crate) fn query(&self) -> Query {
        Query::parse(&self.text)
    }

    /// The list that is asked for, in its order.
    ///
    /// # Errors
    /// As [`Tx::all`].
    pub(crate) async fn understood(&self, tx: &mut Tx, who: &Actor, day: &Day) -> Result<Understood> {
        let mut understood = search::understand(tx, who, &self.query(), day).await?;
        understood.wanted.sort = self.sort;
        Ok(understood)
    }

    /// Whether anything is asked at all.
    pub(super) fn is_everything(&self) -> bool {
        Self { sort: Sort::Tag, view: None, after: None, before: 0, ..self.clone() } == Self::default()
    }

    /// The address of this question.
    pub(crate) fn href(&self) -> String {
        let mut pairs = Vec::new();
        if !self.text.is_empty() {
            pairs.push(("q", self.text.clone()));
        }
        if self.sort != Sort::Tag {
            pairs.push(("sort", self.sort.code().to_owned()));
        }
        if let Some(view) = self.view {
            pairs.push(("view", view.to_string()));
        }
        if let Some(after) = &self.after {
            pairs.push(("after", after.encode()));
            pairs.push(("before", self.before.to_string()));
        }
        if !self.as_of.is_empty() {
            pairs.push(("as-of", self.as_of.clone()));
        }
        if pairs.is_empty() {
            return "/devices".to_owned();
        }
        let query: String = form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish();
        format!("/devices?{query}")
    }

    /// The same question from its first page on.
    pub(super) fn first(&self) -> Self {
        Self { after: None, before: 0, ..self.clone() }
    }

    /// Another query in the same order, at the same moment.
    pub(super) fn asking(&self, query: &Query) -> Self {
        Self { text: query.to_string(), ..self.first() }
    }
}

/// The views that every list has: the name, and the query.
pub(super) fn views() -> [(&'static str, Query); 7] {
    let one = |field: &str, value: &str| Query { terms: vec![Term::one_of(field, [value.to_owned()])] };
    [
        ("All", Query::default()),
        ("In service", one("state", "in service")),
        ("In repair", one("state", "in repair")),
        ("Not located", one("state", "not located")),
        ("Do not use", one("flag", "do-not-use")),
        ("Not decided yet", one("flag", "undecided")),
        ("Left", one("state", "left")),
    ]
}

/// The groups of answers named in a parameter.
fn fields(value: &str) -> impl Iterator<Item = &'static str> {
    let known = PARAMETERS
        .iter()
        .filter(move |(known, field)| known == field && value.split(',').any(|name| name == *known));
    known.map(|(_, field)| *field)
}

fn same(one: &[String], other: &[&str]) -> bool {
    one.len() == other.len() && one.iter().all(|value| other.contains(&value.as_str()))
}

/// The states one may tick beside the list: those of devices that have not left.
pub(super) fn present() -> impl Iterator<Item = State> {
    State::ALL.iter().copied().filter(|s| !s.kind().is_terminal())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_address_reads_back() {
        let asked = Asked {
            text: "icu \"2 & west\" state:spare".into(),
            sort: Sort::State,
            as_of: "2026-03-01".into(),
            ..Asked::default()
        };
        let href = asked.href();
        assert_eq!(Asked::read(href.split_once('?').unwrap().1), asked);
        assert!(!asked.is_everything());
        assert!(Asked::default().is_everything());
        assert_eq!(Asked::default().href(), "/devices");
    }

    #[test]
    fn what_is_ticked_becomes_fields() {
        let asked = Asked::read("q=icu&of=state,site,nonsense&state=spare&show=left&gap=owner&colour=red");
        assert_eq!(asked.offered, ["state", "site"]);
        let ticks: Vec<(&str, &str)> = asked.ticks.iter().map(|(f, v)| (*f, v.as_str())).collect();
        assert_eq!(ticks, [("state", "spare"), ("state", "left"), ("flag", "no-owner")]);
    }

    proptest! {
        #[test]
        fn any_query_is_read_without_panic(query in any::<String>()) {
            let asked = Asked::read(&query);
            prop_assert!(asked.text.chars().count() <= query::LONGEST);
        }
    }
}
