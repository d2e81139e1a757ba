//! SEARCH and ESEARCH responses (RFC 3501 §7.2.5, RFC 9051 §7.3.4, RFC 4731 §3, RFC 7162 §3.1.5, RFC 5267 §4.3,
//! RFC 7377 §2.1).

use bytes::{BufMut, BytesMut};

use super::super::command::{Numbers, PartialRange};
use super::super::utf7::NameForm;
use super::text::{mailbox, number, number_set, quoted};
use crate::model::{ModSeq, Uid, UidValidity};

/// What ESEARCH found. `None`: not asked for, or there is none (MIN, MAX, ALL of nothing: RFC 4731 §3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EsearchAnswer<'a> {
    pub min: Option<u32>,
    pub max: Option<u32>,
    /// Rising.
    pub all: Option<&'a [u32]>,
    pub count: Option<u32>,
    /// The range as it was asked, and what of the results lies in it (RFC 9394 §3.1).
    pub partial: Option<(PartialRange, &'a [u32])>,
    pub mod_seq: Option<ModSeq>,
}

/// `* SEARCH 2 84 (MODSEQ 917)`: no numbers, no ModSeq.
pub fn search(out: &mut BytesMut, numbers: impl IntoIterator<Item = u32>, mod_seq: Option<ModSeq>) {
    found(out, b"* SEARCH", numbers, mod_seq);
}

/// `* SORT 2 84 (MODSEQ 917)`, in the order given (RFC 5256 §4, RFC 7162 §3.1.6).
pub fn sort(out: &mut BytesMut, numbers: impl IntoIterator<Item = u32>, mod_seq: Option<ModSeq>) {
    found(out, b"* SORT", numbers, mod_seq);
}

/// A piece of an answer to THREAD.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThreadToken {
    Open,
    Number(u32),
    Close,
}

/// `* THREAD (2)(3 6 (4 23)(44 7 96))` (RFC 5256 §4)
pub fn threads(out: &mut BytesMut, tokens: &[ThreadToken]) {
    out.put_slice(b"* THREAD");
    let mut before = None;
    for token in tokens {
        let spaced = match (before, token) {
            (None, _) => true,
            (Some(ThreadToken::Number(_)), ThreadToken::Number(_) | ThreadToken::Open) => true,
            (Some(_), _) => false,
        };
        if spaced {
            out.put_u8(b' ');
        }
        match token {
            ThreadToken::Open => out.put_u8(b'('),
            ThreadToken::Number(value) => number(out, u64::from(*value)),
            ThreadToken::Close => out.put_u8(b')'),
        }
        before = Some(*token);
    }
    out.put_slice(b"\r\n");
}

fn found(out: &mut BytesMut, name: &[u8], numbers: impl IntoIterator<Item = u32>, mod_seq: Option<ModSeq>) {
    out.put_slice(name);
    let mut any = false;
    for value in numbers {
        out.put_u8(b' ');
        number(out, u64::from(value));
        any = true;
    }
    if let Some(mod_seq) = mod_seq.filter(|_| any) {
        out.put_slice(b" (MODSEQ ");
        number(out, positive(mod_seq));
        out.put_u8(b')');
    }
    out.put_slice(b"\r\n");
}

/// `* ESEARCH (TAG "a") UID MIN 2 …`: the tag always in quotes, as Outlook expects it.
pub fn esearch(out: &mut BytesMut, tag: &str, numbers: Numbers, answer: EsearchAnswer<'_>) {
    correlator(out, tag, None);
    esearch_answer(out, numbers, answer);
}

/// A mailbox by name, and its UIDVALIDITY.
pub type OfMailbox<'a> = (NameForm, &'a str, UidValidity);

/// The same, of a mailbox that may not be the selected one (RFC 7377 §2.1).
pub fn esearch_in(out: &mut BytesMut, tag: &str, of: OfMailbox<'_>, numbers: Numbers, answer: EsearchAnswer<'_>) {
    correlator(out, tag, Some(of));
    esearch_answer(out, numbers, answer);
}

/// What has changed in the results of a search (RFC 5267 §4.3). Positions, and the numbers that stand there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EsearchUpdate<'a> {
    pub removed: &'a [(u32, Vec<u32>)],
    pub added: &'a [(u32, Vec<u32>)],
}

/// `* ESEARCH (TAG "a") UID REMOVEFROM (0 7) ADDTO (0 9:11)`
pub fn esearch_update(
    out: &mut BytesMut,
    tag: &str,
    of: Option<OfMailbox<'_>>,
    numbers: Numbers,
    update: EsearchUpdate<'_>,
) {
    correlator(out, tag, of);
    by_uid(out, numbers);
    for (name, runs) in [(&b" REMOVEFROM ("[..], update.removed), (&b" ADDTO ("[..], update.added)] {
        for (place, (position, set)) in runs.iter().enumerate() {
            if place == 0 {
                out.put_slice(name);
            } else {
                out.put_u8(b' ');
            }
            number(out, u64::from(*position));
            out.put_u8(b' ');
            number_set(out, set.iter().copied());
        }
        if !runs.is_empty() {
            out.put_u8(b')');
        }
    }
    out.put_slice(b"\r\n");
}

/// The start of an ESEARCH response: what it answers.
fn correlator(out: &mut BytesMut, tag: &str, of: Option<OfMailbox<'_>>) {
    out.put_slice(b"* ESEARCH (TAG ");
    quoted(out, tag.as_bytes());
    if let Some((form, name, uid_validity)) = of {
        out.put_slice(b" MAILBOX ");
        mailbox(out, form, name);
        named(out, b" UIDVALIDITY ", Some(u64::from(uid_validity.0)));
    }
    out.put_u8(b')');
}

fn by_uid(out: &mut BytesMut, numbers: Numbers) {
    if numbers == Numbers::Uid {
        out.put_slice(b" UID");
    }
}

fn esearch_answer(out: &mut BytesMut, numbers: Numbers, answer: EsearchAnswer<'_>) {
    by_uid(out, numbers);
    named(out, b" MIN ", answer.min.map(u64::from));
    named(out, b" MAX ", answer.max.map(u64::from));
    if let Some(all) = answer.all.filter(|all| !all.is_empty()) {
        out.put_slice(b" ALL ");
        number_set(out, all.iter().copied());
    }
    named(out, b" COUNT ", answer.count.map(u64::from));
    if let Some((range, numbers)) = answer.partial {
        partial(out, range, numbers);
    }
    named(out, b" MODSEQ ", answer.mod_seq.map(positive));
    out.put_slice(b"\r\n");
}

/// `* UIDBATCHES (TAG "a") 215295:99696,99695:1`: from the newest message down (RFC 10022 §3.1).
pub fn uid_batches(out: &mut BytesMut, tag: &str, batches: &[(Uid, Uid)]) {
    out.put_slice(b"* UIDBATCHES (TAG ");
    quoted(out, tag.as_bytes());
    out.put_u8(b')');
    for (place, (high, low)) in batches.iter().enumerate() {
        out.put_u8(if place == 0 { b' ' } else { b',' });
        number(out, u64::from(high.0));
        out.put_u8(b':');
        number(out, u64::from(low.0));
    }
    out.put_slice(b"\r\n");
}

/// ` PARTIAL (-1:-100 2,9:12)`
fn partial(out: &mut BytesMut, range: PartialRange, numbers: &[u32]) {
    let sign: &[u8] = if range.from_last { b"-" } else { b"" };
    out.put_slice(b" PARTIAL (");
    out.put_slice(sign);
    number(out, u64::from(range.from));
    out.put_u8(b':');
    out.put_slice(sign);
    number(out, u64::from(range.to));
    out.put_u8(b' ');
    match numbers {
        [] => out.put_slice(b"NIL"),
        numbers => number_set(out, numbers.iter().copied()),
    }
    out.put_u8(b')');
}

fn named(out: &mut BytesMut, name: &[u8], value: Option<u64>) {
    if let Some(value) = value {
        out.put_slice(name);
        number(out, value);
    }
}

fn positive(mod_seq: ModSeq) -> u64 {
    u64::try_from(mod_seq.0).unwrap_or(0)
}
