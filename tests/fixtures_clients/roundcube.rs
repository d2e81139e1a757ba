//! Webmails: one connection and one login for each page, closed without a word or by LOGOUT.

use crate::world::{PASSWORD, World, letter};

/// The page that lists a mailbox, the page that shows a message, and the next minute's look.
#[tokio::test]
async fn roundcube_comes_and_goes() {
    let world = World::new().await;
    let mut first = world.anne().await;
    for number in 1..=3 {
        first.appends("INBOX", letter("page", &format!("Lettre {number}."))).await;
    }
    first.hangs_up().await;
    for page in 0..20 {
        let mut page_view = world.client().await;
        page_view.ok("ID (\"name\" \"Roundcube\" \"version\" \"1.6\")").await;
        let welcome = page_view.tagged(format!("LOGIN anne \"{PASSWORD}\"")).await;
        assert!(welcome.starts_with("OK [CAPABILITY "), "{welcome}");
        page_view.ok("NAMESPACE").await;
        let listed = page_view.ok("LIST \"\" \"*\" RETURN (SUBSCRIBED STATUS (MESSAGES UNSEEN))").await;
        assert!(
            listed.iter().any(|line| line.starts_with("* STATUS INBOX (") && line.contains("MESSAGES 3")),
            "{listed:?}"
        );
        page_view.ok("SELECT INBOX").await;
        let found = page_view.ok("UID SEARCH RETURN (ALL COUNT) ALL UNDELETED").await;
        assert!(found[0].contains("ALL 1:3") && found[0].contains("COUNT 3"), "{found:?}");
        let fields = "UID RFC822.SIZE FLAGS INTERNALDATE BODYSTRUCTURE BODY.PEEK[HEADER.FIELDS (DATE FROM TO SUBJECT \
                      CONTENT-TYPE CC REPLY-TO LIST-POST DISPOSITION-NOTIFICATION-TO X-PRIORITY SENDER)]";
        assert_eq!(page_view.ok(format!("UID FETCH 1:3 ({fields})")).await.len(), 3);
        let shown = page_view.ok("UID FETCH 2 (BODY.PEEK[1])").await;
        assert!(shown[0].contains("Lettre 2."), "{shown:?}");
        if page % 2 == 0 {
            page_view.sends("z LOGOUT\r\n").await;
            let (last, _) = page_view.ends().await;
            assert!(last[0].starts_with("* BYE") && last[1].starts_with("z OK"), "{last:?}");
        } else {
            page_view.hangs_up().await;
        }
    }
}
