//! What the list is asked, as it stands in the address: any view of it can be sent to a colleague.

use std::{fmt::Display, str::FromStr};

use kernel::{Cursor, DepartmentId, SiteId};

use crate::{
    CompanyId, DeviceTypeId, ModelId,
    device::{
        Gap, ImportId, State,
        list::{Sort, Wanted},
    },
};

/// A view that is more than a choice of states.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Show {
    /// What the other filters say.
    #[default]
    All,
    /// Held, or kept for investigation.
    DoNotUse,
    /// Something is not decided yet.
    Undecided,
    /// Retired, returned, cancelled.
    Left,
}

impl Show {
    const fn code(self) -> &'static str {
        match self {
            Self::All => "",
            Self::DoNotUse => "do_not_use",
            Self::Undecided => "undecided",
            Self::Left => "left",
        }
    }

    fn from_code(code: &str) -> Self {
        [Self::DoNotUse, Self::Undecided, Self::Left]
            .into_iter()
            .find(|s| s.code() == code)
            .unwrap_or_default()
    }
}

/// The question. Whatever it does not know is left aside.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Asked {
    pub(super) text: String,
    pub(super) show: Show,
    pub(super) states: Vec<State>,
    pub(super) sites: Vec<SiteId>,
    pub(super) departments: Vec<DepartmentId>,
    pub(super) models: Vec<ModelId>,
    pub(super) types: Vec<DeviceTypeId>,
    pub(super) companies: Vec<CompanyId>,
    pub(super) gap: Option<Gap>,
    /// What one import brought, wherever it is in its life now.
    pub(super) import: Option<ImportId>,
    pub(super) sort: Sort,
    /// The moment of the past whose list is asked for, as it was written; empty for the present.
    pub(crate) as_of: String,
    /// Where the page begins.
    pub(super) after: Option<Cursor>,
    /// How many rows stand before this page; only said, never used to find rows.
    pub(super) before: i64,
}

/// More text than this is no search.
const LONGEST: usize = 200;
/// More answers to one filter than this are left aside.
const MOST: usize = 50;

impl Asked {
    /// Reads a query string.
    pub(crate) fn read(query: &str) -> Self {
        let mut asked = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "q" => asked.text = value.trim().chars().take(LONGEST).collect(),
                "show" => asked.show = Show::from_code(&value),
                "state" => add(&mut asked.states, &value),
                "site" => add(&mut asked.sites, &value),
                "department" => add(&mut asked.departments, &value),
                "model" => add(&mut asked.models, &value),
                "type" => add(&mut asked.types, &value),
                "maker" => add(&mut asked.companies, &value),
                "gap" => asked.gap = value.parse().ok(),
                "import" => asked.import = value.parse().ok(),
                "sort" => asked.sort = Sort::from_code(&value),
                "as-of" => asked.as_of = value.trim().chars().take(LONGEST).collect(),
                "after" => asked.after = Cursor::decode(&value),
                "before" => asked.before = value.parse().unwrap_or(0).clamp(0, 100_000_000),
                _ => {}
            }
        }
        if asked.after.is_none() {
            asked.before = 0;
        }
        asked
    }

    /// The question as the list understands it.
    pub(crate) fn wanted(&self) -> Wanted {
        let states = match self.show {
            Show::Left if self.states.is_empty() => {
                State::ALL.iter().copied().filter(|s| s.kind().is_terminal()).collect()
            }
            _ => self.states.clone(),
        };
        Wanted {
            text: self.text.clone(),
            states,
            sites: self.sites.clone(),
            departments: self.departments.clone(),
            models: self.models.clone(),
            types: self.types.clone(),
            companies: self.companies.clone(),
            unusable: self.show == Show::DoNotUse,
            undecided: self.show == Show::Undecided,
            gap: self.gap,
            import: self.import,
            left_too: self.import.is_some(),
            sort: self.sort,
            ..Wanted::default()
        }
    }

    /// Whether the tallies by site and state answer how many there are.
    pub(super) fn is_plain(&self) -> bool {
        self.text.is_empty()
            && matches!(self.show, Show::All | Show::Left)
            && self.departments.is_empty()
            && self.models.is_empty()
            && self.types.is_empty()
            && self.companies.is_empty()
            && self.gap.is_none()
            && self.import.is_none()
    }

    /// Whether anything is asked at all.
    pub(super) fn is_everything(&self) -> bool {
        Self { sort: Sort::Tag, after: None, before: 0, ..self.clone() } == Self::default()
    }

    /// Whether a device of this state is among those asked for, as far as that goes.
    pub(super) fn holds_state(&self, state: State) -> bool {
        match (self.states.is_empty(), self.show) {
            (false, _) => self.states.contains(&state),
            (true, Show::Left) => state.kind().is_terminal(),
            (true, _) => !state.kind().is_terminal(),
        }
    }

    /// The filters as they stand in the address, without words, order and page.
    pub(super) fn filters(&self) -> Vec<(String, String)> {
        let mut pairs = Vec::new();
        let mut put = |name: &str, value: String| pairs.push((name.to_owned(), value));
        if self.show != Show::All {
            put("show", self.show.code().to_owned());
        }
        self.states.iter().for_each(|s| put("state", s.code().to_owned()));
        self.sites.iter().for_each(|id| put("site", id.to_string()));
        self.others().into_iter().for_each(|(name, value)| put(&name, value));
        pairs
    }

    /// The filters that have no checkbox beside the list.
    pub(super) fn others(&self) -> Vec<(String, String)> {
        let mut pairs = Vec::new();
        pairs.extend(named("department", &self.departments));
        pairs.extend(named("model", &self.models));
        pairs.extend(named("type", &self.types));
        pairs.extend(named("maker", &self.companies));
        pairs.extend(self.gap.map(|gap| ("gap".to_owned(), gap.code().to_owned())));
        pairs.extend(named("import", self.import.as_slice()));
        pairs
    }

    /// The address of this question.
    pub(super) fn href(&self) -> String {
        let mut pairs = Vec::new();
        if !self.text.is_empty() {
            pairs.push(("q".to_owned(), self.text.clone()));
        }
        pairs.extend(self.filters());
        if self.sort != Sort::Tag {
            pairs.push(("sort".to_owned(), self.sort.code().to_owned()));
        }
        if let Some(after) = &self.after {
            pairs.push(("after".to_owned(), after.encode()));
            pairs.push(("before".to_owned(), self.before.to_string()));
        }
        if !self.as_of.is_empty() {
            pairs.push(("as-of".to_owned(), self.as_of.clone()));
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

    /// A view of one state, without anything else.
    pub(super) fn of_state(state: State) -> Self {
        Self { states: vec![state], ..Self::default() }
    }

    /// One of the views.
    pub(super) fn of_show(show: Show) -> Self {
        Self { show, ..Self::default() }
    }
}

/// The states one may tick beside the list: those of devices that have not left.
pub(super) fn present() -> impl Iterator<Item = State> {
    State::ALL.iter().copied().filter(|s| !s.kind().is_terminal())
}

fn add<T: FromStr + PartialEq>(list: &mut Vec<T>, value: &str) {
    if let Ok(value) = value.parse()
        && list.len() < MOST
        && !list.contains(&value)
    {
        list.push(value);
    }
}

fn named<T: Display>(name: &'static str, ids: &[T]) -> impl Iterator<Item = (String, String)> {
    ids.iter().map(move |id| (name.to_owned(), id.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_address_reads_back() {
        let site = SiteId::new();
        let asked = Asked {
            text: "icu \"2\" & west".into(),
            show: Show::Undecided,
            states: vec![State::InService],
            sites: vec![site],
            gap: Some(Gap::Owner),
            import: Some(ImportId::new()),
            sort: Sort::State,
            as_of: "2026-03-01".into(),
            ..Asked::default()
        };
        let href = asked.href();
        assert_eq!(Asked::read(href.split_once('?').unwrap().1), asked);
        assert!(!asked.is_everything() && !asked.is_plain());
        assert!(Asked::default().is_everything());
        assert_eq!(Asked::default().href(), "/devices");
    }

    #[test]
    fn the_left_are_asked_for_by_their_states() {
        let left = Asked::of_show(Show::Left);
        assert_eq!(left.wanted().states, [State::Retired, State::Returned, State::Cancelled]);
        assert!(left.holds_state(State::Retired) && !left.holds_state(State::InService));
    }

    proptest! {
        #[test]
        fn any_query_is_read_without_panic(query in any::<String>()) {
            let asked = Asked::read(&query);
            prop_assert!(asked.text.chars().count() <= LONGEST);
        }
    }
}
