//! PURE: where a sign-in may lead to: pages of ours, named one by one. Anything else leads to the start.

use crate::sentences::page::DeviceKind;

/// The start.
pub(super) const HOME: &str = "/";

/// The path, where it is one of ours to be led to.
pub(super) fn lead_to(asked: &str) -> String {
    let is_ours = match asked {
        "/" | "/devices" | "/devices/new" | "/rights" => true,
        _ => ["/devices/new/", "/settings/"]
            .iter()
            .any(|start| asked.strip_prefix(start).is_some_and(|kind| DeviceKind::from_word(kind).is_some())),
    };
    if is_ours { asked.to_owned() } else { HOME.to_owned() }
}

/// A path as a parameter of a query holds it: ours have nothing to be escaped but slashes, which need not be.
pub(super) fn sign_in(asked: &str, expired: bool) -> String {
    let path = lead_to(asked);
    match (path.as_str(), expired) {
        (HOME, false) => "/sign-in".to_owned(),
        (HOME, true) => "/sign-in?expired=yes".to_owned(),
        (path, false) => format!("/sign-in?return_to={path}"),
        (path, true) => format!("/sign-in?return_to={path}&expired=yes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leads_elsewhere() {
        for ours in ["/", "/devices", "/devices/new/iphone", "/settings/outlook", "/rights"] {
            assert_eq!(lead_to(ours), ours);
        }
        for bad in [
            "",
            "//evil.fr",
            "https://evil.fr",
            "/\\evil.fr",
            "/devices/../..//evil.fr",
            "/sign-out",
            "/devices/7/revoke",
            "/devices/new/iphone?x",
            "\r\nx: y",
            "/%2f/evil.fr",
            "javascript:alert(1)",
        ] {
            assert_eq!(lead_to(bad), "/", "{bad:?}");
        }
    }
}
