//! Every sentence that a person may read, in French and in English. Nowhere else.
//!
//! One line each: they go into SMTP replies and IMAP responses. [`ascii`] is for places where the protocol asks for ASCII.

use serde::Deserialize;
use unicode_normalization::UnicodeNormalization;

use crate::model::Limit;

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
    /// A broadcast list, and the sender's profile may write to none.
    ListNotAllowed {
        group: String,
    },
    /// A broadcast list must be in Bcc.
    ListInSight {
        group: String,
    },
    /// The person may be written to in answer to a message only, and this is none.
    NotAnAnswer {
        recipient: String,
    },
    /// Nobody may answer the message that this one answers.
    NoReply,
    /// The live ENT, which decides, gives no answer.
    RulesAway,
    /// The sender's profile may not send messages that nobody may answer.
    NoReplyNotAllowed,
    /// MAIL FROM or the header's Sender is not the person's own.
    SenderNotYours {
        address: String,
    },
    /// Header From is not the person's own.
    FromNotYours {
        address: String,
    },
    FromMissing,
    FromSeveral,
    /// The header cannot be read in one way only.
    HeaderUnreadable,
    HeaderTooLarge {
        bytes_max: usize,
    },
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
    /// A command that only a person who has logged in may give.
    LoginRequired,
    /// Not an address that anybody could have.
    BadAddress {
        address: String,
    },
    /// A message whose every recipient was refused.
    NoRecipientLeft,
    /// A message with a CR or an LF by itself.
    BareLineEnd,
    /// The server ends the session: idle, stopping, or the person may not stay.
    SessionEnded,
    /// The message lies in every mailbox.
    Delivered,
    /// The message is kept, and is read when quiet hours end; `some`: others have it already.
    Waiting {
        opens: jiff::civil::DateTime,
        some: bool,
    },
    /// The person has sent as much as is allowed; when it is counted anew, on the school's clock.
    LimitReached {
        limit: Limit,
        max: u32,
        until: jiff::civil::DateTime,
    },
    TooManyConnections,
    NoSuchMailbox,
    MailboxExists,
    /// INBOX, Drafts, Sent or Trash.
    MailboxSpecial,
    MailboxDuplicatesSpecial,
    MailboxHasChildren,
    MailboxReadOnly,
    MailboxGone,
    TooManyMailboxes,
    MailboxTooDeep,
    MailboxNameTooLong,
    BadMailboxName,
    TooManyKeywords,
    /// The switch: nobody of the person's kind may send now.
    SendingOff,
    /// The switch: nobody of the person's kind may read now.
    ReadingOff,
}

impl Sentence {
    /// The sentence in a language, accents included.
    pub fn text(&self, language: Language) -> String {
        match language {
            Language::Fr => self.french(),
            Language::En => self.english(),
        }
    }

    #[expect(clippy::too_many_lines, reason = "a table: one arm for each sentence")]
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
            Self::ListNotAllowed { group } => {
                format!("Envoi refusé : votre profil ne permet pas d'écrire à la liste de diffusion {group}.")
            }
            Self::ListInSight { group } => {
                format!("Envoi refusé : mettez la liste de diffusion {group} en copie cachée (Cci), et seulement là.")
            }
            Self::NotAnAnswer { recipient } => format!(
                "Envoi refusé : vous ne pouvez écrire à {recipient} qu'en répondant à un message qui vous y autorise."
            ),
            Self::NoReply => "Envoi refusé : les réponses à ce message sont désactivées.".to_owned(),
            Self::RulesAway => {
                "Vos droits de communication ne peuvent pas être vérifiés : réessayez dans quelques minutes.".to_owned()
            }
            Self::NoReplyNotAllowed => {
                "Envoi refusé : votre profil ne permet pas de désactiver les réponses à un message.".to_owned()
            }
            Self::SenderNotYours { address } => {
                format!("Envoi refusé : {address} n'est pas votre adresse d'expéditeur.")
            }
            Self::FromNotYours { address } => {
                format!("Envoi refusé : l'expéditeur affiché {address} n'est pas votre adresse.")
            }
            Self::FromMissing => "Envoi refusé : le message n'indique pas d'expéditeur (From).".to_owned(),
            Self::FromSeveral => "Envoi refusé : le message indique plusieurs expéditeurs (From).".to_owned(),
            Self::HeaderUnreadable => "Envoi refusé : l'en-tête du message est mal formé.".to_owned(),
            Self::HeaderTooLarge { bytes_max } => {
                format!("Envoi refusé : l'en-tête du message dépasse {} Kio.", bytes_max >> 10)
            }
            Self::AccountSuspended => "Ce compte est suspendu. Adressez-vous à votre établissement.".to_owned(),
            Self::BadCredentials => "Identifiant ou mot de passe incorrect.".to_owned(),
            Self::TooManyTries => "Trop d'essais de mot de passe : patientez quelques minutes.".to_owned(),
            Self::TlsRequired => "Connexion chiffrée (TLS) obligatoire avant le mot de passe.".to_owned(),
            Self::MessageTooLarge { bytes_max } => {
                format!("Message trop volumineux : la limite est de {}.", amount(*bytes_max, "Mo", "Kio"))
            }
            Self::TooManyRecipients { max } => format!("Trop de destinataires : {max} au plus par message."),
            Self::TooManyPeople { max } => format!("Envoi refusé : ce message toucherait plus de {max} personnes."),
            Self::QuotaExceeded => {
                "Votre espace de stockage est plein : supprimez des messages, puis videz la corbeille.".to_owned()
            }
            Self::TryLater => "Service momentanément indisponible : réessayez dans quelques minutes.".to_owned(),
            Self::LoginRequired => "Identifiez-vous avant d'envoyer un message.".to_owned(),
            Self::BadAddress { address } => format!("Adresse incorrecte : {address}"),
            Self::NoRecipientLeft => "Message non envoyé : aucun destinataire n'a été accepté.".to_owned(),
            Self::BareLineEnd => "Envoi refusé : le message contient des fins de ligne incorrectes.".to_owned(),
            Self::SessionEnded => "Connexion fermée par le service : vous pouvez vous reconnecter.".to_owned(),
            Self::LimitReached { limit, max, until } => {
                let what = match limit {
                    Limit::MessagesPerHour => "messages par heure",
                    Limit::MessagesPerDay => "messages par jour",
                    Limit::PeoplePerMessage => "personnes par message",
                    Limit::PeoplePerDay => "personnes touchées par jour",
                    Limit::FirstTimePerDay => "nouveaux destinataires par jour",
                };
                format!("Limite atteinte : {max} {what}. Réessayez à partir du {}.", french_time(*until))
            }
            Self::Delivered => "Message remis.".to_owned(),
            Self::Waiting { opens, some: false } => {
                format!("Message accepté : il sera remis à partir du {}.", french_time(*opens))
            }
            Self::Waiting { opens, some: true } => {
                format!(
                    "Message remis, sauf à certains destinataires, qui l'auront à partir du {}.",
                    french_time(*opens)
                )
            }
            Self::TooManyConnections => "Trop de connexions ouvertes pour ce compte : fermez-en.".to_owned(),
            Self::NoSuchMailbox => "Ce dossier n'existe pas.".to_owned(),
            Self::MailboxExists => "Un dossier de ce nom existe déjà.".to_owned(),
            Self::MailboxSpecial => {
                "Ce dossier fait partie de la messagerie : il ne peut être ni supprimé ni renommé.".to_owned()
            }
            Self::MailboxDuplicatesSpecial => "La messagerie a déjà un dossier pour cet usage.".to_owned(),
            Self::MailboxHasChildren => "Ce dossier contient d'autres dossiers : supprimez-les d'abord.".to_owned(),
            Self::MailboxReadOnly => "Ce dossier est ouvert en lecture seule.".to_owned(),
            Self::MailboxGone => "Ce dossier vient d'être supprimé.".to_owned(),
            Self::TooManyMailboxes => "Trop de dossiers : supprimez-en avant d'en créer.".to_owned(),
            Self::MailboxTooDeep => "Trop de dossiers les uns dans les autres.".to_owned(),
            Self::MailboxNameTooLong => "Nom de dossier trop long.".to_owned(),
            Self::BadMailboxName => "Ce nom ne convient pas pour un dossier.".to_owned(),
            Self::TooManyKeywords => "Trop d'étiquettes sur un message.".to_owned(),
            Self::SendingOff => {
                "L'envoi de messages est suspendu pour le moment. Votre mot de passe reste valable.".to_owned()
            }
            Self::ReadingOff => {
                "La messagerie est suspendue pour le moment. Votre mot de passe reste valable.".to_owned()
            }
        }
    }

    #[expect(clippy::too_many_lines, reason = "a table: one arm for each sentence")]
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
            Self::ListNotAllowed { group } => {
                format!("Refused: your profile does not let you write to the broadcast list {group}.")
            }
            Self::ListInSight { group } => {
                format!("Refused: put the broadcast list {group} into Bcc, and nowhere else.")
            }
            Self::NotAnAnswer { recipient } => {
                format!("Refused: you may write to {recipient} only in answer to a message that lets you do so.")
            }
            Self::NoReply => "Refused: this message takes no answers.".to_owned(),
            Self::RulesAway => {
                "Your communication rights cannot be checked: please try again in a few minutes.".to_owned()
            }
            Self::NoReplyNotAllowed => {
                "Refused: your profile does not let you send messages that take no answers.".to_owned()
            }
            Self::SenderNotYours { address } => format!("Refused: {address} is not your sender address."),
            Self::FromNotYours { address } => format!("Refused: the shown sender {address} is not your address."),
            Self::FromMissing => "Refused: the message names no sender (From).".to_owned(),
            Self::FromSeveral => "Refused: the message names several senders (From).".to_owned(),
            Self::HeaderUnreadable => "Refused: the message's header is malformed.".to_owned(),
            Self::HeaderTooLarge { bytes_max } => {
                format!("Refused: the message's header exceeds {} KiB.", bytes_max >> 10)
            }
            Self::AccountSuspended => "This account is suspended. Please ask your school.".to_owned(),
            Self::BadCredentials => "Wrong user name or password.".to_owned(),
            Self::TooManyTries => "Too many tries: please wait a few minutes.".to_owned(),
            Self::TlsRequired => "An encrypted connection (TLS) is required before the password.".to_owned(),
            Self::MessageTooLarge { bytes_max } => {
                format!("Message too large: the limit is {}.", amount(*bytes_max, "MB", "KiB"))
            }
            Self::TooManyRecipients { max } => format!("Too many recipients: {max} at most per message."),
            Self::TooManyPeople { max } => format!("Refused: this message would reach more than {max} people."),
            Self::QuotaExceeded => "Your mailbox space is full: delete messages, then empty the trash.".to_owned(),
            Self::TryLater => "Temporarily unavailable: please try again in a few minutes.".to_owned(),
            Self::LoginRequired => "Please log in before you send a message.".to_owned(),
            Self::BadAddress { address } => format!("Not a valid address: {address}"),
            Self::NoRecipientLeft => "Message not sent: no recipient was accepted.".to_owned(),
            Self::BareLineEnd => "Refused: the message has malformed line ends.".to_owned(),
            Self::SessionEnded => "Connection closed by the service: you may connect again.".to_owned(),
            Self::LimitReached { limit, max, until } => {
                let what = match limit {
                    Limit::MessagesPerHour => "messages an hour",
                    Limit::MessagesPerDay => "messages a day",
                    Limit::PeoplePerMessage => "people a message",
                    Limit::PeoplePerDay => "people reached a day",
                    Limit::FirstTimePerDay => "new recipients a day",
                };
                format!("Limit reached: {max} {what}. Try again from {}.", english_time(*until))
            }
            Self::Delivered => "Message delivered.".to_owned(),
            Self::Waiting { opens, some: false } => {
                format!("Message accepted: it will be delivered from {}.", english_time(*opens))
            }
            Self::Waiting { opens, some: true } => {
                format!("Message delivered, except to some recipients, who will have it from {}.", english_time(*opens))
            }
            Self::TooManyConnections => "Too many open connections for this account: please close some.".to_owned(),
            Self::NoSuchMailbox => "This mailbox does not exist.".to_owned(),
            Self::MailboxExists => "A mailbox with this name exists already.".to_owned(),
            Self::MailboxSpecial => {
                "This mailbox belongs to the system: it can be neither deleted nor renamed.".to_owned()
            }
            Self::MailboxDuplicatesSpecial => "There is already a mailbox for this use.".to_owned(),
            Self::MailboxHasChildren => "This mailbox holds others: delete them first.".to_owned(),
            Self::MailboxReadOnly => "This mailbox is open read-only.".to_owned(),
            Self::MailboxGone => "This mailbox has just been deleted.".to_owned(),
            Self::TooManyMailboxes => "Too many mailboxes: delete some before you create one.".to_owned(),
            Self::MailboxTooDeep => "Too many mailboxes within each other.".to_owned(),
            Self::MailboxNameTooLong => "Mailbox name too long.".to_owned(),
            Self::BadMailboxName => "This name is no name for a mailbox.".to_owned(),
            Self::TooManyKeywords => "Too many keywords on one message.".to_owned(),
            Self::SendingOff => "Sending is suspended for now. Your password stays valid.".to_owned(),
            Self::ReadingOff => "The mail service is suspended for now. Your password stays valid.".to_owned(),
        }
    }
}

/// « lundi 23 novembre à 7 h 30 »
fn french_time(at: jiff::civil::DateTime) -> String {
    const DAYS: [&str; 7] = ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"];
    const MONTHS: [&str; 12] = [
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ];
    let name = |names: &[&'static str], offset: i8| {
        usize::try_from(offset).ok().and_then(|index| names.get(index).copied()).unwrap_or_default()
    };
    let day = name(&DAYS, at.weekday().to_monday_zero_offset());
    let number = if at.day() == 1 { "1er".to_owned() } else { at.day().to_string() };
    let minute = if at.minute() == 0 { String::new() } else { format!(" {:02}", at.minute()) };
    format!("{day} {number} {} à {} h{minute}", name(&MONTHS, at.month() - 1), at.hour())
}

/// `Monday 23 November, 7:30`
fn english_time(at: jiff::civil::DateTime) -> String {
    at.strftime("%A %-d %B, %-H:%M").to_string()
}

/// An amount of octets as people say it.
fn amount(bytes: u64, mega: &str, kilo: &str) -> String {
    match (bytes >> 20, bytes >> 10) {
        (0, 0) => format!("{bytes} octets"),
        (0, kilobytes) => format!("{kilobytes} {kilo}"),
        (megabytes, _) => format!("{megabytes} {mega}"),
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
