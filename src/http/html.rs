//! PROTOCOL: pages for people: an HTML answer with its strict headers, and the files that pages are dressed in.
//!
//! A page loads nothing but one style sheet, one script and one icon, all from here: the policy (CSP level 3) leaves no room
//! for inline code, frames, or other hosts. Files have the hash of what is in them in their names, so browsers keep them for
//! good (RFC 8246 `immutable`); pages are never kept.
//!
//! Templates lie in `templates/` and begin with `{% extends "base.html" %}`; they need a field `frame`, a [`Frame`].

use std::sync::LazyLock;

use askama::Template;
use axum::Router;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::sentences::Language;

const STYLE: &str = include_str!("../../templates/assets/passerelle.css");
const SCRIPT: &str = include_str!("../../templates/assets/passerelle.js");
const ICON: &str = include_str!("../../templates/assets/icon.svg");

/// Octets of a hash that stand in a file's name.
const NAME_HASH_BYTES: usize = 8;

/// What every page may do. Nothing comes from elsewhere, nothing stands inside the page, nobody frames it, and what it sends
/// goes back where it came from.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; \
     base-uri 'none'; frame-ancestors 'none'",
);

/// On everything, pages and files.
const ALWAYS: [(HeaderName, HeaderValue); 3] = [
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    // Forms tell us where they come from, others learn nothing (Fetch: with `no-referrer` Origin would be `null`).
    (REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
];

/// On pages.
const PAGE: [(HeaderName, HeaderValue); 7] = [
    (CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
    (CONTENT_SECURITY_POLICY, POLICY),
    (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ),
    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (VARY, HeaderValue::from_static("cookie")),
];

/// A file that pages are dressed in.
struct Asset {
    /// Below `/assets/`, with the hash of what is in it.
    path: String,
    media_type: &'static str,
    text: &'static str,
}

static ASSETS: LazyLock<[Asset; 3]> = LazyLock::new(|| {
    [
        ("css", "text/css; charset=utf-8", STYLE),
        ("js", "text/javascript; charset=utf-8", SCRIPT),
        ("svg", "image/svg+xml", ICON),
    ]
    .map(|(end, media_type, text)| Asset { path: asset_path(end, text), media_type, text })
});

fn asset_path(end: &str, text: &str) -> String {
    let hash: String = blake3::hash(text.as_bytes())
        .as_bytes()
        .iter()
        .take(NAME_HASH_BYTES)
        .map(|octet| format!("{octet:02x}"))
        .collect();
    format!("/assets/passerelle.{hash}.{end}")
}

/// What stands around every page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// As `lang` has it.
    pub language: &'static str,
    /// The page's own name: before the site's in the browser's title.
    pub title: String,
    /// The site's name, at the top of the page.
    pub site: String,
    /// Where the name leads.
    pub home: &'static str,
    /// « Aller au contenu »: the first stop of the keyboard.
    pub skip: &'static str,
    /// What the list of the site's parts is called, for who does not see it.
    pub parts: &'static str,
    pub links: Vec<FrameLink>,
    /// Who is signed in, with what signs out.
    pub person: Option<FramePerson>,
}

/// A part of the site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrameLink {
    pub path: &'static str,
    pub text: &'static str,
    /// Is it where the person is?
    pub here: bool,
}

/// Who is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FramePerson {
    pub name: String,
    /// « Se déconnecter », and where the form goes.
    pub sign_out: &'static str,
    pub sign_out_path: &'static str,
    /// What the form must bring.
    pub token: String,
}

impl Frame {
    /// A page in this language.
    pub fn new(language: Language, site: &str, title: &str) -> Self {
        let (code, skip, parts) = match language {
            Language::Fr => ("fr", "Aller au contenu", "Rubriques"),
            Language::En => ("en", "Skip to content", "Sections"),
        };
        Self {
            language: code,
            title: title.to_owned(),
            site: site.to_owned(),
            home: "/",
            skip,
            parts,
            ..Self::default()
        }
    }

    /// Where the style sheet is.
    pub fn style(&self) -> &'static str {
        path_of(0)
    }

    /// Where the script is.
    pub fn script(&self) -> &'static str {
        path_of(1)
    }

    /// Where the icon is.
    pub fn icon(&self) -> &'static str {
        path_of(2)
    }
}

fn path_of(asset: usize) -> &'static str {
    ASSETS.get(asset).map_or("", |asset| asset.path.as_str())
}

/// A page, or what went wrong with it.
pub fn page(template: &impl Template) -> Response {
    page_with(StatusCode::OK, template)
}

/// The same with another status.
pub fn page_with(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(text) => (status, HeaderMap::from_iter(PAGE.into_iter().chain(ALWAYS)), text).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page could not be made");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// What an answer that is no page says of itself: that it may do nothing.
pub(super) fn headers_of_no_page() -> impl Iterator<Item = (HeaderName, HeaderValue)> {
    let own = [(CONTENT_SECURITY_POLICY, POLICY), (X_FRAME_OPTIONS, HeaderValue::from_static("DENY"))];
    own.into_iter().chain(ALWAYS)
}

/// The files that pages are dressed in.
pub(super) fn router() -> Router {
    ASSETS
        .iter()
        .fold(Router::new(), |router, asset| router.route(&asset.path, get(move || async move { file(asset) })))
}

fn file(asset: &Asset) -> Response {
    let own = [
        (CONTENT_TYPE, HeaderValue::from_static(asset.media_type)),
        (CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable")),
        // Opened by itself, a picture does nothing either.
        (CONTENT_SECURITY_POLICY, POLICY),
    ];
    (HeaderMap::from_iter(own.into_iter().chain(ALWAYS)), asset.text).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Template)]
    #[template(
        source = "{% extends \"base.html\" %}{% block content %}<h1>{{ words }}</h1>{% endblock %}",
        ext = "html"
    )]
    struct Hello {
        frame: Frame,
        words: &'static str,
    }

    #[test]
    fn what_is_put_in_is_escaped_and_nothing_stands_inside_the_page() {
        let frame = Frame::new(Language::Fr, "<site>", "a & b");
        let text = Hello { frame, words: "<script>alert(1)</script>" }.render().unwrap();
        assert!(text.contains("&#60;script&#62;alert(1)") && text.contains("&#60;site&#62;"), "{text}");
        assert!(text.starts_with("<!doctype html>\n<html lang=\"fr\""), "{text}");
        for inline in ["<style", "style=", "onclick", "javascript:", "<script>", "http://", "https://"] {
            assert!(!text.contains(inline), "{inline}: {text}");
        }
        assert!(text.contains(path_of(0)) && text.contains(path_of(1)) && text.contains(path_of(2)));
    }

    #[test]
    fn pages_are_not_kept_and_files_are() {
        let page = page(&Hello { frame: Frame::new(Language::En, "x", "y"), words: "z" });
        let header = |response: &Response, name: &str| response.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(header(&page, "cache-control"), "no-store");
        assert!(!header(&page, "content-security-policy").contains("unsafe"));
        let file = file(&ASSETS[0]);
        assert!(header(&file, "cache-control").ends_with("immutable"));
        for response in [page, file] {
            assert_eq!(header(&response, "x-content-type-options"), "nosniff");
        }
    }

    #[test]
    fn a_file_with_something_else_in_it_has_another_name() {
        assert_ne!(asset_path("css", "a"), asset_path("css", "b"));
        assert!(
            ASSETS.iter().all(|asset| asset.path.len()
                == "/assets/passerelle..css".len() + 16 - usize::from(asset.path.ends_with(".js")))
        );
    }
}
