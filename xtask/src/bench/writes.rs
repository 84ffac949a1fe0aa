//! Changes a second that are acknowledged and on the disk: eight people, each marking one of their devices after the
//! other “Do not use”, and then lifting that again, one form after the other.

use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};

use super::browse::cells;
use super::client::{Client, percent_encode};
use super::server::Demo;
use super::{Bench, Figure};
use crate::needs;
use crate::postgres::{Durability, Postgres};

/// People writing at once.
const CLIENTS: usize = 8;
/// The fewest writes a second.
const LEAST: f64 = 2_000.0;
/// Devices of each of them, at most. Somebody who changes one device a hundred times a second would meet the versions that
/// PostgreSQL has not cleared away yet more than anything else.
const EACH: usize = 25;

/// The scenario.
pub fn run(bench: &Bench<'_>) -> Result<Vec<Figure>> {
    let program = bench.program()?;
    let mut figures = {
        let demo = Demo::start(&program, &bench.folder.join("writes"), bench.args.devices)?;
        measure(bench, &demo, "sqlite")?
    };
    let programs = needs::postgres(true, &bench.workspace.target)
        .map_err(|missing| anyhow::anyhow!("{}", missing.message()))?;
    let postgres = Postgres::start(&programs, &bench.workspace.target, Durability::Full)?;
    let demo = Demo::start_in(&program, &postgres.near_url(), bench.args.devices)?;
    figures.extend(measure(bench, &demo, "postgres")?);
    Ok(figures)
}

/// One person's share: how long each acknowledged write took, in milliseconds, and when the last one was.
type Share = Result<(Vec<f64>, Instant)>;

fn measure(bench: &Bench<'_>, demo: &Demo, engine: &str) -> Result<Vec<Figure>> {
    let (email, password) = demo.manager()?;
    let mut writers = Vec::new();
    for number in 0..CLIENTS {
        let mut client = Client::new(demo.base())?;
        client.sign_in(&email, &password)?;
        writers.push((number, client));
    }
    let export = writers[0].1.get("/devices.csv?state=in_service")?;
    let tags = usable(&export.body)?;
    let mut shares = Vec::new();
    for ((number, mut client), tags) in writers.into_iter().zip(tags.chunks(EACH)) {
        let mut known = Vec::new();
        for tag in tags {
            known.extend(Known::of(&mut client, tag)?);
        }
        if known.is_empty() {
            bail!("every device of a writer's share is on hold");
        }
        shares.push((number, client, known));
    }
    let started = Instant::now();
    let until = started + Duration::from_secs(bench.args.seconds);
    let shares: Vec<Share> = thread::scope(|scope| {
        let threads: Vec<_> = shares
            .into_iter()
            .map(|(number, client, devices)| scope.spawn(move || one_person(client, number, devices, until)))
            .collect();
        threads.into_iter().map(|t| t.join().unwrap_or_else(|_| bail!("a writer panicked"))).collect()
    });
    let (mut times, mut ended) = (Vec::new(), started);
    for share in shares {
        let (of_one, last) = share?;
        times.extend(of_one);
        ended = ended.max(last);
    }
    let seconds = (ended - started).as_secs_f64();
    times.sort_by(f64::total_cmp);
    let at = |percent: usize| times.get((times.len() * percent / 100).min(times.len().saturating_sub(1)));
    let detail =
        serde_json::json!({ "clients": CLIENTS, "writes": times.len(), "devices": bench.args.devices });
    let figure = |name: &str, value: f64, unit| Figure::new(format!("{engine}_{name}"), value, unit);
    Ok(vec![
        figure("durable_writes", times.len() as f64 / seconds, "1/s").at_least(LEAST).detail(detail),
        figure("write_p50", at(50).copied().unwrap_or(f64::INFINITY), "ms"),
        figure("write_p95", at(95).copied().unwrap_or(f64::INFINITY), "ms"),
    ])
}

/// Tags of devices in service far from each other in the list, so of several sites and owners.
fn usable(export: &str) -> Result<Vec<String>> {
    let mut lines = export.lines();
    let header = cells(lines.next().context("the export is empty")?);
    let column = header.iter().position(|name| name.to_lowercase().contains("tag")).context("no tag")?;
    let tags: Vec<String> = lines.filter_map(|line| cells(line).into_iter().nth(column)).collect();
    let step = (tags.len() / (CLIENTS * EACH)).max(1);
    let chosen: Vec<String> = tags.into_iter().step_by(step).take(CLIENTS * EACH).collect();
    if chosen.len() < CLIENTS * EACH {
        bail!("the export names only {} devices in service", chosen.len());
    }
    Ok(chosen)
}

/// A device as the form about it must name it.
struct Known {
    hold: String,
    lift: String,
    version: u64,
    held: bool,
}

impl Known {
    /// Nothing for one that is on hold: only the test that was named then lifts it.
    fn of(client: &mut Client, tag: &str) -> Result<Option<Self>> {
        let tag = percent_encode(tag);
        let (hold, lift) = (format!("/d/{tag}/hold"), format!("/d/{tag}/lift-hold"));
        if client.get(&format!("/d/{tag}"))?.body.contains("/lift-hold") {
            return Ok(None);
        }
        let version = value_of(&client.get(&hold)?.body, "version")?.parse()?;
        Ok(Some(Self { hold, lift, version, held: false }))
    }

    /// Puts it on hold, or lifts that.
    fn turn(&mut self, client: &mut Client, command: &str) -> Result<()> {
        let seen = self.version.to_string();
        let mut fields = vec![("command", command), ("version", seen.as_str()), ("test", "Flow test")];
        let path = if self.held {
            fields.extend([("passed", "yes"), ("result", "4.98 ml/h")]);
            &self.lift
        } else {
            fields.push(("reason", "Flow high"));
            &self.hold
        };
        let answer = client.post(path, &fields)?;
        if answer.status != 303 {
            bail!("a write to {path} answered {}", answer.status);
        }
        self.held = !self.held;
        self.version += 1;
        Ok(())
    }
}

fn one_person(mut client: Client, number: usize, mut devices: Vec<Known>, until: Instant) -> Share {
    let mut times = Vec::new();
    'measured: loop {
        for device in &mut devices {
            if Instant::now() >= until {
                break 'measured;
            }
            let started = Instant::now();
            device.turn(&mut client, &command_id(number, times.len()))?;
            times.push(started.elapsed().as_secs_f64() * 1_000.0);
        }
    }
    let last = Instant::now();
    // The next run finds every device as this one did.
    for (more, device) in devices.iter_mut().filter(|device| device.held).enumerate() {
        device.turn(&mut client, &command_id(number, times.len() + more))?;
    }
    Ok((times, last))
}

/// The value of a hidden field.
fn value_of(page: &str, name: &str) -> Result<String> {
    let field = page.split_once(&format!("name=\"{name}\" value=\"")).context("the form lacks a field")?;
    Ok(field.1.split('"').next().unwrap_or_default().to_owned())
}

/// An id no other form has, shaped like those of the pages.
fn command_id(number: usize, turn: usize) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    format!("{:08x}-{:04x}-7{number:03x}-8000-{turn:012x}", now >> 16, now & 0xffff)
}
