//! What the JSON API of the ENT rests on: who may ask what.
//!
//! | file | what |
//! | --- | --- |
//! | `tokens` | tokens with scopes: made, listed, revoked by admins; looked up with each request, so that what one gateway revokes no other takes |
//! | `requests` | requests that make something and may come twice |
//! | `badge` | tokens of badges: short-lived, of one person, for reading a number |

mod badge;
mod requests;
mod tokens;

pub use badge::{Badge, BadgeKey, NewBadge};
pub use requests::{Begun, RequestKey};
pub use tokens::{NewApiToken, TokenPlan, TokenRefusal};

pub use crate::store::api::ApiToken;
