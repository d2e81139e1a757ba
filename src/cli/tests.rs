//! Tests of the command line's grammar and of its tables.

use clap::{CommandFactory, Parser};

use super::Cli;

#[test]
fn the_command_line_is_consistent() {
    Cli::command().debug_assert();
}

fn parses(line: &str) -> Result<Cli, clap::Error> {
    Cli::try_parse_from(std::iter::once("passerelle").chain(line.split_whitespace()))
}

#[test]
fn every_command_of_the_manual_is_read() {
    for line in [
        "serve --config p.toml",
        "check --config p.toml",
        "migrate --config p.toml",
        "import --config p.toml dir",
        "import dir --dry-run --config p.toml",
        "user list --config p.toml",
        "user list --config p.toml --profile Teacher durand martine",
        "user show --config p.toml martine.durand",
        "user suspend --config p.toml --reason vol martine.durand",
        "user resume --config p.toml martine.durand",
        "user set-password --config p.toml martine.durand",
        "user set-password --config p.toml --password-file f martine.durand",
        "app-password create --config p.toml martine.durand --device tel",
        "app-password list --config p.toml martine.durand",
        "app-password revoke --config p.toml martine.durand 17",
        "api-token create --config p.toml Accueil --scope unread,feed --school 0750001A --expires 90",
        "api-token list --config p.toml",
        "api-token revoke --config p.toml 17",
        "webhook status --config p.toml",
        "webhook retry --config p.toml accueil",
        "webhook drop --config p.toml accueil --all",
        "policy explain --config p.toml theo.lambert parents.tle-a.2026@ent.example.fr",
        "policy explain --config p.toml --json theo.lambert christine.lambert",
        "policy matrix --config p.toml",
        "policy matrix --config p.toml --school 0750999V --json",
        "reload --config p.toml",
        "dns --config p.toml",
        "suspend --config p.toml --sending --profile Student --school 0750001A --reason vol",
        "suspend --config p.toml --all --reason vol",
        "resume --config p.toml --reading --user martine.durand",
        "limits show --config p.toml martine.durand",
        "suspended --config p.toml",
        "reload --config p.toml --dry-run",
        "trail verify --config p.toml --head 12:00ff",
        "trail show --config p.toml --user martine.durand --since 2026-11-01 --json",
    ] {
        assert!(parses(line).is_ok(), "{line}");
    }
}

#[test]
fn a_password_cannot_be_an_argument_of_set_password() {
    assert!(parses("user set-password --config p.toml martine.durand secret").is_err());
    assert!(parses("user set-password --config p.toml --password secret martine.durand").is_err());
}

#[test]
fn tables_line_up_by_characters_and_have_no_trailing_spaces() {
    let rows = [["é", "a", ""], ["bbb", "cc", "d"]].map(|row| row.map(str::to_owned).to_vec());
    assert_eq!(super::print::table(&rows), "é    a\nbbb  cc  d");
}
