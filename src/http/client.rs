//! Who asks: where the client is, and whether the way to it is encrypted. `server` puts it beside every request.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::config::LoginConfig;
use crate::connection::{Security, may_log_in};

/// A client's end of an HTTP connection.
#[derive(Clone, Copy, Debug)]
pub struct Client {
    /// After the PROXY header, where there is one; behind a reverse proxy, the proxy's.
    pub peer: SocketAddr,
    pub security: Security,
}

impl Client {
    /// May a password come over this connection?
    pub fn may_log_in(&self, login: &LoginConfig) -> bool {
        may_log_in(self.security, self.peer, login)
    }
}

/// A request beside which nobody put one may not log in: as if it came from anywhere, in the clear.
impl<S: Sync> FromRequestParts<S> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let nobody = Self { peer: (Ipv4Addr::UNSPECIFIED, 0).into(), security: Security::Plain };
        Ok(parts.extensions.get().copied().unwrap_or(nobody))
    }
}
