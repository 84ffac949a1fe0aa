//! Many people reading pages at once, each thinking for about a second in between.

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use super::client::{Answer, Client, percent_encode};
use super::server::Demo;
use super::{Args, Bench, Figure, Pages};
use crate::needs;
use crate::postgres::{Durability, Postgres};

/// How many devices the people ask for; enough that no cache of ours or theirs decides the figure.
const SAMPLE: usize = 500;

/// The pages and what they may take, in milliseconds at the 95th percentile.
const LIMITS: &[(&str, f64)] = &[
    ("list_page", 50.0),
    ("filtered_list", 50.0),
    ("tag_search", 10.0),
    ("serial_search", 10.0),
    ("device_page", 20.0),
    ("as_of_list", 300.0),
];
/// Resident memory of the server under this load, in megabytes.
const MEMORY: f64 = 300.0;
/// What people look for in a list that is filtered by site and state: words of types, makers and places.
const WORDS: &[&str] = &[
    "pump",
    "infusion pump",
    "monitor",
    "ventilator",
    "bed",
    "icu",
    "ward",
    "helion",
    "thermometer",
    "defib",
    "compression",
    "scale",
    "bay 3",
    "theatres",
    "syringe",
];
/// What people ask a list of the past for; {} is a site.
const OF_THE_PAST: &[&str] = &[
    "",
    "&site={}",
    "&state=in_service",
    "&state=out_of_service_repair",
    "&state=out_of_service_repair&site={}",
    "&show=do_not_use",
    "&show=undecided",
    "&show=left",
    "&q=pump",
    "&q=infusion+pump",
    "&q=helion+ventilator",
    "&q=monitor+theatres",
    "&q=bay+3&site={}",
    "&q=icu&state=out_of_service_repair&site={}",
    "&q=syringe&state=in_service&site={}",
    "&q=bed&show=do_not_use",
];
/// Of these years, the end of each quarter.
const YEARS: std::ops::RangeInclusive<u32> = 2019..=2025;
const STATES: &[&str] = &["in_service", "out_of_service_repair", "not_located"];

/// Paths to ask for, one list a kind of page, in the order of [`LIMITS`].
struct Paths(Vec<Vec<String>>);

/// Milliseconds by kind of page, and the answers that were not pages.
#[derive(Default)]
pub(super) struct Times {
    by_page: BTreeMap<&'static str, Vec<f64>>,
    pub errors: u32,
    pub first_error: Option<String>,
}

/// The scenario.
pub fn run(bench: &Bench<'_>) -> Result<Vec<Figure>> {
    let pages = &bench.args.pages;
    // Declared before the server it serves, and so stopped after it.
    let postgres = match (&pages.base, bench.args.postgres) {
        (None, true) => {
            let programs = needs::postgres(true, &bench.workspace.target)
                .map_err(|missing| anyhow::anyhow!("{}", missing.message()))?;
            Some(Postgres::start(&programs, &bench.workspace.target, Durability::Full)?)
        }
        _ => None,
    };
    let demo = match pages.base {
        Some(_) => None,
        None => {
            let (program, devices) = (bench.program()?, bench.args.devices);
            let start = || match &postgres {
                None => Demo::start(&program, &bench.folder.join("demo"), devices),
                Some(server) => Demo::start_in(&program, &server.near_url(), devices),
            };
            // Making the hospital takes memory that serving it does not.
            drop(start()?);
            Some(start()?)
        }
    };
    let base = match (&demo, &pages.base) {
        (Some(demo), _) => demo.base(),
        (None, Some(base)) => base,
        (None, None) => bail!("neither a demo nor a server"),
    };
    let (email, password) = match (&pages.email, &pages.password, &demo) {
        (Some(email), Some(password), _) => (email.clone(), password.clone()),
        (_, _, Some(demo)) => demo.manager()?,
        _ => bail!("--base needs --email and --password"),
    };
    let readers = Readers::new(base, (&email, &password), bench.args)?;
    let until = Instant::now() + Duration::from_secs(bench.args.seconds);
    let times = readers.read(&|| Instant::now() >= until)?;
    if let Some(error) = &times.first_error {
        eprintln!("pages: {} requests failed, the first: {error}", times.errors);
    }
    let mut figures = figures(times, bench);
    if let Some(demo) = &demo {
        figures.push(Figure::new("resident_memory", demo.resident_megabytes()?, "MB").at_most(MEMORY));
    }
    Ok(figures)
}

/// Tags and serial numbers from lists far from each other, and the addresses their devices' pages have.
fn sample(client: &mut Client, pages: &Pages) -> Result<Paths> {
    let list = client.get(&pages.list_path)?;
    expect_page(&list, &pages.list_path)?;
    let sites: Vec<String> = values(&list.body, "name=\"site\"");
    let filtered = filtered(pages, &sites);
    let (mut tags, mut serials) = (Vec::new(), Vec::new());
    for query in filtered.iter().chain([&pages.list_path]) {
        let rows = client.get(query)?;
        expect_page(&rows, query)?;
        for row in rows.body.split("class=\"tagno\">").skip(1).take(SAMPLE / filtered.len() + 1) {
            tags.extend(row.split('<').next().map(percent_encode));
            serials.extend(serial(row).map(percent_encode));
        }
    }
    if tags.is_empty() || serials.is_empty() {
        bail!("the lists name no tag or no serial number, so there is nothing to search for");
    }
    let devices = tags.iter().map(|tag| pages.tag_path.replace("{}", tag)).collect();
    let search =
        |values: &[String]| values.iter().map(|value| pages.search_path.replace("{}", value)).collect();
    let then = of_the_past(pages, &sites);
    Ok(Paths(vec![vec![pages.list_path.clone()], filtered, search(&tags), search(&serials), devices, then]))
}

/// Lists of each day with each question, each time at another site.
fn of_the_past(pages: &Pages, sites: &[String]) -> Vec<String> {
    let join = if pages.list_path.contains('?') { '&' } else { '?' };
    let days = YEARS.flat_map(|year| ["03-31", "06-30", "09-30", "12-31"].map(|day| format!("{year}-{day}")));
    let asked = days.flat_map(|day| OF_THE_PAST.iter().map(move |question| (day.clone(), question)));
    asked
        .enumerate()
        .map(|(number, (day, question))| {
            let site = sites.get(number * 7 % sites.len().max(1)).map_or("", String::as_str);
            format!("{}{join}as-of={day}{}", pages.list_path, question.replace("{}", site))
        })
        .collect()
}

/// The serial number in a row of the list: its one cell that is an identifier.
fn serial(row: &str) -> Option<&str> {
    let row = row.split("</tr>").next()?;
    let cells = row.split("<td").map(|cell| cell.split_once('>').unwrap_or_default());
    let serial =
        cells.filter(|(head, _)| head.split(['"', ' ']).any(|class| class == "id")).map(|(_, rest)| rest);
    serial.filter_map(|cell| cell.split('<').next()).find(|serial| !serial.is_empty())
}

/// Lists by site, state and words, each asked for at a site of its own.
fn filtered(pages: &Pages, sites: &[String]) -> Vec<String> {
    let join = if pages.list_path.contains('?') { '&' } else { '?' };
    let asked = WORDS.iter().flat_map(|word| STATES.iter().map(move |state| (word, state)));
    asked
        .enumerate()
        .map(|(number, (word, state))| {
            let site =
                sites.get(number * 7 % sites.len().max(1)).map_or(String::new(), |id| format!("&site={id}"));
            format!("{}{join}q={}&state={state}{site}", pages.list_path, percent_encode(word))
        })
        .collect()
}

/// The values of all controls of a page that have this attribute.
fn values(page: &str, attribute: &str) -> Vec<String> {
    let controls = page.split(attribute).skip(1);
    let value = |control: &str| {
        Some(control.split('>').next()?.split_once("value=\"")?.1.split('"').next()?.to_owned())
    };
    controls.filter_map(value).collect()
}

/// People who read pages, and what they may ask for.
pub(super) struct Readers<'a> {
    base: &'a str,
    signed_in: (&'a str, &'a str),
    users: u32,
    paths: Paths,
}

impl<'a> Readers<'a> {
    /// Finds out what there is to ask for.
    pub fn new(base: &'a str, signed_in: (&'a str, &'a str), args: &Args) -> Result<Self> {
        let mut client = Client::new(base)?;
        client.sign_in(signed_in.0, signed_in.1)?;
        let paths = sample(&mut client, &args.pages)?;
        Ok(Self { base, signed_in, users: args.users, paths })
    }

    /// Lets them read until it is time to stop.
    pub fn read(&self, stop: &(dyn Fn() -> bool + Sync)) -> Result<Times> {
        // Signed in one after the other: a password takes a good part of a second to check, on purpose.
        let mut clients = Vec::new();
        for _ in 0..self.users {
            let mut client = Client::new(self.base)?;
            client.sign_in(self.signed_in.0, self.signed_in.1)?;
            clients.push(client);
        }
        let mut all = Times::default();
        thread::scope(|scope| {
            let people: Vec<_> = (1_u64..)
                .zip(clients)
                .map(|(number, client)| scope.spawn(move || one_person(client, number, &self.paths, stop)))
                .collect();
            for person in people {
                let Ok(times) = person.join() else { bail!("a reader of pages panicked") };
                all.add(times);
            }
            Ok(())
        })?;
        Ok(all)
    }
}

fn one_person(mut client: Client, number: u64, paths: &Paths, stop: &(dyn Fn() -> bool + Sync)) -> Times {
    let mut times = Times::default();
    let mut random = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut next = |below: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        usize::try_from(random % u64::try_from(below.max(1)).unwrap_or(1)).unwrap_or_default()
    };
    loop {
        // Between half a second and one and a half: people do not click in step.
        thread::sleep(Duration::from_millis(500 + u64::try_from(next(1_000)).unwrap_or_default()));
        if stop() {
            return times;
        }
        let kind = next(LIMITS.len());
        let (Some((page, _)), Some(choices)) = (LIMITS.get(kind), paths.0.get(kind)) else { continue };
        let Some(path) = choices.get(next(choices.len())) else { continue };
        let started = Instant::now();
        match client.get(path).and_then(|answer| expect_page(&answer, path)) {
            Ok(()) => times.by_page.entry(page).or_default().push(started.elapsed().as_secs_f64() * 1_000.0),
            Err(error) => {
                times.errors += 1;
                times.first_error.get_or_insert(format!("{error:#}"));
            }
        }
    }
}

/// A page, or the way to it: a search that finds one device by its very tag answers with that device's address.
/// Being sent to sign in is neither.
fn expect_page(answer: &Answer, path: &str) -> Result<()> {
    let elsewhere = answer.location.as_deref().map(path_of).filter(|path| !path.starts_with("/sign-in"));
    if answer.status == 200 || (answer.status == 303 && elsewhere.is_some()) {
        return Ok(());
    }
    bail!("GET {path} answered {}", answer.status)
}

fn figures(times: Times, bench: &Bench<'_>) -> Vec<Figure> {
    let mut figures = Vec::new();
    let ours = bench.args.pages.base.is_none();
    for (page, limit) in LIMITS {
        let mut measured = times.by_page.get(page).cloned().unwrap_or_default();
        measured.sort_by(f64::total_cmp);
        let detail = serde_json::json!({
            "requests": measured.len(),
            "failed_on_any_page": times.errors,
            "users": bench.args.users,
            // Nobody asks a server that runs already how large it is and what its database is.
            "devices": ours.then_some(bench.args.devices),
            "engine": ours.then_some(if bench.args.postgres { "postgres" } else { "sqlite" }),
        });
        for (name, percent) in [("p50", 50), ("p95", 95)] {
            // No measurement is a miss, not a nought; JSON writes it as null.
            let value = percentile(&measured, percent).unwrap_or(f64::INFINITY);
            let figure = Figure::new(format!("{page}_{name}"), value, "ms").detail(detail.clone());
            figures.push(if name == "p95" { figure.at_most(*limit) } else { figure });
        }
    }
    figures
}

/// Of sorted values: the smallest that at least that many percent of them do not exceed.
fn percentile(sorted: &[f64], percent: usize) -> Option<f64> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}

/// The path of a `Location`, which may be a whole address.
fn path_of(location: &str) -> &str {
    let Some((_, rest)) = location.split_once("://") else { return location };
    rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/")
}

/// The cells of one line of CSV. A cell with a line break in it makes its line too short, which drops the row.
pub(super) fn cells(line: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut quoted = false;
    for letter in line.trim_start_matches('\u{feff}').chars() {
        match letter {
            '"' => quoted = !quoted,
            ',' | ';' | '\t' if !quoted => cells.push(String::new()),
            other => cells.last_mut().into_iter().for_each(|cell| cell.push(other)),
        }
    }
    cells
}

impl Times {
    /// The 95th percentile of each kind of page, in milliseconds.
    pub fn p95(mut self) -> Vec<(&'static str, f64)> {
        let measured = self.by_page.iter_mut().map(|(page, times)| {
            times.sort_by(f64::total_cmp);
            (*page, percentile(times, 95).unwrap_or(f64::INFINITY))
        });
        measured.collect()
    }

    fn add(&mut self, other: Self) {
        for (page, mut times) in other.by_page {
            self.by_page.entry(page).or_default().append(&mut times);
        }
        self.errors += other.errors;
        self.first_error = self.first_error.take().or(other.first_error);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_measured_values() {
        let values: Vec<f64> = (1..=20).map(f64::from).collect();
        assert_eq!(percentile(&values, 50), Some(10.0));
        assert_eq!(percentile(&values, 95), Some(19.0));
        assert_eq!(percentile(&[7.0], 95), Some(7.0));
        assert_eq!(percentile(&[], 95), None);
    }

    #[test]
    fn a_search_may_lead_to_the_device_and_not_to_the_door() {
        let answer = |status, to: Option<&str>| Answer {
            status,
            location: to.map(str::to_owned),
            body: String::new(),
        };
        assert!(expect_page(&answer(200, None), "/devices").is_ok());
        assert!(expect_page(&answer(303, Some("/d/NH-1")), "/devices").is_ok());
        assert!(expect_page(&answer(303, Some("/sign-in?to=%2Fdevices")), "/devices").is_err());
        assert!(expect_page(&answer(303, Some("http://h/sign-in")), "/devices").is_err());
        assert!(expect_page(&answer(404, None), "/devices").is_err());
    }

    #[test]
    fn serial_numbers_and_values_are_read_from_a_list() {
        let row =
            "NH-1</span></td><td>Pump</td><td class=\"hide id sec\">VP3-1</td></tr><td class=\"id\">no</td>";
        assert_eq!(serial(row), Some("VP3-1"));
        assert_eq!(serial("NH-1</td><td class=\"id\"></td></tr>"), None);
        let page =
            "<input type=\"checkbox\" name=\"site\" value=\"a-1\" checked><input name=\"state\" value=\"x\">";
        assert_eq!(values(page, "name=\"site\""), ["a-1"]);
    }

    #[test]
    fn cells_of_a_line() {
        assert_eq!(cells("a,\"b, c\",d"), ["a", "b, c", "d"]);
        assert_eq!(cells("\u{feff}Tag;Serial"), ["Tag", "Serial"]);
    }
}
