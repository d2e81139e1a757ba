//! COMPRESS (RFC 4978) against those who abuse it: bombs, nonsense, commands slipped in before the OK.

use flate2::{Compress, Compression, Decompress, FlushCompress};

use crate::client::{Demo, imap};
use crate::support::deflate::{deflated, inflated};
use crate::world::{Client, World};

/// A client that compresses by hand.
struct Wire {
    client: Client,
    deflate: Compress,
    inflate: Decompress,
}

impl Wire {
    async fn of(world: &World) -> Self {
        let mut client = world.imap_in_inbox("zoe.noir").await;
        client.ok("COMPRESS DEFLATE").await;
        let deflate = Compress::new(Compression::best(), false);
        Self { client, deflate, inflate: Decompress::new(false) }
    }

    async fn says(&mut self, plain: &[u8]) {
        let wire = deflated(&mut self.deflate, plain);
        self.client.sends(wire).await;
    }

    /// What the server says until it says `end`, or closes.
    async fn hears(&mut self, end: &str) -> String {
        let mut heard = Vec::new();
        while !String::from_utf8_lossy(&heard).contains(end) {
            let Some(octets) = self.client.octets().await else { break };
            heard.extend(inflated(&mut self.inflate, &octets));
        }
        String::from_utf8(heard).unwrap()
    }
}

#[tokio::test]
async fn nonsense_is_told_and_the_connection_closed() {
    let world = World::new().await;
    for nonsense in [b"\x07\x07\x07".as_slice(), b"a NOOP\r\nb NOOP\r\nc NOOP\r\n", b"\x00\x05\x00\x05\x00hello"] {
        let mut zoe = Wire::of(&world).await;
        zoe.says(b"a NOOP\r\n").await;
        assert_eq!(zoe.hears("a OK").await, "a OK NOOP completed\r\n");
        zoe.client.sends(nonsense).await;
        let last = zoe.hears("never").await;
        assert!(last.starts_with("* BYE [CLIENTBUG] ") && last.ends_with("\r\n"), "{last}");
    }
    // A stream that ends is heard to its end, in a command as well as behind one.
    for (last, answer) in [(b"a NOOP\r\n".as_slice(), "a OK NOOP completed\r\n"), (b"a NOO", "")] {
        let mut zoe = Wire::of(&world).await;
        let mut wire = Vec::with_capacity(100);
        zoe.deflate.compress_vec(last, &mut wire, FlushCompress::Finish).unwrap();
        zoe.client.sends(wire).await;
        let heard = zoe.hears("never").await;
        assert!(heard.starts_with(&format!("{answer}* BYE [CLIENTBUG] ")), "{heard}");
    }
    let mut zoe = world.imap_in_inbox("zoe.noir").await;
    assert_eq!(zoe.says("NOOP").await, ["OK NOOP completed"], "nobody else is concerned");
}

/// RFC 4978 §3: the client must wait for the answer. What it sends too early is never taken for a plain command.
#[tokio::test]
async fn nothing_is_slipped_in_before_the_answer() {
    let world = World::new().await;
    let mut zoe = world.imap_in_inbox("zoe.noir").await;
    zoe.appends("INBOX", "From: a@ent.test\r\n\r\nx").await;
    zoe.sends("a COMPRESS DEFLATE\r\nb STORE 1 +FLAGS (\\Deleted)\r\nc EXPUNGE\r\n").await;
    assert_eq!(zoe.line().await, "a OK DEFLATE begins now");
    let (mut heard, mut inflate) = (Vec::new(), Decompress::new(false));
    while let Some(octets) = zoe.octets().await {
        heard.extend(inflated(&mut inflate, &octets));
    }
    let heard = String::from_utf8(heard).unwrap();
    assert!(heard.starts_with("* BYE [CLIENTBUG] "), "{heard}");
    let mut zoe = world.imap_in_inbox("zoe.noir").await;
    assert_eq!(zoe.ok("FETCH 1 FLAGS").await, ["* 1 FETCH (FLAGS ())"]);
    // Octets that are compressed, and came too early, are what they are.
    let mut deflate = Compress::new(Compression::best(), false);
    let early = [b"a COMPRESS DEFLATE\r\n".as_slice(), &deflated(&mut deflate, b"b NOOP\r\n")].concat();
    zoe.sends(early).await;
    assert_eq!(zoe.line().await, "a OK DEFLATE begins now");
    let octets = zoe.octets().await.unwrap();
    assert_eq!(inflated(&mut Decompress::new(false), &octets), b"b OK NOOP completed\r\n");
}

/// What a few octets stand for meets the same limits as what many octets say.
#[tokio::test]
async fn a_bomb_meets_the_limits_of_input() {
    let world = World::with(|config| config.imap.append_bytes_max = 1 << 20).await;
    let mut zoe = Wire::of(&world).await;
    let long = [b"a NOOP ".as_slice(), &vec![b'x'; 20 << 20], b"\r\nb NOOP\r\n"].concat();
    zoe.says(&long).await;
    assert_eq!(zoe.hears("b OK").await, "a BAD Command line too long\r\nb OK NOOP completed\r\n");
    let message = [b"c APPEND INBOX {20971520+}\r\n".as_slice(), &vec![b'x'; 20 << 20], b"\r\nd NOOP\r\n"].concat();
    zoe.says(&message).await;
    let heard = zoe.hears("d OK").await;
    assert!(heard.starts_with("c NO [TOOBIG] "), "{heard}");
    let literal = [b"e LOGIN {20971520+}\r\n".as_slice(), &vec![b'x'; 20 << 20], b" x\r\nf NOOP\r\n"].concat();
    zoe.says(&literal).await;
    let heard = zoe.hears("f OK").await;
    assert!(heard.starts_with("e BAD Literal too large"), "{heard}");
}

fn resident_kib(demo: &Demo, what: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", demo.child.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(what)).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Sessions that compress, each with a bomb of 100 MiB in its socket, and nobody who reads the answers.
#[test]
fn memory_does_not_grow_with_bombs() {
    let folder = tempfile::TempDir::new().unwrap();
    let demo = Demo::start(folder.path(), None, 4);
    let before = resident_kib(&demo, "VmHWM:");
    let mut deflate = Compress::new(Compression::best(), false);
    let bomb = deflated(&mut deflate, &[b"a NOOP ".as_slice(), &vec![b'x'; 100 << 20], b"\r\n"].concat());
    assert!(bomb.len() < 200_000, "{}", bomb.len());
    let mut held: Vec<_> = (0..20)
        .map(|_| {
            let mut client = imap(demo.imap, "u0001", "secret");
            client.must("EXAMINE INBOX");
            client.must("COMPRESS DEFLATE");
            client.send(&bomb).unwrap();
            client
        })
        .collect();
    // All of it has been through when the answer comes.
    for client in &mut held {
        let mut octet = [0; 1];
        std::io::Read::read_exact(client.raw(), &mut octet).unwrap();
    }
    let grown = resident_kib(&demo, "VmHWM:") - before;
    assert!(grown < 30 << 10, "{grown} KiB for 20 sessions that inflated 2 GB");
}
