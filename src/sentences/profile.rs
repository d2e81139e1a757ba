//! PURE: what a person is in the school, as people say it.

use super::Language;
use crate::model::Profile;

/// The word for a profile, in a language.
pub const fn profile_name(profile: Profile, language: Language) -> &'static str {
    match (language, profile) {
        (Language::Fr, Profile::Student) => "Élève",
        (Language::Fr, Profile::Relative) => "Parent ou responsable",
        (Language::Fr, Profile::Teacher) => "Enseignant",
        (Language::Fr, Profile::Personnel) => "Personnel",
        (Language::Fr, Profile::Guest) => "Invité",
        (Language::En, Profile::Student) => "Student",
        (Language::En, Profile::Relative) => "Parent or guardian",
        (Language::En, Profile::Teacher) => "Teacher",
        (Language::En, Profile::Personnel) => "Staff",
        (Language::En, Profile::Guest) => "Guest",
    }
}
