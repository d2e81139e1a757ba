//! A client that reads answers strictly.

use std::collections::BTreeMap;

use passerelle::connection::Ended;
use passerelle::ldap::wire::ber::{self, Reader};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::task::JoinHandle;

use crate::request::{self, message};

/// One entry: name, attributes.
#[derive(Debug)]
pub struct Entry {
    pub name: String,
    pub attributes: BTreeMap<String, Vec<String>>,
}

impl Entry {
    /// The first value of an attribute, empty where there is none.
    pub fn first(&self, attribute: &str) -> &str {
        self.attributes.get(attribute).and_then(|values| values.first()).map_or("", String::as_str)
    }
}

/// The last answer to a request.
#[derive(Debug)]
pub struct Done {
    pub id: i64,
    pub tag: u8,
    pub code: i64,
    pub text: String,
    /// Of an extended response.
    pub oid: Option<String>,
    pub value: Option<String>,
    /// Of a page.
    pub cookie: Option<Vec<u8>>,
}

pub enum Answer {
    Entry(Entry),
    Done(Done),
}

pub struct Client {
    pub stream: DuplexStream,
    pub session: JoinHandle<Ended<DuplexStream>>,
    next: u8,
}

impl Client {
    pub fn new(stream: DuplexStream, session: JoinHandle<Ended<DuplexStream>>) -> Self {
        Self { stream, session, next: 0 }
    }

    pub async fn sends(&mut self, octets: &[u8]) {
        self.stream.write_all(octets).await.unwrap();
    }

    /// One message of the server's; `None` where it has closed.
    pub async fn hears(&mut self) -> Option<Answer> {
        let mut octets = Vec::new();
        loop {
            match ber::head(&octets).unwrap() {
                Some(head) if octets.len() == head.head + head.content => return Some(read(&octets)),
                Some(head) => {
                    let start = octets.len();
                    octets.resize(head.head + head.content, 0);
                    self.stream.read_exact(&mut octets[start..]).await.unwrap();
                }
                None => match self.stream.read_u8().await {
                    Ok(octet) => octets.push(octet),
                    Err(_) => return None,
                },
            }
        }
    }

    /// Sends a request and gives the entries and the last answer.
    pub async fn asks_with(&mut self, operation: &[u8], controls: &[Vec<u8>]) -> (Vec<Entry>, Done) {
        self.next = self.next % 100 + 1;
        let id = self.next;
        self.sends(&message(id, operation, controls)).await;
        let mut entries = Vec::new();
        loop {
            match self.hears().await.expect("an answer") {
                Answer::Entry(entry) => entries.push(entry),
                Answer::Done(done) => {
                    assert_eq!(done.id, i64::from(id), "{done:?}");
                    return (entries, done);
                }
            }
        }
    }

    pub async fn asks(&mut self, operation: &[u8]) -> (Vec<Entry>, Done) {
        self.asks_with(operation, &[]).await
    }

    /// The result code of a bind.
    pub async fn binds(&mut self, name: &str, password: &str) -> i64 {
        let (_, done) = self.asks(&request::bind(name, password)).await;
        assert_eq!(done.tag, 0x61);
        done.code
    }

    /// Names (`cn`) of people and groups that a filter finds, sorted, and the result code.
    pub async fn finds(&mut self, filter: &str) -> (Vec<String>, i64) {
        let (entries, done) = self.asks(&request::search(filter, 0)).await;
        assert_eq!(done.tag, 0x65);
        let people = entries.iter().filter(|entry| entry.attributes.contains_key("mail"));
        let mut names: Vec<String> = people.map(|entry| entry.first("cn").to_owned()).collect();
        names.sort();
        (names, done.code)
    }

    /// The notice of disconnection, and nothing behind it.
    pub async fn hears_goodbye(mut self) -> (i64, String) {
        let Some(Answer::Done(done)) = self.hears().await else { panic!("no notice") };
        assert_eq!((done.id, done.oid.as_deref()), (0, Some("1.3.6.1.4.1.1466.20036")), "{done:?}");
        assert!(self.hears().await.is_none());
        assert!(matches!(self.session.await.unwrap(), Ended::Closed));
        (done.code, done.text)
    }
}

fn read(octets: &[u8]) -> Answer {
    let mut outer = Reader::new(octets);
    let mut reader = Reader::new(outer.expect(ber::SEQUENCE).unwrap());
    outer.end().unwrap();
    let id = reader.integer().unwrap();
    let operation = reader.element().unwrap();
    let mut inside = Reader::new(operation.content);
    if operation.tag == 0x64 {
        let name = inside.text().unwrap();
        let mut list = Reader::new(inside.expect(ber::SEQUENCE).unwrap());
        inside.end().unwrap();
        reader.end().unwrap();
        let mut attributes = BTreeMap::new();
        while !list.is_empty() {
            let mut one = Reader::new(list.expect(ber::SEQUENCE).unwrap());
            let attribute = one.text().unwrap();
            let mut values = Reader::new(one.expect(ber::SET).unwrap());
            let mut texts = Vec::new();
            while !values.is_empty() {
                texts.push(String::from_utf8(values.octets().unwrap().to_vec()).unwrap());
            }
            assert!(attributes.insert(attribute, texts).is_none(), "an attribute twice");
        }
        return Answer::Entry(Entry { name, attributes });
    }
    let code = inside.enumerated().unwrap();
    assert_eq!(inside.text().unwrap(), "", "matchedDN");
    let text = inside.text().unwrap();
    let oid = inside.optional(ber::context(10)).unwrap().map(ber::text);
    let value = inside.optional(ber::context(11)).unwrap().map(ber::text);
    inside.end().unwrap();
    let cookie = reader.optional(ber::context_constructed(0)).unwrap().map(|controls| {
        let mut control = Reader::new(Reader::new(controls).expect(ber::SEQUENCE).unwrap());
        assert_eq!(control.text().unwrap(), "1.2.840.113556.1.4.319");
        let value = control.octets().unwrap();
        let mut page = Reader::new(Reader::new(value).expect(ber::SEQUENCE).unwrap());
        assert_eq!(page.integer(), Ok(0));
        page.octets().unwrap().to_vec()
    });
    reader.end().unwrap();
    Answer::Done(Done { id, tag: operation.tag, code, text, oid, value, cookie })
}
