//! What extensions add to the base commands.

use super::*;
use crate::imap::wire::command::{Access, Resync};
use crate::model::{ModSeq, UidValidity};

#[test]
fn select_qresync() {
    let resync = |text: &str| match body(text) {
        CommandBody::Select { qresync, .. } => qresync.unwrap(),
        other => panic!("{other:?}"),
    };
    let known = |known| Resync { uid_validity: UidValidity(7), mod_seq: ModSeq(i64::MAX), known };
    assert_eq!(resync("SELECT a (QRESYNC (7 9223372036854775807))"), known(None));
    assert_eq!(resync("select a (qresync (7 9223372036854775807 1:3,5))"), known(Some(set(&[(1, 3), (5, 5)]))));
    assert_eq!(resync("SELECT a (QRESYNC (7 9223372036854775807 1:3 (1,2 1,3)))"), known(Some(set(&[(1, 3)]))));
    assert_eq!(resync("SELECT a (QRESYNC (7 9223372036854775807 (1,2 1,3)) CONDSTORE)"), known(None));
    let examine = body("EXAMINE a (CONDSTORE QRESYNC (7 1))");
    assert!(matches!(examine, CommandBody::Select { access: Access::ReadOnly, condstore: true, qresync: Some(_), .. }));
    for text in [
        "QRESYNC",
        "QRESYNC ()",
        "QRESYNC (7)",
        "QRESYNC (7 -1)",
        "QRESYNC (4294967296 1)",
        "QRESYNC (7 9223372036854775808)",
        "QRESYNC (7 1 1:*)",
        "QRESYNC (7 1 $)",
        "QRESYNC (7 1 1:2 (1))",
        "QRESYNC (7 1 1:2 (1 *))",
        "QRESYNC (7 1 1:2 (1 2) 3)",
        "QRESYNC (7 1) QRESYNC (7 1)",
    ] {
        bad(&format!("SELECT a ({text})"));
    }
}

#[test]
fn fetch_vanished() {
    let fetch = |text: &str| match body(text) {
        CommandBody::Fetch(fetch) => (fetch.changed_since, fetch.vanished),
        other => panic!("{other:?}"),
    };
    assert_eq!(fetch("UID FETCH 1:* FLAGS (CHANGEDSINCE 5 VANISHED)"), (Some(ModSeq(5)), true));
    assert_eq!(fetch("UID FETCH 1:* (FLAGS) (vanished changedsince 5)"), (Some(ModSeq(5)), true));
    bad("FETCH 1:* FLAGS (CHANGEDSINCE 5 VANISHED)");
    bad("UID FETCH 1:* FLAGS (VANISHED)");
    bad("UID FETCH 1:* FLAGS (CHANGEDSINCE 5 CHANGEDSINCE 6)");
}
