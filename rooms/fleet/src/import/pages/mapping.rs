//! The table of columns and the choices around it.

use identity::site::Site;
use kernel::FieldError;
use maud::{Markup, Render as _, html};
use web::{
    Form,
    look::{Choice, Column, Field as Input, Row, Table, Tone, marks::verdict},
};

use crate::import::{
    AmountStyle, DateOrder, Field, Match,
    run::{ColumnSeen, ImportRun, Setup},
};

/// The select that says what a column becomes, by the column's place: names of columns may hold anything.
fn column_name(index: usize) -> String {
    format!("column-{index}")
}

fn date_name(field: Field) -> String {
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

/// The columns of the file and what each becomes.
pub(super) fn table(run: &ImportRun) -> Markup {
    let mapping = run.mapping();
    let targets: Vec<Choice> = Field::ALL.iter().rev().map(|f| Choice::new(f.code(), f.on_page())).collect();
    let mut targets = targets;
    // Leaving out first, then the fields in the order of the handbook.
    targets[1..].reverse();
    let unseen = ColumnSeen::default();
    let rows = mapping.columns().iter().enumerate().map(|(index, column)| {
        let seen = run.seen.get(index).unwrap_or(&unseen);
        let certainty = run.setup.certainty(&column.header, column.field);
        let (tone, word) = match certainty {
            Match::Sure => (Tone::Ok, "Sure"),
            Match::Check => (Tone::Warn, "Check"),
            Match::NotUsed => (Tone::Plain, "Not used"),
        };
        let name = run.layout.column(index);
        let select = Input::select(column_name(index), format!("{name} becomes"), targets.clone())
            .value(column.field.code())
            .bare();
        let row = Row::new(vec![
            html! { (name) },
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
pub(super) fn choices(run: &ImportRun, sites: &[Site]) -> Markup {
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
                Input::select(date_name(field), format!("Dates of “{}”", field.on_page()), orders())
                    .value(chosen(field)),
                read_as(field),
            ))
        }
        @if mapping.index(Field::Price).is_some() {
            (amounts(run))
            (Input::text("currency", "Currency of amounts that name none")
                .value(run.setup.currency.map(|c| c.to_string()).unwrap_or_default())
                .width(web::look::Width::Short)
                .hint("Three letters, such as USD"))
        }
        (site(run, sites))
        @if mapping.index(Field::Site).is_some() && run.within == crate::import::run::Within::Everywhere {
            (Input::checkbox("create_sites", "Add sites that are not on record").checked(run.setup.create_sites))
        }
    }
}

fn with_hint(input: Input, hint: Option<String>) -> Markup {
    match hint {
        Some(hint) => input.hint(hint).render(),
        None => input.render(),
    }
}

fn amounts(run: &ImportRun) -> Markup {
    let mut known = vec![Choice::new("", "As the column proves")];
    known.extend(AMOUNTS.iter().map(|(_, code, words)| Choice::new(*code, *words)));
    let chosen = run.setup.amounts.and_then(|a| AMOUNTS.iter().find(|(known, ..)| *known == a));
    Input::select("amounts", "Amounts are written", known)
        .value(chosen.map_or("", |(_, code, _)| *code))
        .render()
}

fn site(run: &ImportRun, sites: &[Site]) -> Markup {
    let mut known = vec![Choice::new("", "None: such rows stay out")];
    known.extend(sites.iter().map(|s| Choice::new(s.id.to_string(), s.name.clone())));
    Input::select("site", "Site of rows that name none", known)
        .value(run.setup.site.map(|id| id.to_string()).unwrap_or_default())
        .render()
}

/// Reads what a person chose.
pub(super) fn read(run: &ImportRun, form: &Form, errors: &mut Vec<FieldError>) -> Setup {
    let mut setup = Setup::default();
    for (index, header) in run.layout.header.iter().enumerate().filter(|(_, h)| !h.is_empty()) {
        let Ok(field) = form.text(&column_name(index)).parse::<Field>() else { continue };
        if field == Field::Ignore {
            continue;
        }
        if setup.columns.values().any(|taken| *taken == field) {
            errors.push(FieldError {
                field: "columns",
                message: format!(
                    "“{}” is chosen for two columns. Choose “{}” for one of them.",
                    field.on_page(),
                    Field::Ignore.on_page()
                ),
            });
        }
        // What nobody touched stays doubtful.
        if run.setup.unsure.contains(header) && run.setup.columns.get(header) == Some(&field) {
            setup.unsure.insert(header.clone());
        }
        setup.columns.insert(header.clone(), field);
    }
    for field in Field::ALL.iter().copied().filter(|f| f.is_date()) {
        let code = form.text(&date_name(field));
        if let Some((order, ..)) = ORDERS.iter().find(|(_, known, _)| *known == code) {
            setup.dates.insert(field, *order);
        }
    }
    let amounts = form.text("amounts");
    setup.amounts = AMOUNTS.iter().find(|(_, code, _)| *code == amounts).map(|(style, ..)| *style);
    setup.currency = form.parse("currency", "a currency of three letters, such as USD", errors);
    if !form.ticked("currency") {
        setup.currency = run.setup.currency;
    }
    setup.site = form.parse("site", "a site", errors);
    setup.create_sites = form.ticked("create_sites");
    setup
}
