//! A way to PostgreSQL that a test can cut.

use std::{
    io::{Read as _, Write as _},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU8, AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

const OPEN: u8 = 0;
const CUT: u8 = 1;
const SILENT: u8 = 2;

/// Passes connections on to a server until told otherwise.
pub struct Proxy {
    /// Where it listens; the same for its whole life.
    pub address: SocketAddr,
    behind: String,
    state: Arc<AtomicU8>,
    /// How often the connections of a time were left.
    times: Arc<AtomicUsize>,
    streams: Arc<Mutex<Vec<TcpStream>>>,
    accepting: Option<thread::JoinHandle<()>>,
}

impl Proxy {
    /// A proxy before the server of a database's URL, and the URL through it.
    pub fn before(url: &str) -> (Self, String) {
        let host = url.rsplit('@').next().unwrap_or(url).split('/').next().unwrap_or(url).to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let mut proxy = Self {
            address,
            behind: if host.contains(':') { host.clone() } else { format!("{host}:5432") },
            state: Arc::default(),
            times: Arc::default(),
            streams: Arc::default(),
            accepting: None,
        };
        proxy.accept(listener);
        (proxy, url.replacen(&host, &address.to_string(), 1))
    }

    fn accept(&mut self, listener: TcpListener) {
        let (state, streams, behind) = (self.state.clone(), self.streams.clone(), self.behind.clone());
        let times = self.times.clone();
        listener.set_nonblocking(true).expect("a listener that can be stopped");
        self.accepting = Some(thread::spawn(move || {
            while state.load(Ordering::SeqCst) != CUT {
                let Ok((near, _)) = listener.accept() else {
                    thread::sleep(Duration::from_millis(2));
                    continue;
                };
                near.set_nonblocking(false).expect("a stream that waits");
                let far = TcpStream::connect(&behind).expect("the server behind");
                for (from, to) in [(&near, &far), (&far, &near)] {
                    let (from, to) = (clone(from), clone(to));
                    let (state, times) = (state.clone(), times.clone());
                    let time = times.load(Ordering::SeqCst);
                    thread::spawn(move || {
                        pass(from, to, || {
                            state.load(Ordering::SeqCst) == SILENT || times.load(Ordering::SeqCst) != time
                        });
                    });
                }
                let mut all = streams.lock().unwrap_or_else(PoisonError::into_inner);
                all.extend([near, far]);
            }
        }));
    }

    /// Cuts every connection and lets none in: they are refused.
    pub fn cut(&mut self) {
        self.state.store(CUT, Ordering::SeqCst);
        if let Some(accepting) = self.accepting.take() {
            accepting.join().expect("the acceptor ends");
        }
        self.hang_up();
    }

    /// Goes on taking connections and passes nothing on any more, as a network that drops packets does.
    pub fn fall_silent(&mut self) {
        self.state.store(SILENT, Ordering::SeqCst);
    }

    /// Passes nothing on any more for the connections there are, as a firewall that forgot them does; new ones work.
    pub fn forget(&mut self) {
        self.times.fetch_add(1, Ordering::SeqCst);
    }

    /// Works again, for new connections.
    pub fn mend(&mut self) {
        self.hang_up();
        self.state.store(OPEN, Ordering::SeqCst);
        if self.accepting.is_none() {
            let listener = TcpListener::bind(self.address).expect("the same port again");
            self.accept(listener);
        }
    }

    fn hang_up(&self) {
        for stream in self.streams.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.cut();
    }
}

fn clone(stream: &TcpStream) -> TcpStream {
    stream.try_clone().expect("a second handle")
}

fn pass(mut from: TcpStream, mut to: TcpStream, is_silent: impl Fn() -> bool) {
    let mut part = [0; 16 * 1024];
    while let Ok(got @ 1..) = from.read(&mut part) {
        if !is_silent() && to.write_all(&part[..got]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
}
