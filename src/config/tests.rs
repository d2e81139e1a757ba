//! Tests of the settings: the example, every kind of error, where values come from.

use std::path::Path;

use super::keys::{Key, known_keys};
use super::{Config, Problems, load, parse};

const HEAD: &str = "domain = \"school.test\"\ndata_dir = \"d\"\n";
const LISTEN: &str = "[listen]\nhttp = \"127.0.0.1:0\"\n";

fn example_path() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("config/passerelle.toml")
}

fn read(text: &str) -> Result<Config, Problems> {
    parse(text, "p.toml", Path::new("/etc/p"), None)
}

fn problems(text: &str) -> Vec<String> {
    read(text).unwrap_err().0.iter().map(ToString::to_string).collect()
}

#[test]
fn the_example_loads_and_holds_the_defaults() {
    let example = load(&example_path()).unwrap();
    let plain = read(&format!("{HEAD}{LISTEN}")).unwrap();
    let parts = |c: &Config| {
        [
            format!("{:?}", (c.language, &c.host_name, &c.public, &c.login, &c.mailboxes)),
            format!("{:?}", (&c.submission, &c.imap, &c.log)),
            format!("{:?}", (&c.policy, c.ent.when_away, c.ent.answer_milliseconds_max, c.ent.remember_seconds)),
            format!(
                "{:?}",
                (c.ent.remembered_max, c.ent.questions_at_once_max, c.ent.failures_max, c.ent.pause_seconds)
            ),
            format!("{:?}", (c.store.connections_max, c.store.blob_threshold_bytes, c.store.parse_memory_bytes)),
            format!("{:?}", &c.apps),
            format!("{:?}", (c.listen.connections_max, c.listen.http_connections_max)),
            format!("{:?}", (c.listen.handshake_seconds_max, c.listen.stop_seconds_max)),
        ]
    };
    assert_eq!(parts(&example), parts(&plain));
    assert_eq!((plain.rules.len(), example.file.as_deref()), (0, Some(example_path().as_path())));
}

#[test]
fn no_setting_is_missing_from_the_example() {
    let text = std::fs::read_to_string(example_path()).unwrap();
    let settable = |line: &str| {
        line.strip_prefix('#')
            .filter(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '['))
            .map(str::to_owned)
    };
    let all: Vec<String> = text.lines().map(|line| settable(line).unwrap_or_else(|| line.to_owned())).collect();
    let document: toml::Table = all.join("\n").parse().unwrap();
    let present = |path: &str| {
        let mut parts = path.split('.');
        let first: &toml::Value = document.get(parts.next().unwrap().trim_end_matches("[]"))?;
        parts.try_fold(first, |value, part| match (value.as_array(), part.trim_end_matches("[]")) {
            (Some(lines), "*") => lines.iter().find_map(|line| line.as_table()?.values().next()),
            (Some(lines), part) => lines.iter().find_map(|line| line.get(part)),
            (None, "*") => value.as_table()?.values().next(),
            (None, part) => value.get(part),
        })
    };
    let known = known_keys::<Config>().unwrap();
    assert!(known.len() > 50);
    let is_named = |key: &&Key| !key.path.ends_with("[]");
    let missing: Vec<_> = known.iter().filter(is_named).filter(|key| present(&key.path).is_none()).collect();
    assert!(missing.is_empty(), "not in config/passerelle.toml: {missing:?}");
}

/// Lines of a configuration, and what is said of them.
const BAD: [(&str, &str); 36] = [
    ("hots_name = \"x.fr\"\n", "p.toml:3:1: unknown key `hots_name`, did you mean `host_name`?"),
    (
        "[listen]\nhttp = \"127.0.0.1:0\"\nimapss = \"127.0.0.1:0\"\n",
        "p.toml:5:1: unknown key `listen.imapss`, did you mean `listen.imaps`?",
    ),
    (
        "[imap]\nmessage_bytes_max = 5\n",
        "p.toml:4:1: unknown key `imap.message_bytes_max`, did you mean `submission.message_bytes_max`?",
    ),
    ("[log]\nvolume = 11\n", "p.toml:4:1: unknown key `log.volume`; the keys known here are filter, json"),
    ("[lisen]\n", "p.toml:3:2: unknown key `lisen`, did you mean `listen`?"),
    (
        "[listen]\nhttp = \"127.0.0.1\"\n",
        "p.toml:4:8: `listen.http`: invalid socket address syntax (an address and a port, as in \"0.0.0.0:993\" or \"[::]:993\")",
    ),
    ("language = \"de\"\n", "p.toml:3:12: `language`: unknown variant `de`, expected `fr` or `en`"),
    ("[imap]\npoll_seconds = \"15\"\n", "p.toml:4:16: `imap.poll_seconds`: invalid type: string \"15\", expected u64"),
    (
        "[imap]\nbad_commands_max = -1\n",
        "p.toml:4:20: `imap.bad_commands_max`: invalid value: integer `-1`, expected u32",
    ),
    ("[submission]\nerrors_max = 0\n", "p.toml:4:14: `submission.errors_max` must be more than 0"),
    ("[submission\n", "p.toml:3:12: unclosed table, expected `]`"),
    (
        "[submission]\nrecipients_max = 99\n",
        "p.toml:4:1: `submission.recipients_max` must be at least 100 (RFC 5321 §4.5.3.1.8)",
    ),
    (
        "[submission]\nmessage_bytes_max = 50000000\n",
        "p.toml: `imap.append_bytes_max` must be at least `submission.message_bytes_max`: clients append to Sent what they have sent",
    ),
    ("[listen]\nimaps = \"0.0.0.0:993\"\n", "p.toml:4:1: `listen.imaps` needs `tls.certificate` and `tls.key`"),
    (
        "[listen]\nproxies = [\"10.0.0.1/8\"]\n",
        "p.toml:4:11: `listen.proxies`: \"10.0.0.1/8\" is not a network, as in \"192.0.2.0/24\" or \"2001:db8::/32\"",
    ),
    ("[listen]\nhttps = \"127.0.0.1:443\"\n", "p.toml:4:1: `listen.https` needs `tls.certificate` and `tls.key`"),
    ("[listen]\nimap = \"127.0.0.1:143\"\n", "p.toml:4:1: `listen.imap` needs `tls.certificate` and `tls.key`"),
    (
        "[listen]\nhttp = \"127.0.0.1:80\"\n[tls]\nkey = \"k\"\n",
        "p.toml:6:1: `tls.key` is set and `tls.certificate` is not",
    ),
    (
        "[listen]\nhttp = \"[::1]:80\"\nimap = \"[::1]:80\"\n[login]\nwithout_tls_from_loopback = true\n",
        "p.toml:4:1: `listen.http` and `listen.imap` are both [::1]:80",
    ),
    (
        "[store]\nurl = \"mysql://u:secret@h/d\"\n",
        "p.toml:4:1: the store's URL is neither sqlite:PATH nor postgres://… (it begins with \"mysql\")",
    ),
    ("[store]\nurl = \"a.db\"\nurl_file = \"f\"\n", "p.toml:5:1: `store.url` and `store.url_file` exclude each other"),
    ("[store]\nurl_file = \"f\"\n", "p.toml:4:1: `store.url_file`: /etc/p/f: No such file or directory (os error 2)"),
    (
        "[store]\nparse_memory_bytes = 1\n",
        "p.toml:4:1: `store.parse_memory_bytes` must hold the largest message (41943040 bytes)",
    ),
    (
        "[mailboxes]\nsent_name = \"Drafts\"\n",
        "p.toml:4:1: `mailboxes.sent_name` and `mailboxes.drafts_name` have the same name",
    ),
    ("[mailboxes]\nsent_name = \"inbox\"\n", "p.toml:4:1: `mailboxes.sent_name`: INBOX is the name of the inbox"),
    ("[imap]\nidle_seconds_max = 60\n", "p.toml:4:1: `imap.idle_seconds_max` must be at least 1800 (RFC 9051 §5.4)"),
    (
        "[[rules]]\ngroup = \"class-pupils\"\nmembers = \"BOTH\"\n",
        "p.toml:4:9: `rules.group`: unknown variant `class-pupils`, expected one of `school-students`, `school-relatives`, \
         `school-teachers`, `school-personnel`, `school-guests`, `school-head-teachers`, `class-students`, \
         `class-relatives`, `class-teachers`, `class-personnel`, `class-guests`, `class-head-teachers`, `direction`, \
         `functions`, `disciplines`, `local-admins`, `functional-groups`",
    ),
    ("[[rules]]\nmembers = \"BOTH\"\n", "p.toml:3:1: `rules`: missing field `group`"),
    (
        "[[rules]]\ngroup = \"direction\"\nmembers = \"ALL\"\n",
        "p.toml:5:11: `rules.members`: unknown variant `ALL`, expected one of `INCOMING`, `OUTGOING`, `BOTH`, `NONE`",
    ),
    (
        "[[rules]]\ngroup = \"direction\"\nmembers = \"BOTH\"\nwrite_to = []\n",
        "p.toml:6:1: unknown key `rules[].write_to`, did you mean `rules[].writes_to`?",
    ),
    (
        "[[rules]]\ngroup = \"direction\"\nmembers = \"BOTH\"\n[[rules]]\nschool = \"A\"\ngroup = \"direction\"\n\
         members = \"BOTH\"\n[[rules]]\nschool = \"a\"\ngroup = \"direction\"\nmembers = \"NONE\"\n",
        "p.toml:12:1: `rules.group`: an earlier line is for the same group, in school a",
    ),
    (
        "[[rules]]\ngroup = \"direction\"\nmembers = \"BOTH\"\nwrites_to = [\"class-students\"]\n",
        "p.toml:6:1: `rules.writes_to`: a group of the school cannot name groups of a class; who writes to the school's \
         group writes to those of its classes too",
    ),
    (
        "[policy]\nno_reply_profiles = [\"Cook\"]\n",
        "p.toml:4:21: `policy.no_reply_profiles`: unknown variant `Cook`, expected one of `Student`, `Relative`, \
         `Teacher`, `Personnel`, `Guest`",
    ),
    (
        "[policy]\nno_reply_address = \"No Reply\"\n",
        "p.toml:4:1: `policy.no_reply_address`: \"No Reply\" cannot stand before the @, in lower case",
    ),
    (
        "[ent]\ncommunication_url = \"http://ent.example.fr/communication\"\n",
        "p.toml:4:1: `ent.communication_url` must be https://HOST/PATH (http:// on loopback only), without a query",
    ),
    ("host_name = \"-x-\"\n", "p.toml:3:1: `host_name`: \"-x-\" is not a domain name, as in \"ent.example.fr\""),
];

#[test]
fn each_error_names_place_key_and_what_was_meant() {
    for (text, expected) in BAD {
        let found = problems(&format!("{HEAD}{text}"));
        assert!(found.iter().any(|problem| problem == expected), "{text}\nexpected {expected}\nfound {found:#?}");
        assert!(!found.join("").contains("secret"));
    }
}

#[test]
fn everything_wrong_is_told_at_once_in_the_order_of_the_file() {
    let found = problems("domain = 5\nfoo = 1\n[imap]\npoll_seconds = true\nnesting_max = 0\n");
    assert_eq!(
        found,
        [
            "p.toml:1:10: `domain`: invalid type: integer `5`, expected a string",
            "p.toml:2:1: unknown key `foo`; the keys known here are domain, host_name, language, data_dir, store, tls, \
             listen, public, events, api, webhook, login, oidc, page, apps, mailboxes, keeping, submission, policy, ent, directory, rules, \
             imap, ldap, quiet, recall, limits, import, migration, people, admin, trail, log",
            "p.toml:4:16: `imap.poll_seconds`: invalid type: boolean `true`, expected u64",
            "p.toml:5:15: `imap.nesting_max` must be more than 0",
        ]
        .iter()
        .map(|line| (*line).to_owned())
        .collect::<Vec<_>>()
    );
    assert_eq!(problems("data_dir = \"d\"\n"), ["p.toml: the key `domain` is missing"]);
}

#[test]
fn paths_are_meant_from_the_folder_of_the_file_and_names_are_lower_case() {
    let text =
        format!("{}{LISTEN}[tls]\ncertificate = \"c.pem\"\nkey = \"/k.pem\"\n", HEAD.replace("school", "School"));
    let config = read(&text).unwrap();
    assert_eq!(config.domain, "school.test");
    assert_eq!(config.data_dir, Path::new("/etc/p/d"));
    assert_eq!(config.tls.certificate.as_deref(), Some(Path::new("/etc/p/c.pem")));
    assert_eq!(config.tls.key.as_deref(), Some(Path::new("/k.pem")));
    assert_eq!(config.store_url(), "sqlite:/etc/p/d/passerelle.db");
}

#[test]
fn the_store_url_comes_from_the_environment_then_from_its_file() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("url"), "postgres://u:p@h/d\n").unwrap();
    let text = format!("{HEAD}{LISTEN}[store]\nurl_file = \"url\"\n");
    let from_file = parse(&text, "p.toml", folder.path(), None).unwrap();
    assert_eq!(from_file.store_url(), "postgres://u:p@h/d");
    let from_environment = parse(&text, "p.toml", folder.path(), Some("sqlite:/x.db".to_owned())).unwrap();
    assert_eq!(from_environment.store_url(), "sqlite:/x.db");
}

#[test]
fn a_missing_file_is_named() {
    let error = load(Path::new("/nowhere/p.toml")).unwrap_err();
    assert_eq!(error.to_string(), "/nowhere/p.toml: No such file or directory (os error 2)");
}

#[test]
fn ways_to_log_in_that_would_let_nobody_or_anybody_in() {
    let about = |settings: &str| problems(&format!("{HEAD}{settings}\n{LISTEN}")).join("\n");
    for (settings, key) in [
        ("login.mechanisms = []", "login.mechanisms"),
        ("login.mechanisms = [\"PLAIN\", \"LOGIN\", \"PLAIN\"]", "login.mechanisms"),
        ("login.mechanisms = [\"CRAM-MD5\"]", "login.mechanisms"),
        ("login.scram_iterations = 4095", "login.scram_iterations"),
        ("oidc.issuer = \"https://ent.fr\"", "oidc.audiences"),
        ("oidc.issuer = \"http://ent.fr\"\noidc.audiences = [\"x\"]", "oidc.issuer"),
        ("oidc.issuer = \"http://127.0.0.1.ent.fr\"\noidc.audiences = [\"x\"]", "oidc.issuer"),
        ("oidc.issuer = \"https://\"\noidc.audiences = [\"x\"]", "oidc.issuer"),
        ("oidc.issuer = \"https://x\"\noidc.keys_url = \"http://x\"\noidc.audiences = [\"x\"]", "oidc.keys_url"),
        ("oidc.issuer = \"https://x\"\noidc.algorithms = []\noidc.audiences = [\"x\"]", "oidc.algorithms"),
        ("oidc.algorithms = [\"none\"]", "oidc.algorithms"),
        ("oidc.algorithms = [\"HS256\"]", "oidc.algorithms"),
        (
            "oidc.issuer = \"https://x\"\noidc.keys_stale_seconds = 9\noidc.audiences = [\"x\"]",
            "oidc.keys_stale_seconds",
        ),
    ] {
        assert!(about(settings).contains(&format!("`{key}")), "{settings}: {}", about(settings));
    }
    let good = "oidc.issuer = \"http://127.0.0.1:5/x\"\noidc.audiences = [\"x\"]\noidc.algorithms = [\"EdDSA\"]";
    read(&format!("{HEAD}{good}\n{LISTEN}")).unwrap();
}
