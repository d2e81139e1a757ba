//! An APPEND that breaks off leaves nothing, wherever it does: no message, no body, no file, no place taken; and a session
//! that panics takes nobody with it.

use std::fs;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use passerelle::connection::{Connection, Security, Start};
use passerelle::imap;
use passerelle::sasl::ChannelBindings;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf};
use tokio_util::sync::CancellationToken;

use crate::world::{PASSWORD, World};

/// What lies on the disk beside the database, and files without a name that this process holds open in the folder.
fn files(world: &World) -> (usize, usize) {
    let folder = &world.gateway.config.data_dir;
    let count = |folder: &std::path::Path| fs::read_dir(folder).map_or(0, Iterator::count);
    let nameless = fs::read_dir("/proc/self/fd").unwrap().filter(|entry| {
        let target = entry.as_ref().ok().and_then(|entry| fs::read_link(entry.path()).ok());
        target.is_some_and(|target| target.starts_with(folder) && target.to_string_lossy().ends_with(" (deleted)"))
    });
    (count(&folder.join("blobs")), nameless.count())
}

#[tokio::test]
async fn an_append_that_breaks_off_leaves_nothing() {
    let world = World::with(|config| config.store.blob_threshold_bytes = 4 << 10).await;
    let head = "Subject: coupure\r\n\r\n";
    let small = format!("{head}x\r\n");
    let large = format!("{head}{}\r\n", "une ligne de texte\r\n".repeat(20_000));
    let (s, l) = (small.len(), large.len());
    let first = format!("{head}{}\r\n", "premier message, entier\r\n".repeat(10_000));
    let whole = format!("APPEND INBOX {{{}+}}\r\n{first}", first.len());
    let starts = [
        format!("APPEND INBOX {{{s}+}}\r\n"),
        format!("APPEND INBOX {{{s}+}}\r\n{}", &small[..10]),
        format!("APPEND INBOX {{{s}+}}\r\n{small}"),
        format!("APPEND INBOX {{{l}+}}\r\n{}", &large[..l / 2]),
        format!("APPEND INBOX {{{l}+}}\r\n{}", &large[..l - 1]),
        format!("APPEND INBOX {{{l}+}}\r\n{large}"),
        format!("{whole} (\\Seen) {{{l}+}}\r\n{}", &large[..l / 2]),
        format!("{whole} (\\Seen) {{{l}+}}\r\n{large}"),
        format!("APPEND INBOX CATENATE (TEXT {{{l}+}}\r\n{large} TEXT {{{s}+}}\r\n{}", &small[..5]),
        format!("APPEND INBOX CATENATE (TEXT {{{l}+}}\r\n{large}"),
    ];
    for start in &starts {
        let mut zoe = world.imap_in_inbox("zoe.noir").await;
        zoe.sends(format!("a {start}")).await;
        zoe.hangs_up().await;
        assert_eq!(files(&world), (0, 0), "{}", start.lines().next().unwrap());
    }
    let mut zoe = world.imap_in_inbox("zoe.noir").await;
    assert_eq!(zoe.ok("STATUS INBOX (MESSAGES UIDNEXT)").await, ["* STATUS INBOX (MESSAGES 0 UIDNEXT 1)"]);
    assert!(zoe.ok("GETQUOTA \"\"").await[0].contains("(STORAGE 0 "), "nothing is counted");
    // Cut off from this side, in the middle of the octets: the same.
    zoe.sends(format!("a {}", starts[3])).await;
    let person = world.gateway.find_user("zoe.noir").await.unwrap().unwrap();
    world.gateway.suspend_user(&person.id, "test").await.unwrap();
    zoe.comes_to_its_end().await;
    assert_eq!(files(&world), (0, 0));
    // The test can fail: what arrives whole is kept.
    world.gateway.resume_user(&person.id).await.unwrap();
    let mut zoe = world.imap_in_inbox("zoe.noir").await;
    zoe.ok(&whole).await;
    assert_eq!(files(&world), (1, 0));
}

/// A stream that panics when it is read after so many octets.
struct Mine {
    stream: DuplexStream,
    octets_left: usize,
}

impl AsyncRead for Mine {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        room: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let before = room.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(context, room);
        let came = room.filled().len() - before;
        assert!(came <= self.octets_left, "the mine goes off");
        self.octets_left -= came;
        polled
    }
}

impl AsyncWrite for Mine {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, octets: &[u8]) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, octets)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[tokio::test]
async fn a_session_that_panics_takes_nobody_with_it() {
    let world = World::with(|config| config.imap.connections_per_user_max = 2).await;
    let mut other = world.imap_in_inbox("zoe.noir").await;
    let said = format!("a LOGIN zoe.noir \"{PASSWORD}\"\r\nb SELECT INBOX\r\nc APPEND INBOX {{100000+}}\r\n");
    for _ in 0..3 {
        let (mut ours, theirs) = tokio::io::duplex(1 << 20);
        let gateway = Arc::clone(&world.gateway);
        let session = tokio::spawn(async move {
            let (peer, stop) = ("192.0.2.1:5000".parse().unwrap(), CancellationToken::new());
            let connection =
                Connection { id: 9, peer, security: Security::Tls, bindings: ChannelBindings::default(), stop };
            let mine = Mine { stream: theirs, octets_left: 60_000 };
            drop(imap::run(gateway, &connection, Start::Greeting, mine).await);
        });
        ours.write_all(&[said.as_bytes(), &[b'x'; 90_000]].concat()).await.unwrap();
        assert!(session.await.unwrap_err().is_panic(), "within the message");
        assert_eq!(files(&world), (0, 0));
    }
    assert!(other.appends("INBOX", "Subject: x\r\n\r\nx").await.starts_with("OK"));
    let mut third = world.imap_in_inbox("zoe.noir").await;
    assert!(third.ok("SEARCH ALL").await == ["* SEARCH 1"], "the places of those that panicked are free again");
    assert_eq!(world.gateway.commands_running(), 0);
}
