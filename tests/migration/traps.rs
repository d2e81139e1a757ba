//! Damaged and hostile archives: each is told what is wrong with it, and changes nothing.

use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

use passerelle::config::Config;
use passerelle::domain::migration::BringOptions;
use serde_json::{Value, json};

use crate::archive::{Archive, Mail, whole, write_zip};
use crate::world::{World, user, worlds, worlds_with};
use crate::{OWN_MAILBOXES, all_of, bring, problems};

async fn refused(world: &World, zip: &Path) -> Vec<String> {
    let told = problems(bring(world, &user(1), zip, &BringOptions::default()).await.unwrap_err());
    assert_eq!(world.count("select count(*) from message").await, 0, "{told:?}");
    assert_eq!(world.count(OWN_MAILBOXES).await, 0, "{told:?}");
    assert_eq!(world.count("select count(*) from brought_in").await, 0, "{told:?}");
    told
}

fn one() -> Archive {
    let mut archive = Archive::default();
    archive.add(&Mail::default()).lies("m1", None, false, true);
    archive
}

/// What is done to an archive, and what must be told of it.
type Case = (fn(&mut Archive), &'static str);

fn set(archive: &mut Archive, field: &str, value: Value) {
    archive.with(field, value);
}

const WRONG_VALUES: [Case; 8] = [
    (|a| set(a, "date", json!(1_600_000_000)), "conversation.messages: row 1: field date: out of range"),
    (|a| set(a, "date", json!(-1)), "conversation.messages: row 1: field date: out of range"),
    (|a| set(a, "date", json!(253_402_300_800_000_i64)), "field date: out of range"),
    (|a| set(a, "date", json!("soon")), "conversation.messages: row 1: field date: not a whole number"),
    (|a| set(a, "date", json!(null)), "field date: missing"),
    (|a| set(a, "state", json!("LOST")), "field state: none of DRAFT, SENT, RECALL, SCHEDULE"),
    (|a| set(a, "to", json!("{}")), "field to: not a list of texts"),
    (|a| set(a, "id", json!(null)), "conversation.messages: row 1: field id: missing, or no id"),
];

fn twice(archive: &mut Archive) {
    archive.lies("m1", None, false, true);
}

fn of_two_people(archive: &mut Archive) {
    archive.add(&Mail { id: "m2", ..Mail::default() }).lies("m2", None, false, true);
    archive.usermessages[1][0] = json!("id-2");
}

fn in_a_circle(archive: &mut Archive) {
    archive.folder("f1", Some("f2"), "A").folder("f2", Some("f1"), "B");
}

fn without_its_message(archive: &mut Archive) {
    archive.lies("m2", None, false, true);
}

fn without_its_file(archive: &mut Archive) {
    archive.attach("m1", "a1", "x.pdf", None);
}

const WRONG_LINKS: [Case; 6] = [
    (twice, "conversation.usermessages: row 2: field message_id: the same twice"),
    (without_its_message, "conversation.usermessages: row 2: field message_id: not in"),
    (|a| a.usermessages[0][2] = json!("f9"), "conversation.usermessages: row 1: field folder_id: not in"),
    (of_two_people, "conversation.usermessages: row 2: field user_id: not the person of the rows before"),
    (in_a_circle, "conversation.folders: row 1: field parent_id: a folder that lies within itself"),
    (without_its_file, "conversation.messages: row 1: the file of its attachment a1 is not in the archive"),
];

#[tokio::test]
async fn rows_that_are_wrong_are_told_with_their_table_and_number() {
    for world in worlds(1).await {
        let zip = world.folder.path().join("a.zip");
        for (spoil, told) in WRONG_VALUES.into_iter().chain(WRONG_LINKS) {
            let mut archive = one();
            spoil(&mut archive);
            archive.write(&zip);
            let said = refused(&world, &zip).await.join("\n");
            assert!(said.contains(told), "{told}\n{said}");
            assert!(!said.contains("Sujet"), "no subject: {said}");
        }
    }
}

#[tokio::test]
async fn a_zip_that_is_damaged_or_made_to_do_harm_is_refused_whole() {
    for world in worlds(1).await {
        let zip = world.folder.path().join("a.zip");
        std::fs::write(&zip, b"no zip at all").unwrap();
        assert!(
            refused(&world, &zip).await[0].ends_with("this is no zip, or one that was cut off: it has no end record")
        );
        whole().write(&zip);
        let octets = std::fs::read(&zip).unwrap();
        for cut in [octets.len() - 1, octets.len() - 30, octets.len() / 2, 10] {
            std::fs::write(&zip, &octets[..cut]).unwrap();
            let told = refused(&world, &zip).await;
            assert!(told[0].contains("cut off") || told[0].contains("cannot be read"), "{cut}: {told:?}");
        }
        // An attachment's octets: found by its checksum, before anything is written.
        let mut archive = one();
        archive.attach("m1", "a1", "x.bin", Some(&noise(4000)));
        archive.write(&zip);
        let octets = std::fs::read(&zip).unwrap();
        let name = memchr::memmem::find(&octets, b"Attachments/x_a1.bin").unwrap();
        let mut file = std::fs::OpenOptions::new().write(true).open(&zip).unwrap();
        file.seek(SeekFrom::Start(name as u64 + 2000)).unwrap();
        file.write_all(&[0; 64]).unwrap();
        let told = refused(&world, &zip).await;
        assert!(told[0].contains("Attachments/x_a1.bin: this file is damaged"), "{told:?}");
        for (name, why) in [
            ("../etc/passwd", "leads out of the zip"),
            ("/etc/passwd", "leads out of the zip"),
            ("a\\..\\b", "leads out of the zip"),
        ] {
            write_raw(&zip, &[(name, b"x", false)]);
            assert!(refused(&world, &zip).await[0].contains(why), "{name}");
        }
        write_raw(&zip, &[("x", b"secret", true)]);
        assert!(refused(&world, &zip).await[0].contains("encrypted"));
        write_zip(&zip, &[("Autre/lettre.txt".to_owned(), b"x".to_vec())]);
        assert!(refused(&world, &zip).await[0].contains("it holds no conversation.usermessages"));
        let mut tables = one().tables();
        tables[2].1.truncate(40);
        write_zip(&zip, &tables);
        assert!(refused(&world, &zip).await[0].starts_with("conversation.messages: this is not the table"));
        tables.retain(|(name, _)| !name.ends_with("folders"));
        write_zip(&zip, &tables);
        assert!(refused(&world, &zip).await[0].contains("it holds no conversation.folders"));
        tables.push(("Ailleurs/conversation.folders".to_owned(), b"{}".to_vec()));
        write_zip(&zip, &tables);
        assert!(refused(&world, &zip).await[0].contains("another folder"));
    }
}

/// A zip of stored files, names and flags as they are given.
fn write_raw(path: &Path, files: &[(&str, &[u8], bool)]) {
    let (mut zip, mut list) = (Vec::new(), Vec::new());
    for (name, octets, encrypted) in files {
        let crc = crc(octets);
        let mut head = vec![20, 0, u8::from(*encrypted), 0, 0, 0, 0, 0, 0x21, 0x54];
        head.extend(crc.to_le_bytes());
        head.extend(four(octets.len()));
        head.extend(four(octets.len()));
        head.extend(two(name.len()));
        head.extend([0, 0]);
        list.extend(*b"PK\x01\x02\x14\x00");
        list.extend(&head);
        list.extend([0; 10]);
        list.extend(four(zip.len()));
        list.extend(name.bytes());
        zip.extend(*b"PK\x03\x04");
        zip.extend(&head);
        zip.extend(name.bytes());
        zip.extend(*octets);
    }
    let (start, count) = (four(zip.len()), two(files.len()));
    zip.extend(&list);
    zip.extend(*b"PK\x05\x06\0\0\0\0");
    zip.extend(count);
    zip.extend(count);
    zip.extend(four(list.len()));
    zip.extend(start);
    zip.extend([0, 0]);
    std::fs::write(path, zip).unwrap();
}

fn four(number: usize) -> [u8; 4] {
    u32::try_from(number).unwrap().to_le_bytes()
}

fn two(number: usize) -> [u8; 2] {
    u16::try_from(number).unwrap().to_le_bytes()
}

fn crc(octets: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(octets);
    crc.sum()
}

/// Octets that do not pack.
fn noise(count: usize) -> Vec<u8> {
    let mut octets = vec![0; count];
    blake3::Hasher::new().finalize_xof().fill(&mut octets);
    octets
}

#[tokio::test]
async fn names_in_code_page_437_and_files_beside_do_no_harm() {
    for world in worlds(1).await {
        let (zoe, zip) = (user(1), world.folder.path().join("a.zip"));
        let mut archive = one();
        archive.attach("m1", "a1", "été.pdf", None);
        let tables = archive.tables();
        let mut files: Vec<(&str, &[u8], bool)> =
            tables.iter().map(|(name, octets)| (name.as_str(), octets.as_slice(), false)).collect();
        files.push(("Messagerie/Attachments/?t?_a1.pdf", b"pdf", false));
        files.push(("Blog/blog.posts", b"x", false));
        write_raw(&zip, &files);
        // é in code page 437, and no flag that says UTF-8.
        let mut octets = std::fs::read(&zip).unwrap();
        for at in memchr::memmem::find_iter(&octets.clone(), b"?t?_a1") {
            octets[at] = 0x82;
            octets[at + 2] = 0x82;
        }
        std::fs::write(&zip, octets).unwrap();
        bring(&world, &zoe, &zip, &BringOptions::default()).await.unwrap();
        let all = all_of(&world, &zoe).await;
        assert!(all[0].4.contains("filename*=UTF-8''%C3%A9t%C3%A9.pdf") && all[0].4.contains("cGRm"), "{}", all[0].4);
    }
}

#[tokio::test]
async fn bombs_are_known_before_they_are_opened() {
    let small: fn(&mut Config) = |config| {
        config.migration.entries_max = 8;
        config.migration.unpacked_bytes_max = 20 << 20;
        config.migration.ratio_max = 100;
        config.migration.messages_max = 3;
    };
    for world in worlds_with(1, small).await {
        let zip = world.folder.path().join("a.zip");
        let mut archive = one();
        archive.attach("m1", "a1", "zeros.bin", Some(&vec![0; 2 << 20]));
        archive.write(&zip);
        assert!(refused(&world, &zip).await[0].contains("times larger than packed: `migration.ratio_max` is 100"));
        archive.files = vec![("Messagerie/Attachments/x_a1.bin".to_owned(), noise(21 << 20))];
        archive.write(&zip);
        assert!(refused(&world, &zip).await[0].contains("(`migration.unpacked_bytes_max`)"));
        archive.files = (0..4).map(|number| (format!("x{number}"), Vec::new())).collect();
        archive.write(&zip);
        assert!(refused(&world, &zip).await[0].contains("9 files: `migration.entries_max` is 8"));
        let mut many = one();
        for id in ["m2", "m3", "m4"] {
            many.add(&Mail { id, ..Mail::default() }).lies(id, None, false, true);
        }
        many.write(&zip);
        assert!(refused(&world, &zip).await[0].contains("more than 3 rows (`migration.messages_max`)"));
    }
    for world in worlds_with(1, |config| config.imap.append_bytes_max = 10_000).await {
        let zip = world.folder.path().join("a.zip");
        let mut archive = one();
        archive.attach("m1", "a1", "x.bin", Some(&noise(9_000)));
        archive.write(&zip);
        let told = refused(&world, &zip).await;
        assert!(told[0].contains("row 1: a message of more than 10000 octets (`imap.append_bytes_max`)"), "{told:?}");
        let mut archive = Archive::default();
        archive.add(&Mail { body: &"x".repeat(30_000), ..Mail::default() }).lies("m1", None, false, true).write(&zip);
        assert!(refused(&world, &zip).await[0].contains("a row is too large"));
    }
    for world in worlds_with(1, |config| config.migration.problems_max = 2).await {
        let zip = world.folder.path().join("a.zip");
        let mut archive = one();
        for id in ["m2", "m3", "m4"] {
            archive.add(&Mail { id, date: 1, ..Mail::default() }).lies(id, None, false, true);
        }
        archive.write(&zip);
        assert_eq!(refused(&world, &zip).await.len(), 2);
    }
}

#[tokio::test]
async fn what_is_broken_can_be_left_out() {
    for world in worlds(1).await {
        let (zoe, zip) = (user(1), world.folder.path().join("a.zip"));
        let mut archive = one();
        archive.add(&Mail { id: "m2", date: 1, ..Mail::default() }).lies("m2", None, false, true);
        archive.attach("m1", "a1", "plan \"b\".pdf", None);
        archive.write(&zip);
        assert_eq!(refused(&world, &zip).await.len(), 2);
        let options = BringOptions { skip_broken: true, ..BringOptions::default() };
        let done = bring(&world, &zoe, &zip, &options).await.unwrap();
        assert_eq!((done.brought, done.left_out_in_all), (1, 1));
        let all = all_of(&world, &zoe).await;
        assert!(all[0].4.contains("La pi=C3=A8ce jointe =C2=AB plan \"b\".pdf =C2=BB n'=C3=A9tait"), "{}", all[0].4);
    }
}
