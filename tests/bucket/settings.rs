//! Keys that are refused, a bucket that is not there, a certificate that nobody vouches for: the error names the setting.

use passerelle::config::Config;
use passerelle::domain::clock::Clock;
use passerelle::domain::spool::{BucketAnswer, ask_bucket};
use passerelle::tls::make_certificate;

use crate::bodies::{gateway, imap, large, world};
use crate::service::Service;
use crate::support;
use crate::world::{letter, user};

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_are_refused_are_told_at_the_start_and_at_each_use() {
    let Some(service) = Service::start_closed() else { return };
    let world = world(&service, |_| {}).await;
    let names_it = |error: &str| {
        assert!(error.contains("`store.blobs.credentials_file`") && error.contains("AWS_ACCESS_KEY_ID"), "{error}");
        assert!(error.contains("InvalidAccessKeyId") && !error.contains("a-secret"), "{error}");
    };
    names_it(&world.gateway.check_blobs().await.unwrap_err().to_string());
    match ask_bucket(&world.gateway.config).await {
        BucketAnswer::Refused(fault) => names_it(&fault.to_string()),
        other => panic!("{other:?}"),
    }
    // Keys that were taken away while it serves: what lies in the database goes on.
    let (mut spool, message) = (world.gateway.spool(), large("refused", 5_000));
    spool.write(&message).await.unwrap();
    let message = spool.finish().await.unwrap();
    let inbox = world.mailbox(&user(1), "INBOX").await;
    let refused = world.gateway.append(&user(1), &inbox, message, Default::default()).await.unwrap_err();
    names_it(&refused.to_string());
    world.append(&user(1), &inbox, &letter(1, "small", "", "Bonjour")).await;
    assert!(imap(&world, &["FETCH 1 BODY.PEEK[]"]).await[0].contains("Bonjour"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_is_reached_by_tls_where_its_authority_is_known() {
    let folder = tempfile::tempdir().unwrap();
    make_certificate(folder.path(), &["localhost"], Clock::system().now()).unwrap();
    let Some(service) = Service::start_tls(folder.path()) else { return };
    let port = service.wire.address.port();
    let secure = |config: &mut Config| {
        config.store.blobs.endpoint = Some(format!("https://localhost:{port}"));
        config.store.blobs.ca_file = Some(folder.path().join("cert.pem"));
    };
    let world = world(&service, secure).await;
    world.gateway.check_blobs().await.unwrap();
    assert!(matches!(ask_bucket(&world.gateway.config).await, BucketAnswer::Fine), "it did answer");
    let inbox = world.mailbox(&user(1), "INBOX").await;
    world.append(&user(1), &inbox, &large("large", 5_000)).await;
    assert!(imap(&world, &["FETCH 1 BODY.PEEK[]"]).await[0].contains("large 0123456789"));

    // Nobody that the system trusts vouches for it; nor does another.
    let other = tempfile::tempdir().unwrap();
    make_certificate(other.path(), &["localhost"], Clock::system().now()).unwrap();
    for authority in [None, Some(other.path().join("cert.pem"))] {
        let test = support::sqlite().await;
        let changed = |config: &mut Config| {
            secure(config);
            config.store.blobs.ca_file = authority;
        };
        let (gateway, _) = gateway(&service, &test.folder, test.store.clone(), changed).unwrap();
        // It may be mended over there: no reason not to start.
        gateway.check_blobs().await.unwrap();
        match ask_bucket(&gateway.config).await {
            BucketAnswer::Silent(fault) => {
                let said = fault.to_string();
                assert!(said.contains("`store.blobs.ca_file`") && said.contains("certificate"), "{said}");
            }
            other => panic!("{other:?}"),
        }
    }
}
