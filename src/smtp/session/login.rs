//! PURE: AUTH (RFC 4954). Part of [`Session`].

use std::sync::Arc;

use super::super::refusal;
use super::super::wire::reply::Reply;
use super::{Question, Session, Step, SubmissionState, reply};
use crate::domain::login::{Login, LoginRefusal, Welcome};
use crate::model::Secret;
use crate::sasl::{self, Exchange, Failure, Mechanism, Turn, scram};
use crate::sentences::Sentence;

/// What the client's next line is.
#[derive(Debug)]
pub enum Awaited {
    Response(Exchange),
    /// Nothing, behind our proof that we know the password too (RFC 5802 §5): then this person comes in.
    Acknowledgement(Box<Welcome>),
    /// Whatever a client says to the reason why its token is refused (RFC 7628 §3.2.3).
    AnswerToRefusal,
}

/// What the gateway says in the middle of an exchange.
#[derive(Debug)]
pub enum ExchangeAnswer {
    Salt(scram::First, scram::Salting),
    /// They know the password: who it is, and what is to be sent back to prove that we know it too.
    Proved {
        welcome: Box<Welcome>,
        signature: String,
    },
    /// Why the token is refused, for the client.
    TokenRefused {
        why: String,
    },
}

impl Session {
    pub(super) fn auth(&mut self, mechanism: Option<Mechanism>, initial: Option<&Secret>) -> Step {
        match &self.state {
            SubmissionState::Connected => return self.out_of_order("EHLO first"),
            SubmissionState::Greeted | SubmissionState::LoggingIn(_) => {}
            _ => return self.out_of_order("Logged in already"),
        }
        let Some(offer) = &self.offer else {
            let required = self.sentence(&Sentence::TlsRequired);
            return self.error(required);
        };
        let Some(mechanism) = mechanism.filter(|mechanism| offer.mechanisms.contains(mechanism)) else {
            let offered: Vec<&str> = offer.mechanisms.iter().map(|mechanism| mechanism.name()).collect();
            return self.error(Reply::new(504, "5.5.4", format!("Mechanisms: {}", offered.join(", "))));
        };
        let initial = match initial.map(|initial| sasl::decode(initial.expose())) {
            Some(None) => return self.failed(Failure::Malformed),
            Some(initial) => initial,
            None => None,
        };
        let turn = mechanism.begin(initial.as_ref(), offer);
        self.turn(turn)
    }

    /// A line of an exchange that has begun.
    pub(super) fn log_in_line(&mut self, awaited: Awaited, line: &[u8]) -> Step {
        self.state = SubmissionState::Greeted;
        match awaited {
            Awaited::Response(exchange) => {
                // It began on the strength of an offer.
                let none = sasl::Offer::default();
                let turn = exchange.answered(line, self.offer.as_ref().unwrap_or(&none));
                self.turn(turn)
            }
            Awaited::Acknowledgement(welcome) => match line {
                b"" | b"=" => Step::Ask(Question::Enter(welcome)),
                b"*" => self.failed(Failure::Cancelled),
                _ => self.failed(Failure::Malformed),
            },
            Awaited::AnswerToRefusal => self.login_refused(&Sentence::BadCredentials),
        }
    }

    fn turn(&mut self, turn: Turn) -> Step {
        match turn {
            Turn::Challenge(text, exchange) => self.challenge(&text, Awaited::Response(exchange)),
            Turn::Password(credentials) => Step::Ask(Question::LogIn(credentials)),
            Turn::Salt(first) => Step::Ask(Question::Salt(first)),
            Turn::Proof(proof) => Step::Ask(Question::Prove(proof)),
            Turn::Token(token) => Step::Ask(Question::Token(token)),
            Turn::Failed(failure) => self.failed(failure),
        }
    }

    fn challenge(&mut self, text: &str, awaited: Awaited) -> Step {
        self.state = SubmissionState::LoggingIn(awaited);
        Step::Reply(Reply::bare(334, vec![sasl::encode(text).into()]))
    }

    fn failed(&mut self, failure: Failure) -> Step {
        match failure {
            Failure::Cancelled => self.error(Reply::new(501, "5.7.0", "Authentication cancelled")),
            Failure::Malformed => self.error(Reply::new(501, "5.5.2", "Authentication response malformed")),
            Failure::ForSomebodyElse => self.login_refused(&Sentence::BadCredentials),
            // No wrong password: nobody is asked for another one.
            Failure::ChannelBinding => self.error(Reply::new(504, "5.7.0", "Channel binding does not match")),
        }
    }

    /// The gateway answered a question of an exchange.
    pub(super) fn exchange_answered(&mut self, answer: ExchangeAnswer) -> Step {
        match answer {
            ExchangeAnswer::Salt(first, salting) => {
                let (message, challenged) = first.challenged(&salting);
                self.challenge(&message, Awaited::Response(Exchange::ScramFinal(Box::new(challenged))))
            }
            ExchangeAnswer::Proved { welcome, signature } => {
                self.challenge(&signature, Awaited::Acknowledgement(welcome))
            }
            ExchangeAnswer::TokenRefused { why } => self.challenge(&why, Awaited::AnswerToRefusal),
        }
    }

    pub(super) fn log_in_answered(&mut self, login: Login) -> Step {
        match login {
            Login::Welcome(welcome) => {
                self.state = SubmissionState::LoggedIn(Arc::new(welcome.user));
                reply(235, "2.7.0", "Welcome")
            }
            Login::Refused(LoginRefusal::BadCredentials) => self.login_refused(&Sentence::BadCredentials),
            Login::Refused(LoginRefusal::Suspended) => self.login_refused(&Sentence::AccountSuspended),
            Login::Refused(LoginRefusal::CloudApp) => self.login_refused(&Sentence::CloudApp),
            // Temporary (RFC 4954 §6): the password is right, and no client may forget it.
            Login::Refused(LoginRefusal::TurnedOff) => {
                Step::Reply(refusal::temporary_login(&Sentence::SendingOff, self.config.language))
            }
            Login::Refused(LoginRefusal::TooManyConnections) => {
                Step::Close(self.sentence(&Sentence::TooManyConnections))
            }
            Login::Refused(LoginRefusal::TooManyTries) => self.login_refused(&Sentence::TooManyTries),
        }
    }

    /// The last try that a connection has ends it.
    fn login_refused(&mut self, sentence: &Sentence) -> Step {
        self.tries += 1;
        if self.tries >= self.config.login.tries_per_connection_max {
            return Step::Close(refusal::closing("4.7.0", &Sentence::TooManyTries, self.config.language));
        }
        self.refuse(sentence)
    }
}
