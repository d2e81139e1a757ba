//! What is taken out comes in again the same, and other programs read it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use passerelle::domain::migration::{BringOptions, ExportTo, Exported};
use passerelle::model::{Flags, MailboxName, Timestamp};

use crate::archive::whole;
use crate::world::{World, user, worlds};
use crate::{all_of, bring, bring_mail};

/// A person with letters of all kinds.
async fn fill(world: &World) {
    let (zoe, zip) = (user(1), world.folder.path().join("a.zip"));
    whole().write(&zip);
    bring(world, &zoe, &zip, &BringOptions::default()).await.unwrap();
    let other = world.create(&zoe, "Été/6e: A").await;
    let flags = Flags::from_columns(31, "$Forwarded rouge");
    let body = format!(
        "Subject: \u{1b}[2J ../x\r\n\r\nFrom here\r\n>From there\r\n{}\r\n",
        "0123456789abcdef\r\n".repeat(20_000)
    );
    world.append_with(&zoe, &other, body.as_bytes(), flags).await;
    world.append(&zoe, &other, b"Subject: no body\r\n\r\n").await;
}

async fn export(world: &World, to: &ExportTo) -> Exported {
    world.gateway.export_mail(&user(1), to, &Arc::default()).await.unwrap().unwrap()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn a_zip_comes_in_again_octet_for_octet() {
    for world in worlds(3).await {
        fill(&world).await;
        let zip = world.folder.path().join("out.zip");
        let done = export(&world, &ExportTo::Eml(zip.clone())).await;
        assert_eq!((done.messages, done.mailboxes, done.gone), (11, 10, 0), "{}", world.engine);
        assert_eq!(mode(&zip), 0o600);
        let brought = bring_mail(&world, &user(3), &zip, &BringOptions::default()).await.unwrap();
        assert_eq!((brought.kind, brought.brought), ("eml", 11));
        assert_eq!(all_of(&world, &user(1)).await, all_of(&world, &user(3)).await);
        assert_eq!(world.count("select count(distinct message_id) from placement").await, 10, "each is kept once");
        let again = world.gateway.export_mail(&user(1), &ExportTo::Eml(zip.clone()), &Arc::default()).await.unwrap();
        assert!(again.unwrap_err().contains("exists"), "never overwritten");
        assert_eq!(bring_mail(&world, &user(1), &zip, &BringOptions::default()).await.unwrap().brought, 0);
        let script = "import sys, zipfile, email.policy\nz = zipfile.ZipFile(sys.argv[1])\nassert z.testzip() is None\n\
            names = [n for n in z.namelist() if n.endswith('.eml')]\n\
            [email.message_from_bytes(z.read(n), policy=email.policy.default) for n in names]\nprint(len(names), sorted(names)[-1])";
        let said = python(script, &zip);
        assert_eq!(said.trim(), "11 Été/6e_ A/00002 2026-09-21 no body.eml");
    }
}

#[tokio::test]
async fn mbox_files_come_in_again_and_python_reads_them() {
    for world in worlds(3).await {
        fill(&world).await;
        let folder = world.folder.path().join("out");
        assert_eq!(export(&world, &ExportTo::Mbox(folder.clone())).await.messages, 11);
        assert_eq!((mode(&folder), mode(&folder.join("INBOX.mbox"))), (0o700, 0o600));
        let brought = bring_mail(&world, &user(3), &folder, &BringOptions::default()).await.unwrap();
        assert_eq!((brought.kind, brought.brought), ("mbox", 11));
        assert_eq!(all_of(&world, &user(1)).await, all_of(&world, &user(3)).await);
        let script = "import sys, mailbox\nm = mailbox.mbox(sys.argv[1], create=False)\n\
            print([(x['Subject'][-7:], x.get_flags(), x['X-Keywords']) for x in m])";
        let said = python(script, &folder.join("Été/6e_ A.mbox"));
        assert_eq!(said.trim(), "[('2J ../x', 'ROAFDT', '$Forwarded rouge'), ('no body', 'O', None)]");
        let again = world.gateway.export_mail(&user(1), &ExportTo::Mbox(folder), &Arc::default()).await.unwrap();
        assert!(again.unwrap_err().contains("exists"));
    }
}

fn python(script: &str, file: &Path) -> String {
    let output = Command::new("python3").args(["-c", script]).arg(file).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test]
async fn an_export_that_cannot_be_written_leaves_nothing_behind() {
    for world in worlds(1).await {
        fill(&world).await;
        let nowhere = world.folder.path().join("gone/out.zip");
        let told = world.gateway.export_mail(&user(1), &ExportTo::Eml(nowhere.clone()), &Arc::default()).await.unwrap();
        assert!(told.unwrap_err().contains("No such file"));
        assert!(!nowhere.exists());
        // A name that is another file's in an export of everything, but for its case.
        world.create(&user(1), "inbox2").await;
        world.create(&user(1), "INBOX2").await;
        let folder = world.folder.path().join("out");
        export(&world, &ExportTo::Mbox(folder.clone())).await;
        assert!(folder.join("INBOX2.mbox").exists() && folder.join("inbox2 (2).mbox").exists());
        let lines = world.gateway.trail_lines(0, Some(&user(1).id), None).await.unwrap();
        let told: Vec<&str> = lines.iter().map(|line| line.line.detail.as_str()).collect();
        assert!(
            told.iter().any(|line| line.contains("\"export-mail\"") && line.contains("mbox: 11 messages")),
            "{told:?}"
        );
        assert!(
            told.iter().any(|line| line.contains("mes-donnees: 9 messages brought in, 0 known, 0 left out")),
            "{told:?}"
        );
        assert!(told.iter().all(|line| !line.contains("Sujet")), "{told:?}");
    }
}

#[tokio::test]
async fn an_export_is_of_one_moment() {
    for world in worlds(1).await {
        let inbox = world.mailbox(&user(1), "INBOX").await;
        let options = passerelle::domain::messages::AppendOptions {
            internal_date: Some(Timestamp::from_seconds(0)),
            ..Default::default()
        };
        let letter = world.spooled(b"Subject: old\r\n\r\nx\r\n").await;
        world.gateway.append(&user(1), &inbox, letter, options).await.unwrap();
        let name = MailboxName::parse("vide").unwrap();
        world.gateway.create_mailbox(&user(1), &name, None).await.unwrap().unwrap();
        let zip = world.folder.path().join("out.zip");
        assert_eq!(export(&world, &ExportTo::Eml(zip.clone())).await.messages, 1);
        let said = python("import sys, zipfile\nprint(zipfile.ZipFile(sys.argv[1]).namelist())", &zip);
        assert_eq!(said.trim(), "['INBOX/00001 1970-01-01 old.eml', 'index.jsonl']");
        let done = bring_mail(&world, &user(1), &zip, &BringOptions::default()).await.unwrap();
        assert_eq!((done.new, done.brought), (1, 0), "it lies there already");
    }
}
