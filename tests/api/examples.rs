//! The examples of `docs/api.md`: each is run as it stands, against a server.

use std::process::Command;

use crate::world::{MOTHER, World};

const PAGE: &str = include_str!("../../docs/api.md");

/// The blocks of one language.
fn blocks(language: &str) -> Vec<&'static str> {
    let start = format!("```{language}\n");
    PAGE.split(start.as_str()).skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_examples_work_as_they_stand() {
    if Command::new("curl").arg("--version").output().is_err() {
        assert!(std::env::var("CI").is_err(), "curl is missing (apt-get install curl)");
        return println!("not tested: curl is missing (apt-get install curl)");
    }
    let world = World::new(None, "").await;
    let (token, person) = (world.full_token().await, world.user(MOTHER).await.id.to_string());
    let examples = blocks("sh");
    assert!(examples.len() >= 8);
    for example in examples {
        let script =
            example.replace("https://messagerie.ent.example.fr", &format!("http://127.0.0.1:{}", world.port()));
        let mut command = Command::new("bash");
        command.args(["-euo", "pipefail", "-c", &script]).env("TOKEN", &token).env("PERSON", &person);
        let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
        assert!(output.status.success(), "{example}\n{}", String::from_utf8_lossy(&output.stderr));
    }
    assert!(world.server.gateway().find_user("ana.roy").await.unwrap().is_some(), "the directory's example");
    for example in blocks("json") {
        let whole = example.replace('…', "");
        assert!(serde_json::from_str::<serde_json::Value>(&whole).is_ok(), "{example}");
    }
    world.server.stop().await;
}

/// By `openssl dgst -sha256 -hmac secret` over `1700000000.{}`, which the server's own test has too.
const SIGNATURE: &str = "t=1700000000,v1=b8569b78799ff9e3cbff0fc2d63a33a2b57f3282abd07c37ae5e8e7d79a5f163";

#[test]
fn the_signatures_example_takes_what_is_genuine_and_nothing_else() {
    let [example] = blocks("python")[..] else { panic!("one example") };
    let script = format!(
        "{example}\nassert is_genuine(b'secret', '{SIGNATURE}', b'{{}}', 1700000100)\n\
         assert not is_genuine(b'secret', '{SIGNATURE}', b'{{ }}', 1700000100)\n\
         assert not is_genuine(b'other', '{SIGNATURE}', b'{{}}', 1700000100)\n\
         assert not is_genuine(b'secret', '{SIGNATURE}', b'{{}}', 1700001000)\n\
         assert not is_genuine(b'secret', 't=1700000000,v1=', b'{{}}', 1700000000)\n"
    );
    let output = Command::new("python3").args(["-c", &script]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
