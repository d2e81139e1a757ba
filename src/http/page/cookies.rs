//! PURE: cookies in and out (RFC 6265). Over TLS their names begin with `__Host-`: only this host, over TLS, can have set them,
//! so nobody plants one from beside (RFC 6265bis §4.1.3.2).

use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderValue};

/// What a cookie is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cookie {
    /// Who is signed in.
    Session,
    /// Who was given the form for a password.
    Form,
    /// Who was sent to the ENT.
    SignIn,
}

impl Cookie {
    fn name(self, secure: bool) -> String {
        let name = match self {
            Self::Session => "passerelle",
            Self::Form => "passerelle-form",
            Self::SignIn => "passerelle-sign-in",
        };
        format!("{}{name}", if secure { "__Host-" } else { "" })
    }

    /// As the browser sent it.
    pub(super) fn read(self, headers: &HeaderMap, secure: bool) -> Option<&str> {
        let name = self.name(secure);
        let pairs = headers.get_all(COOKIE).into_iter().filter_map(|value| value.to_str().ok());
        pairs.flat_map(|pairs| pairs.split(';')).find_map(|pair| {
            let (key, value) = pair.split_once('=')?;
            (key.trim() == name).then(|| value.trim())
        })
    }

    /// Sets it, for as long as the browser is open, or for so many seconds. The value: letters, digits, `-_.~`.
    pub(super) fn set(self, value: &str, secure: bool, seconds: Option<u32>) -> Option<HeaderValue> {
        let name = self.name(secure);
        let secure = if secure { "; Secure" } else { "" };
        let age = seconds.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
        HeaderValue::try_from(format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{age}")).ok()
    }

    /// Takes it away.
    pub(super) fn unset(self, secure: bool) -> Option<HeaderValue> {
        self.set("", secure, Some(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn over_tls_a_cookie_is_this_hosts_alone() {
        let set = Cookie::Session.set("abc", true, None).unwrap();
        assert_eq!(set, "__Host-passerelle=abc; Path=/; HttpOnly; SameSite=Lax; Secure");
        let set = Cookie::SignIn.set("abc", false, Some(60)).unwrap();
        assert_eq!(set, "passerelle-sign-in=abc; Path=/; HttpOnly; SameSite=Lax; Max-Age=60");
        assert!(Cookie::Session.unset(true).unwrap().to_str().unwrap().ends_with("Max-Age=0"));
    }

    #[test]
    fn a_cookie_without_the_prefix_is_none_over_tls() {
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, HeaderValue::from_static("a=b; passerelle=planted"));
        headers.append(COOKIE, HeaderValue::from_static("passerelle-form=x;__Host-passerelle=mine"));
        assert_eq!(Cookie::Session.read(&headers, true), Some("mine"));
        assert_eq!(Cookie::Session.read(&headers, false), Some("planted"));
        assert_eq!(Cookie::SignIn.read(&headers, false), None);
    }
}
