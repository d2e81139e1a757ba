//! PURE: where the server listens, and how it stops (`[listen]`).

use std::net::SocketAddr;

use serde::Deserialize;

use crate::model::Network;

/// Addresses to listen on; a missing one is not opened.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ListenConfig {
    /// 143, STARTTLS.
    pub imap: Option<SocketAddr>,
    /// 993, TLS.
    pub imaps: Option<SocketAddr>,
    /// 587, STARTTLS.
    pub submission: Option<SocketAddr>,
    /// 465, TLS.
    pub submissions: Option<SocketAddr>,
    /// 389, STARTTLS: the directory.
    pub ldap: Option<SocketAddr>,
    /// 636, TLS.
    pub ldaps: Option<SocketAddr>,
    /// 443: health and automatic set-up, with the certificate of the mail ports.
    pub https: Option<SocketAddr>,
    /// The same without TLS: a reverse proxy stands in front of it, or it is on loopback.
    pub http: Option<SocketAddr>,
    /// Prometheus: `/metrics`, without TLS and without a login; an address that only it reaches.
    pub metrics: Option<SocketAddr>,
    /// The page of those who run the service, with the certificate of the mail ports: loopback, or a network of their own.
    pub admin: Option<SocketAddr>,
    /// Balancers in front of the mail ports and `https`: their connections begin with the PROXY protocol, versions 1 and 2.
    pub proxies: Vec<Network>,
    /// Connections on the mail ports together; those beyond wait in the system's queue.
    pub connections_max: usize,
    /// Connections on the HTTP ports: their own, so that a full mail server still tells its health.
    pub http_connections_max: usize,
    /// Connections on the LDAP ports: their own, so that completion takes no place from mail.
    pub ldap_connections_max: usize,
    /// For a TLS handshake.
    pub handshake_seconds_max: u64,
    /// When the server stops, sessions are told so one after the other, over this time; 0: all at once.
    pub drain_seconds: u64,
    /// Given to sessions to end after that.
    pub stop_seconds_max: u64,
}

impl Default for ListenConfig {
    fn default() -> Self {
        Self {
            imap: None,
            imaps: None,
            submission: None,
            submissions: None,
            ldap: None,
            ldaps: None,
            https: None,
            http: None,
            metrics: None,
            admin: None,
            proxies: Vec::new(),
            connections_max: 10_000,
            http_connections_max: 256,
            ldap_connections_max: 2000,
            handshake_seconds_max: 30,
            drain_seconds: 10,
            stop_seconds_max: 10,
        }
    }
}
