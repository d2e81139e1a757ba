//! An IMAP client on a gateway: what it says is octets, what it hears is text that can be read and compared.

use std::sync::Arc;

use passerelle::connection::{Connection, Security, Start};
use passerelle::domain::Gateway;
use passerelle::imap;
use passerelle::sasl::ChannelBindings;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio_util::sync::CancellationToken;

pub(crate) struct Talk {
    stream: DuplexStream,
    commands: usize,
}

impl Talk {
    /// Connected, not logged in.
    pub(crate) async fn new(gateway: &Arc<Gateway>) -> Self {
        let (ours, theirs) = tokio::io::duplex(1 << 20);
        let gateway = Arc::clone(gateway);
        tokio::spawn(async move {
            let peer = "192.0.2.1:5000".parse().unwrap();
            let (bindings, stop) = (ChannelBindings::default(), CancellationToken::new());
            let connection = Connection { id: 1, peer, security: Security::Tls, bindings, stop };
            imap::run(gateway, &connection, Start::Greeting, theirs).await
        });
        let mut talk = Self { stream: ours, commands: 0 };
        talk.until("* OK ").await;
        talk
    }

    /// Logged in.
    pub(crate) async fn of(gateway: &Arc<Gateway>, login: &str, password: &str) -> Self {
        let mut talk = Self::new(gateway).await;
        talk.ok(&format!("LOGIN {login} \"{password}\"")).await;
        talk
    }

    /// Sends octets, and gives all that comes until a line begins so.
    pub(crate) async fn say(&mut self, octets: &[u8], until: &str) -> Vec<u8> {
        self.stream.write_all(octets).await.unwrap();
        self.until(until).await
    }

    async fn until(&mut self, start: &str) -> Vec<u8> {
        let mut said = Vec::new();
        loop {
            assert_ne!(self.stream.read_buf(&mut said).await.unwrap(), 0, "{}", said.escape_ascii());
            let last = said.strip_suffix(b"\r\n").map(|rest| rest.rsplit(|octet| *octet == b'\n').next());
            if last.flatten().is_some_and(|line| line.starts_with(start.as_bytes())) {
                return said;
            }
        }
    }

    /// Says a command: all that is answered, with the tagged line.
    pub(crate) async fn command(&mut self, command: &[u8]) -> Vec<u8> {
        self.commands += 1;
        let tag = format!("t{} ", self.commands);
        let line = [tag.as_bytes(), command, b"\r\n"].concat();
        self.say(&line, &tag).await
    }

    /// The same, and the answer is OK: all of it, as text.
    pub(crate) async fn ok(&mut self, command: &str) -> String {
        self.ok_octets(command.as_bytes()).await
    }

    pub(crate) async fn ok_octets(&mut self, command: &[u8]) -> String {
        let said = readable(&self.command(command).await);
        let tagged = said.lines().next_back().unwrap();
        assert!(tagged.contains(" OK "), "{}: {said}", command.escape_ascii());
        said
    }

    /// APPEND of a message, with what stands before it.
    pub(crate) async fn append(&mut self, before: &str, message: &[u8]) -> String {
        let head = format!("APPEND {before} {{{}+}}\r\n", message.len());
        self.ok_octets(&[head.as_bytes(), message].concat()).await
    }

    /// What this command is answered but for the tagged line.
    async fn untagged(&mut self, command: &str) -> String {
        let said = self.ok(command).await;
        let end = said.trim_end().rfind('\n').map_or(0, |end| end + 1);
        said[..end].to_owned()
    }
}

/// Octets as text: CRLF ends a line; what is no UTF-8 is escaped, and so is what an editor would not show.
fn readable(octets: &[u8]) -> String {
    let mut text = String::new();
    for chunk in octets.utf8_chunks() {
        let mut lines = chunk.valid().split("\r\n");
        push_escaped(&mut text, lines.next().unwrap());
        for line in lines {
            text.push('\n');
            push_escaped(&mut text, line);
        }
        text.extend(chunk.invalid().escape_ascii().map(char::from));
    }
    text
}

fn push_escaped(text: &mut String, line: &str) {
    for letter in line.chars() {
        match letter {
            letter if letter.is_control() => text.extend(letter.escape_default()),
            letter => text.push(letter),
        }
    }
}

/// Everything of somebody's that a client may keep for later.
pub(crate) async fn heard(gateway: &Arc<Gateway>, login: &str, password: &str) -> String {
    let mut talk = Talk::of(gateway, login, password).await;
    talk.ok("ENABLE CONDSTORE QRESYNC").await;
    let all = "(UID FLAGS MODSEQ INTERNALDATE SAVEDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE PREVIEW EMAILID BODY.PEEK[])";
    let mut commands = vec![
        "LIST \"\" * RETURN (SUBSCRIBED SPECIAL-USE STATUS (MESSAGES UIDNEXT UIDVALIDITY UNSEEN HIGHESTMODSEQ SIZE))"
            .to_owned(),
        "LSUB \"\" *".to_owned(),
        "GETMETADATA (DEPTH infinity) \"\" (/private)".to_owned(),
        "GETMETADATA (DEPTH infinity) INBOX (/private)".to_owned(),
        "GETQUOTAROOT INBOX".to_owned(),
    ];
    let list = talk.ok("LIST \"\" *").await;
    for line in list.lines().filter(|line| line.starts_with("* LIST")) {
        let name = line.split_once(" \"/\" ").unwrap().1;
        commands.push(format!("EXAMINE {name}"));
        commands.push(format!("UID FETCH 1:* {all}"));
        commands.push("UID FETCH 1:* (FLAGS) (CHANGEDSINCE 1 VANISHED)".to_owned());
        commands.push("UID SEARCH RETURN (ALL) TEXT reunion".to_owned());
    }
    let mut said = String::new();
    for command in commands {
        said.push_str(&format!("C: {command}\n{}", talk.untagged(&command).await));
    }
    talk.ok("LOGOUT").await;
    said
}
