//! Which commands make a database, and what they say of one that is not there or not ours.

use crate::program::{baton, call, sqlite};

#[test]
fn only_serve_and_demo_make_a_database() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().join("no").join("such.sqlite");
    let url = sqlite(&at);
    let out = folder.path().join("out");
    for args in [
        &["export", out.to_str().unwrap()][..],
        &["import", "folder", "/nowhere"],
        &["import", "devices", "/nowhere.csv"],
        &["user", "add", "--email", "a@b.example", "--name", "A", "--role", "auditor"],
    ] {
        let said = call(&[args, &["--database", &url]].concat());
        assert_eq!(said.code, 1, "{args:?}");
        assert!(
            said.err.contains("There is no Baton database in") && said.err.contains("such.sqlite"),
            "{}",
            said.err
        );
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "{args:?} made something");
    }
}

#[test]
fn an_address_without_a_place_is_refused_by_all() {
    for args in [&["config", "check"][..], &["serve"], &["export", "/nowhere"]] {
        let said = call(&[args, &["--database", "sqlite://"]].concat());
        assert!(said.code == 1 && said.err.contains("sqlite://path/to"), "{args:?}: {}", said.err);
    }
    let said = baton(&["config", "check"]).env("BATON_DATABASE", "postgres://").output().unwrap();
    assert!(!said.status.success());
}
