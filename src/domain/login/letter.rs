//! The letter that warns somebody whose mail app's maker holds the password: once, into the INBOX, as an app's screen shows
//! no alert of the server where the maker's servers stand between.

use crate::domain::messages::{AppendOptions, Appended};
use crate::domain::{Fault, Gateway};
use crate::mime;
use crate::model::{MailboxName, User};
use crate::sentences::app_letter;

impl Gateway {
    /// Puts the letter into the INBOX. `app`: as the settings call it.
    pub(super) async fn warn_by_letter(&self, user: &User, app: &str) -> Result<(), Fault> {
        let Some(inbox) = self.mailbox(user, &MailboxName::inbox()).await? else { return Ok(()) };
        let letter = app_letter(self.config.language, app);
        let address = self.no_reply_address();
        let text = letter.text.replace('\n', "\r\n");
        let octets = format!(
            "From: {from}\r\nTo: {to}\r\nSubject: {subject}\r\nDate: {date}\r\nMessage-ID: <{id}@{domain}>\r\n\
             Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\
             Content-Transfer-Encoding: 8bit\r\n\r\n{text}\r\n",
            from = mime::mailbox(letter.from, &address),
            to = mime::mailbox(&user.display_name, &self.address_of(&user.login)),
            subject = letter.subject,
            date = mime::date_time(self.clock.now()),
            id = self.clock.new_id(),
            domain = self.config.domain,
        );
        let mut spool = self.spool();
        spool.write(octets.as_bytes()).await?;
        let appended = self.append(user, &inbox, spool.finish().await?, AppendOptions::default()).await?;
        if !matches!(appended, Appended::At { .. }) {
            tracing::warn!(user = %user.id, ?appended, "no letter that warns of an app");
        }
        Ok(())
    }
}
