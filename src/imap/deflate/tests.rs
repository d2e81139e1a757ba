//! DEFLATE on a connection: pieces, flushes, and hostile input.

use super::*;

const TEXT: &[u8] = b"* 1 FETCH (UID 1 FLAGS (\\Seen))\r\n* 2 FETCH (UID 2 FLAGS (\\Seen))\r\n";

/// Texts of many kinds: short, long, that compress well, that do not.
fn texts() -> Vec<Vec<u8>> {
    let mut state = 7_u32;
    let noise = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    });
    let noise: Vec<u8> = noise.take(100_000).collect();
    vec![vec![], b"x".to_vec(), TEXT.to_vec(), TEXT.repeat(3000), vec![0; 500_000], noise[..5000].to_vec(), noise]
}

/// Compresses as a session does: as much as a write takes, again and again.
fn deflated(texts: &[&[u8]]) -> Vec<u8> {
    let mut deflater = Deflater::default();
    let mut plain = BytesMut::new();
    for text in texts {
        plain.extend_from_slice(text);
        deflater.end_piece(&plain);
    }
    let mut all = Vec::new();
    while !plain.is_empty() {
        deflater.take(&mut plain, 1);
        all.extend_from_slice(&deflater.wire.split());
    }
    assert!(deflater.bounds.is_empty());
    all
}

/// Inflates what comes in pieces of `piece` octets, into room for `room` octets; the most that was held, too.
fn inflated(wire: &[u8], piece: usize, room: usize) -> Result<Vec<u8>, Corrupt> {
    let mut inflater = Inflater::new(BytesMut::new());
    let mut all = Vec::new();
    for piece in wire.chunks(piece) {
        inflater.wire.extend_from_slice(piece);
        loop {
            let mut plain = BytesMut::new();
            let count = inflater.inflate(&mut plain, room)?;
            assert!(count == plain.len() && count <= room);
            all.extend_from_slice(&plain);
            if count == 0 {
                break;
            }
        }
        assert!(inflater.wire.is_empty(), "all that came was looked at");
    }
    Ok(all)
}

#[test]
fn what_goes_out_comes_back_whatever_the_chunks() {
    for text in texts() {
        let wire = deflated(&[&text]);
        for (piece, room) in [(1, 1), (1, 4096), (7, 3), (4096, 4096), (usize::MAX, 65536)] {
            if text.len() < 10_000 || piece > 1000 {
                assert!(inflated(&wire, piece, room).as_ref() == Ok(&text), "{} octets, {piece}, {room}", text.len());
            }
        }
    }
}

#[test]
fn a_reader_has_all_that_was_said_after_every_piece() {
    let mut deflater = Deflater::default();
    let mut inflater = Inflater::new(BytesMut::new());
    for text in texts().iter().filter(|text| !text.is_empty()) {
        let mut plain = BytesMut::from(text.as_slice());
        while !plain.is_empty() {
            deflater.take(&mut plain, usize::MAX);
        }
        inflater.wire.extend_from_slice(&deflater.wire.split());
        let mut heard = BytesMut::new();
        while inflater.inflate(&mut heard, 1 << 16).unwrap() > 0 {}
        assert!(heard == text.as_slice());
    }
}

#[test]
fn pieces_do_not_lean_on_each_other() {
    // A secret, and a guess that somebody else sent: the right guess must not make the wire shorter.
    let secret = b"BODY[] {40}\r\nLe mot de passe est Kx7-Qw93-Zr55-Tt.";
    let length = |guess: &[u8]| deflated(&[secret, guess]).len();
    assert_eq!(length(b"Le mot de passe est Kx7-Qw93-Zr55-Tt."), length(b"Le mot de passe est Kx7-Qw93-Zr55-Ta."));
    let wire = deflated(&[secret, secret]);
    assert_eq!(wire.len() % 2, 0);
    assert_eq!(wire[..wire.len() / 2], wire[wire.len() / 2..], "as if the other had not been there");
    // The compressor of this thread keeps nothing either.
    assert_eq!(deflated(&[secret]), deflated(&[secret]));
    let together = [secret.as_slice(), secret].concat();
    assert!(deflated(&[&together]).len() < wire.len() * 3 / 4, "the test can fail: together they would lean");
}

#[test]
fn a_bomb_is_inflated_as_far_as_there_is_room() {
    let zeros = vec![0; 8 << 20];
    let mut compressor = Compress::new(Compression::best(), false);
    let mut wire = Vec::with_capacity(64 << 10);
    compressor.compress_vec(&zeros, &mut wire, FlushCompress::Sync).unwrap();
    assert!(wire.len() < 10_000, "{}", wire.len());
    let mut inflater = Inflater::new(BytesMut::from(wire.as_slice()));
    let mut total = 0;
    loop {
        let mut plain = BytesMut::new();
        let count = inflater.inflate(&mut plain, 4096).unwrap();
        assert!(plain.len() <= 4096);
        if count == 0 {
            break;
        }
        total += count;
    }
    assert_eq!(total, zeros.len());
}

#[test]
fn what_is_no_deflate_is_found() {
    // A block of the kind that does not exist; a stored block whose length is wrong; plain commands.
    for wire in [b"\x07\x07".as_slice(), b"\x00\x05\x00\x05\x00hello", b"a NOOP\r\nb NOOP\r\nc NOOP\r\n"] {
        assert_eq!(inflated(wire, usize::MAX, 4096), Err(Corrupt), "{wire:?}");
    }
    // The end of the stream: all before it is heard, and nothing after it.
    let mut compressor = Compress::new(Compression::best(), false);
    let mut wire = Vec::with_capacity(1 << 10);
    compressor.compress_vec(TEXT, &mut wire, FlushCompress::Finish).unwrap();
    let mut inflater = Inflater::new(BytesMut::from(wire.as_slice()));
    let mut plain = BytesMut::new();
    assert_eq!(inflater.inflate(&mut plain, 4096), Ok(TEXT.len()));
    assert_eq!(inflater.inflate(&mut plain, 4096), Err(Corrupt));
}
