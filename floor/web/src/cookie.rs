//! The two cookies: the session, and what the last action left to say.

use http::{HeaderMap, header};

/// Name of the session's cookie. With TLS it carries the `__Host-` prefix, so that no other host can set it.
pub fn session_name(secure: bool) -> &'static str {
    if secure { "__Host-baton" } else { "baton" }
}

/// Sets the session's cookie for so many seconds.
pub fn session(token: &str, secure: bool, seconds: i64) -> String {
    format!("{}={token}; Max-Age={seconds}{}", session_name(secure), manners(secure))
}

/// Removes the session's cookie.
pub fn no_session(secure: bool) -> String {
    format!("{}=; Max-Age=0{}", session_name(secure), manners(secure))
}

fn manners(secure: bool) -> &'static str {
    if secure { "; Path=/; HttpOnly; SameSite=Lax; Secure" } else { "; Path=/; HttpOnly; SameSite=Lax" }
}

const TOLD: &str = "baton_told";

/// What the last action left to say, read from its cookie.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) words: String,
}

impl Told {
    pub(crate) fn read(headers: &HeaderMap) -> Option<Self> {
        let hex = read(headers, TOLD)?;
        if hex.len() > 1_200 || hex.len() % 2 != 0 || !hex.is_ascii() {
            return None;
        }
        let bytes: Option<Vec<u8>> =
            (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16).ok()).collect();
        String::from_utf8(bytes?).ok().filter(|w| !w.is_empty()).map(|words| Self { words })
    }
}

/// Leaves words for the next page.
pub(crate) fn tell(words: &str, secure: bool) -> String {
    let short: String = words.chars().take(140).collect();
    let hex: String = short.bytes().map(|b| format!("{b:02x}")).collect();
    format!("{TOLD}={hex}; Max-Age=60{}", manners(secure))
}

/// The words were shown.
pub(crate) fn told(secure: bool) -> String {
    format!("{TOLD}=; Max-Age=0{}", manners(secure))
}

const WROTE: &str = "baton_wrote";

/// Notes in the browser that it has just changed something: for a while it reads where it wrote. Three times as long as
/// a standby may be behind.
pub(crate) fn wrote(secure: bool) -> String {
    format!("{WROTE}=1; Max-Age=15{}", manners(secure))
}

/// Whether a browser that is signed in has changed nothing just now. Whoever comes otherwise, such as a program with a
/// token, keeps no cookies and reads what it wrote.
pub(crate) fn may_lag(headers: &HeaderMap, secure: bool) -> bool {
    read(headers, session_name(secure)).is_some() && read(headers, WROTE).is_none()
}

/// Reads one cookie of a request.
pub fn read<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|v| v.to_str().ok())
        .flat_map(|v| v.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_travel_through_the_cookie() {
        let set = tell("Moved to ICU — bay 4; “ok”", false);
        let pair = set.split(';').next().unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, format!("a=b; {pair}").parse().unwrap());
        assert_eq!(Told::read(&headers).unwrap().words, "Moved to ICU — bay 4; “ok”");
    }
}
