//! PURE: how to set a mail app up, step by step, with the words of its windows. Servers, ports and names stand beside them in a
//! table.

use super::DeviceKind;
use crate::sentences::Language;

/// The steps.
pub const fn steps(language: Language, kind: DeviceKind) -> &'static [&'static str] {
    match (language, kind) {
        (Language::Fr, DeviceKind::Thunderbird) => &[
            "Ouvrez le menu ≡, puis « Nouveau compte » et « Adresse électronique ».",
            "Donnez votre nom, l'adresse et le mot de passe de l'appareil, puis « Continuer ».",
            "Si Thunderbird trouve les réglages, vérifiez-les avec ceux de cette page ; sinon, « Configuration manuelle » et recopiez-les.",
            "« Terminé ». Thunderbird propose ensuite le carnet d'adresses : acceptez, le même mot de passe suffit.",
        ],
        (Language::En, DeviceKind::Thunderbird) => &[
            "Open the menu ≡, then \"New Account\" and \"Email\".",
            "Give your name, your address and the device's password, then \"Continue\".",
            "If Thunderbird finds the settings, compare them with those of this page; if not, \"Configure manually\" and copy them.",
            "\"Done\". Thunderbird then offers the address book: accept, the same password will do.",
        ],
        (Language::Fr, DeviceKind::Apple) => &[
            "Téléchargez le profil sur l'appareil, par le bouton ou le code. Sur les versions récentes, ouvrez-le dans « Fichiers ».",
            "Réglages → « Profil téléchargé » (ou « Général » → « VPN et gestion de l'appareil ») → « Installer ».",
            "Saisissez le mot de passe de l'appareil quand l'appareil le demande.",
            "Ouvrez l'application Mail : la messagerie est là. Elle est relevée toutes les 15 à 60 minutes, ou quand vous l'ouvrez.",
        ],
        (Language::En, DeviceKind::Apple) => &[
            "Download the profile on the device, by the button or the code. On recent versions, open it in \"Files\".",
            "Settings → \"Profile Downloaded\" (or \"General\" → \"VPN & Device Management\") → \"Install\".",
            "Type the device's password when the device asks for it.",
            "Open the Mail app: your mail is there. It looks for new mail every 15 to 60 minutes, or when you open it.",
        ],
        (Language::Fr, DeviceKind::Android) => &[
            "Installez Thunderbird (ou K-9 Mail, ou FairEmail), puis « Ajouter un compte ».",
            "Donnez votre adresse. Si les réglages sont trouvés, passez au mot de passe ; sinon choisissez IMAP et recopiez \
             les réglages de cette page.",
            "Saisissez le mot de passe de l'appareil pour la réception et pour l'envoi.",
            "Pour être prévenu aussitôt : réglages du compte → « Récupération des messages » → activez le push de la boîte de \
             réception.",
        ],
        (Language::En, DeviceKind::Android) => &[
            "Install Thunderbird (or K-9 Mail, or FairEmail), then \"Add account\".",
            "Give your address. If the settings are found, go on to the password; if not, choose IMAP and copy the settings of this page.",
            "Type the device's password for incoming and for outgoing mail.",
            "To be told at once: account settings → \"Fetching mail\" → turn push on for the inbox.",
        ],
        (Language::Fr, DeviceKind::Outlook) => &[
            "Avec Outlook classique : « Fichier » → « Ajouter un compte ». Le nouvel Outlook et celui des téléphones confient votre \
             mot de passe à Microsoft : ne les utilisez pas.",
            "Donnez l'adresse, « Options avancées » → « Me laisser configurer mon compte manuellement » → IMAP.",
            "Recopiez les réglages de cette page : port et chiffrement SSL/TLS, à la réception et à l'envoi.",
            "Saisissez le mot de passe de l'appareil, puis « Se connecter ».",
        ],
        (Language::En, DeviceKind::Outlook) => &[
            "In classic Outlook: \"File\" → \"Add Account\". The new Outlook, and that of phones, hand your password to Microsoft: do \
             not use them.",
            "Give the address, \"Advanced options\" → \"Let me set up my account manually\" → IMAP.",
            "Copy the settings of this page: port and encryption SSL/TLS, incoming and outgoing.",
            "Type the device's password, then \"Connect\".",
        ],
        (Language::Fr, DeviceKind::Other) => &[
            "Ajoutez un compte de type IMAP (et non POP).",
            "Recopiez les réglages de cette page. L'identifiant est l'adresse entière, à la réception comme à l'envoi.",
            "Saisissez le mot de passe de l'appareil, aux deux endroits si on vous le demande.",
            "Si le logiciel ne connaît pas SSL/TLS : STARTTLS, avec les autres ports.",
        ],
        (Language::En, DeviceKind::Other) => &[
            "Add an account of type IMAP (not POP).",
            "Copy the settings of this page. The user name is the whole address, incoming and outgoing.",
            "Type the device's password, in both places if you are asked.",
            "If the app does not know SSL/TLS: STARTTLS, with the other ports.",
        ],
    }
}
