//! PURE: what a token of the JSON API allows.

/// One thing that a token may allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ApiScope {
    /// How many unread messages people have.
    Unread,
    /// Who wrote to somebody and when, as it happens.
    Feed,
    /// The subjects of these, and of what somebody sent.
    Subjects,
    /// People, groups and rules: added, changed, taken away.
    Directory,
    /// People suspended, sending and reading turned off.
    Suspend,
    /// What somebody sent: listed, and taken back.
    Recall,
    /// Somebody's devices and their passwords.
    Devices,
    /// Tokens of badges.
    Badge,
}

impl ApiScope {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Unread,
        Self::Feed,
        Self::Subjects,
        Self::Directory,
        Self::Suspend,
        Self::Recall,
        Self::Devices,
        Self::Badge,
    ];

    /// The word on the command line, in the store and in the description of the API.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unread => "unread",
            Self::Feed => "feed",
            Self::Subjects => "subjects",
            Self::Directory => "directory",
            Self::Suspend => "suspend",
            Self::Recall => "recall",
            Self::Devices => "devices",
            Self::Badge => "badge",
        }
    }

    /// By its word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.word() == word)
    }

    /// May a token of one school allow it? The files of a directory speak of people of any school.
    pub const fn may_be_of_one_school(self) -> bool {
        !matches!(self, Self::Directory)
    }
}
