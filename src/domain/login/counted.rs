//! Logging in, counted: by password, by proof, by token.

use super::{Caller, Login, LoginRefusal, Proven, TokenLogin};
use crate::domain::{Fault, Gateway};
use crate::metrics::{LoginOutcome, LoginWay};
use crate::model::Secret;
use crate::sasl::bearer::Token;
use crate::sasl::scram::Proof;

impl Gateway {
    /// [`Gateway::log_in`] of a client that is known as far as `caller` says.
    pub async fn log_in_from(&self, caller: &Caller, name: &str, password: &Secret) -> Result<Login, Fault> {
        let login = self.try_password(caller, name, password).await;
        self.count_login(LoginWay::Password, login.as_ref().map(of_login));
        login
    }

    /// Whose password is it that a client claims to know?
    pub async fn log_in_by_proof(&self, caller: &Caller, proof: &Proof) -> Result<Proven, Fault> {
        let proven = self.try_proof(caller, proof).await;
        let outcome = proven.as_ref().map(|proven| match proven {
            Proven::Right { .. } => LoginOutcome::Welcome,
            Proven::Wrong(refusal) => of_refusal(*refusal),
        });
        self.count_login(LoginWay::Scram, outcome);
        proven
    }

    /// Whose is this token?
    pub async fn log_in_by_token(&self, token: &Token) -> Result<TokenLogin, Fault> {
        let login = self.try_token(token).await;
        let outcome = login.as_ref().map(|login| match login {
            TokenLogin::Known(login) => of_login(login),
            TokenLogin::Refused(_) => LoginOutcome::BadCredentials,
        });
        self.count_login(LoginWay::Token, outcome);
        login
    }

    fn count_login(&self, way: LoginWay, outcome: Result<LoginOutcome, &Fault>) {
        self.metrics.logins.at(way).at(outcome.unwrap_or(LoginOutcome::Failed)).inc();
    }
}

fn of_login(login: &Login) -> LoginOutcome {
    match login {
        Login::Welcome(_) => LoginOutcome::Welcome,
        Login::Refused(refusal) => of_refusal(*refusal),
    }
}

/// Places and the switch are looked at later (`admission`): those refusals are not among these.
fn of_refusal(refusal: LoginRefusal) -> LoginOutcome {
    match refusal {
        LoginRefusal::Suspended => LoginOutcome::Suspended,
        LoginRefusal::TooManyTries => LoginOutcome::TooManyTries,
        LoginRefusal::CloudApp => LoginOutcome::CloudApp,
        LoginRefusal::BadCredentials | LoginRefusal::TurnedOff | LoginRefusal::TooManyConnections => {
            LoginOutcome::BadCredentials
        }
    }
}
