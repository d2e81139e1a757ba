//! Every store function, on both engines.
#![allow(clippy::unwrap_used, reason = "tests")]
mod support;

#[tokio::test]
async fn opens_and_migrates() {
    for test in support::stores().await {
        assert!(!test.store.engine_name().is_empty());
        test.store.close().await;
    }
}
