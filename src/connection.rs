//! What a session knows of the connection it runs on, and how it ends. Shared by SMTP, IMAP and LDAP, made by `server`.

use std::net::SocketAddr;

use tokio_util::sync::CancellationToken;

use crate::config::{Config, LoginConfig};
use crate::sasl::{ChannelBindings, Mechanism, Offer};

/// One client's connection.
#[derive(Clone, Debug)]
pub struct Connection {
    /// For the logs: distinguishes connections of one process.
    pub id: u64,
    /// Where the client is (after the PROXY header, where there is one).
    pub peer: SocketAddr,
    pub security: Security,
    /// Of the TLS connection; none without TLS.
    pub bindings: ChannelBindings,
    /// Cancelled when the server stops: between two commands the session says so (`BYE`, `421`) and ends.
    pub stop: CancellationToken,
}

/// Is the connection encrypted, and can it become so?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// Not yet; STARTTLS is offered.
    Plain,
    Tls,
}

/// How a session begins: does the server speak first?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// A new connection: with a greeting (RFC 9051 §7.1.5, RFC 5321 §3.1).
    Greeting,
    /// On from STARTTLS: the client speaks first, everything starts anew (RFC 9051 §6.2.1, RFC 3207 §4.2).
    AfterStartTls,
}

/// How a session ended.
#[derive(Debug)]
pub enum Ended<S> {
    /// For good.
    Closed,
    /// The client asked for TLS and was told to begin: the server shakes hands and starts a new session.
    /// Whatever the client had sent behind its STARTTLS was dropped.
    StartTls(S),
}

impl Connection {
    /// May a password come over this connection?
    pub fn may_log_in(&self, login: &LoginConfig) -> bool {
        may_log_in(self.security, self.peer, login)
    }

    /// The ways to log in over this connection.
    pub fn offer(&self, config: &Config) -> Offer {
        let is_offered = |mechanism: &Mechanism| match mechanism {
            Mechanism::Plain | Mechanism::Login | Mechanism::ScramSha256 => true,
            Mechanism::ScramSha256Plus => self.bindings.is_some(),
            Mechanism::OAuthBearer | Mechanism::XOAuth2 => config.oidc.takes_tokens(),
        };
        let mechanisms = match self.may_log_in(&config.login) {
            true => config.login.mechanisms.iter().copied().filter(is_offered).collect(),
            false => Vec::new(),
        };
        Offer { mechanisms, bindings: self.bindings.clone() }
    }
}

/// May a password come over such a connection?
pub fn may_log_in(security: Security, peer: SocketAddr, login: &LoginConfig) -> bool {
    security == Security::Tls || (login.without_tls_from_loopback && peer.ip().is_loopback())
}
