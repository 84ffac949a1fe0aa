//! Telling systemd how we are doing: one line to the socket that it names.

use std::os::{linux::net::SocketAddrExt as _, unix::net::SocketAddr, unix::net::UnixDatagram};

/// Says it, where anybody listens. Nothing depends on whether it arrives.
pub fn tell(state: &str) {
    let Ok(named) = std::env::var("NOTIFY_SOCKET") else { return };
    // A name that begins with @ lies in no folder.
    let address = match named.strip_prefix('@') {
        Some(name) => SocketAddr::from_abstract_name(name),
        None => SocketAddr::from_pathname(&named),
    };
    let sent = address.and_then(|address| UnixDatagram::unbound()?.send_to_addr(state.as_bytes(), &address));
    if let Err(error) = sent {
        tracing::warn!(%error, socket = named, "systemd could not be told");
    }
}
