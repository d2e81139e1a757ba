//! An archive comes in: what each thing in it becomes, and that it comes in once.

use passerelle::domain::migration::{BringOptions, BringRefusal};
use passerelle::domain::recover::Bin;
use passerelle::model::{SystemFlag, Uid};

use crate::archive::{Archive, Mail, whole};
use crate::world::{World, user, worlds, worlds_with};
use crate::{OWN_MAILBOXES, all_of, bring};

/// The message whose Message-ID this is, and where it lies.
async fn find(world: &World, id: &str) -> Vec<(String, u8, String, i64, String)> {
    let all = all_of(world, &user(1)).await;
    let is_it = |content: &str| content.contains(&format!("\r\nMessage-ID: <{id}@ent.test>\r\n"));
    all.into_iter().filter(|(.., content)| is_it(content)).collect()
}

#[tokio::test]
async fn everything_becomes_what_it_was() {
    for world in worlds(2).await {
        let (zoe, zip) = (user(1), world.folder.path().join("a.zip"));
        whole().write(&zip);
        let done = bring(&world, &zoe, &zip, &BringOptions::default()).await.unwrap();
        assert_eq!((done.found, done.new, done.brought, done.left_out_in_all), (9, 9, 9, 0), "{}", world.engine);
        assert_eq!(done.mailboxes, ["Classe 6e A-B", "Classe 6e A-B/Sorties", "Vide"]);
        let remarks: Vec<String> = done.remarks.iter().map(ToString::to_string).collect();
        let told = "conversation.messages: 1 pictures are not in the archive: letters keep their addresses in the ENT";
        assert_eq!(remarks, [told]);

        let inbox = &find(&world, "inbox").await[0];
        assert_eq!((inbox.0.as_str(), inbox.1, inbox.3), ("INBOX", 0, 1_600_000_003));
        let expected = "Date: Sun, 13 Sep 2020 12:26:43 +0000\r\nFrom: U DEUX <u2@ent.test>\r\n\
            To: =?UTF-8?Q?MARTIN_Zo=C3=A9?= <u1@ent.test>\r\nSubject: Sujet de inbox\r\nMessage-ID: <inbox@ent.test>\r\n\
            MIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\
            \r\n<p>=C3=A9</p>\r\n";
        assert_eq!(inbox.4, expected);

        let sent = &find(&world, "sent").await[0];
        assert_eq!((sent.0.as_str(), sent.1), ("Sent", SystemFlag::Seen.bit()));
        let head = sent.4.replace("\r\n ", " ");
        let to = "\r\nTo: U DEUX <u2@ent.test>, Parents du groupe 6A <g@unknown.invalid>, nobody@unknown.invalid, \
            PARTIE Anne <x";
        assert!(head.contains(to), "{head}");
        assert!(head.contains("\r\nBcc: PARTI Jean <gone@unknown.invalid>\r\n"), "{head}");

        let answer = &find(&world, "answer").await[0];
        assert_eq!(answer.0, "Classe 6e A-B/Sorties");
        for line in ["In-Reply-To: <sent@ent.test>", "References: <sent@ent.test>", "Reply-To: noreply@ent.test"] {
            assert!(answer.4.contains(&format!("\r\n{line}\r\n")), "{}", answer.4);
        }
        assert!(!answer.4.contains("Bcc") && !answer.4.contains("gone"), "{}", answer.4);

        let draft = &find(&world, "draft").await[0];
        assert_eq!((draft.0.as_str(), draft.1), ("Drafts", SystemFlag::Seen.bit() | SystemFlag::Draft.bit()));
        let recalled = &find(&world, "recalled").await[0];
        assert!(!recalled.4.contains("secret") && !recalled.4.contains("Sujet") && !recalled.4.contains("\r\nTo:"));
        assert!(recalled.4.contains("Ce message a =C3=A9t=C3=A9 rappel=C3=A9"), "{}", recalled.4);
        let own: Vec<String> = find(&world, "self").await.into_iter().map(|found| found.0).collect();
        assert_eq!(own, ["INBOX", "Sent"]);
        its_trash_knows_where_it_came_from(&world).await;
        let nobody =
            world.count("select count(*) from answerable").await + world.count("select count(*) from delivery").await;
        assert_eq!(nobody + world.count("select count(*) from sending").await, 0, "nothing was delivered");
    }
}

async fn its_trash_knows_where_it_came_from(world: &World) {
    let zoe = user(1);
    let trash = &find(world, "trash").await[0];
    assert_eq!((trash.0.as_str(), trash.1), ("Trash", 0));
    let lying = world.gateway.recoverable(&zoe.id, Bin::Trash).await.unwrap();
    assert_eq!((lying.len(), lying[0].to.as_str()), (1, "Classe 6e A-B"));
    assert_eq!(world.gateway.restore(&zoe, &[Uid(1)]).await.unwrap(), 1);
    assert_eq!(find(world, "trash").await[0].0, "Classe 6e A-B");
}

#[tokio::test]
async fn attachments_and_pictures_are_parts() {
    for world in worlds(2).await {
        let (zoe, zip) = (user(1), world.folder.path().join("a.zip"));
        whole().write(&zip);
        bring(&world, &zoe, &zip, &BringOptions::default()).await.unwrap();
        let inbox = world.mailbox(&zoe, "INBOX").await;
        let uids = world.uids(&inbox).await;
        let letters = world.fetch(&inbox, &uids).await;
        let rich =
            letters.iter().find(|one| one.content.header.windows(13).any(|octets| octets == b"rich@ent.test")).unwrap();
        let octets = world.gateway.read_content(&rich.content, 0..u64::MAX).await.unwrap();
        let text = String::from_utf8(octets.to_vec()).unwrap();
        let structure = String::from_utf8(rich.body_structure.to_vec()).unwrap();
        let parts = &rich.parts.root.children;
        let at = |offset: u64| usize::try_from(offset).unwrap();
        let decoded = |part: &passerelle::mime::Part| {
            let body = text[at(part.body.start)..at(part.body.end)].replace("\r\n", "");
            base64::Engine::decode(&base64::engine::general_purpose::STANDARD, body).unwrap()
        };
        let contents: Vec<Vec<u8>> = parts[1..].iter().map(decoded).collect();
        assert_eq!(contents, [b"%PDF one".to_vec(), b"%PDF two".to_vec(), b"three".to_vec()], "{structure}");
        let [html, picture] = &parts[0].children[..] else { panic!("{structure}") };
        assert_eq!(decoded(picture), b"\x89PNG");
        let html = text[at(html.body.start)..at(html.body.end)].replace("=\r\n", "");
        assert_eq!(html, "<p>Voir <img src=3D\"cid:p1@ent.test\"> et <img src=3D'/workspace/document/p2'></p>\r\n");
        assert!(text.contains("\r\nContent-ID: <p1@ent.test>\r\n") && text.contains("Content-Type: image/png\r\n"));
        assert_eq!(text.matches("filename*=UTF-8''%C3%A9t%C3%A9%202026.pdf").count(), 2, "{text}");
        assert!(text.contains("filename=\"sans point\""), "{text}");
    }
}

#[tokio::test]
async fn run_again_nothing_doubles_whatever_became_of_it() {
    for world in worlds(2).await {
        let (zoe, zip) = (user(1), world.folder.path().join("a.zip"));
        whole().write(&zip);
        bring(&world, &zoe, &zip, &BringOptions::default()).await.unwrap();
        // One is moved, one is gone for good, a mailbox is deleted.
        let inbox = world.mailbox(&zoe, "INBOX").await;
        let other = world.create(&zoe, "Ailleurs").await;
        let uids: Vec<Uid> = world.uids(&inbox).await.into_iter().map(Uid).collect();
        world.gateway.move_messages(&zoe, inbox.id, &uids[..2], &other).await.unwrap();
        let empty = passerelle::model::MailboxName::parse("Vide").unwrap();
        world.gateway.delete_mailbox(&zoe, &empty).await.unwrap().unwrap();
        let drafts = world.mailbox(&zoe, "Drafts").await;
        let mut flags = passerelle::model::Flags::default();
        flags.set(SystemFlag::Deleted);
        let change = passerelle::domain::messages::FlagChange::Add;
        let deleted = passerelle::domain::messages::StoreFlags { change, flags, unchanged_since: None };
        world.gateway.store_flags(drafts.id, &[Uid(1)], deleted).await.unwrap();
        assert_eq!(world.gateway.expunge(drafts.id, None).await.unwrap(), [Uid(1)]);
        let before = all_of(&world, &zoe).await;
        let again = bring(&world, &zoe, &zip, &BringOptions::default()).await.unwrap();
        assert_eq!((again.found, again.new, again.brought), (9, 0, 0));
        assert_eq!(again.mailboxes, [""; 0]);
        assert_eq!(all_of(&world, &zoe).await, before);
        assert_eq!(world.gateway.mailbox(&zoe, &empty).await.unwrap(), None);
        // A later archive has more: only that comes.
        let mut more = whole();
        more.add(&Mail { id: "later", ..Mail::default() }).lies("later", Some("f3"), false, true);
        more.write(&zip);
        let later = bring(&world, &zoe, &zip, &BringOptions::default()).await.unwrap();
        assert_eq!((later.new, later.brought, later.mailboxes), (1, 1, vec!["Vide".to_owned()]));
    }
}

#[tokio::test]
async fn a_letter_that_came_another_way_is_known_by_its_message_id() {
    for world in worlds(2).await {
        let (zoe, zip) = (user(1), world.folder.path().join("a.zip"));
        let inbox = world.mailbox(&zoe, "INBOX").await;
        world.append(&zoe, &inbox, b"Message-ID: <m1@ENT.test>\r\nSubject: x\r\n\r\nx").await;
        Archive::default().add(&Mail::default()).lies("m1", None, false, true).write(&zip);
        let done = bring(&world, &zoe, &zip, &BringOptions::default()).await.unwrap();
        assert_eq!((done.new, done.brought), (1, 0));
        assert_eq!(world.uids(&inbox).await, [1]);
    }
}

#[tokio::test]
async fn what_two_people_bring_in_is_kept_once() {
    for world in worlds(2).await {
        let zip = world.folder.path().join("a.zip");
        let mut archive = Archive::default();
        archive.add(&Mail { to: &["id-1", "id-2"], from: "gone", ..Mail::default() }).lies("m1", None, false, true);
        archive.write(&zip);
        bring(&world, &user(1), &zip, &BringOptions::default()).await.unwrap();
        archive.usermessages[0][0] = "id-2".into();
        archive.write(&zip);
        bring(&world, &user(2), &zip, &BringOptions::default()).await.unwrap();
        assert_eq!(world.count("select count(*) from message").await, 1);
        assert_eq!(world.count("select count(*) from placement").await, 2);
    }
}

#[tokio::test]
async fn somebody_elses_archive_is_not_brought_in_by_mistake() {
    for world in worlds(2).await {
        let zip = world.folder.path().join("a.zip");
        whole().write(&zip);
        let refused = bring(&world, &user(2), &zip, &BringOptions::default()).await;
        assert!(matches!(&refused, Err(BringRefusal::OtherOwner { login }) if login == "u1"), "{refused:?}");
        assert_eq!(world.count("select count(*) from placement").await, 0);
        let options = BringOptions { other_owner: true, ..BringOptions::default() };
        assert_eq!(bring(&world, &user(2), &zip, &options).await.unwrap().brought, 9);
    }
}

#[tokio::test]
async fn the_quota_is_looked_at_before_anything_is_written() {
    for world in worlds_with(1, |config| config.mailboxes.messages_per_user_max = 5).await {
        let (zoe, zip) = (user(1), world.folder.path().join("a.zip"));
        whole().write(&zip);
        let refused = bring(&world, &zoe, &zip, &BringOptions::default()).await;
        assert!(
            matches!(&refused, Err(BringRefusal::Quota { messages: 9, bytes, .. }) if *bytes > 2000),
            "{refused:?}"
        );
        assert_eq!(world.count(OWN_MAILBOXES).await, 0);
        let options = BringOptions { over_quota: true, ..BringOptions::default() };
        assert_eq!(bring(&world, &zoe, &zip, &options).await.unwrap().brought, 9);
    }
}

#[tokio::test]
async fn a_dry_run_changes_nothing_and_says_the_same() {
    for world in worlds(1).await {
        let (zoe, zip) = (user(1), world.folder.path().join("a.zip"));
        whole().write(&zip);
        let options = BringOptions { dry_run: true, ..BringOptions::default() };
        let told = bring(&world, &zoe, &zip, &options).await.unwrap();
        assert_eq!((told.found, told.new, told.brought, told.mailboxes.len(), told.dry_run), (9, 9, 0, 3, true));
        assert_eq!(world.count("select count(*) from placement").await, 0);
        assert_eq!(world.count(OWN_MAILBOXES).await, 0);
        assert_eq!(world.count("select count(*) from trail_waiting").await, 0);
    }
}
