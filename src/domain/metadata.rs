//! Annotations (RFC 5464): notes that a person's clients keep about mailboxes and about the server. What is `/private` is
//! the person's own; what is `/shared` comes from the settings and cannot be set.

use super::mailbox::Mailbox;
use super::{Fault, Gateway};
use crate::model::{AnnotationName, AnnotationScope, MailboxId, SpecialUse, User};
use crate::store::Durability;
use crate::store::annotation::{Annotated, AnnotationRow, NewAnnotations, all_annotations, annotate, annotations};

/// How to reach the administrator (RFC 5464 §6.2.1).
const ADMIN: &str = "/shared/admin";
/// What a mailbox is for (RFC 6154 §4).
const SPECIAL_USE: &str = "/private/specialuse";

/// An annotation. `value`: `None` where it was asked for and there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annotation {
    pub name: AnnotationName,
    pub value: Option<Vec<u8>>,
}

/// Where an annotation stands, and a hash of its value: enough to tell which ones have changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnnotationMark {
    /// `None`: the server.
    pub mailbox: Option<MailboxId>,
    pub name: AnnotationName,
    pub hash: [u8; 32],
}

/// How far below the names that are asked for (RFC 5464 §4.2.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Depth {
    /// Themselves only.
    #[default]
    Zero,
    /// And one level.
    One,
    Infinity,
}

/// Why annotations are not set; nothing was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnnotationRefusal {
    /// One is larger than this many octets.
    TooLarge(usize),
    TooMany,
    /// `/shared`.
    NotYours,
    /// What a mailbox is for is said when it is created.
    SpecialUse,
    NoSuchMailbox,
}

impl Gateway {
    /// What `names` mean in a mailbox of the person, or (`None`) on the server: each, where it is asked for by itself,
    /// and what lies below it to the depth.
    pub async fn annotations(
        &self,
        user: &User,
        mailbox: Option<&Mailbox>,
        names: &[AnnotationName],
        depth: Depth,
    ) -> Result<Vec<Annotation>, Fault> {
        let asked = (user.id.clone(), mailbox.map(|mailbox| mailbox.id));
        let rows = self.store.read(asked, |tx, asked| Box::pin(annotations(tx, asked))).await?;
        Ok(chosen(&self.known(mailbox, rows.iter()), names, depth))
    }

    /// The same for many mailboxes, by one query, each with what was found there.
    pub async fn annotations_of(
        &self,
        user: &User,
        mailboxes: &[&Mailbox],
        names: &[AnnotationName],
        depth: Depth,
    ) -> Result<Vec<(MailboxId, Vec<Annotation>)>, Fault> {
        let rows = self.store.read(user.id.clone(), |tx, user| Box::pin(all_annotations(tx, user))).await?;
        let of = |mailbox: &Mailbox| {
            // Rows come by mailbox.
            let start = rows.partition_point(|row| row.mailbox < Some(mailbox.id));
            let end = rows.partition_point(|row| row.mailbox <= Some(mailbox.id));
            let known = self.known(Some(mailbox), rows.get(start..end).unwrap_or_default().iter());
            (mailbox.id, chosen(&known, names, depth))
        };
        Ok(mailboxes.iter().map(|mailbox| of(mailbox)).collect())
    }

    /// All annotations that the person has set, by mailbox and name.
    pub async fn annotation_marks(&self, user: &User) -> Result<Vec<AnnotationMark>, Fault> {
        let rows = self.store.read(user.id.clone(), |tx, user| Box::pin(all_annotations(tx, user))).await?;
        let mark = |row: AnnotationRow| AnnotationMark {
            mailbox: row.mailbox,
            name: row.name,
            hash: *blake3::hash(&row.value).as_bytes(),
        };
        Ok(rows.into_iter().map(mark).collect())
    }

    /// Sets annotations of a mailbox, or of the server, all or none; `None` removes one.
    pub async fn annotate(
        &self,
        user: &User,
        mailbox: Option<&Mailbox>,
        values: Vec<(AnnotationName, Option<Vec<u8>>)>,
    ) -> Result<Result<(), AnnotationRefusal>, Fault> {
        let config = &self.config.mailboxes;
        for (name, value) in &values {
            if name.scope() == AnnotationScope::Shared {
                return Ok(Err(AnnotationRefusal::NotYours));
            }
            if mailbox.is_some() && name.as_str().eq_ignore_ascii_case(SPECIAL_USE) {
                return Ok(Err(AnnotationRefusal::SpecialUse));
            }
            if value.as_ref().is_some_and(|value| value.len() > config.annotation_bytes_max) {
                return Ok(Err(AnnotationRefusal::TooLarge(config.annotation_bytes_max)));
            }
        }
        let mailbox = mailbox.map(|mailbox| mailbox.id);
        let new = NewAnnotations {
            user: user.id.clone(),
            mailbox,
            values,
            per_mailbox_max: config.annotations_per_mailbox_max,
            per_user_max: config.annotations_per_user_max,
        };
        Ok(match self.store.write(Durability::Synced, new, |tx, new| Box::pin(annotate(tx, new))).await? {
            Annotated::Done => {
                self.changed(mailbox.as_slice());
                self.changed_person(&user.id);
                Ok(())
            }
            Annotated::TooMany => Err(AnnotationRefusal::TooMany),
            Annotated::NoSuchMailbox => Err(AnnotationRefusal::NoSuchMailbox),
        })
    }

    /// Those kept, and those that the server knows by itself.
    fn known<'r>(
        &self,
        mailbox: Option<&Mailbox>,
        kept: impl Iterator<Item = &'r AnnotationRow>,
    ) -> Vec<(AnnotationName, Vec<u8>)> {
        let mut known: Vec<_> = kept.map(|row| (row.name.clone(), row.value.clone())).collect();
        let own = match mailbox {
            Some(mailbox) => (SPECIAL_USE, mailbox.special_use.and_then(SpecialUse::attribute)),
            None => (ADMIN, self.config.public.admin_contact.as_deref()),
        };
        if let (name, Some(value)) = own {
            known.push((AnnotationName::from_store(name.to_owned()), value.as_bytes().to_vec()));
        }
        known
    }
}

/// What of `known` the names mean, each once, in the order asked.
fn chosen(known: &[(AnnotationName, Vec<u8>)], names: &[AnnotationName], depth: Depth) -> Vec<Annotation> {
    let mut chosen: Vec<Annotation> = Vec::new();
    for asked in names {
        let wanted = known.iter().filter(|(name, _)| match (name.depth_below(asked), depth) {
            (Some(0), _) | (Some(1), Depth::One) | (Some(_), Depth::Infinity) => true,
            (Some(_), _) | (None, _) => false,
        });
        let before = chosen.len();
        for (name, value) in wanted {
            if !chosen.iter().any(|there| there.name == *name) {
                // Named by itself, it is told as it was named.
                let name = if name == asked { asked } else { name };
                chosen.push(Annotation { name: name.clone(), value: Some(value.clone()) });
            }
        }
        let none = chosen.len() == before && depth == Depth::Zero && asked.names_one();
        if none && !chosen.iter().any(|there| there.name == *asked) {
            chosen.push(Annotation { name: asked.clone(), value: None });
        }
    }
    chosen
}
