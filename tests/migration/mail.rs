//! Mail of other programs: mbox as mutt, Dovecot and Thunderbird write it, Maildir, zips of .eml.

use std::fs;
use std::path::Path;

use passerelle::domain::migration::{BringOptions, BringRefusal};
use passerelle::model::{MailboxName, SystemFlag};

use crate::archive::write_zip;
use crate::world::{user, worlds, worlds_with};
use crate::{OWN_MAILBOXES, all_of, bring_mail, problems};

const MBOX: &str = "From a@b Mon Nov 23 07:08:09 2026\nMessage-ID: <1@x>\nSubject: one\nStatus: RO\nX-Status: AF\n\
    X-Keywords: $Important\n\n>From the beginning\n\n\
    From - Mon Nov 23 07:08:10 2026\r\nX-Mozilla-Status: 0001\r\nSubject: two\r\n\r\nline\r\n\r\n\
    From MAILER-DAEMON Mon Nov 23 07:08:09 2026\nX-IMAP: 1 2\nSubject: DON'T DELETE THIS MESSAGE\n\nx\n\n\
    From a@b Mon Nov 23 07:08:09 2026\nMessage-ID: <1@x>\nSubject: one\nStatus: RO\n\n>From the beginning\n\n";

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

#[tokio::test]
async fn an_mbox_comes_in_with_flags_and_dates_and_once() {
    for world in worlds(1).await {
        let (zoe, file) = (user(1), world.folder.path().join("Vieux *courrier*.mbox"));
        write(&file, MBOX);
        let done = bring_mail(&world, &zoe, &file, &BringOptions::default()).await.unwrap();
        assert_eq!((done.kind, done.found, done.brought), ("mbox", 3, 3), "{}", world.engine);
        assert_eq!(done.mailboxes, ["Vieux -courrier-"]);
        let all = all_of(&world, &zoe).await;
        let one = "Message-ID: <1@x>\r\nSubject: one\r\n\r\nFrom the beginning\r\n".to_owned();
        let name = "Vieux -courrier-".to_owned();
        let bits = [SystemFlag::Seen, SystemFlag::Answered, SystemFlag::Flagged].map(SystemFlag::bit).iter().sum();
        assert_eq!(
            all,
            [
                (name.clone(), 1, String::new(), 1_795_417_689, one.clone()),
                (name.clone(), 1, String::new(), 1_795_417_690, "Subject: two\r\n\r\nline\r\n".to_owned()),
                (name.clone(), bits, "$Important".to_owned(), 1_795_417_689, one),
            ]
        );
        let again = bring_mail(&world, &zoe, &file, &BringOptions::default()).await.unwrap();
        assert_eq!((again.found, again.new, again.brought), (3, 0, 0));
        // Into another mailbox they are other copies; there, what lies there already is not doubled.
        let into =
            |name: &str| BringOptions { into: Some(MailboxName::parse(name).unwrap()), ..BringOptions::default() };
        let inbox = world.mailbox(&zoe, "INBOX").await;
        world.append(&zoe, &inbox, b"Subject: two\r\n\r\nline\r\n").await;
        assert_eq!(bring_mail(&world, &zoe, &file, &into("INBOX")).await.unwrap().brought, 2);
        assert_eq!(bring_mail(&world, &zoe, &file, &into("Corbeille")).await.unwrap().brought, 3);
        assert_eq!(world.uids(&world.mailbox(&zoe, "Trash").await).await.len(), 3);
    }
}

#[tokio::test]
async fn a_folder_of_thunderbirds_keeps_its_tree() {
    for world in worlds(1).await {
        let (zoe, folder) = (user(1), world.folder.path().join("Local Folders"));
        write(&folder.join("Inbox"), "From \nSubject: a\n\na\n\n");
        write(&folder.join("Inbox.msf"), "x");
        write(&folder.join("Sent"), "From \nSubject: b\n\nb\n\n");
        write(&folder.join("Classes"), "");
        write(&folder.join("Classes.sbd/6e A"), "From - Mon Nov 23 07:08:10 2026\nSubject: c\n\nc\n\n");
        write(&folder.join("notes.txt"), "Not mail");
        std::os::unix::fs::symlink("/etc/hostname", folder.join("link")).unwrap();
        let done = bring_mail(&world, &zoe, &folder, &BringOptions::default()).await.unwrap();
        assert_eq!((done.brought, done.mailboxes), (3, vec!["Classes".to_owned(), "Classes/6e A".to_owned()]));
        assert_eq!(done.remarks.len(), 1, "{:?}", done.remarks);
        let places: Vec<String> = all_of(&world, &zoe).await.into_iter().map(|one| one.0).collect();
        assert_eq!(places, ["Classes/6e A", "INBOX", "Sent"]);
        let into = BringOptions { into: Some(MailboxName::parse("Avant").unwrap()), ..BringOptions::default() };
        let done = bring_mail(&world, &zoe, &folder, &into).await.unwrap();
        assert_eq!(done.mailboxes, ["Avant", "Avant/Classes", "Avant/Classes/6e A", "Avant/Inbox", "Avant/Sent"]);
    }
}

#[tokio::test]
async fn a_maildir_comes_in_with_its_sub_folders_flags_and_keywords() {
    for world in worlds(1).await {
        let (zoe, folder) = (user(1), world.folder.path().join("Maildir"));
        let letter = "Subject: a\nDate: Mon, 23 Nov 2026 07:08:09 +0000\n\nbody\n";
        write(&folder.join("cur/1.x:2,FSab"), letter);
        write(&folder.join("new/2.x"), "Subject: b\r\n\r\nbody\r\n");
        write(&folder.join("tmp/3.x"), letter);
        write(&folder.join("dovecot-keywords"), "0 $Forwarded\n1 bad word\n");
        write(&folder.join(".&AMk-t&AOk-.Classe 6/cur/4.x:2,RT"), letter);
        fs::create_dir_all(folder.join(".&AMk-t&AOk-.Classe 6/new")).unwrap();
        std::os::unix::fs::symlink("/etc/hostname", folder.join("cur/5.x")).unwrap();
        let day = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_600_000_000);
        let file = fs::OpenOptions::new().write(true).open(folder.join("cur/1.x:2,FSab")).unwrap();
        file.set_modified(day).unwrap();
        let done = bring_mail(&world, &zoe, &folder, &BringOptions::default()).await.unwrap();
        assert_eq!((done.kind, done.brought), ("maildir", 3));
        let all = all_of(&world, &zoe).await;
        let letter = letter.replace('\n', "\r\n");
        let one = ("INBOX".to_owned(), 5, "$Forwarded".to_owned(), 1_600_000_000, letter.clone());
        assert!(all.contains(&one), "{all:?}");
        assert!(all.iter().any(|one| (one.0.as_str(), one.1) == ("INBOX", 0) && one.4.starts_with("Subject: b")));
        assert!(all.iter().any(|one| (one.0.as_str(), one.1) == ("Été/Classe 6", 10) && one.4 == letter), "{all:?}");
    }
}

#[tokio::test]
async fn a_zip_of_letters_needs_no_index() {
    for world in worlds(1).await {
        let (zoe, zip) = (user(1), world.folder.path().join("a.zip"));
        let letter = b"Subject: a\nDate: Mon, 23 Nov 2026 07:08:09 +0000\n\nbody\n".to_vec();
        write_zip(
            &zip,
            &[("a.eml".to_owned(), letter.clone()), ("x/y/b.EML".to_owned(), letter), ("z.txt".to_owned(), vec![1])],
        );
        let done = bring_mail(&world, &zoe, &zip, &BringOptions::default()).await.unwrap();
        assert_eq!((done.kind, done.brought, done.mailboxes.len()), ("eml", 2, 2));
        let all = all_of(&world, &zoe).await;
        assert_eq!((all[0].0.as_str(), all[1].0.as_str(), all[0].3), ("INBOX", "x/y", 1_795_417_689));
        write_zip(&zip, &[("z.txt".to_owned(), vec![1])]);
        let told = problems(bring_mail(&world, &zoe, &zip, &BringOptions::default()).await.unwrap_err());
        assert!(told[0].ends_with("no file in this zip ends in .eml"), "{told:?}");
        write_zip(&zip, &[("a.eml".to_owned(), vec![b'x']), ("index.jsonl".to_owned(), b"{}\n{".to_vec())]);
        let told = problems(bring_mail(&world, &zoe, &zip, &BringOptions::default()).await.unwrap_err());
        assert!(told[0].starts_with("index.jsonl: line 1: "), "{told:?}");
    }
}

#[tokio::test]
async fn what_is_broken_in_the_middle_is_told_with_its_place_and_changes_nothing() {
    for world in worlds_with(1, |config| config.imap.append_bytes_max = 1000).await {
        let (zoe, file) = (user(1), world.folder.path().join("a"));
        let mut text = "From a@b Mon Nov 23 07:08:09 2026\nSubject: a\n\na\n\n".to_owned();
        let second = text.len();
        text.push_str(&format!("From a@b Mon Nov 23 07:08:09 2026\nSubject: b\n\n{}\n\n", "x".repeat(2000)));
        let third = text.len();
        text.push_str("From a@b Mon Nov 23 07:08:09 2026\nSubject: c\n\n\0\n\n");
        write(&file, &text);
        let told = problems(bring_mail(&world, &zoe, &file, &BringOptions::default()).await.unwrap_err());
        let name = file.display();
        assert_eq!(
            told,
            [
                format!("{name}: octet {second}: a message of more than 1000 octets (`imap.append_bytes_max`)"),
                format!("{name}: octet {third}: a message with a NUL octet in it"),
            ]
        );
        assert_eq!(world.count("select count(*) from placement").await, 0);
        let options = BringOptions { skip_broken: true, ..BringOptions::default() };
        let done = bring_mail(&world, &zoe, &file, &options).await.unwrap();
        assert_eq!((done.brought, done.left_out_in_all), (1, 2));
        write(&file, "Subject: no mbox\n\nx\n");
        let told = problems(bring_mail(&world, &zoe, &file, &BringOptions::default()).await.unwrap_err());
        assert!(told[0].ends_with("neither an mbox, nor a Maildir, nor a zip of .eml files"), "{told:?}");
        let gone = bring_mail(&world, &zoe, &world.folder.path().join("gone"), &BringOptions::default()).await;
        assert!(matches!(&gone, Err(BringRefusal::Unreadable(why)) if why.contains("No such file")), "{gone:?}");
    }
    for world in worlds_with(1, |config| config.mailboxes.per_user_max = 6).await {
        let (zoe, folder) = (user(1), world.folder.path().join("f"));
        write(&folder.join("A"), "From \nSubject: a\n\na\n\n");
        write(&folder.join("B"), "From \nSubject: b\n\nb\n\n");
        let refused = bring_mail(&world, &zoe, &folder, &BringOptions::default()).await;
        assert!(matches!(&refused, Err(BringRefusal::Mailbox { name, .. }) if name == "B"), "{refused:?}");
        assert_eq!(world.count(OWN_MAILBOXES).await, 0);
    }
}
