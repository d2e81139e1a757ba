//! PURE: settings of event streams: HTTP answers that stay open and tell what is new as it happens.

use serde::Deserialize;

/// Server-sent events, on the HTTP ports.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EventsConfig {
    /// Streams that one person, or one token of the API, may hold open on one gateway.
    pub streams_per_person_max: usize,
    /// Streams of all together on one gateway: places of their own, beside `listen.http_connections_max`.
    pub streams_max: usize,
    /// How often a stream on which nothing happens says that it is still there.
    pub keep_alive_seconds: u64,
    /// How long a stream lasts; then the client asks again, and shows anew who it is.
    pub stream_seconds_max: u64,
    /// How long a client may stop reading what is sent to it, on any HTTP connection.
    pub stall_seconds_max: u64,
}

impl Default for EventsConfig {
    fn default() -> Self {
        Self {
            streams_per_person_max: 10,
            streams_max: 4000,
            keep_alive_seconds: 25,
            stream_seconds_max: 1800,
            stall_seconds_max: 30,
        }
    }
}
