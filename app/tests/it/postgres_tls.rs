//! TLS to PostgreSQL, on a server of the test's own: what it checks, and what it says when it must refuse.

use std::path::Path;

use rcgen::{BasicConstraints, CertificateParams, CertifiedKey, DnType, IsCa, Issuer, KeyPair};
use serde_json::Value;

use crate::{
    cluster::Cluster,
    hospital::set_up_at,
    program::{Server, baton, call},
};

/// An authority of the test's own.
fn authority(name: &str) -> (String, Issuer<'static, KeyPair>) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    // OpenSSL takes a certificate for self-signed whose own name is its issuer's.
    params.distinguished_name.push(DnType::CommonName, name);
    let key = KeyPair::generate().unwrap();
    let pem = params.self_signed(&key).unwrap().pem();
    (pem, Issuer::new(params, key))
}

/// A certificate and its key, made out to a name.
fn signed(name: &str, by: &Issuer<'_, KeyPair>) -> CertifiedKey<KeyPair> {
    let signing_key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    let cert = params.signed_by(&signing_key, by).unwrap();
    CertifiedKey { cert, signing_key }
}

/// The address of a server's database by a host name, with what stands after the question mark.
fn address(host: &str, port: u16, query: &str) -> String {
    format!("postgres://baton@{host}:{port}/baton?{query}")
}

/// A command on the database must be refused with certain words.
fn refused(url: &str, says: &[&str]) {
    let said = call(&["db", "check", "--database", url, "--json"]);
    let said: Value = serde_json::from_str(&said.out).unwrap_or_else(|e| panic!("{e}: {}", said.err));
    let words = said["message"].as_str().unwrap_or_else(|| panic!("{said}"));
    assert!(says.iter().all(|part| words.contains(part)), "{says:?}: {words}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_is_who_its_certificate_says_or_it_is_not_spoken_to() {
    let Some(cluster) = Cluster::new() else { return };
    let folder = tempfile::tempdir().unwrap();
    let kept = |name: &str, text: &str| {
        let file = folder.path().join(name);
        std::fs::write(&file, text).unwrap();
        file.display().to_string()
    };
    let ((ours, by_us), (others, _)) = (authority("Ours"), authority("Others"));
    let made = signed("localhost", &by_us);
    let (ours, others) = (kept("ours.pem", &ours), kept("others.pem", &others));
    let file = |name: &str, text: String| cluster.put(name, &text).display().to_string();
    let server = cluster.primary_with(&[
        "ssl=on".to_owned(),
        format!("ssl_cert_file={}", file("server.crt", made.cert.pem())),
        format!("ssl_key_file={}", file("server.key", made.signing_key.serialize_pem())),
    ]);
    cluster.ask(&server, "CREATE ROLE baton LOGIN NOSUPERUSER NOBYPASSRLS");
    cluster.ask(&server, "CREATE DATABASE baton OWNER baton");
    let good = address("localhost", server.port, &format!("sslmode=verify-full&sslrootcert={ours}"));
    set_up_at(&good).await;

    let shelf = folder.path().join("shelf");
    std::fs::create_dir(&shelf).unwrap();
    served(&cluster, &server, &good, &shelf);
    // pg_dump asks for the same.
    let said = call(&["db", "backup", "--to", &shelf.display().to_string(), "--database", &good, "--json"]);
    assert_eq!(said.code, 0, "{}", said.out);

    let query = |mode: &str, root: &str| format!("sslmode={mode}&sslrootcert={root}");
    let nowhere = "/nowhere/ca.pem";
    let at = |host, query: String| address(host, server.port, &query);
    refused(&at("localhost", query("verify-full", &others)), &["UnknownIssuer", "sslrootcert"]);
    refused(&at("localhost", query("verify-ca", &others)), &["UnknownIssuer", "sslrootcert"]);
    // Who names an authority wants it asked.
    refused(&at("localhost", query("require", &others)), &["UnknownIssuer", "sslrootcert"]);
    refused(&at("localhost", "sslmode=verify-full".to_owned()), &["UnknownIssuer", "sslrootcert"]);
    refused(
        &at("127.0.0.1", query("verify-full", &ours)),
        &["not made out to 127.0.0.1", "sslmode=verify-ca"],
    );
    refused(&at("localhost", query("verify-full", nowhere)), &["sslrootcert", "Check its path"]);
    for url in [at("127.0.0.1", query("verify-ca", &ours)), at("127.0.0.1", "sslmode=require".to_owned())] {
        let said = call(&["db", "check", "--database", &url]);
        assert_eq!(said.code, 0, "{url}: {}{}", said.out, said.err);
    }
}

/// Baton serves, and every connection of it is encrypted.
fn served(cluster: &Cluster, server: &crate::cluster::Node, url: &str, shelf: &Path) {
    let mut serve = baton(&["serve", "--listen", "127.0.0.1:0", "--database", url]);
    serve.env("BATON_SEAL_KEY", shelf.with_extension("key"));
    let serving = Server::start(serve);
    assert_eq!(serving.ask("/readyz", "", None).status, 200);
    const EACH: &str = "SELECT count(*) FILTER (WHERE s.ssl) || ' of ' || count(*) FROM pg_stat_activity a \
                        JOIN pg_stat_ssl s USING (pid) WHERE a.usename = 'baton'";
    let said = cluster.ask(server, EACH);
    let (encrypted, all) = said.split_once(" of ").unwrap();
    assert!(encrypted == all && all != "0", "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_tls_or_with_an_authority_for_a_certificate_is_refused_with_what_to_do() {
    let Some(cluster) = Cluster::new() else { return };
    let plain = cluster.primary();
    for mode in ["require", "verify-ca", "verify-full"] {
        let url = address("127.0.0.1", plain.port, &format!("sslmode={mode}"));
        refused(&url, &["does not support TLS", "ssl = on", "sslmode=disable"]);
    }
    drop(plain);
    let Some(cluster) = Cluster::new() else { return };
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let pem = params.self_signed(&key).unwrap().pem();
    let server = cluster.primary_with(&[
        "ssl=on".to_owned(),
        format!("ssl_cert_file={}", cluster.put("server.crt", &pem).display()),
        format!("ssl_key_file={}", cluster.put("server.key", &key.serialize_pem()).display()),
    ]);
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root.pem");
    std::fs::write(&root, &pem).unwrap();
    let query = format!("sslmode=verify-full&sslrootcert={}", root.display());
    refused(&address("localhost", server.port, &query), &["CaUsedAsEndEntity", "let the authority sign it"]);
}
