//! Who is it: a password, an app password, a proof or a token → a person. Owner of tries and of remembered credentials.
//!
//! An app password is 140 random bits: one exact lookup finds it. A password that a person chose is checked with argon2,
//! off the async threads, a few at a time; what a check found is remembered for minutes under a key that only this
//! process knows and that changes with the stored hash, so a phone that comes back all day costs one point query, and a
//! phone that keeps an old password uses up one try. Tries are counted by account, never by IP address: a whole school
//! sits behind one. A password that was right before and an app password come in whatever the tries, so nobody can lock
//! somebody else's devices out.
//!
//! | file | what |
//! | --- | --- |
//! | here | passwords: checked, remembered |
//! | `scram` | proofs of a password |
//! | `bearer` | tokens that the ENT gives out |
//! | `page`, `by_ent` | the person's page: sessions; signing in through the ENT |
//! | `welcome` | who came in, and with what: every way to log in ends there |
//! | `caller` | who is connected: protocol, address, what the client says it is |
//! | `cloud` | apps whose maker's servers hold the password |
//! | `last_use` | when each device was last used |
//! | `admission` | a place for the session of who came in |
//! | `counted` | the ways to log in, counted |
//! | `sessions` | who is connected, and what cuts it |
//! | `standing` | sessions whose password was changed or revoked end, on every gateway |
//! | `tries` | wrong passwords, counted |
//! | `letter` | the letter that warns of such an app |
//! | `password`, `app_secret` | pure: what is kept of a password |

mod admission;
pub(in crate::domain) mod app_secret;
mod bearer;
mod by_ent;
mod caller;
mod cloud;
mod counted;
mod last_use;
mod letter;
mod page;
pub(in crate::domain) mod password;
mod scram;
mod sessions;
mod standing;
mod tries;
mod welcome;

use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache;
use tokio::sync::{OnceCell, Semaphore};

use self::app_secret::AppSecret;
pub use self::bearer::TokenLogin;
pub use self::by_ent::{SignInAnswer, SignInSeed, SignedIn};
pub use self::caller::Caller;
pub use self::page::{PageSession, PageToken};
use self::password::PasswordHash;
pub use self::scram::Proven;
use self::sessions::Sessions;
pub use self::sessions::{Admission, Cut};
use self::tries::{Origin, Tries};
pub use self::welcome::{Credential, Login, LoginRefusal, Welcome};
use super::{Fault, Gateway};
use crate::config::LoginConfig;
use crate::model::{Secret, Timestamp};
use crate::store::people::credentials::{self, Account, AppPassword};
use crate::store::people::scram::Parameters;

/// Checks remembered at most: about 100 octets each.
const REMEMBERED_MAX: u64 = 200_000;
/// How long somebody may be away before wrong tries of others can keep them out.
const PROVEN_FOR: Duration = Duration::from_secs(30 * 24 * 3600);
/// Remembered credentials and tries.
pub struct Logins {
    /// Known to this process only.
    key: [u8; 32],
    remembered: Cache<[u8; 32], Checked>,
    /// Microseconds.
    remember: i64,
    /// Passwords that were right once, under the same keys: they are checked again, and use no try.
    proven: Cache<[u8; 32], ()>,
    hashes: Arc<Semaphore>,
    tries: Tries,
    /// As the store has them.
    scram: OnceCell<Parameters>,
    pub(in crate::domain) sessions: Sessions,
    noted: last_use::Noted,
    told: cloud::Told,
}

/// What a check found.
#[derive(Clone, Copy, Debug)]
struct Checked {
    right: bool,
    until: Timestamp,
}

/// Why a password was not checked.
#[derive(Debug, thiserror::Error)]
enum Unchecked {
    #[error("too many tries")]
    TooManyTries,
    #[error(transparent)]
    Fault(Fault),
}

/// Whose tries and remembered passwords: a person's, or those of a name that is nobody's.
type AccountKey = [u8; 32];

impl Logins {
    pub(super) fn new(config: &LoginConfig) -> Result<Self, Fault> {
        let remember = Duration::from_secs(config.remember_seconds);
        Ok(Self {
            key: random()?,
            remembered: Cache::builder().max_capacity(REMEMBERED_MAX).time_to_live(remember).build(),
            proven: Cache::builder().max_capacity(REMEMBERED_MAX).time_to_idle(PROVEN_FOR).build(),
            remember: i64::try_from(remember.as_micros()).unwrap_or(i64::MAX),
            hashes: Arc::new(Semaphore::new(config.hashes_at_once_max.max(1))),
            tries: Tries::new(config),
            scram: OnceCell::new(),
            sessions: Sessions::default(),
            noted: last_use::Noted::new(),
            told: cloud::Told::new(),
        })
    }

    /// Hashes a password off the async threads, when it is its turn.
    pub(in crate::domain) async fn hash(&self, password: Secret) -> Result<PasswordHash, Fault> {
        let salt = random()?;
        self.work_out(move || password::hash(&password, &salt)).await?.map_err(Fault::Worker)
    }

    /// Is the password right? Remembered, or checked now: once, however many ask at the same time.
    async fn check(
        &self,
        account: AccountKey,
        hash: &PasswordHash,
        password: &Secret,
        origin: Option<Origin>,
        now: Timestamp,
    ) -> Result<bool, Arc<Unchecked>> {
        let key = self.remembered_key(&account, hash, password);
        if let Some(checked) = self.remembered.get(&key).await {
            if checked.until > now {
                return Ok(checked.right);
            }
            self.remembered.invalidate(&key).await;
        }
        let checking = self.check_now(key, account, hash, password, origin, now);
        let checked = self.remembered.try_get_with(key, checking).await?;
        Ok(checked.right)
    }

    /// Takes a try first, so that many checks at once cannot be more than the limit; a right password gives it back. One
    /// that was right before needs none: whoever has it is not guessing.
    async fn check_now(
        &self,
        key: [u8; 32],
        account: AccountKey,
        hash: &PasswordHash,
        password: &Secret,
        origin: Option<Origin>,
        now: Timestamp,
    ) -> Result<Checked, Unchecked> {
        let proven = self.proven.get(&key).await.is_some();
        if !proven && !self.tries.take(account, origin, now) {
            return Err(Unchecked::TooManyTries);
        }
        let (hash, password) = (hash.clone(), password.clone());
        let right = self
            .work_out(move || password::verify(&hash, &password))
            .await
            .and_then(|verified| verified.map_err(Fault::Worker))
            .map_err(Unchecked::Fault)?;
        if right {
            self.proven.insert(key, ()).await;
            if !proven {
                self.tries.give_back(account);
            }
        }
        Ok(Checked { right, until: Timestamp(now.0.saturating_add(self.remember)) })
    }

    fn remembered_key(&self, account: &AccountKey, hash: &PasswordHash, password: &Secret) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        // PHC strings hold no NUL.
        hasher.update(account).update(hash.as_str().as_bytes()).update(&[0]).update(password.expose());
        *hasher.finalize().as_bytes()
    }

    fn account_key(&self, kind: &str, name: &str) -> AccountKey {
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        hasher.update(kind.as_bytes()).update(&[0]).update(name.as_bytes());
        *hasher.finalize().as_bytes()
    }

    /// Runs a hash on a thread for slow work. The place is kept until it ends, even where nobody waits for it any more.
    async fn work_out<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Fault> {
        let place = Arc::clone(&self.hashes).acquire_owned().await.map_err(|error| Fault::Worker(error.to_string()))?;
        tokio::task::spawn_blocking(move || {
            let _place = place;
            work()
        })
        .await
        .map_err(|error| Fault::Worker(error.to_string()))
    }
}

impl Gateway {
    /// Checks a password. `name` is an address at our domain, a login or an alias, in any case.
    pub async fn log_in(&self, name: &str, password: &Secret) -> Result<Login, Fault> {
        self.log_in_at(None, name, password).await
    }

    /// The same, from where the client is.
    async fn log_in_at(&self, origin: Option<Origin>, name: &str, password: &Secret) -> Result<Login, Fault> {
        let known = self.look_up(name).await?;
        if let Some(device) = self.app_password(known.account.as_ref(), password).await? {
            return Ok(known.welcome(|_| Credential::Device(Box::new(device))));
        }
        // Nobody, and somebody without a password, cost the same work as anybody else.
        let key = match &known.account {
            Some(account) => self.logins.account_key("user", account.user.id.as_str()),
            None => self.logins.account_key("name", &known.name),
        };
        let hash = known.account.as_ref().and_then(|account| account.password_hash.clone());
        let could_be_right = hash.is_some();
        let hash = hash.map_or_else(PasswordHash::of_nobody, PasswordHash::from_store);
        match self.logins.check(key, &hash, password, origin, self.clock.now()).await {
            Ok(right) if right && could_be_right => {
                if let Some(account) = &known.account {
                    self.keep_missing_verifier(account, &hash, password).await;
                }
                Ok(known.welcome(Credential::own))
            }
            Ok(_) => Ok(Login::Refused(LoginRefusal::BadCredentials)),
            Err(unchecked) => match &*unchecked {
                Unchecked::TooManyTries => Ok(Login::Refused(LoginRefusal::TooManyTries)),
                Unchecked::Fault(fault) => Err(Fault::Worker(fault.to_string())),
            },
        }
    }

    /// The name as addresses are kept: lower case, without our domain. With another domain it is nobody's.
    pub(in crate::domain) fn local_part_of_name(&self, name: &str) -> String {
        let name = name.trim().to_lowercase();
        match name.rsplit_once('@') {
            Some((local_part, domain)) if self.is_our_domain(domain) => local_part.to_owned(),
            _ => name,
        }
    }

    /// The app password of this account that it is, where it is one in use.
    async fn app_password(&self, account: Option<&Account>, password: &Secret) -> Result<Option<AppPassword>, Fault> {
        let Some(secret) = AppSecret::read(password) else { return Ok(None) };
        let found =
            self.store.read(secret.hash(), |tx, hash| Box::pin(credentials::live_app_password(tx, hash))).await?;
        Ok(found.zip(account).filter(|(found, account)| found.user == account.user.id).map(|(found, _)| found))
    }
}

/// Random octets from the operating system.
pub(in crate::domain) fn random<const SIZE: usize>() -> Result<[u8; SIZE], Fault> {
    let mut octets = [0; SIZE];
    getrandom::fill(&mut octets).map_err(|error| Fault::Worker(format!("random numbers: {error}")))?;
    Ok(octets)
}
