//! The URLs of CATENATE (RFC 4469 §3): octets of the person's own messages, copied piece by piece.

use std::ops::Range;

use super::answer::Failure;
use super::fetch::{PIECE_BYTES, read};
use super::section::{self, Source};
use super::serve::Context;
use super::session::SessionState;
use super::wire::command::Partial;
use super::wire::url::{MessageUrl, UrlMailbox};
use crate::domain::messages::{Fetched, Need};
use crate::domain::spool::Spool;
use crate::mime;
use crate::model::{MailboxId, User};

/// What a URL means.
pub(super) enum Piece {
    Octets { message: Box<Fetched>, range: Range<u64> },
    Fields(Vec<u8>),
}

/// Finds the octets that a URL names, or refuses it as it was given.
pub(super) async fn find(
    context: &mut Context<'_>,
    user: &User,
    state: &SessionState,
    text: &str,
) -> Result<Piece, Failure> {
    let bad = || Failure::BadUrl(text.to_owned());
    let url = MessageUrl::parse(text).ok_or_else(bad)?;
    let mailbox = mailbox(context, user, state, &url).await?.ok_or_else(bad)?;
    let need = Need { parts: true, header: true, body: true, ..Need::default() };
    let message = context.gateway.fetch(mailbox, &[url.uid], need).await?.into_iter().next().ok_or_else(bad)?;
    piece(context, message, &url).await?.ok_or_else(bad)
}

/// The mailbox; `None` where it has gone, or is another one by now.
async fn mailbox(
    context: &mut Context<'_>,
    user: &User,
    state: &SessionState,
    url: &MessageUrl,
) -> Result<Option<MailboxId>, Failure> {
    let found = match (&url.mailbox, state) {
        (UrlMailbox::Named(name), _) => {
            let found = context.gateway.mailbox(user, name).await?;
            found.map(|mailbox| (mailbox.id, mailbox.uid_validity))
        }
        (UrlMailbox::Selected, SessionState::Selected(_, selected)) => {
            Some((selected.mailbox.id, selected.mailbox.uid_validity))
        }
        (UrlMailbox::Selected, _) => None,
    };
    let valid = |valid| url.uid_validity.is_none_or(|wanted| wanted == valid);
    Ok(found.filter(|(_, uid_validity)| valid(*uid_validity)).map(|(id, _)| id))
}

async fn piece(context: &mut Context<'_>, message: Fetched, url: &MessageUrl) -> Result<Option<Piece>, Failure> {
    let content = &message.content;
    let header_size = u64::try_from(content.header.len()).unwrap_or(u64::MAX);
    let partial = url.partial.map(|(offset, count)| Partial { offset, count: count.unwrap_or(u64::MAX) });
    Ok(match section::find(&url.section, &message.parts, header_size, content.size) {
        Source::Missing => None,
        Source::Octets(range) => {
            let range = section::cut(range, partial);
            Some(Piece::Octets { range, message: Box::new(message) })
        }
        Source::Fields { header, names, wanted } => {
            let header = read(context, content, header).await?;
            let fields = mime::header_fields(&header, names, wanted);
            let kept = section::cut(0..u64::try_from(fields.len()).unwrap_or(u64::MAX), partial);
            let kept = usize::try_from(kept.start).unwrap_or(0)..usize::try_from(kept.end).unwrap_or(0);
            Some(Piece::Fields(fields.get(kept).unwrap_or_default().to_vec()))
        }
    })
}

impl Piece {
    /// Octets.
    pub(super) fn size(&self) -> u64 {
        match self {
            Self::Octets { range, .. } => range.end.saturating_sub(range.start),
            Self::Fields(fields) => u64::try_from(fields.len()).unwrap_or(u64::MAX),
        }
    }

    /// Copies them to the end of `spool`.
    pub(super) async fn copy(self, context: &mut Context<'_>, spool: &mut Spool) -> Result<(), Failure> {
        match self {
            Self::Fields(fields) => spool.write(&fields).await?,
            Self::Octets { message, range } => {
                let mut at = range.start;
                while at < range.end {
                    let next = range.end.min(at + PIECE_BYTES);
                    let octets = read(context, &message.content, at..next).await?;
                    spool.write(&octets).await?;
                    at = next;
                    context.still_working().await?;
                }
            }
        }
        Ok(())
    }
}
