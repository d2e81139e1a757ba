//! PURE: logins as the ENT makes them: `prenom.nom`, with a number from 2 for a homonym.

use std::collections::{HashMap, HashSet};

use super::text::folded;

/// The longest part of a login.
const PART_OCTETS_MAX: usize = 30;

/// Gives logins out. None is ever given twice, nor one that was anybody's address before.
pub(super) struct Logins<'a> {
    is_taken: &'a dyn Fn(&str) -> bool,
    given: HashSet<String>,
    /// Stem → the next number to try.
    next: HashMap<String, u32>,
}

impl<'a> Logins<'a> {
    pub(super) fn new(is_taken: &'a dyn Fn(&str) -> bool) -> Self {
        Self { is_taken, given: HashSet::new(), next: HashMap::new() }
    }

    /// A line of the files has this login or address already.
    pub(super) fn reserve(&mut self, login: &str) {
        self.given.insert(login.to_owned());
    }

    /// A new login.
    pub(super) fn give(&mut self, first_name: &str, last_name: &str) -> String {
        let stem = stem(first_name, last_name);
        let mut number = self.next.get(&stem).copied().unwrap_or(1);
        let login = loop {
            let login = if number == 1 { stem.clone() } else { format!("{stem}{number}") };
            number += 1;
            if !(self.is_taken)(&login) && !self.given.contains(&login) {
                break login;
            }
        };
        self.next.insert(stem, number);
        self.given.insert(login.clone());
        login
    }
}

/// `prenom.nom`; where a name has no Latin letter, the other alone.
pub(crate) fn stem(first_name: &str, last_name: &str) -> String {
    let part = |name: &str| {
        let part: String = folded(name).chars().filter(char::is_ascii_alphanumeric).collect();
        part.get(..PART_OCTETS_MAX).unwrap_or(&part).to_owned()
    };
    match (part(first_name), part(last_name)) {
        (first, last) if !first.is_empty() && !last.is_empty() => format!("{first}.{last}"),
        (first, last) if first.is_empty() && last.is_empty() => "utilisateur".to_owned(),
        (first, last) => first + &last,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn homonyms_are_numbered_from_two_and_no_login_is_given_twice() {
        let taken = |login: &str| login == "jean.dupont2";
        let mut logins = Logins::new(&taken);
        logins.reserve("jean.dupont4");
        let given: Vec<String> = (0..3).map(|_| logins.give("Jean", "DUPONT")).collect();
        assert_eq!(given, ["jean.dupont", "jean.dupont3", "jean.dupont5"]);
        assert_eq!(logins.give("Jean-Noël", "D’Arcy Œuf"), "jeannoel.darcyoeuf");
        assert_eq!(logins.give("Дмитрий", "Roy"), "roy");
        assert_eq!(logins.give("Дмитрий", "Иванов"), "utilisateur");
        assert_eq!(logins.give("a", &"b".repeat(99)), format!("a.{}", "b".repeat(30)));
    }
}
