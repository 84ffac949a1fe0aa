//! Tables: sticky head, hairlines, numbers to the right, and two- or three-line rows on a phone.

use maud::{Markup, PreEscaped, Render, html};

/// When a column gives way to the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Hide {
    /// Always shown.
    #[default]
    Never,
    /// Dropped to 1400 px.
    Medium,
    /// Dropped to 1220 px.
    Narrow,
    /// Dropped to 1000 px.
    Tablet,
}

/// Where a cell stands in the row of a phone: title, due / tag, state / place, flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PhoneSlot {
    /// First line, large.
    Title,
    /// First line, at the end.
    Due,
    /// Second line.
    Tag,
    /// Second line, at the end.
    State,
    /// Third line, faint.
    Place,
    /// Third line, at the end.
    Flags,
}

/// Which way a column is sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// Smallest first.
    Up,
    /// Largest first.
    Down,
}

/// A column: its head and how its cells behave.
#[derive(Clone, Debug)]
#[must_use]
pub struct Column {
    head: String,
    name_hidden: bool,
    num: bool,
    row_head: bool,
    ident: bool,
    faint: bool,
    clip: bool,
    hide: Hide,
    slot: Option<PhoneSlot>,
    sort_href: Option<String>,
    sorted: Option<Sort>,
}

impl Column {
    /// A column with its head.
    pub fn new(head: &str) -> Self {
        Self {
            head: head.to_owned(),
            name_hidden: false,
            num: false,
            row_head: false,
            ident: false,
            faint: false,
            clip: false,
            hide: Hide::Never,
            slot: None,
            sort_href: None,
            sorted: None,
        }
    }

    /// The head is spoken but not drawn (a column of buttons).
    pub fn unnamed(mut self) -> Self {
        self.name_hidden = true;
        self
    }

    /// Numbers: to the right; the unit belongs into the head.
    pub fn num(mut self) -> Self {
        self.num = true;
        self
    }

    /// The cell that names the row.
    pub fn row_head(mut self) -> Self {
        self.row_head = true;
        self
    }

    /// Identifiers: slashed zero.
    pub fn ident(mut self) -> Self {
        self.ident = true;
        self
    }

    /// Supporting text in second ink.
    pub fn faint(mut self) -> Self {
        self.faint = true;
        self
    }

    /// Long text is cut with an ellipsis instead of widening the column.
    pub fn clip(mut self) -> Self {
        self.clip = true;
        self
    }

    /// When the column gives way.
    pub fn hide(mut self, hide: Hide) -> Self {
        self.hide = hide;
        self
    }

    /// Its place on a phone; columns without one are not shown there (lists only).
    pub fn phone(mut self, slot: PhoneSlot) -> Self {
        self.slot = Some(slot);
        self
    }

    /// Makes the head a link that sorts; `sorted` is the present order, if it is by this column.
    pub fn sort(mut self, href: impl Into<String>, sorted: Option<Sort>) -> Self {
        self.sort_href = Some(href.into());
        self.sorted = sorted;
        self
    }

    fn class(&self) -> String {
        let hide = match self.hide {
            Hide::Never => "",
            Hide::Medium => "hide-m",
            Hide::Narrow => "hide-n",
            Hide::Tablet => "hide-t",
        };
        let slot = match self.slot {
            None => "",
            Some(PhoneSlot::Title) => "ph-title",
            Some(PhoneSlot::Due) => "ph-due",
            Some(PhoneSlot::Tag) => "ph-tag",
            Some(PhoneSlot::State) => "ph-state",
            Some(PhoneSlot::Place) => "ph-place",
            Some(PhoneSlot::Flags) => "ph-flags",
        };
        let parts = [
            hide,
            slot,
            if self.num { "num" } else { "" },
            if self.ident { "id" } else { "" },
            if self.faint { "sec" } else { "" },
            if self.clip { "clip" } else { "" },
        ];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
    }

    fn render_head(&self) -> Markup {
        let sort = self.sorted.map(|sort| if sort == Sort::Up { "ascending" } else { "descending" });
        let class = self.class();
        html! {
            th scope="col" class=[(!class.is_empty()).then_some(class)] aria-sort=[sort] {
                @if let Some(href) = &self.sort_href {
                    a.sort href=(href) {
                        (self.head)
                        @if let Some(sorted) = self.sorted {
                            span aria-hidden="true" { @if sorted == Sort::Up { " ↑" } @else { " ↓" } }
                        }
                    }
                } @else if self.name_hidden { span.vh { (self.head) } } @else { (self.head) }
            }
        }
    }

    /// A cell. In a plain table it also carries its column's head, shown before it on a phone.
    fn render_cell(&self, content: &Markup, list: bool) -> Markup {
        let class = self.class();
        let class = (!class.is_empty()).then_some(class);
        let head = (!list && !self.name_hidden).then_some(self.head.as_str());
        html! {
            @if self.row_head { th scope="row" class=[class] { (content) } }
            @else { td class=[class] data-h=[head] { (content) } }
        }
    }
}

/// One row: as many cells as there are columns.
#[derive(Clone, Debug)]
#[must_use]
pub struct Row {
    cells: Vec<Markup>,
    key: Option<(String, String)>,
    selected: bool,
    faint: bool,
}

impl Row {
    /// A row of cells.
    pub fn new(cells: Vec<Markup>) -> Self {
        Self { cells, key: None, selected: false, faint: false }
    }

    /// What its checkbox sends, and the checkbox's spoken name ("Select NH-104207").
    pub fn key(mut self, value: impl Into<String>, name: impl Into<String>) -> Self {
        self.key = Some((value.into(), name.into()));
        self
    }

    /// Whether its checkbox is ticked.
    pub fn selected(mut self, selected: bool) -> Self {
        self.selected = selected;
        self
    }

    /// Drawn faint (not used, ended).
    pub fn faint(mut self) -> Self {
        self.faint = true;
        self
    }
}

/// A table. The first link of each row is what Enter opens.
#[derive(Clone, Debug)]
#[must_use]
pub struct Table {
    caption: String,
    columns: Vec<Column>,
    rows: Vec<Row>,
    list: bool,
    scroll: bool,
    select: Option<(String, String, String)>,
}

impl Table {
    /// A plain table; `caption` is spoken.
    pub fn new(caption: impl Into<String>, columns: Vec<Column>, rows: Vec<Row>) -> Self {
        Self { caption: caption.into(), columns, rows, list: false, scroll: false, select: None }
    }

    /// The table of a list page: 33 px rows, sticky head, keys J and K, phone rows.
    pub fn list(mut self) -> Self {
        self.list = true;
        self
    }

    /// Lets a wide table scroll sideways inside a focusable region of its own.
    pub fn scroll(mut self) -> Self {
        self.scroll = true;
        self
    }

    /// Adds checkboxes that send `name` with the form `form_id`; `all` names the one in the head.
    pub fn selectable(
        mut self,
        name: impl Into<String>,
        form_id: impl Into<String>,
        all: impl Into<String>,
    ) -> Self {
        self.select = Some((name.into(), form_id.into(), all.into()));
        self
    }

    fn table(&self) -> Markup {
        html! {
            table.tbl.rows[self.list] data-rows[self.list] {
                caption.vh { (self.caption) }
                thead {
                    tr {
                        @if let Some((_, _, all)) = &self.select {
                            th.sel-c scope="col" {
                                input.cb.js-only type="checkbox" aria-label=(all) data-all;
                                span.vh { (all) }
                            }
                        }
                        @for column in &self.columns { (column.render_head()) }
                    }
                }
                tbody { @for row in &self.rows { (self.row(row)) } }
            }
        }
    }

    fn row(&self, row: &Row) -> Markup {
        html! {
            tr.sel[row.selected].out[row.faint] {
                @if let Some((name, form, _)) = &self.select {
                    td.sel-c {
                        @if let Some((value, label)) = &row.key {
                            input.cb type="checkbox" name=(name) value=(value) form=(form) aria-label=(label)
                                checked[row.selected];
                        }
                    }
                }
                @for (column, cell) in self.columns.iter().zip(&row.cells) { (column.render_cell(cell, self.list)) }
            }
        }
    }
}

impl Render for Table {
    fn render(&self) -> Markup {
        if self.scroll {
            html! { div.tscroll role="region" tabindex="0" aria-label=(self.caption) { (self.table()) } }
        } else {
            self.table()
        }
    }
}

/// A cell with a faint second line.
pub fn two(first: &Markup, second: &str) -> Markup {
    html! { (first) span.two { (second) } }
}

/// An empty cell.
pub fn blank() -> Markup {
    PreEscaped(String::new())
}
