//! How long the demonstration hospital takes: `cargo run --release -p demo --example demo_speed -- [devices] [url]`.
#![expect(clippy::expect_used, reason = "a measurement that cannot be made stops")]

use std::time::Instant;

use demo::{Options, create, fingerprint};

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let mut args = std::env::args().skip(1);
    let devices = args.next().map_or(14_000, |n| n.parse().expect("a number of devices"));
    let folder = std::env::temp_dir().join(format!("baton-speed-{}", std::process::id()));
    let file = folder.join("baton.sqlite");
    let url = args.next().unwrap_or_else(|| format!("sqlite://{}", file.display()));
    let db = db::Db::open(&url, &[identity::SCHEMA, fleet::SCHEMA, demo::SCHEMA]).await.expect("a database");
    let begun = Instant::now();
    let options = Options { devices, ..Options::default() };
    let made = create(&db, &options, |_| ()).await.expect("the hospital");
    let seconds = begun.elapsed().as_secs_f64();
    let print = fingerprint(&db, made.org).await.expect("a fingerprint");
    db.close().await;
    let megabytes = std::fs::metadata(&file).map_or(0.0, |f| f.len() as f64 / 1e6);
    println!(
        "{{\"devices\":{},\"records\":{},\"events\":{},\"places\":{},\"seconds\":{seconds:.2},\
         \"megabytes\":{megabytes:.1},\"fingerprint\":\"{print}\"}}",
        made.devices, made.records, made.events, made.places
    );
    // A folder left behind in the system's temporary files does no harm.
    let _ = std::fs::remove_dir_all(folder);
}
