//! A client's DEFLATE (RFC 4978): stands between plain octets and the wire, both ways, flushed at every packet.
#![allow(clippy::indexing_slicing, reason = "tests")]

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

/// What the client writes and reads in clear, over a wire that is compressed.
pub fn client(wire: DuplexStream) -> DuplexStream {
    let (ours, theirs) = tokio::io::duplex(4 << 20);
    let (mut from_server, mut to_server) = tokio::io::split(wire);
    let (mut from_client, mut to_client) = tokio::io::split(theirs);
    tokio::spawn(async move {
        let mut deflate = Compress::new(Compression::default(), false);
        let mut packet = vec![0; 64 << 10];
        // The client has hung up where nothing comes; the server where nothing can be written.
        while let Ok(length @ 1..) = from_client.read(&mut packet).await {
            if to_server.write_all(&deflated(&mut deflate, &packet[..length])).await.is_err() {
                return;
            }
        }
        let _ = to_server.shutdown().await;
    });
    tokio::spawn(async move {
        let mut inflate = Decompress::new(false);
        let mut packet = vec![0; 64 << 10];
        while let Ok(length @ 1..) = from_server.read(&mut packet).await {
            to_client.write_all(&inflated(&mut inflate, &packet[..length])).await.unwrap();
        }
        let _ = to_client.shutdown().await;
    });
    ours
}

/// One packet, so that the reader has all of it.
pub fn deflated(deflate: &mut Compress, plain: &[u8]) -> Vec<u8> {
    let mut wire = Vec::new();
    let start = deflate.total_in();
    loop {
        wire.reserve(1024);
        let read = usize::try_from(deflate.total_in() - start).unwrap();
        deflate.compress_vec(&plain[read..], &mut wire, FlushCompress::Sync).unwrap();
        if wire.len() < wire.capacity() {
            return wire;
        }
    }
}

/// All that a packet says.
pub fn inflated(inflate: &mut Decompress, wire: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    let start = inflate.total_in();
    loop {
        plain.reserve(1024);
        let read = usize::try_from(inflate.total_in() - start).unwrap();
        inflate.decompress_vec(&wire[read..], &mut plain, FlushDecompress::Sync).unwrap();
        if plain.len() < plain.capacity() {
            return plain;
        }
    }
}
