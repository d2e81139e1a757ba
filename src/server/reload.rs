//! Reload: what can change while sessions go on, and what cannot.

use crate::config::{self, Problems};
use crate::logging;
use crate::tls::TlsError;

use super::Shared;

/// Why nothing was taken up.
#[derive(Debug, thiserror::Error)]
pub enum ReloadError {
    #[error(transparent)]
    Settings(Problems),
    #[error("{0}")]
    Log(String),
    #[error(transparent)]
    Tls(#[from] TlsError),
}

impl Shared {
    /// Takes up the certificate, its key and the log's filter; the communication rules are the gateway's. Gives the
    /// settings that are written otherwise now and need a restart.
    pub(super) fn reload(&self) -> Result<Vec<String>, ReloadError> {
        let changed = match &self.config.file {
            Some(file) => Some(config::load(file).map_err(ReloadError::Settings)?),
            None => None,
        };
        if let Some(certificates) = &self.certificates {
            certificates.reload(self.gateway.clock.now())?;
            self.see_certificate();
        }
        let Some(changed) = changed else { return Ok(Vec::new()) };
        logging::change(&changed.log).map_err(ReloadError::Log)?;
        Ok(config::needs_restart(&self.config.written, &changed.written))
    }
}
