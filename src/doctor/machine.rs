//! Health, the clock, the disks.

use jiff::fmt::rfc2822;

use super::Doctor;
use super::report::{CLOCK_SECONDS, DISK_MEGABYTES};
use super::web::Question;
use crate::sentences::checkup::{Part, Remark};

impl Doctor {
    /// `/health/ready`, and the date that comes with the answer.
    pub(super) async fn look_at_health(&mut self) {
        let url = format!("{}/health/ready", self.patient.setup.url);
        let answer = match self.fetch(&Question::get(&url)).await {
            Ok(answer) => answer,
            Err(remark) => return self.note(Part::Health, remark),
        };
        let remark = match answer.status {
            200 => Remark::Healthy,
            status => Remark::Unhealthy { status },
        };
        self.note(Part::Health, remark);
        let date = answer.date.and_then(|date| rfc2822::DateTimeParser::new().parse_timestamp(date).ok());
        let here = self.clock.now().seconds();
        self.note(
            Part::Clock,
            match date.map(|date| date.as_second().saturating_sub(here)) {
                Some(seconds) if seconds.abs() <= CLOCK_SECONDS => Remark::ClockFine { seconds },
                Some(seconds) => Remark::ClockWrong { seconds },
                None => Remark::ClockUnknown,
            },
        );
    }

    /// What only the server's machine knows.
    pub(super) fn look_at_machine(&mut self) {
        if let Some(seconds) = self.patient.store_clock.filter(|seconds| seconds.abs() > CLOCK_SECONDS) {
            self.note(Part::Clock, Remark::StoreClockWrong { seconds });
        }
        for folder in std::mem::take(&mut self.patient.folders) {
            let shown = folder.display().to_string();
            let remark = match rustix::fs::statvfs(&folder) {
                Ok(disk) => {
                    let free_percent = disk.f_bavail.saturating_mul(100).checked_div(disk.f_blocks).unwrap_or(0);
                    let free_megabytes = disk.f_bavail.saturating_mul(disk.f_frsize) >> 20;
                    match free_megabytes >= DISK_MEGABYTES {
                        true => Remark::DiskFine { folder: shown, free_percent },
                        false => Remark::DiskLow { folder: shown, free_percent, free_megabytes },
                    }
                }
                Err(error) => Remark::DiskUnknown { folder: shown, why: error.to_string() },
            };
            self.note(Part::Disk, remark);
        }
    }
}
