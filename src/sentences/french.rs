//! PURE: the sentences in French.

use super::{Sentence, amount};
use crate::model::{Limit, Profile};

/// The sentence, accents included.
#[expect(clippy::too_many_lines, reason = "a table: one arm for each sentence")]
pub(super) fn text(sentence: &Sentence) -> String {
    match sentence {
        Sentence::UnknownRecipient { address } => {
            format!("Destinataire inconnu : personne n'a l'adresse {address} dans l'ENT.")
        }
        Sentence::OutsideEnt { address } => format!(
            "Envoi refusé : {address} n'est pas une adresse de l'ENT, et la messagerie ne communique pas avec internet."
        ),
        Sentence::NotAllowed { recipient } => format!(
            "Envoi refusé : les règles de communication de l'établissement ne vous permettent pas d'écrire à {recipient}."
        ),
        Sentence::RecipientSuspended { recipient } => {
            format!("Envoi refusé : le compte de {recipient} est suspendu et ne reçoit plus de messages.")
        }
        Sentence::GroupClosed { group } => format!("Envoi refusé : le groupe {group} est celui d'une année terminée."),
        Sentence::GroupEmpty { group } => format!("Envoi refusé : le groupe {group} n'a aucun membre."),
        Sentence::ListNotAllowed { group } => {
            format!("Envoi refusé : votre profil ne permet pas d'écrire à la liste de diffusion {group}.")
        }
        Sentence::ListInSight { group } => {
            format!("Envoi refusé : mettez la liste de diffusion {group} en copie cachée (Cci), et seulement là.")
        }
        Sentence::NotAnAnswer { recipient } => format!(
            "Envoi refusé : vous ne pouvez écrire à {recipient} qu'en répondant à un message qui vous y autorise."
        ),
        Sentence::NoReply => "Envoi refusé : les réponses à ce message sont désactivées.".to_owned(),
        Sentence::RulesAway => {
            "Vos droits de communication ne peuvent pas être vérifiés : réessayez dans quelques minutes.".to_owned()
        }
        Sentence::NoReplyNotAllowed => {
            "Envoi refusé : votre profil ne permet pas de désactiver les réponses à un message.".to_owned()
        }
        Sentence::SenderNotYours { address } => {
            format!("Envoi refusé : {address} n'est pas votre adresse d'expéditeur.")
        }
        Sentence::FromNotYours { address } => {
            format!("Envoi refusé : l'expéditeur affiché {address} n'est pas votre adresse.")
        }
        Sentence::FromMissing => "Envoi refusé : le message n'indique pas d'expéditeur (From).".to_owned(),
        Sentence::FromSeveral => "Envoi refusé : le message indique plusieurs expéditeurs (From).".to_owned(),
        Sentence::HeaderUnreadable => "Envoi refusé : l'en-tête du message est mal formé.".to_owned(),
        Sentence::HeaderTooLarge { bytes_max } => {
            format!("Envoi refusé : l'en-tête du message dépasse {} Kio.", bytes_max >> 10)
        }
        Sentence::AccountSuspended => "Ce compte est suspendu. Adressez-vous à votre établissement.".to_owned(),
        Sentence::BadCredentials => "Identifiant ou mot de passe incorrect.".to_owned(),
        Sentence::TooManyTries => "Trop d'essais de mot de passe : patientez quelques minutes.".to_owned(),
        Sentence::TlsRequired => "Connexion chiffrée (TLS) obligatoire avant le mot de passe.".to_owned(),
        Sentence::MessageTooLarge { bytes_max } => {
            format!("Message trop volumineux : la limite est de {}.", amount(*bytes_max, "Mo", "Kio"))
        }
        Sentence::TooManyRecipients { max } => format!("Trop de destinataires : {max} au plus par message."),
        Sentence::TooManyPeople { max } => format!("Envoi refusé : ce message toucherait plus de {max} personnes."),
        Sentence::QuotaExceeded => {
            "Votre espace de stockage est plein : supprimez des messages, puis videz la corbeille.".to_owned()
        }
        Sentence::TryLater => "Service momentanément indisponible : réessayez dans quelques minutes.".to_owned(),
        Sentence::LoginRequired => "Identifiez-vous avant d'envoyer un message.".to_owned(),
        Sentence::BadAddress { address } => format!("Adresse incorrecte : {address}"),
        Sentence::NoRecipientLeft => "Message non envoyé : aucun destinataire n'a été accepté.".to_owned(),
        Sentence::BareLineEnd => "Envoi refusé : le message contient des fins de ligne incorrectes.".to_owned(),
        Sentence::SessionEnded => "Connexion fermée par le service : vous pouvez vous reconnecter.".to_owned(),
        Sentence::CloudApp => {
            "Refusé : cette application confie votre mot de passe à son éditeur. Utilisez-en une autre (voir le guide), \
             et changez ce mot de passe."
                .to_owned()
        }
        Sentence::PasswordChanged => {
            "Le mot de passe de ce compte a changé : reconnectez-vous avec le nouveau.".to_owned()
        }
        Sentence::DeviceRevoked => {
            "L'accès de cet appareil a été retiré : demandez un nouveau mot de passe d'application.".to_owned()
        }
        Sentence::LimitReached { limit, max, until } => {
            let what = match limit {
                Limit::MessagesPerHour => "messages par heure",
                Limit::MessagesPerDay => "messages par jour",
                Limit::PeoplePerMessage => "personnes par message",
                Limit::PeoplePerDay => "personnes touchées par jour",
                Limit::FirstTimePerDay => "nouveaux destinataires par jour",
            };
            format!("Limite atteinte : {max} {what}. Réessayez à partir du {}.", time(*until))
        }
        Sentence::Delivered => "Message remis.".to_owned(),
        Sentence::Waiting { opens, some: false } => {
            format!("Message accepté : il sera remis à partir du {}.", time(*opens))
        }
        Sentence::Waiting { opens, some: true } => {
            format!("Message remis, sauf à certains destinataires, qui l'auront à partir du {}.", time(*opens))
        }
        Sentence::TooManyConnections => "Trop de connexions ouvertes pour ce compte : fermez-en.".to_owned(),
        Sentence::NoSuchMailbox => "Ce dossier n'existe pas.".to_owned(),
        Sentence::MailboxExists => "Un dossier de ce nom existe déjà.".to_owned(),
        Sentence::MailboxSpecial => {
            "Ce dossier fait partie de la messagerie : il ne peut être ni supprimé ni renommé.".to_owned()
        }
        Sentence::MailboxDuplicatesSpecial => "La messagerie a déjà un dossier pour cet usage.".to_owned(),
        Sentence::MailboxHasChildren => "Ce dossier contient d'autres dossiers : supprimez-les d'abord.".to_owned(),
        Sentence::MailboxReadOnly => "Ce dossier est ouvert en lecture seule.".to_owned(),
        Sentence::MailboxGone => "Ce dossier vient d'être supprimé.".to_owned(),
        Sentence::TooManyMailboxes => "Trop de dossiers : supprimez-en avant d'en créer.".to_owned(),
        Sentence::MailboxTooDeep => "Trop de dossiers les uns dans les autres.".to_owned(),
        Sentence::MailboxNameTooLong => "Nom de dossier trop long.".to_owned(),
        Sentence::BadMailboxName => "Ce nom ne convient pas pour un dossier.".to_owned(),
        Sentence::TooManyKeywords => "Trop d'étiquettes sur un message.".to_owned(),
        Sentence::AccountName { domain } => format!("Messagerie {domain}"),
        Sentence::ProfileExplained => {
            "Ajoute la messagerie de l'ENT à Mail. Le mot de passe de l'appareil vous sera demandé.".to_owned()
        }
        Sentence::SentRecalled => "Envoi refusé : ce message a été rappelé. Écrivez-en un nouveau.".to_owned(),
        Sentence::RecallNotAllowed => "Rappel refusé : votre profil ne permet pas de rappeler un message.".to_owned(),
        Sentence::RecallNotSent => {
            "Rappel refusé : on ne rappelle qu'un message que l'on a envoyé soi-même.".to_owned()
        }
        Sentence::RecallTooLate { minutes_max } => {
            format!("Rappel refusé : un message ne peut plus être rappelé {minutes_max} minutes après son envoi.")
        }
        Sentence::RecallAlready => "Ce message a déjà été rappelé.".to_owned(),
        Sentence::RecallOneByOne => "Rappel refusé : rappelez les messages un par un.".to_owned(),
        Sentence::RecallByMoving => {
            "Ce dossier sert au rappel : déplacez-y un message que vous avez envoyé, rien d'autre.".to_owned()
        }
        Sentence::SendingOff => {
            "L'envoi de messages est suspendu pour le moment. Votre mot de passe reste valable.".to_owned()
        }
        Sentence::ReadingOff => {
            "La messagerie est suspendue pour le moment. Votre mot de passe reste valable.".to_owned()
        }
        Sentence::SearchTooBroad { chars_min } => format!("Tapez au moins {chars_min} lettres d'un nom."),
        Sentence::MoreFound => "D'autres personnes correspondent : précisez le nom.".to_owned(),
        Sentence::TooManySearches => "Trop de recherches en peu de temps : réessayez dans une minute.".to_owned(),
        Sentence::DirectoryReadOnly => "L'annuaire ne peut pas être modifié ici.".to_owned(),
        Sentence::LetterRecalled => "Ce message a été rappelé par son auteur.".to_owned(),
        Sentence::AttachmentMissing { name } => {
            format!("La pièce jointe « {name} » n'était pas dans l'archive : retrouvez-la dans l'ENT.")
        }
        Sentence::BookOfClasses => "Mes classes".to_owned(),
        Sentence::BookOfGroups => "Mes groupes".to_owned(),
        Sentence::BookOfColleagues => "Mes collègues".to_owned(),
        Sentence::BookOfOthers => "Autres destinataires".to_owned(),
        Sentence::BookExplained => {
            "Ceux à qui vous pouvez écrire dans l'ENT. Ce carnet se met à jour tout seul.".to_owned()
        }
        Sentence::ProfileName { profile } => match profile {
            Profile::Student => "Élève",
            Profile::Relative => "Parent",
            Profile::Teacher => "Enseignant",
            Profile::Personnel => "Personnel",
            Profile::Guest => "Invité",
        }
        .to_owned(),
        Sentence::ParentOf { pupils } => format!("Parent de {pupils}"),
    }
}

/// « lundi 23 novembre à 7 h 30 »
fn time(at: jiff::civil::DateTime) -> String {
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
