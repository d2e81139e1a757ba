//! Every sentence that a person may read, in French and in English. Nowhere else.
//!
//! One line each: they go into SMTP replies and IMAP responses. [`ascii`] is for places where the protocol asks for ASCII.

use serde::Deserialize;
use unicode_normalization::UnicodeNormalization;

/// The language of sentences.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    #[default]
    Fr,
    En,
}

/// What there is to say. Names and addresses are the only things put in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sentence {
    /// No such person or group.
    UnknownRecipient {
        address: String,
    },
    /// The address is not in the ENT.
    OutsideEnt {
        address: String,
    },
    /// The rules of the school do not allow it.
    NotAllowed {
        recipient: String,
    },
    /// The person may not receive any more (left or suspended).
    RecipientSuspended {
        recipient: String,
    },
    /// Last year's group.
    GroupClosed {
        group: String,
    },
    /// Nobody in it who could receive.
    GroupEmpty {
        group: String,
    },
    /// A broadcast list must be in Bcc.
    SenderNotYours {
        address: String,
    },
    /// Header From is missing, several, or not the person's own.
    FromNotYours {
        address: String,
    },
    FromMissing,
    FromSeveral,
    AccountSuspended,
    BadCredentials,
    TooManyTries,
    TlsRequired,
    MessageTooLarge {
        bytes_max: u64,
    },
    TooManyRecipients {
        max: usize,
    },
    TooManyPeople {
        max: usize,
    },
    QuotaExceeded,
    TryLater,
}

impl Sentence {
    /// The sentence in a language, accents included.
    pub fn text(&self, language: Language) -> String {
        match language {
            Language::Fr => self.french(),
            Language::En => self.english(),
        }
    }

    fn french(&self) -> String {
        match self {
            Self::UnknownRecipient { address } => {
                format!("Destinataire inconnu : personne n'a l'adresse {address} dans l'ENT.")
            }
            Self::OutsideEnt { address } => format!(
                "Envoi refusé : {address} n'est pas une adresse de l'ENT, et la messagerie ne communique pas avec internet."
            ),
            Self::NotAllowed { recipient } => format!(
                "Envoi refusé : les règles de communication de l'établissement ne vous permettent pas d'écrire à {recipient}."
            ),
            Self::RecipientSuspended { recipient } => {
                format!("Envoi refusé : le compte de {recipient} est suspendu et ne reçoit plus de messages.")
            }
            Self::GroupClosed { group } => format!("Envoi refusé : le groupe {group} est celui d'une année terminée."),
            Self::GroupEmpty { group } => format!("Envoi refusé : le groupe {group} n'a aucun membre."),
            Self::SenderNotYours { address } => {
                format!("Envoi refusé : {address} n'est pas votre adresse d'expéditeur.")
            }
            Self::FromNotYours { address } => {
                format!("Envoi refusé : l'expéditeur affiché {address} n'est pas votre adresse.")
            }
            Self::FromMissing => "Envoi refusé : le message n'indique pas d'expéditeur (From).".to_owned(),
            Self::FromSeveral => "Envoi refusé : le message indique plusieurs expéditeurs (From).".to_owned(),
            Self::AccountSuspended => "Ce compte est suspendu. Adressez-vous à votre établissement.".to_owned(),
            Self::BadCredentials => "Identifiant ou mot de passe incorrect.".to_owned(),
            Self::TooManyTries => "Trop d'essais de mot de passe : patientez quelques minutes.".to_owned(),
            Self::TlsRequired => "Connexion chiffrée (TLS) obligatoire avant le mot de passe.".to_owned(),
            Self::MessageTooLarge { bytes_max } => {
                format!("Message trop volumineux : la limite est de {} Mo.", bytes_max >> 20)
            }
            Self::TooManyRecipients { max } => format!("Trop de destinataires : {max} au plus par message."),
            Self::TooManyPeople { max } => format!("Envoi refusé : ce message toucherait plus de {max} personnes."),
            Self::QuotaExceeded => {
                "Votre espace de stockage est plein : supprimez des messages, puis videz la corbeille.".to_owned()
            }
            Self::TryLater => "Service momentanément indisponible : réessayez dans quelques minutes.".to_owned(),
        }
    }

    fn english(&self) -> String {
        match self {
            Self::UnknownRecipient { address } => {
                format!("Unknown recipient: nobody has the address {address} in the ENT.")
            }
            Self::OutsideEnt { address } => format!(
                "Refused: {address} is not an address of the ENT, which does not exchange mail with the internet."
            ),
            Self::NotAllowed { recipient } => {
                format!("Refused: the school's communication rules do not let you write to {recipient}.")
            }
            Self::RecipientSuspended { recipient } => {
                format!("Refused: the account of {recipient} is suspended and receives no more messages.")
            }
            Self::GroupClosed { group } => format!("Refused: the group {group} belongs to a past school year."),
            Self::GroupEmpty { group } => format!("Refused: the group {group} has no member."),
            Self::SenderNotYours { address } => format!("Refused: {address} is not your sender address."),
            Self::FromNotYours { address } => format!("Refused: the shown sender {address} is not your address."),
            Self::FromMissing => "Refused: the message names no sender (From).".to_owned(),
            Self::FromSeveral => "Refused: the message names several senders (From).".to_owned(),
            Self::AccountSuspended => "This account is suspended. Please ask your school.".to_owned(),
            Self::BadCredentials => "Wrong user name or password.".to_owned(),
            Self::TooManyTries => "Too many tries: please wait a few minutes.".to_owned(),
            Self::TlsRequired => "An encrypted connection (TLS) is required before the password.".to_owned(),
            Self::MessageTooLarge { bytes_max } => format!("Message too large: the limit is {} MB.", bytes_max >> 20),
            Self::TooManyRecipients { max } => format!("Too many recipients: {max} at most per message."),
            Self::TooManyPeople { max } => format!("Refused: this message would reach more than {max} people."),
            Self::QuotaExceeded => "Your mailbox space is full: delete messages, then empty the trash.".to_owned(),
            Self::TryLater => "Temporarily unavailable: please try again in a few minutes.".to_owned(),
        }
    }
}

/// The same sentence in ASCII: accents dropped, anything else replaced by `?` (IMAP `text` before UTF8=ACCEPT).
pub fn ascii(sentence: &str) -> String {
    sentence
        .nfd()
        .filter(|c| !unicode_normalization::char::is_combining_mark(*c))
        .map(|c| match c {
            '’' | '‘' => '\'',
            '«' | '»' | '“' | '”' => '"',
            '\u{a0}' | '\u{202f}' => ' ',
            c if c.is_ascii() && !c.is_ascii_control() => c,
            _ => '?',
        })
        .collect()
}
