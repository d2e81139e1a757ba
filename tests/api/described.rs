//! The description of the API and its routes say the same; schemathesis, where it is at hand, plays thousands of requests
//! made from the description.

use std::collections::BTreeSet;
use std::process::Command;

use passerelle::http::api::{DESCRIPTION, Need, ROUTES};
use passerelle::model::ApiScope;
use serde_json::Value;

use crate::world::{MOTHER, World};

#[test]
fn every_route_is_described_and_every_description_is_a_route() {
    let document: Value = serde_json::from_str(DESCRIPTION).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    let mut described = BTreeSet::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            described.insert((method.to_uppercase(), path.clone(), needed(operation)));
        }
    }
    let routes: BTreeSet<_> = ROUTES
        .iter()
        .map(|route| (route.method.to_string(), format!("/api/v1{}", route.path), need(route.need)))
        .collect();
    assert_eq!(described, routes);
    let scopes: BTreeSet<_> = ROUTES.iter().map(|route| need(route.need)).collect();
    let unused = ApiScope::ALL.into_iter().filter(|scope| *scope != ApiScope::Subjects);
    assert!(unused.map(ApiScope::word).all(|scope| scopes.contains(scope)), "each scope opens something");
}

fn needed(operation: &Value) -> String {
    match (&operation["x-scope"], operation["security"][0].get("badge")) {
        (Value::String(scope), None) => scope.clone(),
        (Value::Null, Some(_)) => "(badge)".to_owned(),
        (Value::Null, None) => "(token)".to_owned(),
        other => panic!("{other:?}"),
    }
}

fn need(need: Need) -> String {
    match need {
        Need::Token => "(token)".to_owned(),
        Need::Badge => "(badge)".to_owned(),
        Need::Scope(scope) => scope.word().to_owned(),
    }
}

/// The program, where it is at hand: in the PATH, or where `.ci/run` puts it.
fn schemathesis() -> Option<String> {
    let ours = concat!(env!("CARGO_MANIFEST_DIR"), "/target/schemathesis/bin/schemathesis");
    let found = ["schemathesis", ours].into_iter();
    found.map(str::to_owned).find(|program| Command::new(program).arg("--version").output().is_ok())
}

#[tokio::test(flavor = "multi_thread")]
async fn schemathesis_finds_nothing() {
    let Some(program) = schemathesis() else {
        assert!(std::env::var("CI").is_err(), "schemathesis is missing (pip install schemathesis)");
        return println!("not tested: schemathesis is missing (pip install schemathesis)");
    };
    // Streams end soon, so that their answers do; and nobody is slowed.
    let settings = "[events]\nstream_seconds_max = 2\nkeep_alive_seconds = 1\nstreams_per_person_max = 100\n\
                    [api]\nrequests_per_minute_max = 1000000\n";
    let world = World::new(None, settings).await;
    let token = world.full_token().await;
    let badge = world.post(&token, "/badge-tokens", &format!("{{\"person\":\"{MOTHER}\"}}")).await;
    let badge = badge.body["token"].as_str().unwrap().to_owned();
    let description = world.folder.path().join("openapi.json");
    std::fs::write(&description, DESCRIPTION).unwrap();
    for (token, which) in
        [(token, ["--exclude-path-regex", "/(badge$|badge/|.*events)"]), (badge, ["--include-path-regex", "/badge$"])]
    {
        let mut command = Command::new(&program);
        command.current_dir(world.folder.path()).arg("run").arg(&description);
        command.args(["--url", &format!("http://127.0.0.1:{}", world.port())]);
        command.arg("--header").arg(format!("Authorization: Bearer {token}"));
        command.args(which).args(["--phases", "examples,coverage,fuzzing", "--max-examples", "20", "--seed", "1"]);
        command.args(["--generation-database", "none", "--max-failures", "10", "--request-timeout", "20"]);
        command.args([
            "--checks",
            "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance",
        ]);
        command.arg("--no-color");
        let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
        let told = String::from_utf8_lossy(&output.stdout);
        assert!(told.contains("test cases") || told.contains("Test cases"), "{told}");
        assert!(output.status.success(), "{told}\n{}", String::from_utf8_lossy(&output.stderr));
    }
    world.server.stop().await;
}
