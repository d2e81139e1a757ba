//! PURE: what labels may say: closed lists, so that no client can make series. Never a person, an address, a school's name
//! or an IP address.

use super::value::Label;

/// A label's key, and its values as variant and word.
macro_rules! label {
    ($(#[doc = $about:literal])+ $name:ident = $key:literal { $($(#[doc = $what:literal])? $value:ident = $word:literal,)+ }) => {
        $(#[doc = $about])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[doc = $what])? $value,)+ }

        impl Label for $name {
            const KEY: &'static str = $key;
            const ALL: &'static [Self] = &[$(Self::$value,)+];

            fn index(self) -> usize {
                self as usize
            }

            fn word(self) -> &'static str {
                match self { $(Self::$value => $word,)+ }
            }
        }
    };
}

label! {
    /// The port that a connection came to.
    Listener = "listener" {
        Imap = "imap",
        Imaps = "imaps",
        Submission = "submission",
        Submissions = "submissions",
        Ldap = "ldap",
        Ldaps = "ldaps",
        Https = "https",
        Http = "http",
        Admin = "admin",
        Metrics = "metrics",
    }
}

label! {
    /// What a session speaks.
    Spoken = "protocol" {
        Imap = "imap",
        Smtp = "smtp",
        Ldap = "ldap",
        CardDav = "carddav",
    }
}

label! {
    /// What a mail client says it is, among those that are common (`client`).
    ClientKind = "client" {
        Thunderbird = "thunderbird",
        ThunderbirdAndroid = "thunderbird-android",
        AppleIos = "apple-ios",
        AppleMac = "apple-mac",
        Outlook = "outlook",
        Gmail = "gmail",
        Samsung = "samsung",
        FairEmail = "fairemail",
        AquaMail = "aquamail",
        Spark = "spark",
        BlueMail = "bluemail",
        EmClient = "em-client",
        Evolution = "evolution",
        KMail = "kmail",
        Geary = "geary",
        Mutt = "mutt",
        Roundcube = "roundcube",
        Webmail = "webmail",
        Fetcher = "fetcher",
        /// It says something else.
        Other = "other",
        /// It says nothing.
        Unknown = "unknown",
    }
}

label! {
    /// How somebody proves who it is.
    LoginWay = "mechanism" {
        Password = "password",
        Scram = "scram",
        Token = "token",
    }
}

label! {
    /// What a login came to.
    LoginOutcome = "outcome" {
        Welcome = "welcome",
        BadCredentials = "bad-credentials",
        Suspended = "suspended",
        TooManyTries = "too-many-tries",
        CloudApp = "cloud-app",
        /// Ours: the store or the ENT could not be asked.
        Failed = "failed",
    }
}

label! {
    /// What became of a submission.
    SubmissionOutcome = "outcome" {
        Delivered = "delivered",
        /// Kept; some of its readers get it when quiet hours end.
        Waiting = "waiting",
        Refused = "refused",
        /// Ours: "try later".
        Failed = "failed",
    }
}

label! {
    /// Why somebody was refused: the sentences that refuse.
    Reason = "reason" {
        UnknownRecipient = "unknown-recipient",
        BadAddress = "bad-address",
        OutsideEnt = "outside-ent",
        NotAllowed = "not-allowed",
        RecipientSuspended = "recipient-suspended",
        GroupClosed = "group-closed",
        GroupEmpty = "group-empty",
        ListNotAllowed = "list-not-allowed",
        ListInSight = "list-in-sight",
        NotAnAnswer = "not-an-answer",
        NoReply = "no-reply",
        NoReplyNotAllowed = "no-reply-not-allowed",
        RulesAway = "rules-away",
        SenderNotYours = "sender-not-yours",
        FromNotYours = "from-not-yours",
        FromMissing = "from-missing",
        FromSeveral = "from-several",
        HeaderUnreadable = "header-unreadable",
        HeaderTooLarge = "header-too-large",
        BareLineEnd = "bare-line-end",
        NoRecipientLeft = "no-recipient-left",
        MessageTooLarge = "message-too-large",
        TooManyRecipients = "too-many-recipients",
        TooManyPeople = "too-many-people",
        LimitReached = "limit-reached",
        QuotaExceeded = "quota-exceeded",
        SentRecalled = "sent-recalled",
        AccountSuspended = "account-suspended",
        BadCredentials = "bad-credentials",
        TooManyTries = "too-many-tries",
        TooManyConnections = "too-many-connections",
        CloudApp = "cloud-app",
        TlsRequired = "tls-required",
        LoginRequired = "login-required",
        SendingOff = "sending-off",
        ReadingOff = "reading-off",
        Recall = "recall",
        Mailbox = "mailbox",
        TryLater = "try-later",
        Other = "other",
    }
}

label! {
    /// A command of IMAP.
    ImapCommand = "command" {
        Capability = "capability",
        Noop = "noop",
        Logout = "logout",
        Id = "id",
        StartTls = "starttls",
        Authenticate = "authenticate",
        Login = "login",
        Enable = "enable",
        Select = "select",
        Create = "create",
        Delete = "delete",
        Rename = "rename",
        Subscribe = "subscribe",
        Unsubscribe = "unsubscribe",
        List = "list",
        Lsub = "lsub",
        Namespace = "namespace",
        Status = "status",
        Append = "append",
        Notify = "notify",
        Esearch = "esearch",
        Quota = "quota",
        Acl = "acl",
        Metadata = "metadata",
        Compress = "compress",
        Unauthenticate = "unauthenticate",
        Check = "check",
        Close = "close",
        Unselect = "unselect",
        Expunge = "expunge",
        UidBatches = "uidbatches",
        Search = "search",
        CancelUpdate = "cancelupdate",
        Sort = "sort",
        Thread = "thread",
        Fetch = "fetch",
        Store = "store",
        Copy = "copy",
        Move = "move",
    }
}

label! {
    /// How the store is asked.
    StoreWork = "work" {
        /// One statement.
        Read = "read",
        /// Several that agree.
        Snapshot = "snapshot",
        /// A transaction, to its commit.
        Write = "write",
    }
}

label! {
    /// What work on the store waits for before it begins.
    StoreQueue = "queue" {
        Connection = "connection",
        /// SQLite's one writer.
        Writer = "writer",
    }
}

label! {
    /// Which way a hint went.
    Direction = "direction" {
        Sent = "sent",
        Received = "received",
    }
}

label! {
    /// What was collected.
    Collectible = "kind" {
        Tombstones = "tombstones",
        Undelete = "undelete",
        Submissions = "submissions",
        Messages = "messages",
        Bodies = "bodies",
        Files = "files",
    }
}

/// How names of clients begin, lower case. The first that fits counts.
const CLIENTS: [(&str, ClientKind); 36] = [
    ("thunderbird for android", ClientKind::ThunderbirdAndroid),
    ("net.thunderbird.android", ClientKind::ThunderbirdAndroid),
    ("thunderbird", ClientKind::Thunderbird),
    ("betterbird", ClientKind::Thunderbird),
    ("k-9 mail", ClientKind::ThunderbirdAndroid),
    ("com.fsck.k9", ClientKind::ThunderbirdAndroid),
    ("iphone mail", ClientKind::AppleIos),
    ("ipad mail", ClientKind::AppleIos),
    ("accountsd", ClientKind::AppleIos),
    ("dataaccessd", ClientKind::AppleIos),
    ("mac os x mail", ClientKind::AppleMac),
    ("macos mail", ClientKind::AppleMac),
    ("microsoft outlook", ClientKind::Outlook),
    ("microsoft", ClientKind::Outlook),
    ("outlook", ClientKind::Outlook),
    ("com.google.android.gm", ClientKind::Gmail),
    ("gmail", ClientKind::Gmail),
    ("com.samsung.android.email", ClientKind::Samsung),
    ("samsung", ClientKind::Samsung),
    ("fairemail", ClientKind::FairEmail),
    ("aquamail", ClientKind::AquaMail),
    ("aqua mail", ClientKind::AquaMail),
    ("com.readdle", ClientKind::Spark),
    ("spark", ClientKind::Spark),
    ("bluemail", ClientKind::BlueMail),
    ("blue mail", ClientKind::BlueMail),
    ("em client", ClientKind::EmClient),
    ("evolution", ClientKind::Evolution),
    ("kmail", ClientKind::KMail),
    ("akonadi", ClientKind::KMail),
    ("geary", ClientKind::Geary),
    ("neomutt", ClientKind::Mutt),
    ("mutt", ClientKind::Mutt),
    ("roundcube", ClientKind::Roundcube),
    ("snappymail", ClientKind::Webmail),
    ("offlineimap", ClientKind::Fetcher),
];

impl ClientKind {
    /// Of what a client calls itself.
    pub fn of(name: Option<&str>) -> Self {
        let Some(name) = name else { return Self::Unknown };
        // As a word: "Sparkle" is not "Spark".
        let begins = |known: &str| {
            let (start, rest) = name.as_bytes().split_at_checked(known.len()).unwrap_or_default();
            start.eq_ignore_ascii_case(known.as_bytes()) && !rest.first().is_some_and(u8::is_ascii_alphabetic)
        };
        CLIENTS.iter().find(|(known, _)| begins(known)).map_or(Self::Other, |(_, kind)| *kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_are_known_by_what_they_call_themselves() {
        for (name, kind) in [
            ("Thunderbird 153.7.0", ClientKind::Thunderbird),
            ("Thunderbird for Android 12", ClientKind::ThunderbirdAndroid),
            ("iPhone Mail 23A341", ClientKind::AppleIos),
            ("Mac OS X Mail 16.0", ClientKind::AppleMac),
            ("com.google.android.gm", ClientKind::Gmail),
            ("Spark 3.12", ClientKind::Spark),
            ("Sparkle", ClientKind::Other),
            ("Sp", ClientKind::Other),
            ("éléphant", ClientKind::Other),
        ] {
            assert_eq!(ClientKind::of(Some(name)), kind, "{name}");
        }
        assert_eq!(ClientKind::of(None), ClientKind::Unknown);
    }

    #[test]
    fn values_are_in_the_order_of_their_list() {
        assert!(Reason::ALL.iter().enumerate().all(|(index, reason)| reason.index() == index));
        assert!(ClientKind::ALL.iter().enumerate().all(|(index, kind)| kind.index() == index));
    }
}
