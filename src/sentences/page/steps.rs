//! PURE: how to set a mail app up, step by step, with the words of its windows. Servers, ports and names stand beside them in a
//! table.

use super::DeviceKind;
use crate::sentences::Language;

/// The steps.
pub const fn steps(language: Language, kind: DeviceKind) -> &'static [&'static str] {
    match (language, kind) {
        (Language::Fr, DeviceKind::Thunderbird) => &[
            "Ouvrez le menu ≡, puis « Nouveau compte » et « Adresse électronique ».",
            "Donnez votre nom, l'adresse et le mot de passe de cette page, puis « Continuer ».",
            "Si Thunderbird trouve les réglages, vérifiez-les avec le tableau ; sinon, « Configuration manuelle » et recopiez-le.",
            "« Terminé ». Thunderbird propose ensuite le carnet d'adresses : acceptez, le même mot de passe suffit.",
        ],
        (Language::En, DeviceKind::Thunderbird) => &[
            "Open the menu ≡, then \"New Account\" and \"Email\".",
            "Give your name, and the address and password of this page, then \"Continue\".",
            "If Thunderbird finds the settings, compare them with the table; if not, \"Configure manually\" and copy it.",
            "\"Done\". Thunderbird then offers the address book: accept, the same password will do.",
        ],
        (Language::Fr, DeviceKind::Apple) => &[
            "Téléchargez le profil sur l'appareil, par le bouton ou le code. Sur les versions récentes, ouvrez-le dans « Fichiers ».",
            "Réglages → « Profil téléchargé » (ou « Général » → « VPN et gestion de l'appareil ») → « Installer ».",
            "Saisissez le mot de passe de cette page quand l'appareil le demande.",
            "Ouvrez l'application Mail : la messagerie est là. Elle est relevée toutes les 15 à 60 minutes, ou quand vous l'ouvrez.",
        ],
        (Language::En, DeviceKind::Apple) => &[
            "Download the profile on the device, by the button or the code. On recent versions, open it in \"Files\".",
            "Settings → \"Profile Downloaded\" (or \"General\" → \"VPN & Device Management\") → \"Install\".",
            "Type the password of this page when the device asks for it.",
            "Open the Mail app: your mail is there. It looks for new mail every 15 to 60 minutes, or when you open it.",
        ],
        (Language::Fr, DeviceKind::Android) => &[
            "Installez Thunderbird (ou K-9 Mail, ou FairEmail), puis « Ajouter un compte ».",
            "Donnez l'adresse de cette page. Si les réglages sont trouvés, passez au mot de passe ; sinon choisissez IMAP et recopiez \
             le tableau.",
            "Saisissez le mot de passe de cette page pour la réception et pour l'envoi.",
            "Pour être prévenu aussitôt : réglages du compte → « Récupération des messages » → activez le push de la boîte de \
             réception.",
        ],
        (Language::En, DeviceKind::Android) => &[
            "Install Thunderbird (or K-9 Mail, or FairEmail), then \"Add account\".",
            "Give the address of this page. If the settings are found, go on to the password; if not, choose IMAP and copy the table.",
            "Type the password of this page for incoming and for outgoing mail.",
            "To be told at once: account settings → \"Fetching mail\" → turn push on for the inbox.",
        ],
        (Language::Fr, DeviceKind::Outlook) => &[
            "Avec Outlook classique : « Fichier » → « Ajouter un compte ». Le nouvel Outlook et celui des téléphones confient votre \
             mot de passe à Microsoft : ne les utilisez pas.",
            "Donnez l'adresse, « Options avancées » → « Me laisser configurer mon compte manuellement » → IMAP.",
            "Recopiez le tableau : port et chiffrement SSL/TLS, à la réception et à l'envoi.",
            "Saisissez le mot de passe de cette page, puis « Se connecter ».",
        ],
        (Language::En, DeviceKind::Outlook) => &[
            "In classic Outlook: \"File\" → \"Add Account\". The new Outlook, and that of phones, hand your password to Microsoft: do \
             not use them.",
            "Give the address, \"Advanced options\" → \"Let me set up my account manually\" → IMAP.",
            "Copy the table: port and encryption SSL/TLS, incoming and outgoing.",
            "Type the password of this page, then \"Connect\".",
        ],
        (Language::Fr, DeviceKind::Other) => &[
            "Ajoutez un compte de type IMAP (et non POP).",
            "Recopiez le tableau. L'identifiant est l'adresse entière, à la réception comme à l'envoi.",
            "Saisissez le mot de passe de cette page, aux deux endroits si on vous le demande.",
            "Si le logiciel ne connaît pas SSL/TLS : STARTTLS, avec les ports de la seconde ligne.",
        ],
        (Language::En, DeviceKind::Other) => &[
            "Add an account of type IMAP (not POP).",
            "Copy the table. The user name is the whole address, incoming and outgoing.",
            "Type the password of this page, in both places if you are asked.",
            "If the app does not know SSL/TLS: STARTTLS, with the ports of the second line.",
        ],
    }
}
