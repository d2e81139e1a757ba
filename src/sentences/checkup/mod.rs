//! PURE: what `passerelle doctor` found, as it tells it: one line, and what to do where there is something to do.

mod english;
mod french;

use super::Language;

/// What was looked at. Findings are told in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    Health,
    Certificate,
    Ports,
    Thunderbird,
    Apple,
    Outlook,
    AddressBook,
    Directory,
    Dns,
    Clock,
    Disk,
}

impl Part {
    /// Its word in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Health => "health",
            Self::Certificate => "certificate",
            Self::Ports => "ports",
            Self::Thunderbird => "thunderbird",
            Self::Apple => "apple",
            Self::Outlook => "outlook",
            Self::AddressBook => "carddav",
            Self::Directory => "ldap",
            Self::Dns => "dns",
            Self::Clock => "clock",
            Self::Disk => "disk",
        }
    }

    /// Its heading.
    pub const fn heading(self, language: Language) -> &'static str {
        match language {
            Language::Fr => french::heading(self),
            Language::En => english::heading(self),
        }
    }
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    Fine,
    /// People can work; somebody should see to it.
    Warning,
    /// Somebody cannot work.
    Broken,
}

impl Weight {
    /// Its word in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Fine => "fine",
            Self::Warning => "warning",
            Self::Broken => "broken",
        }
    }

    /// What stands before a line.
    pub const fn mark(self, language: Language) -> &'static str {
        match (language, self) {
            (_, Self::Fine) => "ok",
            (Language::Fr, Self::Warning) => "attention",
            (Language::Fr, Self::Broken) => "EN PANNE",
            (Language::En, Self::Warning) => "warning",
            (Language::En, Self::Broken) => "BROKEN",
        }
    }
}

/// Where a client connects, as people write it: `imaps host:993`.
pub type Place = String;

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remark {
    /// The server says that it can serve.
    Healthy,
    Unhealthy {
        status: u16,
    },
    /// No such name.
    Unresolved {
        host: String,
    },
    /// Nothing listens there, or something stands in the way.
    Closed {
        place: Place,
    },
    /// It takes connections and says nothing.
    Silent {
        place: Place,
    },
    /// The TLS handshake failed.
    NoTls {
        place: Place,
        why: String,
    },
    /// It speaks something else; the beginning of what it said.
    Strange {
        place: Place,
        said: String,
    },
    NoStartTls {
        place: Place,
    },
    /// It answers, and encrypts.
    Open {
        place: Place,
    },
    /// It answers, and the password is right.
    LoggedIn {
        place: Place,
    },
    /// Nobody tried to log in: no address and password were given.
    NotTried {
        place: Place,
    },
    /// No password goes where the certificate is not right.
    NotTrusted {
        place: Place,
    },
    LoginRefused {
        place: Place,
        said: String,
    },
    CertificateExpired {
        place: Place,
        days: i64,
    },
    CertificateTooNew {
        place: Place,
    },
    CertificateName {
        place: Place,
        host: String,
    },
    CertificateUnknown {
        place: Place,
    },
    CertificateBad {
        place: Place,
        why: String,
    },
    /// It ends soon.
    CertificateEnds {
        days: i64,
    },
    CertificateFine {
        days: i64,
        host: String,
    },
    /// Ports show different ones.
    CertificatesDiffer {
        place: Place,
    },
    /// Where a client looked for its settings, in vain.
    SettingsMissing {
        url: String,
        answer: String,
    },
    /// Clients take no settings from there.
    SettingsNotTrusted {
        url: String,
    },
    SettingsUnreadable {
        url: String,
    },
    /// It answers more slowly than clients wait.
    SettingsSlow {
        url: String,
        milliseconds: u64,
    },
    SettingsFound {
        url: String,
    },
    /// One of the places that the settings name cannot be used; told among the ports.
    ClientStuck {
        place: Place,
    },
    ClientReady,
    AddressBookMissing {
        url: String,
    },
    AddressBookOpen {
        url: String,
    },
    AddressBookFound {
        url: String,
    },
    DirectoryFound {
        place: Place,
    },
    DirectoryRefuses {
        place: Place,
        code: i64,
        said: String,
    },
    NotOffered,
    NameMissing {
        name: String,
    },
    NameFound {
        name: String,
    },
    RecordMissing {
        record: String,
    },
    RecordDiffers {
        name: String,
        found: String,
        wanted: String,
    },
    RecordsFound {
        count: usize,
    },
    /// No name server answers.
    DnsSilent {
        server: String,
    },
    DnsNotAsked,
    ClockFine {
        seconds: i64,
    },
    ClockWrong {
        seconds: i64,
    },
    StoreClockWrong {
        seconds: i64,
    },
    /// The server gave no date.
    ClockUnknown,
    DiskFine {
        folder: String,
        free_percent: u64,
    },
    DiskLow {
        folder: String,
        free_percent: u64,
        free_megabytes: u64,
    },
    DiskUnknown {
        folder: String,
        why: String,
    },
}

/// A finding in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    pub what: String,
    pub to_do: Option<String>,
}

impl Remark {
    /// In words.
    pub fn told(&self, language: Language) -> Told {
        let (what, to_do) = match language {
            Language::Fr => french::told(self),
            Language::En => english::told(self),
        };
        Told { what, to_do: to_do.map(str::to_owned) }
    }
}
