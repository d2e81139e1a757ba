//! One session, command after command: looks each up in the command table, hands it to its family, tells what else has
//! changed, and writes the tagged answer (RFC 9051 §2.2.2). Commands run in the order they came.

use std::time::{Duration, Instant};

use super::answer::{Bye, Done, DoneCode, End, Failure, Outcome};
use super::client::{Client, Duplex};
use super::counted::counted_as;
use super::notify::{self, Listening, Own, Waiting};
use super::progress::Progress;
use super::session::{
    Account, Allowed, CommandRule, SelectedMailbox, SessionState, capabilities, is_hidden, offer_shown,
};
use super::updates::{self, tell};
use super::view::Expunges;
use super::wire::append::AppendHead;
use super::wire::command::{Command, CommandBody};
use super::wire::framer::{BadCommand, Frame};
use super::wire::write::{self, Code, Condition};
use super::{
    Start, acl, append, auth, background, compress, contexts, copy, fetch, flags, idle, listing, mailboxes, metadata,
    multisearch, qresync, search, sort, thread, uid_batches,
};
use crate::connection::Connection;
use crate::domain::login::Caller;
use crate::domain::{Fault, Gateway};
use crate::metrics::{ImapCommand, Reason, Spoken};
use crate::model::{Protocol, WordChoice};
use crate::sasl::Offer;
use crate::sentences::{Sentence, ascii};

/// What every command may use.
pub(super) struct Context<'a> {
    pub gateway: &'a Gateway,
    pub connection: &'a Connection,
    pub client: Client<'a>,
    /// Has the client said that it downloads in the background?
    pub background: bool,
    /// How far the command has come.
    pub progress: Progress,
    /// Words that are hidden from the device that logged in, or shown to it alone.
    pub device_words: WordChoice,
    /// Who is connected, as far as it has said.
    pub caller: Caller,
    /// Does the session end behind this answer: is it an app that may not come in?
    pub turned_away: bool,
    /// The ways to log in over this connection.
    pub offer: Offer,
}

/// One session.
pub(super) struct Session<'a> {
    context: Context<'a>,
    state: SessionState,
    /// BADs in a row.
    bad_commands: u32,
    tries: auth::Tries,
    listening: Listening,
}

impl Context<'_> {
    /// The words of CAPABILITY now.
    pub(super) fn capabilities(&self, state: &SessionState) -> String {
        let config = &self.gateway.config;
        let offered = &self.offer.mechanisms;
        capabilities(state, self.connection.security, offered, &config.imap, &self.device_words).join(" ")
    }

    /// Is this word not announced to this client? What it stands for is then refused, where it would change the session.
    pub(super) fn is_hidden(&self, word: &str) -> bool {
        is_hidden(word, &self.gateway.config.imap, &self.device_words)
    }

    /// A sentence in the server's language, as IMAP can say it.
    pub(super) fn say(&self, sentence: &Sentence) -> String {
        ascii(&sentence.text(self.gateway.config.language))
    }

    /// A fault goes to the log, once.
    pub(super) fn log(&self, fault: &Fault) {
        tracing::error!(connection = self.connection.id, %fault, "IMAP command failed");
    }
}

impl SessionState {
    pub(super) fn logged_in(&mut self) -> Result<&mut Account, Failure> {
        self.account_mut().ok_or_else(not_now)
    }

    fn in_mailbox(&mut self) -> Result<(&mut Account, &mut SelectedMailbox), Failure> {
        match self {
            Self::Selected(account, selected) => Ok((account, selected)),
            _ => Err(not_now()),
        }
    }
}

fn not_now() -> Failure {
    Failure::bad("Command not allowed in this state")
}

impl<'a> Session<'a> {
    pub(super) fn new(gateway: &'a Gateway, connection: &'a Connection, stream: &'a mut (dyn Duplex + 'a)) -> Self {
        let client = Client::new(stream, connection, &gateway.config.imap);
        Self {
            context: Context {
                gateway,
                connection,
                client,
                background: false,
                progress: Progress::begin("", Duration::ZERO),
                device_words: WordChoice::default(),
                caller: gateway.caller(Protocol::Imap, connection.peer.ip()),
                turned_away: false,
                offer: offer_shown(connection.offer(&gateway.config), &gateway.config.imap),
            },
            state: SessionState::NotAuthenticated,
            bad_commands: 0,
            tries: auth::Tries::default(),
            listening: Listening::default(),
        }
    }

    /// Runs to its end, and says BYE where one is due.
    pub(super) async fn run(mut self, start: Start) -> End {
        if start == Start::Greeting {
            let words = self.context.capabilities(&self.state);
            write::untagged(&mut self.context.client.out, Condition::Ok, Some(Code::Capability(&words)), "Passerelle");
        }
        let end = loop {
            if let Err(end) = self.step().await {
                break end;
            }
        };
        if let End::Bye(bye) = &end {
            self.say_bye(*bye);
        }
        if end != End::Lost {
            self.context.client.flush_last().await;
        }
        end
    }

    /// One frame. Futures of commands lie on the heap, so that a session that waits stays small.
    async fn step(&mut self) -> Result<(), End> {
        match self.frame().await? {
            Frame::Command(Command { tag, body: CommandBody::Idle }) => self.idle(&tag).await?,
            Frame::Command(Command { tag, body: CommandBody::Append(head) }) => {
                Box::pin(self.append(&tag, head)).await?
            }
            Frame::Command(command) => Box::pin(self.execute(command)).await?,
            Frame::Append { tag, head } => Box::pin(self.append(&tag, head)).await?,
            Frame::Continue => write::continuation(&mut self.context.client.out, "OK"),
            Frame::Bad { tag, reason } => self.bad(tag.as_deref().unwrap_or("*"), reason).await?,
            Frame::AppendNext(_) | Frame::Line(_) => {}
        }
        if self.state.account().is_some() {
            let idle = Duration::from_secs(self.context.gateway.config.imap.idle_seconds_max);
            self.context.client.expect_command_within(idle);
        }
        Ok(())
    }

    /// The next frame; until it comes, what NOTIFY asks for is told. Listens before it looks.
    async fn frame(&mut self) -> Result<Frame, End> {
        let Self { context, state, listening, .. } = self;
        let mut looks = listening.follow(context.gateway, state, Waiting::ForCommand);
        let poll = context.gateway.poll_after();
        loop {
            if std::mem::take(&mut looks)
                && let Err(Failure::Ended(end)) = Box::pin(notify::look(context, state, Waiting::ForCommand)).await
            {
                return Err(end);
            }
            tokio::select! {
                biased;
                frame = context.client.frame() => return frame,
                () = listening.changed(poll) => looks = true,
            }
        }
    }

    async fn execute(&mut self, Command { tag, body }: Command) -> Result<(), End> {
        self.context.begin_progress(&tag);
        let (name, started) = (counted_as(&body), Instant::now());
        let rule = CommandRule::of(&body);
        let saves = body.saves_result();
        let own = self.own(&body);
        let requires_uids = self.state.requires_uids(&body);
        let running = self.context.gateway.begin_command();
        let put_off = match self.context.background && background::is_download(&body) {
            true => background::put_off(&self.context),
            false => Ok(()),
        };
        let outcome = match (rule.allowed.in_state(&self.state), put_off) {
            (false, _) => Err(not_now()),
            (true, _) if requires_uids => Err(Failure::uid_required()),
            (true, Err(put_off)) => Err(put_off),
            (true, Ok(())) => self.dispatch(&tag, body, rule.allowed).await,
        };
        drop(running);
        if saves
            && matches!(outcome, Err(Failure::Refused { .. } | Failure::Told { .. } | Failure::Fault(_)))
            && let Some(selected) = self.state.selected_mut()
        {
            selected.view.save(Vec::new());
        }
        self.did(own, &outcome);
        let concluded = self.conclude(&tag, rule.expunges, outcome).await;
        self.context.gateway.metrics.imap_commands.at(name).took(started.elapsed());
        concluded
    }

    async fn dispatch(&mut self, tag: &str, body: CommandBody, allowed: Allowed) -> Outcome {
        use CommandBody as C;
        let Self { context, state, tries, .. } = self;
        let leaves = matches!(body, C::Close | C::Unselect);
        if let Some(selected) = state.selected_mut()
            && (allowed == Allowed::InMailbox || body == C::Noop)
            && !leaves
        {
            updates::refresh(context, selected).await?;
        }
        // SELECT and ENABLE say themselves what comes of it.
        if body.enables_condstore() && !matches!(body, C::Select { .. } | C::Enable(_)) {
            qresync::enable_condstore(context, state);
        }
        match body {
            C::Capability => {
                let words = context.capabilities(state);
                write::capability(&mut context.client.out, &words);
                Ok(Done::new("CAPABILITY completed"))
            }
            C::Noop => Ok(Done::new("NOOP completed")),
            C::Check => Ok(Done::new("CHECK completed")),
            C::Logout => {
                write::bye(&mut context.client.out, None, "Logging out");
                *state = SessionState::Logout;
                Ok(Done::new("LOGOUT completed"))
            }
            C::Id(fields) => auth::id(context, state, fields.as_deref().unwrap_or_default()).await,
            C::StartTls => auth::start_tls(context),
            C::Authenticate { mechanism, initial } => {
                auth::authenticate(context, state, tries, &mechanism, initial).await
            }
            C::Login { name, password } => auth::login(context, state, tries, name, password).await,
            C::Enable(words) => auth::enable(context, state, &words),
            C::Select { mailbox, access, condstore, qresync } => {
                mailboxes::select(context, state, mailbox, access, condstore, qresync).await
            }
            C::Create { mailbox, uses } => mailboxes::create(context, state.logged_in()?, mailbox, &uses).await,
            C::Delete(name) => mailboxes::delete(context, state, name).await,
            C::Rename { from, to } => mailboxes::rename(context, state, from, to).await,
            C::Subscribe(name) => mailboxes::subscribe(context, state.logged_in()?, name).await,
            C::Unsubscribe(name) => mailboxes::unsubscribe(context, state.logged_in()?, name).await,
            C::List(ask) => listing::list(context, state.logged_in()?, &ask).await,
            C::Lsub { reference, pattern } => listing::lsub(context, state.logged_in()?, &reference, &pattern).await,
            C::Namespace => {
                write::namespace(&mut context.client.out);
                Ok(Done::new("NAMESPACE completed"))
            }
            C::Status { mailbox, items } => mailboxes::status(context, state.logged_in()?, mailbox, &items).await,
            C::GetQuota { root } => mailboxes::get_quota(context, state.logged_in()?, &root).await,
            C::GetQuotaRoot(name) => mailboxes::get_quota_root(context, state.logged_in()?, name).await,
            C::MyRights(name) => acl::my_rights(context, state.logged_in()?, name).await,
            C::ListRights { mailbox, identifier } => {
                acl::list_rights(context, state.logged_in()?, mailbox, &identifier).await
            }
            C::GetAcl(name) => acl::get_acl(context, state.logged_in()?, name).await,
            C::SetAcl(name) | C::DeleteAcl(name) => acl::change(context, state.logged_in()?, name).await,
            C::GetMetadata(of, ask) => metadata::get(context, state.logged_in()?, of, &ask).await,
            C::SetMetadata(of, ask) => metadata::set(context, state.logged_in()?, of, ask).await,
            C::Compress(mechanism) => compress::compress(context, &mechanism),
            C::Notify(ask) => notify::notify(context, state, ask).await,
            C::Esearch(ask) => multisearch::search(context, state, tag, ask).await,
            C::Unauthenticate => auth::unauthenticate(context, state),
            C::SetQuota => Err(Failure::refused(Code::NoPerm, "Limits are set by the administrator")),
            // Both come as frames of their own: see `step`.
            C::Append(_) | C::Idle => Err(not_now()),
            in_mailbox => Self::dispatch_in_mailbox(context, state, tag, in_mailbox).await,
        }
    }

    /// The commands of the selected state (RFC 9051 §6.4).
    async fn dispatch_in_mailbox(
        context: &mut Context<'_>,
        state: &mut SessionState,
        tag: &str,
        body: CommandBody,
    ) -> Outcome {
        use CommandBody as C;
        match body {
            C::Close => copy::close(context, state).await,
            C::Unselect => copy::unselect(state),
            body => {
                let (account, selected) = state.in_mailbox()?;
                match body {
                    C::Expunge { uids } => copy::expunge(context, account, selected, uids.as_ref()).await,
                    C::UidBatches(ask) => uid_batches::uid_batches(context, selected, tag, ask).await,
                    C::CancelUpdate(tags) => contexts::cancel(selected, &tags),
                    C::Search(ask) => search::search(context, account, selected, tag, ask).await,
                    C::Sort(ask) => sort::sort(context, selected, tag, ask).await,
                    C::Thread(ask) => thread::thread(context, selected, ask).await,
                    C::Fetch(ask) => fetch::fetch(context, account, selected, ask).await,
                    C::Store(ask) => flags::store(context, account, selected, ask).await,
                    C::Copy { set, numbers, mailbox } => {
                        copy::copy(context, account, selected, &set, numbers, mailbox).await
                    }
                    C::Move { set, numbers, mailbox } => {
                        copy::move_messages(context, account, selected, &set, numbers, mailbox).await
                    }
                    _ => Err(Failure::bad("Unknown command")),
                }
            }
        }
    }

    /// What a command does that this session need not hear of: only a client of NOTIFY would.
    fn own(&self, body: &CommandBody) -> Option<Own> {
        self.state.account()?.watching.as_ref().map(|_| Own::of(body))
    }

    /// The command has done it, or not.
    fn did(&mut self, own: Option<Own>, outcome: &Outcome) {
        let watching = self.state.account_mut().and_then(|account| account.watching.as_mut());
        if let (Some(own), Some(watching), Ok(_)) = (own, watching, outcome) {
            watching.did(own);
        }
    }

    async fn append(&mut self, tag: &str, head: AppendHead) -> Result<(), End> {
        self.context.begin_progress(tag);
        let started = Instant::now();
        let body = CommandBody::Append(head.clone());
        let (own, expunges) = (self.own(&body), CommandRule::of(&body).expunges);
        let outcome = append::append(&mut self.context, &mut self.state, head).await;
        self.did(own, &outcome);
        let concluded = self.conclude(tag, expunges, outcome).await;
        self.context.gateway.metrics.imap_commands.at(ImapCommand::Append).took(started.elapsed());
        concluded
    }

    async fn idle(&mut self, tag: &str) -> Result<(), End> {
        let outcome = idle::idle(&mut self.context, &mut self.state, &mut self.listening).await;
        self.conclude(tag, Expunges::Tell, outcome).await
    }

    /// What could not be read.
    async fn bad(&mut self, tag: &str, reason: BadCommand) -> Result<(), End> {
        let outcome = Err(match reason {
            BadCommand::MessageTooLarge => append::too_large(self.context.gateway),
            reason if reason.is_limit() => Failure::Refused { code: Some(Code::Limit), text: reason.text().into() },
            reason => Failure::Bad(reason.text().into()),
        });
        self.conclude(tag, Expunges::Hold, outcome).await
    }

    /// Tells what has changed, then answers.
    async fn conclude(&mut self, tag: &str, expunges: Expunges, mut outcome: Outcome) -> Result<(), End> {
        if let Err(Failure::Ended(end)) = outcome {
            return Err(end);
        }
        let starts_tls = matches!(&outcome, Ok(done) if *done == auth::BEGIN_TLS);
        let begins_deflate = matches!(&outcome, Ok(done) if *done == compress::BEGIN_DEFLATE);
        if let Some(mod_seq) = tell(&mut self.context, &mut self.state, expunges).await? {
            match &mut outcome {
                Ok(done) if done.code.is_none() => done.code = Some(DoneCode::HighestModSeq(mod_seq)),
                Ok(Done { code: Some(DoneCode::HighestModSeq(_)), .. }) => {}
                _ => updates::write_highest(&mut self.context, mod_seq),
            }
        }
        let is_bad = matches!(outcome, Err(Failure::Bad(_) | Failure::BadWith { .. }));
        self.answer(tag, outcome);
        self.context.client.drain().await?;
        if begins_deflate {
            self.context.client.begin_deflate().await?;
        }
        if starts_tls {
            return Err(End::StartTls);
        }
        if matches!(self.state, SessionState::Logout) {
            return Err(End::Said);
        }
        if self.context.turned_away {
            return Err(End::Bye(Bye::CloudApp));
        }
        let config = &self.context.gateway.config;
        self.bad_commands = if is_bad { self.bad_commands + 1 } else { 0 };
        if self.bad_commands >= config.imap.bad_commands_max {
            return Err(End::Bye(Bye::TooManyBadCommands));
        }
        if self.tries.refused() >= config.login.tries_per_connection_max {
            return Err(End::Bye(Bye::TooManyTries));
        }
        Ok(())
    }

    fn answer(&mut self, tag: &str, outcome: Outcome) {
        let context = &mut self.context;
        let (condition, code, text) = match outcome {
            Ok(done) => {
                let code = done.code.as_ref().map(|code| code.as_code());
                return write::tagged(&mut context.client.out, tag, Condition::Ok, code, done.text);
            }
            Err(Failure::Refused { code, text }) => (Condition::No, code, text),
            Err(Failure::Told { code, sentence }) => {
                context.gateway.metrics.refusals.at(Spoken::Imap).at(sentence.reason()).inc();
                (Condition::No, code, context.say(&sentence).into())
            }
            Err(Failure::BadUrl(url)) => {
                let code = Some(Code::BadUrl(&url));
                return write::tagged(&mut context.client.out, tag, Condition::No, code, "Cannot be read");
            }
            Err(Failure::Bad(text)) => (Condition::Bad, None, text),
            Err(Failure::BadWith { code, text }) => (Condition::Bad, Some(code), text.into()),
            Err(Failure::Fault(fault)) => {
                context.log(&fault);
                context.gateway.metrics.refusals.at(Spoken::Imap).at(Reason::TryLater).inc();
                (Condition::No, Some(Code::Unavailable), context.say(&Sentence::TryLater).into())
            }
            Err(Failure::Ended(_)) => return,
        };
        write::tagged(&mut context.client.out, tag, condition, code, &text);
    }

    fn say_bye(&mut self, bye: Bye) {
        let (code, sentence) = match bye {
            Bye::Stopping => (Some(Code::Unavailable), Sentence::SessionEnded),
            Bye::Cut => match self.context.client.cut_sentence() {
                suspended @ Sentence::AccountSuspended => (Some(Code::ContactAdmin), suspended),
                // RFC 5530 §3: access is no longer permitted with that passphrase; get a new one.
                old @ (Sentence::PasswordChanged | Sentence::DeviceRevoked) => (Some(Code::Expired), old),
                other => (Some(Code::Unavailable), other),
            },
            Bye::CloudApp => (Some(Code::ContactAdmin), Sentence::CloudApp),
            Bye::Autologout => (None, Sentence::SessionEnded),
            Bye::TooManyBadCommands | Bye::NotDeflate => (Some(Code::ClientBug), Sentence::SessionEnded),
            Bye::TooManyTries => (Some(Code::AuthenticationFailed), Sentence::TooManyTries),
            Bye::MailboxGone => (Some(Code::NonExistent), Sentence::MailboxGone),
        };
        let text = self.context.say(&sentence);
        write::bye(&mut self.context.client.out, code, &text);
    }
}
