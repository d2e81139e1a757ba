//! PURE: findings, how bad each is, and how they are told.

use std::fmt::Write;

use serde_json::json;

use crate::sentences::Language;
use crate::sentences::checkup::{Part, Remark, Told, Weight};

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    findings: Vec<(Part, Remark)>,
}

/// Days before its end from which a certificate should have been renewed.
pub(super) const RENEW_DAYS: i64 = 14;
/// Days before its end from which there is no time left.
pub(super) const RENEW_NOW_DAYS: i64 = 3;
/// Seconds that a clock may be wrong.
pub(super) const CLOCK_SECONDS: i64 = 5;
/// Seconds from which logins by token, and certificates, begin to fail.
pub(super) const CLOCK_BROKEN_SECONDS: i64 = 300;
/// Of a disk, free: below the first somebody should see to it, below the second letters will soon be refused.
pub(super) const DISK_MEGABYTES: u64 = 10 << 10;
pub(super) const DISK_BROKEN_MEGABYTES: u64 = 1 << 10;

/// How bad it is.
pub(super) fn weight(remark: &Remark) -> Weight {
    match remark {
        Remark::Healthy
        | Remark::Open { .. }
        | Remark::LoggedIn { .. }
        | Remark::NotTried { .. }
        | Remark::CertificateFine { .. }
        | Remark::SettingsFound { .. }
        | Remark::ClientReady
        | Remark::AddressBookFound { .. }
        | Remark::DirectoryFound { .. }
        | Remark::NotOffered
        | Remark::NameFound { .. }
        | Remark::RecordsFound { .. }
        | Remark::DnsNotAsked
        | Remark::ClockFine { .. }
        | Remark::DiskFine { .. } => Weight::Fine,
        Remark::SettingsSlow { .. }
        | Remark::AddressBookMissing { .. }
        | Remark::NameMissing { .. }
        | Remark::RecordMissing { .. }
        | Remark::RecordDiffers { .. }
        | Remark::DnsSilent { .. }
        | Remark::ClockUnknown
        | Remark::DiskUnknown { .. } => Weight::Warning,
        Remark::CertificateEnds { days } if *days > RENEW_NOW_DAYS => Weight::Warning,
        Remark::ClockWrong { seconds } | Remark::StoreClockWrong { seconds }
            if seconds.abs() < CLOCK_BROKEN_SECONDS =>
        {
            Weight::Warning
        }
        Remark::DiskLow { free_megabytes, .. } if *free_megabytes >= DISK_BROKEN_MEGABYTES => Weight::Warning,
        _ => Weight::Broken,
    }
}

impl Report {
    pub(super) fn add(&mut self, part: Part, remark: Remark) {
        // A place is asked several times, and has the same fault each time.
        if !self.findings.contains(&(part, remark.clone())) {
            self.findings.push((part, remark));
        }
    }

    /// Is anything broken?
    pub fn is_broken(&self) -> bool {
        self.weight() == Weight::Broken
    }

    fn weight(&self) -> Weight {
        self.findings.iter().map(|(_, remark)| weight(remark)).max().unwrap_or(Weight::Fine)
    }

    /// Part by part, in their order.
    fn by_part(&self) -> Vec<(Part, Weight, &Remark)> {
        let mut findings: Vec<_> = self.findings.iter().map(|(part, remark)| (*part, weight(remark), remark)).collect();
        findings.sort_by_key(|(part, ..)| *part);
        findings
    }

    /// One page for people.
    pub fn page(&self, language: Language) -> String {
        let (mut page, mut before) = (String::new(), None);
        for (part, weight, remark) in self.by_part() {
            // Writing to a String cannot fail.
            if before != Some(part) {
                let gap = if before.is_some() { "\n" } else { "" };
                let _ = writeln!(page, "{gap}{}", part.heading(language));
                before = Some(part);
            }
            let Told { what, to_do } = remark.told(language);
            let _ = writeln!(page, "  {:<10} {what}", weight.mark(language));
            if let Some(to_do) = to_do {
                let _ = writeln!(page, "             → {to_do}");
            }
        }
        let count = |wanted| self.findings.iter().filter(|(_, remark)| weight(remark) == wanted).count();
        let (warnings, broken) = (count(Weight::Warning), count(Weight::Broken));
        let _ = match language {
            Language::Fr => writeln!(page, "\nBilan : {broken} panne(s), {warnings} avertissement(s)."),
            Language::En => writeln!(page, "\nIn all: {broken} broken, {warnings} warning(s)."),
        };
        page
    }

    /// The same for programs.
    pub fn json(&self, language: Language) -> String {
        let findings = self.by_part().into_iter().map(|(part, weight, remark)| {
            let Told { what, to_do } = remark.told(language);
            json!({ "part": part.word(), "weight": weight.word(), "what": what, "to_do": to_do })
        });
        let findings: Vec<_> = findings.collect();
        json!({ "weight": self.weight().word(), "findings": findings }).to_string()
    }
}
