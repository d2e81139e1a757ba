//! Large bodies in an S3 bucket: settings → a store behind `object_store`, with bounded patience. The key and its secret come
//! from the environment or a file, and go nowhere else.

use std::sync::Arc;
use std::time::Duration;

use object_store::aws::AmazonS3Builder;
use object_store::path::Path;
use object_store::{Certificate, ClientOptions, Error, ObjectStore, ObjectStoreExt, RetryConfig};

use super::fault::{NO_SUCH_BUCKET, fault};
use crate::config::{BlobsConfig, Config};
use crate::domain::Fault;

/// The environment variables that hold the key, before the file.
pub(super) const KEY_VARIABLE: &str = "AWS_ACCESS_KEY_ID";
pub(super) const SECRET_VARIABLE: &str = "AWS_SECRET_ACCESS_KEY";

/// Who we are to the bucket.
struct Credentials {
    key: String,
    secret: String,
}

/// What a bucket says when it is asked whether it is there.
#[derive(Debug)]
pub enum BucketAnswer {
    /// It is, and we may look into it; or there is none in the settings.
    Fine,
    /// It is not there, or we may not look into it.
    Refused(Fault),
    /// Nothing that can be understood: it may come back.
    Silent(Fault),
}

/// Opens a bucket, asks it and closes it again: for `passerelle check`.
pub async fn ask_bucket(config: &Config) -> BucketAnswer {
    let Some(name) = &config.store.blobs.bucket else { return BucketAnswer::Fine };
    match open(name, &config.store.blobs) {
        Ok((store, prefix)) => ask(&*store, &prefix).await,
        Err(fault) => BucketAnswer::Refused(fault),
    }
}

/// Asks for an object that there is not: S3 says so only to those who may list the bucket, and of a bucket that there is.
pub(super) async fn ask(store: &dyn ObjectStore, prefix: &Path) -> BucketAnswer {
    match store.get(&prefix.clone().join("is-there-a-bucket")).await {
        Ok(_) => BucketAnswer::Fine,
        Err(Error::NotFound { source, .. }) if !source.to_string().contains(NO_SUCH_BUCKET) => BucketAnswer::Fine,
        Err(error @ (Error::NotFound { .. } | Error::PermissionDenied { .. } | Error::Unauthenticated { .. })) => {
            BucketAnswer::Refused(fault(&error))
        }
        Err(error) => BucketAnswer::Silent(fault(&error)),
    }
}

/// Opens a bucket, and gives what stands before every name; asks it nothing yet.
pub(super) fn open(name: &str, config: &BlobsConfig) -> Result<(Arc<dyn ObjectStore>, Path), Fault> {
    // Whoever was first has set the same one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let Credentials { key, secret } = credentials(config)?;
    let mut client = ClientOptions::new()
        .with_connect_timeout(Duration::from_secs(config.connect_seconds_max))
        .with_timeout(Duration::from_secs(config.answer_seconds_max))
        // Plain HTTP is for loopback only: the settings are checked for that.
        .with_allow_http(true);
    if let Some(path) = &config.ca_file {
        let unusable = |error: String| Fault::Blob(format!("`store.blobs.ca_file`: {}: {error}", path.display()));
        let pem = std::fs::read(path).map_err(|error| unusable(error.to_string()))?;
        for certificate in Certificate::from_pem_bundle(&pem).map_err(|error| unusable(error.to_string()))? {
            client = client.with_root_certificate(certificate);
        }
    }
    let retry = RetryConfig {
        max_retries: config.retries_max,
        retry_timeout: Duration::from_secs(config.retry_seconds_max),
        ..RetryConfig::default()
    };
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(name)
        .with_region(&config.region)
        .with_virtual_hosted_style_request(config.virtual_hosts)
        .with_access_key_id(key)
        .with_secret_access_key(secret)
        .with_client_options(client)
        .with_retry(retry);
    if let Some(endpoint) = &config.endpoint {
        builder = builder.with_endpoint(endpoint);
    }
    let bucket = builder.build().map_err(|error| fault(&error))?;
    let prefix = Path::parse(&config.prefix).map_err(|error| Fault::Blob(error.to_string()))?;
    Ok((Arc::new(bucket), prefix))
}

/// From the environment, else from the file.
fn credentials(config: &BlobsConfig) -> Result<Credentials, Fault> {
    if let (Ok(key), Ok(secret)) = (std::env::var(KEY_VARIABLE), std::env::var(SECRET_VARIABLE)) {
        return Ok(Credentials { key, secret });
    }
    let Some(path) = &config.credentials_file else {
        let message =
            format!("neither {KEY_VARIABLE} and {SECRET_VARIABLE} nor `store.blobs.credentials_file` are set");
        return Err(Fault::Blob(message));
    };
    let unusable = |why: &str| Fault::Blob(format!("`store.blobs.credentials_file`: {}: {why}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| unusable(&error.to_string()))?;
    let value = |name: &str| {
        let lines = text.lines().filter_map(|line| line.split_once('='));
        lines
            .into_iter()
            .find(|(key, _)| key.trim().eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim().to_owned())
    };
    match (value("aws_access_key_id"), value("aws_secret_access_key")) {
        (Some(key), Some(secret)) => Ok(Credentials { key, secret }),
        _ => Err(unusable("no lines \"aws_access_key_id = …\" and \"aws_secret_access_key = …\"")),
    }
}
