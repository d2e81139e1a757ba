//! The spool by itself: where the header ends, what is gathered, what is left.

use proptest::prelude::*;

use super::*;

fn limits(folder: &Path, memory_bytes_max: usize) -> Limits {
    Limits { folder: Arc::from(folder), header_bytes_max: 64, memory_bytes_max }
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work)
}

/// Spools `message` in pieces of `piece` octets.
async fn spool(folder: &Path, memory: usize, message: &[u8], piece: usize) -> Spooled {
    let mut spool = Spool::new(limits(folder, memory));
    for octets in message.chunks(piece.max(1)) {
        spool.write(octets).await.unwrap();
    }
    assert_eq!(spool.size(), message.len() as u64);
    spool.finish().await.unwrap()
}

#[test]
fn header_ends_at_the_empty_line() {
    let folder = tempfile::tempdir().unwrap();
    let cases: [(&[u8], &[u8]); 6] = [
        (b"A: b\r\n\r\n", b"body\r\n\r\nmore"),
        (b"A: b\n\n", b"body"),
        (b"\r\n", b"body"),
        (b"A: b\r\n", b""),
        (b"", b""),
        (b"A: b\r\n c\r\n\r\n", b"\r\n"),
    ];
    for (header, body) in cases {
        let message = [header, body].concat();
        for piece in 1..=message.len().max(1) {
            let spooled = block_on(spool(folder.path(), 4, &message, piece));
            assert_eq!(spooled.header, header, "{piece}");
            assert!(spooled.header_is_whole);
            assert_eq!(spooled.body.read_behind(b"").unwrap(), body);
            assert_eq!(spooled.body_hash, *blake3::hash(body).as_bytes());
        }
    }
}

#[test]
fn header_above_its_limit_goes_on_in_the_body() {
    let folder = tempfile::tempdir().unwrap();
    let message = [b"X: ".as_slice(), &[b'x'; 100], b"\r\n\r\nbody"].concat();
    for piece in [1, 7, 63, 64, 65, 200] {
        let spooled = block_on(spool(folder.path(), 16, &message, piece));
        assert_eq!(spooled.header.len(), 64);
        assert!(!spooled.header_is_whole);
        assert_eq!(spooled.body.read_behind(&spooled.header).unwrap(), message);
    }
}

#[test]
fn memory_is_bounded_and_nothing_is_left() {
    let folder = tempfile::tempdir().unwrap();
    block_on(async {
        let mut spool = Spool::new(limits(folder.path(), 1000));
        spool.write(b"A: b\r\n\r\n").await.unwrap();
        for _ in 0..64 {
            spool.write(&[7; 65_536]).await.unwrap();
            assert!(spool.buffer.len() <= WRITE_BYTES);
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "the file has no name");
    });
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn an_unwritable_spool_is_a_fault_and_stays_one() {
    let folder = tempfile::tempdir().unwrap();
    let gone = folder.path().join("gone");
    block_on(async {
        let mut spool = Spool::new(limits(&gone, 4));
        assert!(matches!(spool.write(b"\r\ntoo much for memory").await, Err(Fault::Spool(_))));
        std::fs::create_dir(&gone).unwrap();
        assert!(matches!(spool.finish().await, Err(Fault::Spool(_))));
    });
}

proptest! {
    #[test]
    fn octets_come_out_as_they_went_in(
        message in proptest::collection::vec(prop_oneof![Just(b'\r'), Just(b'\n'), any::<u8>()], 0..400),
        piece in 1_usize..50,
        memory in 0_usize..100,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let spooled = block_on(spool(folder.path(), memory, &message, piece));
        prop_assert_eq!(spooled.size(), message.len() as u64);
        prop_assert_eq!(spooled.body.read_behind(&spooled.header).unwrap(), message);
    }
}
