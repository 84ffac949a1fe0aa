//! A client for HTTP/1.1 on the loopback address: one connection kept open, one cookie jar, nothing else.
//!
//! Measuring needs little of HTTP, and a full client would be most of this tool's build time.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context, Result, bail};

/// One person's browser.
pub struct Client {
    authority: String,
    connection: Option<BufReader<TcpStream>>,
    cookies: Vec<(String, String)>,
}

/// What came back.
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// Where to go instead, as sent.
    pub location: Option<String>,
    /// The body, as text.
    pub body: String,
}

impl Client {
    /// A client of `http://HOST:PORT`; connects at the first request.
    pub fn new(base: &str) -> Result<Self> {
        let authority = base.strip_prefix("http://").context("only http:// is measured")?;
        let authority = authority.trim_end_matches('/').to_owned();
        Ok(Self { authority, connection: None, cookies: Vec::new() })
    }

    /// Fetches a page.
    pub fn get(&mut self, path: &str) -> Result<Answer> {
        self.request(&format!("GET {path} HTTP/1.1\r\n"), "")
    }

    /// Sends a form, as a page of the same origin would.
    pub fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Result<Answer> {
        let body: Vec<String> =
            fields.iter().map(|(name, value)| format!("{name}={}", percent_encode(value))).collect();
        let body = body.join("&");
        let head = format!(
            "POST {path} HTTP/1.1\r\nOrigin: http://{}\r\nSec-Fetch-Site: same-origin\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n",
            self.authority,
            body.len()
        );
        self.request(&head, &body)
    }

    /// Signs in, and says what went wrong when the program does not let us in.
    pub fn sign_in(&mut self, email: &str, password: &str) -> Result<()> {
        let answer = self.post("/sign-in", &[("email", email), ("password", password)])?;
        if !(200..400).contains(&answer.status) || self.cookies.is_empty() {
            bail!("POST /sign-in as {email} answered {} and {} cookies", answer.status, self.cookies.len());
        }
        Ok(())
    }

    /// A kept connection may have been closed meanwhile; then once more on a new one.
    fn request(&mut self, head: &str, body: &str) -> Result<Answer> {
        let kept = self.connection.is_some();
        match self.exchange(head, body) {
            Err(_) if kept && head.starts_with("GET") => {
                self.connection = None;
                self.exchange(head, body)
            }
            other => other,
        }
    }

    fn exchange(&mut self, head: &str, body: &str) -> Result<Answer> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => connect(&self.authority)?,
        };
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let cookies =
            if cookies.is_empty() { String::new() } else { format!("Cookie: {}\r\n", cookies.join("; ")) };
        let request = format!("{head}Host: {}\r\nAccept: text/html\r\n{cookies}\r\n{body}", self.authority);
        connection.get_mut().write_all(request.as_bytes())?;
        let (status, headers) = read_head(&mut connection)?;
        let find =
            |name: &str| headers.iter().find(|header| header.0 == name).map(|header| header.1.as_str());
        let body = read_body(&mut connection, status, find("content-length"), find("transfer-encoding"))?;
        for (_, value) in headers.iter().filter(|header| header.0 == "set-cookie") {
            self.keep_cookie(value);
        }
        if find("connection").is_none_or(|value| !value.eq_ignore_ascii_case("close")) {
            self.connection = Some(connection);
        }
        Ok(Answer { status, location: find("location").map(str::to_owned), body })
    }

    fn keep_cookie(&mut self, header: &str) {
        let pair = header.split(';').next().unwrap_or_default();
        if let Some((name, value)) = pair.split_once('=') {
            self.cookies.retain(|cookie| cookie.0 != name.trim());
            self.cookies.push((name.trim().to_owned(), value.trim().to_owned()));
        }
    }
}

fn connect(authority: &str) -> Result<BufReader<TcpStream>> {
    let stream = TcpStream::connect(authority).with_context(|| format!("cannot connect to {authority}"))?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    Ok(BufReader::with_capacity(64 * 1024, stream))
}

fn read_line(connection: &mut impl BufRead) -> Result<String> {
    let mut line = String::new();
    if connection.read_line(&mut line)? == 0 {
        bail!("the connection was closed");
    }
    Ok(line.trim_end().to_owned())
}

/// The status, and the headers with their names in lower case.
fn read_head(connection: &mut impl BufRead) -> Result<(u16, Vec<(String, String)>)> {
    let first = read_line(connection)?;
    let status = first.split(' ').nth(1).with_context(|| format!("not an answer: {first}"))?.parse()?;
    let mut headers = Vec::new();
    loop {
        let line = read_line(connection)?;
        let Some((name, value)) = line.split_once(':') else { return Ok((status, headers)) };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
}

fn read_body(
    connection: &mut impl BufRead,
    status: u16,
    length: Option<&str>,
    encoding: Option<&str>,
) -> Result<String> {
    let mut body = Vec::new();
    if encoding.is_some_and(|encoding| encoding.eq_ignore_ascii_case("chunked")) {
        loop {
            let line = read_line(connection)?;
            let size = usize::from_str_radix(line.split(';').next().unwrap_or_default().trim(), 16)?;
            let mut chunk = vec![0; size];
            connection.read_exact(&mut chunk)?;
            body.append(&mut chunk);
            read_line(connection)?;
            if size == 0 {
                break;
            }
        }
    } else if let Some(length) = length {
        body = vec![0; length.parse()?];
        connection.read_exact(&mut body)?;
    } else if status != 204 && status != 304 {
        connection.read_to_end(&mut body)?;
    }
    Ok(String::from_utf8_lossy(&body).into_owned())
}

/// For a form's field and for a part of a path.
pub fn percent_encode(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_come_by_length_or_in_chunks() {
        let mut by_length = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcHTTP".as_bytes();
        let (status, headers) = read_head(&mut by_length).expect("a head");
        assert_eq!((status, headers.len()), (200, 1));
        assert_eq!(read_body(&mut by_length, 200, Some("3"), None).expect("a body"), "abc");
        let mut chunked = "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n".as_bytes();
        assert_eq!(read_body(&mut chunked, 200, None, Some("chunked")).expect("a body"), "abcde");
    }

    #[test]
    fn fields_are_encoded() {
        assert_eq!(percent_encode("a b+c@é"), "a%20b%2Bc%40%C3%A9");
    }
}
