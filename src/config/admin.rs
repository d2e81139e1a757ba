//! PURE: the page of those who run the service.

use std::net::IpAddr;
use std::path::PathBuf;

use serde::Deserialize;

use super::Config;
use super::check::Finding;

/// Who may use it, and for how long.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AdminConfig {
    /// How admins show who they are; needed where `listen.admin` is set.
    pub sign_in: Option<AdminSignIn>,
    /// PEM: the authorities whose client certificates are taken. The certificate's common name is the admin's.
    pub client_ca: Option<PathBuf>,
    /// From the sign-in, and from the last request.
    pub session_minutes_max: u64,
    pub idle_minutes_max: u64,
    /// Wrong tries for one name in `tries_window_seconds`.
    pub tries_max: u32,
    pub tries_window_seconds: u64,
}

/// What an admin needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AdminSignIn {
    /// A client certificate.
    Certificate,
    /// A password and a code of an authenticator app.
    Password,
    /// One or the other.
    Either,
    /// Both, of the same name.
    Both,
}

impl AdminSignIn {
    /// Are client certificates asked for?
    pub const fn asks_certificate(self) -> bool {
        !matches!(self, Self::Password)
    }

    /// Is nobody let in without one?
    pub const fn needs_certificate(self) -> bool {
        matches!(self, Self::Certificate | Self::Both)
    }

    /// Are passwords taken?
    pub const fn takes_password(self) -> bool {
        !matches!(self, Self::Certificate)
    }
}

impl Default for AdminConfig {
    fn default() -> Self {
        Self {
            sign_in: None,
            client_ca: None,
            session_minutes_max: 480,
            idle_minutes_max: 20,
            tries_max: 5,
            tries_window_seconds: 900,
        }
    }
}

/// What cannot work.
pub(super) fn check(config: &Config, findings: &mut Vec<Finding>) {
    let Some(address) = config.listen.admin else { return };
    match config.admin.sign_in {
        None => {
            let message = "`listen.admin` needs `admin.sign_in`: \"certificate\", \"password\", \"either\" or \"both\"";
            findings.push(("listen.admin", message.to_owned()));
        }
        Some(sign_in) if sign_in.asks_certificate() && config.admin.client_ca.is_none() => {
            findings.push(("admin.sign_in", "`admin.sign_in` with certificates needs `admin.client_ca`".to_owned()));
        }
        Some(_) => {}
    }
    if !is_internal(address.ip()) {
        let message = "`listen.admin` must be loopback, or an address of a private network: never one of the internet, nor \
                       all of this machine's";
        findings.push(("listen.admin", message.to_owned()));
    }
}

/// Loopback, or an address that the internet does not lead to (RFC 1918, RFC 4193, RFC 3927, RFC 4291 §2.5.6).
fn is_internal(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => address.is_loopback() || address.is_private() || address.is_link_local(),
        IpAddr::V6(address) => address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local(),
    }
}
