//! PURE: when are two messages the same one, handed over twice? Clients send a message, then append it to Sent: with its
//! fields in another order, with Bcc or without, with fields of their own, with or without a last line end.

use super::header::{fields, unfold};

/// The fields that make a message what it is, besides its Message-ID.
const FIELDS: [&str; 9] = [
    "From",
    "To",
    "Cc",
    "Subject",
    "In-Reply-To",
    "References",
    "Content-Type",
    "Content-Transfer-Encoding",
    "Content-Disposition",
];

/// Equal for messages with the same body and the same fields, whatever their order and folding.
pub fn content_key(header: &[u8], body: &[u8]) -> [u8; 32] {
    let mut kept: Vec<Vec<u8>> = fields(header)
        .filter_map(|field| FIELDS.iter().position(|name| field.is(name)).map(|place| (place, field)))
        .map(|(place, field)| {
            let mut line = FIELDS.get(place).map(|name| name.as_bytes().to_vec()).unwrap_or_default();
            for word in unfold(field.value).split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()) {
                line.push(b' ');
                line.extend_from_slice(word);
            }
            line
        })
        .collect();
    kept.sort_unstable();
    let mut hasher = blake3::Hasher::new();
    for line in &kept {
        hasher.update(line).update(b"\n");
    }
    let end = body.iter().rposition(|octet| !matches!(octet, b'\r' | b'\n')).map_or(0, |last| last + 1);
    hasher.update(b"\n").update(body.get(..end).unwrap_or_default());
    *hasher.finalize().as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "From: a@x\r\nTo: b@x,\r\n c@x\r\nSubject: s\r\nContent-Type: text/plain\r\n\r\n";

    fn key(header: &str, body: &str) -> [u8; 32] {
        content_key(header.as_bytes(), body.as_bytes())
    }

    #[test]
    fn order_folding_bcc_and_the_last_line_end_do_not_count() {
        let same = "Subject:  s\r\nBcc: d@x\r\nto: b@x, c@x\r\nX-Mailer: m\r\nDate: now\r\nFROM: a@x\r\n\
            Content-type: text/plain\r\n\r\n";
        assert_eq!(key(HEADER, "body\r\n"), key(same, "body"));
        assert_eq!(key(HEADER, ""), key(HEADER, "\r\n\r\n"));
    }

    #[test]
    fn what_a_reader_sees_counts() {
        let original = key(HEADER, "body\r\n");
        assert_ne!(original, key(HEADER, "body \r\n"));
        assert_ne!(original, key(HEADER, "\r\nbody"));
        for (from, to) in [("c@x", "d@x"), ("Subject: s", "Subject: t"), ("From", "Cc"), ("text/plain", "text/html")] {
            assert_ne!(original, key(&HEADER.replace(from, to), "body\r\n"), "{from}");
        }
        assert_ne!(key("Subject: a\r\n\r\n", "b"), key("\r\n", "Subject a\nb"));
    }
}
