//! imap-types' commands as ours. `None`: not offered, or refused on purpose, each with its reason.

use imap_types::command::{CommandBody as TheirBody, FetchModifier, SelectParameter, StoreModifier};
use imap_types::core::LiteralMode;
use imap_types::core::{AString, IString};
use imap_types::datetime::NaiveDate;
use imap_types::extensions::binary::LiteralOrLiteral8;
use imap_types::fetch::{Macro, MacroOrMessageDataItemNames, MessageDataItemName, Part, Section as TheirSection};
use imap_types::flag::{Flag, StoreResponse, StoreType};
use imap_types::mailbox::{ListMailbox, Mailbox};
use imap_types::search::SearchKey as TheirKey;
use imap_types::sequence::{SeqOrUid, Sequence, SequenceSet as TheirSet};
use imap_types::status::StatusDataItemName;
use passerelle::imap::wire::append::{AppendHead, AppendItem, AppendLine, MessageLiteral};
use passerelle::imap::wire::command::*;
use passerelle::imap::wire::utf7::{self, NameForm};
use passerelle::model::{Flags, ModSeq, Secret, SystemFlag, Timestamp};

use super::{Said, Theirs};

/// The whole command.
pub(super) fn said(command: &Theirs<'_>) -> Option<Said> {
    let message = match &command.body {
        TheirBody::Append { message: LiteralOrLiteral8::Literal(literal), .. } => literal.as_ref().to_vec(),
        TheirBody::Append { message: LiteralOrLiteral8::Literal8(literal), .. } => literal.data.to_vec(),
        _ => Vec::new(),
    };
    let tag = command.tag.inner().to_owned();
    Some(Said { command: Command { tag, body: body(&command.body)? }, message })
}

fn body(theirs: &TheirBody<'_>) -> Option<CommandBody> {
    Some(match theirs {
        TheirBody::Capability => CommandBody::Capability,
        TheirBody::Noop => CommandBody::Noop,
        TheirBody::Logout => CommandBody::Logout,
        TheirBody::StartTLS => CommandBody::StartTls,
        TheirBody::Namespace => CommandBody::Namespace,
        TheirBody::Idle => CommandBody::Idle,
        TheirBody::Check => CommandBody::Check,
        TheirBody::Close => CommandBody::Close,
        TheirBody::Unselect => CommandBody::Unselect,
        TheirBody::Expunge => CommandBody::Expunge { uids: None },
        TheirBody::ExpungeUid { sequence_set } => CommandBody::Expunge { uids: Some(set(sequence_set)) },
        TheirBody::Authenticate { mechanism, initial_response } => CommandBody::Authenticate {
            mechanism: mechanism.to_string().to_uppercase(),
            initial: initial_response.as_ref().map(|initial| Secret::new(initial.declassify().to_vec())),
        },
        TheirBody::Login { username, password } => CommandBody::Login {
            name: Secret::new(username.as_ref()),
            password: Secret::new(password.declassify().as_ref()),
        },
        TheirBody::Enable { capabilities } => {
            CommandBody::Enable(capabilities.as_ref().iter().map(|word| word.to_string().to_uppercase()).collect())
        }
        TheirBody::Id { parameters } => CommandBody::Id(parameters.as_ref().map(|fields| {
            let lossy = |value: &IString<'_>| String::from_utf8_lossy(value.as_ref()).into_owned();
            fields.iter().map(|(key, value)| (lossy(key).to_lowercase(), value.0.as_ref().map(lossy))).collect()
        })),
        TheirBody::Append { .. } => CommandBody::Append(append(theirs)?),
        TheirBody::Copy { sequence_set, mailbox, uid } => {
            CommandBody::Copy { set: set(sequence_set), numbers: numbers(*uid), mailbox: name(mailbox)? }
        }
        TheirBody::Move { sequence_set, mailbox, uid } => {
            CommandBody::Move { set: set(sequence_set), numbers: numbers(*uid), mailbox: name(mailbox)? }
        }
        TheirBody::Store { .. } => CommandBody::Store(store(theirs)?),
        TheirBody::Fetch { .. } => CommandBody::Fetch(fetch(theirs)?),
        TheirBody::Search { .. } => CommandBody::Search(search(theirs)?),
        _ => about_mailboxes(theirs)?,
    })
}

fn about_mailboxes(theirs: &TheirBody<'_>) -> Option<CommandBody> {
    Some(match theirs {
        TheirBody::Select { mailbox, parameters } => select(mailbox, parameters, Access::ReadWrite)?,
        TheirBody::Examine { mailbox, parameters } => select(mailbox, parameters, Access::ReadOnly)?,
        TheirBody::Create { mailbox } => CommandBody::Create { mailbox: name(mailbox)?, uses: Vec::new() },
        TheirBody::Delete { mailbox } => CommandBody::Delete(name(mailbox)?),
        TheirBody::Rename { from, to } => CommandBody::Rename { from: name(from)?, to: name(to)? },
        TheirBody::Subscribe { mailbox } => CommandBody::Subscribe(name(mailbox)?),
        TheirBody::Unsubscribe { mailbox } => CommandBody::Unsubscribe(name(mailbox)?),
        TheirBody::List { reference, mailbox_wildcard } => CommandBody::List(List {
            reference: reference_text(reference)?,
            patterns: vec![pattern(mailbox_wildcard)?],
            ..List::default()
        }),
        TheirBody::Lsub { reference, mailbox_wildcard } => {
            CommandBody::Lsub { reference: reference_text(reference)?, pattern: pattern(mailbox_wildcard)? }
        }
        TheirBody::Status { mailbox, item_names } => CommandBody::Status {
            mailbox: name(mailbox)?,
            items: some(item_names.iter().map(status_item).collect::<Option<Vec<_>>>()?)?,
        },
        TheirBody::GetQuota { root } => CommandBody::GetQuota { root: text(root.as_ref())? },
        TheirBody::GetQuotaRoot { mailbox } => CommandBody::GetQuotaRoot(name(mailbox)?),
        // Numbers have 63 bits.
        TheirBody::SetQuota { quotas, .. } => {
            quotas.iter().all(|quota| i64::try_from(quota.limit).is_ok()).then_some(CommandBody::SetQuota)?
        }
        // Not offered: SORT, THREAD, COMPRESS, METADATA.
        _ => return None,
    })
}

fn append(theirs: &TheirBody<'_>) -> Option<AppendHead> {
    let TheirBody::Append { mailbox, flags: given, date, message } = theirs else { return None };
    let (octets, mode, binary) = match message {
        LiteralOrLiteral8::Literal(literal) => (literal.as_ref().len(), literal.mode(), false),
        LiteralOrLiteral8::Literal8(literal) => (literal.data.len(), literal.mode, true),
    };
    let date = date.as_ref().map(|date| Timestamp::from_seconds(date.as_ref().timestamp()));
    let non_synchronizing = mode == LiteralMode::NonSync;
    Some(AppendHead {
        mailbox: name(mailbox)?,
        replaces: None,
        line: AppendLine {
            items: vec![AppendItem::Message { flags: flags(given)?, date }],
            literal: Some(MessageLiteral { size: octets as u64, non_synchronizing, binary }),
        },
    })
}

fn select(mailbox: &Mailbox<'_>, parameters: &[SelectParameter], access: Access) -> Option<CommandBody> {
    // QRESYNC is not offered.
    let condstore = |parameter: &SelectParameter| *parameter == SelectParameter::CondStore;
    parameters.iter().all(condstore).then_some(())?;
    Some(CommandBody::Select { mailbox: name(mailbox)?, access, condstore: !parameters.is_empty(), qresync: None })
}

fn store(theirs: &TheirBody<'_>) -> Option<Store> {
    let TheirBody::Store { sequence_set, kind, response, flags: given, uid, modifiers } = theirs else { return None };
    let unchanged_since = match modifiers.as_slice() {
        [] => None,
        [StoreModifier::UnchangedSince(mod_seq)] => Some(ModSeq(i64::try_from(*mod_seq).ok()?)),
        _ => return None,
    };
    Some(Store {
        set: set(sequence_set),
        numbers: numbers(*uid),
        change: match kind {
            StoreType::Replace => FlagsChange::Replace,
            StoreType::Add => FlagsChange::Add,
            StoreType::Remove => FlagsChange::Remove,
        },
        silent: *response == StoreResponse::Silent,
        flags: flags(given)?,
        unchanged_since,
    })
}

fn fetch(theirs: &TheirBody<'_>) -> Option<Fetch> {
    let TheirBody::Fetch { sequence_set, macro_or_item_names, uid, modifiers } = theirs else { return None };
    let fast = [FetchItem::Flags, FetchItem::InternalDate, FetchItem::Size];
    let items = match macro_or_item_names {
        MacroOrMessageDataItemNames::Macro(Macro::Fast) => fast.to_vec(),
        MacroOrMessageDataItemNames::Macro(Macro::All) => [&fast[..], &[FetchItem::Envelope]].concat(),
        MacroOrMessageDataItemNames::Macro(Macro::Full) => {
            [&fast[..], &[FetchItem::Envelope, FetchItem::Body]].concat()
        }
        MacroOrMessageDataItemNames::MessageDataItemNames(names) => {
            some(names.iter().map(fetch_item).collect::<Option<Vec<_>>>()?)?
        }
        _ => return None,
    };
    let changed_since = match modifiers.as_slice() {
        [] => None,
        [FetchModifier::ChangedSince(mod_seq)] => Some(ModSeq(i64::try_from(mod_seq.get()).ok()?)),
        // VANISHED belongs to QRESYNC.
        _ => return None,
    };
    Some(Fetch { set: set(sequence_set), numbers: numbers(*uid), items, changed_since, vanished: false, partial: None })
}

fn fetch_item(theirs: &MessageDataItemName<'_>) -> Option<FetchItem> {
    Some(match theirs {
        MessageDataItemName::Body => FetchItem::Body,
        MessageDataItemName::BodyExt { section: given, partial, peek } => FetchItem::Section {
            section: match given {
                Some(given) => section(given)?,
                None => Section::default(),
            },
            peek: *peek,
            partial: partial.map(|(offset, count)| Partial { offset: offset.into(), count: count.get().into() }),
        },
        MessageDataItemName::BodyStructure => FetchItem::BodyStructure,
        MessageDataItemName::Envelope => FetchItem::Envelope,
        MessageDataItemName::Flags => FetchItem::Flags,
        MessageDataItemName::InternalDate => FetchItem::InternalDate,
        MessageDataItemName::Rfc822 => FetchItem::Rfc822(Rfc822::Whole),
        MessageDataItemName::Rfc822Header => FetchItem::Rfc822(Rfc822::Header),
        MessageDataItemName::Rfc822Text => FetchItem::Rfc822(Rfc822::Text),
        MessageDataItemName::Rfc822Size => FetchItem::Size,
        MessageDataItemName::Uid => FetchItem::Uid,
        MessageDataItemName::ModSeq => FetchItem::ModSeq,
        // BINARY is not offered.
        _ => return None,
    })
}

fn section(theirs: &TheirSection<'_>) -> Option<Section> {
    let path = |part: Option<&Part>| -> Vec<u32> {
        part.map(|part| part.0.as_ref().iter().map(|number| number.get()).collect()).unwrap_or_default()
    };
    let names = |names: &[AString<'_>]| names.iter().map(|name| text(name.as_ref())).collect::<Option<Vec<_>>>();
    Some(match theirs {
        TheirSection::Part(part) => Section { path: path(Some(part)), text: SectionText::All },
        TheirSection::Header(part) => Section { path: path(part.as_ref()), text: SectionText::Header },
        TheirSection::HeaderFields(part, given) => {
            Section { path: path(part.as_ref()), text: SectionText::HeaderFields(names(given.as_ref())?) }
        }
        TheirSection::HeaderFieldsNot(part, given) => {
            Section { path: path(part.as_ref()), text: SectionText::HeaderFieldsNot(names(given.as_ref())?) }
        }
        TheirSection::Text(part) => Section { path: path(part.as_ref()), text: SectionText::Text },
        TheirSection::Mime(part) => Section { path: path(Some(part)), text: SectionText::Mime },
    })
}

fn search(theirs: &TheirBody<'_>) -> Option<Search> {
    let TheirBody::Search { charset, criteria, uid } = theirs else { return None };
    let charset = charset.as_ref().map(|charset| charset.as_ref().to_uppercase());
    let strict = matches!(charset.as_deref(), None | Some("UTF-8" | "US-ASCII"));
    Some(Search { numbers: numbers(*uid), returns: None, charset, key: and(criteria.as_ref(), strict)? })
}

fn and(keys: &[TheirKey<'_>], strict: bool) -> Option<SearchKey> {
    let mut keys = keys.iter().map(|theirs| key(theirs, strict)).collect::<Option<Vec<_>>>()?;
    Some(if keys.len() == 1 { keys.remove(0) } else { SearchKey::And(keys) })
}

fn key(theirs: &TheirKey<'_>, strict: bool) -> Option<SearchKey> {
    let flag = |flag| SearchKey::Flag(flag);
    let not = |key| SearchKey::Not(Box::new(key));
    let words = |given: &AString<'_>| match strict {
        true => text(given.as_ref()),
        false => Some(String::from_utf8_lossy(given.as_ref()).into_owned()),
    };
    Some(match theirs {
        TheirKey::And(keys) => and(keys.as_ref(), strict)?,
        TheirKey::Not(inner) => not(key(inner, strict)?),
        TheirKey::Or(left, right) => SearchKey::Or(Box::new(key(left, strict)?), Box::new(key(right, strict)?)),
        TheirKey::SequenceSet(given) => SearchKey::Set(Numbers::Sequence, set(given)),
        TheirKey::Uid(given) => SearchKey::Set(Numbers::Uid, set(given)),
        TheirKey::All | TheirKey::Old => SearchKey::All,
        TheirKey::New | TheirKey::Recent => SearchKey::Recent,
        TheirKey::Answered => flag(SystemFlag::Answered),
        TheirKey::Deleted => flag(SystemFlag::Deleted),
        TheirKey::Draft => flag(SystemFlag::Draft),
        TheirKey::Flagged => flag(SystemFlag::Flagged),
        TheirKey::Seen => flag(SystemFlag::Seen),
        TheirKey::Unanswered => not(flag(SystemFlag::Answered)),
        TheirKey::Undeleted => not(flag(SystemFlag::Deleted)),
        TheirKey::Undraft => not(flag(SystemFlag::Draft)),
        TheirKey::Unflagged => not(flag(SystemFlag::Flagged)),
        TheirKey::Unseen => not(flag(SystemFlag::Seen)),
        TheirKey::Keyword(word) => SearchKey::Keyword(word.inner().to_owned()),
        TheirKey::Unkeyword(word) => not(SearchKey::Keyword(word.inner().to_owned())),
        TheirKey::Bcc(given) => SearchKey::Bcc(words(given)?),
        TheirKey::Body(given) => SearchKey::Body(words(given)?),
        TheirKey::Cc(given) => SearchKey::Cc(words(given)?),
        TheirKey::From(given) => SearchKey::From(words(given)?),
        TheirKey::Subject(given) => SearchKey::Subject(words(given)?),
        TheirKey::Text(given) => SearchKey::Text(words(given)?),
        TheirKey::To(given) => SearchKey::To(words(given)?),
        TheirKey::Header(field, given) => SearchKey::Header(words(field)?, words(given)?),
        TheirKey::Before(date) => SearchKey::Before(days(date)),
        TheirKey::On(date) => SearchKey::On(days(date)),
        TheirKey::Since(date) => SearchKey::Since(days(date)),
        TheirKey::SentBefore(date) => SearchKey::SentBefore(days(date)),
        TheirKey::SentOn(date) => SearchKey::SentOn(days(date)),
        TheirKey::SentSince(date) => SearchKey::SentSince(days(date)),
        TheirKey::Larger(octets) => SearchKey::Larger((*octets).into()),
        TheirKey::Smaller(octets) => SearchKey::Smaller((*octets).into()),
        TheirKey::ModSequence { modseq, .. } => SearchKey::ModSeq(ModSeq(i64::try_from(*modseq).ok()?)),
        // WITHIN is not offered.
        TheirKey::Older(_) | TheirKey::Younger(_) => return None,
    })
}

fn days(date: &NaiveDate) -> i64 {
    let date: jiff::civil::Date = date.as_ref().to_string().parse().unwrap();
    date.since(jiff::civil::date(1970, 1, 1)).unwrap().get_days().into()
}

fn set(theirs: &TheirSet) -> SequenceSet {
    let number = |number: &SeqOrUid| match number {
        SeqOrUid::Value(number) => Some(number.get()),
        SeqOrUid::Asterisk => None,
    };
    let range = |range: &Sequence| match range {
        Sequence::Single(one) => (number(one), number(one)),
        Sequence::Range(start, end) => (number(start), number(end)),
    };
    SequenceSet::Ranges(theirs.0.as_ref().iter().map(range).collect())
}

fn numbers(uid: bool) -> Numbers {
    if uid { Numbers::Uid } else { Numbers::Sequence }
}

/// `None` for system flags that do not exist, except `\Recent`, which is passed over.
fn flags(given: &[Flag<'_>]) -> Option<Flags> {
    let mut flags = Flags::default();
    for flag in given {
        match flag {
            Flag::Answered => flags.set(SystemFlag::Answered),
            Flag::Deleted => flags.set(SystemFlag::Deleted),
            Flag::Draft => flags.set(SystemFlag::Draft),
            Flag::Flagged => flags.set(SystemFlag::Flagged),
            Flag::Seen => flags.set(SystemFlag::Seen),
            Flag::Keyword(word) => flags.set_keyword(word.inner()),
            Flag::Extension(_) if flag.to_string().eq_ignore_ascii_case("\\Recent") => {}
            Flag::Extension(_) => return None,
        }
    }
    Some(flags)
}

fn name(mailbox: &Mailbox<'_>) -> Option<MailboxArgument> {
    Some(MailboxArgument::read(NameForm::Utf7, &mailbox_text(mailbox)?))
}

/// imap-types forgets how INBOX was written as a reference: only its own spelling can be compared.
fn reference_text(mailbox: &Mailbox<'_>) -> Option<String> {
    mailbox_text(mailbox).map(|text| utf7::decode(&text))
}

fn mailbox_text(mailbox: &Mailbox<'_>) -> Option<String> {
    match mailbox {
        Mailbox::Inbox => Some("INBOX".to_owned()),
        Mailbox::Other(other) => text(other.as_ref()),
    }
}

fn pattern(pattern: &ListMailbox<'_>) -> Option<String> {
    let octets = match pattern {
        ListMailbox::Token(token) => text(token.as_ref()),
        ListMailbox::String(string) => text(string.as_ref()),
    };
    octets.map(|text| utf7::decode(&text))
}

fn status_item(theirs: &StatusDataItemName) -> Option<StatusItem> {
    Some(match theirs {
        StatusDataItemName::Messages => StatusItem::Messages,
        StatusDataItemName::Recent => StatusItem::Recent,
        StatusDataItemName::UidNext => StatusItem::UidNext,
        StatusDataItemName::UidValidity => StatusItem::UidValidity,
        StatusDataItemName::Unseen => StatusItem::Unseen,
        StatusDataItemName::Deleted => StatusItem::Deleted,
        StatusDataItemName::HighestModSeq => StatusItem::HighestModSeq,
        // DELETED-STORAGE (RFC 9208) is not offered.
        _ => return None,
    })
}

/// Texts that are not UTF-8 are refused.
fn text(octets: &[u8]) -> Option<String> {
    String::from_utf8(octets.to_vec()).ok()
}

/// Empty lists are refused.
fn some<T>(items: Vec<T>) -> Option<Vec<T>> {
    (!items.is_empty()).then_some(items)
}
