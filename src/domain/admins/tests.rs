//! Accounts: made, tried, removed.

use super::*;

const PASSWORD: &str = "a password of an admin";

fn accounts() -> (tempfile::TempDir, AdminAccounts) {
    let folder = tempfile::tempdir().unwrap();
    let accounts = AdminAccounts::of(folder.path());
    (folder, accounts)
}

fn keys(name: &str, password: &str, code: &str) -> AdminKeys {
    AdminKeys { name: name.to_owned(), password: Secret::new(password), code: code.to_owned() }
}

fn now() -> Timestamp {
    Timestamp(1_795_000_000_000_000)
}

#[test]
fn all_three_are_needed_and_a_code_counts_once() {
    let (folder, accounts) = accounts();
    let secret = add_admin(&accounts, "anne", &Secret::new(PASSWORD), now()).unwrap().unwrap();
    let code = secret.code_at(now().seconds());
    assert!(!check(&accounts, &keys("anne", "another password", &code), now()).unwrap());
    assert!(!check(&accounts, &keys("luc", PASSWORD, &code), now()).unwrap());
    assert!(!check(&accounts, &keys("anne", PASSWORD, ""), now()).unwrap());
    let (first, rest) = code.split_at(3);
    assert!(check(&accounts, &keys("anne", PASSWORD, &format!("{first} {rest}")), now()).unwrap());
    assert!(!check(&accounts, &keys("anne", PASSWORD, &code), now()).unwrap(), "used");
    // Also by another process, and after a restart: what was used is in the file.
    let again = AdminAccounts::of(folder.path());
    assert!(!check(&again, &keys("anne", PASSWORD, &code), now()).unwrap());
    let text = std::fs::read_to_string(folder.path().join("admins.json")).unwrap();
    assert!(!text.contains(PASSWORD));
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(folder.path().join("admins.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn two_at_once_with_one_code_are_one() {
    let (_folder, accounts) = accounts();
    let secret = add_admin(&accounts, "anne", &Secret::new(PASSWORD), now()).unwrap().unwrap();
    let code = secret.code_at(now().seconds());
    let tried = std::thread::scope(|scope| {
        let tries = [(); 4].map(|()| scope.spawn(|| check(&accounts, &keys("anne", PASSWORD, &code), now()).unwrap()));
        tries.map(|tried| tried.join().unwrap())
    });
    assert_eq!(tried.into_iter().filter(|right| *right).count(), 1);
}

#[test]
fn accounts_are_made_once_and_removed() {
    let (_folder, accounts) = accounts();
    let add = |name: &str, password: &str| add_admin(&accounts, name, &Secret::new(password), now()).unwrap().err();
    assert_eq!(add("anne", "too short"), Some(AdminRefusal::ShortPassword));
    for name in ["", " anne", "an\nne", "<b>", &"a".repeat(65)] {
        assert_eq!(add(name, PASSWORD), Some(AdminRefusal::Name), "{name}");
    }
    assert_eq!(add("anne", PASSWORD), None);
    assert_eq!(add("anne", PASSWORD), Some(AdminRefusal::Known));
    assert_eq!(accounts.all().unwrap().len(), 1);
    assert!(!remove_admin(&accounts, "luc").unwrap());
    assert!(remove_admin(&accounts, "anne").unwrap());
    assert!(accounts.all().unwrap().is_empty());
}
