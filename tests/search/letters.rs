//! Letters as schools write them, and as nobody should: with what they say, and as octets.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::chance::Chance;

const WORDS: [&str; 64] = [
    "réunion",
    "rentrée",
    "élève",
    "école",
    "conseil",
    "classe",
    "parents",
    "voyage",
    "théâtre",
    "cantine",
    "menu",
    "semaine",
    "l’élève",
    "l'école",
    "aujourd’hui",
    "cœur",
    "œuvre",
    "Ægir",
    "Straße",
    "STRASSE",
    "ﬁnance",
    "ﬂeur",
    "co\u{ad}opération",
    "e\u{301}te\u{301}",
    "garc\u{327}on",
    "GARÇON",
    "ÎLE",
    "naïve",
    "Noël",
    "100 %",
    "50%_\\x",
    "a*b",
    "\"guillemets\"",
    "«\u{a0}citation\u{a0}»",
    "10\u{a0}000\u{202f}€",
    "🎉",
    "👩\u{200d}🏫",
    "漢字テスト",
    "漢",
    "مدرسة",
    "مَدْرَسَة",
    "ΑΘΗΝΑ",
    "Ελλάδα",
    "Łódź",
    "Sørensen",
    "Đorđe",
    "İstanbul",
    "ılık",
    "x²",
    "Ⅻ",
    "½",
    "…",
    "6ème",
    "6e",
    "B203",
    "n°7",
    "de",
    "la",
    "à",
    "et",
    "date",
    "from",
    "subject",
    "1234567890",
];
const RARE: [&str; 8] = ["quetzal", "Żubr", "zythum", "ouïe", "ﬃ", "wapiti", "한국어", "ÿ"];
/// Words are made of these, so that most stand in a few letters only.
const SYLLABLES: [&str; 24] = [
    "ba", "bré", "can", "chi", "dou", "ère", "fla", "gno", "îl", "jus", "ken", "lu", "mi", "noë", "oui", "per", "qua",
    "ros", "sé", "tra", "uvre", "vin", "xy", "zè",
];
const FIRST_NAMES: [&str; 10] =
    ["Anne", "Zoé", "Luc", "Noémie", "François", "Jean-Noël", "Cœlia", "Ümit", "محمد", "Øystein"];
const LAST_NAMES: [&str; 10] =
    ["MARTIN", "LEFÈVRE", "Petit", "O'Neill", "Núñez", "d’Arc", "Strauß", "Łoś", "de la Tour", "GARÇON"];

/// What a letter says, before any folding, and its octets.
#[derive(Debug)]
pub struct Letter {
    pub from: Person,
    pub to: Vec<Person>,
    pub cc: Vec<Person>,
    pub subject: String,
    /// Names and values of all header fields, decoded.
    pub fields: Vec<(String, String)>,
    /// The texts of its parts and the names of its attachments, in order.
    pub pieces: Vec<String>,
    pub message_id: String,
    pub octets: Vec<u8>,
}

#[derive(Clone, Debug)]
pub struct Person {
    pub name: String,
    pub address: String,
}

impl Person {
    fn new(chance: &mut Chance) -> Self {
        let name = format!("{} {}", chance.of(&FIRST_NAMES), chance.of(&LAST_NAMES));
        Self { name, address: format!("u{}@ent.test", chance.below(4000)) }
    }
}

impl Letter {
    pub fn new(number: usize, chance: &mut Chance) -> Self {
        let from = Person::new(chance);
        let people = |most, chance: &mut Chance| -> Vec<Person> {
            let count = chance.below(most);
            (0..count).map(|_| Person::new(chance)).collect()
        };
        let (mut to, cc) = (people(3, chance), people(2, chance));
        to.push(Person::new(chance));
        let subject = words(chance, 1, 6);
        let message_id = match chance.below(40) {
            0 => format!("odd {number}@ent.test"),
            1 => format!("É{number}@ent.test"),
            _ => format!("{:08x}.{number}@ent.test", chance.below(1 << 31)),
        };
        let mut letter =
            Self { from, to, cc, subject, fields: Vec::new(), pieces: Vec::new(), message_id, octets: Vec::new() };
        letter.write_header(number, chance);
        letter.write_body(chance);
        letter
    }

    fn write_header(&mut self, number: usize, chance: &mut Chance) {
        let people = |people: &[Person], chance: &mut Chance| {
            let shown: Vec<(String, String)> = people.iter().map(|person| shown(person, chance)).collect();
            let join = |of: fn(&(String, String)) -> &str| shown.iter().map(of).collect::<Vec<_>>().join(", ");
            (join(|shown| &shown.0), join(|shown| &shown.1))
        };
        let from = people(std::slice::from_ref(&self.from), chance);
        let to = people(&self.to, chance);
        let cc = people(&self.cc, chance);
        self.field("From", from);
        self.field("To", to);
        if !self.cc.is_empty() {
            self.field("CC", cc);
        }
        let subject = (self.subject.clone(), encoded(&self.subject, chance));
        self.field("Subject", subject);
        self.field("Date", same(format!("Mon, {} Nov 2026 10:00:00 +0100", number % 28 + 1)));
        if !chance.one_in(50) {
            let id = format!("<{}>", self.message_id);
            let more = if chance.one_in(60) { format!("{id} <second.{number}@ent.test>") } else { id };
            self.field("Message-ID", same(more));
        }
        if chance.one_in(3) {
            let class = words(chance, 1, 2);
            let value = (class.clone(), encoded(&class, chance));
            self.field("X-Classe", value);
        }
        if chance.one_in(5) {
            self.field("X-Vide", same(String::new()));
        }
    }

    /// A header field: decoded, and as it is written.
    fn field(&mut self, name: &str, (value, written): (String, String)) {
        self.octets.extend_from_slice(format!("{name}: {written}\r\n").as_bytes());
        self.fields.push((name.to_lowercase(), value));
    }

    fn write_body(&mut self, chance: &mut Chance) {
        let text = words(chance, 3, 20);
        match chance.below(4) {
            0 => {
                let part = Part::text("plain", &text, chance);
                self.part_fields(&part);
                self.pieces.push(text);
                self.octets.extend_from_slice(&part.body);
            }
            1 => {
                let other = if chance.one_in(2) { text.clone() } else { words(chance, 3, 10) };
                let html = format!("<html><body><div>{}</div></body></html>", escaped(&other));
                let parts = [Part::text("plain", &text, chance), Part::text("html", &html, chance)];
                self.pieces.extend([text, other]);
                self.multipart("alternative", &parts);
            }
            2 => {
                let html = format!("<p>{}</p>\r\n", escaped(&text));
                let part = Part::text("html", &html, chance);
                self.part_fields(&part);
                self.pieces.push(text);
                self.octets.extend_from_slice(&part.body);
            }
            _ => {
                let name = format!("{}.pdf", words(chance, 1, 2).replace(['"', '\\'], "_"));
                let parts = [Part::text("plain", &text, chance), Part::attachment(&name, chance)];
                self.pieces.extend([text, name]);
                self.multipart("mixed", &parts);
            }
        }
    }

    fn part_fields(&mut self, part: &Part) {
        for (name, value) in &part.fields {
            self.field(name, same(value.clone()));
        }
        self.octets.extend_from_slice(b"\r\n");
    }

    fn multipart(&mut self, subtype: &str, parts: &[Part]) {
        self.field("Content-Type", same(format!("multipart/{subtype}; boundary=\"=_b\"")));
        self.octets.extend_from_slice(b"\r\n");
        for part in parts {
            self.octets.extend_from_slice(b"--=_b\r\n");
            for (name, value) in &part.fields {
                self.octets.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
            }
            self.octets.extend_from_slice(b"\r\n");
            self.octets.extend_from_slice(&part.body);
            self.octets.extend_from_slice(b"\r\n");
        }
        self.octets.extend_from_slice(b"--=_b--\r\n");
    }
}

fn same(value: String) -> (String, String) {
    (value.clone(), value)
}

/// Some words with a space between.
fn words(chance: &mut Chance, least: usize, most: usize) -> String {
    let count = least + chance.below(most);
    (0..count).map(|_| word(chance)).collect::<Vec<_>>().join(" ")
}

fn word(chance: &mut Chance) -> String {
    match chance.below(300) {
        0 => (*chance.of(&RARE)).to_owned(),
        1..=80 => (*chance.of(&WORDS)).to_owned(),
        _ => (0..2 + chance.below(2)).map(|_| *chance.of(&SYLLABLES)).collect(),
    }
}

/// A person as the decoded field shows, and as it is written.
fn shown(person: &Person, chance: &mut Chance) -> (String, String) {
    let Person { name, address } = person;
    if name.is_ascii() {
        let quoted = format!("\"{name}\" <{address}>");
        return (quoted.clone(), quoted);
    }
    (format!("{name} <{address}>"), format!("{} <{address}>", encoded_words(name, chance)))
}

/// A text for a header: as it is in UTF-8, or in encoded words (RFC 2047), on several lines where it is long.
fn encoded(text: &str, chance: &mut Chance) -> String {
    if !text.is_ascii() && !chance.one_in(4) { encoded_words(text, chance) } else { text.replacen(' ', "\r\n ", 1) }
}

fn encoded_words(text: &str, chance: &mut Chance) -> String {
    let letters: Vec<char> = text.chars().collect();
    let quoted = chance.one_in(2);
    let word = |letters: &[char]| {
        let text: String = letters.iter().collect();
        match quoted {
            true => {
                let octets: String = text.bytes().map(|octet| format!("={octet:02X}")).collect();
                format!("=?UTF-8?Q?{octets}?=")
            }
            false => format!("=?utf-8?b?{}?=", STANDARD.encode(text)),
        }
    };
    letters.chunks(5).map(word).collect::<Vec<_>>().join("\r\n ")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('é', "&eacute;").replace('\u{a0}', "&nbsp;")
}

struct Part {
    fields: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Part {
    fn text(subtype: &str, text: &str, chance: &mut Chance) -> Self {
        let lines = text.replacen(' ', "\r\n", 2);
        let latin1: Option<Vec<u8>> = lines.chars().map(|letter| u8::try_from(u32::from(letter)).ok()).collect();
        let (charset, octets) = match latin1.filter(|octets| !octets.iter().any(|o| (0x80..0xA0).contains(o))) {
            Some(octets) => ("iso-8859-1", octets),
            None => ("UTF-8", lines.into_bytes()),
        };
        let (encoding, body) = match chance.below(3) {
            0 => ("8bit", octets),
            1 => ("quoted-printable", quoted_printable(&octets)),
            _ => ("base64", folded(&STANDARD.encode(octets))),
        };
        let kind = format!("text/{subtype}; charset={charset}");
        Self { fields: vec![("Content-Type", kind), ("Content-Transfer-Encoding", encoding.to_owned())], body }
    }

    fn attachment(name: &str, chance: &mut Chance) -> Self {
        let disposition = if chance.one_in(2) {
            let octets: String = name.bytes().map(|octet| format!("%{octet:02X}")).collect();
            format!("attachment;\r\n filename*=utf-8''{octets}")
        } else {
            format!("attachment; filename=\"{}\"", encoded_words(name, chance))
        };
        let fields = vec![("Content-Type", "application/pdf".to_owned()), ("Content-Disposition", disposition)];
        Self { fields, body: b"%PDF-1.4 quetzalcoatl".to_vec() }
    }
}

fn quoted_printable(octets: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut length = 0;
    for &octet in octets {
        if octet == b'\r' || octet == b'\n' {
            out.push(octet);
            length = 0;
            continue;
        }
        if length > 70 {
            out.extend_from_slice(b"=\r\n");
            length = 0;
        }
        if octet.is_ascii_alphanumeric() || octet == b' ' && length > 0 {
            out.push(octet);
            length += 1;
        } else {
            out.extend_from_slice(format!("={octet:02X}").as_bytes());
            length += 3;
        }
    }
    out
}

fn folded(text: &str) -> Vec<u8> {
    text.as_bytes().chunks(76).collect::<Vec<_>>().join(&b"\r\n"[..])
}
