//! What a client of SCRAM works out by itself: `«first n,, claire.martin»` is its first message (gs2 header, name), `«last
//! $challenge secret»` its last one to the server's (challenge, password). The server's own proof is `$proof` from then on.

use std::collections::HashMap;

use crate::script::Names;
use crate::support::scram::ScramClient;

/// What `tls-exporter` gives on every encrypted connection here.
pub(crate) const EXPORTED: [u8; 32] = [7; 32];

/// Exchanges under way, by connection.
#[derive(Default)]
pub(crate) struct Logins(HashMap<usize, ScramClient>);

impl Logins {
    /// A client's line with its messages of SCRAM put in.
    pub(crate) fn put_in(&mut self, connection: usize, text: &str, names: &mut Names) -> String {
        let Some((before, rest)) = text.split_once('«') else { return text.to_owned() };
        let (message, after) = rest.split_once('»').expect("`»`");
        let words: Vec<&str> = message.split(' ').collect();
        let message = match words.as_slice() {
            ["first", header, name] => {
                let binding: &[u8] = if header.starts_with("p=tls-exporter") { &EXPORTED } else { &[] };
                let client = ScramClient::new(header, binding, name);
                let first = client.first();
                self.0.insert(connection, client);
                first
            }
            ["last", challenge, password] => {
                let (last, proof) = self.0[&connection].last(challenge, password);
                names.set("proof", proof);
                last
            }
            other => panic!("neither `first HEADER NAME` nor `last CHALLENGE PASSWORD`: {other:?}"),
        };
        format!("{before}{message}{after}")
    }
}
