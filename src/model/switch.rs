//! PURE: what the switch turns off, and for whom.

use super::{Profile, SchoolId, Timestamp, User, UserId};

/// What may be turned off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Use {
    Sending,
    Reading,
}

impl Use {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Sending, Self::Reading];
}

/// Sending, reading or both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Uses {
    pub sending: bool,
    pub reading: bool,
}

impl Uses {
    /// Is it among them?
    pub fn has(self, wanted: Use) -> bool {
        match wanted {
            Use::Sending => self.sending,
            Use::Reading => self.reading,
        }
    }
}

/// For whom: everybody who is all of this. Empty: everybody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    pub profile: Option<Profile>,
    pub school: Option<SchoolId>,
    pub user: Option<UserId>,
}

impl Scope {
    /// Is the person meant, as far as can be said without the person's schools?
    pub fn may_mean(&self, user: &UserId, profile: Profile) -> bool {
        self.profile.is_none_or(|meant| meant == profile) && self.user.as_ref().is_none_or(|meant| meant == user)
    }

    /// Is the person meant, who is in these schools?
    pub fn means(&self, user: &User, schools: &[SchoolId]) -> bool {
        self.may_mean(&user.id, user.profile) && self.school.as_ref().is_none_or(|school| schools.contains(school))
    }

    /// The scope in one text: the key of its row, and what the trail shows.
    pub fn key(&self) -> String {
        let parts = [
            self.profile.map(|profile| format!("profile={}", profile.column())),
            self.school.as_ref().map(|school| format!("school={school}")),
            self.user.as_ref().map(|user| format!("user={user}")),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        if parts.is_empty() { "everybody".to_owned() } else { parts.join(" ") }
    }
}

/// Something that is turned off now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suspension {
    pub scope: Scope,
    pub uses: Uses,
    /// For admins; people are not told.
    pub reason: String,
    pub since: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_means_who_is_all_of_it() {
        let user = User {
            id: UserId::new("u"),
            login: String::new(),
            login_alias: None,
            display_name: String::new(),
            profile: Profile::Student,
            suspended: false,
            quota_bytes: None,
        };
        let (school, other) = (SchoolId::new("s"), SchoolId::new("t"));
        let everybody = Scope::default();
        let pupils = Scope { profile: Some(Profile::Student), ..Scope::default() };
        let of_school = Scope { school: Some(school.clone()), ..pupils.clone() };
        let teachers = Scope { profile: Some(Profile::Teacher), ..of_school.clone() };
        let alone = Scope { user: Some(UserId::new("v")), ..Scope::default() };
        let here = [school];
        let meant = [&everybody, &pupils, &of_school, &teachers, &alone].map(|scope| scope.means(&user, &here));
        assert_eq!(meant, [true, true, true, false, false]);
        assert!(!of_school.means(&user, &[other]) && !of_school.means(&user, &[]));
        assert_eq!(of_school.key(), "profile=Student school=s");
        assert_eq!(everybody.key(), "everybody");
    }
}
