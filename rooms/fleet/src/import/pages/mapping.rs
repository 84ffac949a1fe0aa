//! The table of columns and the choices around it.

use identity::site::Site;
use maud::{Markup, Render as _, html};
use web::{
    Form,
    look::{Choice, Column, Field as Input, Row, Table, Tone, error_summary, field_id, marks::verdict},
};

use crate::import::{
    AmountStyle, DateOrder, Field, Match,
    names::Doubt,
    run::{ColumnSeen, ImportRun, Setup},
};

/// The id of the form of choices.
pub(super) const FORM: &str = "mapping";
/// Where faults of the whole mapping lead.
pub(super) const ANCHOR: &str = "columns";

/// The select that says what a column becomes, by the column's place: names of columns may hold anything.
fn column_name(index: usize) -> String {
    format!("column-{index}")
}

/// The select that says how the dates of a column are written.
pub(super) fn date_name(field: Field) -> String {
    format!("order-{}", field.code())
}

const ORDERS: [(DateOrder, &str, &str); 4] = [
    (DateOrder::Iso, "iso", "Year first, or the month in letters"),
    (DateOrder::DayFirst, "day_first", "Day first: 31/12/2019"),
    (DateOrder::MonthFirst, "month_first", "Month first: 12/31/2019"),
    (DateOrder::Serial, "serial", "Days as a spreadsheet counts: 43830"),
];

const AMOUNTS: [(AmountStyle, &str, &str); 2] =
    [(AmountStyle::Point, "point", "4,120.50"), (AmountStyle::Comma, "comma", "4.120,50")];

/// The form as it is shown: with what is on record, or with what was sent and what is wrong with it.
#[derive(Clone, Copy, Default)]
pub(super) struct Shown<'f> {
    form: Option<&'f Form>,
    faults: &'f [Fault],
}

/// The name of a field and what is wrong with it.
pub(super) type Fault = (String, String);

impl<'f> Shown<'f> {
    /// A form that comes back.
    pub(super) const fn back(form: &'f Form, faults: &'f [Fault]) -> Self {
        Self { form: Some(form), faults }
    }

    /// What a field holds: what was sent, or what is on record.
    pub(super) fn text(&self, name: &str, present: &str) -> String {
        match self.form.filter(|form| form.ticked(name)) {
            Some(form) => form.text(name).to_owned(),
            None => present.to_owned(),
        }
    }

    fn ticked(&self, name: &str, present: bool) -> bool {
        self.form.map_or(present, |form| form.ticked(name))
    }

    fn error(&self, name: &str) -> Option<String> {
        self.faults.iter().find(|(at, _)| at == name).map(|(_, words)| words.clone())
    }

    /// A field with its value and its error.
    pub(super) fn field(&self, name: &str, field: Input, present: &str) -> Input {
        field.value(self.text(name, present)).error(self.error(name))
    }

    /// The summary at the top; nothing when all is well.
    pub(super) fn summary(&self) -> Markup {
        let lines: Vec<(String, String)> =
            self.faults.iter().map(|(at, words)| (field_id(at), words.clone())).collect();
        error_summary("Nothing was checked yet. Your choices are kept; please look at:", &lines)
    }
}

/// The columns of the file and what each becomes.
pub(super) fn table(run: &ImportRun, shown: Shown<'_>) -> Markup {
    let mapping = run.mapping();
    let targets: Vec<Choice> = Field::ALL.iter().rev().map(|f| Choice::new(f.code(), f.on_page())).collect();
    let mut targets = targets;
    // Leaving out first, then the fields in the order of the handbook.
    targets[1..].reverse();
    let unseen = ColumnSeen::default();
    let rows = mapping.columns().iter().enumerate().map(|(index, column)| {
        let seen = run.seen.get(index).unwrap_or(&unseen);
        let name = column_name(index);
        let chosen = shown.text(&name, column.field.code());
        let field = chosen.parse().unwrap_or(column.field);
        let certainty = run.setup.certainty(&column.header, field);
        let (tone, word) = match certainty {
            _ if shown.error(&name).is_some() => (Tone::Crit, "Twice"),
            Match::Sure => (Tone::Ok, "Sure"),
            Match::Check => (Tone::Warn, "Check"),
            Match::NotUsed => (Tone::Plain, "Not used"),
        };
        let header = run.layout.column(index);
        let mut targets = targets.clone();
        if let Some(gathered) = seen.names.filter(|g| g.names < g.spellings)
            && let Some(chosen) = targets.iter_mut().find(|t| t.value == column.field.code())
        {
            let (spellings, names) = (super::n(gathered.spellings), super::n(gathered.names));
            chosen.label = format!("{}, {spellings} spellings to {names}", chosen.label);
        }
        let select = Input::select(name.clone(), format!("{header} becomes"), targets).bare();
        let select = shown.field(&name, select, column.field.code());
        let row = Row::new(vec![
            html! { (header) },
            html! { (seen.first.join(", ")) },
            if column.header.is_empty() {
                html! { "Do not import" }
            } else {
                select.render()
            },
            verdict(tone, word),
            html! { (filled(seen)) },
        ]);
        if certainty == Match::NotUsed { row.faint() } else { row }
    });
    let columns = vec![
        Column::new("In your file").row_head().ident(),
        Column::new("First values").faint().clip(),
        Column::new("Becomes"),
        Column::new("Match"),
        Column::new("Filled").num(),
    ];
    Table::new("Your columns", columns, rows.collect()).render()
}

/// `99.4%`: cut and not rounded, so that 100% means all.
fn filled(seen: &ColumnSeen) -> String {
    if seen.rows == 0 {
        return String::new();
    }
    let thousandths = seen.filled * 1_000 / seen.rows;
    if thousandths == 1_000 {
        return "100%".to_owned();
    }
    format!("{}.{}%", thousandths / 10, thousandths % 10)
}

/// The choices around the columns: orders of dates, amounts, currency, sites.
pub(super) fn choices(run: &ImportRun, sites: &[Site], shown: Shown<'_>) -> Markup {
    let mapping = run.mapping();
    let dates = Field::ALL.iter().copied().filter(|f| f.is_date() && mapping.index(*f).is_some());
    let by_columns = || Choice::new("", "As the column proves");
    let orders = || {
        let known = ORDERS.iter().map(|(_, code, words)| Choice::new(*code, *words));
        std::iter::once(by_columns()).chain(known).collect::<Vec<_>>()
    };
    let chosen = |field: Field| {
        let order = run.setup.dates.get(&field);
        order.and_then(|o| ORDERS.iter().find(|(known, ..)| known == o)).map_or("", |(_, code, _)| code)
    };
    let read_as = |field: Field| {
        let order = run.reading.as_ref().and_then(|r| r.dates.get(&field))?;
        ORDERS.iter().find(|(known, ..)| known == order).map(|(.., words)| format!("Read as: {words}"))
    };
    html! {
        @for field in dates {
            (with_hint(
                shown.field(
                    &date_name(field),
                    Input::select(date_name(field), format!("Dates of “{}”", field.on_page()), orders()),
                    chosen(field),
                ),
                read_as(field),
            ))
        }
        @if mapping.index(Field::Price).is_some() {
            (amounts(run, shown))
            (shown.field(
                "currency",
                Input::text("currency", "Currency of amounts that name none"),
                &run.setup.currency.map(|c| c.to_string()).unwrap_or_default(),
            )
                .width(web::look::Width::Short)
                .hint("Three letters, such as USD"))
        }
        @if run.seen.iter().any(|column| column.names.is_some()) {
            (shown.field(
                "doubt",
                Input::select(
                    "doubt",
                    "Rows with a name in doubt",
                    Doubt::ALL.iter().map(|d| Choice::new(d.code(), d.on_page())).collect(),
                ),
                run.setup.doubt.code(),
            ))
        }
        (site(run, sites, shown))
        @if mapping.index(Field::Site).is_some() && run.may_add_sites() {
            (Input::checkbox("create_sites", "Add sites that are not on record")
                .checked(shown.ticked("create_sites", run.setup.create_sites)))
        }
    }
}

fn with_hint(input: Input, hint: Option<String>) -> Markup {
    match hint {
        Some(hint) => input.hint(hint).render(),
        None => input.render(),
    }
}

fn amounts(run: &ImportRun, shown: Shown<'_>) -> Markup {
    let mut known = vec![Choice::new("", "As the column proves")];
    known.extend(AMOUNTS.iter().map(|(_, code, words)| Choice::new(*code, *words)));
    let chosen = run.setup.amounts.and_then(|a| AMOUNTS.iter().find(|(known, ..)| *known == a));
    let field = Input::select("amounts", "Amounts are written", known);
    shown.field("amounts", field, chosen.map_or("", |(_, code, _)| *code)).render()
}

fn site(run: &ImportRun, sites: &[Site], shown: Shown<'_>) -> Markup {
    let mut known = vec![Choice::new("", "None: such rows stay out")];
    known.extend(sites.iter().map(|s| Choice::new(s.id.to_string(), s.name.clone())));
    let field = Input::select("site", "Site of rows that name none", known);
    shown.field("site", field, &run.setup.site.map(|id| id.to_string()).unwrap_or_default()).render()
}

/// Reads what a person chose, and what is wrong with it.
pub(super) fn read(run: &ImportRun, form: &Form, faults: &mut Vec<Fault>) -> Setup {
    let mut setup = Setup::default();
    let mut chosen: Vec<(usize, Field)> = Vec::new();
    for (index, header) in run.layout.header.iter().enumerate().filter(|(_, h)| !h.is_empty()) {
        let Ok(field) = form.text(&column_name(index)).parse::<Field>() else { continue };
        if field == Field::Ignore {
            continue;
        }
        chosen.push((index, field));
        // What nobody touched stays doubtful.
        if run.setup.unsure.contains(header) && run.setup.columns.get(header) == Some(&field) {
            setup.unsure.insert(header.clone());
        }
        setup.columns.insert(header.clone(), field);
    }
    for (index, field) in &chosen {
        let other = chosen.iter().find(|(there, same)| there != index && same == field);
        if let Some((other, _)) = other {
            faults.push((column_name(*index), twice(run, *field, *other)));
        }
    }
    for field in Field::ALL.iter().copied().filter(|f| f.is_date()) {
        let code = form.text(&date_name(field));
        if let Some((order, ..)) = ORDERS.iter().find(|(_, known, _)| *known == code) {
            setup.dates.insert(field, *order);
        }
    }
    let amounts = form.text("amounts");
    setup.amounts = AMOUNTS.iter().find(|(_, code, _)| *code == amounts).map(|(style, ..)| *style);
    let mut errors = Vec::new();
    setup.currency = form.parse("currency", "a currency of three letters, such as USD", &mut errors);
    if !form.ticked("currency") {
        setup.currency = run.setup.currency;
    }
    setup.site = form.parse("site", "a site", &mut errors);
    faults.extend(errors.into_iter().map(|e| (e.field.into_owned(), e.message)));
    setup.create_sites = form.ticked("create_sites");
    setup.doubt = form.text("doubt").parse().unwrap_or(run.setup.doubt);
    setup.words = super::words::read(run, &setup.mapping(&run.layout), form);
    super::names::read(&mut setup.words, form);
    setup
}

fn twice(run: &ImportRun, field: Field, other: usize) -> String {
    format!(
        "“{}” is chosen for the column “{}” as well. Choose “{}” for one of the two.",
        field.on_page(),
        run.layout.column(other),
        Field::Ignore.on_page()
    )
}
