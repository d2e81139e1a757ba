//! Chromium on every page, by WebDriver: `browser.py`, which looks at them with the rules of axe-core. Run where
//! `PASSERELLE_TEST_BROWSER` names a folder with a Python environment that has selenium (`bin/python`) and `axe.min.js`
//! (`.ci/run` makes it). Where `PASSERELLE_TEST_PICTURES` names a folder, too, pictures of the pages go there.

use std::process::Command;

use crate::world::{PASSWORD, World};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_on_a_phone_and_at_a_desk_in_light_and_dark() {
    let Ok(tools) = std::env::var("PASSERELLE_TEST_BROWSER") else {
        assert!(std::env::var("CI").is_err(), "PASSERELLE_TEST_BROWSER is not set");
        return;
    };
    let world = World::with("quiet.binds = [\"Student\", \"Relative\"]\n").await;
    for (from, subject) in [
        ("nadia.roussel", "LeLongSujetSansEspace".repeat(40).as_str()),
        ("nadia.roussel", "Sortie au musée : autorisation à rendre avant jeudi"),
        ("nadia.roussel", "=?utf-8?B?4oCuPHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==?="),
        ("theo.lambert", "Je finis à 17 h"),
    ] {
        world.letter(from, "christine.lambert", subject).await;
        world.advance(3600 * 2);
    }
    let python = format!("{tools}/bin/python");
    let url = format!("http://localhost:{}", world.port);
    let axe = format!("{tools}/axe.min.js");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/page/browser.py");
    let mut command = Command::new(python);
    command.args([script, &url, "christine.lambert", PASSWORD, &axe]);
    if let Ok(pictures) = std::env::var("PASSERELLE_TEST_PICTURES") {
        command.arg(pictures);
    }
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let (said, complained) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}\n{complained}");
}
