//! TLS as companies have it: a certificate that this machine does not trust is named with
//! the way to trust it, and trusted when told; one for another host or another day is named too.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair, date_time_ymd};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::loopback::Loopback;
use crate::program::{answers, bakeoff, err};
use crate::replies::chat;

/// A Chat server behind TLS; its certificate signs itself. Gives the address and the PEM.
fn serve(
    runtime: &tokio::runtime::Runtime,
    name: &str,
    change: impl Fn(&mut CertificateParams),
) -> (SocketAddr, String) {
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    change(&mut params);
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder().with_no_client_auth();
    let config = config.with_single_cert(vec![certificate.der().clone()], private).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    runtime.spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let mut buffer = vec![0; 64 << 10];
                let _ = stream.read(&mut buffer).await;
                let body = chat("hi").body;
                let head = format!(
                    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: {}\r\n\r\n",
                    body.len()
                );
                let _ = stream.write_all(head.as_bytes()).await;
                let _ = stream.write_all(&body).await;
                let _ = stream.shutdown().await;
            });
        }
    });
    (address, certificate.pem())
}

fn ask(home: &Path, address: SocketAddr, change: impl Fn(&mut Command)) -> Value {
    let mut command = bakeoff(home);
    // The name stands in the certificate; loopback addresses resolve it on every machine.
    let spec = format!("compatible:m@https://localhost:{}/v1", address.port());
    command.args(["run", "hi", "--format", "json", "-e", &spec]);
    change(&mut command);
    answers(&command.output().unwrap()).remove(0)
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

#[test]
fn an_unknown_authority_is_named_and_trusted_when_told() {
    let (runtime, home) = (runtime(), tempfile::tempdir().unwrap());
    let (address, pem) = serve(&runtime, "localhost", |_| {});
    let refused = ask(home.path(), address, |_| {});
    let error = &refused["error"];
    assert_eq!(error["class"], "unreachable", "{refused}");
    assert!(error["hint"].as_str().unwrap().contains("SSL_CERT_FILE"), "{error}");
    let file = home.path().join("corp.pem");
    fs::write(&file, pem).unwrap();
    let by_variable = ask(home.path(), address, |c| _ = c.env("SSL_CERT_FILE", &file));
    assert_eq!(by_variable["status"], "complete", "{by_variable}");
    let config = home.path().join("config.toml");
    fs::write(&config, format!("[network]\nca_file = {:?}\n", file.display().to_string())).unwrap();
    let by_config = ask(home.path(), address, |c| _ = c.env("BAKEOFF_CONFIG", &config));
    assert_eq!(by_config["status"], "complete", "{by_config}");
    fs::write(&file, "no certificate").unwrap();
    let broken = ask(home.path(), address, |c| _ = c.env("BAKEOFF_CONFIG", &config));
    assert_eq!(broken["error"]["class"], "setup");
    assert!(broken["error"]["message"].as_str().unwrap().contains("corp.pem"), "{broken}");
}

#[test]
fn a_certificate_for_another_host_or_another_day_is_named() {
    let (runtime, home) = (runtime(), tempfile::tempdir().unwrap());
    for (name, expired, words) in
        [("other.example", false, "check the address"), ("localhost", true, "clock")]
    {
        let (address, pem) = serve(&runtime, name, |params| {
            if expired {
                (params.not_before, params.not_after) =
                    (date_time_ymd(2020, 1, 1), date_time_ymd(2021, 1, 1));
            }
        });
        let file = home.path().join(format!("{name}.pem"));
        fs::write(&file, pem).unwrap();
        let refused = ask(home.path(), address, |c| _ = c.env("SSL_CERT_FILE", &file));
        let hint = refused["error"]["hint"].as_str().unwrap_or_default();
        assert!(hint.contains(words), "{name}: {refused}");
    }
}

/// What `openssl req -x509` makes when asked for nothing else.
#[test]
fn a_certificate_made_for_an_authority_is_named_as_what_it_is() {
    let (runtime, home) = (runtime(), tempfile::tempdir().unwrap());
    let (address, pem) =
        serve(&runtime, "localhost", |params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained));
    let file = home.path().join("own.pem");
    fs::write(&file, pem).unwrap();
    let refused = ask(home.path(), address, |c| _ = c.env("SSL_CERT_FILE", &file));
    let error = &refused["error"];
    assert!(error["message"].as_str().unwrap().contains("made for an authority"), "{error}");
    assert!(error["hint"].as_str().unwrap().contains("CA:FALSE"), "{error}");
}

#[test]
fn roots_that_cannot_be_read_are_the_variables_fault() {
    let (runtime, home) = (runtime(), tempfile::tempdir().unwrap());
    let (address, _) = serve(&runtime, "localhost", |_| {});
    let garbage = home.path().join("garbage.pem");
    fs::write(&garbage, "no certificate").unwrap();
    for (path, words) in
        [(home.path().join("nope.pem"), "cannot be read"), (garbage, "no certificate in PEM")]
    {
        let refused = ask(home.path(), address, |c| _ = c.env("SSL_CERT_FILE", &path));
        let error = &refused["error"];
        assert_eq!(error["class"], "setup", "{error}");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains("SSL_CERT_FILE") && message.contains(words), "{error}");
        assert!(error["hint"].as_str().unwrap().contains("unset it"), "{error}");
        // Nothing of it has a part in plain http.
        let server = Loopback::start(|_| chat("hi"));
        let plain = bakeoff(home.path())
            .env("SSL_CERT_FILE", &path)
            .args(["run", "hi", "-e", &format!("compatible:m@{}/v1", server.url()), "--format", "json"])
            .output()
            .unwrap();
        assert_eq!(answers(&plain)[0]["status"], "complete", "{}", err(&plain));
    }
}
