//! What is known early is never contradicted by what is read later, and the last round leaves no doubt.

use proptest::prelude::*;

use super::*;
use crate::domain::snapshot::SentDay;
use crate::mime::SearchText;
use crate::model::{Flags, MessageId};

const DAY: i64 = 86_400;

fn leaf() -> impl Strategy<Value = SearchKey> {
    let word = prop::sample::select(vec!["été", "MENU", "rien"]).prop_map(str::to_owned);
    prop_oneof![
        Just(SearchKey::All),
        Just(SearchKey::Recent),
        Just(SearchKey::Flag(SystemFlag::Seen)),
        (19i64..22).prop_map(SearchKey::On),
        (19i64..22).prop_map(SearchKey::SentBefore),
        (90u64..110).prop_map(SearchKey::Larger),
        word.clone().prop_map(SearchKey::Subject),
        word.clone().prop_map(SearchKey::Body),
        word.clone().prop_map(SearchKey::Text),
        word.prop_map(|word| SearchKey::Header("X-Menu".to_owned(), word)),
    ]
}

fn key() -> impl Strategy<Value = SearchKey> {
    leaf().prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(SearchKey::And),
            (inner.clone(), inner.clone()).prop_map(|(one, other)| SearchKey::Or(Box::new(one), Box::new(other))),
            inner.prop_map(|key| SearchKey::Not(Box::new(key))),
        ]
    })
}

fn entry() -> Entry {
    Entry {
        uid: Uid(3),
        flags: Flags::default(),
        mod_seq: ModSeq(5),
        message: MessageId(1),
        size: 100,
        internal_date: Timestamp::from_seconds(20 * DAY + DAY - 1),
        save_date: Timestamp(0),
        sent_day: SentDay::from(Some(20)),
    }
}

fn searched() -> Searched {
    let header = HeaderText { names: "x-menu\n".to_owned(), values: "menu\n".to_owned() };
    let text =
        SearchText { subject: "l'ete".to_owned(), header, body: "menu du jour".to_owned(), ..SearchText::default() };
    Searched { uid: Uid(3), text }
}

/// A day behind the message's INTERNALDATE.
const NOW: Timestamp = Timestamp(21 * DAY * 1_000_000 + (DAY - 1) * 1_000_000);

fn plan(key: &SearchKey) -> Plan {
    Plan::of(key, NOW, &|_: &SequenceSet, _| Ok::<_, ()>(vec![(Uid(3), Uid(3))])).unwrap()
}

/// Does the message's text have it? What a perfect index would say.
fn has(searched: &Searched, sought: &Sought) -> bool {
    let text = &searched.text;
    match sought {
        Sought::MessageId(_) => false,
        Sought::Text(TextColumn::Subject, sought) => text.subject.contains(sought),
        Sought::Text(TextColumn::Header, sought) => text.header.values.contains(sought),
        Sought::Text(TextColumn::Body, sought) => text.body.contains(sought),
        Sought::Text(TextColumn::Any, sought) => {
            [&text.subject, &text.header.values, &text.body].iter().any(|text| text.contains(sought))
        }
        Sought::Text(_, sought) => sought.is_empty(),
    }
}

proptest! {
    /// `learnt`: what the index was asked for; `lavish`: it proposes the message whatever was sought.
    #[test]
    fn rounds_agree_and_the_last_one_decides(key in key(), learnt in proptest::num::u8::ANY, lavish in proptest::num::u8::ANY) {
        let (entry, searched) = (entry(), searched());
        let text = &searched.text;
        let whole = Known { heads: Some(&searched), header: Some(&text.header), body: Some(&text.body) };
        let mut plan = plan(&key);
        let truth = plan.judge(&Facts { entry: &entry, known: whole });
        prop_assert_ne!(truth, Verdict::Doubt);
        if let Some((column, text)) = plan.having(Step { heads: true, header: true, body: true }) {
            let has = has(&searched, &Sought::Text(column, text.to_owned()));
            prop_assert!(has || truth == Verdict::No, "nothing that matches is passed over");
        }
        for (index, sought) in plan.sought().into_iter().enumerate().filter(|(index, _)| learnt & (1 << (index % 8)) != 0) {
            let proposes = has(&searched, &sought) || lavish & (1 << (index % 8)) != 0;
            let proposed = if proposes { vec![MessageId(0), entry.message] } else { vec![MessageId(0), MessageId(7)] };
            plan.learn(&sought, &proposed.into());
        }
        prop_assert_eq!(plan.judge(&Facts { entry: &entry, known: whole }), truth, "the index changes no answer");
        let mut verdict = plan.judge(&Facts { entry: &entry, known: Known::default() });
        if let Some((column, text)) = plan.one_text().filter(|_| verdict == Verdict::Doubt) {
            let has = has(&searched, &Sought::Text(column, text.to_owned()));
            prop_assert_eq!(Verdict::of(has), truth, "one text decides");
        }
        for step in plan.steps() {
            prop_assert!(verdict == Verdict::Doubt || verdict == truth);
            let known = Known {
                heads: whole.heads.filter(|_| step.heads),
                header: whole.header.filter(|_| step.header),
                body: whole.body.filter(|_| step.body),
            };
            verdict = plan.judge(&Facts { entry: &entry, known });
        }
        prop_assert_eq!(verdict, truth);
    }
}

#[test]
fn only_what_is_needed_is_read() {
    let heads = Step { heads: true, ..Step::default() };
    let body = Step { body: true, ..Step::default() };
    assert_eq!(plan(&SearchKey::Flag(SystemFlag::Seen)).steps(), []);
    assert_eq!(plan(&SearchKey::SentOn(20)).steps(), []);
    assert_eq!(plan(&SearchKey::From("a".to_owned())).steps(), [heads]);
    assert_eq!(plan(&SearchKey::Body("a".to_owned())).steps(), [body]);
    let both = SearchKey::And(vec![SearchKey::From("a".to_owned()), SearchKey::Body("a".to_owned())]);
    assert_eq!(plan(&both).steps(), [heads, Step { body: true, ..heads }]);
    assert_eq!(plan(&SearchKey::Text("a".to_owned())).steps(), [Step { heads: true, header: true, body: true }]);
}

#[test]
fn the_index_is_asked_for_what_it_knows() {
    let sought = |key: SearchKey| plan(&key).sought();
    let header = |name: &str, text: &str| sought(SearchKey::Header(name.to_owned(), text.to_owned()));
    let text = |column, text: &str| vec![Sought::Text(column, text.to_owned())];
    assert_eq!(sought(SearchKey::Subject("ÉTÉ".to_owned())), text(TextColumn::Subject, "ete"));
    assert_eq!(sought(SearchKey::Subject("ét".to_owned())), []);
    assert_eq!(sought(SearchKey::Subject("œt".to_owned())), text(TextColumn::Subject, "oet"));
    assert_eq!(header("Message-Id", "<A@x>"), [Sought::MessageId("a@x".to_owned())]);
    assert_eq!(header("Message-Id", "A@x"), text(TextColumn::Header, "a@x"));
    assert_eq!(header("X-Id", "<A@x>"), text(TextColumn::Header, "<a@x>"));
    assert_eq!(header("X-Id", ""), []);
}

#[test]
fn days_are_whole_and_in_utc() {
    let on = |day| plan(&SearchKey::On(day)).judge(&Facts { entry: &entry(), known: Known::default() });
    assert_eq!(on(20), Verdict::Yes);
    assert_eq!(on(21), Verdict::No);
}

#[test]
fn older_and_younger_meet_at_the_second() {
    let judge = |key: SearchKey| plan(&key).judge(&Facts { entry: &entry(), known: Known::default() });
    let day = u32::try_from(DAY).unwrap();
    for (seconds, older, younger) in [(day - 1, true, false), (day, true, true), (day + 1, false, true)] {
        assert_eq!(judge(SearchKey::Older(seconds)), Verdict::of(older), "{seconds}");
        assert_eq!(judge(SearchKey::Younger(seconds)), Verdict::of(younger), "{seconds}");
    }
}
