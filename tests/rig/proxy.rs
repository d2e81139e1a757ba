//! The network between gateways and database: it can be cut, and it can stand still.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Passes connections on to a port of this machine.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    wires: Arc<Wires>,
}

#[derive(Default)]
struct Wires {
    frozen: AtomicBool,
    /// Both ends of every connection.
    open: Mutex<Vec<(TcpStream, TcpStream)>>,
}

impl Proxy {
    pub(crate) fn start(to: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let wires = Arc::<Wires>::default();
        let (accepting, weak) = (Arc::downgrade(&wires), Arc::downgrade(&wires));
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let (Some(wires), Ok(client)) = (accepting.upgrade(), client) else { return };
                // Nobody there: the client finds its connection closed.
                if let Ok(server) = TcpStream::connect(("127.0.0.1", to)) {
                    wires.join(client, server);
                }
            }
            drop(weak);
        });
        Self { port, wires }
    }

    /// Every connection breaks, whatever is on its way.
    pub(crate) fn cut(&self) {
        for (client, server) in self.wires.open.lock().unwrap().drain(..) {
            let _ = client.shutdown(Shutdown::Both);
            let _ = server.shutdown(Shutdown::Both);
        }
    }

    /// Nothing goes through, and nobody is told.
    pub(crate) fn freeze(&self, frozen: bool) {
        self.wires.frozen.store(frozen, Ordering::SeqCst);
    }
}

impl Wires {
    fn join(self: &Arc<Self>, client: TcpStream, server: TcpStream) {
        for end in [&client, &server] {
            end.set_nodelay(true).unwrap();
        }
        let pairs = [(&client, &server), (&server, &client)];
        for (from, to) in pairs.map(|(from, to)| (from.try_clone().unwrap(), to.try_clone().unwrap())) {
            let wires = Arc::clone(self);
            std::thread::spawn(move || wires.carry(from, to));
        }
        self.open.lock().unwrap().push((client, server));
    }

    fn carry(&self, mut from: TcpStream, mut to: TcpStream) {
        let mut octets = [0; 16 << 10];
        while let Ok(count @ 1..) = from.read(&mut octets) {
            while self.frozen.load(Ordering::SeqCst) {
                std::thread::sleep(Duration::from_millis(5));
            }
            if to.write_all(&octets[..count]).is_err() {
                break;
            }
        }
        let _ = from.shutdown(Shutdown::Both);
        let _ = to.shutdown(Shutdown::Both);
    }
}
