//! Many people reading pages at once, each thinking for about a second in between.

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::client::{Answer, Client, percent_encode};
use super::server::Demo;
use super::{Bench, Figure, Pages};

/// How many devices the people ask for; enough that no cache of ours or theirs decides the figure.
const SAMPLE: usize = 500;

/// The pages and what they may take, in milliseconds at the 95th percentile.
const LIMITS: &[(&str, f64)] =
    &[("list_page", 30.0), ("tag_search", 5.0), ("serial_search", 5.0), ("device_page", 15.0)];

/// Paths to ask for, one list a kind of page, in the order of [`LIMITS`].
struct Paths(Vec<Vec<String>>);

/// Milliseconds by kind of page, and the answers that were not pages.
#[derive(Default)]
struct Times {
    by_page: BTreeMap<&'static str, Vec<f64>>,
    errors: u32,
    first_error: Option<String>,
}

/// The scenario.
pub fn run(bench: &Bench<'_>) -> Result<Vec<Figure>> {
    let pages = &bench.args.pages;
    let demo = match pages.base {
        Some(_) => None,
        None => Some(Demo::start(&bench.program()?, &bench.folder.join("demo"), bench.args.devices)?),
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
    let mut client = Client::new(base)?;
    client.sign_in(&email, &password)?;
    let paths = sample(&mut client, pages)?;
    let times = use_pages(bench, base, (&email, &password), &paths)?;
    if let Some(error) = &times.first_error {
        eprintln!("pages: {} requests failed, the first: {error}", times.errors);
    }
    Ok(figures(times, bench))
}

/// Tags and serial numbers from the export, and the addresses their devices' pages have.
fn sample(client: &mut Client, pages: &Pages) -> Result<Paths> {
    let export = client.get(&pages.export_path)?;
    expect_page(&export, &pages.export_path)?;
    let mut lines = export.body.lines();
    let header = cells(lines.next().context("the export is empty")?);
    let column = |word: &str| {
        let found = header.iter().position(|name| name.to_lowercase().contains(word));
        found.with_context(|| {
            format!("the export has no column with `{word}` in its name: {}", header.join(", "))
        })
    };
    let (tag, serial) = (column("tag")?, column("serial")?);
    let rows: Vec<Vec<String>> = lines.map(cells).filter(|row| row.len() == header.len()).collect();
    let filled = |column: usize| {
        let values: Vec<&String> =
            rows.iter().filter_map(|row| row.get(column)).filter(|value| !value.is_empty()).collect();
        let step = (values.len() / SAMPLE).max(1);
        values.into_iter().step_by(step).take(SAMPLE).map(|value| percent_encode(value)).collect::<Vec<_>>()
    };
    let (tags, serials) = (filled(tag), filled(serial));
    let mut devices = Vec::new();
    for tag in &tags {
        let path = pages.tag_path.replace("{}", tag);
        let answer = client.get(&path)?;
        devices.push(answer.location.as_deref().map_or(path, |location| path_of(location).to_owned()));
    }
    if tags.is_empty() || serials.is_empty() {
        bail!("the export names no tag or no serial number, so there is nothing to search for");
    }
    let search =
        |values: &[String]| values.iter().map(|value| pages.search_path.replace("{}", value)).collect();
    Ok(Paths(vec![vec![pages.list_path.clone()], search(&tags), search(&serials), devices]))
}

fn use_pages(bench: &Bench<'_>, base: &str, (email, password): (&str, &str), paths: &Paths) -> Result<Times> {
    // Signed in one after the other: a password takes a good part of a second to check, on purpose.
    let mut clients = Vec::new();
    for _ in 0..bench.args.users {
        let mut client = Client::new(base)?;
        client.sign_in(email, password)?;
        clients.push(client);
    }
    let until = Instant::now() + Duration::from_secs(bench.args.seconds);
    let mut all = Times::default();
    thread::scope(|scope| {
        let people: Vec<_> = (1_u64..)
            .zip(clients)
            .map(|(number, client)| scope.spawn(move || one_person(client, number, paths, until)))
            .collect();
        for person in people {
            let Ok(times) = person.join() else { bail!("a reader of pages panicked") };
            all.add(times);
        }
        Ok(())
    })?;
    Ok(all)
}

fn one_person(mut client: Client, number: u64, paths: &Paths, until: Instant) -> Times {
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
        if Instant::now() >= until {
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
    for (page, limit) in LIMITS {
        let mut measured = times.by_page.get(page).cloned().unwrap_or_default();
        measured.sort_by(f64::total_cmp);
        let detail = serde_json::json!({
            "requests": measured.len(),
            "failed_on_any_page": times.errors,
            "users": bench.args.users,
            "devices": bench.args.devices,
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
    fn cells_of_a_line() {
        assert_eq!(cells("a,\"b, c\",d"), ["a", "b, c", "d"]);
        assert_eq!(cells("\u{feff}Tag;Serial"), ["Tag", "Serial"]);
    }
}
