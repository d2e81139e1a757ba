//! Passerelle: a school's internal messaging, within reach of ordinary mail clients.

pub mod config;
pub mod connection;
pub mod domain;
pub mod imap;
pub mod mime;
pub mod model;
pub mod sample;
pub mod sentences;
pub mod store;
