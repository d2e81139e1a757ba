//! PURE: a page of people → what is sent, and its signature.
//!
//! The signature covers the time and the body, so that nobody who has seen a request can send another, nor the same one much
//! later: `Passerelle-Signature: t=SECONDS,v1=HEX`, where HEX is HMAC-SHA256 of `SECONDS.BODY` (RFC 2104) with the shared secret.

use ring::hmac;
use serde_json::json;

use crate::config::WebhookShape;
use crate::mime::{decode_text, header_value};
use crate::model::{Timestamp, UserId};
use crate::store::webhook::{OutboxRow, Page};

/// One request.
pub(super) struct Telling {
    /// The same however often it is sent.
    pub(super) id: String,
    pub(super) body: String,
}

/// What a page says.
pub(super) fn tellings(shape: WebhookShape, row: &OutboxRow, page: &Page, domain: &str) -> Vec<Telling> {
    let message = page.letter.message.unwrap_or(row.submission).to_string();
    let sender = format!("{}@{domain}", page.letter.sender_login);
    let subject = page.letter.header.as_deref().map(subject);
    match shape {
        WebhookShape::Passerelle if page.people.is_empty() => Vec::new(),
        WebhookShape::Passerelle => {
            let id = format!("{}-{}", row.id, row.pages);
            let people: Vec<&str> = page.people.iter().map(UserId::as_str).collect();
            let from = json!({ "id": page.letter.sender.as_str(), "name": page.letter.sender_name, "address": sender });
            let mut body = json!({ "id": id, "type": "message.received", "at": time(row.created_at), "message": message,
                "from": from, "people": people });
            if let (Some(members), Some(subject)) = (body.as_object_mut(), subject) {
                members.insert("subject".to_owned(), subject.into());
            }
            vec![Telling { id, body: body.to_string() }]
        }
        // As the connector reads it: an empty subject where none may be told.
        WebhookShape::Zimbra => {
            let subject = subject.unwrap_or_default();
            let one = |person: &UserId| Telling {
                id: format!("{}-{person}", row.id),
                body:
                    json!({ "sender": sender, "recipient": person.as_str(), "messageId": message, "subject": subject })
                        .to_string(),
            };
            page.people.iter().map(one).collect()
        }
    }
}

/// `t=SECONDS,v1=HEX`
pub(super) fn signature(secret: &str, now: Timestamp, body: &str) -> String {
    let seconds = now.seconds();
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let tag = hmac::sign(&key, format!("{seconds}.{body}").as_bytes());
    let hex: String = tag.as_ref().iter().map(|octet| format!("{octet:02x}")).collect();
    format!("t={seconds},v1={hex}")
}

fn subject(header: &[u8]) -> String {
    header_value(header, "Subject").next().map(|value| decode_text(&value)).unwrap_or_default()
}

fn time(at: Timestamp) -> String {
    jiff::Timestamp::from_second(at.seconds()).unwrap_or_default().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_those_of_the_algorithm() {
        // echo -n '1700000000.{}' | openssl dgst -sha256 -hmac secret
        let signed = signature("secret", Timestamp::from_seconds(1_700_000_000), "{}");
        let (time, hex) = signed.split_once(",v1=").unwrap();
        assert_eq!(time, "t=1700000000");
        assert_eq!(hex, OPENSSL);
    }

    const OPENSSL: &str = "b8569b78799ff9e3cbff0fc2d63a33a2b57f3282abd07c37ae5e8e7d79a5f163";
}
