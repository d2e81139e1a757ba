//! PROXY protocol (HAProxy's specification, versions 1 and 2): a balancer that `listen.proxies` names says first for whom it
//! connects. Nothing beyond the header is read from the stream; from others nothing is read at all.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use proxy_header::{Error, ParseConfig, ProxyHeader};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::net::TcpStream;

use super::Shared;

/// The shortest header: `PROXY UNKNOWN` with its line end. Reading as much takes nothing of what comes after any header.
const FIRST: usize = 15;
/// Octets before the length that version 2 tells, and with it.
const V2_FIXED: usize = 16;
const V2_SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";
/// A line of version 1, with its line end.
const V1_MAX: usize = 107;
/// What a header of version 2 may hold after its length: addresses and notes of the balancer.
const V2_MAX: usize = 4096;

/// Who is at the other end: the peer, or whom a balancer speaks for. `None` where a balancer does not say it as it should:
/// its connection is closed.
pub(super) async fn client(shared: &Shared, stream: &mut TcpStream, peer: SocketAddr) -> Option<SocketAddr> {
    let listen = &shared.config.listen;
    if !listen.proxies.iter().any(|network| network.contains(peer.ip())) {
        return Some(peer);
    }
    let patience = Duration::from_secs(listen.handshake_seconds_max);
    match shared.stop.run_until_cancelled(tokio::time::timeout(patience, header(stream))).await? {
        // The balancer's own question whether we live, or a client that it does not know.
        Ok(Ok(None)) => Some(peer),
        Ok(Ok(Some(client))) => Some(client),
        Ok(Err(error)) => {
            tracing::warn!(%peer, %error, "no PROXY header from an address of `listen.proxies`: closed");
            None
        }
        Err(_) => {
            tracing::warn!(%peer, "the PROXY header took too long: closed");
            None
        }
    }
}

/// Reads a header; gives the client's address, where it holds one.
async fn header(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<SocketAddr>> {
    let mut header = vec![0; FIRST];
    stream.read_exact(&mut header).await?;
    if header.starts_with(V2_SIGNATURE) {
        more(stream, &mut header, V2_FIXED - FIRST).await?;
        let length = header.last_chunk::<2>().map_or(0, |length| usize::from(u16::from_be_bytes(*length)));
        if length > V2_MAX {
            return Err(invalid(format!("a header of {length} octets")));
        }
        more(stream, &mut header, length).await?;
    } else if header.starts_with(b"PROXY ") {
        while !header.ends_with(b"\r\n") {
            if header.len() == V1_MAX {
                return Err(invalid("a line without an end".to_owned()));
            }
            more(stream, &mut header, 1).await?;
        }
    } else {
        return Err(invalid("something else came first".to_owned()));
    }
    let settings = ParseConfig { include_tlvs: false, ..ParseConfig::default() };
    let (header, _) = ProxyHeader::parse(&header, settings).map_err(|error: Error| invalid(error.to_string()))?;
    Ok(header.proxied_address().map(|address| address.source))
}

async fn more(stream: &mut (impl AsyncRead + Unpin), header: &mut Vec<u8>, octets: usize) -> io::Result<()> {
    let before = header.len();
    header.resize(before + octets, 0);
    stream.read_exact(header.get_mut(before..).unwrap_or_default()).await.map(drop)
}

fn invalid(what: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use proxy_header::ProxiedAddress;

    use super::*;

    async fn read(octets: &[u8]) -> (io::Result<Option<SocketAddr>>, Vec<u8>) {
        let mut rest = octets;
        let read = header(&mut rest).await;
        (read, rest.to_vec())
    }

    fn v2(source: &str) -> Vec<u8> {
        let header =
            ProxyHeader::with_address(ProxiedAddress::stream(source.parse().unwrap(), source.parse().unwrap()));
        let mut octets = Vec::new();
        header.encode_v2(&mut octets).unwrap();
        octets
    }

    #[tokio::test]
    async fn the_header_is_taken_and_no_octet_more() {
        for (octets, client) in [
            (b"PROXY TCP4 192.0.2.7 198.51.100.1 40000 993\r\n".to_vec(), Some("192.0.2.7:40000")),
            (b"PROXY TCP6 2001:db8::7 2001:db8::1 40000 993\r\n".to_vec(), Some("[2001:db8::7]:40000")),
            (b"PROXY UNKNOWN\r\n".to_vec(), None),
            (b"PROXY UNKNOWN ffff::1 ffff::1 65535 65535\r\n".to_vec(), None),
            (v2("192.0.2.7:40000"), Some("192.0.2.7:40000")),
            (v2("[2001:db8::7]:40000"), Some("[2001:db8::7]:40000")),
            // LOCAL: the balancer asks for itself.
            ([V2_SIGNATURE, b"\x20\x00\x00\x00"].concat(), None),
        ] {
            let (read, rest) = read(&[&octets[..], b"a NOOP\r\n"].concat()).await;
            assert_eq!(read.unwrap(), client.map(|client| client.parse().unwrap()), "{octets:?}");
            assert_eq!(rest, b"a NOOP\r\n");
        }
    }

    #[tokio::test]
    async fn what_is_no_header_is_refused_and_none_grows() {
        let long = [b"PROXY TCP4 ", [b'1'; 200].as_slice()].concat();
        let huge = [V2_SIGNATURE, b"\x21\x11\xff\xff", [0; 70_000].as_slice()].concat();
        for octets in [
            b"a LOGIN anne secret\r\n".as_slice(),
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\x00\x00\x00\x00\x00",
            b"PROXY TCP4 192.0.2.7 nobody 40000 993\r\n",
            b"PROXY TCP4 192.0.2.7 198.51.100.1 40000 99999\r\n",
            b"PROXY ",
            &long,
            &huge,
            &[V2_SIGNATURE, b"\x31\x11\x00\x00"].concat(),
            &[V2_SIGNATURE, b"\x21\x11\x00\x04\x01\x02\x03\x04"].concat(),
        ] {
            let (read, rest) = read(octets).await;
            read.unwrap_err();
            assert!(octets.len() - rest.len() <= V1_MAX, "{octets:?}");
        }
    }
}
