//! PURE: does a message match a search key (RFC 9051 §6.4.4)? Yes, no, or in doubt until more of it is read.
//!
//! Texts match as substrings, blind to case and accents. Days are compared as dates, disregarding time and zone: INTERNALDATE
//! and SAVEDATE by the day that FETCH tells, in UTC; Date by the day that the field names.

use super::super::wire::command::{Numbers, SearchKey, SequenceSet};
use super::super::wire::write::email_of;
use super::Step;
use super::needle::Needle;
use crate::domain::messages::{Searched, Sought, TextColumn};
use crate::domain::snapshot::Entry;
use crate::mime::{HeaderText, MESSAGE_ID, whole_message_id};
use crate::model::{MessageId, ModSeq, SystemFlag, Timestamp, Uid};

#[cfg(test)]
mod tests;

/// What is known of a message so far.
pub(super) struct Facts<'a> {
    pub entry: &'a Entry,
    pub known: Known<'a>,
}

/// What has been read of it; `None`: not yet.
#[derive(Clone, Copy, Default)]
pub(super) struct Known<'a> {
    pub heads: Option<&'a Searched>,
    pub header: Option<&'a HeaderText>,
    pub body: Option<&'a str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Yes,
    No,
    Doubt,
}

/// A search key made ready: sets looked up in the view, texts folded.
#[derive(Debug)]
pub(super) struct Plan {
    key: Key,
}

#[derive(Debug)]
enum Key {
    Always(bool),
    And(Vec<Self>),
    Or(Box<Self>, Box<Self>),
    Not(Box<Self>),
    /// Spans, both ends within; rising, apart from each other.
    Uids(Vec<(Uid, Uid)>),
    Flag(SystemFlag),
    Keyword(String),
    /// INTERNALDATE's day, within.
    Arrived(Days),
    /// INTERNALDATE in seconds, at or before.
    ArrivedBy(i64),
    /// INTERNALDATE in seconds, at or after.
    ArrivedFrom(i64),
    /// The Date header's day, within.
    Sent(Days),
    /// The day it came into this mailbox, within.
    Saved(Days),
    Message(MessageId),
    Larger(u64),
    Smaller(u64),
    ModSeq(ModSeq),
    Head(Head, Needle),
    /// A field by its name in lower case.
    Header(String, Needle),
    Body(Needle),
    Text(Needle),
}

/// Days since 1970-01-01, both ends within.
#[derive(Clone, Copy, Debug)]
struct Days {
    from: i64,
    to: i64,
}

/// The fields that are stored folded.
#[derive(Clone, Copy, Debug)]
enum Head {
    From,
    To,
    Cc,
    Bcc,
    Subject,
}

impl Plan {
    /// Makes a key ready; `spans` tells which messages a set means, as rising spans of UIDs.
    pub(super) fn of<E>(
        key: &SearchKey,
        now: Timestamp,
        spans: &impl Fn(&SequenceSet, Numbers) -> Result<Vec<(Uid, Uid)>, E>,
    ) -> Result<Self, E> {
        Ok(Self { key: Key::of(key, now, spans)? })
    }

    /// Does the message match, by what is known?
    pub(super) fn judge(&self, facts: &Facts<'_>) -> Verdict {
        self.key.judge(facts)
    }

    /// What to read of messages in doubt, round by round: each round reads what the rounds before did and more, so that
    /// the last one leaves no doubt.
    pub(super) fn steps(&self) -> Vec<Step> {
        let needs = self.key.needs();
        if matches!(self.having(needs), Some((TextColumn::Any, _))) {
            // The store looks everywhere at once.
            return vec![needs];
        }
        let heads = Step { heads: needs.heads, ..Step::default() };
        let header = Step { header: needs.header, ..heads };
        let mut steps = vec![heads, header, needs];
        steps.retain(|step| *step != Step::default());
        steps.dedup();
        steps
    }

    /// The one folded text on which it depends whether a message in doubt matches: it does if it has it there.
    pub(super) fn one_text(&self) -> Option<(TextColumn, &str)> {
        let keys = match &self.key {
            Key::And(keys) => keys.as_slice(),
            key => std::slice::from_ref(key),
        };
        // The others were answered from memory: by yes, else there were no doubt.
        let mut reading = keys.iter().filter(|key| key.needs() != Step::default());
        match (reading.next()?, reading.next()) {
            (Key::Head(head, needle), None) => Some((head.column(), needle.text())),
            (Key::Body(needle), None) => Some((TextColumn::Body, needle.text())),
            (Key::Text(needle), None) => Some((TextColumn::Any, needle.text())),
            _ => None,
        }
    }

    /// What the index can be asked, each once.
    pub(super) fn sought(&mut self) -> Vec<Sought> {
        let mut all = Vec::new();
        self.key.each_needle(&mut |sought, _| {
            if !all.contains(&sought) {
                all.push(sought);
            }
        });
        all
    }

    /// Takes in what the index proposed: all messages, rising, that can have what was sought.
    pub(super) fn learn(&mut self, asked: &Sought, proposed: &std::sync::Arc<[MessageId]>) {
        self.key.each_needle(&mut |sought, needle| {
            if sought == *asked {
                needle.propose(std::sync::Arc::clone(proposed));
            }
        });
    }

    /// A folded text, among those that a round reads, without which a message cannot match.
    pub(super) fn having(&self, step: Step) -> Option<(TextColumn, &str)> {
        self.key.having(step)
    }
}

impl Key {
    fn of<E>(
        key: &SearchKey,
        now: Timestamp,
        spans: &impl Fn(&SequenceSet, Numbers) -> Result<Vec<(Uid, Uid)>, E>,
    ) -> Result<Self, E> {
        let of = |key| Self::of(key, now, spans);
        let seconds_ago = |seconds: u32| now.seconds().saturating_sub(i64::from(seconds));
        let head = |head, text: &str| Self::Head(head, Needle::new(text));
        Ok(match key {
            SearchKey::All => Self::Always(true),
            SearchKey::Recent => Self::Always(false),
            SearchKey::And(keys) => Self::And(keys.iter().map(of).collect::<Result<_, E>>()?),
            SearchKey::Or(one, other) => Self::Or(Box::new(of(one)?), Box::new(of(other)?)),
            SearchKey::Not(key) => Self::Not(Box::new(of(key)?)),
            SearchKey::Set(numbers, set) => Self::Uids(spans(set, *numbers)?),
            SearchKey::Flag(flag) => Self::Flag(*flag),
            SearchKey::Keyword(keyword) => Self::Keyword(keyword.clone()),
            SearchKey::Before(day) => Self::Arrived(Days::before(*day)),
            SearchKey::On(day) => Self::Arrived(Days::on(*day)),
            SearchKey::Since(day) => Self::Arrived(Days::since(*day)),
            SearchKey::SavedBefore(day) => Self::Saved(Days::before(*day)),
            SearchKey::SavedOn(day) => Self::Saved(Days::on(*day)),
            SearchKey::SavedSince(day) => Self::Saved(Days::since(*day)),
            SearchKey::EmailId(id) => email_of(id).map_or(Self::Always(false), Self::Message),
            // No message has one.
            SearchKey::ThreadId(_) => Self::Always(false),
            SearchKey::Older(seconds) => Self::ArrivedBy(seconds_ago(*seconds)),
            SearchKey::Younger(seconds) => Self::ArrivedFrom(seconds_ago(*seconds)),
            SearchKey::SentBefore(day) => Self::Sent(Days::before(*day)),
            SearchKey::SentOn(day) => Self::Sent(Days::on(*day)),
            SearchKey::SentSince(day) => Self::Sent(Days::since(*day)),
            SearchKey::Larger(size) => Self::Larger(*size),
            SearchKey::Smaller(size) => Self::Smaller(*size),
            SearchKey::ModSeq(mod_seq) => Self::ModSeq(*mod_seq),
            SearchKey::From(text) => head(Head::From, text),
            SearchKey::To(text) => head(Head::To, text),
            SearchKey::Cc(text) => head(Head::Cc, text),
            SearchKey::Bcc(text) => head(Head::Bcc, text),
            SearchKey::Subject(text) => head(Head::Subject, text),
            SearchKey::Header(name, text) => Self::Header(name.to_ascii_lowercase(), Needle::new(text)),
            SearchKey::Body(text) => Self::Body(Needle::new(text)),
            SearchKey::Text(text) => Self::Text(Needle::new(text)),
        })
    }

    fn needs(&self) -> Step {
        match self {
            Self::And(keys) => keys.iter().map(Self::needs).fold(Step::default(), both),
            Self::Or(one, other) => both(one.needs(), other.needs()),
            Self::Not(key) => key.needs(),
            Self::Head(..) => Step { heads: true, ..Step::default() },
            Self::Header(..) => Step { header: true, ..Step::default() },
            Self::Body(_) => Step { body: true, ..Step::default() },
            Self::Text(_) => Step { heads: true, header: true, body: true },
            _ => Step::default(),
        }
    }

    /// Gives each text that the index can be asked for.
    fn each_needle(&mut self, take: &mut impl FnMut(Sought, &mut Needle)) {
        let (column, needle) = match self {
            Self::And(keys) => return keys.iter_mut().for_each(|key| key.each_needle(take)),
            Self::Or(one, other) => {
                one.each_needle(take);
                return other.each_needle(take);
            }
            Self::Not(key) => return key.each_needle(take),
            Self::Header(name, needle) if name == MESSAGE_ID && whole_message_id(needle.text()).is_some() => {
                let id = whole_message_id(needle.text()).unwrap_or_default().to_owned();
                return take(Sought::MessageId(id), needle);
            }
            Self::Head(head, needle) => (head.column(), needle),
            Self::Header(_, needle) => (TextColumn::Header, needle),
            Self::Body(needle) => (TextColumn::Body, needle),
            Self::Text(needle) => (TextColumn::Any, needle),
            _ => return,
        };
        if needle.is_indexed() {
            take(Sought::Text(column, needle.text().to_owned()), needle);
        }
    }

    fn having(&self, step: Step) -> Option<(TextColumn, &str)> {
        match self {
            Self::Head(head, needle) if step.heads => Some((head.column(), needle.text())),
            Self::Header(_, needle) if step.header => Some((TextColumn::Header, needle.text())),
            Self::Body(needle) if step.body => Some((TextColumn::Body, needle.text())),
            Self::Text(needle) if step.body => Some((TextColumn::Any, needle.text())),
            Self::And(keys) => keys.iter().find_map(|key| key.having(step)),
            _ => None,
        }
    }

    fn judge(&self, facts: &Facts<'_>) -> Verdict {
        let (entry, known) = (facts.entry, &facts.known);
        match self {
            Self::Always(answer) => Verdict::of(*answer),
            Self::And(keys) => all(keys.iter().map(|key| key.judge(facts))),
            Self::Or(one, other) => any([one.judge(facts), other.judge(facts)]),
            Self::Not(key) => key.judge(facts).not(),
            Self::Uids(spans) => {
                let place = spans.partition_point(|(_, last)| *last < entry.uid);
                Verdict::of(spans.get(place).is_some_and(|(first, _)| *first <= entry.uid))
            }
            Self::Flag(flag) => Verdict::of(entry.flags.has(*flag)),
            Self::Keyword(keyword) => Verdict::of(entry.flags.has_keyword(keyword)),
            Self::Arrived(days) => Verdict::of(days.hold(entry.internal_date)),
            Self::Saved(days) => Verdict::of(days.hold(entry.save_date)),
            Self::Message(message) => Verdict::of(entry.message == *message),
            Self::ArrivedBy(second) => Verdict::of(entry.internal_date.seconds() <= *second),
            Self::ArrivedFrom(second) => Verdict::of(entry.internal_date.seconds() >= *second),
            Self::Larger(size) => Verdict::of(entry.size > *size),
            Self::Smaller(size) => Verdict::of(entry.size < *size),
            Self::ModSeq(mod_seq) => Verdict::of(entry.mod_seq >= *mod_seq),
            Self::Sent(days) => Verdict::of(entry.sent_day.day().is_some_and(|day| days.hold_day(day))),
            Self::Head(_, needle) | Self::Header(_, needle) | Self::Body(needle) | Self::Text(needle)
                if needle.rules_out(entry.message) =>
            {
                Verdict::No
            }
            Self::Head(head, needle) => when(known.heads, |heads| needle.is_in(head.of(heads))),
            Self::Header(name, needle) => {
                when(known.header, |header| header.fields().any(|(found, value)| found == name && needle.is_in(value)))
            }
            Self::Body(needle) => when(known.body, |body| needle.is_in(body)),
            Self::Text(needle) => any([
                when(known.heads, |heads| Head::ALL.into_iter().any(|head| needle.is_in(head.of(heads)))),
                when(known.header, |header| needle.is_in(&header.values)),
                when(known.body, |body| needle.is_in(body)),
            ]),
        }
    }
}

impl Verdict {
    fn of(answer: bool) -> Self {
        if answer { Self::Yes } else { Self::No }
    }

    fn not(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
            Self::Doubt => Self::Doubt,
        }
    }
}

/// In doubt until it has been read.
fn when<T>(read: Option<T>, matches: impl FnOnce(T) -> bool) -> Verdict {
    read.map_or(Verdict::Doubt, |read| Verdict::of(matches(read)))
}

fn all(verdicts: impl IntoIterator<Item = Verdict>) -> Verdict {
    any(verdicts.into_iter().map(Verdict::not)).not()
}

fn any(verdicts: impl IntoIterator<Item = Verdict>) -> Verdict {
    let mut answer = Verdict::No;
    for verdict in verdicts {
        match verdict {
            Verdict::Yes => return Verdict::Yes,
            Verdict::Doubt => answer = Verdict::Doubt,
            Verdict::No => {}
        }
    }
    answer
}

fn both(one: Step, other: Step) -> Step {
    Step { heads: one.heads || other.heads, header: one.header || other.header, body: one.body || other.body }
}

impl Days {
    fn before(day: i64) -> Self {
        Self { from: i64::MIN, to: day.saturating_sub(1) }
    }

    fn on(day: i64) -> Self {
        Self { from: day, to: day }
    }

    fn since(day: i64) -> Self {
        Self { from: day, to: i64::MAX }
    }

    fn hold(self, at: Timestamp) -> bool {
        self.hold_day(at.seconds().div_euclid(86_400))
    }

    fn hold_day(self, day: i64) -> bool {
        (self.from..=self.to).contains(&day)
    }
}

impl Head {
    const ALL: [Self; 5] = [Self::From, Self::To, Self::Cc, Self::Bcc, Self::Subject];

    fn column(self) -> TextColumn {
        match self {
            Self::From => TextColumn::From,
            Self::To => TextColumn::To,
            Self::Cc => TextColumn::Cc,
            Self::Bcc => TextColumn::Bcc,
            Self::Subject => TextColumn::Subject,
        }
    }

    fn of(self, searched: &Searched) -> &str {
        let text = &searched.text;
        match self {
            Self::From => &text.from,
            Self::To => &text.to,
            Self::Cc => &text.cc,
            Self::Bcc => &text.bcc,
            Self::Subject => &text.subject,
        }
    }
}
