//! Every limit in the settings is hit by some test: here by those that no other test hits, and a list of where.

use std::fs;
use std::path::Path;

use passerelle::domain::login::{Login, LoginRefusal};
use passerelle::model::Secret;

use crate::world::{PASSWORD, World};

/// Setting, and the file whose test hits it. `imap.` and `submission.` settings may share a name.
const TESTED: &[(&str, &str)] = &[
    ("store.connections_max", "tests/store/engine.rs"),
    ("store.blob_threshold_bytes", "tests/hostile/limits.rs"),
    ("store.parse_memory_bytes", "tests/hostile/limits.rs"),
    ("store.header_bytes_max", "tests/hostile/sentences.rs"),
    ("blobs.connect_seconds_max", "tests/bucket/bodies.rs"),
    ("blobs.answer_seconds_max", "tests/bucket/bodies.rs"),
    ("blobs.retries_max", "tests/bucket/bodies.rs"),
    ("blobs.retry_seconds_max", "tests/bucket/bodies.rs"),
    ("blobs.uploads_at_once_max", "tests/bucket/bodies.rs"),
    ("postgres.connect_seconds_max", "tests/gateways/database.rs"),
    ("postgres.statement_seconds_max", "tests/gateways/database.rs"),
    ("postgres.lock_seconds_max", "tests/gateways/database.rs"),
    ("postgres.transaction_idle_seconds_max", "tests/gateways/database.rs"),
    ("postgres.hint_notices_max", "tests/gateways/hints.rs"),
    ("listen.connections_max", "tests/cli/server.rs"),
    ("listen.http_connections_max", "tests/cli/server.rs"),
    ("listen.ldap_connections_max", "tests/cli/server.rs"),
    ("listen.handshake_seconds_max", "tests/cli/server.rs"),
    ("listen.stop_seconds_max", "tests/cli/server.rs"),
    ("events.streams_per_person_max", "tests/api/streams.rs"),
    ("events.streams_max", "tests/api/streams.rs"),
    ("events.keep_alive_seconds", "tests/api/streams.rs"),
    ("events.stream_seconds_max", "tests/api/streams.rs"),
    ("events.stall_seconds_max", "tests/api/streams.rs"),
    ("api.requests_per_minute_max", "tests/api/answers.rs"),
    ("api.requests_at_once_max", "tests/api/answers.rs"),
    ("api.request_bytes_max", "tests/api/answers.rs"),
    ("api.directory_bytes_max", "tests/api/answers.rs"),
    ("api.people_per_request_max", "tests/api/answers.rs"),
    ("api.items_max", "tests/api/answers.rs"),
    ("api.idempotency_hours", "tests/api/answers.rs"),
    ("api.badge_seconds_max", "tests/api/coming_in.rs"),
    ("webhook.people_per_request_max", "tests/api/webhook.rs"),
    ("webhook.requests_at_once_max", "tests/api/webhook.rs"),
    ("webhook.answer_seconds_max", "tests/api/webhook.rs"),
    ("webhook.retry_seconds_min", "tests/api/webhook.rs"),
    ("webhook.retry_seconds_max", "tests/api/webhook.rs"),
    ("webhook.give_up_days", "tests/api/webhook.rs"),
    ("admin.session_minutes_max", "src/domain/admins/sessions.rs"),
    ("admin.idle_minutes_max", "src/domain/admins/sessions.rs"),
    ("admin.tries_max", "src/domain/admins/sessions.rs"),
    ("admin.tries_window_seconds", "src/domain/admins/sessions.rs"),
    ("login.remember_seconds", "tests/hostile/limits.rs"),
    ("login.hashes_at_once_max", "tests/hostile/limits.rs"),
    ("login.tries_max", "tests/hostile/limits.rs"),
    ("login.tries_window_seconds", "tests/hostile/limits.rs"),
    ("login.tries_per_connection_max", "tests/transcripts/imap/login_tries.txt"),
    ("login.refusal_delay_milliseconds", "tests/hostile/limits.rs"),
    ("login.password_chars_min", "tests/hostile/limits.rs"),
    ("login.scram_iterations", "tests/people/scram.rs"),
    ("oidc.clock_skew_seconds", "tests/people/tokens.rs"),
    ("oidc.token_bytes_max", "tests/people/tokens.rs"),
    ("oidc.keys_remember_seconds", "tests/people/tokens.rs"),
    ("oidc.keys_ask_seconds", "tests/people/tokens.rs"),
    ("oidc.keys_stale_seconds", "tests/people/tokens.rs"),
    ("oidc.answer_milliseconds_max", "tests/people/tokens.rs"),
    ("page.devices_per_person_max", "tests/page/limits.rs"),
    ("page.session_idle_minutes", "tests/page/limits.rs"),
    ("page.session_hours_max", "tests/page/limits.rs"),
    ("page.sessions_per_person_max", "tests/page/limits.rs"),
    ("page.sign_in_minutes_max", "tests/page/limits.rs"),
    ("page.latest_max", "tests/page/limits.rs"),
    ("mailboxes.per_user_max", "tests/hostile/limits.rs"),
    ("mailboxes.name_bytes_max", "tests/store/mailboxes.rs"),
    ("mailboxes.depth_max", "tests/store/mailboxes.rs"),
    ("mailboxes.quota_bytes", "tests/store/delivering.rs"),
    ("mailboxes.messages_per_user_max", "tests/hostile/limits.rs"),
    ("mailboxes.keywords_per_message_max", "tests/hostile/limits.rs"),
    ("mailboxes.annotation_bytes_max", "tests/transcripts/imap/setmetadata_limit.txt"),
    ("mailboxes.annotations_per_mailbox_max", "tests/transcripts/imap/setmetadata_limit.txt"),
    ("mailboxes.annotations_per_user_max", "tests/transcripts/imap/setmetadata_limit.txt"),
    ("keeping.expunges_days", "tests/store/collecting.rs"),
    ("keeping.undelete_days", "tests/store/collecting.rs"),
    ("keeping.undelete_messages_per_user_max", "tests/store/collecting.rs"),
    ("keeping.undelete_bytes_per_user_max", "tests/store/collecting.rs"),
    ("keeping.submissions_days", "tests/store/collecting.rs"),
    ("keeping.orphans_hours", "tests/store/collecting.rs"),
    ("submission.message_bytes_max", "tests/smtp_session/messages.rs"),
    ("submission.recipients_max", "tests/transcripts/smtp/rcpt_limit.txt"),
    ("submission.people_max", "tests/store/delivering.rs"),
    ("submission.messages_per_connection_max", "tests/transcripts/smtp/messages_limit.txt"),
    ("submission.errors_max", "tests/smtp_session/endings.rs"),
    ("submission.idle_seconds_max", "tests/smtp_session/endings.rs"),
    ("submission.data_idle_seconds_max", "tests/smtp_session/endings.rs"),
    ("submission.login_seconds_max", "tests/smtp_session/endings.rs"),
    ("submission.connections_per_user_max", "tests/smtp_session/sessions.rs"),
    ("ent.answer_milliseconds_max", "tests/people/live_ent.rs"),
    ("ent.remember_seconds", "tests/people/live_ent.rs"),
    ("ent.remembered_max", "tests/people/live_ent.rs"),
    ("ent.questions_at_once_max", "tests/people/live_ent.rs"),
    ("ent.failures_max", "tests/people/live_ent.rs"),
    ("ent.pause_seconds", "tests/people/live_ent.rs"),
    ("import.file_bytes_max", "tests/people/ent_traps.rs"),
    ("import.suspended_percent_max", "tests/people/ent.rs"),
    ("imap.line_bytes_max", "tests/transcripts/imap/line_limit.txt"),
    ("imap.literal_before_login_bytes_max", "tests/transcripts/imap/literal_limit.txt"),
    ("imap.literal_bytes_max", "tests/transcripts/imap/literal_limit.txt"),
    ("imap.append_bytes_max", "tests/transcripts/imap/append_limit.txt"),
    ("imap.append_messages_max", "tests/transcripts/imap/append_multi_limit.txt"),
    ("imap.nesting_max", "tests/hostile/limits.rs"),
    ("imap.sequence_set_ranges_max", "tests/hostile/limits.rs"),
    ("imap.list_items_max", "tests/hostile/limits.rs"),
    ("imap.search_keys_max", "tests/hostile/limits.rs"),
    ("imap.search_contexts_max", "tests/transcripts/imap/context_limit.txt"),
    ("imap.multisearch_mailboxes_max", "tests/transcripts/imap/esearch_limit.txt"),
    ("imap.multisearch_messages_max", "tests/transcripts/imap/esearch_limit.txt"),
    ("imap.notify_names_max", "tests/transcripts/imap/notify_refused.txt"),
    ("imap.notify_messages_max", "tests/transcripts/imap/notify_limit.txt"),
    ("imap.list_patterns_bytes_max", "tests/hostile/limits.rs"),
    ("imap.background_commands_max", "tests/fixtures_clients/apple.rs"),
    ("imap.message_limit", "tests/transcripts/imap/message_limit.txt"),
    ("imap.save_limit", "tests/transcripts/imap/save_limit.txt"),
    ("imap.uid_batch_messages_min", "tests/transcripts/imap/uidbatches.txt"),
    ("imap.uid_batches_messages_max", "tests/transcripts/imap/uidbatches_limit.txt"),
    ("imap.connections_per_user_max", "tests/imap_session/logins.rs"),
    ("imap.bad_commands_max", "tests/imap_session/endings.rs"),
    ("imap.login_seconds_max", "tests/imap_session/endings.rs"),
    ("imap.idle_seconds_max", "tests/imap_session/endings.rs"),
    ("imap.stall_seconds_max", "tests/hostile/limits.rs"),
    ("imap.output_bytes_max", "tests/hostile/limits.rs"),
    ("directory.query_chars_max", "tests/people/finding.rs"),
    ("directory.found_max", "tests/people/finding.rs"),
    ("directory.names_memory_bytes_max", "tests/people/finding.rs"),
    ("directory.books_memory_bytes_max", "tests/people/finding.rs"),
    ("directory.ent_asks_max", "tests/people/finding.rs"),
    ("directory.book_cards_max", "tests/people/finding.rs"),
    ("directory.others_cards_max", "tests/people/finding.rs"),
    ("directory.sync_days", "tests/carddav/sync.rs"),
    ("directory.sync_states_max", "tests/carddav/sync.rs"),
    ("directory.request_bytes_max", "tests/carddav/hostile.rs"),
    ("directory.xml_depth_max", "tests/carddav/hostile.rs"),
    ("directory.multiget_max", "tests/carddav/hostile.rs"),
    ("directory.terms_max", "tests/carddav/hostile.rs"),
    ("ldap.search_chars_min", "tests/ldap/clients_forms.rs"),
    ("ldap.entries_max", "tests/ldap/searching.rs"),
    ("ldap.searches_per_minute_max", "tests/ldap/hostile.rs"),
    ("ldap.message_bytes_max", "tests/ldap/hostile.rs"),
    ("ldap.nesting_max", "tests/ldap/hostile.rs"),
    ("ldap.filter_items_max", "tests/ldap/hostile.rs"),
    ("ldap.attributes_max", "tests/ldap/hostile.rs"),
    ("ldap.connections_per_user_max", "tests/ldap/endings.rs"),
    ("ldap.login_seconds_max", "tests/ldap/endings.rs"),
    ("ldap.idle_seconds_max", "tests/ldap/endings.rs"),
    ("quiet.release_people_max", "tests/store/quiet.rs"),
    ("recall.minutes_max", "tests/store/recall.rs"),
    ("trail.refusals_seconds", "tests/store/trail.rs"),
    ("migration.entries_max", "tests/migration/traps.rs"),
    ("migration.messages_max", "tests/migration/traps.rs"),
    ("migration.unpacked_bytes_max", "tests/migration/traps.rs"),
    ("migration.ratio_max", "tests/migration/traps.rs"),
    ("migration.problems_max", "tests/migration/traps.rs"),
];

/// Numbers that limit nothing.
const NO_LIMITS: &[&str] = &[
    "apps.again_after_days",
    "imap.poll_seconds",
    "imap.progress_milliseconds",
    "keeping.collect_seconds",
    "listen.drain_seconds",
    "people.archive_after_days",
    "postgres.hint_pause_milliseconds",
    "people.delete_after_days",
    "people.collect_every_hours",
    "quiet.release_pause_percent",
];

#[test]
fn every_limit_has_a_test_that_hits_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let sources = [
        "src/config/mod.rs",
        "src/config/api.rs",
        "src/config/events.rs",
        "src/config/mailboxes.rs",
        "src/config/webhook.rs",
        "src/config/admin.rs",
        "src/config/apps.rs",
        "src/config/directory.rs",
        "src/config/keeping.rs",
        "src/config/ldap.rs",
        "src/config/listen.rs",
        "src/config/migration.rs",
        "src/config/oidc.rs",
        "src/config/page.rs",
        "src/config/people.rs",
        "src/config/policy.rs",
        "src/config/quiet.rs",
        "src/config/recall.rs",
        "src/config/store.rs",
    ]
    .map(|file| fs::read_to_string(root.join(file)).unwrap());
    let settings = numbers(&sources.concat());
    assert!(settings.len() > 40, "{settings:?}");
    let known: Vec<&str> = TESTED.iter().map(|(setting, _)| *setting).chain(NO_LIMITS.iter().copied()).collect();
    let missing: Vec<&String> = settings.iter().filter(|setting| !known.contains(&setting.as_str())).collect();
    assert!(missing.is_empty(), "no test hits {missing:?}");
    for (setting, file) in TESTED {
        assert!(settings.iter().any(|known| known == setting), "{setting} is no setting");
        let text = fs::read_to_string(root.join(file)).unwrap();
        let (_, name) = setting.split_once('.').unwrap();
        let mentions = text.matches(name).count() - usize::from(file.ends_with("hostile/limits.rs"));
        assert!(mentions > 0, "{file} does not name {setting}");
    }
}

/// `section.name` of every number among the settings.
fn numbers(source: &str) -> Vec<String> {
    let mut section = String::new();
    let mut found = Vec::new();
    for line in source.lines() {
        if let Some(name) = line.strip_prefix("pub struct ").and_then(|rest| rest.strip_suffix("Config {")) {
            section = name.to_lowercase();
        }
        if let Some((name, kind)) = line.strip_prefix("    pub ").and_then(|field| field.split_once(": "))
            && ["u32,", "u64,", "usize,", "Option<usize>,"].contains(&kind)
        {
            found.push(format!("{section}.{name}"));
        }
    }
    found
}

const SMALL: &str = "From: zoe.noir@ent.test\r\n\r\nx\r\n";

#[tokio::test]
async fn messages_cannot_be_doubled_without_end() {
    let world = World::with(|config| config.mailboxes.messages_per_user_max = 10).await;
    let mut zoe = world.imap_in_inbox("zoe.noir").await;
    assert!(zoe.appends("INBOX", SMALL).await.starts_with("OK"));
    for _ in 0..3 {
        zoe.ok("COPY 1:* INBOX").await;
    }
    let full = zoe.tagged("COPY 1:* INBOX").await;
    assert!(full.starts_with("NO [OVERQUOTA]"), "{full}");
    zoe.ok("COPY 1:2 Sent").await;
    let full = zoe.appends("INBOX", SMALL).await;
    assert!(full.starts_with("NO [OVERQUOTA]"), "{full}");
    assert_eq!(zoe.ok("STATUS INBOX (MESSAGES)").await, ["* STATUS INBOX (MESSAGES 8)"]);
    zoe.ok("MOVE 1 Trash").await;
    let mut anne = world.smtp("anne").await;
    for _ in 0..12 {
        let letter = "From: anne@ent.test\r\n\r\nx";
        anne.submits("anne@ent.test", &["paul.durand@ent.test"], letter).await;
    }
    let mut paul = world.imap("paul.durand").await;
    let counted = paul.ok("STATUS INBOX (MESSAGES)").await;
    assert_eq!(counted, ["* STATUS INBOX (MESSAGES 10)"], "Anne's Sent is full; Paul got all that went out");
}

#[tokio::test]
async fn keywords_cannot_pile_up_by_any_way() {
    let world = World::with(|config| config.mailboxes.keywords_per_message_max = 2).await;
    let mut zoe = world.imap_in_inbox("zoe.noir").await;
    let limit = "NO [LIMIT]";
    assert!(zoe.appends("INBOX (a b c)", SMALL).await.starts_with(limit));
    assert!(zoe.appends("INBOX (a b)", SMALL).await.starts_with("OK"));
    assert!(zoe.tagged("STORE 1 +FLAGS (c)").await.starts_with(limit));
    assert!(zoe.tagged("STORE 1 FLAGS (c d e)").await.starts_with(limit));
    // A copy in Sent that joins the one which submission filed joins its keywords too.
    let letter =
        "From: zoe.noir@ent.test\r\nMessage-ID: <k@ent.test>\r\nDate: Mon, 23 Nov 2026 10:00:00 +0100\r\n\r\nx";
    let mut sender = world.smtp("zoe.noir").await;
    assert!(sender.submits("zoe.noir@ent.test", &["zoe.noir@ent.test"], letter).await.starts_with("250 "));
    for keywords in ["a b", "c d", "e f"] {
        zoe.appends(&format!("Sent ({keywords})"), letter).await;
    }
    zoe.ok("SELECT Sent").await;
    let flags = zoe.ok("FETCH 1 FLAGS").await;
    assert_eq!(flags, ["* 1 FETCH (FLAGS (\\Seen a b))"]);
}

#[tokio::test]
async fn names_cannot_be_subscribed_to_without_end() {
    let world = World::with(|config| config.mailboxes.per_user_max = 6).await;
    let mut zoe = world.imap("zoe.noir").await;
    for name in 0..6 {
        zoe.ok(format!("SUBSCRIBE n{name}")).await;
    }
    assert!(zoe.tagged("SUBSCRIBE n6").await.starts_with("NO [LIMIT]"));
    zoe.ok("SUBSCRIBE n5").await;
    zoe.ok("SUBSCRIBE Sent").await;
    zoe.ok("UNSUBSCRIBE n0").await;
    zoe.ok("SUBSCRIBE n6").await;
    let long = zoe.tagged(format!("SUBSCRIBE {}", "x".repeat(500))).await;
    assert!(long.starts_with("NO [LIMIT]"), "{long}");
}

#[tokio::test]
async fn what_a_command_makes_the_server_work_out_is_bounded() {
    let world = World::with(|config| {
        config.imap.search_keys_max = 5;
        config.imap.list_patterns_bytes_max = 20;
        config.imap.sequence_set_ranges_max = 3;
        config.imap.nesting_max = 4;
        config.imap.list_items_max = 6;
        config.imap.bad_commands_max = 1000;
    })
    .await;
    let mut zoe = world.imap_in_inbox("zoe.noir").await;
    zoe.appends("INBOX", SMALL).await;
    assert_eq!(zoe.ok("SEARCH 1:* OR ALL NOT SEEN (1:* BODY x)").await.last().unwrap(), "* SEARCH 1");
    for (command, answer) in [
        ("SEARCH 1:* 1:* 1:* OR 1:* NOT 1:* BODY x", "NO [LIMIT]"),
        ("SEARCH (((((ALL)))))", "NO [LIMIT]"),
        ("UID SEARCH RETURN (COUNT) TEXT a TEXT b TEXT c TEXT d TEXT e TEXT f", "NO [LIMIT]"),
        ("FETCH 1,1,1,1 FLAGS", "NO [LIMIT]"),
        ("LIST \"\" *%*%*%*%*%*%*%*%*%*%a", "NO [LIMIT]"),
        ("LIST \"aaaaaaaaaa\" (a aaa)", "NO [LIMIT]"),
        ("LSUB \"\" aaaaaaaaaaaaaaaaaaaaa", "NO [LIMIT]"),
        ("LIST \"\" *%*%*%*%*%*%*%*%*%", "OK"),
        ("FETCH 1 (UID UID UID UID UID UID)", "OK"),
        ("FETCH 1 (UID UID UID UID UID UID UID)", "NO [LIMIT]"),
        ("FETCH 1 BODY.PEEK[HEADER.FIELDS (A B C D E F G)]", "NO [LIMIT]"),
        ("SORT (SIZE SIZE SIZE SIZE SIZE SIZE SIZE) UTF-8 ALL", "NO [LIMIT]"),
        ("SEARCH RETURN (MIN MIN MIN MIN MIN MIN MIN) ALL", "NO [LIMIT]"),
        ("STORE 1 +FLAGS (a b c d e f g)", "NO [LIMIT]"),
        ("STORE 1 +FLAGS a b c d e f g", "NO [LIMIT]"),
        ("APPEND INBOX (a b c d e f g) {1+}\r\nx", "NO [LIMIT]"),
        ("LIST \"\" (a b c d e f g)", "NO [LIMIT]"),
        ("LIST \"\" a RETURN (STATUS (UNSEEN UNSEEN UNSEEN UNSEEN UNSEEN UNSEEN UNSEEN))", "NO [LIMIT]"),
        ("STATUS INBOX (UNSEEN UNSEEN UNSEEN UNSEEN UNSEEN UNSEEN UNSEEN)", "NO [LIMIT]"),
        ("ENABLE A B C D E F", "OK"),
        ("ENABLE A B C D E F G", "NO [LIMIT]"),
        ("ID (\"a\" NIL \"b\" NIL \"c\" NIL \"d\" NIL \"e\" NIL \"f\" NIL \"g\" NIL)", "NO [LIMIT]"),
        ("CREATE a (USE (\\A \\B \\C \\D \\E \\F \\G))", "NO [LIMIT]"),
        ("APPEND INBOX CATENATE (URL a URL b URL c URL d URL e URL f URL g)", "NO [LIMIT]"),
    ] {
        let told = zoe.tagged(command).await;
        assert!(told.starts_with(answer), "{command}: {told}");
        assert_eq!(zoe.says("NOOP").await, ["OK NOOP completed"], "in step behind {command}");
    }
}

/// As many sets, names and wildcards as the settings let through are still answered at once.
#[tokio::test]
async fn the_most_that_is_let_through_is_little_work() {
    let world = World::with(|config| config.imap.bad_commands_max = 100).await;
    let mut zoe = world.imap_in_inbox("zoe.noir").await;
    zoe.appends("INBOX", SMALL).await;
    for _ in 0..11 {
        zoe.ok("COPY 1:* INBOX").await;
    }
    for name in 0..60 {
        zoe.ok(format!("CREATE {}{name}", "a".repeat(390))).await;
    }
    let started = std::time::Instant::now();
    let found = zoe.ok(format!("SEARCH RETURN (COUNT) {}", "1:* ".repeat(500).trim_end())).await;
    assert!(found[0].ends_with("COUNT 2048"), "{found:?}");
    assert_eq!(zoe.ok(format!("LIST \"\" {}", "*%".repeat(2048))).await.len(), 64);
    assert_eq!(zoe.ok(format!("LIST \"\" {}b", "*a".repeat(190))).await.len(), 0);
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}

#[tokio::test]
async fn large_messages_are_read_one_after_the_other() {
    let world = World::with(|config| {
        config.store.parse_memory_bytes = 1 << 10;
        config.store.blob_threshold_bytes = 1000;
    })
    .await;
    let mut sessions = tokio::task::JoinSet::new();
    for number in 0..4 {
        let mut client = world.imap_in_inbox("zoe.noir").await;
        sessions.spawn(async move {
            let message = format!("Subject: {number}\r\n\r\n{}", "x\r\n".repeat(10_000));
            client.appends("INBOX", &message).await
        });
    }
    for told in sessions.join_all().await {
        assert!(told.starts_with("OK [APPENDUID "), "{told}");
    }
    let blobs = fs::read_dir(world.gateway.config.data_dir.join("blobs")).unwrap().count();
    assert_eq!(blobs, 1, "one body above the threshold, kept once");
}

#[tokio::test]
async fn a_client_that_does_not_read_comes_to_its_end() {
    let world = World::with(|config| {
        config.imap.stall_seconds_max = 0;
        config.imap.output_bytes_max = 2 << 10;
    })
    .await;
    let mut zoe = world.imap_in_inbox("zoe.noir").await;
    // Nothing is read: the stream's 64 KiB fill up, and the next write may not wait.
    zoe.sends("x NOOP\r\n".repeat(7000)).await;
    zoe.comes_to_its_end().await;
}

#[tokio::test]
async fn guessing_is_slow_and_locks_nobody_out_who_was_in() {
    let world = World::with(|config| {
        config.login.tries_max = 3;
        config.login.tries_window_seconds = 3600;
        config.login.remember_seconds = 0;
        config.login.hashes_at_once_max = 1;
        config.login.refusal_delay_milliseconds = 30;
    })
    .await;
    let log_in = async |name: &str, password: &str| world.gateway.log_in(name, &Secret::new(password)).await.unwrap();
    assert!(matches!(log_in("anne", PASSWORD).await, Login::Welcome(_)));
    let started = std::time::Instant::now();
    let answer = world.imap_stranger().await.tagged("LOGIN anne guess").await;
    assert!(answer.starts_with("NO [AUTHENTICATIONFAILED]") && started.elapsed().as_millis() >= 30, "{answer}");
    let (anne, paul) = tokio::join!(
        unseen(&world, "anne.martin", &["g1", "g2", "g3"]),
        unseen(&world, "paul.durand", &["g1", "g2", "g3", "g4"])
    );
    assert_eq!((anne, paul), (1, 1), "one try above three, whatever name of hers the guesses are for");
    assert!(matches!(log_in("anne", PASSWORD).await, Login::Welcome(_)), "right before, and forgotten by `remember`");
    assert!(matches!(log_in("paul.durand", PASSWORD).await, Login::Refused(LoginRefusal::TooManyTries)));
    let short = world.gateway.hash_password(Secret::new("éééé")).await.unwrap();
    assert!(short.is_err(), "login.password_chars_min");
}

/// How many of these guesses were refused unseen.
async fn unseen(world: &World, name: &str, guesses: &[&str]) -> usize {
    let mut refused = 0;
    for guess in guesses {
        match world.gateway.log_in(name, &Secret::new(*guess)).await.unwrap() {
            Login::Refused(LoginRefusal::TooManyTries) => refused += 1,
            Login::Refused(LoginRefusal::BadCredentials) => {}
            other => panic!("{other:?}"),
        }
    }
    refused
}
