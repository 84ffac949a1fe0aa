//! Lists: a fixed head, conditions added as wanted, a keyset page at the end.

use kernel::{Cursor, OrgId, Result, ScopeSet};

use crate::{Engine, Row, Sql, Tx, Val, search};

/// One of several conditions; see [`Select::any`].
#[derive(Clone, Debug)]
pub enum Cond {
    /// As in [`Select::filter`].
    Part(&'static str, Vec<Val>),
    /// The column is one of these.
    In(&'static str, Vec<Val>),
    /// The column is one of those that a query leads to, as in [`Select::one_of_those`].
    Those(&'static str, &'static str, Vec<Val>),
    /// All of these hold.
    All(Vec<Cond>),
    /// One of these holds.
    Any(Vec<Cond>),
    /// It does not hold, or nothing is known of it.
    Not(Box<Cond>),
}

/// A query being put together from written parts and bound values. `{}` in a part stands for the next value's
/// placeholder; text from outside is only ever bound.
#[derive(Clone)]
pub struct Select {
    head: &'static str,
    org: OrgId,
    conditions: Vec<String>,
    vals: Vec<Val>,
    tail: String,
    empty: bool,
    /// Few rows are left, so they are sorted instead of walking all in their order.
    few: bool,
    /// By which index SQLite shall reach the rows.
    index: Option<&'static str>,
    alias: &'static str,
    /// So many of the first conditions bound which rows are looked at.
    bounds: usize,
    /// Whether it was said that they do.
    bounded: bool,
    /// The order of the page, by the names that its columns have outside.
    order: String,
    /// Conditions of which each row fits one: as many lists, each in order, merged into one.
    lists: Vec<String>,
    limit: usize,
    /// What stands in the place of the main table.
    source: Option<Box<Select>>,
    /// By how much its placeholders follow those of the query it stands in.
    offset: usize,
}

impl Select {
    /// Starts from `SELECT … FROM …` of tables whose main one has the alias `alias`; the organisation is always
    /// the first condition.
    pub fn new(head: &'static str, alias: &'static str, org: OrgId) -> Self {
        let mut select = Self {
            head,
            org,
            conditions: Vec::new(),
            vals: Vec::new(),
            tail: String::new(),
            empty: false,
            few: false,
            index: None,
            alias,
            bounds: 1,
            bounded: false,
            order: String::new(),
            lists: Vec::new(),
            limit: 0,
            source: None,
            offset: 0,
        };
        select.conditions.push(format!("{alias}.org_id = $1"));
        select.vals.push(org.into());
        select
    }

    fn bind(&mut self, val: Val) -> usize {
        self.vals.push(val);
        self.vals.len()
    }

    fn fill(&mut self, part: &str, vals: impl IntoIterator<Item = Val>) -> String {
        let mut text = String::new();
        let mut pieces = part.split("{}");
        text.push_str(pieces.next().unwrap_or_default());
        for (piece, val) in pieces.zip(vals) {
            let n = self.bind(val);
            text.push_str(&format!("${n}{piece}"));
        }
        text
    }

    /// Adds a condition: `select.filter("d.state = {}", [state.into()])`.
    pub fn filter(&mut self, part: &'static str, vals: impl IntoIterator<Item = Val>) -> &mut Self {
        let text = self.fill(part, vals);
        self.conditions.push(text);
        self
    }

    /// Adds "column is one of these"; an empty list matches nothing.
    pub fn one_of(&mut self, column: &'static str, vals: impl IntoIterator<Item = Val>) -> &mut Self {
        let places: Vec<String> = vals.into_iter().map(|v| format!("${}", self.bind(v))).collect();
        if places.is_empty() {
            self.empty = true;
        } else {
            self.conditions.push(format!("{column} IN ({})", places.join(", ")));
        }
        self
    }

    /// Adds "column is one of those that `part` leads to", where `part` is a query whose condition ends with a column
    /// that is one of these; its `{}` is the organisation.
    pub fn one_of_those(
        &mut self,
        column: &'static str,
        part: &'static str,
        vals: impl IntoIterator<Item = Val>,
    ) -> &mut Self {
        let part = self.fill(part, [self.org.into()]);
        let places: Vec<String> = vals.into_iter().map(|v| format!("${}", self.bind(v))).collect();
        if places.is_empty() {
            self.empty = true;
        } else {
            self.conditions.push(format!("{column} IN ({part} IN ({}))", places.join(", ")));
        }
        self
    }

    /// Adds "one of these holds" in such a way that an index by the columns of `part` and then the order of the page gives
    /// the first rows without looking at all: the values of each have a list of their own, and the lists are merged as
    /// they are read. The columns the page is ordered by must be among those selected, under their own names.
    pub fn merged(&mut self, part: &'static str, each: impl IntoIterator<Item = Vec<Val>>) -> &mut Self {
        let mut once: Vec<Vec<Val>> = Vec::new();
        for vals in each {
            if !once.contains(&vals) {
                once.push(vals);
            }
        }
        self.lists = once.into_iter().map(|vals| self.fill(part, vals)).collect();
        self.empty = self.empty || self.lists.is_empty();
        self
    }

    /// Asks only the rows of the main table that another query of the same organisation gives; what its columns are called
    /// there, they are called here.
    pub fn of_those(&mut self, those: &Self) -> &mut Self {
        // Their first value is the organisation, as ours is.
        let offset = self.vals.len() - 1;
        self.source = Some(Box::new(Self { offset, ..those.clone() }));
        self.vals.extend(those.vals.iter().skip(1).cloned());
        self.empty = self.empty || those.empty;
        self
    }

    /// Adds "column is among those" that another query of the same organisation leads to; each row is asked for, by the
    /// other's column.
    pub fn among_those(&mut self, column: &'static str, theirs: &'static str, those: &Self) -> &mut Self {
        // Their first value is the organisation, as ours is.
        let offset = self.vals.len() - 1;
        let conditions = those.conditions.iter().map(|condition| renumbered(condition, offset));
        let conditions = conditions.collect::<Vec<_>>().join(" AND ");
        self.vals.extend(those.vals.iter().skip(1).cloned());
        self.empty = self.empty || those.empty;
        self.conditions.push(format!("EXISTS ({} WHERE {conditions} AND {theirs} = {column})", those.head));
        self
    }

    /// Adds "one of these holds".
    pub fn any(&mut self, ways: Vec<Cond>) -> &mut Self {
        let either: Vec<String> = ways.into_iter().filter_map(|way| self.spelt(way)).collect();
        if either.is_empty() {
            self.empty = true;
        } else {
            self.conditions.push(format!("({})", either.join(" OR ")));
        }
        self
    }

    /// The text of a condition; none where nothing can fit.
    fn spelt(&mut self, condition: Cond) -> Option<String> {
        match condition {
            Cond::Part(part, vals) => Some(self.fill(part, vals)),
            Cond::In(_, vals) if vals.is_empty() => None,
            Cond::In(column, vals) => {
                let places: Vec<String> = vals.into_iter().map(|v| format!("${}", self.bind(v))).collect();
                Some(format!("{column} IN ({})", places.join(", ")))
            }
            Cond::Those(_, _, vals) if vals.is_empty() => None,
            Cond::Those(column, part, vals) => {
                let part = self.fill(part, [self.org.into()]);
                let places: Vec<String> = vals.into_iter().map(|v| format!("${}", self.bind(v))).collect();
                Some(format!("{column} IN ({part} IN ({}))", places.join(", ")))
            }
            Cond::All(all) => {
                let all: Option<Vec<String>> = all.into_iter().map(|one| self.spelt(one)).collect();
                all.map(|all| format!("({})", all.join(" AND ")))
            }
            Cond::Any(any) => {
                let any: Vec<String> = any.into_iter().filter_map(|one| self.spelt(one)).collect();
                (!any.is_empty()).then(|| format!("({})", any.join(" OR ")))
            }
            // What is not known is not so either. Nothing is unlike nothing.
            Cond::Not(one) => Some(match self.spelt(*one) {
                Some(one) => format!("NOT COALESCE({one}, FALSE)"),
                None => "1 = 1".to_owned(),
            }),
        }
    }

    /// Cuts the list down to an actor's reach, through the site column or the department column.
    pub fn within(&mut self, scope: &ScopeSet, site: &'static str, department: &'static str) -> &mut Self {
        if let ScopeSet::Only { sites, departments } = scope {
            let mut either = Vec::new();
            for (column, ids) in [
                (site, sites.iter().map(|s| Val::from(*s)).collect::<Vec<_>>()),
                (department, departments.iter().map(|d| Val::from(*d)).collect()),
            ] {
                let places: Vec<String> = ids.into_iter().map(|v| format!("${}", self.bind(v))).collect();
                if !places.is_empty() {
                    either.push(format!("{column} IN ({})", places.join(", ")));
                }
            }
            if either.is_empty() {
                self.empty = true;
            } else {
                self.conditions.push(format!("({})", either.join(" OR ")));
            }
        }
        self
    }

    /// Keeps records that hold a word beginning with each word of `text`. When many match, it is cheaper to
    /// walk the list in order and ask each record for its words than to sort all matches; `walk` chooses that way.
    pub fn found(
        &mut self,
        tx: &Tx,
        kind: &'static str,
        of: (&'static str, &'static str),
        text: &str,
        walk: bool,
    ) -> &mut Self {
        let Some(condition) = search::condition(tx.engine(), text) else { return self };
        let org = self.bind(self.org.into());
        let kind = self.bind(kind.into());
        let condition = self.bind(condition.into());
        let rare = search::rare(text).filter(|_| !walk && tx.engine() == Engine::Sqlite);
        let by_rare = rare.is_some();
        if let Some(rare) = rare {
            let rare = self.bind(rare.into());
            let among = search::among_found(tx.engine(), of, (&[], false), [org, kind, rare]);
            self.conditions.push(among);
        }
        // A value that no placeholder names would have no type on PostgreSQL.
        let beginnings: Vec<usize> = if (walk || by_rare) && tx.engine() == Engine::Sqlite {
            search::beginnings(text).into_iter().map(|word| self.bind(word.into())).collect()
        } else {
            Vec::new()
        };
        let asks = walk && self.bounded;
        let among = search::among_found(tx.engine(), of, (&beginnings, asks), [org, kind, condition]);
        self.conditions.push(among);
        self.few = self.few || !walk;
        self
    }

    /// Keeps records that hold no words beginning with those of `text`; each record is asked for its words.
    pub fn not_found(
        &mut self,
        tx: &Tx,
        kind: &'static str,
        of: (&'static str, &'static str),
        text: &str,
    ) -> &mut Self {
        let Some(condition) = search::condition(tx.engine(), text) else { return self };
        let org = self.bind(self.org.into());
        let kind = self.bind(kind.into());
        let condition = self.bind(condition.into());
        let beginnings: Vec<usize> = if tx.engine() == Engine::Sqlite {
            search::beginnings(text).into_iter().map(|word| self.bind(word.into())).collect()
        } else {
            Vec::new()
        };
        let among = search::among_found(tx.engine(), of, (&beginnings, true), [org, kind, condition]);
        self.conditions.push(format!("NOT COALESCE({among}, FALSE)"));
        self
    }

    /// Says that the conditions so far bound the rows that [`Select::count_among`] looks at.
    pub fn bounded(&mut self) -> &mut Self {
        (self.bounds, self.bounded) = (self.conditions.len(), true);
        self
    }

    /// Reaches the main table's rows by this index on SQLite, which knows nothing of how many rows a condition leaves;
    /// PostgreSQL does, and chooses itself. The conditions must fit the index, or the statement fails.
    pub fn by_index(&mut self, index: &'static str) -> &mut Self {
        self.index = Some(index);
        self
    }

    /// Says that few rows will be left, so that they are found by their conditions and sorted. Otherwise a list is
    /// walked in its order, which is quick when many rows fit and reads everything when none does.
    pub fn few(&mut self, few: bool) -> &mut Self {
        self.few = self.few || few;
        self
    }

    /// Orders by a not-null text or number column and the id, and starts after a cursor.
    pub fn page(
        &mut self,
        column: &'static str,
        id: &'static str,
        numeric: bool,
        descending: bool,
        after: Option<&Cursor>,
        limit: impl Into<i64>,
    ) -> &mut Self {
        let outside = |column: &str| format!("x.{}", column.rsplit('.').next().unwrap_or_default());
        let way = if descending { "DESC" } else { "ASC" };
        self.order = format!("{} {way}, {} {way}", outside(column), outside(id));
        // An expression keeps SQLite, which cannot know how few were found, from walking a whole index to save
        // the sort.
        let column = match (self.few, numeric) {
            (false, _) => column.to_owned(),
            (true, true) => format!("{column} + 0"),
            (true, false) => format!("{column} || ''"),
        };
        if let Some(cursor) = after {
            let value = if numeric {
                Val::from(cursor.after.parse::<i64>().unwrap_or(0))
            } else {
                cursor.after.as_str().into()
            };
            let (value, tie) = (self.bind(value), self.bind(cursor.id.into()));
            let than = if descending { "<" } else { ">" };
            self.conditions.push(format!("({column}, {id}) {than} (${value}, ${tie})"));
        }
        self.limit = self.bind(limit.into().into());
        self.tail = format!(" ORDER BY {column} {way}, {id} {way} LIMIT ${}", self.limit);
        self
    }

    /// Ends the query with written text such as `GROUP BY d.state`.
    pub fn ending(&mut self, part: &'static str, vals: impl IntoIterator<Item = Val>) -> &mut Self {
        let text = self.fill(part, vals);
        self.tail = format!(" {text}");
        self
    }

    /// The head, and where its main table ends.
    fn from(&self) -> (&'static str, usize) {
        let table = format!(" {}", self.alias);
        let end = self.head.find(&format!("{table} ")).map_or(self.head.len(), |at| at + table.len());
        (self.head, end)
    }

    fn text(&self, engine: Engine) -> String {
        let (head, end) = self.from();
        let (before, after) = head.split_at(end);
        let head = match (&self.source, self.index.filter(|_| engine == Engine::Sqlite)) {
            (Some(source), _) => {
                let start = before.trim_end_matches(self.alias).trim_end().rfind(' ').unwrap_or_default();
                let (columns, _) = before.split_at(start);
                let rows = renumbered(&source.text(engine), source.offset);
                format!("{columns} ({rows}) {}{after}", self.alias)
            }
            (None, Some(index)) => format!("{before} INDEXED BY {index}{after}"),
            (None, None) => head.to_owned(),
        };
        let conditions = self.conditions.join(" AND ");
        if self.lists.is_empty() {
            return format!("{head} WHERE {conditions}{}", self.tail);
        }
        if let [only] = self.lists.as_slice() {
            return format!("{head} WHERE {conditions} AND {only}{}", self.tail);
        }
        // SQLite merges lists that lie in order. PostgreSQL plans each by itself, and would read all of every one and sort
        // them if it were not told that each shall be in order and goes no further either.
        let lists = self.lists.iter().map(|list| match engine {
            Engine::Sqlite => format!("{head} WHERE {conditions} AND {list}"),
            Engine::Postgres => format!("({head} WHERE {conditions} AND {list}{})", self.tail),
        });
        let lists = lists.collect::<Vec<_>>().join(" UNION ALL ");
        // Outside, the columns have lost their tables.
        format!("{lists} ORDER BY {} LIMIT ${}", self.order.replace("x.", ""), self.limit)
    }

    /// Runs the query.
    ///
    /// # Errors
    /// As [`Tx::all`].
    pub async fn all(&self, tx: &mut Tx) -> Result<Vec<Row>> {
        if self.empty {
            return Ok(Vec::new());
        }
        let sql = Sql::built(self.text(tx.engine()));
        let is_long = !self.lists.is_empty() || self.source.is_some();
        tx.all(if is_long { sql.once() } else { sql }, &self.vals).await
    }

    /// Counts the rows, but no further than `cap`.
    ///
    /// # Errors
    /// As [`Tx::all`].
    pub async fn count(&self, tx: &mut Tx, cap: i64) -> Result<i64> {
        if self.empty {
            return Ok(0);
        }
        let mut vals = self.vals.clone();
        vals.push(cap.into());
        let inner = self.text(tx.engine());
        let text = format!("SELECT COUNT(*) AS n FROM ({inner} LIMIT ${}) AS counted", vals.len());
        tx.one(Sql::built(text), &vals).await?.get("n")
    }

    /// Sums up the rows that fit, by a statement that reads them as `x`; of more than `cap` only so many.
    ///
    /// # Errors
    /// As [`Tx::all`].
    pub async fn summed(&self, tx: &mut Tx, sums: &'static str, cap: i64) -> Result<Vec<Row>> {
        if self.empty {
            return Ok(Vec::new());
        }
        let mut vals = self.vals.clone();
        vals.push(cap.into());
        let inner = self.text(tx.engine());
        let text = format!("WITH x AS MATERIALIZED ({inner} LIMIT ${}) {sums}", vals.len());
        tx.all(Sql::built(text), &vals).await
    }

    /// Looks at the rows that the conditions before [`Select::bounded`] leave, as far as the page then set goes, and gives
    /// those that fit the other conditions too, at most `limit`, in order. Each row says in `looked_at` how many were
    /// looked at and in `n` how many of them fit. The columns the page is ordered by must be among those selected.
    ///
    /// # Errors
    /// As [`Tx::all`].
    pub async fn among(&self, tx: &mut Tx, limit: i64) -> Result<Vec<Row>> {
        if self.empty {
            return Ok(Vec::new());
        }
        let (outer, inner) = self.conditions.split_at(self.bounds);
        let fits = if inner.is_empty() { "1 = 1".to_owned() } else { inner.join(" AND ") };
        let mut vals = self.vals.clone();
        vals.push(limit.into());
        let walk = Self { conditions: outer.to_vec(), ..self.clone() }.text(tx.engine());
        let Some((columns, rest)) = walk.split_once(" FROM ") else { return Ok(Vec::new()) };
        let text = format!(
            "SELECT * FROM (SELECT w.*, CAST(SUM(w.fits) OVER () AS BIGINT) AS n, COUNT(*) OVER () AS looked_at \
             FROM ({columns}, CASE WHEN {fits} THEN 1 ELSE 0 END AS fits FROM {rest}) w) x WHERE x.fits = 1 \
             ORDER BY {} LIMIT ${}",
            self.order,
            vals.len()
        );
        tx.all(Sql::built(text), &vals).await
    }
}

/// A part of a query whose placeholders after the first, the organisation's, stand so many places further on.
fn renumbered(part: &str, offset: usize) -> String {
    let mut pieces = part.split('$');
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let digits = piece.bytes().take_while(u8::is_ascii_digit).count();
        let (number, rest) = piece.split_at(digits);
        let number = number.parse::<usize>().map_or(0, |n| if n == 1 { 1 } else { n + offset });
        text.push_str(&format!("${number}{rest}"));
    }
    text
}
