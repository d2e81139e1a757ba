//! PURE: one-time codes of an authenticator app (RFC 6238, on RFC 4226): SHA-1, six digits, thirty seconds, as all of them do.

use ring::hmac::{self, HMAC_SHA1_FOR_LEGACY_USE_ONLY};
use subtle::ConstantTimeEq;

/// Octets of a secret (RFC 4226 §4 R6).
pub const SECRET_BYTES: usize = 20;
/// Seconds of one code (RFC 6238 §5.2).
const STEP_SECONDS: i64 = 30;
/// Steps that a clock may be ahead or behind.
const DRIFT_STEPS: i64 = 1;
const DIGITS: u32 = 6;

/// What an app and we share. `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct TotpSecret([u8; SECRET_BYTES]);

impl TotpSecret {
    /// Out of random octets.
    pub const fn new(octets: [u8; SECRET_BYTES]) -> Self {
        Self(octets)
    }

    /// From base 32 (RFC 4648 §6), as it is kept and typed.
    pub fn from_base32(text: &str) -> Option<Self> {
        let mut octets = Vec::with_capacity(SECRET_BYTES);
        let (mut bits, mut held) = (0_u32, 0_u32);
        for sign in text.bytes().filter(|sign| *sign != b' ') {
            let value = BASE32.iter().position(|known| *known == sign.to_ascii_uppercase())?;
            bits = bits << 5 | u32::try_from(value).ok()?;
            held += 5;
            if held >= 8 {
                held -= 8;
                octets.push(u8::try_from(bits >> held & 0xFF).ok()?);
                bits &= (1 << held) - 1;
            }
        }
        octets.try_into().ok().map(Self)
    }

    /// In base 32.
    pub fn base32(&self) -> String {
        let mut text = String::new();
        // Twenty octets are thirty-two signs: nothing is left over.
        for five in self.0.chunks(5) {
            let bits = five.iter().fold(0_u64, |bits, octet| bits << 8 | u64::from(*octet));
            let sign = |index: usize| usize::try_from(bits >> (35 - 5 * index) & 31).ok().and_then(|at| BASE32.get(at));
            text.extend((0..8).filter_map(sign).map(|sign| char::from(*sign)));
        }
        text
    }

    /// What authenticator apps read, as a link or a picture. Both names are percent-encoded.
    pub fn url(&self, issuer: &str, account: &str) -> String {
        let (issuer, account) = (encoded(issuer), encoded(account));
        format!("otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}", self.base32())
    }

    /// The step whose code this is, at this time (seconds since 1970), where it is later than `last`, which was used.
    pub fn step_of(&self, code: &str, now: i64, last: i64) -> Option<i64> {
        let step = now.div_euclid(STEP_SECONDS);
        // All are compared, however early one fits.
        let fits = |step: &i64| bool::from(self.code(*step).as_bytes().ct_eq(code.as_bytes()));
        (step - DRIFT_STEPS..=step + DRIFT_STEPS).filter(fits).filter(|step| *step > last).max()
    }

    /// What the app shows at a time (seconds since 1970).
    pub fn code_at(&self, at: i64) -> String {
        self.code(at.div_euclid(STEP_SECONDS))
    }

    /// The code of a step (RFC 4226 §5.3).
    fn code(&self, step: i64) -> String {
        let key = hmac::Key::new(HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.0);
        let tag = hmac::sign(&key, &step.to_be_bytes());
        let tag = tag.as_ref();
        let at = usize::from(tag.last().copied().unwrap_or(0) & 0xF);
        let four = tag.get(at..at + 4).and_then(|four| four.try_into().ok()).unwrap_or_default();
        let number = (u32::from_be_bytes(four) & 0x7FFF_FFFF) % 10_u32.pow(DIGITS);
        format!("{number:06}")
    }
}

impl std::fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TotpSecret(…)")
    }
}

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

fn encoded(text: &str) -> String {
    let octet = |octet: u8| match octet {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => char::from(octet).to_string(),
        octet => format!("%{octet:02X}"),
    };
    text.bytes().map(octet).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret() -> TotpSecret {
        TotpSecret::new(*b"12345678901234567890")
    }

    /// RFC 6238, appendix B, the last six of its eight digits; RFC 4226, appendix D, by counter.
    #[test]
    fn codes_are_those_of_the_rfcs() {
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(secret().step_of(code, seconds, 0), Some(seconds / 30), "{seconds}");
        }
        let counted =
            ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"];
        for (step, code) in (0..).zip(counted) {
            assert_eq!(secret().code(step), code);
        }
    }

    #[test]
    fn a_code_holds_for_its_step_and_a_clock_that_is_one_off_and_once() {
        let now = 1_234_567_890;
        let (step, code) = (now / 30, "005924");
        for (clock, holds) in [(now, true), (now - 30, true), (now + 30, true), (now - 60, false), (now + 60, false)] {
            assert_eq!(secret().step_of(code, clock, 0).is_some(), holds, "{clock}");
        }
        assert_eq!(secret().step_of(code, now, step - 1), Some(step));
        assert_eq!(secret().step_of(code, now, step), None, "used");
        assert_eq!(secret().step_of(code, now - 30, step), None, "used by a clock that was ahead");
        for wrong in ["", "5924", "005925", " 005924", "0059240", "٠٠٥٩٢٤"] {
            assert_eq!(secret().step_of(wrong, now, 0), None, "{wrong}");
        }
    }

    #[test]
    fn secrets_are_typed_in_base_32() {
        let text = secret().base32();
        assert_eq!(text, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert_eq!(TotpSecret::from_base32(&text.to_lowercase()), Some(secret()));
        for wrong in ["", "GEZD", "0EZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", &format!("{text}{text}")] {
            assert_eq!(TotpSecret::from_base32(wrong), None, "{wrong}");
        }
        assert_eq!(
            secret().url("École", "anne d"),
            format!("otpauth://totp/%C3%89cole:anne%20d?secret={text}&issuer=%C3%89cole")
        );
        assert!(!format!("{:?}", secret()).contains("1234"));
    }
}
