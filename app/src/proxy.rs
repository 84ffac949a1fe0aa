//! Who asks, when a proxy stands in front.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use axum::{
    extract::{ConnectInfo, Request, State},
    middleware::Next,
    response::Response,
};
use http::HeaderMap;

/// A network of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    bits: u128,
    /// Bits that count, from the first.
    length: u32,
    is_v4: bool,
}

impl Network {
    /// Reads an address, or one with the length of a network behind it.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, length) = text.split_once('/').map_or((text, None), |(a, l)| (a, Some(l)));
        let (bits, is_v4) = bits(address.parse().ok()?);
        let most = if is_v4 { 32 } else { 128 };
        let length = length.map_or(Some(most), |length| length.parse().ok())?;
        (length <= most).then_some(Self { bits, length: length + if is_v4 { 96 } else { 0 }, is_v4 })
    }

    fn holds(&self, address: IpAddr) -> bool {
        let (bits, is_v4) = bits(address);
        is_v4 == self.is_v4 && (self.length == 0 || (bits ^ self.bits) >> (128 - self.length) == 0)
    }
}

/// An address in 128 bits; the four bytes of the older kind stand at the end, however they were written.
fn bits(address: IpAddr) -> (u128, bool) {
    match address.to_canonical() {
        IpAddr::V4(v4) => (u128::from(u32::from(v4)), true),
        IpAddr::V6(v6) => (u128::from(v6), false),
    }
}

/// The proxies that are believed.
#[derive(Clone, Debug)]
pub struct Trusted(Arc<[Network]>);

impl Trusted {
    /// Those of a configuration.
    pub fn of(networks: &[String]) -> Self {
        Self(networks.iter().filter_map(|network| Network::parse(network)).collect())
    }

    fn are(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.holds(address))
    }

    /// Whoever asks: the connection's own address, unless it is a trusted proxy's. Each proxy adds at the end whom it
    /// was asked by, so the last one that is no trusted proxy is whom the first trusted proxy saw; what stands before,
    /// anybody may have written.
    fn asker(&self, from: IpAddr, headers: &HeaderMap) -> IpAddr {
        if !self.are(from) {
            return from;
        }
        let lines: Vec<&str> =
            headers.get_all("x-forwarded-for").iter().filter_map(|v| v.to_str().ok()).collect();
        let mut seen = from;
        for word in lines.iter().rev().flat_map(|line| line.rsplit(',')) {
            let Some(address) = address(word.trim()) else { break };
            seen = address;
            if !self.are(address) {
                break;
            }
        }
        seen
    }
}

/// An address as proxies write it: some add the port.
fn address(word: &str) -> Option<IpAddr> {
    let bare = word.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(word);
    bare.parse().ok().or_else(|| word.parse::<SocketAddr>().ok().map(|both| both.ip()))
}

/// Puts whoever asks in the place of the proxy.
pub async fn see_through(State(trusted): State<Trusted>, mut request: Request, next: Next) -> Response {
    if let Some(ConnectInfo(from)) = request.extensions().get::<ConnectInfo<SocketAddr>>().copied() {
        let asker = trusted.asker(from.ip(), request.headers());
        request.extensions_mut().insert(ConnectInfo(SocketAddr::new(asker, from.port())));
    }
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_hold_their_addresses() {
        for (network, address, held) in [
            ("10.0.0.0/8", "10.200.3.4", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("10.0.0.0/8", "::ffff:10.1.2.3", true),
            ("127.0.0.1", "127.0.0.1", true),
            ("127.0.0.1", "127.0.0.2", false),
            ("0.0.0.0/0", "8.8.8.8", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("2001:db8::/32", "2001:db8:5::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("::1", "::1", true),
        ] {
            let network = Network::parse(network).unwrap();
            assert_eq!(network.holds(address.parse().unwrap()), held, "{network:?} {address}");
        }
        for bad in ["", "10.0.0.0/33", "::/129", "10.0.0", "proxy.example", "10.0.0.0/x"] {
            assert_eq!(Network::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn only_a_trusted_proxy_is_believed_and_only_as_far_as_it_saw() {
        let trusted = Trusted::of(&["127.0.0.1".to_owned(), "10.0.0.0/8".to_owned()]);
        for (from, told, asker) in [
            ("127.0.0.1", vec!["203.0.113.9"], "203.0.113.9"),
            ("127.0.0.1", vec!["1.2.3.4, 203.0.113.9, 10.1.1.1"], "203.0.113.9"),
            ("127.0.0.1", vec!["1.2.3.4", "203.0.113.9:4711"], "203.0.113.9"),
            ("127.0.0.1", vec!["[2001:db8::1]"], "2001:db8::1"),
            ("127.0.0.1", vec!["10.1.1.1"], "10.1.1.1"),
            ("127.0.0.1", vec!["nonsense"], "127.0.0.1"),
            ("127.0.0.1", vec![], "127.0.0.1"),
            ("203.0.113.9", vec!["1.2.3.4"], "203.0.113.9"),
        ] {
            let mut headers = HeaderMap::new();
            for line in &told {
                headers.append("x-forwarded-for", line.parse().unwrap());
            }
            assert_eq!(trusted.asker(from.parse().unwrap(), &headers).to_string(), asker, "{from} {told:?}");
        }
    }
}
