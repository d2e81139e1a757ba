//! PURE: the letter to somebody whose mail app's maker holds the password.

use super::Language;

/// What it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppLetter {
    /// The name that it comes from.
    pub from: &'static str,
    /// ASCII.
    pub subject: &'static str,
    /// Lines end with LF.
    pub text: String,
}

/// The letter. `app`: the app, or its maker.
pub fn app_letter(language: Language, app: &str) -> AppLetter {
    match language {
        Language::Fr => AppLetter {
            from: "Messagerie de l'ENT",
            subject: "Votre application de messagerie et votre mot de passe",
            text: format!(
                "Bonjour,\n\n\
                 Vous semblez lire vos messages avec une application ({app}) dont l'éditeur\n\
                 garde votre mot de passe : ce sont ses serveurs, et non votre téléphone ou\n\
                 votre ordinateur, qui se connectent à la messagerie et recopient vos messages.\n\n\
                 Nous vous conseillons d'en utiliser une autre, par exemple Thunderbird,\n\
                 FairEmail ou l'application Mail d'Apple, puis de changer votre mot de passe\n\
                 ou de faire révoquer le mot de passe d'application de cet appareil.\n\n\
                 Rien n'est bloqué. Ce message est automatique : il est inutile d'y répondre."
            ),
        },
        Language::En => AppLetter {
            from: "School mail",
            subject: "Your mail app and your password",
            text: format!(
                "Hello,\n\n\
                 You seem to read your mail with an app ({app}) whose maker keeps your\n\
                 password: its servers, not your phone or your computer, connect to the\n\
                 school's mail and copy your messages.\n\n\
                 We advise you to use another one, such as Thunderbird, FairEmail or Apple's\n\
                 Mail, and then to change your password, or to have this device's app\n\
                 password revoked.\n\n\
                 Nothing is blocked. This message was sent automatically: there is no need to\n\
                 answer."
            ),
        },
    }
}
