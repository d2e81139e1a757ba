//! PURE: the words of the person's page, in French and in English. A word that one language lacks does not compile.

mod english;
mod french;
mod steps;

use jiff::Unit;
use jiff::civil::DateTime;

pub use self::steps::steps;
use super::{Language, profile_name};
use crate::model::{Limit, Profile, Protocol};

/// What a person connects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceKind {
    Thunderbird,
    Apple,
    Android,
    Outlook,
    Other,
}

impl DeviceKind {
    /// In the order in which they are offered.
    pub const ALL: [Self; 5] = [Self::Thunderbird, Self::Apple, Self::Android, Self::Outlook, Self::Other];

    /// As paths have it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Thunderbird => "thunderbird",
            Self::Apple => "iphone",
            Self::Android => "android",
            Self::Outlook => "outlook",
            Self::Other => "other",
        }
    }

    /// From a path.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// Every word that does not change.
#[derive(Debug)]
pub struct Words {
    pub site: &'static str,
    pub sign_out: &'static str,
    pub home: &'static str,
    pub devices: &'static str,
    pub rights: &'static str,
    pub back: &'static str,

    pub sign_in: &'static str,
    pub sign_in_lead: &'static str,
    pub sign_in_by_ent: &'static str,
    pub or: &'static str,
    pub name: &'static str,
    pub name_hint: &'static str,
    pub password: &'static str,
    pub signed_out: &'static str,
    pub signed_out_lead: &'static str,
    pub sign_out_of_ent: &'static str,
    pub sign_in_again: &'static str,

    pub latest: &'static str,
    pub nothing_new: &'static str,
    pub no_subject: &'static str,
    pub no_sender: &'static str,
    pub unread_word: &'static str,
    pub read_where: &'static str,
    pub your_address: &'static str,
    pub copy: &'static str,
    pub copied: &'static str,

    pub connect: &'static str,
    pub connect_why: &'static str,
    pub connect_lead: &'static str,
    pub your_devices: &'static str,
    pub no_device: &'static str,
    pub devices_lead: &'static str,
    pub device_name: &'static str,
    pub device_name_hint: &'static str,
    pub bad_device_name: &'static str,
    pub make_password: &'static str,
    pub made_on: &'static str,
    pub last_use: &'static str,
    pub never_used: &'static str,
    pub revoke: &'static str,
    pub revoke_lead: &'static str,
    pub keep: &'static str,
    pub revoked: &'static str,
    pub not_revoked: &'static str,
    pub devices_not_allowed: &'static str,
    pub made_before: &'static str,

    pub ready: &'static str,
    pub once: &'static str,
    pub once_warning: &'static str,
    pub settings: &'static str,
    pub steps: &'static str,
    pub print: &'static str,
    pub receiving: &'static str,
    pub sending: &'static str,
    pub server: &'static str,
    pub port: &'static str,
    pub authentication: &'static str,
    pub normal_password: &'static str,
    pub login: &'static str,
    pub password_of_device: &'static str,
    pub no_settings: &'static str,
    pub profile: &'static str,
    pub profile_lead: &'static str,
    pub qr: &'static str,
    pub qr_lead: &'static str,
    pub done: &'static str,

    pub rights_title: &'static str,
    pub rights_lead: &'static str,
    pub now: &'static str,
    pub all_on: &'static str,
    pub quiet: &'static str,
    pub quiet_none: &'static str,
    pub quiet_you: &'static str,
    pub quiet_not_you: &'static str,
    pub quiet_others: &'static str,
    pub limits: &'static str,
    pub limit: &'static str,
    pub allowed: &'static str,
    pub left: &'static str,
    pub each_message: &'static str,
    pub whom: &'static str,
    pub whom_text: &'static [&'static str],
    pub may: &'static str,
    pub lists_yes: &'static str,
    pub lists_no: &'static str,
    pub recall_no: &'static str,
    pub apps_warn: &'static str,
    pub apps_refuse: &'static str,
    pub space: &'static str,

    pub not_taken: &'static str,
    pub unknown_here: &'static str,
    pub stale_form: &'static str,
    pub too_many_requests: &'static str,
    pub not_found: &'static str,
    pub expired: &'static str,
    pub problem: &'static str,
    pub go_home: &'static str,
}

impl Words {
    /// Those of a language.
    pub const fn of(language: Language) -> &'static Self {
        match language {
            Language::Fr => &french::WORDS,
            Language::En => &english::WORDS,
        }
    }
}

/// « 3 messages non lus ».
pub fn unread(language: Language, count: u64) -> String {
    match (language, count) {
        (Language::Fr, 0) => "Aucun message non lu".to_owned(),
        (Language::Fr, 1) => "1 message non lu".to_owned(),
        (Language::Fr, _) => format!("{count} messages non lus"),
        (Language::En, 0) => "No unread message".to_owned(),
        (Language::En, 1) => "1 unread message".to_owned(),
        (Language::En, _) => format!("{count} unread messages"),
    }
}

/// What a kind of device is called.
pub const fn device_kind(language: Language, kind: DeviceKind) -> (&'static str, &'static str) {
    match (language, kind) {
        (Language::Fr, DeviceKind::Thunderbird) => ("Thunderbird", "Ordinateur : Windows, macOS, Linux"),
        (Language::Fr, DeviceKind::Apple) => ("iPhone, iPad, Mac", "L'application Mail d'Apple"),
        (Language::Fr, DeviceKind::Android) => ("Android", "Thunderbird pour Android, K-9 Mail, FairEmail"),
        (Language::Fr, DeviceKind::Outlook) => ("Outlook", "Outlook classique pour Windows"),
        (Language::Fr, DeviceKind::Other) => ("Autre logiciel", "Tout logiciel qui connaît IMAP et SMTP"),
        (Language::En, DeviceKind::Thunderbird) => ("Thunderbird", "Computer: Windows, macOS, Linux"),
        (Language::En, DeviceKind::Apple) => ("iPhone, iPad, Mac", "Apple's Mail app"),
        (Language::En, DeviceKind::Android) => ("Android", "Thunderbird for Android, K-9 Mail, FairEmail"),
        (Language::En, DeviceKind::Outlook) => ("Outlook", "Classic Outlook for Windows"),
        (Language::En, DeviceKind::Other) => ("Another app", "Any app that speaks IMAP and SMTP"),
    }
}

/// A name to begin with.
pub const fn device_example(language: Language, kind: DeviceKind) -> &'static str {
    match (language, kind) {
        (Language::Fr, DeviceKind::Apple | DeviceKind::Android) => "Mon téléphone",
        (Language::Fr, _) => "Mon ordinateur",
        (Language::En, DeviceKind::Apple | DeviceKind::Android) => "My phone",
        (Language::En, _) => "My computer",
    }
}

/// « Révoquer « Téléphone » ? »
pub fn revoke_question(language: Language, device: &str) -> String {
    match language {
        Language::Fr => format!("Révoquer « {device} » ?"),
        Language::En => format!("Revoke “{device}”?"),
    }
}

/// The person has as many devices as may be.
pub fn too_many_devices(language: Language, max: usize) -> String {
    match language {
        Language::Fr => {
            format!("Vous avez déjà {max} appareils, le maximum : révoquez d'abord ceux qui ne servent plus.")
        }
        Language::En => format!("You have {max} devices already, the limit: revoke first those you no longer use."),
    }
}

/// How a device was last used.
pub fn used_for(language: Language, protocol: Protocol, client: Option<&str>) -> String {
    let what = match (language, protocol) {
        (Language::Fr, Protocol::Imap) => "lecture (IMAP)",
        (Language::Fr, Protocol::Smtp) => "envoi (SMTP)",
        (Language::En, Protocol::Imap) => "reading (IMAP)",
        (Language::En, Protocol::Smtp) => "sending (SMTP)",
        #[allow(unreachable_patterns, reason = "protocols of other services have names of their own")]
        (_, other) => other.column(),
    };
    client.map_or_else(|| what.to_owned(), |client| format!("{what}, {client}"))
}

/// What a limit counts.
pub const fn limit_name(language: Language, limit: Limit) -> &'static str {
    match (language, limit) {
        (Language::Fr, Limit::MessagesPerHour) => "Messages par heure",
        (Language::Fr, Limit::MessagesPerDay) => "Messages par jour",
        (Language::Fr, Limit::PeoplePerMessage) => "Personnes par message",
        (Language::Fr, Limit::PeoplePerDay) => "Personnes touchées par jour",
        (Language::Fr, Limit::FirstTimePerDay) => "Nouveaux destinataires par jour",
        (Language::En, Limit::MessagesPerHour) => "Messages an hour",
        (Language::En, Limit::MessagesPerDay) => "Messages a day",
        (Language::En, Limit::PeoplePerMessage) => "People a message",
        (Language::En, Limit::PeoplePerDay) => "People reached a day",
        (Language::En, Limit::FirstTimePerDay) => "New recipients a day",
    }
}

/// « De 20:00 à 07:00, et du vendredi soir au lundi matin ».
pub fn quiet_hours(
    language: Language,
    evening: jiff::civil::Time,
    morning: jiff::civil::Time,
    weekends: bool,
) -> String {
    let (evening, morning) = (evening.strftime("%-H:%M"), morning.strftime("%-H:%M"));
    match (language, weekends) {
        (Language::Fr, false) => format!("De {evening} à {morning}, et pendant les vacances."),
        (Language::Fr, true) => format!("De {evening} à {morning}, le week-end et pendant les vacances."),
        (Language::En, false) => format!("From {evening} to {morning}, and in the holidays."),
        (Language::En, true) => format!("From {evening} to {morning}, at the weekend and in the holidays."),
    }
}

/// Whether it is quiet now, and until when.
pub fn quiet_now(language: Language, opens: Option<DateTime>, now: DateTime) -> String {
    match (language, opens) {
        (Language::Fr, None) => "En ce moment : ouvert".to_owned(),
        (Language::Fr, Some(at)) => format!("En ce moment : heures de repos (fin : {})", moment(language, at, now)),
        (Language::En, None) => "Now: open".to_owned(),
        (Language::En, Some(at)) => format!("Now: quiet hours (until {})", moment(language, at, now)),
    }
}

/// Profiles in a row.
pub fn profiles(language: Language, profiles: &[Profile]) -> String {
    profiles.iter().map(|profile| profile_name(*profile, language).to_lowercase()).collect::<Vec<_>>().join(", ")
}

/// How long a message can be recalled.
pub fn recall_yes(language: Language, minutes: u32) -> String {
    match language {
        Language::Fr => format!("Rappeler un message : oui, pendant {minutes} minutes après l'envoi."),
        Language::En => format!("Recall a message: yes, for {minutes} minutes after it was sent."),
    }
}

/// How much room is taken.
pub fn space_used(language: Language, used_bytes: u64, limit_bytes: u64) -> String {
    let mega = |bytes: u64| bytes.div_ceil(1 << 20);
    match language {
        Language::Fr => format!("{} Mo utilisés sur {} Mo.", mega(used_bytes), mega(limit_bytes)),
        Language::En => format!("{} MB used of {} MB.", mega(used_bytes), mega(limit_bytes)),
    }
}

/// A moment as people say it today: « aujourd'hui à 14:05 », « hier à 9:30 », « 23 novembre à 8:00 ».
pub fn moment(language: Language, at: DateTime, now: DateTime) -> String {
    let days = now.date().since((Unit::Day, at.date())).map_or(i32::MAX, |span| span.get_days());
    let clock = at.strftime("%-H:%M");
    let month = usize::try_from(at.month()).ok();
    let year = if at.year() == now.year() { String::new() } else { format!(" {}", at.year()) };
    match (language, days) {
        (Language::Fr, 0) => format!("aujourd'hui à {clock}"),
        (Language::Fr, 1) => format!("hier à {clock}"),
        (Language::Fr, -1) => format!("demain à {clock}"),
        (Language::Fr, _) => {
            let month =
                month.and_then(|month| french::MONTHS.get(month.saturating_sub(1))).copied().unwrap_or_default();
            let day = if at.day() == 1 { "1er".to_owned() } else { at.day().to_string() };
            format!("{day} {month}{year} à {clock}")
        }
        (Language::En, 0) => format!("today at {clock}"),
        (Language::En, 1) => format!("yesterday at {clock}"),
        (Language::En, -1) => format!("tomorrow at {clock}"),
        (Language::En, _) => format!("{}{year} at {clock}", at.strftime("%-d %B")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_told_as_people_say_them() {
        let now = jiff::civil::date(2026, 11, 24).at(8, 5, 0, 0);
        let told =
            |language, month, day, hour| moment(language, jiff::civil::date(2026, month, day).at(hour, 7, 0, 0), now);
        assert_eq!(told(Language::Fr, 11, 24, 7), "aujourd'hui à 7:07");
        assert_eq!(told(Language::Fr, 11, 23, 23), "hier à 23:07");
        assert_eq!(told(Language::Fr, 11, 25, 7), "demain à 7:07");
        assert_eq!(told(Language::Fr, 8, 1, 12), "1er août à 12:07");
        assert_eq!(told(Language::En, 8, 1, 12), "1 August at 12:07");
        let before = jiff::civil::date(2025, 12, 31).at(1, 0, 0, 0);
        assert_eq!(moment(Language::Fr, before, now), "31 décembre 2025 à 1:00");
    }

    #[test]
    fn words_of_paths_are_read_back() {
        for kind in DeviceKind::ALL {
            assert_eq!(DeviceKind::from_word(kind.word()), Some(kind));
            assert!(steps(Language::Fr, kind).len() == steps(Language::En, kind).len());
        }
        assert_eq!(DeviceKind::from_word("Thunderbird"), None);
    }
}
