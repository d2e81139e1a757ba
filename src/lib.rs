//! Passerelle: a school's internal messaging, within reach of ordinary mail clients.

pub mod cli;
pub mod config;
pub mod connection;
pub mod control;
pub mod domain;
pub mod http;
pub mod imap;
pub mod logging;
pub mod mime;
pub mod model;
pub mod sample;
pub mod sentences;
pub mod server;
pub mod smtp;
pub mod store;
pub mod tls;
