//! PURE: questions to a name server and what it answers (RFC 1035 §4, RFC 2782), as much as the doctor asks.

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// An IPv4 address.
    A,
    /// An IPv6 address.
    Aaaa,
    Srv,
}

impl Kind {
    const fn number(self) -> u16 {
        match self {
            Self::A => 1,
            Self::Aaaa => 28,
            Self::Srv => 33,
        }
    }
}

/// Where a service is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Srv {
    pub port: u16,
    /// In lower case, without its last dot: empty where the service is decidedly not there.
    pub target: String,
}

/// What is known of a name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Known {
    pub addresses: usize,
    pub services: Vec<Srv>,
}

/// Names behind names in one message: no server of good will needs more.
const JUMPS_MAX: usize = 16;
/// Octets of a name (RFC 1035 §2.3.4).
const NAME_BYTES_MAX: usize = 255;

/// The question; `None` where the name cannot be one.
pub(super) fn ask(id: u16, name: &str, kind: Kind) -> Option<Vec<u8>> {
    let mut message = Vec::new();
    message.extend(id.to_be_bytes());
    // Recursion desired; one question.
    message.extend([1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    for label in name.trim_end_matches('.').split('.') {
        let length = u8::try_from(label.len()).ok().filter(|length| (1..=63).contains(length))?;
        message.push(length);
        message.extend(label.as_bytes());
    }
    message.push(0);
    message.extend(kind.number().to_be_bytes());
    message.extend([0, 1]);
    Some(message)
}

/// Reads the answer to question `id`; `None`: it is none. A name that does not exist is known not to have anything.
pub(super) fn read(id: u16, message: &[u8]) -> Option<Known> {
    let mut reader = Reader { message, at: 0 };
    let is_ours = reader.number()? == id;
    let flags = reader.number()?;
    let counts = [reader.number()?, reader.number()?, reader.number()?, reader.number()?];
    let [questions, answers, ..] = counts;
    // An answer; and either no error or no such name.
    if !is_ours || flags & 0x8000 == 0 || ![0, 3].contains(&(flags & 0x0f)) {
        return None;
    }
    for _ in 0..questions {
        reader.name()?;
        reader.skip(4)?;
    }
    let mut known = Known::default();
    for _ in 0..answers {
        reader.name()?;
        let kind = reader.number()?;
        reader.skip(6)?;
        let length = usize::from(reader.number()?);
        let end = reader.at.checked_add(length)?;
        match kind {
            1 | 28 => known.addresses += 1,
            33 => {
                reader.skip(4)?;
                let port = reader.number()?;
                known.services.push(Srv { port, target: reader.name()? });
            }
            _ => {}
        }
        reader.at = end;
    }
    Some(known)
}

struct Reader<'m> {
    message: &'m [u8],
    at: usize,
}

impl Reader<'_> {
    fn octet(&mut self) -> Option<u8> {
        let octet = *self.message.get(self.at)?;
        self.at += 1;
        Some(octet)
    }

    fn number(&mut self) -> Option<u16> {
        Some(u16::from_be_bytes([self.octet()?, self.octet()?]))
    }

    fn skip(&mut self, octets: usize) -> Option<()> {
        self.at = self.at.checked_add(octets).filter(|at| *at <= self.message.len())?;
        Some(())
    }

    /// A name, in lower case, wherever its parts lie (RFC 1035 §4.1.4).
    fn name(&mut self) -> Option<String> {
        let (mut name, mut behind) = (String::new(), None);
        for _ in 0..JUMPS_MAX * 8 {
            let length = self.octet()?;
            match length {
                0 => {
                    self.at = behind.unwrap_or(self.at);
                    return Some(name);
                }
                1..=63 => {
                    let end = self.at.checked_add(usize::from(length))?;
                    let label = self.message.get(self.at..end)?;
                    if !name.is_empty() {
                        name.push('.');
                    }
                    name.push_str(&String::from_utf8_lossy(label).to_lowercase());
                    self.at = end;
                    if name.len() > NAME_BYTES_MAX {
                        return None;
                    }
                }
                192.. => {
                    let low = self.octet()?;
                    behind = behind.or(Some(self.at));
                    self.at = usize::from(length & 0x3f) << 8 | usize::from(low);
                }
                _ => return None,
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_answer_is_read_through_its_pointers() {
        let mut message = ask(7, "_imaps._tcp.ecole.fr", Kind::Srv).unwrap();
        message[2] = 0x81;
        message[7] = 1;
        message.extend([0xc0, 12, 0, 33, 0, 1, 0, 0, 0, 60, 0, 13, 0, 0, 0, 1, 3, 0xe1, 4]);
        message.extend(b"mail");
        // ecole.fr, in the question.
        message.extend([0xc0, 12 + 7 + 5]);
        let known = read(7, &message).unwrap();
        assert_eq!(known.services, [Srv { port: 993, target: "mail.ecole.fr".to_owned() }]);
        assert_eq!(read(8, &message), None, "somebody else's");
        message[3] = 2;
        assert_eq!(read(7, &message), None, "the server has failed");
        message[3] = 3;
        assert!(read(7, &message).is_some());
        assert_eq!(ask(1, &"x".repeat(64), Kind::A), None);
    }

    #[test]
    fn pointers_that_go_round_end() {
        let mut message = ask(7, "a", Kind::A).unwrap();
        message[2] = 0x81;
        message[7] = 1;
        let at = u8::try_from(message.len()).unwrap();
        message.extend([0xc0, at, 0, 1, 0, 1]);
        assert_eq!(read(7, &message), None);
    }

    proptest! {
        #[test]
        fn any_octets_are_an_answer_or_none(octets in prop::collection::vec(any::<u8>(), 0..200)) {
            let id = u16::from_be_bytes([octets.first().copied().unwrap_or(0), octets.get(1).copied().unwrap_or(0)]);
            let _ = read(id, &octets);
        }
    }
}
