//! PURE: UIDs → the ranges that a statement takes.

use crate::model::Uid;

/// Every UID there can be.
pub(crate) const ALL_UIDS: &str = "[[1,4294967295]]";

/// The UIDs as JSON `[[low,high],…]`: rising, without overlap, neighbours joined.
pub(crate) fn ranges_json(uids: &[Uid]) -> String {
    let mut sorted: Vec<u32> = uids.iter().map(|uid| uid.0).collect();
    sorted.sort_unstable();
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for uid in sorted {
        match ranges.last_mut() {
            Some((_, high)) if uid <= high.saturating_add(1) => *high = uid,
            _ => ranges.push((uid, uid)),
        }
    }
    super::json_list(&ranges)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn joins_neighbours() {
        let uids = [7, 1, 2, 3, 3, 9, 8, 4_294_967_295].map(Uid);
        assert_eq!(ranges_json(&uids), "[[1,3],[7,9],[4294967295,4294967295]]");
        assert_eq!(ranges_json(&[]), "[]");
    }

    proptest! {
        #[test]
        fn ranges_hold_exactly_the_uids(uids in proptest::collection::vec(1_u32..200, 0..100)) {
            let ranges: Vec<(u32, u32)> =
                serde_json::from_str(&ranges_json(&uids.iter().copied().map(Uid).collect::<Vec<_>>())).unwrap();
            let listed: Vec<u32> = ranges.iter().flat_map(|&(low, high)| low..=high).collect();
            let mut expected = uids;
            expected.sort_unstable();
            expected.dedup();
            prop_assert_eq!(listed, expected);
            prop_assert!(ranges.windows(2).all(|pair| pair[0].1 + 1 < pair[1].0));
        }
    }
}
