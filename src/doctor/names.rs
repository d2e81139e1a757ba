//! The DNS, as clients ask it: the names that they try, and the SRV records that `passerelle dns` prints (RFC 6186).
//!
//! A question and an answer by UDP to the first name server of `/etc/resolv.conf`, or to the one that is given: the answers
//! are small, and a library for it would be larger than all the rest.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::net::UdpSocket;
use tokio::time::timeout;

use super::Doctor;
use super::question::{self, Kind, Known, Srv};
use crate::http::setup::records;
use crate::sentences::checkup::{Part, Remark};

const RESOLV_CONF: &str = "/etc/resolv.conf";
/// How often a question is sent: a packet may get lost.
const TRIES: usize = 2;
/// Octets of an answer by UDP.
const ANSWER_BYTES_MAX: usize = 4096;

/// No name server answers.
struct NoAnswer;

impl Doctor {
    pub(super) async fn look_at_names(&mut self) {
        let Some(server) = self.patient.dns else { return self.note(Part::Dns, Remark::DnsNotAsked) };
        let Some(server) = server.or_else(configured) else {
            return self.note(Part::Dns, Remark::DnsSilent { server: RESOLV_CONF.to_owned() });
        };
        if self.ask_names(server).await.is_err() {
            self.note(Part::Dns, Remark::DnsSilent { server: server.to_string() });
        }
    }

    async fn ask_names(&mut self, server: SocketAddr) -> Result<(), NoAnswer> {
        let (domain, host) = (self.patient.setup.domain.clone(), self.patient.setup.host_name.clone());
        for name in [host, format!("autoconfig.{domain}"), format!("autodiscover.{domain}")] {
            let is_there = self.ask_name(server, &name, Kind::A).await?.addresses > 0
                || self.ask_name(server, &name, Kind::Aaaa).await?.addresses > 0;
            let remark = if is_there { Remark::NameFound { name } } else { Remark::NameMissing { name } };
            self.note(Part::Dns, remark);
        }
        let mut count = 0;
        for (name, wanted, record) in records(&self.patient.setup).iter().filter_map(|line| wanted(line)) {
            let found = self.ask_name(server, &name, Kind::Srv).await?.services;
            match found.first() {
                Some(_) if found.contains(&wanted) => count += 1,
                Some(other) => {
                    let (found, wanted) = (shown(other), shown(&wanted));
                    self.note(Part::Dns, Remark::RecordDiffers { name, found, wanted });
                }
                // What is not offered need not be said.
                None if wanted.target.is_empty() => {}
                None => self.note(Part::Dns, Remark::RecordMissing { record }),
            }
        }
        if count > 0 {
            self.note(Part::Dns, Remark::RecordsFound { count });
        }
        Ok(())
    }

    async fn ask_name(&self, server: SocketAddr, name: &str, kind: Kind) -> Result<Known, NoAnswer> {
        let own: SocketAddr = match server.ip() {
            IpAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
            IpAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
        };
        let socket = UdpSocket::bind(own).await.map_err(|_| NoAnswer)?;
        socket.connect(server).await.map_err(|_| NoAnswer)?;
        for _ in 0..TRIES {
            let mut id = [0; 2];
            getrandom::fill(&mut id).map_err(|_| NoAnswer)?;
            let id = u16::from_ne_bytes(id);
            let Some(message) = question::ask(id, name, kind) else { return Ok(Known::default()) };
            let asking = async {
                socket.send(&message).await?;
                let mut octets = vec![0; ANSWER_BYTES_MAX];
                loop {
                    let length = socket.recv(&mut octets).await?;
                    if let Some(known) = question::read(id, octets.get(..length).unwrap_or_default()) {
                        return Ok::<_, std::io::Error>(known);
                    }
                }
            };
            if let Ok(Ok(known)) = timeout(self.net.patience, asking).await {
                return Ok(known);
            }
        }
        Err(NoAnswer)
    }
}

/// The first name server that the system asks.
fn configured() -> Option<SocketAddr> {
    let text = std::fs::read_to_string(RESOLV_CONF).ok()?;
    let servers = text.lines().filter_map(|line| line.strip_prefix("nameserver"));
    servers.filter_map(|server| server.trim().parse::<IpAddr>().ok()).map(|ip| SocketAddr::new(ip, 53)).next()
}

/// `_imaps._tcp.ecole.fr.  IN SRV 0 1 993 mail.ecole.fr.` → the name, what it must say, and the line.
fn wanted(line: &str) -> Option<(String, Srv, String)> {
    let (name, data) = line.split_once(" IN SRV ")?;
    let mut words = data.split_whitespace().skip(2);
    let (port, target) = (words.next()?.parse().ok()?, words.next()?.trim_end_matches('.').to_lowercase());
    Some((name.trim().trim_end_matches('.').to_owned(), Srv { port, target }, line.to_owned()))
}

fn shown(srv: &Srv) -> String {
    format!("{}:{}", srv.target, srv.port)
}
