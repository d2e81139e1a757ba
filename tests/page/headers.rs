//! Headers of every route, and cookies behind TLS.

use crate::world::{PASSWORD, World};

/// Every page, and every refusal.
const PATHS: &[&str] = &[
    "/",
    "/latest",
    "/sign-in",
    "/devices",
    "/devices/new",
    "/devices/new/iphone",
    "/devices/new/none",
    "/devices/1/revoke",
    "/settings/android",
    "/settings/none",
    "/rights",
    "/sign-in/ent",
    "/sign-in/callback",
];

#[tokio::test]
async fn every_page_is_strict_and_never_kept() {
    let world = World::new().await;
    for mut browser in [world.browser(), world.signed_in("theo.lambert").await] {
        for path in PATHS {
            let answer = browser.get(path).await;
            assert_eq!(answer.header("access-control-allow-origin"), None, "{path}");
            if answer.status == 401 {
                continue;
            }
            assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
            if answer.status == 303 {
                continue;
            }
            let policy = answer.header("content-security-policy").unwrap_or_else(|| panic!("{path}"));
            assert!(policy.starts_with("default-src 'none';") && policy.contains("frame-ancestors 'none'"), "{path}");
            assert!(!policy.contains("unsafe") && !policy.contains('*') && !policy.contains("http"), "{path}");
            for (name, value) in
                [("x-content-type-options", "nosniff"), ("referrer-policy", "same-origin"), ("x-frame-options", "DENY")]
            {
                assert_eq!(answer.header(name), Some(value), "{path}");
            }
            for inline in ["<style", " style=", " onclick", " onload", "javascript:", "src=\"http", "href=\"http"] {
                assert!(!answer.body.contains(inline), "{path}: {inline}");
            }
        }
    }
}

#[tokio::test]
async fn what_pages_load_is_kept_for_good() {
    let world = World::new().await;
    let mut browser = world.browser();
    let page = browser.get("/sign-in").await.body;
    let files: Vec<&str> = page.split('"').filter(|text| text.starts_with("/assets/")).collect();
    assert_eq!(files.len(), 3);
    for file in files {
        let answer = browser.get(file).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("cache-control"), Some("public, max-age=31536000, immutable"));
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    }
    assert_eq!(browser.get("/assets/passerelle.0000000000000000.css").await.status, 404);
}

#[tokio::test]
async fn behind_tls_cookies_are_this_hosts_alone() {
    let world = World::with("public.url = \"https://mail.ent.example.fr\"\n").await;
    let mut browser = world.browser();
    browser.origin = Some("https://mail.ent.example.fr".to_owned());
    let page = browser.get("/sign-in").await;
    let form = [("name", "theo.lambert"), ("password", PASSWORD), ("token", &page.hidden("token"))];
    let answer = browser.post("/sign-in", &form).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    for (_, cookie) in page.headers.iter().chain(&answer.headers).filter(|(name, _)| name == "set-cookie") {
        assert!(cookie.starts_with("__Host-passerelle"), "{cookie}");
        for attribute in ["; Path=/", "; HttpOnly", "; SameSite=Lax", "; Secure"] {
            assert!(cookie.contains(attribute), "{cookie}");
        }
        assert!(!cookie.contains("Domain"), "{cookie}");
    }
    assert_eq!(browser.get("/").await.status, 200);
    // One without the prefix, which a neighbour could have set, is none.
    let value = browser.cookies.remove("__Host-passerelle").unwrap();
    browser.cookies.insert("passerelle".to_owned(), value);
    assert_eq!(browser.get("/").await.status, 303);
}

#[tokio::test]
async fn no_page_where_none_is_wanted() {
    let world = World::with("page.enabled = false\n").await;
    for path in ["/", "/sign-in", "/devices"] {
        assert_eq!(world.browser().get(path).await.status, 404);
    }
    assert_eq!(world.browser().get("/health/live").await.status, 200);
}
