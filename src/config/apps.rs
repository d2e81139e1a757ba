//! PURE: mail apps that do not fetch the mail themselves: their maker's servers do, with the person's password, which lies
//! there from then on. Which apps these are, how they are known, and what becomes of them, by profile (`[apps]`).

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::Deserialize;

use super::check::Finding;
use crate::model::{Network, Profile};

/// The settings.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AppsConfig {
    pub student: AppPolicy,
    pub relative: AppPolicy,
    pub teacher: AppPolicy,
    pub personnel: AppPolicy,
    pub guest: AppPolicy,
    /// Is an app password revoked that such an app has presented, where it is refused?
    pub revoke: bool,
    /// Does a person who is warned get a letter?
    pub letter: bool,
    /// How long before the trail, and the person, are told again of the same app.
    pub again_after_days: u32,
    /// Lines that take the place of built-in ones of the same name, or come beside them.
    pub clouds: Vec<CloudAppConfig>,
}

/// What becomes of such an app.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AppPolicy {
    /// Nothing.
    Off,
    /// It may come in; the person and the trail are told.
    #[default]
    Warn,
    /// It may not come in.
    Refuse,
}

/// An app, or the servers behind several.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CloudAppConfig {
    /// For the trail and the letter.
    pub name: String,
    /// What IMAP's ID says (RFC 2971): each line is field → how its value begins, and all of a line must be so.
    #[serde(default)]
    pub ids: Vec<BTreeMap<String, String>>,
    /// Where its servers are.
    #[serde(default)]
    pub networks: Vec<String>,
}

/// The same, to be looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloudApp {
    pub name: String,
    ids: Vec<BTreeMap<String, String>>,
    networks: Vec<Network>,
}

impl Default for AppsConfig {
    fn default() -> Self {
        let warn = AppPolicy::Warn;
        Self {
            student: warn,
            relative: warn,
            teacher: warn,
            personnel: warn,
            guest: warn,
            revoke: true,
            letter: true,
            again_after_days: 180,
            clouds: Vec::new(),
        }
    }
}

impl AppsConfig {
    /// What becomes of such an app in a profile's hands.
    pub fn policy(&self, profile: Profile) -> AppPolicy {
        match profile {
            Profile::Student => self.student,
            Profile::Relative => self.relative,
            Profile::Teacher => self.teacher,
            Profile::Personnel => self.personnel,
            Profile::Guest => self.guest,
        }
    }

    /// The apps: built-in ones, and those of the settings in their place or beside them.
    pub fn apps(&self) -> Vec<CloudApp> {
        let replaced = |app: &CloudApp| self.clouds.iter().any(|set| set.name.eq_ignore_ascii_case(&app.name));
        let mut apps: Vec<CloudApp> = built_in().into_iter().filter(|app| !replaced(app)).collect();
        apps.extend(self.clouds.iter().map(|set| CloudApp {
            name: set.name.clone(),
            ids: set.ids.clone(),
            // Those that cannot be read were found by `check`.
            networks: set.networks.iter().filter_map(|network| network.parse().ok()).collect(),
        }));
        apps
    }
}

impl CloudApp {
    /// Does it call itself so? `fields`: keys in lower case.
    pub fn is_announced(&self, fields: &[(String, Option<String>)]) -> bool {
        let says = |(key, begins): (&String, &String)| {
            let mut values = fields.iter().filter(|(field, _)| field.eq_ignore_ascii_case(key));
            values.any(|(_, value)| value.as_deref().is_some_and(|value| begins_with(value, begins)))
        };
        self.ids.iter().any(|id| !id.is_empty() && id.iter().all(says))
    }

    /// Is this an address of its servers?
    pub fn is_at(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|network| network.contains(address))
    }
}

/// In any case, and up to the end of a word: "Spark" is not how "Sparkle" begins.
fn begins_with(value: &str, begins: &str) -> bool {
    let value = value.trim_start().as_bytes();
    let Some((start, rest)) = value.split_at_checked(begins.len()) else { return false };
    start.eq_ignore_ascii_case(begins.as_bytes()) && !rest.first().is_some_and(u8::is_ascii_alphanumeric)
}

/// What is known without a setting. Names as the apps are sold; networks as their makers published them. Microsoft's and
/// Google's servers are known by where they are; the others rent theirs from hosts that serve many, and are known by ID.
fn built_in() -> Vec<CloudApp> {
    let by_id = |name: &str, values: &[(&str, &str)]| CloudApp {
        name: name.to_owned(),
        ids: values.iter().map(|(key, value)| BTreeMap::from([((*key).to_owned(), (*value).to_owned())])).collect(),
        networks: Vec::new(),
    };
    let by_network = |name: &str, networks: &[&str]| CloudApp {
        name: name.to_owned(),
        ids: Vec::new(),
        networks: networks.iter().filter_map(|network| network.parse().ok()).collect(),
    };
    vec![
        by_network("Outlook", &MICROSOFT),
        by_network("Gmail", &GOOGLE),
        by_id("Spark", &[("name", "Spark"), ("name", "com.readdle.smartemail"), ("vendor", "Readdle")]),
        by_id("BlueMail", &[("name", "BlueMail"), ("name", "Blue Mail"), ("vendor", "BlueMail"), ("vendor", "Blix")]),
        by_id("Edison Mail", &[("name", "Edison"), ("name", "EasilyDo"), ("vendor", "Edison"), ("vendor", "EasilyDo")]),
        by_id("myMail", &[("name", "myMail"), ("name", "com.my.mail"), ("vendor", "My.com"), ("vendor", "Mail.Ru")]),
        by_id("Yahoo Mail", &[("name", "yahoo.com"), ("name", "Yahoo Mail"), ("vendor", "Yahoo")]),
        by_id("Newton Mail", &[("name", "Newton"), ("name", "CloudMagic"), ("vendor", "CloudMagic")]),
        by_id("Superhuman", &[("name", "Superhuman"), ("vendor", "Superhuman")]),
    ]
}

/// Exchange Online, from which Outlook on phones and the new Outlook fetch.
const MICROSOFT: [&str; 15] = [
    "13.107.6.152/31",
    "13.107.18.10/31",
    "40.92.0.0/15",
    "40.96.0.0/13",
    "40.104.0.0/15",
    "52.96.0.0/14",
    "52.125.0.0/16",
    "132.245.0.0/16",
    "150.171.32.0/22",
    "2603:1006::/40",
    "2603:1016::/36",
    "2603:1026::/36",
    "2603:1036::/36",
    "2603:1046::/36",
    "2603:1056::/36",
];

/// Google's own servers, not those that it lets to others.
const GOOGLE: [&str; 12] = [
    "64.233.160.0/19",
    "66.102.0.0/20",
    "66.249.80.0/20",
    "72.14.192.0/18",
    "74.125.0.0/16",
    "108.177.8.0/21",
    "173.194.0.0/16",
    "209.85.128.0/17",
    "216.239.32.0/19",
    "2001:4860:4000::/36",
    "2607:f8b0:4000::/36",
    "2a00:1450:4000::/36",
];

/// Characters of an app's name.
const NAME_CHARS_MAX: usize = 60;

/// What cannot be.
pub(super) fn check(apps: &AppsConfig, findings: &mut Vec<Finding>) {
    for (number, app) in apps.clouds.iter().enumerate() {
        if !(1..=NAME_CHARS_MAX).contains(&app.name.chars().count()) || app.name.chars().any(char::is_control) {
            let message = format!("`apps.clouds.name` must have 1 to {NAME_CHARS_MAX} characters, none a control one");
            findings.push(("apps.clouds.name", message));
        }
        if apps.clouds.iter().take(number).any(|other| other.name.eq_ignore_ascii_case(&app.name)) {
            findings.push(("apps.clouds.name", format!("`apps.clouds`: \"{}\" stands there twice", app.name)));
        }
        for wrong in app.networks.iter().filter_map(|network| network.parse::<Network>().err()) {
            findings.push(("apps.clouds.networks", format!("`apps.clouds.networks` of \"{}\": {wrong}", app.name)));
        }
        if app.ids.iter().any(|id| id.is_empty() || id.values().any(|begins| begins.trim().is_empty())) {
            let message =
                format!("`apps.clouds.ids` of \"{}\": each line needs a field and how its value begins", app.name);
            findings.push(("apps.clouds.ids", message));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known_by_id(apps: &AppsConfig, fields: &[(&str, &str)]) -> Option<String> {
        let fields: Vec<_> = fields.iter().map(|(key, value)| ((*key).to_owned(), Some((*value).to_owned()))).collect();
        apps.apps().into_iter().find(|app| app.is_announced(&fields)).map(|app| app.name)
    }

    fn known_by_address(apps: &AppsConfig, address: &str) -> Option<String> {
        apps.apps().into_iter().find(|app| app.is_at(address.parse().unwrap())).map(|app| app.name)
    }

    #[test]
    fn the_built_in_list_can_be_read_and_knows_whom_it_names() {
        let apps = AppsConfig::default();
        let networks: usize = apps.apps().iter().map(|app| app.networks.len()).sum();
        assert_eq!(networks, MICROSOFT.len() + GOOGLE.len(), "each can be read");
        for (fields, name) in [
            (&[("name", "Spark"), ("version", "3.1")][..], Some("Spark")),
            (&[("name", "SPARK 2")], Some("Spark")),
            (&[("name", "x"), ("vendor", "Blix Inc.")], Some("BlueMail")),
            (&[("name", "Sparkle")], None),
            (&[("name", "Thunderbird")], None),
            (&[("name", "Mac OS X Mail"), ("vendor", "Apple Inc.")], None),
            (&[("name", "com.google.android.gm"), ("vendor", "samsung")], None),
            (&[("version", "Spark")], None),
            (&[("name", "Sp")], None),
            (&[], None),
        ] {
            assert_eq!(known_by_id(&apps, fields).as_deref(), name, "{fields:?}");
        }
        assert_eq!(known_by_address(&apps, "52.125.138.7").as_deref(), Some("Outlook"));
        assert_eq!(known_by_address(&apps, "2603:1026:c03::1").as_deref(), Some("Outlook"));
        assert_eq!(known_by_address(&apps, "::ffff:209.85.161.2").as_deref(), Some("Gmail"));
        assert_eq!(known_by_address(&apps, "192.0.2.1"), None);
    }

    #[test]
    fn a_line_of_the_settings_takes_the_place_of_the_built_in_one() {
        let text = "[[clouds]]\nname = 'outlook'\n\
                    [[clouds]]\nname = 'Chez nous'\nnetworks = ['192.0.2.0/24']\nids = [{ name = 'A', vendor = 'B' }]\n";
        let apps: AppsConfig = toml::from_str(text).unwrap();
        assert_eq!(known_by_address(&apps, "52.125.138.7"), None, "switched off");
        assert_eq!(known_by_address(&apps, "192.0.2.9").as_deref(), Some("Chez nous"));
        assert_eq!(known_by_id(&apps, &[("name", "a")]), None, "all of the line");
        assert_eq!(known_by_id(&apps, &[("vendor", "B"), ("name", "a 2")]).as_deref(), Some("Chez nous"));
        let mut findings = Vec::new();
        check(&apps, &mut findings);
        assert_eq!(findings, []);
        let text = "[[clouds]]\nname = ''\n[[clouds]]\nname = 'a'\nids = [{}]\nnetworks = ['192.0.2.1/24']\n\
                    [[clouds]]\nname = 'A'\n";
        check(&toml::from_str(text).unwrap(), &mut findings);
        let keys: Vec<&str> = findings.iter().map(|(key, _)| *key).collect();
        assert_eq!(keys, ["apps.clouds.name", "apps.clouds.networks", "apps.clouds.ids", "apps.clouds.name"]);
    }
}
