//! TLS by ourselves, with certificates of the test's own.

use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{
        ClientConfig, RootCertStore,
        crypto::ring,
        pki_types::{CertificateDer, ServerName, pem::PemObject as _},
    },
};

use crate::program::{Server, baton, call, sqlite};

/// Makes a certificate for `baton.example` and puts it where the server reads it.
fn certificate(folder: &Path) -> CertificateDer<'static> {
    let made = rcgen::generate_simple_self_signed(vec!["baton.example".to_owned()]).unwrap();
    // The key first: in between the two do not belong together, and the server must bear that.
    std::fs::write(folder.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    std::fs::write(folder.join("certificate.pem"), made.cert.pem()).unwrap();
    CertificateDer::from_pem_slice(made.cert.pem().as_bytes()).unwrap()
}

/// A connection that trusts one certificate and no other.
async fn connect(at: &str, trusted: &CertificateDer<'static>) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config = config.with_safe_default_protocol_versions().unwrap();
    let config = config.with_root_certificates(roots).with_no_client_auth();
    let name = ServerName::try_from("baton.example").unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, TcpStream::connect(at).await?).await
}

/// Asks over a connection that stays open.
async fn ask(stream: &mut TlsStream<TcpStream>) -> String {
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: baton.example\r\n\r\n").await.unwrap();
    let mut said = Vec::new();
    while !said.ends_with(b"ok\n") {
        let mut part = [0; 4096];
        let read = stream.read(&mut part).await.unwrap();
        assert!(read > 0, "{}", String::from_utf8_lossy(&said));
        said.extend_from_slice(&part[..read]);
    }
    String::from_utf8(said).unwrap().to_lowercase()
}

struct Served {
    server: Server,
    folder: tempfile::TempDir,
    trusted: CertificateDer<'static>,
    redirect: SocketAddr,
}

fn serve() -> Served {
    let folder = tempfile::tempdir().unwrap();
    let trusted = certificate(folder.path());
    let url = sqlite(&folder.path().join("baton.sqlite"));
    let redirect = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut serve = baton(&["serve", "--listen", "127.0.0.1:0", "--database", &url]);
    serve.env("BATON_TLS_CERTIFICATE", folder.path().join("certificate.pem"));
    serve.env("BATON_TLS_KEY", folder.path().join("key.pem"));
    serve.env("BATON_REDIRECT_FROM", redirect.to_string());
    Served { server: Server::start(serve), folder, trusted, redirect }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_certificate_is_used_without_a_restart_and_open_connections_stay() {
    let Served { server, folder, trusted: old, .. } = serve();
    assert!(server.first.contains("https://"), "{}", server.first);
    let mut open = connect(&server.address, &old).await.unwrap();
    let said = ask(&mut open).await;
    assert!(said.contains("strict-transport-security: max-age=31536000"), "{said}");
    let new = certificate(folder.path());
    for _ in 0..100 {
        if connect(&server.address, &new).await.is_ok() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    ask(&mut connect(&server.address, &new).await.unwrap()).await;
    assert!(connect(&server.address, &old).await.is_err(), "the former one is gone");
    ask(&mut open).await;
    // What cannot be used changes nothing.
    std::fs::write(folder.path().join("certificate.pem"), "no certificate").unwrap();
    for _ in 0..100 {
        if server.log().contains("the former certificate stays in use") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(server.log().contains("certificate.pem holds no certificate"), "{}", server.log());
    ask(&mut connect(&server.address, &new).await.unwrap()).await;
    ask(&mut open).await;
}

/// What a port says to some bytes until it closes.
async fn say(at: &str, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(at).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut said = Vec::new();
    let _ = stream.read_to_end(&mut said).await;
    String::from_utf8_lossy(&said).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_comes_without_tls_is_sent_to_it() {
    let Served { server, redirect, trusted, folder: _folder } = serve();
    let port = server.address.rsplit(':').next().unwrap();
    let ask = b"GET /d/NH-1?x=y HTTP/1.1\r\nhost: baton.example:80\r\nconnection: close\r\n\r\n";
    let said = say(&redirect.to_string(), ask).await.to_lowercase();
    assert!(said.starts_with("http/1.1 308 "), "{said}");
    assert!(said.contains(&format!("location: https://baton.example:{port}/d/nh-1?x=y\r\n")), "{said}");
    let said = say(&redirect.to_string(), b"GET / HTTP/1.1\r\nhost: a b\r\nconnection: close\r\n\r\n").await;
    assert!(said.starts_with("HTTP/1.1 400 "), "{said}");
    // And so is whoever speaks plainly at the door of TLS, whatever they ask for.
    let said = say(&server.address, ask).await.to_lowercase();
    assert!(said.starts_with("http/1.1 308 "), "{said}");
    assert!(said.contains(&format!("location: https://baton.example:{port}/d/nh-1?x=y\r\n")), "{said}");
    assert!(!say(&server.address, b"neither this nor that\r\n\r\n").await.contains("HTTP"));
    connect(&server.address, &trusted).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_does_not_come_to_the_point_is_let_go() {
    let folder = tempfile::tempdir().unwrap();
    let url = sqlite(&folder.path().join("baton.sqlite"));
    let server = Server::start(baton(&["serve", "--listen", "127.0.0.1:0", "--database", &url]));
    // Half a head, and then nothing: read to the end, which comes.
    let said =
        tokio::time::timeout(Duration::from_secs(60), say(&server.address, b"GET / HTTP/1.1\r\nhost: x\r\n"));
    assert!(!said.await.expect("the server ends it").contains(" 200 "));
    let many: String = (0..200).map(|n| format!("x-{n}: y\r\n")).collect();
    let said = say(&server.address, format!("GET / HTTP/1.1\r\nhost: x\r\n{many}\r\n").as_bytes()).await;
    assert!(said.starts_with("HTTP/1.1 431 "), "{said}");
}

#[test]
fn files_that_cannot_be_used_are_named_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    certificate(folder.path());
    let other = tempfile::tempdir().unwrap();
    certificate(other.path());
    let file = |folder: &Path, name: &str| folder.join(name).display().to_string();
    let url = sqlite(&folder.path().join("baton.sqlite"));
    for (certificate, key, says) in [
        (file(folder.path(), "none.pem"), file(folder.path(), "key.pem"), "none.pem cannot be read"),
        (file(folder.path(), "key.pem"), file(folder.path(), "key.pem"), "key.pem holds no certificate"),
        (
            file(folder.path(), "certificate.pem"),
            file(folder.path(), "certificate.pem"),
            "cannot be read as a key",
        ),
        (file(folder.path(), "certificate.pem"), file(other.path(), "key.pem"), "does not belong to"),
    ] {
        let mut serve = baton(&["serve", "--listen", "127.0.0.1:0", "--database", &url]);
        let out = serve.env("BATON_TLS_CERTIFICATE", certificate).env("BATON_TLS_KEY", key).output().unwrap();
        let words = String::from_utf8(out.stderr).unwrap();
        assert!(!out.status.success() && words.contains(says), "{says}: {words}");
    }
    assert!(!folder.path().join("baton.sqlite").exists(), "nothing was made");
    let mut check = baton(&["config", "check"]);
    let out = check.env("BATON_TLS_KEY", "x").output().unwrap();
    assert!(String::from_utf8(out.stderr).unwrap().contains("name both files"));
    assert_eq!(call(&["config", "check"]).code, 0);
}
