//! Our IMAP grammar against imap-codec's: what both can say, both must understand alike.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::collections::BTreeMap;

use arbitrary::{Arbitrary as _, Unstructured};
use bytes::BytesMut;
use imap_codec::CommandCodec;
use imap_codec::decode::Decoder as _;
use imap_codec::encode::Encoder as _;
use imap_types::command::{Command as Theirs, CommandBody as TheirBody};
use passerelle::imap::wire::command::{Command, CommandBody};
use passerelle::imap::wire::framer::{Frame, FrameLimits, Framer, NonSynchronizing};
use passerelle::imap::wire::utf7::NameForm;

#[path = "imap_grammar_codec/translate.rs"]
mod translate;

const LIMITS: FrameLimits = FrameLimits {
    line_bytes_max: 1 << 20,
    literal_bytes_max: 1 << 20,
    append_bytes_max: 1 << 20,
    nesting_max: 100,
    set_ranges_max: 1000,
    list_items_max: 1000,
    non_synchronizing: NonSynchronizing::Any,
    names: NameForm::Utf7,
};

/// What a client said, as far as it can be compared.
#[derive(Debug, PartialEq)]
struct Said {
    command: Command,
    /// The message of an APPEND.
    message: Vec<u8>,
}

/// The one command in `bytes`, `None` where it is bad. Answers to synchronizing literals are taken as given.
fn ours(bytes: &[u8]) -> Option<Said> {
    let mut framer = Framer::new();
    let mut buffer = BytesMut::from(bytes);
    let mut append = None;
    loop {
        match framer.next(&mut buffer, &LIMITS)? {
            Frame::Continue => {}
            Frame::Command(command) => {
                return buffer.is_empty().then_some(Said { command, message: Vec::new() });
            }
            Frame::Append { tag, head } => {
                let size = usize::try_from(head.line.literal?.size).unwrap();
                if size > buffer.len() {
                    return None;
                }
                let message = buffer.split_to(size).to_vec();
                framer.append_literal_taken();
                append = Some(Said { command: Command { tag, body: CommandBody::Append(head) }, message });
            }
            Frame::AppendNext(Ok(line)) => return append.filter(|_| line.literal.is_none() && buffer.is_empty()),
            Frame::AppendNext(Err(_)) | Frame::Bad { .. } | Frame::Line(_) => return None,
        }
    }
}

/// imap-codec's reading of the one command in `bytes`.
fn theirs(bytes: &[u8]) -> Option<Theirs<'_>> {
    match CommandCodec::new().decode(bytes) {
        Ok((b"", command)) => Some(command),
        _ => None,
    }
}

/// Numbers that look random, the same in every run (splitmix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.roll() % bound as u64).unwrap()
    }

    fn octet(&mut self) -> u8 {
        self.roll().to_le_bytes()[0]
    }
}

/// Octets that `arbitrary` makes a command of: anything at first, where kinds are chosen, small numbers at the end, which are
/// lengths, letters and digits for most of the rest, so that atoms come out of them.
fn seed(dice: &mut Dice) -> Vec<u8> {
    let (letters, anything) = (20 + dice.below(200), 20 + dice.below(40));
    let mut octets: Vec<u8> = (0..anything).map(|_| dice.octet()).collect();
    octets.extend((0..letters).map(|_| match dice.below(12) {
        0 => dice.octet(),
        1 => 0,
        2..4 => b'0' + dice.octet() % 10,
        _ => b'a' + dice.octet() % 26,
    }));
    octets.extend((0..60).map(|_| dice.octet() % 6));
    octets
}

fn command_of(seed: &[u8]) -> Option<Theirs<'_>> {
    Theirs::arbitrary(&mut Unstructured::new(seed)).ok()
}

/// Where we read a text otherwise than imap-codec, knowing why.
fn differs_on_purpose(bytes: &[u8], command: &Theirs<'_>) -> bool {
    match &command.body {
        // A space at the end is an empty initial response for imap-codec; for us a space, as behind every command.
        TheirBody::Authenticate { initial_response: Some(_), .. } => bytes.ends_with(b" \r\n"),
        _ => false,
    }
}

/// Counts what is really compared, by verb.
#[derive(Default)]
struct Compared(BTreeMap<String, usize>);

impl Compared {
    fn check(&mut self, bytes: &[u8], command: &Theirs<'_>) {
        let Some(expected) = translate::said(command).filter(|_| !differs_on_purpose(bytes, command)) else { return };
        let body = format!("{:?}", expected.command.body);
        let name = body.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
        *self.0.entry(name.to_owned()).or_default() += 1;
        let text = String::from_utf8_lossy(bytes);
        assert_eq!(ours(bytes), Some(expected), "{text:?}");
    }

    fn all_verbs_at_least(&self, times: usize) {
        let verbs = [
            "Append",
            "Authenticate",
            "Capability",
            "Check",
            "Close",
            "Copy",
            "Create",
            "Delete",
            "Enable",
            "Expunge",
            "Fetch",
            "GetQuota",
            "GetQuotaRoot",
            "Id",
            "Idle",
            "List",
            "Login",
            "Logout",
            "Lsub",
            "Move",
            "Namespace",
            "Noop",
            "Rename",
            "Search",
            "Select",
            "SetQuota",
            "StartTls",
            "Status",
            "Store",
            "Subscribe",
            "Unselect",
            "Unsubscribe",
        ];
        for verb in verbs {
            assert!(self.0.get(verb).is_some_and(|count| *count >= times), "{verb}: {:?}", self.0);
        }
    }
}

/// Whatever imap-codec writes, we read as it was meant, except what we do not offer.
#[test]
fn we_read_what_imap_codec_writes() {
    let (mut dice, mut compared) = (Dice(1), Compared::default());
    for _ in 0..100_000 {
        let seed = seed(&mut dice);
        let Some(command) = command_of(&seed) else { continue };
        compared.check(&CommandCodec::new().encode(&command).dump(), &command);
    }
    compared.all_verbs_at_least(20);
}

fn damage(bytes: &mut Vec<u8>, dice: &mut Dice) {
    const OCTETS: &[u8] = b" ()[]{}\"\\*%<>.,:+-~&0129aAzZnNlL\r\n\x80\xc3\xa9";
    let (place, octet) = (dice.below(bytes.len()), OCTETS[dice.below(OCTETS.len())]);
    match dice.below(4) {
        0 => bytes[place] = octet,
        1 => bytes.insert(place, octet),
        2 => bytes[place] ^= 0x20,
        _ => {
            bytes.remove(place);
        }
    }
}

/// Where a damaged command is still one for imap-codec, it is the same one for us.
#[test]
fn we_read_what_imap_codec_reads() {
    let (mut dice, mut compared) = (Dice(2), Compared::default());
    for _ in 0..40_000 {
        let seed = seed(&mut dice);
        let Some(command) = command_of(&seed) else { continue };
        let whole = CommandCodec::new().encode(&command).dump();
        for _ in 0..20 {
            let mut bytes = whole.clone();
            for _ in 0..=dice.below(3) {
                damage(&mut bytes, &mut dice);
            }
            if let Some(command) = theirs(&bytes) {
                compared.check(&bytes, &command);
            }
        }
    }
    compared.all_verbs_at_least(20);
}
