//! PURE: settings of finding people, and of their address books.

use serde::Deserialize;

/// Finding people by name, and CardDAV.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DirectoryConfig {
    /// Are address books offered on the HTTP ports (CardDAV)?
    pub carddav: bool,
    /// Characters of what somebody types that are looked at.
    pub query_chars_max: usize,
    /// People and groups that one question finds.
    pub found_max: usize,
    /// Memory for names of people, about 150 octets each.
    pub names_memory_bytes_max: u64,
    /// Memory for address books that were read lately, about 500 octets a card.
    pub books_memory_bytes_max: u64,
    /// Questions to the live ENT, where it is asked, that one search or one address book may take.
    pub ent_asks_max: usize,
    /// Cards in an address book: one that would have more is not offered.
    pub book_cards_max: usize,
    /// The same of the book of all who stand in none of the others; 0: never offered.
    pub others_cards_max: usize,
    /// How long a client may stay away and then still hear only what has changed.
    pub sync_days: u32,
    /// States of one address book that are remembered for that.
    pub sync_states_max: usize,
    /// Octets of a request.
    pub request_bytes_max: usize,
    /// Elements of a request's XML within each other.
    pub xml_depth_max: usize,
    /// Cards that one request may ask for by name.
    pub multiget_max: usize,
    /// Properties and conditions that one request may name.
    pub terms_max: usize,
    /// Words of a client's name (User-Agent), in any case: such a client is told that groups are organizations, for of a
    /// `KIND:group` it makes an empty list instead of somebody to write to.
    pub groups_as_organizations: Vec<String>,
}

impl Default for DirectoryConfig {
    fn default() -> Self {
        Self {
            carddav: true,
            query_chars_max: 100,
            found_max: 100,
            names_memory_bytes_max: 64 << 20,
            books_memory_bytes_max: 64 << 20,
            ent_asks_max: 100,
            book_cards_max: 2000,
            others_cards_max: 500,
            sync_days: 90,
            sync_states_max: 8,
            request_bytes_max: 512 << 10,
            xml_depth_max: 16,
            multiget_max: 2000,
            terms_max: 50,
            groups_as_organizations: vec!["DAVx5".to_owned()],
        }
    }
}
