//! Logging in: the questions of AUTH (RFC 4954) to the gateway, and the place among the person's connections. Part of a
//! conversation (`super`).

use tokio::io::{AsyncRead, AsyncWrite};

use super::Conversation;
use super::session::{Answer, ExchangeAnswer};
use crate::domain::Fault;
use crate::domain::login::{Login, LoginRefusal, Proven, TokenLogin};
use crate::model::Use;
use crate::sasl::{Credentials, bearer, scram};

impl<S> Conversation<S>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    pub(super) async fn log_in(&mut self, credentials: &Credentials) -> Result<Answer, Fault> {
        let login = self.gateway.log_in_from(&self.caller, &credentials.name, &credentials.password).await?;
        self.enter(login).await
    }

    pub(super) async fn salt(&mut self, first: scram::First) -> Result<Answer, Fault> {
        let salting = self.gateway.scram_salting(first.name()).await?;
        Ok(Answer::Exchange(ExchangeAnswer::Salt(first, salting)))
    }

    pub(super) async fn prove(&mut self, proof: &scram::Proof) -> Result<Answer, Fault> {
        match self.gateway.log_in_by_proof(&self.caller, proof).await? {
            Proven::Right { welcome, signature } => {
                Ok(Answer::Exchange(ExchangeAnswer::Proved { welcome: Box::new(welcome), signature }))
            }
            Proven::Wrong(refusal) => self.enter(Login::Refused(refusal)).await,
        }
    }

    pub(super) async fn log_in_by_token(&mut self, token: &bearer::Token) -> Result<Answer, Fault> {
        match self.gateway.log_in_by_token(token).await? {
            TokenLogin::Known(login) => self.enter(login).await,
            TokenLogin::Refused(why) => Ok(Answer::Exchange(ExchangeAnswer::TokenRefused { why })),
        }
    }

    /// Takes a place for whoever may come in.
    pub(super) async fn enter(&mut self, login: Login) -> Result<Answer, Fault> {
        match &login {
            Login::Welcome(welcome) => {
                let (user, places) = (&welcome.user, self.gateway.config.submission.connections_per_user_max);
                let admission = match self.gateway.admit(welcome, &self.caller, places).await? {
                    Ok(admission) => admission,
                    Err(why) => {
                        tracing::info!(user = %user.id, ?why, "login refused");
                        return Ok(Answer::LoggedIn(Login::Refused(why)));
                    }
                };
                if self.gateway.turned_off(user, Use::Sending).await?.is_some()
                    && self.gateway.turned_off(user, Use::Reading).await?.is_some()
                {
                    return Ok(Answer::LoggedIn(Login::Refused(LoginRefusal::TurnedOff)));
                }
                tracing::info!(user = %user.id, "logged in");
                self.client.admitted(admission.cut.clone());
                self.admission = Some(admission);
            }
            Login::Refused(why) => tracing::info!(?why, "login refused"),
        }
        Ok(Answer::LoggedIn(login))
    }
}
