//! Words of IMAP's CAPABILITY that one device is not shown: for a client that stumbles over one of them, where all others
//! should have it (RFC 9051 §7.2.2). And words that a setting hides from everybody, shown to one device. Kept with the device's app password; counts from its next login on.

use crate::domain::{Fault, Gateway};
use crate::model::{UserId, WordChoice};
use crate::store::people::credentials::{self, AppPassword};
use crate::store::{Durability, StoreError, Tx};

/// Words hidden from one device.
const WORDS_MAX: usize = 100;
/// Octets of one word.
const WORD_BYTES_MAX: usize = 64;

/// What becomes of the words of a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeviceWords {
    /// These are hidden too.
    Hide(Vec<String>),
    /// These are shown again, also where a setting hides them from everybody; none: nothing is hidden from this device alone.
    Show(Vec<String>),
}

/// Why the words of a device are as they were.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WordsRefusal {
    #[error("{0:?} is no word of CAPABILITY")]
    NoWord(String),
    #[error("no more than {WORDS_MAX} words can be hidden from one device")]
    TooMany,
    #[error("there is no app password {0} in use")]
    NoSuchDevice(String),
    #[error("several app passwords are called {0}: give the id")]
    Ambiguous(String),
}

impl DeviceWords {
    fn given(&self) -> &[String] {
        let (Self::Hide(words) | Self::Show(words)) = self;
        words
    }

    /// What holds then: upper case, in order. `from_all`: what everybody else is not shown.
    fn applied_to(&self, words: &WordChoice, from_all: &[String]) -> WordChoice {
        let given: Vec<String> = self.given().iter().map(|word| word.to_ascii_uppercase()).collect();
        let others = |words: &[String]| words.iter().filter(|word| !given.contains(word)).cloned().collect();
        let (hidden, shown): (Vec<String>, Vec<String>) = match self {
            Self::Hide(_) => ([&words.hidden[..], &given].concat(), others(&words.shown)),
            Self::Show(_) if given.is_empty() => (Vec::new(), words.shown.clone()),
            Self::Show(_) => {
                let is_hidden = |word: &&String| from_all.iter().any(|hidden| hidden.eq_ignore_ascii_case(word));
                let more: Vec<String> = given.iter().filter(is_hidden).cloned().collect();
                (others(&words.hidden), [&words.shown[..], &more].concat())
            }
        };
        let in_order = |mut words: Vec<String>| {
            words.sort_unstable();
            words.dedup();
            words
        };
        WordChoice { hidden: in_order(hidden), shown: in_order(shown) }
    }
}

/// RFC 9051 `capability`: an atom.
fn is_word(word: &str) -> bool {
    let is_char = |byte: u8| byte.is_ascii_graphic() && !b"(){%*\"\\]".contains(&byte);
    (1..=WORD_BYTES_MAX).contains(&word.len()) && word.bytes().all(is_char)
}

impl Gateway {
    /// Hides words from a device, or shows them again. `device`: the id of an app password in use, or its device's name
    /// in any case. Gives it as it is then.
    pub async fn change_device_words(
        &self,
        user: &UserId,
        device: &str,
        change: DeviceWords,
    ) -> Result<Result<AppPassword, WordsRefusal>, Fault> {
        if let Some(word) = change.given().iter().find(|word| !is_word(word)) {
            return Ok(Err(WordsRefusal::NoWord(word.clone())));
        }
        let input = (user.clone(), device.to_owned(), change, self.config.imap.hidden_capabilities.clone());
        let changed = self.store.write(Durability::Synced, input, |tx, input| Box::pin(change_words(tx, input)));
        Ok(changed.await?)
    }
}

async fn change_words(
    tx: &mut Tx<'_>,
    (user, device, change, from_all): &(UserId, String, DeviceWords, Vec<String>),
) -> Result<Result<AppPassword, WordsRefusal>, StoreError> {
    let mut in_use = credentials::app_passwords(tx, user).await?;
    in_use.retain(|password| password.revoked_at.is_none());
    let by_name = |password: &&AppPassword| password.device_name.to_lowercase() == device.to_lowercase();
    let found = match in_use.iter().find(|password| password.id == *device) {
        Some(password) => Some(password),
        None if in_use.iter().filter(by_name).count() > 1 => {
            return Ok(Err(WordsRefusal::Ambiguous(device.clone())));
        }
        None => in_use.iter().find(by_name),
    };
    let Some(password) = found else { return Ok(Err(WordsRefusal::NoSuchDevice(device.clone()))) };
    let words = change.applied_to(&password.words, from_all);
    if words.hidden.len() > WORDS_MAX {
        return Ok(Err(WordsRefusal::TooMany));
    }
    credentials::set_words(tx, &password.id, &words).await?;
    Ok(Ok(AppPassword { words, ..password.clone() }))
}
