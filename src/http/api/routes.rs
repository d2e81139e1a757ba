//! The routes, in one table: method, path, what it takes to come in, and who answers. `docs/openapi.json` describes each; a
//! test holds the two together.

use axum::http::Method;
use axum::routing::{MethodRouter, delete, get, post};

use super::{Api, badge, devices, directory, events, feed, openapi, people, recall, switch};
use crate::model::ApiScope;

/// What it takes to come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Any token of the API.
    Token,
    /// One with this scope.
    Scope(ApiScope),
    /// A badge's token, and no other.
    Badge,
}

/// One route.
pub struct Route {
    pub method: Method,
    /// Below `/api/v1`.
    pub path: &'static str,
    pub need: Need,
    pub(super) handler: fn() -> MethodRouter<Api>,
}

const fn route(method: Method, path: &'static str, need: Need, handler: fn() -> MethodRouter<Api>) -> Route {
    Route { method, path, need, handler }
}

const fn scope(scope: ApiScope) -> Need {
    Need::Scope(scope)
}

/// All of them.
pub const ROUTES: [Route; 21] = [
    route(Method::GET, "/openapi.json", Need::Token, || get(openapi::document)),
    route(Method::POST, "/unread", scope(ApiScope::Unread), || post(feed::unread_of_many)),
    route(Method::POST, "/events", scope(ApiScope::Unread), || post(events::of_many)),
    route(Method::GET, "/people/{person}/unread", scope(ApiScope::Unread), || get(feed::unread)),
    route(Method::GET, "/people/{person}/feed", scope(ApiScope::Feed), || get(feed::since)),
    route(Method::GET, "/people/{person}/events", scope(ApiScope::Feed), || get(events::of_one)),
    route(Method::POST, "/people/{person}/suspend", scope(ApiScope::Suspend), || post(people::suspend)),
    route(Method::POST, "/people/{person}/resume", scope(ApiScope::Suspend), || post(people::resume)),
    route(Method::GET, "/people/{person}/devices", scope(ApiScope::Devices), || get(devices::list)),
    route(Method::POST, "/people/{person}/devices", scope(ApiScope::Devices), || post(devices::create)),
    route(Method::DELETE, "/people/{person}/devices/{device}", scope(ApiScope::Devices), || delete(devices::revoke)),
    route(Method::GET, "/people/{person}/sent", scope(ApiScope::Recall), || get(recall::sent)),
    route(Method::POST, "/people/{person}/sent/{message}/recall", scope(ApiScope::Recall), || post(recall::recall)),
    route(Method::GET, "/switch", scope(ApiScope::Suspend), || get(switch::list)),
    route(Method::POST, "/switch/suspend", scope(ApiScope::Suspend), || post(switch::suspend)),
    route(Method::POST, "/switch/resume", scope(ApiScope::Suspend), || post(switch::resume)),
    route(Method::POST, "/directory", scope(ApiScope::Directory), || post(directory::change)),
    route(Method::POST, "/badge-tokens", scope(ApiScope::Badge), || post(badge::create)),
    route(Method::GET, "/badge", Need::Badge, || get(badge::show)),
    route(Method::GET, "/badge/events", Need::Badge, || get(badge::events)),
    route(Method::GET, "/token", Need::Token, || get(openapi::token)),
];
