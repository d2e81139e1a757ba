//! The pages of those who run the service: who gets in, and what is done there, over real TLS.

use passerelle::control::{AdminAnswer, AdminCommand, AppPasswordCommand, TrailCommand, UserCommand};
use passerelle::domain::admins::totp::TotpSecret;
use passerelle::domain::admins::{AdminAccounts, add_admin, remove_admin};
use passerelle::domain::clock::Clock;
use passerelle::model::Secret;
use passerelle::server::Server;

use super::browser::{Answer, Authority, Browser, Identity, dress, sandbox};
use super::world::{done, fill, sandboxes, send};
use crate::sandbox::Sandbox;

const PASSWORD: &str = "a password of an admin";
/// Every page and every form.
const PAGES: [&str; 9] = [
    "/",
    "/people",
    "/person?user=anna.un",
    "/explain",
    "/switch",
    "/trail",
    "/status",
    "/metrics",
    "/nothing-of-ours",
];
const FORMS: [&str; 8] = [
    "/person/suspend",
    "/person/resume",
    "/person/revoke",
    "/person/recall",
    "/switch/suspend",
    "/switch/resume",
    "/trail/check",
    "/sign-out",
];

fn identity(authority: &Authority) -> Identity {
    authority.issue(Some("Anne Martin"), 2100)
}

fn add(sandbox: &Sandbox, name: &str) -> TotpSecret {
    let data = sandbox.config().data_dir.clone();
    std::fs::create_dir_all(&data).unwrap();
    add_admin(&AdminAccounts::of(&data), name, &Secret::new(PASSWORD), Clock::system().now()).unwrap().unwrap()
}

/// The code that the app shows, `steps` later.
fn code(secret: &TotpSecret, steps: i64) -> String {
    secret.code_at(Clock::system().now().seconds() + 30 * steps)
}

/// Every answer, page or not, says the same of itself.
fn check_headers(answer: &Answer, path: &str) {
    let header = |name: &str| answer.header(name).unwrap_or_else(|| panic!("{path}: no {name}: {answer:?}"));
    let policy = header("content-security-policy");
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
    assert!(!policy.contains("unsafe") && !policy.contains("http"), "{path}: {policy}");
    assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
    assert_eq!(header("x-frame-options"), "DENY", "{path}");
    assert_eq!(header("referrer-policy"), "same-origin", "{path}");
    assert!(header("strict-transport-security").starts_with("max-age="), "{path}");
    assert_eq!(header("cache-control"), "no-store", "{path}");
}

/// Nothing of the pages, whatever is asked.
async fn assert_outside(browser: &mut Browser, cookie: Option<&str>) {
    for path in PAGES {
        browser.cookie = cookie.map(str::to_owned);
        let answer = browser.get(path).await;
        assert_eq!((answer.status, answer.header("location")), (303, Some("/sign-in")), "{path}: {answer:?}");
        assert!(answer.body.is_empty(), "{path}");
        check_headers(&answer, path);
    }
    for path in FORMS {
        browser.cookie = cookie.map(str::to_owned);
        let answer = browser.post(path, "user=anna.un&reason=x&token=").await;
        assert_eq!((answer.status, answer.body.as_str()), (403, ""), "{path}: {answer:?}");
        check_headers(&answer, path);
    }
    for method in ["PUT", "DELETE", "PATCH", "OPTIONS"] {
        let answer = browser.try_ask(method, "/people", Some("x=y")).await.unwrap();
        assert_eq!(answer.status, 403, "{method}");
    }
}

async fn trail(server: &Server) -> Vec<(String, serde_json::Value)> {
    let show = TrailCommand::Show { after: 0, user: None, since: None };
    server.gateway().chain_trail().await.unwrap();
    let AdminAnswer::TrailLines(rows) = done(server, AdminCommand::Trail(show)).await else { panic!() };
    rows.into_iter().map(|row| (row.kind, row.detail)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_of_our_authority_lets_in_and_no_other() {
    let authority = Authority::new();
    let sandbox = sandbox("certificate", &authority);
    let server = sandbox.start().await;
    fill(&sandbox, &server).await;
    let address = server.addresses().admin;
    let mut right = Browser::new(&sandbox, address, Some(&identity(&authority)));
    let answer = right.get("/people").await;
    assert_eq!((answer.status, answer.header("location")), (303, Some("/sign-in")));
    let answer = right.get("/sign-in").await;
    assert_eq!((answer.status, answer.header("location")), (303, Some("/people")));
    let page = right.get("/people").await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("Anne Martin"), "{}", page.body);
    // Prometheus, which has no session.
    let mut scraper = Browser::new(&sandbox, address, Some(&authority.issue(Some("prometheus"), 2100)));
    assert!(scraper.get("/metrics").await.body.contains("passerelle_connections"));

    let others = Authority::new();
    for wrong in [Some(others.issue(Some("Anne Martin"), 2100)), Some(authority.issue(Some("Anne Martin"), 2002)), None]
    {
        let mut wrong = Browser::new(&sandbox, address, wrong.as_ref());
        assert!(wrong.try_ask("GET", "/sign-in", None).await.is_none(), "turned away by TLS");
    }
    // A cookie is worth nothing with another certificate, nor a certificate without a name.
    let mut other = Browser::new(&sandbox, address, Some(&authority.issue(Some("Luc"), 2100)));
    other.cookie = right.cookie.clone();
    assert_eq!(other.get("/people").await.status, 303);
    let mut nameless = Browser::new(&sandbox, address, Some(&authority.issue(None, 2100)));
    let answer = nameless.get("/sign-in").await;
    assert!(answer.status == 200 && answer.header("set-cookie").is_none(), "{answer:?}");
    assert_outside(&mut nameless, None).await;
    // A password gets nobody in here.
    let answer = nameless.post("/sign-in", "name=x&password=y&code=000000").await;
    assert_eq!(answer.status, 403);
    assert!(trail(&server).await.iter().any(|(kind, detail)| {
        kind == "operator" && detail["admin"] == "Anne Martin" && detail["act"] == "sign-in"
    }));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn name_password_and_code_let_in_once() {
    let sandbox = sandbox("password", &Authority::new());
    let refused = sandbox.try_start().await.err().expect("nobody could sign in").to_string();
    assert!(refused.contains("passerelle admin add"), "{refused}");
    let secret = add(&sandbox, "anne");
    let server = sandbox.start().await;
    fill(&sandbox, &server).await;
    let mut browser = Browser::new(&sandbox, server.addresses().admin, None);
    assert_outside(&mut browser, None).await;
    let form = browser.get("/sign-in").await;
    check_headers(&form, "/sign-in");
    assert!(form.body.contains("autocomplete=\"one-time-code\"") && !form.body.contains("/people"), "{}", form.body);
    let now = code(&secret, 0);
    for wrong in [
        format!("name=anne&password=wrong&code={now}"),
        format!("name=luc&password={PASSWORD}&code={now}"),
        format!("name=anne&password={PASSWORD}&code=12345"),
        "name=anne".to_owned(),
    ] {
        let answer = browser.post("/sign-in", &wrong.replace(' ', "+")).await;
        assert_eq!(answer.status, 403, "{wrong}");
        assert!(answer.header("set-cookie").is_none() && answer.body.contains("incorrect"), "{}", answer.body);
    }
    let right = format!("name=anne&password={}&code={now}", PASSWORD.replace(' ', "+"));
    browser.headers = "Origin: https://elsewhere.test\r\n".to_owned();
    assert_eq!(browser.post("/sign-in", &right).await.status, 403);
    browser.headers = "Origin: https://localhost\r\nSec-Fetch-Site: same-origin\r\n".to_owned();
    let answer = browser.post("/sign-in", &right).await;
    assert_eq!((answer.status, answer.header("location")), (303, Some("/people")), "{answer:?}");
    let cookie = browser.cookie.clone();
    assert_eq!(browser.get("/people").await.status, 200);
    // The same code again, somewhere else.
    let mut thief = Browser::new(&sandbox, server.addresses().admin, None);
    assert_eq!(thief.post("/sign-in", &right).await.status, 403);
    // Too many tries: also with the right ones.
    while thief.post("/sign-in", "name=anne&password=x&code=0").await.status != 429 {}
    let next = format!("name=anne&password={}&code={}", PASSWORD.replace(' ', "+"), code(&secret, 1));
    assert_eq!(thief.post("/sign-in", &next).await.status, 429);
    // Signed out, the cookie is worth nothing; nor is the one of an admin who was removed.
    let token = browser.get("/people").await.token();
    assert_eq!(browser.post("/sign-out", &format!("token={token}")).await.status, 200);
    assert_eq!(browser.cookie, None);
    assert_outside(&mut browser, cookie.as_deref()).await;
    let acts: Vec<String> =
        trail(&server).await.iter().filter_map(|(_, detail)| Some(detail.get("act")?.as_str()?.to_owned())).collect();
    for act in ["sign-in", "sign-in-wrong", "sign-in-too-many-tries"] {
        assert!(acts.iter().any(|written| written == act), "{act}: {acts:?}");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_removed_is_out_at_once() {
    let sandbox = sandbox("password", &Authority::new());
    let secret = add(&sandbox, "anne");
    let server = sandbox.start().await;
    let mut browser = Browser::new(&sandbox, server.addresses().admin, None);
    let keys = format!("name=anne&password={}&code={}", PASSWORD.replace(' ', "+"), code(&secret, 0));
    assert_eq!(browser.post("/sign-in", &keys).await.status, 303);
    assert_eq!(browser.get("/switch").await.status, 200);
    remove_admin(&server.gateway().admin_accounts(), "anne").unwrap();
    let cookie = browser.cookie.clone();
    assert_outside(&mut browser, cookie.as_deref()).await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn both_means_both_of_one_name() {
    let authority = Authority::new();
    let sandbox = sandbox("both", &authority);
    let (anne, luc) = (add(&sandbox, "Anne Martin"), add(&sandbox, "Luc"));
    let server = sandbox.start().await;
    let address = server.addresses().admin;
    assert!(Browser::new(&sandbox, address, None).try_ask("GET", "/sign-in", None).await.is_none());
    let mut browser = Browser::new(&sandbox, address, Some(&identity(&authority)));
    assert_outside(&mut browser, None).await;
    let form = browser.get("/sign-in").await;
    assert!(form.status == 200 && form.body.contains("value=\"Anne Martin\""), "{}", form.body);
    let keys = |name: &str, secret: &TotpSecret| {
        format!("name={name}&password={}&code={}", PASSWORD.replace(' ', "+"), code(secret, 0))
    };
    assert_eq!(browser.post("/sign-in", &keys("Luc", &luc)).await.status, 403);
    assert_eq!(browser.post("/sign-in", &keys("Anne+Martin", &anne)).await.status, 303);
    assert_eq!(browser.get("/people").await.status, 200);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pupils_keys_open_nothing() {
    let sandbox = sandbox("password", &Authority::new());
    add(&sandbox, "anne");
    let server = sandbox.start().await;
    fill(&sandbox, &server).await;
    let create = AppPasswordCommand::Create { user: "anna.un".to_owned(), device_name: "x".to_owned() };
    let AdminAnswer::AppPassword { secret, .. } = done(&server, AdminCommand::AppPassword(create)).await else {
        panic!()
    };
    let mut browser = Browser::new(&sandbox, server.addresses().admin, None);
    for password in [secret.expose(), "a+long+password"] {
        let keys = format!("name=anna.un&password={password}&code=000000");
        assert_eq!(browser.post("/sign-in", &keys).await.status, 403);
    }
    // \0anna.un\0a long password; and as a token.
    browser.headers = "Authorization: Basic YW5uYS51bjphIGxvbmcgcGFzc3dvcmQ=\r\n".to_owned();
    assert_outside(&mut browser, Some(secret.expose())).await;
    browser.headers = format!("Authorization: Bearer {}\r\nX-Forwarded-For: 127.0.0.1\r\n", secret.expose());
    assert_outside(&mut browser, Some("00")).await;
    // And the pages are on no port that people reach.
    for address in [server.addresses().https] {
        let mut outside = Browser::new(&sandbox, address, None);
        for path in ["/sign-in", "/people", "/person?user=anna.un", "/trail", "/metrics"] {
            let answer = outside.get(path).await;
            assert!(!answer.body.contains("exploitation"), "{path}: {answer:?}");
            assert!(path != "/metrics" || answer.status == 404, "{answer:?}");
        }
    }
    server.stop().await;
}

/// An admin who is in, on each engine.
async fn inside() -> Vec<(Sandbox, Server, Browser)> {
    let mut all = Vec::new();
    let authority = Authority::new();
    for sandbox in sandboxes("").await {
        dress(&sandbox, "certificate", &authority);
        let server = sandbox.start().await;
        fill(&sandbox, &server).await;
        let mut browser = Browser::new(&sandbox, server.addresses().admin, Some(&identity(&authority)));
        browser.get("/sign-in").await;
        all.push((sandbox, server, browser));
    }
    all
}

async fn is_suspended(server: &Server) -> bool {
    let show = AdminCommand::User(UserCommand::Show { user: "anna.un".to_owned() });
    let AdminAnswer::User(sheet) = done(server, show).await else { panic!() };
    sheet.suspended.is_some()
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_found_shown_suspended_and_let_back() {
    for (_sandbox, server, mut browser) in inside().await {
        let create = AppPasswordCommand::Create { user: "anna.un".to_owned(), device_name: "Ta<b>lette".to_owned() };
        done(&server, AdminCommand::AppPassword(create)).await;
        let letter = send(server.addresses().submission, &["bruno.deux@school.test"], "a secret text").await;
        assert!(letter.starts_with("250"), "{letter}");
        for path in PAGES {
            check_headers(&browser.get(path).await, path);
        }
        let found = browser.get("/people?text=anna").await;
        assert!(found.body.contains("/person?user=anna.un") && !found.body.contains("bruno"), "{}", found.body);
        let sheet = browser.get("/person?user=anna.un").await;
        for part in ["UN Anna", "Lycée Test", "anna.un@school.test", "Ta&#60;b&#62;lette", "MiB sur 2048"] {
            assert!(sheet.body.contains(part), "{part}: {}", sheet.body);
        }
        assert!(!sheet.body.contains("secret text") && !sheet.body.contains("Ta<b>"), "never mail");

        let refused = browser.send("/people", "/person/suspend", "user=anna.un&reason=+").await;
        assert!(refused.status == 400 && !is_suspended(&server).await);
        let forged = browser.post("/person/suspend", "user=anna.un&reason=vol&token=00").await;
        assert!(forged.status == 403 && !is_suspended(&server).await);
        browser.headers = "Sec-Fetch-Site: cross-site\r\n".to_owned();
        let forged = browser.send("/people", "/person/suspend", "user=anna.un&reason=vol").await;
        assert!(forged.status == 403 && !is_suspended(&server).await);
        browser.headers.clear();
        let suspended = browser.send("/people", "/person/suspend", "user=anna.un&reason=compte+vol%C3%A9").await;
        assert_eq!(suspended.header("location"), Some("/person?user=anna.un"), "{suspended:?}");
        assert!(is_suspended(&server).await);
        browser.send("/people", "/person/resume", "user=anna.un&reason=retrouv%C3%A9").await;
        assert!(!is_suspended(&server).await);
        let id = sheet.body.split("name=\"device\" value=\"").nth(1).unwrap().split('"').next().unwrap();
        let form = format!("user=anna.un&reason=perdue&device={id}");
        assert_eq!(browser.send("/people", "/person/revoke", &form).await.status, 303);
        assert!(browser.get("/person?user=anna.un").await.body.contains("révoqué"));
        assert_eq!(browser.send("/people", "/person/revoke", &form).await.status, 409);

        let lines = trail(&server).await;
        for (act, reason) in
            [("user-suspend", "compte volé"), ("user-resume", "retrouvé"), ("app-password-revoke", "perdue")]
        {
            let line = lines.iter().find(|(kind, detail)| kind == "operator" && detail["act"] == act);
            let (_, detail) = line.unwrap_or_else(|| panic!("{act}: {lines:?}"));
            assert_eq!((&detail["admin"], &detail["reason"]), (&"Anne Martin".into(), &reason.into()), "{detail}");
            assert_eq!(detail["about"], "anna.un");
        }
        let looked = lines.iter().filter(|(kind, detail)| kind == "operator" && detail["act"] == "show").count();
        assert_eq!(looked, 3, "who looks at whom is known");
        server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_counted_first_and_taken_back_when_it_is_confirmed() {
    for (_sandbox, server, mut browser) in inside().await {
        assert!(send(server.addresses().submission, &["bruno.deux@school.test"], "x").await.starts_with("250"));
        let sheet = browser.get("/person?user=anna.un").await;
        let number = sheet.body.split("id=\"sent\"").nth(1).unwrap().split("<th scope=\"row\">").nth(1).unwrap();
        let number = number.split('<').next().unwrap();
        let form = format!("user=anna.un&reason=erreur&message={number}");
        let asked = browser.send("/people", "/person/recall", &form).await;
        assert!(asked.status == 200 && asked.body.contains("1 exemplaires"), "{}", asked.body);
        assert!(!browser.get("/person?user=anna.un").await.body.contains("rappelé</span>"));
        let done = browser.post("/person/recall", &format!("token={}&{form}&confirmed=yes", asked.token())).await;
        assert_eq!(done.status, 303, "{done:?}");
        assert!(browser.get("/person?user=anna.un").await.body.contains("rappelé</span>"));
        let wrong = browser.send("/people", "/person/recall", "user=anna.un&reason=x&message=none").await;
        assert_eq!(wrong.status, 409);
        server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_switch_asks_twice() {
    for (_sandbox, server, mut browser) in inside().await {
        let off = async || matches!(done(&server, list()).await, AdminAnswer::Suspensions(rows) if !rows.is_empty());
        for (form, word) in [("", "TOUT LE MONDE"), ("school=0750001A", "0750001A"), ("profile=Teacher", "Enseignant")]
        {
            let form = format!("sending=yes&reading=yes&reason=vol&{form}");
            let asked = browser.send("/switch", "/switch/suspend", &form).await;
            assert!(asked.status == 200 && asked.body.contains(&format!("<strong>{word}</strong>")), "{}", asked.body);
            assert!(!off().await, "asked only");
            let token = asked.token();
            let typed = |typed: &str| format!("token={token}&{form}&typed={}", typed.replace(' ', "+"));
            let wrong = browser.post("/switch/suspend", &typed("tout le monde")).await;
            assert!(wrong.status == 400 && !off().await);
            let right = browser.post("/switch/suspend", &typed(word)).await;
            assert!(right.status == 303 && off().await, "{right:?}");
            let page = browser.get("/switch").await;
            let resume = page.body.split("action=\"/switch/resume\"").nth(1).unwrap().split("</form>").next().unwrap();
            let value = |name: &str| {
                let rest = resume.split(&format!("name=\"{name}\" value=\"")).nth(1).unwrap_or_default();
                rest.split('"').next().unwrap_or_default().to_owned()
            };
            let form = format!(
                "sending=yes&reading=yes&reason=fini&profile={}&school={}&user={}",
                value("profile"),
                value("school"),
                value("user")
            );
            let on = browser.send("/switch", "/switch/resume", &form).await;
            assert!(on.status == 303 && !off().await, "{on:?}");
        }
        let nothing = browser.send("/switch", "/switch/suspend", "reason=vol").await;
        assert_eq!(nothing.status, 400);
        let nowhere =
            browser.send("/switch", "/switch/suspend", "sending=yes&reason=vol&school=nowhere&typed=nowhere").await;
        assert_eq!(nowhere.status, 409);
        server.stop().await;
    }
}

fn list() -> AdminCommand {
    AdminCommand::Switch(passerelle::control::SwitchCommand::List)
}

#[tokio::test(flavor = "multi_thread")]
async fn policy_is_explained_and_the_trail_is_shown_by_pages() {
    for (_sandbox, server, mut browser) in inside().await {
        let allowed = browser.get("/explain?from=anna.un&to=bruno.deux").await;
        assert!(allowed.body.contains("peut écrire à") && allowed.body.contains("a direct link"), "{}", allowed.body);
        let unknown = browser.get("/explain?from=anna.un&to=nobody").await;
        assert!(unknown.body.contains("nobody&#39;s address") || unknown.body.contains("nobody"), "{}", unknown.body);
        for _ in 0..120 {
            server.gateway().note_admin("Luc", "sign-in").await.unwrap();
        }
        server.gateway().chain_trail().await.unwrap();
        let first = browser.get("/trail?kind=operator").await;
        assert_eq!(first.body.matches("<th scope=\"row\"").count(), 100, "{}", first.body);
        let older = first.body.split("href=\"/trail?").nth(1).unwrap().split('"').next().unwrap();
        let older = browser.get(&format!("/trail?{}", older.replace("&#38;", "&"))).await;
        let rest = older.body.matches("<th scope=\"row\"").count();
        assert!((22..30).contains(&rest), "{rest}");
        let nobodys = browser.get("/trail?kind=switch").await;
        assert!(nobodys.body.contains("Aucune ligne"), "{}", nobodys.body);
        let annas = browser.get("/trail?user=anna.un").await;
        assert!(annas.body.contains("explain") && !annas.body.contains("Luc"), "{}", annas.body);
        assert!(browser.get("/trail?since=2001-01-01&until=2001-01-02").await.body.contains("Aucune ligne"));
        assert_eq!(browser.get("/trail?since=hier").await.status, 400);
        let checked = browser.send("/trail", "/trail/check", "").await;
        assert!(checked.status == 200 && checked.body.contains("Le journal est entier"), "{}", checked.body);
        server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_status_is_drawn_and_outlasts_a_restart() {
    let authority = Authority::new();
    let sandbox = sandbox("certificate", &authority);
    let server = sandbox.start().await;
    fill(&sandbox, &server).await;
    let mut browser = Browser::new(&sandbox, server.addresses().admin, Some(&identity(&authority)));
    browser.get("/sign-in").await;
    assert!(browser.get("/status").await.body.contains("Rien pour l&#39;instant"), "nothing has happened yet");
    let note = |second| server.gateway().note_history(second);
    let now = Clock::system().now().seconds();
    note(now - 60);
    for recipient in ["bruno.deux@school.test", "nobody@school.test"] {
        // The second is refused: a session of its own, which ends without a letter.
        let address = server.addresses().submission;
        if recipient.starts_with("bruno") {
            assert!(send(address, &[recipient], "x").await.starts_with("250"));
        } else {
            assert!(send(address, &[recipient, "bruno.deux@school.test"], "y").await.starts_with("250"));
        }
    }
    note(now - 30);
    let page = browser.get("/status?over=hour").await;
    assert_eq!(page.header("refresh"), Some("60"));
    check_headers(&page, "/status");
    let plot = |body: &str, id: &str| {
        let rest = body.split(&format!("aria-labelledby=\"{id}\"><h2")).nth(1).unwrap().to_owned();
        rest.split("</section>").next().unwrap().to_owned()
    };
    let submissions = plot(&page.body, "submissions");
    assert!(submissions.contains("<svg class=\"plot\"") && submissions.contains("plot-0"), "{submissions}");
    assert!(submissions.contains("<td class=\"number\">2</td>"), "the table says it: {submissions}");
    assert!(plot(&page.body, "refusals").contains("unknown-recipient"), "{}", page.body);
    assert!(!page.body.contains("style=") && !page.body.contains("<script>"), "{}", page.body);
    let still = browser.get("/status?over=week&still=1").await;
    assert_eq!((still.status, still.header("refresh")), (200, None));
    server.stop().await;
    let again = sandbox.start().await;
    let mut browser = Browser::new(&sandbox, again.addresses().admin, Some(&identity(&authority)));
    browser.get("/sign-in").await;
    for _ in 0..100 {
        // Read by the task that looks, a moment after the start.
        if plot(&browser.get("/status").await.body, "submissions").contains(">2</td>") {
            return again.stop().await;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("what happened before the restart is forgotten");
}
