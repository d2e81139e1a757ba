//! PURE: what readers find in the place of a letter that was recalled: a subject and a text. Nothing of the letter.

use super::Language;
use crate::model::RecalledBy;

/// Subject and text, accents included.
pub fn recalled(by: RecalledBy, language: Language) -> (&'static str, &'static str) {
    match (language, by) {
        (Language::Fr, RecalledBy::Sender) => {
            ("Message rappelé", "Ce message a été rappelé par son expéditeur. Il n'est plus disponible.")
        }
        (Language::Fr, RecalledBy::Admin) => (
            "Message retiré",
            "Ce message a été retiré par l'administration de la messagerie. Il n'est plus disponible.",
        ),
        (Language::En, RecalledBy::Sender) => {
            ("Message recalled", "This message was recalled by its sender. It is no longer available.")
        }
        (Language::En, RecalledBy::Admin) => {
            ("Message withdrawn", "This message was withdrawn by the administration. It is no longer available.")
        }
    }
}
