//! PURE: the heads of a tar archive's members, as POSIX has them (ustar): what any tar reads.

/// Octets of a head; content is filled up to a multiple of it.
pub(super) const BLOCK: usize = 512;
/// The longest name.
const NAME_MAX: usize = 100;
/// The largest content: eleven octal digits.
const SIZE_MAX: u64 = (1 << 33) - 1;

/// The head of a regular file that its owner alone may read. `None`: name or content is too long.
pub(super) fn head(name: &str, size: u64, modified: i64) -> Option<[u8; BLOCK]> {
    if name.len() > NAME_MAX || size > SIZE_MAX {
        return None;
    }
    let mut head = [0; BLOCK];
    let modified = u64::try_from(modified).unwrap_or(0).min(SIZE_MAX);
    put(&mut head, 0, name.as_bytes());
    put(&mut head, 100, b"0000600\0");
    put(&mut head, 108, b"0000000\0");
    put(&mut head, 116, b"0000000\0");
    put(&mut head, 124, format!("{size:011o}\0").as_bytes());
    put(&mut head, 136, format!("{modified:011o}\0").as_bytes());
    put(&mut head, 156, b"0");
    put(&mut head, 257, b"ustar\x0000");
    let sum = format!("{:06o}\0 ", checksum(&head));
    put(&mut head, 148, sum.as_bytes());
    Some(head)
}

/// Name and size of a member; `None` where it is no head of ours.
pub(super) fn read_head(head: &[u8; BLOCK]) -> Option<(String, u64)> {
    let written = octal(head.get(148..154)?)?;
    if head.get(257..262)? != b"ustar" || written != checksum(head) {
        return None;
    }
    let name = head.get(..NAME_MAX)?.split(|octet| *octet == 0).next()?;
    Some((String::from_utf8(name.to_vec()).ok()?, octal(head.get(124..135)?)?))
}

/// Octets behind content of this size, up to the next head.
pub(super) fn padding(size: u64) -> usize {
    let rest = usize::try_from(size % 512).unwrap_or(0);
    if rest == 0 { 0 } else { BLOCK - rest }
}

/// The sum of all octets, the sum's own place taken as spaces.
fn checksum(head: &[u8; BLOCK]) -> u64 {
    head.iter().enumerate().map(|(at, octet)| if (148..156).contains(&at) { 32 } else { u64::from(*octet) }).sum()
}

fn put(head: &mut [u8; BLOCK], at: usize, octets: &[u8]) {
    if let Some(place) = head.get_mut(at..at + octets.len()) {
        place.copy_from_slice(octets);
    }
}

fn octal(digits: &[u8]) -> Option<u64> {
    u64::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_read_back() {
        for (name, size) in [("a", 0), ("rows/placement/00001.ndjson", 511), (&"n".repeat(100), SIZE_MAX)] {
            let head = head(name, size, 1_790_000_000).unwrap();
            assert_eq!(read_head(&head), Some((name.to_owned(), size)));
            for at in [0, 99, 130, 260, 511] {
                let mut damaged = head;
                damaged[at] ^= 1;
                assert_eq!(read_head(&damaged), None, "{at}");
            }
        }
        assert!(head(&"n".repeat(101), 0, 0).is_none() && head("a", SIZE_MAX + 1, 0).is_none());
        assert_eq!(read_head(&[0; BLOCK]), None);
    }

    #[test]
    fn content_is_filled_up() {
        assert_eq!([0, 1, 511, 512, 513].map(padding), [0, 511, 1, 0, 511]);
    }
}
