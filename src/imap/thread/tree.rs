//! PURE: threads out of messages (RFC 5256 §3): ORDEREDSUBJECT and REFERENCES. Nearly linear: trees are joined by a
//! union-find, and walked without recursion, however deep they are.
//!
//! Where headers contradict each other, what a message says of itself counts before what others say of it.

use std::collections::HashMap;

use crate::imap::wire::write::ThreadToken;
use crate::mime::SortKeys;
use crate::model::{Timestamp, Uid};

#[cfg(test)]
mod tests;

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Threaded {
    pub uid: Uid,
    /// By its Date header, else by its arrival.
    pub sent: Timestamp,
    pub keys: SortKeys,
    pub message_id: Option<String>,
}

/// A place in [`Threads`].
type Node = usize;

/// Trees of messages, and of places where a message is missing.
#[derive(Debug, Default)]
pub(super) struct Threads {
    nodes: Vec<Place>,
    /// In the order of the answer.
    roots: Vec<Node>,
}

#[derive(Clone, Debug, Default)]
struct Place {
    /// Index of the message; `None`: it is not among those found.
    message: Option<usize>,
    parent: Option<Node>,
    children: Vec<Node>,
}

/// ORDEREDSUBJECT: messages of one base subject, the first one sent before all others. Messages come rising by UID.
pub(super) fn by_subject(messages: &[Threaded]) -> Threads {
    let mut order: Vec<usize> = (0..messages.len()).collect();
    order.sort_by_key(|index| sent_of(messages, *index));
    let mut threads = Threads::default();
    let mut by_subject: HashMap<&str, Node> = HashMap::new();
    for index in order {
        let node = threads.add(Some(index));
        let subject = messages.get(index).map_or("", |message| message.keys.base_subject.as_str());
        match by_subject.get(subject) {
            Some(root) => threads.attach(*root, node),
            None => {
                by_subject.insert(subject, node);
                threads.roots.push(node);
            }
        }
    }
    threads
}

/// REFERENCES. Messages come rising by UID.
pub(super) fn by_references(messages: &[Threaded]) -> Threads {
    let mut threads = linked(messages);
    threads.prune();
    threads.sort(messages);
    threads.join_by_subject(messages);
    threads.sort(messages);
    threads
}

/// When a message was sent, then its place in the mailbox.
fn sent_of(messages: &[Threaded], index: usize) -> (Timestamp, usize) {
    (messages.get(index).map_or(Timestamp(0), |message| message.sent), index)
}

/// Step 1 and 2: parents by Message-IDs.
fn linked(messages: &[Threaded]) -> Threads {
    let mut threads = Threads::default();
    let mut by_id: HashMap<&str, Node> = HashMap::new();
    for (index, message) in messages.iter().enumerate() {
        let node = threads.add(Some(index));
        if let Some(id) = &message.message_id {
            // Of several with one Message-ID, the first one is meant.
            by_id.entry(id).or_insert(node);
        }
    }
    for message in messages {
        for id in &message.keys.references {
            by_id.entry(id).or_insert_with(|| threads.add(None));
        }
    }
    let mut joined = Joined::new(threads.nodes.len());
    let place = |id: &String| by_id.get(id.as_str()).copied();
    for (node, message) in messages.iter().enumerate() {
        if let Some(parent) = message.keys.references.last().and_then(place) {
            threads.link(&mut joined, parent, node);
        }
    }
    for message in messages {
        for (older, newer) in message.keys.references.iter().zip(message.keys.references.iter().skip(1)) {
            if let (Some(parent), Some(child)) = (place(older), place(newer)) {
                threads.link(&mut joined, parent, child);
            }
        }
    }
    threads.roots =
        (0..threads.nodes.len()).filter(|node| threads.nodes.get(*node).is_some_and(|n| n.parent.is_none())).collect();
    threads
}

/// Which tree a node belongs to: its root. Only roots are ever joined to others.
struct Joined(Vec<Node>);

impl Joined {
    fn new(count: usize) -> Self {
        Self((0..count).collect())
    }

    fn root(&mut self, node: Node) -> Node {
        let mut root = node;
        while let Some(above) = self.0.get(root).copied().filter(|above| *above != root) {
            root = above;
        }
        let mut at = node;
        while at != root {
            at = self.0.get_mut(at).map_or(root, |above| std::mem::replace(above, root));
        }
        root
    }

    fn join(&mut self, child: Node, parent: Node) {
        if let Some(above) = self.0.get_mut(child) {
            *above = parent;
        }
    }
}

impl Threads {
    fn add(&mut self, message: Option<usize>) -> Node {
        self.nodes.push(Place { message, ..Place::default() });
        self.nodes.len() - 1
    }

    fn get(&self, node: Node) -> &Place {
        static NOWHERE: Place = Place { message: None, parent: None, children: Vec::new() };
        self.nodes.get(node).unwrap_or(&NOWHERE)
    }

    fn attach(&mut self, parent: Node, child: Node) {
        if let Some(place) = self.nodes.get_mut(child) {
            place.parent = Some(parent);
        }
        if let Some(place) = self.nodes.get_mut(parent) {
            place.children.push(child);
        }
    }

    fn take_children(&mut self, node: Node) -> Vec<Node> {
        self.nodes.get_mut(node).map(|place| std::mem::take(&mut place.children)).unwrap_or_default()
    }

    /// Unless the child has a parent, or would become its own ancestor.
    fn link(&mut self, joined: &mut Joined, parent: Node, child: Node) {
        if self.get(child).parent.is_none() && joined.root(parent) != child {
            joined.join(child, parent);
            self.attach(parent, child);
        }
    }

    /// All nodes below the roots, parents before their children.
    fn downwards(&self) -> Vec<Node> {
        let mut order = Vec::with_capacity(self.nodes.len());
        let mut waiting = self.roots.clone();
        while let Some(node) = waiting.pop() {
            order.push(node);
            waiting.extend(&self.get(node).children);
        }
        order
    }

    /// Step 3: places without a message go; their children take their place, unless several would become roots.
    fn prune(&mut self) {
        for node in self.downwards().into_iter().rev() {
            let mut kept = Vec::new();
            for child in self.take_children(node) {
                match self.get(child).message {
                    Some(_) => kept.push(child),
                    None => kept.extend(self.take_children(child)),
                }
            }
            for child in kept {
                self.attach(node, child);
            }
        }
        let mut roots = Vec::new();
        for root in std::mem::take(&mut self.roots) {
            match (self.get(root).message, self.get(root).children.as_slice()) {
                (None, []) => {}
                (None, [only]) => roots.push(*only),
                _ => roots.push(root),
            }
        }
        for root in &roots {
            if let Some(place) = self.nodes.get_mut(*root) {
                place.parent = None;
            }
        }
        self.roots = roots;
    }

    /// Steps 4 and 6: all siblings by when they were sent; a place without a message counts as its first child.
    fn sort(&mut self, messages: &[Threaded]) {
        let mut sent: Vec<(Timestamp, usize)> = vec![(Timestamp(i64::MAX), usize::MAX); self.nodes.len()];
        let key = |sent: &[(Timestamp, usize)], node: &Node| sent.get(*node).copied();
        for node in self.downwards().into_iter().rev() {
            let mut children = self.take_children(node);
            children.sort_by_key(|child| key(&sent, child));
            let own = match self.get(node).message {
                Some(index) => Some(sent_of(messages, index)),
                None => children.first().and_then(|first| key(&sent, first)),
            };
            if let (Some(slot), Some(own)) = (sent.get_mut(node), own) {
                *slot = own;
            }
            if let Some(place) = self.nodes.get_mut(node) {
                place.children = children;
            }
        }
        self.roots.sort_by_key(|root| key(&sent, root));
    }

    /// The message whose subject is a root's: its own, or its first child's.
    fn subject_of<'m>(&self, messages: &'m [Threaded], root: Node) -> Option<&'m SortKeys> {
        let place = self.get(root);
        let index = place.message.or_else(|| self.get(*place.children.first()?).message)?;
        messages.get(index).map(|message| &message.keys)
    }

    /// Step 5: threads of one subject become one.
    fn join_by_subject(&mut self, messages: &[Threaded]) {
        let mut by_subject: HashMap<&str, Node> = HashMap::new();
        let is_reply = |threads: &Self, root| threads.subject_of(messages, root).is_some_and(|keys| keys.is_reply);
        let roots = std::mem::take(&mut self.roots);
        for &root in &roots {
            let Some(keys) = self.subject_of(messages, root).filter(|keys| !keys.base_subject.is_empty()) else {
                continue;
            };
            let first = by_subject.entry(&keys.base_subject).or_insert(root);
            let is_empty = |node: Node| self.get(node).message.is_none();
            if *first != root
                && ((!is_empty(*first) && is_empty(root))
                    || (is_empty(*first) == is_empty(root) && is_reply(self, *first) && !is_reply(self, root)))
            {
                *first = root;
            }
        }
        let mut kept = Vec::new();
        for root in roots {
            if self.get(root).parent.is_some() {
                continue;
            }
            let first = self.subject_of(messages, root).and_then(|keys| by_subject.get_mut(keys.base_subject.as_str()));
            let Some(first) = first.filter(|first| **first != root) else {
                kept.push(root);
                continue;
            };
            match (self.get(*first).message, self.get(root).message) {
                (None, None) => {
                    for child in self.take_children(root) {
                        self.attach(*first, child);
                    }
                }
                (None, Some(_)) => self.attach(*first, root),
                _ if is_reply(self, root) && !is_reply(self, *first) => self.attach(*first, root),
                _ => {
                    let both = self.add(None);
                    kept.retain(|root| root != first);
                    self.attach(both, *first);
                    self.attach(both, root);
                    kept.push(both);
                    *first = both;
                }
            }
        }
        // A thread may have found its place below another before its own turn came.
        kept.retain(|root| self.get(*root).parent.is_none());
        self.roots = kept;
    }

    /// The answer, with the numbers that the client knows; a message without one is passed over.
    pub(super) fn numbered(&self, number: impl Fn(usize) -> Option<u32>) -> Vec<ThreadToken> {
        enum Step {
            Token(ThreadToken),
            Node(Node),
        }
        let mut tokens = Vec::with_capacity(self.nodes.len() * 2);
        for root in &self.roots {
            tokens.push(ThreadToken::Open);
            let mut steps = vec![Step::Node(*root)];
            while let Some(step) = steps.pop() {
                let node = match step {
                    Step::Node(node) => node,
                    Step::Token(token) => {
                        tokens.push(token);
                        continue;
                    }
                };
                let place = self.get(node);
                tokens.extend(place.message.and_then(&number).map(ThreadToken::Number));
                match place.children.as_slice() {
                    [only] => steps.push(Step::Node(*only)),
                    several => {
                        for child in several.iter().rev() {
                            steps.push(Step::Token(ThreadToken::Close));
                            steps.push(Step::Node(*child));
                            steps.push(Step::Token(ThreadToken::Open));
                        }
                    }
                }
            }
            tokens.push(ThreadToken::Close);
        }
        tokens
    }
}
