//! GETMETADATA and SETMETADATA (RFC 5464 §4), and the annotations that LIST tells (RFC 9590).

use bytes::BytesMut;

use super::answer::{Done, DoneCode, Failure, Outcome};
use super::mailboxes::find;
use super::serve::Context;
use super::session::Account;
use super::wire::metadata::{Annotated, GetMetadata, SetMetadata};
use super::wire::utf7::NameForm;
use super::wire::write::{self, Code};
use crate::domain::mailbox::Mailbox;
use crate::domain::metadata::{Annotation, AnnotationRefusal};

/// The mailbox that is meant; `None`: the server.
async fn meant(context: &mut Context<'_>, account: &Account, of: Annotated) -> Result<Option<Mailbox>, Failure> {
    match of {
        Annotated::Server => Ok(None),
        Annotated::Mailbox(name) => {
            let found = find(context, &account.user, name).await?;
            found.map(Some).ok_or_else(Failure::no_such_mailbox)
        }
    }
}

/// GETMETADATA (RFC 5464 §4.2).
pub(super) async fn get(context: &mut Context<'_>, account: &Account, of: Annotated, ask: &GetMetadata) -> Outcome {
    let mailbox = meant(context, account, of).await?;
    let found = context.gateway.annotations(&account.user, mailbox.as_ref(), &ask.names, ask.depth).await?;
    let name = mailbox.as_ref().map_or("", |mailbox| mailbox.name.as_str());
    let longest = write_found(&mut context.client.out, account.names, name, &found, ask);
    Ok(done(longest, "GETMETADATA completed"))
}

/// Tells what was found; gives the size of the longest value left out (RFC 5464 §4.2.1).
pub(super) fn write_found(
    out: &mut BytesMut,
    form: NameForm,
    name: &str,
    found: &[Annotation],
    ask: &GetMetadata,
) -> Option<u64> {
    let size = |annotation: &Annotation| annotation.value.as_ref().map_or(0, |value| value.len() as u64);
    let fits = |annotation: &&Annotation| ask.bytes_max.is_none_or(|max| size(annotation) <= max);
    let told = found.iter().filter(fits);
    write::metadata(out, form, name, told.map(|told| (told.name.as_str(), told.value.as_deref())));
    found.iter().filter(|annotation| !fits(annotation)).map(size).max()
}

/// OK, with the size of the longest value that was left out.
pub(super) fn done(longest: Option<u64>, text: &'static str) -> Done {
    match longest {
        Some(bytes) => Done::with(DoneCode::MetadataLongEntries(bytes), text),
        None => Done::new(text),
    }
}

/// SETMETADATA (RFC 5464 §4.3).
pub(super) async fn set(context: &mut Context<'_>, account: &Account, of: Annotated, ask: SetMetadata) -> Outcome {
    let mailbox = meant(context, account, of).await?;
    context.gateway.annotate(&account.user, mailbox.as_ref(), ask.values).await??;
    Ok(Done::new("SETMETADATA completed"))
}

impl From<AnnotationRefusal> for Failure {
    fn from(refusal: AnnotationRefusal) -> Self {
        match refusal {
            AnnotationRefusal::TooLarge(bytes_max) => {
                let bytes_max = u64::try_from(bytes_max).unwrap_or(u64::MAX);
                Self::refused(Code::MetadataMaxSize(bytes_max), "The value is too large")
            }
            AnnotationRefusal::TooMany => Self::refused(Code::MetadataTooMany, "There are too many entries"),
            AnnotationRefusal::NotYours => Self::refused(Code::NoPerm, "Shared entries are set by the administrator"),
            AnnotationRefusal::SpecialUse => {
                Self::refused(Code::UseAttr, "A mailbox is given its use when it is created")
            }
            AnnotationRefusal::NoSuchMailbox => Self::no_such_mailbox(),
        }
    }
}
