//! PROTOCOL: IMAP (RFC 9051, RFC 3501). Runs one session on any byte stream.
//!
//! A command comes in by `client` (framed by `wire`), is looked up in the table of `session`, and goes to the file of its
//! family; its answer is written by `wire::write` into `outbox`, which `client` sends. What the client knows of its
//! mailbox is in `view`, which also says what to tell it before each tagged answer.
//!
//! | file | commands |
//! | --- | --- |
//! | `auth` | LOGIN, AUTHENTICATE, UNAUTHENTICATE, ENABLE, ID |
//! | `compress` | COMPRESS (`deflate` does it) |
//! | `mailboxes` | SELECT, EXAMINE, CREATE, DELETE, RENAME, SUBSCRIBE, STATUS, quota |
//! | `listing` | LIST, LSUB (`list` decides which) |
//! | `acl` | MYRIGHTS, GETACL, LISTRIGHTS, SETACL, DELETEACL |
//! | `metadata` | GETMETADATA, SETMETADATA |
//! | `append` | APPEND, REPLACE (`catenate` finds what a URL means) |
//! | `fetch` | FETCH (`section` finds what `BODY[…]` means, `binary` decodes) |
//! | `flags` | STORE |
//! | `copy` | COPY, MOVE, EXPUNGE, CLOSE, UNSELECT |
//! | `search` | SEARCH |
//! | `sort`, `thread` | SORT, THREAD, of what `search` finds |
//! | `recall` | COPY and MOVE to the mailbox that takes back what was sent |
//! | `qresync` | what a client that was away has missed: SELECT (QRESYNC …), VANISHED |
//! | `idle` | IDLE |
//! | `notify` | NOTIFY: what a client hears of its other mailboxes, and between commands |
//! | `contexts` | searches that are kept up to date, CANCELUPDATE |
//! | `multisearch` | ESEARCH: several mailboxes at once |
//! | `uid_batches` | UIDBATCHES |
//!
//! Where an answer has two forms, `modes` says which one this client has chosen. `message_limit` says how many messages one
//! command may work on.
//! `counted` says as what metrics count a command.
//! `progress` tells those who wait that a command goes on; `background` puts off downloads that nobody waits for.

mod acl;
mod answer;
mod append;
mod auth;
mod background;
mod binary;
mod catenate;
mod client;
mod compress;
mod contexts;
mod copy;
mod counted;
mod deflate;
mod fetch;
mod flags;
mod idle;
mod list;
mod listing;
mod mailboxes;
mod message_limit;
mod metadata;
mod modes;
mod multisearch;
mod notify;
mod outbox;
mod progress;
mod qresync;
mod recall;
mod search;
mod section;
mod serve;
pub mod session;
mod sort;
mod thread;
mod uid_batches;
mod updates;
pub mod view;
pub mod wire;

use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};

use crate::connection::{Connection, Ended, Start};
use crate::domain::Gateway;
use answer::End;

/// Serves one client until it leaves, is sent away, or wants TLS.
pub async fn run<S>(gateway: Arc<Gateway>, connection: &Connection, start: Start, mut stream: S) -> Ended<S>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + Sync,
{
    match serve::Session::new(&gateway, connection, &mut stream).run(start).await {
        End::StartTls => Ended::StartTls(stream),
        End::Said | End::Lost | End::Bye(_) => Ended::Closed,
    }
}
