//! The bill of materials: every crate that is in the program, in CycloneDX 1.6.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::process;
use crate::workspace::Workspace;

/// The bill as text, the same for the same lock file and time.
pub fn write(workspace: &Workspace, version: &str, commit_time: &str) -> Result<String> {
    let host = super::host()?;
    let mut command = process::cargo();
    command.args(["metadata", "--format-version", "1", "--locked", "--filter-platform", &host]);
    let metadata: Value = serde_json::from_str(&process::read(command.current_dir(&workspace.root))?)?;
    let lock = fs::read_to_string(workspace.root.join("Cargo.lock"))?;
    let time = process::read(std::process::Command::new("date").args([
        "--utc",
        &format!("--date=@{commit_time}"),
        "+%Y-%m-%dT%H:%M:%SZ",
    ]))?;
    let bill = bill(&metadata, &sums(&lock), version, time.trim())?;
    Ok(format!("{}\n", serde_json::to_string_pretty(&bill)?))
}

/// SHA-256 of each crate as the registry holds it, by name and version.
fn sums(lock: &str) -> BTreeMap<(String, String), String> {
    let mut all = BTreeMap::new();
    for package in lock.split("[[package]]").skip(1) {
        let value = |key: &str| {
            let line = package.lines().find_map(|line| line.strip_prefix(&format!("{key} = \"")));
            line.and_then(|rest| rest.strip_suffix('"')).map(str::to_owned)
        };
        if let (Some(name), Some(version), Some(sum)) = (value("name"), value("version"), value("checksum")) {
            all.insert((name, version), sum);
        }
    }
    all
}

fn bill(
    metadata: &Value,
    sums: &BTreeMap<(String, String), String>,
    version: &str,
    time: &str,
) -> Result<Value> {
    let packages: BTreeMap<&str, &Value> =
        list(&metadata["packages"]).filter_map(|package| Some((package["id"].as_str()?, package))).collect();
    let nodes: BTreeMap<&str, &Value> =
        list(&metadata["resolve"]["nodes"]).filter_map(|node| Some((node["id"].as_str()?, node))).collect();
    let is_program = |id: &&&str| packages.get(**id).is_some_and(|package| package["name"] == "baton");
    let program = *nodes.keys().find(is_program).context("cargo knows no package baton")?;
    let (mut inside, mut left) = (BTreeSet::from([program]), vec![program]);
    while let Some(id) = left.pop() {
        for below in used(&nodes, id) {
            if inside.insert(below) {
                left.push(below);
            }
        }
    }
    let component = |id: &&str| packages.get(*id).map(|package| component(package, sums));
    let parts: Vec<Value> = inside.iter().filter(|id| **id != program).filter_map(component).collect();
    let name = |id: &str| packages.get(id).map_or_else(|| id.to_owned(), |package| reference(package));
    let uses = inside.iter().map(|id| {
        let below: BTreeSet<String> = used(&nodes, id).map(name).collect();
        json!({ "ref": name(id), "dependsOn": below })
    });
    Ok(json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "timestamp": time,
            "component": {
                "type": "application", "bom-ref": name(program), "name": "baton", "version": version,
                "licenses": [{ "expression": "Apache-2.0" }],
            },
        },
        "components": parts,
        "dependencies": uses.collect::<Vec<_>>(),
    }))
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// What a crate has in the program: not what its tests or its building take.
fn used<'m>(nodes: &BTreeMap<&'m str, &'m Value>, id: &str) -> impl Iterator<Item = &'m str> {
    let normal = |dependency: &&Value| list(&dependency["dep_kinds"]).any(|kind| kind["kind"].is_null());
    let node = nodes.get(id).copied();
    node.into_iter().flat_map(|node| list(&node["deps"])).filter(normal).filter_map(|d| d["pkg"].as_str())
}

fn text<'v>(package: &'v Value, key: &str) -> &'v str {
    package[key].as_str().unwrap_or_default()
}

/// The package's address among all packages of the world; ours are in no registry.
fn reference(package: &Value) -> String {
    let (name, version) = (text(package, "name"), text(package, "version"));
    if package["source"].is_null() {
        format!("baton:{name}@{version}")
    } else {
        format!("pkg:cargo/{name}@{version}")
    }
}

fn component(package: &Value, sums: &BTreeMap<(String, String), String>) -> Value {
    let (name, version) = (text(package, "name"), text(package, "version"));
    let reference = reference(package);
    let mut part = json!({ "type": "library", "bom-ref": reference, "name": name, "version": version });
    if reference.starts_with("pkg:") {
        part["purl"] = json!(reference);
    }
    if let Some(licence) = package["license"].as_str() {
        // The older way to write “or”.
        part["licenses"] = json!([{ "expression": licence.replace('/', " OR ") }]);
    }
    if let Some(sum) = sums.get(&(name.to_owned(), version.to_owned())) {
        part["hashes"] = json!([{ "alg": "SHA-256", "content": sum }]);
    }
    part
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bill_holds_what_is_in_the_program_and_nothing_else() {
        let package = |id: &str, name: &str, source: Value| json!({ "id": id, "name": name, "version": "1.0.0", "source": source, "license": "MIT/Apache-2.0" });
        let uses = |pkg: &str, kind: Value| json!({ "pkg": pkg, "dep_kinds": [{ "kind": kind }] });
        let registry = || json!("registry+x");
        let metadata = json!({
            "packages": [
                package("a", "baton", Value::Null), package("b", "db", Value::Null), package("c", "serde", registry()),
                package("d", "rcgen", registry()), package("e", "cc", registry()),
            ],
            "resolve": { "nodes": [
                { "id": "a", "deps": [uses("b", Value::Null), uses("d", json!("dev"))] },
                { "id": "b", "deps": [uses("c", Value::Null), uses("e", json!("build"))] },
                { "id": "c", "deps": [] }, { "id": "d", "deps": [] }, { "id": "e", "deps": [] },
            ] },
        });
        let lock = "[[package]]\nname = \"serde\"\nversion = \"1.0.0\"\nchecksum = \"abc\"\n";
        let bill = bill(&metadata, &sums(lock), "0.2.0", "2026-01-01T00:00:00Z").unwrap();
        let names: Vec<&str> = list(&bill["components"]).map(|part| text(part, "name")).collect();
        assert_eq!(names, ["db", "serde"]);
        let serde = &bill["components"][1];
        assert_eq!(serde["purl"], "pkg:cargo/serde@1.0.0");
        assert_eq!(serde["hashes"][0]["content"], "abc");
        assert_eq!(serde["licenses"][0]["expression"], "MIT OR Apache-2.0");
        assert_eq!(bill["dependencies"][0]["dependsOn"], json!(["baton:db@1.0.0"]));
    }
}
