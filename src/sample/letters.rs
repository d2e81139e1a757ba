//! The sample school's letters: what its people wrote in the last days. Every one is allowed by the rules.
//!
//! The same domain and the same time give the same octets: dates, ids and boundaries are made from them.

use mail_builder::MessageBuilder;
use mail_builder::headers::HeaderType;
use mail_builder::headers::address::Address;
use mail_builder::headers::content_type::ContentType;
use mail_builder::headers::date::Date;
use mail_builder::mime::MimePart;

use super::pdf;
use crate::model::Timestamp;

/// A letter to submit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// The sender's login.
    pub from: &'static str,
    /// Envelope recipients, `local@domain`.
    pub to: Vec<String>,
    /// RFC 5322.
    pub raw: Vec<u8>,
}

/// What is written on a letter.
struct Draft {
    from: (&'static str, &'static str),
    to: &'static [(&'static str, &'static str)],
    cc: &'static [(&'static str, &'static str)],
    /// Before `until`.
    hours_ago: i64,
    /// The number of the letter that this one answers.
    answers: Option<usize>,
    subject: &'static str,
    text: &'static str,
    extra: Extra,
}

/// What comes with the text.
enum Extra {
    None,
    /// The text again as HTML, with the school's emblem in it.
    Emblem,
    Pdf {
        name: &'static str,
        lines: &'static [&'static str],
    },
}

const HEAD: (&str, &str) = ("MARCHETTI Hélène", "helene.marchetti");
const TEACHER: (&str, &str) = ("ROUSSEL Nadia", "nadia.roussel");
const PARENT: (&str, &str) = ("LAMBERT Christine", "christine.lambert");
const PUPIL: (&str, &str) = ("LAMBERT Théo", "theo.lambert");
const ADVISER: (&str, &str) = ("LE GOFF Sandrine", "sandrine.legoff");
const ALL_PARENTS: (&str, &str) = ("Parents du groupe Lycée Victor-Hugo", "parents.victor-hugo");
const ALL_TEACHERS: (&str, &str) = ("Enseignants du groupe Lycée Victor-Hugo", "enseignants.victor-hugo");
const CLASS_PARENTS: (&str, &str) = ("Parents du groupe Terminale A", "parents.tle-a.2026");
const CLASS_PUPILS: (&str, &str) = ("Élèves du groupe Terminale A", "eleves.tle-a.2026");
const CLASS_TEACHERS: (&str, &str) = ("Enseignants du groupe Terminale A", "enseignants.tle-a.2026");

const EMBLEM: &[u8] = include_bytes!("emblem.png");

const DRAFTS: [Draft; 8] = [
    Draft {
        from: HEAD,
        to: &[ALL_PARENTS],
        cc: &[ALL_TEACHERS],
        hours_ago: 75,
        answers: None,
        subject: "Rencontre entre les parents et les enseignants",
        text: "Madame, Monsieur,\n\nLa rencontre entre les parents et les enseignants aura lieu jeudi prochain, de 17 h à \
               20 h, dans le hall du lycée. Vous trouverez le programme de la soirée dans le document joint.\n\nLes \
               rendez-vous sont à prendre avec chaque enseignant, par cette messagerie.\n\nJe vous prie d'agréer, Madame, \
               Monsieur, mes salutations distinguées.\n\nHélène Marchetti\nProviseure du lycée Victor-Hugo\n",
        extra: Extra::Pdf {
            name: "Programme de la soirée.pdf",
            lines: &[
                "Lycée Victor-Hugo",
                "Rencontre entre les parents et les enseignants",
                "",
                "17 h 00 : accueil dans le hall",
                "17 h 15 : présentation de l'orientation (amphithéâtre)",
                "18 h 00 - 20 h 00 : entretiens individuels, salles 101 à 114",
            ],
        },
    },
    Draft {
        from: TEACHER,
        to: &[CLASS_PARENTS],
        cc: &[],
        hours_ago: 52,
        answers: None,
        subject: "Sortie au Palais de la découverte : autorisation à rendre",
        text: "Madame, Monsieur,\n\nLa classe de Terminale A se rendra au Palais de la découverte le vendredi 11 décembre. \
               Le départ est à 8 h 30 devant le lycée, le retour vers 16 h 30. La sortie est gratuite ; un pique-nique est \
               à prévoir.\n\nMerci de me rendre l'autorisation jointe, signée, avant le 4 décembre.\n\nBien cordialement,\n\n\
               Nadia Roussel\nProfesseure principale de Terminale A\n",
        extra: Extra::Pdf {
            name: "Autorisation de sortie.pdf",
            lines: &[
                "Autorisation de sortie",
                "Palais de la découverte, vendredi 11 décembre",
                "",
                "Je soussigné(e) .................................................",
                "autorise mon enfant ............................................",
                "à participer à la sortie de la classe de Terminale A.",
                "",
                "Date et signature :",
            ],
        },
    },
    Draft {
        from: PARENT,
        to: &[TEACHER],
        cc: &[],
        hours_ago: 28,
        answers: None,
        subject: "Absence de Théo jeudi matin",
        text: "Bonjour Madame Roussel,\n\nThéo a un rendez-vous chez l'orthodontiste jeudi à 9 h. Il sera de retour pour le \
               cours de 11 h. Pourriez-vous lui dire où trouver l'exercice à rattraper ?\n\nJe vous remercie et vous \
               souhaite une bonne soirée.\n\nChristine Lambert\n",
        extra: Extra::None,
    },
    Draft {
        from: TEACHER,
        to: &[PARENT],
        cc: &[],
        hours_ago: 26,
        answers: Some(2),
        subject: "Re : Absence de Théo jeudi matin",
        text: "Bonjour Madame,\n\nC'est noté, merci de m'avoir prévenue. Nous corrigerons l'exercice 42 de la page 118 : \
               Théo le trouvera dans le cahier de textes, et je reprendrai la question 3 avec lui vendredi.\n\nBien \
               cordialement,\n\nNadia Roussel\n\n> Théo a un rendez-vous chez l'orthodontiste jeudi à 9 h.\n",
        extra: Extra::None,
    },
    Draft {
        from: TEACHER,
        to: &[CLASS_PUPILS],
        cc: &[],
        hours_ago: 25,
        answers: None,
        subject: "Devoir de mathématiques : suites et récurrence",
        text: "Bonjour à tous,\n\nVous trouverez ci-joint le devoir à rendre lundi. La question 4 est facultative, mais \
               c'est la plus jolie : la suite définie par u(n+1) = √(2 + u(n)) converge-t-elle ?\n\nBon courage,\n\n\
               Mme Roussel\n",
        extra: Extra::Pdf {
            name: "Devoir 5 - Suites.pdf",
            lines: &[
                "Devoir n° 5 : suites et récurrence",
                "Terminale A - à rendre lundi",
                "",
                "1. Démontrer par récurrence que 1 + 2 + ... + n = n(n + 1)/2.",
                "2. Étudier le sens de variation de la suite u(n) = (2n + 1)/(n + 3).",
                "3. Calculer la limite de la suite de la question 2.",
                "4. (facultatif) La suite u(n+1) = racine(2 + u(n)), u(0) = 0, converge-t-elle ?",
            ],
        },
    },
    Draft {
        from: PUPIL,
        to: &[CLASS_TEACHERS],
        cc: &[],
        hours_ago: 9,
        answers: None,
        subject: "Journée portes ouvertes : élèves volontaires",
        text: "Bonjour,\n\nEn tant que délégué, j'ai fait le tour de la classe pour la journée portes ouvertes. Nous sommes \
               neuf volontaires pour accueillir les familles : Camille, Jade, Maxime, Zoé, Raphaël, Alice, et les trois du \
               club radio.\n\nÀ quelle heure devons-nous être là ?\n\nThéo Lambert, délégué de Terminale A\n",
        extra: Extra::None,
    },
    Draft {
        from: ADVISER,
        to: &[CLASS_PUPILS],
        cc: &[CLASS_TEACHERS],
        hours_ago: 5,
        answers: None,
        subject: "Élection au conseil de la vie lycéenne",
        text: "Bonjour,\n\nL'élection des représentants au conseil de la vie lycéenne a lieu mardi, de 10 h à 14 h, au foyer. \
               Les candidatures sont reçues au bureau de la vie scolaire jusqu'à vendredi midi.\n\nVotre voix compte.\n\n\
               Sandrine Le Goff\nConseillère principale d'éducation\n",
        extra: Extra::Emblem,
    },
    Draft {
        from: HEAD,
        to: &[TEACHER],
        cc: &[ADVISER],
        hours_ago: 2,
        answers: None,
        subject: "Conseil de classe de Terminale A",
        text: "Chère collègue,\n\nJe vous propose d'avancer le conseil de classe de Terminale A au jeudi 3 décembre à 17 h 30, \
               en salle 12, pour laisser la place au conseil d'administration. Cela vous convient-il ?\n\nAvec mes \
               remerciements,\n\nHélène Marchetti\n",
        extra: Extra::None,
    },
];

/// The letters, oldest first, the last one some hours before `until`.
pub fn letters(domain: &str, until: Timestamp) -> Vec<Letter> {
    DRAFTS.iter().enumerate().map(|(number, draft)| letter(number, draft, domain, until)).collect()
}

fn letter(number: usize, draft: &Draft, domain: &str, until: Timestamp) -> Letter {
    let date = |draft: &Draft| until.seconds() - draft.hours_ago * 3600;
    let id = |number: usize, draft: &Draft| format!("{}.{number}@{domain}", date(draft));
    let addresses = |people: &[(&'static str, &str)]| {
        Address::new_list(
            people.iter().map(|(name, local)| Address::new_address(Some(*name), at(local, domain))).collect(),
        )
    };
    let mut message = MessageBuilder::new()
        .date(Date::new(date(draft)))
        .message_id(id(number, draft))
        .from(Address::new_address(Some(draft.from.0), at(draft.from.1, domain)))
        .to(addresses(draft.to))
        .subject(draft.subject);
    if !draft.cc.is_empty() {
        message = message.cc(addresses(draft.cc));
    }
    if let Some((answered, other)) = draft.answers.and_then(|answered| Some((answered, DRAFTS.get(answered)?))) {
        let answered = id(answered, other);
        message = message.in_reply_to(answered.clone()).references(answered);
    }
    let mut raw = Vec::new();
    message.body(body(number, draft, domain)).serialize(&mut raw);
    Letter {
        from: draft.from.1,
        to: draft.to.iter().chain(draft.cc).map(|(_, local)| at(local, domain)).collect(),
        raw,
    }
}

fn at(local_part: &str, domain: &str) -> String {
    format!("{local_part}@{domain}")
}

fn body(number: usize, draft: &Draft, domain: &str) -> MimePart<'static> {
    let text = MimePart::new("text/plain", draft.text);
    match &draft.extra {
        Extra::None => text,
        Extra::Pdf { name, lines } => {
            let pdf = MimePart::new("application/pdf", pdf::page(lines)).attachment(*name);
            multipart("multipart/mixed", number, vec![text, pdf])
        }
        Extra::Emblem => {
            let cid = format!("emblem.{number}@{domain}");
            let html = MimePart::new("text/html", html(draft.text, &cid));
            let emblem = MimePart::new("image/png", EMBLEM)
                .header("Content-Disposition", inline_named("lycee-victor-hugo.png"))
                .cid(cid);
            let related = multipart("multipart/related", number, vec![html, emblem]);
            multipart("multipart/alternative", number, vec![text, related])
        }
    }
}

fn inline_named(name: &'static str) -> HeaderType<'static> {
    ContentType::new("inline").attribute("filename", name).into()
}

fn multipart(kind: &'static str, number: usize, parts: Vec<MimePart<'static>>) -> MimePart<'static> {
    let boundary = format!("=_{}_{number}", kind.replace('/', "_"));
    MimePart::new(ContentType::new(kind).attribute("boundary", boundary), parts)
}

/// The text as HTML, a paragraph each, under the emblem. The texts hold nothing that HTML reads as its own.
fn html(text: &str, cid: &str) -> String {
    let mut html = format!(
        "<!DOCTYPE html>\n<html lang=\"fr\"><body>\n<p><img src=\"cid:{cid}\" width=\"160\" height=\"40\" \
         alt=\"Lycée Victor-Hugo\"></p>\n"
    );
    for paragraph in text.trim_end().split("\n\n") {
        html.push_str(&format!("<p>{}</p>\n", paragraph.replace('\n', "<br>")));
    }
    html.push_str("</body></html>\n");
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_time_gives_the_same_octets() {
        let until = Timestamp::from_seconds(1_795_000_000);
        assert_eq!(letters("ent.example.fr", until), letters("ent.example.fr", until));
        assert_ne!(letters("ent.example.fr", until), letters("ent.example.fr", Timestamp::from_seconds(1_795_000_060)));
    }

    #[test]
    fn every_letter_can_be_read_again() {
        for letter in letters("ent.example.fr", Timestamp::from_seconds(1_795_000_000)) {
            let parser = mail_parser::MessageParser::default();
            let message = parser.parse(&letter.raw).unwrap();
            let from = message.from().unwrap().first().unwrap().address().unwrap().to_owned();
            assert_eq!(from, format!("{}@ent.example.fr", letter.from));
            assert!(message.date().is_some() && message.message_id().is_some() && message.subject().is_some());
            assert!(message.body_text(0).unwrap().len() > 100);
            for attachment in message.attachments() {
                let start =
                    if attachment.is_content_type("application", "pdf") { &b"%PDF-"[..] } else { &b"\x89PNG"[..] };
                assert!(attachment.decoded().starts_with(start));
            }
            // Nothing that a strict reader would refuse.
            assert!(letter.raw.is_ascii());
            let text = String::from_utf8(letter.raw).unwrap();
            assert!(text.split("\r\n").all(|line| line.len() <= 998 && !line.contains(['\r', '\n'])));
        }
    }
}
