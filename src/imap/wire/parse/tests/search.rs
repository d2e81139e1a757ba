//! SEARCH.

use super::*;
use crate::imap::wire::command::{Search, SearchKey, SearchReturn};
use crate::model::ModSeq;

fn search(text: &str) -> Search {
    match body(text) {
        CommandBody::Search(search) => search,
        other => panic!("{other:?}"),
    }
}

fn key(text: &str) -> SearchKey {
    search(&format!("SEARCH {text}")).key
}

fn not(key: SearchKey) -> SearchKey {
    SearchKey::Not(Box::new(key))
}

type OfText = fn(String) -> SearchKey;

#[test]
fn keys_about_text() {
    let texts: [(&str, OfText); 7] = [
        ("BCC", SearchKey::Bcc),
        ("BODY", SearchKey::Body),
        ("CC", SearchKey::Cc),
        ("FROM", SearchKey::From),
        ("SUBJECT", SearchKey::Subject),
        ("TEXT", SearchKey::Text),
        ("TO", SearchKey::To),
    ];
    for (name, make) in texts {
        assert_eq!(key(&format!("{name} \"é t\"")), make("é t".to_owned()), "{name}");
        assert_eq!(key(&format!("{name} \"\"")), make(String::new()), "{name}");
        assert_eq!(key(&format!("{name} {{2+}}\r\né")), make("é".to_owned()), "{name}");
        assert_eq!(key(&format!("{name} été")), make("été".to_owned()), "{name}");
        bad(&format!("SEARCH {name}"));
        bad(&format!("SEARCH {name}x"));
    }
    assert_eq!(key("HEADER Message-ID \"<a@b>\""), SearchKey::Header("Message-ID".to_owned(), "<a@b>".to_owned()));
    assert_eq!(key("HEADER x \"\""), SearchKey::Header("x".to_owned(), String::new()));
    bad("SEARCH HEADER x");
}

#[test]
fn keys_about_flags() {
    for flag in SystemFlag::ALL {
        let name = flag.name().trim_start_matches('\\');
        assert_eq!(key(name), SearchKey::Flag(flag), "{name}");
        assert_eq!(key(&format!("un{name}")), not(SearchKey::Flag(flag)), "{name}");
    }
    assert_eq!(key("KEYWORD $Junk"), SearchKey::Keyword("$Junk".to_owned()));
    assert_eq!(key("UNKEYWORD $Junk"), not(SearchKey::Keyword("$Junk".to_owned())));
    bad("SEARCH KEYWORD \\Seen");
}

#[test]
fn other_keys() {
    let seen = SearchKey::Flag(SystemFlag::Seen);
    let day = 8797;
    for (text, expected) in [
        ("all", SearchKey::All),
        ("OLD", SearchKey::All),
        ("NEW", SearchKey::Recent),
        ("RECENT", SearchKey::Recent),
        ("BEFORE 1-Feb-1994", SearchKey::Before(day)),
        ("ON \"1-Feb-1994\"", SearchKey::On(day)),
        ("since 01-feb-1994", SearchKey::Since(day)),
        ("SENTBEFORE 1-Feb-1994", SearchKey::SentBefore(day)),
        ("SENTON 31-Dec-1969", SearchKey::SentOn(-1)),
        ("SENTSINCE 29-Feb-2024", SearchKey::SentSince(19782)),
        ("LARGER 5000000000", SearchKey::Larger(5_000_000_000)),
        ("SMALLER 0", SearchKey::Smaller(0)),
        ("1:3", SearchKey::Set(Numbers::Sequence, set(&[(1, 3)]))),
        ("*", SearchKey::Set(Numbers::Sequence, set(&[(0, 0)]))),
        ("UID 3:*", SearchKey::Set(Numbers::Uid, set(&[(3, 0)]))),
        ("MODSEQ 620162338", SearchKey::ModSeq(ModSeq(620_162_338))),
        ("MODSEQ \"/flags/\\\\draft\" all 620162338", SearchKey::ModSeq(ModSeq(620_162_338))),
        ("NOT NOT SEEN", not(not(seen.clone()))),
        ("OR SEEN ALL", SearchKey::Or(Box::new(seen.clone()), Box::new(SearchKey::All))),
        ("(SEEN)", seen.clone()),
        ("( SEEN  ALL )", SearchKey::And(vec![seen.clone(), SearchKey::All])),
        ("SEEN ALL ", SearchKey::And(vec![seen.clone(), SearchKey::All])),
        ("NOT (SEEN ALL)", not(SearchKey::And(vec![seen, SearchKey::All]))),
    ] {
        assert_eq!(key(text), expected, "{text}");
    }
    for text in [
        "",
        "()",
        "FOO",
        "FOO x",
        "NOT",
        "OR SEEN",
        "(SEEN",
        "SEEN)",
        "BEFORE 31-Feb-1994",
        "BEFORE 1-Foo-1994",
        "BEFORE 1-Feb-94",
        "BEFORE \"1-Feb-1994",
        "BEFORE 1-Feb-1994x",
        "LARGER x",
        "LARGER 9223372036854775808",
        "UID",
        "UID SEEN",
        "MODSEQ -1",
        "MODSEQ \"/flags/a\" 1",
        "MODSEQ \"/flags/a\" foo 1",
        "OLDER 0",
        "YOUNGER -1",
        "YOUNGER 4294967296",
        "OLDER",
        "$1",
        "$,1",
        "SEENALL",
    ] {
        bad(&format!("SEARCH {text}"));
    }
}

#[test]
fn search_options() {
    assert_eq!(
        search("UID SEARCH CHARSET UTF-8 UNDELETED SUBJECT \"RT1\" SUBJECT {2}\r\né"),
        Search {
            numbers: Numbers::Uid,
            returns: None,
            charset: Some("UTF-8".to_owned()),
            key: SearchKey::And(vec![
                not(SearchKey::Flag(SystemFlag::Deleted)),
                SearchKey::Subject("RT1".to_owned()),
                SearchKey::Subject("é".to_owned()),
            ]),
        }
    );
    assert_eq!(search("search return () all").returns, Some(vec![SearchReturn::All]));
    assert_eq!(
        search("SEARCH RETURN (min MAX ALL count) CHARSET \"utf-8\" ALL"),
        Search {
            numbers: Numbers::Sequence,
            returns: Some(vec![SearchReturn::Min, SearchReturn::Max, SearchReturn::All, SearchReturn::Count]),
            charset: Some("UTF-8".to_owned()),
            key: SearchKey::All,
        }
    );
    assert_eq!(search("SEARCH RETURN (SAVE count) ALL").returns, Some(vec![SearchReturn::Save, SearchReturn::Count]));
    let both = vec![
        SearchKey::Set(Numbers::Sequence, SequenceSet::Saved),
        SearchKey::Set(Numbers::Uid, SequenceSet::Saved),
        SearchKey::Older(5),
        SearchKey::Younger(u32::MAX),
    ];
    assert_eq!(key("$ UID $ OLDER 5 younger 4294967295"), SearchKey::And(both));
    bad("SEARCH RETURN ()");
    bad("SEARCH CHARSET UTF-8");
    assert!(command(b"a SEARCH SUBJECT \"\xe9\"", &LIMITS).is_err());
    let latin = command(b"a SEARCH CHARSET iso-8859-1 SUBJECT \"\xe9\"", &LIMITS).map(|command| command.body);
    assert!(matches!(latin, Ok(CommandBody::Search(search)) if search.charset.as_deref() == Some("ISO-8859-1")));
    for deep in ["(", "NOT ", "OR ALL "] {
        let close = if deep == "(" { ")" } else { "" };
        let nested = |depth| format!("SEARCH {}ALL{}", deep.repeat(depth), close.repeat(depth));
        assert!(parsed(&nested(5)).is_ok(), "{deep}");
        assert_eq!(parsed(&nested(6)), Err(BadCommand::TooNested), "{deep}");
    }
}

#[test]
fn sort_and_thread() {
    use crate::imap::wire::sort::{Sort, SortCriterion, SortKey, ThreadAlgorithm, ThreadAsk};
    let search =
        Search { numbers: Numbers::Uid, returns: None, charset: Some("UTF-8".to_owned()), key: SearchKey::All };
    let criteria = vec![
        SortCriterion { key: SortKey::DisplayFrom, reverse: true },
        SortCriterion { key: SortKey::Date, reverse: false },
    ];
    let returns = Some(vec![SearchReturn::All, SearchReturn::Count]);
    assert_eq!(
        body("UID SORT RETURN (ALL COUNT) (reverse displayfrom DATE) utf-8 ALL"),
        CommandBody::Sort(Sort { criteria, search: Search { returns, ..search.clone() } })
    );
    let algorithm = ThreadAlgorithm::References;
    assert_eq!(body("uid thread references \"UTF-8\" ALL"), CommandBody::Thread(ThreadAsk { algorithm, search }));
    bad(&format!("SORT ({}DATE) UTF-8 ALL", "DATE ".repeat(50)));
    bad("SORT (REVERSE REVERSE DATE) UTF-8 ALL");
    bad("THREAD UTF-8 ALL");
}
