//! Properties: a naive client that hears only the untagged responses never gets out of step.

use proptest::prelude::*;

use super::*;
use crate::model::{Flags, MailboxId, MessageId, SystemFlag, Timestamp, UidValidity};

/// A mailbox as the store has it, and a client that believes what it hears.
struct World {
    snapshot: Snapshot,
    view: MailboxView,
    /// UIDs by sequence number: learnt, as a client does, by asking after each EXISTS.
    heard: Vec<(Uid, Flags)>,
}

#[derive(Clone, Debug)]
enum Step {
    Deliver,
    Expunge(usize),
    Flag(usize),
    Note,
    Tell,
    TellHeld,
    /// An answer of this session shows the flags of a message.
    FetchFlags(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => Just(Step::Deliver),
        3 => (0usize..40).prop_map(Step::Expunge),
        3 => (0usize..40).prop_map(Step::Flag),
        4 => Just(Step::Note),
        2 => Just(Step::Tell),
        2 => Just(Step::TellHeld),
        2 => (0usize..40).prop_map(Step::FetchFlags),
    ]
}

fn entry(uid: u32, mod_seq: ModSeq) -> Entry {
    Entry {
        uid: Uid(uid),
        flags: Flags::default(),
        mod_seq,
        message: MessageId(i64::from(uid)),
        size: 100,
        internal_date: Timestamp(0),
        save_date: Timestamp(0),
        sent_day: crate::domain::snapshot::SentDay::from(None),
    }
}

fn snapshot(uids: &[u32]) -> Snapshot {
    Snapshot {
        mailbox: MailboxId(1),
        uid_validity: UidValidity(7),
        uid_next: Uid(uids.last().map_or(1, |last| last + 1)),
        mod_seq: ModSeq(1),
        entries: uids.iter().map(|uid| entry(*uid, ModSeq(1))).collect(),
    }
}

impl World {
    fn new(messages: u32) -> Self {
        let snapshot = snapshot(&(1..=messages).collect::<Vec<_>>());
        let view = MailboxView::new(Arc::new(snapshot.clone()));
        let heard = snapshot.entries.iter().map(|entry| (entry.uid, entry.flags.clone())).collect();
        Self { snapshot, view, heard }
    }

    fn take(&mut self, step: &Step) {
        match step {
            Step::Deliver => {
                self.snapshot.mod_seq.0 += 1;
                self.snapshot.entries.put(entry(self.snapshot.uid_next.0, self.snapshot.mod_seq));
                self.snapshot.uid_next.0 += 1;
            }
            Step::Expunge(place) if !self.snapshot.entries.is_empty() => {
                self.snapshot.mod_seq.0 += 1;
                let place = place % self.snapshot.entries.len();
                let uid = self.snapshot.entries.get(place).unwrap().uid;
                self.snapshot.entries.remove(uid);
            }
            Step::Flag(place) if !self.snapshot.entries.is_empty() => {
                self.snapshot.mod_seq.0 += 1;
                let place = place % self.snapshot.entries.len();
                let mut entry = self.snapshot.entries.get(place).unwrap().clone();
                entry.mod_seq = self.snapshot.mod_seq;
                if entry.flags.has(SystemFlag::Seen) {
                    entry.flags.clear(SystemFlag::Seen);
                } else {
                    entry.flags.set(SystemFlag::Seen);
                }
                self.snapshot.entries.put(entry);
            }
            Step::Note => self.view.note(Arc::new(self.snapshot.clone())),
            Step::Tell => self.hear(Expunges::Tell),
            Step::TellHeld => self.hear(Expunges::Hold),
            Step::FetchFlags(place) if !self.heard.is_empty() => {
                let place = place % self.heard.len();
                let uid = self.heard[place].0;
                if let Some(entry) = self.view.snapshot().entry(uid).cloned() {
                    self.heard[place].1 = entry.flags;
                    self.view.told_flags(uid);
                }
            }
            Step::Expunge(_) | Step::Flag(_) | Step::FetchFlags(_) => {}
        }
        self.check_numbers();
    }

    fn hear(&mut self, expunges: Expunges) {
        for untagged in self.view.tell(expunges, MessageEvents::MessagesAndFlags) {
            match untagged {
                Untagged::Expunge(seq, uid) => {
                    assert_eq!(expunges, Expunges::Tell, "EXPUNGE while held");
                    assert_eq!(self.heard.remove(seq.0 as usize - 1).0, uid);
                }
                Untagged::Exists(count) => {
                    assert!(count as usize >= self.heard.len(), "EXISTS may not fall");
                    for seq in u32::try_from(self.heard.len()).unwrap() + 1..=count {
                        let uid = self.view.uid_of(SeqNum(seq)).unwrap();
                        let flags = self.view.snapshot().entry(uid).unwrap().flags.clone();
                        self.heard.push((uid, flags));
                    }
                }
                Untagged::Flags(seq, uid) => {
                    let heard = &mut self.heard[seq.0 as usize - 1];
                    assert_eq!(heard.0, uid, "flags told of the wrong message");
                    heard.1 = self.view.snapshot().entry(uid).unwrap().flags.clone();
                }
            }
        }
        assert_eq!(self.heard.len(), self.view.exists() as usize);
    }

    /// Whatever the client knows as number n, the view knows as number n.
    fn check_numbers(&self) {
        assert_eq!(self.view.exists() as usize, self.heard.len());
        for (index, (uid, _)) in self.heard.iter().enumerate() {
            let seq = SeqNum(u32::try_from(index).unwrap() + 1);
            assert_eq!(self.view.uid_of(seq), Some(*uid));
            assert_eq!(self.view.seq_of(*uid), Some(seq));
        }
        assert_eq!(self.view.uid_of(SeqNum(0)), None);
        assert_eq!(self.view.uid_of(SeqNum(u32::try_from(self.heard.len()).unwrap() + 1)), None);
    }
}

proptest! {
    #[test]
    fn a_naive_client_never_gets_out_of_step(messages in 0u32..12, steps in prop::collection::vec(step(), 0..80)) {
        let mut world = World::new(messages);
        for step in &steps {
            world.take(step);
        }
        world.take(&Step::Note);
        world.take(&Step::Tell);
        let store: Vec<_> = world.snapshot.entries.iter().map(|entry| (entry.uid, entry.flags.clone())).collect();
        prop_assert_eq!(&world.heard, &store);
        prop_assert!(!world.view.has_news());
    }

    #[test]
    fn sets_mean_what_a_slow_reading_of_them_means(
        uids in prop::collection::btree_set(1u32..60, 0..20),
        gone in prop::collection::btree_set(1u32..60, 0..10),
        set in prop::collection::vec((prop::option::of(1u32..70), prop::option::of(1u32..70)), 1..4),
    ) {
        let uids: Vec<u32> = uids.into_iter().collect();
        let mut view = MailboxView::new(Arc::new(snapshot(&uids)));
        let left: Vec<u32> = uids.iter().copied().filter(|uid| !gone.contains(uid)).collect();
        view.note(Arc::new(Snapshot { mod_seq: ModSeq(2), ..snapshot(&left) }));
        let ranges = set;
        let set = SequenceSet::Ranges(ranges.clone());

        let last = uids.last().copied();
        let meant: Vec<Uid> = uids.iter().copied().filter(|uid| has(&ranges, *uid, last)).map(Uid).collect();
        prop_assert_eq!(view.select(&set, Numbers::Uid), Ok(meant));
        for numbers in [Numbers::Uid, Numbers::Sequence] {
            let within = view.spans(&set, numbers).map(|spans| {
                let holds = |uid: &Uid| spans.iter().any(|(first, last)| (*first..=*last).contains(uid));
                uids.iter().copied().map(Uid).filter(holds).collect::<Vec<_>>()
            });
            prop_assert_eq!(within, view.select(&set, numbers));
        }

        let count = u32::try_from(uids.len()).unwrap();
        let too_high = ranges.iter().any(|(from, to)| {
            let nothing = count == 0 && (from.is_none() || to.is_none());
            !nothing && (from.unwrap_or(count) > count || to.unwrap_or(count) > count)
        });
        let meant = (1..=count).filter(|seq| has(&ranges, *seq, Some(count))).map(|seq| Uid(uids[seq as usize - 1]));
        let expected = if too_high { Err(OutOfRange) } else { Ok(meant.collect()) };
        prop_assert_eq!(view.select(&set, Numbers::Sequence), expected);
    }
}

fn has(ranges: &[(Option<u32>, Option<u32>)], number: u32, last: Option<u32>) -> bool {
    let Some(last) = last else { return false };
    ranges.iter().any(|(from, to)| {
        let (from, to) = (from.unwrap_or(last), to.unwrap_or(last));
        (from.min(to)..=from.max(to)).contains(&number)
    })
}

#[test]
fn a_message_that_came_and_went_unseen_is_never_mentioned() {
    let mut view = MailboxView::new(Arc::new(snapshot(&[1, 2])));
    view.note(Arc::new(Snapshot { mod_seq: ModSeq(2), ..snapshot(&[1, 2, 3]) }));
    view.note(Arc::new(Snapshot { mod_seq: ModSeq(3), ..snapshot(&[1, 2]) }));
    assert_eq!(view.tell(Expunges::Tell, MessageEvents::MessagesAndFlags), []);
}

#[test]
fn expunges_come_last_message_first_and_before_exists() {
    let mut view = MailboxView::new(Arc::new(snapshot(&[1, 2, 3, 4])));
    view.note(Arc::new(Snapshot { mod_seq: ModSeq(2), ..snapshot(&[1, 4, 5]) }));
    assert_eq!(view.tell(Expunges::Hold, MessageEvents::MessagesAndFlags), [Untagged::Exists(5)]);
    assert_eq!(
        view.tell(Expunges::Tell, MessageEvents::MessagesAndFlags),
        [Untagged::Expunge(SeqNum(3), Uid(3)), Untagged::Expunge(SeqNum(2), Uid(2))]
    );
    assert_eq!(view.exists(), 3);
}

#[test]
fn star_is_the_last_message_even_from_above() {
    let view = MailboxView::new(Arc::new(snapshot(&[3, 9])));
    assert_eq!(view.select(&SequenceSet::Ranges(vec![(Some(500), None)]), Numbers::Uid), Ok(vec![Uid(9)]));
    let all = SequenceSet::Ranges(vec![(Some(1), Some(u32::MAX))]);
    assert_eq!(view.select(&all, Numbers::Uid), Ok(vec![Uid(3), Uid(9)]));
}

#[test]
fn what_was_saved_is_meant_until_it_has_left_the_view() {
    let mut view = MailboxView::new(Arc::new(snapshot(&[1, 2, 3])));
    assert_eq!(view.select(&SequenceSet::Saved, Numbers::Sequence), Ok(vec![]));
    view.save(vec![Uid(1), Uid(3)]);
    view.note(Arc::new(Snapshot { mod_seq: ModSeq(2), ..snapshot(&[2, 3]) }));
    assert_eq!(view.select(&SequenceSet::Saved, Numbers::Sequence), Ok(vec![Uid(1), Uid(3)]));
    view.tell(Expunges::Tell, MessageEvents::MessagesAndFlags);
    assert_eq!(view.select(&SequenceSet::Saved, Numbers::Uid), Ok(vec![Uid(3)]));
}
