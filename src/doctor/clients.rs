//! Three clients, each as it sets itself up from an address: where it looks for its settings, and whether they lead anywhere.

use std::time::Instant;

use serde_json::Value;

use super::Doctor;
use super::net::Endpoint;
use super::settings;
use super::web::{self, Answer, Question};
use crate::sentences::checkup::{Part, Remark};

/// Clients wait no longer for their settings.
const SLOW_MILLISECONDS: u64 = 1000;

impl Doctor {
    /// The address that clients set up: the person's, or anybody's: what they are told is the same.
    fn address(&self) -> String {
        let domain = &self.patient.setup.domain;
        self.patient.person.as_ref().map_or_else(|| format!("personne@{domain}"), |person| person.address.clone())
    }

    /// The port of the web server, where it is not the usual one.
    fn web_port(&self) -> String {
        match web::endpoint_of(&self.patient.setup.url) {
            Some(endpoint) if ![443, 80].contains(&endpoint.port) => format!(":{}", endpoint.port),
            _ => String::new(),
        }
    }

    /// The scheme of the web server: plain HTTP in a trial on loopback only.
    fn scheme(&self) -> &'static str {
        if self.patient.setup.url.starts_with("http://") { "http" } else { "https" }
    }

    /// Asks, and keeps the certificate that was shown.
    pub(super) async fn fetch(&mut self, question: &Question<'_>) -> Result<Answer, Remark> {
        let (answer, shown) = web::ask(&self.net, question).await;
        self.shown.extend(shown);
        answer
    }

    /// Thunderbird: autoconfig at its two places, then IMAP and SMTP as it was told.
    pub(super) async fn play_thunderbird(&mut self) {
        let (domain, port, scheme) = (self.patient.setup.domain.clone(), self.web_port(), self.scheme());
        let address = self.address().replace('@', "%40");
        let urls = [
            format!("{scheme}://autoconfig.{domain}{port}/mail/config-v1.1.xml?emailaddress={address}"),
            format!("{scheme}://{domain}{port}/.well-known/autoconfig/mail/config-v1.1.xml"),
        ];
        // It needs one of the two: what is wrong with the other is told where neither is of use.
        let (mut told, mut missing) = (None, Vec::new());
        for url in urls {
            let began = Instant::now();
            match self.fetch(&Question::get(&url)).await {
                Ok(answer) if !answer.is_trusted => missing.push(Remark::SettingsNotTrusted { url }),
                Ok(answer) if answer.status == 200 => match settings::autoconfig(&answer.body) {
                    Some(found) => {
                        self.note(Part::Thunderbird, Remark::SettingsFound { url: url.clone() });
                        self.note_slowness(Part::Thunderbird, url, began);
                        told.get_or_insert(found);
                    }
                    None => missing.push(Remark::SettingsUnreadable { url }),
                },
                Ok(answer) => missing.push(Remark::SettingsMissing { url, answer: format!("HTTP {}", answer.status) }),
                Err(remark) => {
                    let answer = remark.told(self.patient.setup.language).what;
                    missing.push(Remark::SettingsMissing { url, answer });
                }
            }
        }
        if told.is_none() {
            missing.into_iter().for_each(|remark| self.note(Part::Thunderbird, remark));
        }
        self.follow(Part::Thunderbird, told).await;
    }

    /// An iPhone: the profile, then IMAP and SMTP as it says.
    pub(super) async fn play_iphone(&mut self) {
        let address = self.address().replace('@', "%40");
        let url = format!("{}/mobileconfig?address={address}", self.patient.setup.url);
        let answer = self.fetch(&Question::get(&url)).await;
        let told = self.settings(Part::Apple, url, answer, |answer| {
            let is_profile = answer.content_type.starts_with("application/x-apple-aspen-config");
            settings::profile(&answer.body).filter(|_| is_profile)
        });
        self.follow(Part::Apple, told).await;
    }

    /// Outlook: autodiscover by POX, then by JSON; IMAP and SMTP as the first says.
    pub(super) async fn play_outlook(&mut self) {
        let (domain, port, scheme) = (self.patient.setup.domain.clone(), self.web_port(), self.scheme());
        let address = self.address();
        let url = format!("{scheme}://autodiscover.{domain}{port}/autodiscover/autodiscover.xml");
        let schema = "http://schemas.microsoft.com/exchange/autodiscover/outlook";
        let body = format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?><Autodiscover xmlns=\"{schema}/requestschema/2006\"><Request>\
             <EMailAddress>{address}</EMailAddress><AcceptableResponseSchema>{schema}/responseschema/2006a\
             </AcceptableResponseSchema></Request></Autodiscover>"
        );
        let question = Question { method: "POST", url: &url, body: &body, authorization: None };
        let answer = self.fetch(&question).await;
        let told = self.settings(Part::Outlook, url, answer, |answer| settings::autodiscover(&answer.body));
        if told.is_some() {
            let url = format!(
                "{scheme}://autodiscover.{domain}{port}/autodiscover/autodiscover.json?Email={}&Protocol=Autodiscoverv1",
                address.replace('@', "%40")
            );
            let answer = self.fetch(&Question::get(&url)).await;
            self.settings(Part::Outlook, url, answer, |answer| serde_json::from_str::<Value>(&answer.body).ok());
        }
        self.follow(Part::Outlook, told).await;
    }

    /// What a client reads out of an answer, noted.
    fn settings<T>(
        &mut self,
        part: Part,
        url: String,
        answer: Result<Answer, Remark>,
        read: impl FnOnce(&Answer) -> Option<T>,
    ) -> Option<T> {
        let (told, remark) = match answer {
            Ok(answer) if !answer.is_trusted => (None, Remark::SettingsNotTrusted { url }),
            Ok(answer) if answer.status == 200 => match read(&answer) {
                Some(told) => (Some(told), Remark::SettingsFound { url }),
                None => (None, Remark::SettingsUnreadable { url }),
            },
            Ok(answer) => (None, Remark::SettingsMissing { url, answer: format!("HTTP {}", answer.status) }),
            Err(remark) => {
                let answer = remark.told(self.patient.setup.language).what;
                (None, Remark::SettingsMissing { url, answer })
            }
        };
        self.note(part, remark);
        told
    }

    fn note_slowness(&mut self, part: Part, url: String, began: Instant) {
        let milliseconds = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        if milliseconds > SLOW_MILLISECONDS {
            self.note(part, Remark::SettingsSlow { url, milliseconds });
        }
    }

    /// Connects where the settings lead.
    async fn follow(&mut self, part: Part, told: Option<[Endpoint; 2]>) {
        let Some(places) = told else { return };
        let mut ready = true;
        for place in places {
            if !self.visit(&place).await {
                ready = false;
                self.note(part, Remark::ClientStuck { place: place.place() });
            }
        }
        if ready {
            self.note(part, Remark::ClientReady);
        }
    }
}
