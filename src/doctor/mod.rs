//! `passerelle doctor`: from outside, as clients would. It plays the set-up dialogues of Thunderbird, of an iPhone and of Outlook
//! against a running server, and looks at what they hang on. Between `cli`, which prints, and the network.
//!
//! | file | what |
//! | --- | --- |
//! | here | what is looked at, in which order |
//! | `report` | pure: findings, their weights, the page, JSON |
//! | `net` | connections with deadlines, to the name or to `--at` |
//! | `trust` | TLS: the certificate is looked at before it is trusted |
//! | `web` | one HTTP request |
//! | `mail` | IMAP and SMTP: greeting, STARTTLS, login |
//! | `settings` | pure: what a client reads out of autoconfig, autodiscover, a profile |
//! | `clients` | Thunderbird, iPhone, Outlook |
//! | `directory` | CardDAV and LDAP |
//! | `names` | the DNS |
//! | `question` | pure: DNS messages |
//! | `machine` | clock and disks |
//!
//! A password goes nowhere but into TLS whose certificate is right, and is tried nowhere again where it was refused once:
//! each refusal is one of the account's tries.

mod clients;
mod directory;
mod machine;
mod mail;
mod names;
mod net;
mod question;
mod report;
mod settings;
mod trust;
mod web;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

pub use report::Report;

use crate::domain::clock::Clock;
use crate::http::setup::Setup;
use crate::model::Secret;
use crate::sentences::checkup::{Part, Remark};
use net::{Endpoint, Net, Service};
use trust::Shown;

/// What to look at.
#[derive(Debug)]
pub struct Patient {
    /// Names and ports as clients are to be told.
    pub setup: Setup,
    /// Ports of the directory, where it is offered: without TLS at first, with TLS.
    pub ldap: [Option<u16>; 2],
    /// Who logs in; nobody where it is not given.
    pub person: Option<Person>,
    /// Connect there, whatever names say.
    pub at: Option<IpAddr>,
    /// Authorities besides those that browsers know, PEM.
    pub ca_file: Option<PathBuf>,
    pub patience: Duration,
    /// `None`: the DNS is not asked.
    pub dns: Option<Option<SocketAddr>>,
    /// Folders whose disks are looked at.
    pub folders: Vec<PathBuf>,
    /// How far the store's clock is from the server's, seconds, where the server was asked.
    pub store_clock: Option<i64>,
}

/// Somebody who logs in.
#[derive(Debug)]
pub struct Person {
    pub address: String,
    pub password: Secret,
}

/// What became of the password so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Login {
    NotTried,
    Right,
    Wrong,
}

/// The examination under way.
struct Doctor {
    patient: Patient,
    net: Net,
    clock: Clock,
    report: Report,
    login: Login,
    /// What each place was found to be: no place is visited twice.
    seen: BTreeMap<Endpoint, bool>,
    /// Certificates, in the order in which places showed them.
    shown: Vec<(Endpoint, Shown)>,
}

/// Looks at everything.
///
/// # Errors
/// The file of authorities cannot be read.
pub async fn examine(patient: Patient, clock: Clock) -> anyhow::Result<Report> {
    let net = Net::new(patient.at, patient.ca_file.as_deref(), patient.patience)?;
    let mut doctor = Doctor {
        patient,
        net,
        clock,
        report: Report::default(),
        login: Login::NotTried,
        seen: BTreeMap::new(),
        shown: Vec::new(),
    };
    doctor.look_at_health().await;
    doctor.look_at_ports().await;
    doctor.play_thunderbird().await;
    doctor.play_iphone().await;
    doctor.play_outlook().await;
    doctor.look_at_address_book().await;
    doctor.look_at_directory().await;
    doctor.look_at_certificates();
    doctor.look_at_names().await;
    doctor.look_at_machine();
    Ok(doctor.report)
}

impl Doctor {
    fn note(&mut self, part: Part, remark: Remark) {
        self.report.add(part, remark);
    }

    /// Every port that clients may be told of, whether they are or not.
    async fn look_at_ports(&mut self) {
        let host = self.patient.setup.host_name.clone();
        let ports = self.patient.setup.ports;
        let places = [
            (Service::Imaps, ports.imaps),
            (Service::Imap, ports.imap),
            (Service::Submissions, ports.submissions),
            (Service::Submission, ports.submission),
        ];
        for (service, port) in places {
            let Some(port) = port else { continue };
            self.visit(&Endpoint { service, host: host.clone(), port }).await;
        }
    }

    /// Is this place of use to a client? Looked at once; what was found stands among the ports.
    async fn visit(&mut self, place: &Endpoint) -> bool {
        if let Some(works) = self.seen.get(place) {
            return *works;
        }
        let person = self.patient.person.as_ref().filter(|_| self.login != Login::Wrong);
        let (visit, shown) = mail::visit(&self.net, place, person).await;
        if let Some(shown) = shown {
            self.shown.push((place.clone(), shown));
        }
        let works = report::weight(&visit) != crate::sentences::checkup::Weight::Broken;
        match visit {
            Remark::LoggedIn { .. } => self.login = Login::Right,
            Remark::LoginRefused { .. } => self.login = Login::Wrong,
            _ => {}
        }
        self.note(Part::Ports, visit);
        self.seen.insert(place.clone(), works);
        works
    }

    /// The certificates that places have shown.
    fn look_at_certificates(&mut self) {
        let now = self.clock.now().seconds();
        for remark in trust::remarks(&self.shown, now) {
            self.note(Part::Certificate, remark);
        }
    }
}
