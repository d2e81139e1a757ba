//! Who may shake hands with the page of those who run the service. Where nobody could come in, or everybody, the server does
//! not start.

use tokio_rustls::TlsAcceptor;

use super::StartError;
use crate::config::{AdminSignIn, Config};
use crate::domain::admins::AdminAccounts;
use crate::tls::Certificates;

/// What the page's listener accepts by; `None` where there is none.
pub(super) fn acceptor(
    config: &Config,
    certificates: Option<&Certificates>,
) -> Result<Option<TlsAcceptor>, StartError> {
    if config.listen.admin.is_none() {
        return Ok(None);
    }
    let no = |why: &str| StartError::Admins(why.to_owned());
    // `config::check` has said all this, with the key and its line, where the settings came from a file.
    let sign_in = config.admin.sign_in.ok_or_else(|| no("needs `admin.sign_in`"))?;
    let certificates = certificates.ok_or_else(|| no("needs `tls.certificate` and `tls.key`"))?;
    let authorities = config.admin.client_ca.as_deref().filter(|_| sign_in.asks_certificate());
    if sign_in.asks_certificate() && authorities.is_none() {
        return Err(no("needs `admin.client_ca`, or `admin.sign_in` = \"password\""));
    }
    if matches!(sign_in, AdminSignIn::Password | AdminSignIn::Both) {
        let accounts =
            AdminAccounts::of(&config.data_dir).all().map_err(|fault| StartError::Admins(fault.to_string()))?;
        if accounts.is_empty() {
            return Err(no("there is no admin yet who could sign in: \"passerelle admin add NAME\" makes one"));
        }
    }
    Ok(Some(certificates.acceptor_for_admins(authorities, sign_in.needs_certificate())?))
}
