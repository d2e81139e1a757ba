//! Who is connected, before and after somebody has logged in: over what, from where, and what the client says it is.
//!
//! An app whose maker's servers hold the password is known by its network, or by ID (`config::apps`), whichever comes first.

use std::net::IpAddr;

use crate::config::CloudApp;
use crate::domain::Gateway;
use crate::model::{ClientName, Protocol, Use};

/// A client's end of a connection.
#[derive(Clone, Debug)]
pub struct Caller {
    protocol: Protocol,
    address: IpAddr,
    client: Option<ClientName>,
    app: Option<KnownApp>,
}

/// An app that was recognised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KnownApp {
    pub name: String,
    /// `id`, `network`
    pub by: &'static str,
}

impl Caller {
    /// What it calls itself.
    pub fn client(&self) -> Option<&ClientName> {
        self.client.as_ref()
    }

    pub(super) fn protocol(&self) -> Protocol {
        self.protocol
    }

    pub(super) fn address(&self) -> IpAddr {
        self.address
    }

    pub(super) fn app(&self) -> Option<&KnownApp> {
        self.app.as_ref()
    }

    /// What it wants to do.
    pub(super) fn wanted(&self) -> Use {
        match self.protocol {
            Protocol::Imap | Protocol::Ldap | Protocol::CardDav => Use::Reading,
            Protocol::Smtp => Use::Sending,
        }
    }
}

impl Gateway {
    /// A client that has just connected.
    pub fn caller(&self, protocol: Protocol, address: IpAddr) -> Caller {
        let app = self.cloud_apps.iter().find(|app| app.is_at(address));
        Caller { protocol, address, client: None, app: app.map(|app| known(app, "network")) }
    }

    /// It says what it is (RFC 2971). `fields`: keys in lower case. What it said before is forgotten, but not that it was
    /// recognised: nobody becomes another app by saying so.
    pub fn announced(&self, caller: &mut Caller, fields: &[(String, Option<String>)]) {
        let field = |wanted| fields.iter().find(|(key, _)| key == wanted).and_then(|(_, value)| value.as_deref());
        caller.client = ClientName::from_words(field("name").into_iter().chain(field("version")));
        if caller.app.is_none() {
            let app = self.cloud_apps.iter().find(|app| app.is_announced(fields));
            caller.app = app.map(|app| known(app, "id"));
        }
    }
}

fn known(app: &CloudApp, by: &'static str) -> KnownApp {
    KnownApp { name: app.name.clone(), by }
}
