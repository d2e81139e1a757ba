//! SCRAM (RFC 5802): the salt for a name, and whose password a proof is of. `sasl::scram` knows the messages.
//!
//! The name comes before the proof, so each person has one salt for all their passwords, derived with a secret of the store; so
//! has each name that is nobody's, and nobody learns who exists. The number of rounds is everybody's. Verifiers are kept of
//! app passwords when they are made, and of a person's own password when it is set or first used with PLAIN or LOGIN.
//!
//! Tries are counted as for PLAIN: by account. An app password needs none, nor does a person's own that was right before.

use std::num::NonZeroU32;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::app_secret::AppSecret;
use super::password::PasswordHash;
use super::tries::Origin;
use super::{AccountKey, Caller, Credential, Login, LoginRefusal, Welcome, random};
use crate::domain::{Fault, Gateway};
use crate::model::{Secret, UserId};
use crate::sasl::Mechanism;
use crate::sasl::scram::{Proof, SALT_BYTES, Salting, Verifier};
use crate::store::people::credentials::Account;
use crate::store::people::directory;
use crate::store::people::scram::{self, Kept, Parameters};
use crate::store::{Durability, StoreError};

/// Random octets of the server's part of the nonce; their base64 has no padding.
const NONCE_BYTES: usize = 18;

/// What a proof came to.
#[derive(Debug)]
pub enum Proven {
    /// They know the password; `signature` proves that we know it too, and is to be sent before they come in.
    Right {
        welcome: Welcome,
        signature: String,
    },
    Wrong(LoginRefusal),
}

impl Gateway {
    /// The salt of a name, known or not, with a new nonce. `name` as for [`Gateway::log_in`].
    pub async fn scram_salting(&self, name: &str) -> Result<Salting, Fault> {
        let name = self.local_part_of_name(name);
        let parameters = self.scram_parameters().await?;
        let user = self.store.read(name.clone(), |tx, name| Box::pin(directory::user_by_local_part(tx, name))).await?;
        let salt = match user {
            Some(user) => salt(parameters, "user", user.id.as_str()),
            None => salt(parameters, "name", &name),
        };
        let nonce = STANDARD.encode(random::<NONCE_BYTES>()?);
        Ok(Salting { salt, iterations: rounds(parameters), nonce })
    }

    /// Whose password is it that a client claims to know?
    pub(super) async fn try_proof(&self, caller: &Caller, proof: &Proof) -> Result<Proven, Fault> {
        let known = self.look_up(&proof.name).await?;
        let origin = Origin::of(caller.address());
        let Some(account) = &known.account else {
            return Ok(Proven::Wrong(self.wrong_proof(self.logins.account_key("name", &known.name), origin)));
        };
        let user = account.user.id.clone();
        let key = self.logins.account_key("user", user.as_str());
        let kept = self.store.read_snapshot(user, |tx, user| Box::pin(scram::verifiers(tx, user))).await?;
        // All are tried, however early one is found: how long it takes tells nothing.
        let signed = kept.into_iter().filter_map(|kept| kept.verifier.signs(proof).map(|signature| (kept, signature)));
        let (login, signature) = match signed.last() {
            None => return Ok(Proven::Wrong(self.wrong_proof(key, origin))),
            Some((Kept { app_password: Some(device), .. }, signature)) => {
                (known.welcome(|_| Credential::Device(Box::new(device))), signature)
            }
            Some((Kept { verifier, app_password: None }, signature)) => {
                if !self.may_use_own_password(key, origin, &verifier).await {
                    return Ok(Proven::Wrong(LoginRefusal::TooManyTries));
                }
                (known.welcome(Credential::own), signature)
            }
        };
        Ok(match login {
            Login::Welcome(welcome) => Proven::Right { welcome, signature },
            Login::Refused(refusal) => Proven::Wrong(refusal),
        })
    }

    /// A wrong password uses up a try.
    fn wrong_proof(&self, account: AccountKey, origin: Origin) -> LoginRefusal {
        match self.logins.tries.take(account, Some(origin), self.clock.now()) {
            true => LoginRefusal::BadCredentials,
            false => LoginRefusal::TooManyTries,
        }
    }

    /// A person's own password is right: where others have used up the tries, only if it was right before.
    async fn may_use_own_password(&self, account: AccountKey, origin: Origin, verifier: &Verifier) -> bool {
        let mut hasher = blake3::Hasher::new_keyed(&self.logins.key);
        hasher.update(b"scram").update(&account).update(&verifier.stored_key);
        let key = *hasher.finalize().as_bytes();
        if self.logins.proven.get(&key).await.is_some() {
            return true;
        }
        if !self.logins.tries.take(account, Some(origin), self.clock.now()) {
            return false;
        }
        self.logins.tries.give_back(account);
        self.logins.proven.insert(key, ()).await;
        true
    }

    /// The verifiers of a new app password: as it is shown, and without its hyphens. Clients send what was typed.
    pub(in crate::domain) async fn app_password_verifiers(
        &self,
        user: &UserId,
        secret: &AppSecret,
    ) -> Result<Vec<Verifier>, Fault> {
        let parameters = self.scram_parameters().await?;
        let (salt, rounds) = (salt(parameters, "user", user.as_str()), rounds(parameters));
        let forms = [secret.shown(), secret.typed()];
        self.logins.work_out(move || forms.iter().filter_map(|form| Verifier::of(form, &salt, rounds)).collect()).await
    }

    /// Keeps verifiers of the password that people have been given, as long as its hash is the one that is kept of it. Nothing
    /// is kept where SCRAM is not offered: argon2 is harder to guess by.
    pub async fn keep_verifiers(&self, users: &[UserId], hash: &PasswordHash, password: &Secret) -> Result<(), Fault> {
        let is_scram = |mechanism: &Mechanism| matches!(mechanism, Mechanism::ScramSha256 | Mechanism::ScramSha256Plus);
        if !self.config.login.mechanisms.iter().any(is_scram) {
            return Ok(());
        }
        let parameters = self.scram_parameters().await?;
        let rounds = rounds(parameters);
        let salted: Vec<_> = users.iter().map(|user| (user.clone(), salt(parameters, "user", user.as_str()))).collect();
        let password = password.clone();
        let verifiers = self
            .logins
            .work_out(move || {
                let of = |(user, salt)| Some((user, Verifier::of(&password, &salt, rounds)?));
                salted.into_iter().filter_map(of).collect::<Vec<_>>()
            })
            .await?;
        if verifiers.is_empty() {
            return Ok(());
        }
        self.store
            .write(Durability::Synced, (verifiers, hash.clone()), |tx, (verifiers, hash)| {
                Box::pin(async move {
                    for (user, verifier) in verifiers {
                        scram::keep_own(tx, user, hash.as_str(), verifier).await?;
                    }
                    Ok::<_, StoreError>(())
                })
            })
            .await?;
        Ok(())
    }

    /// The same for somebody who has just logged in with a password that SCRAM does not know yet. Mail can be read while
    /// nothing can be written.
    pub(super) async fn keep_missing_verifier(&self, account: &Account, hash: &PasswordHash, password: &Secret) {
        if account.has_verifier {
            return;
        }
        if let Err(error) = self.keep_verifiers(std::slice::from_ref(&account.user.id), hash, password).await {
            tracing::warn!(%error, "a password was not made known to SCRAM");
        }
    }

    /// The store's secret and number of rounds, made when they are first needed.
    async fn scram_parameters(&self) -> Result<&Parameters, Fault> {
        self.logins
            .scram
            .get_or_try_init(|| async {
                if let Some(known) = self.store.read((), |tx, ()| Box::pin(scram::parameters(tx))).await? {
                    return Ok(known);
                }
                let new = Parameters { secret: random()?, iterations: self.config.login.scram_iterations };
                let known = self
                    .store
                    .write(Durability::Synced, new, |tx, new| {
                        Box::pin(async move {
                            scram::begin(tx, new).await?;
                            scram::parameters(tx).await
                        })
                    })
                    .await?;
                known.ok_or_else(|| Fault::Worker("the store keeps no secret for SCRAM".to_owned()))
            })
            .await
    }
}

fn rounds(parameters: &Parameters) -> NonZeroU32 {
    NonZeroU32::new(parameters.iterations).unwrap_or(NonZeroU32::MIN)
}

fn salt(parameters: &Parameters, kind: &str, name: &str) -> [u8; SALT_BYTES] {
    let mut hasher = blake3::Hasher::new_keyed(&parameters.secret);
    hasher.update(kind.as_bytes()).update(&[0]).update(name.as_bytes());
    let mut salt = [0; SALT_BYTES];
    hasher.finalize_xof().fill(&mut salt);
    salt
}
