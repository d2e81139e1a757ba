//! PURE: a range of IP addresses, as `192.0.2.0/24` or `2001:db8::/32`.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use serde::Deserialize;

/// The addresses that begin with the same bits. IPv4 addresses are kept as IPv6 has them (RFC 4291 §2.5.5.2), so that a
/// client is known however it reached the listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Network {
    first: u128,
    /// How many bits count, of 128.
    bits: u32,
}

/// Why a text is no network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not a network, as in \"192.0.2.0/24\" or \"2001:db8::/32\"")]
pub struct NoNetwork(String);

/// Bits in front of an IPv4 address.
const V4_BITS: u32 = 96;

impl Network {
    /// Is the address in it?
    pub fn contains(&self, address: IpAddr) -> bool {
        bits_of(address) & mask(self.bits) == self.first
    }
}

fn bits_of(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

fn mask(bits: u32) -> u128 {
    u128::MAX.checked_shl(128 - bits.min(128)).unwrap_or(0)
}

impl TryFrom<String> for Network {
    type Error = NoNetwork;

    fn try_from(text: String) -> Result<Self, NoNetwork> {
        text.parse()
    }
}

impl FromStr for Network {
    type Err = NoNetwork;

    /// An address alone is a network of one. Bits behind the prefix must be zero: else something else was meant.
    fn from_str(text: &str) -> Result<Self, NoNetwork> {
        let wrong = || NoNetwork(text.to_owned());
        let (address, length) = text.split_once('/').map_or((text, None), |(address, length)| (address, Some(length)));
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let (in_front, most) = if address.is_ipv4() { (V4_BITS, 32) } else { (0, 128) };
        let length = match length {
            None => most,
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse().map_err(|_| wrong())?,
            Some(_) => return Err(wrong()),
        };
        let bits = in_front + Some(length).filter(|length| *length <= most).ok_or_else(wrong)?;
        let first = bits_of(address);
        if first & !mask(bits) != 0 {
            return Err(wrong());
        }
        Ok(Self { first, bits })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = Ipv6Addr::from_bits(self.first);
        match first.to_ipv4_mapped().filter(|_| self.bits >= V4_BITS) {
            Some(first) => write!(f, "{first}/{}", self.bits - V4_BITS),
            None => write!(f, "{first}/{}", self.bits),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contains(network: &str, address: &str) -> bool {
        network.parse::<Network>().unwrap().contains(address.parse().unwrap())
    }

    #[test]
    fn the_first_bits_decide() {
        assert!(contains("40.96.0.0/13", "40.103.255.255") && !contains("40.96.0.0/13", "40.104.0.0"));
        assert!(contains("192.0.2.7", "192.0.2.7") && !contains("192.0.2.7", "192.0.2.6"));
        assert!(contains("0.0.0.0/0", "255.1.2.3") && !contains("0.0.0.0/0", "2001:db8::1"));
        assert!(contains("::/0", "2001:db8::1") && contains("2603:1026::/36", "2603:1026:fff::1"));
        assert!(!contains("2603:1026::/36", "2603:1027::1"));
        assert!(contains("192.0.2.0/24", "::ffff:192.0.2.9"), "IPv4 on a socket of IPv6");
    }

    #[test]
    fn what_is_no_network() {
        for text in ["", "x", "192.0.2.0/33", "192.0.2.1/24", "2001:db8::/129", "192.0.2.0/", "192.0.2.0/+8", "1.2.3/8"]
        {
            assert!(text.parse::<Network>().is_err(), "{text}");
        }
        for text in ["192.0.2.0/24", "2001:db8::/32", "0.0.0.0/0", "::/0"] {
            assert_eq!(text.parse::<Network>().unwrap().to_string(), text);
        }
    }
}
