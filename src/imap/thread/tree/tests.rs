//! Threads against a naive version that does what RFC 5256 §3 says, step by step, by recursion and search.

use proptest::prelude::*;

use super::*;

fn message(index: u32, sent: i64, subject: &str, is_reply: bool, id: Option<u32>, references: &[u32]) -> Threaded {
    let keys = SortKeys {
        base_subject: subject.to_owned(),
        is_reply,
        references: references.iter().map(u32::to_string).collect(),
        ..SortKeys::default()
    };
    Threaded { uid: Uid(index), sent: Timestamp(sent), keys, message_id: id.map(|id| id.to_string()) }
}

fn written(threads: &Threads) -> String {
    let mut out = bytes::BytesMut::new();
    crate::imap::wire::write::threads(&mut out, &threads.numbered(|index| u32::try_from(index + 1).ok()));
    String::from_utf8(out.to_vec()).unwrap().trim_start_matches("* THREAD").trim().to_owned()
}

#[test]
fn by_references_and_subject() {
    let messages = [
        message(1, 1, "A", false, Some(1), &[]),
        message(2, 2, "A", true, Some(2), &[1]),
        message(3, 3, "A", true, Some(3), &[1]),
        message(4, 4, "A", true, Some(4), &[1, 2]),
        message(5, 5, "B", true, Some(5), &[90]),
        message(6, 6, "B", true, Some(6), &[90]),
        message(7, 7, "A", true, Some(7), &[]),
        message(8, 8, "C", false, None, &[]),
        message(9, 0, "C", false, None, &[]),
        message(10, 10, "", false, Some(4), &[]),
    ];
    assert_eq!(written(&by_references(&messages)), "((9)(8))(1 (2 4)(3)(7))((5)(6))(10)");
    assert_eq!(written(&by_subject(&messages)), "(9 8)(1 (2)(3)(4)(7))(5 6)(10)");
    assert_eq!(written(&by_references(&[])), "");
}

#[test]
fn loops_are_cut() {
    let messages = [
        message(1, 1, "", false, Some(1), &[2]),
        message(2, 2, "", false, Some(2), &[1]),
        message(3, 3, "", false, Some(3), &[3]),
    ];
    assert_eq!(written(&by_references(&messages)), "(2 1)(3)");
}

/// Deep and wide threads take no stack, and no square of their size.
#[test]
fn large_threads() {
    let chain: Vec<Threaded> = (0..100_000)
        .map(|n: u32| message(n, i64::from(n), "A", n > 0, Some(n), if n > 0 { &[0][..] } else { &[] }))
        .map(|mut message| {
            if message.uid.0 > 0 {
                message.keys.references = vec![(message.uid.0 - 1).to_string()];
            }
            message
        })
        .collect();
    assert_eq!(by_references(&chain).roots.len(), 1);
    assert_eq!(written(&by_references(&chain)).matches('(').count(), 1);
    let alone: Vec<Threaded> = (0..100_000).map(|n| message(n, 0, "A", false, None, &[])).collect();
    assert_eq!(by_references(&alone).roots.len(), 1);
}

/// A tree of the naive version.
#[derive(Clone, Debug)]
struct Tree {
    message: Option<usize>,
    children: Vec<Self>,
}

mod naive {
    use super::*;

    pub(super) fn by_references(messages: &[Threaded]) -> Vec<Tree> {
        let mut names: Vec<(Option<&str>, Option<usize>)> = Vec::new();
        for (index, message) in messages.iter().enumerate() {
            let id = message.message_id.as_deref();
            let known = id.is_some_and(|id| names.iter().any(|(name, _)| *name == Some(id)));
            names.push((id.filter(|_| !known), Some(index)));
        }
        for id in messages.iter().flat_map(|message| &message.keys.references) {
            if !names.iter().any(|(name, _)| *name == Some(id)) {
                names.push((Some(id), None));
            }
        }
        let place = |id: &str| names.iter().position(|(name, _)| *name == Some(id)).unwrap();
        let mut parents: Vec<Option<usize>> = vec![None; names.len()];
        let mut links: Vec<(usize, usize)> = Vec::new();
        for (index, message) in messages.iter().enumerate() {
            links.extend(message.keys.references.last().map(|last| (place(last), index)));
        }
        for message in messages {
            links.extend(message.keys.references.windows(2).map(|pair| (place(&pair[0]), place(&pair[1]))));
        }
        for (parent, child) in links {
            let mut above = Some(parent);
            let mut is_loop = false;
            while let Some(at) = above {
                is_loop |= at == child;
                above = parents[at];
            }
            if parents[child].is_none() && !is_loop {
                parents[child] = Some(parent);
            }
        }
        let roots = (0..names.len()).filter(|node| parents[*node].is_none());
        let trees = roots.map(|root| tree(root, &parents, &names)).collect();
        let mut trees = sorted(prune(trees, true), messages);
        trees = join(trees, messages);
        sorted(trees, messages)
    }

    fn tree(node: usize, parents: &[Option<usize>], names: &[(Option<&str>, Option<usize>)]) -> Tree {
        let below = (0..names.len()).filter(|child| parents[*child] == Some(node));
        Tree { message: names[node].1, children: below.map(|child| tree(child, parents, names)).collect() }
    }

    fn prune(trees: Vec<Tree>, at_root: bool) -> Vec<Tree> {
        let mut kept = Vec::new();
        for mut tree in trees {
            tree.children = prune(tree.children, false);
            match (tree.message, tree.children.len()) {
                (None, 0) => {}
                (None, 1) => kept.append(&mut tree.children),
                (None, _) if !at_root => kept.append(&mut tree.children),
                _ => kept.push(tree),
            }
        }
        kept
    }

    fn first(tree: &Tree) -> usize {
        tree.message.or_else(|| tree.children.first().map(first)).unwrap()
    }

    fn sorted(mut trees: Vec<Tree>, messages: &[Threaded]) -> Vec<Tree> {
        for tree in &mut trees {
            tree.children = sorted(std::mem::take(&mut tree.children), messages);
        }
        trees.sort_by_key(|tree| (messages[first(tree)].sent, first(tree)));
        trees
    }

    fn join(trees: Vec<Tree>, messages: &[Threaded]) -> Vec<Tree> {
        let keys = |tree: &Tree| messages[first(tree)].keys.clone();
        let mut table: Vec<(String, usize)> = Vec::new();
        for (index, tree) in trees.iter().enumerate() {
            let subject = keys(tree).base_subject;
            match table.iter_mut().find(|(known, _)| *known == subject) {
                _ if subject.is_empty() => {}
                None => table.push((subject, index)),
                Some((_, there)) => {
                    let (old, new) = (&trees[*there], tree);
                    let takes = match (old.message, new.message) {
                        (Some(_), None) => true,
                        (None, Some(_)) => false,
                        _ => keys(old).is_reply && !keys(new).is_reply,
                    };
                    if takes {
                        *there = index;
                    }
                }
            }
        }
        let mut slots: Vec<Option<Tree>> = trees.into_iter().map(Some).collect();
        for index in 0..slots.len() {
            let Some(tree) = slots[index].take() else { continue };
            let subject = keys(&tree).base_subject;
            let there = table.iter_mut().find(|(known, _)| *known == subject).filter(|(_, there)| *there != index);
            let Some((_, there)) = there else {
                slots[index] = Some(tree);
                continue;
            };
            let mut old = slots[*there].take().unwrap();
            let joined = match (old.message, tree.message) {
                (None, None) => {
                    old.children.extend(tree.children);
                    old
                }
                (None, Some(_)) => {
                    old.children.push(tree);
                    old
                }
                _ if keys(&tree).is_reply && !keys(&old).is_reply => {
                    old.children.push(tree);
                    old
                }
                _ => Tree { message: None, children: vec![old, tree] },
            };
            slots[*there] = Some(joined);
        }
        slots.into_iter().flatten().collect()
    }
}

/// The same form as [`written`].
fn written_naively(trees: &[Tree]) -> String {
    fn inside(tree: &Tree) -> String {
        let own = tree.message.map(|index| (index + 1).to_string());
        let below = match tree.children.as_slice() {
            [] => None,
            [only] => Some(inside(only)),
            several => Some(several.iter().map(|tree| format!("({})", inside(tree))).collect()),
        };
        own.into_iter().chain(below).collect::<Vec<String>>().join(" ")
    }
    trees.iter().map(|tree| format!("({})", inside(tree))).collect()
}

fn any_messages() -> impl Strategy<Value = Vec<Threaded>> {
    let one = (
        0_i64..6,
        prop::sample::select(&["", "A", "B"][..]),
        any::<bool>(),
        prop::option::weighted(0.8, 0_u32..9),
        proptest::collection::vec(0_u32..11, 0..4),
    );
    proptest::collection::vec(one, 0..12).prop_map(|all| {
        let numbered = (1_u32..).zip(all);
        numbered
            .map(|(number, (sent, subject, is_reply, id, references))| {
                message(number, sent, subject, is_reply, id, &references)
            })
            .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, ..ProptestConfig::default() })]

    #[test]
    fn as_the_naive_version(messages in any_messages()) {
        prop_assert_eq!(written(&by_references(&messages)), written_naively(&naive::by_references(&messages)));
    }

    #[test]
    fn every_message_is_there_once(messages in any_messages()) {
        for threads in [by_references(&messages), by_subject(&messages)] {
            let mut numbers: Vec<usize> =
                written(&threads).split(['(', ')', ' ']).filter_map(|number| number.parse().ok()).collect();
            numbers.sort_unstable();
            prop_assert_eq!(numbers, (1..=messages.len()).collect::<Vec<_>>());
        }
    }
}
