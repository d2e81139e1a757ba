//! THREAD (RFC 5256 §3): reads the keys of what a search finds, lets [`tree`] make the threads, writes them.

mod tree;

use super::answer::{Done, Outcome};
use super::search;
use super::serve::Context;
use super::session::SelectedMailbox;
use super::sort::{keys, sent};
use super::wire::sort::{ThreadAlgorithm, ThreadAsk};
use super::wire::write;
use crate::domain::messages::Sortable;
use tree::Threaded;

/// THREAD and UID THREAD.
pub(super) async fn thread(context: &mut Context<'_>, selected: &mut SelectedMailbox, ask: ThreadAsk) -> Outcome {
    let found = search::found_whole(context, selected, &ask.search).await?;
    let mut stored = keys(context, selected, &found.uids).await?;
    let snapshot = selected.view.snapshot();
    let entries = found.uids.iter().filter_map(|uid| snapshot.entry(*uid));
    let messages: Vec<Threaded> = entries
        .filter_map(|entry| {
            let stored: Sortable = stored.remove(&entry.uid)?;
            let sent = sent(entry, Some(&stored));
            Some(Threaded { uid: entry.uid, sent, keys: stored.keys, message_id: stored.message_id })
        })
        .collect();
    let threads = match ask.algorithm {
        ThreadAlgorithm::OrderedSubject => tree::by_subject(&messages),
        ThreadAlgorithm::References => tree::by_references(&messages),
    };
    let number = |message: usize| {
        let uid = messages.get(message)?.uid;
        search::numbers(selected, ask.search.numbers, &[uid]).first().copied()
    };
    write::threads(&mut context.client.out, &threads.numbered(number));
    context.client.drain().await?;
    Ok(Done::new("THREAD completed"))
}
