//! What the JSON API says where it cannot do what was asked (RFC 9457): a name that programs know it by, and a sentence for
//! whoever looks at it.

use super::Language;

/// Why not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ApiProblem {
    NoToken,
    BadToken,
    /// The token lacks this scope.
    Scope(&'static str),
    NoSuchPath,
    BadMethod,
    NoSuchPerson,
    NoSuchDevice,
    NoSuchLetter,
    NoSuchSchool,
    /// What cannot be read, in a developer's words.
    BadRequest(String),
    TooLarge {
        bytes_max: usize,
    },
    TooMany {
        max: usize,
    },
    TooFast {
        seconds: u64,
    },
    TooManyStreams,
    ServerFull,
    /// A person's letter has been recalled already.
    AlreadyRecalled,
    NotSuspended,
    BadDeviceName,
    /// The Idempotency-Key is that of another request.
    KeyOfAnother,
    /// Whether it was done is not known.
    KeyUnfinished,
    /// So many lines of the directory cannot be.
    DirectoryRefused(usize),
    /// So many people would be suspended.
    DirectoryStopped(usize),
    Unavailable,
}

impl ApiProblem {
    /// The last part of `type`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::NoToken => "no-token",
            Self::BadToken => "bad-token",
            Self::Scope(_) => "scope",
            Self::NoSuchPath => "no-such-path",
            Self::BadMethod => "bad-method",
            Self::NoSuchPerson => "no-such-person",
            Self::NoSuchDevice => "no-such-device",
            Self::NoSuchLetter => "no-such-message",
            Self::NoSuchSchool => "no-such-school",
            Self::BadRequest(_) => "bad-request",
            Self::TooLarge { .. } => "too-large",
            Self::TooMany { .. } => "too-many",
            Self::TooFast { .. } => "too-fast",
            Self::TooManyStreams => "too-many-streams",
            Self::ServerFull => "server-full",
            Self::AlreadyRecalled => "already-recalled",
            Self::NotSuspended => "not-suspended",
            Self::BadDeviceName => "bad-device-name",
            Self::KeyOfAnother => "key-of-another-request",
            Self::KeyUnfinished => "outcome-unknown",
            Self::DirectoryRefused(_) => "directory-refused",
            Self::DirectoryStopped(_) => "directory-stopped",
            Self::Unavailable => "unavailable",
        }
    }

    /// What happened.
    pub fn title(&self, language: Language) -> String {
        match language {
            Language::Fr => self.french(),
            Language::En => self.english(),
        }
    }

    fn french(&self) -> String {
        match self {
            Self::NoToken => "Un jeton d’accès est nécessaire : « Authorization: Bearer … ».".to_owned(),
            Self::BadToken => "Ce jeton n’est pas valable ici : inconnu, expiré ou révoqué.".to_owned(),
            Self::Scope(scope) => format!("Ce jeton n’a pas la portée « {scope} »."),
            Self::NoSuchPath => "Cette adresse n’existe pas.".to_owned(),
            Self::BadMethod => "Cette méthode n’est pas prévue ici.".to_owned(),
            Self::NoSuchPerson => "Cette personne n’est pas connue.".to_owned(),
            Self::NoSuchDevice => "Cette personne n’a pas cet appareil.".to_owned(),
            Self::NoSuchLetter => "Cette personne n’a pas envoyé ce message.".to_owned(),
            Self::NoSuchSchool => "Cet établissement n’est pas connu.".to_owned(),
            Self::BadRequest(_) => "La demande ne peut pas être lue.".to_owned(),
            Self::TooLarge { bytes_max } => format!("La demande dépasse {bytes_max} octets."),
            Self::TooMany { max } => format!("Une demande peut nommer {max} personnes au plus."),
            Self::TooFast { seconds } => format!("Trop de demandes : réessayez dans {seconds} s."),
            Self::TooManyStreams => "Ce jeton a déjà trop de flux ouverts.".to_owned(),
            Self::ServerFull => "Tous les flux de ce serveur sont pris : réessayez plus tard.".to_owned(),
            Self::AlreadyRecalled => "Ce message a déjà été rappelé.".to_owned(),
            Self::NotSuspended => "Rien de tel n’est suspendu pour cette portée exacte.".to_owned(),
            Self::BadDeviceName => "Le nom de l’appareil doit avoir de 1 à 100 caractères.".to_owned(),
            Self::KeyOfAnother => "Cette clé « Idempotency-Key » est celle d’une autre demande.".to_owned(),
            Self::KeyUnfinished => {
                "Une demande de même clé est en cours, ou son issue n’est pas connue : vérifiez avant de recommencer."
                    .to_owned()
            }
            Self::DirectoryRefused(problems) => {
                format!("L’annuaire n’a pas été changé : {problems} problème(s) à corriger.")
            }
            Self::DirectoryStopped(people) => {
                format!("L’annuaire n’a pas été changé : {people} personne(s) seraient suspendues.")
            }
            Self::Unavailable => "Le service est momentanément indisponible : réessayez plus tard.".to_owned(),
        }
    }

    fn english(&self) -> String {
        match self {
            Self::NoToken => "A token is needed: \"Authorization: Bearer …\".".to_owned(),
            Self::BadToken => "This token is not valid here: unknown, expired or revoked.".to_owned(),
            Self::Scope(scope) => format!("This token lacks the scope \"{scope}\"."),
            Self::NoSuchPath => "There is nothing at this address.".to_owned(),
            Self::BadMethod => "This method is not provided here.".to_owned(),
            Self::NoSuchPerson => "This person is not known.".to_owned(),
            Self::NoSuchDevice => "This person has no such device.".to_owned(),
            Self::NoSuchLetter => "This person sent no such message.".to_owned(),
            Self::NoSuchSchool => "This school is not known.".to_owned(),
            Self::BadRequest(_) => "The request cannot be read.".to_owned(),
            Self::TooLarge { bytes_max } => format!("The request has more than {bytes_max} octets."),
            Self::TooMany { max } => format!("A request may name {max} people at most."),
            Self::TooFast { seconds } => format!("Too many requests: try again in {seconds} s."),
            Self::TooManyStreams => "This token has too many streams open already.".to_owned(),
            Self::ServerFull => "All streams of this server are taken: try again later.".to_owned(),
            Self::AlreadyRecalled => "This message has been recalled already.".to_owned(),
            Self::NotSuspended => "Nothing of the kind is suspended for exactly this scope.".to_owned(),
            Self::BadDeviceName => "The name of the device must have 1 to 100 characters.".to_owned(),
            Self::KeyOfAnother => "This Idempotency-Key is that of another request.".to_owned(),
            Self::KeyUnfinished => {
                "A request with this key is under way, or its outcome is not known: look before you do it again."
                    .to_owned()
            }
            Self::DirectoryRefused(problems) => format!("The directory was not changed: {problems} problem(s)."),
            Self::DirectoryStopped(people) => {
                format!("The directory was not changed: {people} people would be suspended.")
            }
            Self::Unavailable => "The service is not available for the moment: try again later.".to_owned(),
        }
    }

    /// More, for developers, where there is more to say.
    pub fn detail(&self) -> Option<&str> {
        match self {
            Self::BadRequest(what) => Some(what),
            _ => None,
        }
    }
}
