//! PURE: does what somebody types find this name? Blind to accents, case, spaces, hyphens and apostrophes; the parts of the
//! name in any order, each by its beginning; written together or apart: « dup mar », « duponlefevre », « lefevremarie »
//! all find « DUPONT-LEFÈVRE Marie ».

use crate::mime::fold;

/// Words of a name, and of a query, that are looked at.
const WORDS_MAX: usize = 16;
/// Letters of a part's beginning, at least, where parts are written together: else every name would be found by its initials.
const PIECE_CHARS_MIN: usize = 3;
/// Steps in taking a query apart, for one name: a name whose parts begin alike must not cost more.
const STEPS_MAX: u32 = 500;

/// The parts of a name, folded, with a space between.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NameWords(Box<str>);

impl NameWords {
    /// The distinct words of these texts.
    pub(super) fn of<'t>(texts: impl IntoIterator<Item = &'t str>) -> Self {
        let mut words: Vec<String> = Vec::new();
        for word in texts.into_iter().flat_map(words_of) {
            if words.len() < WORDS_MAX && !words.contains(&word) {
                words.push(word);
            }
        }
        Self(words.join(" ").into())
    }

    /// By this, names are sorted.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

fn words_of(text: &str) -> Vec<String> {
    fold(text)
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// How well a name fits: the better, the smaller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fit {
    /// The name begins with what was typed first.
    Beginning,
    Parts,
    /// Only the name of a pupil of theirs fits.
    ByPupil,
}

/// What somebody types.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Query {
    words: Vec<String>,
    /// All of it, without spaces; `None` where it is one word.
    together: Option<String>,
}

impl Query {
    /// Reads the first `chars_max` characters; `None` where they hold no letter and no digit.
    pub(super) fn read(text: &str, chars_max: usize) -> Option<Self> {
        let text: String = text.chars().take(chars_max).collect();
        let mut words = words_of(&text);
        words.truncate(WORDS_MAX);
        let together = (words.len() > 1).then(|| words.concat());
        (!words.is_empty()).then_some(Self { words, together })
    }

    /// Does it find this name?
    pub(super) fn fit(&self, name: &NameWords) -> Option<Fit> {
        let first = self.words.first()?;
        let initial = first.chars().next()?;
        // Most names are none: seen without taking anything apart.
        if !name.0.split(' ').any(|part| part.starts_with(initial)) && self.together.is_none() {
            return None;
        }
        let parts: Vec<&str> = name.0.split(' ').collect();
        let mut steps = STEPS_MAX;
        let words: Vec<&str> = self.words.iter().map(String::as_str).collect();
        let fits = covers(&words, &parts, 0, &mut steps)
            || self.together.as_deref().is_some_and(|together| covers(&[together], &parts, 0, &mut steps));
        fits.then_some(if name.0.starts_with(first.as_str()) { Fit::Beginning } else { Fit::Parts })
    }
}

/// Is each word the beginning of a part, or made of several, each part used once? `used`: a bit for each part.
fn covers(words: &[&str], parts: &[&str], used: u32, steps: &mut u32) -> bool {
    let Some((word, others)) = words.split_first() else { return true };
    for (part, bit) in parts.iter().zip((0..32).map(|place| 1u32 << place)).filter(|(_, bit)| used & bit == 0) {
        if *steps == 0 {
            return false;
        }
        *steps -= 1;
        if part.starts_with(word) {
            if covers(others, parts, used | bit, steps) {
                return true;
            }
        } else if pieces(word, part).any(|rest| {
            let rest: Vec<&str> = std::iter::once(rest).chain(others.iter().copied()).collect();
            covers(&rest, parts, used | bit, steps)
        }) {
            return true;
        }
    }
    false
}

/// What may be left of a word that begins with this part, or with enough of its beginning.
fn pieces<'w>(word: &'w str, part: &str) -> impl Iterator<Item = &'w str> {
    let whole = part.len();
    let common = word.char_indices().zip(part.chars()).take_while(|((_, ours), theirs)| ours == theirs);
    let ends = common.enumerate().map(|(count, ((at, letter), _))| (count + 1, at + letter.len_utf8()));
    let ends = ends.filter(move |(count, end)| *count >= PIECE_CHARS_MIN || *end == whole);
    ends.filter_map(|(_, end)| word.get(end..)).filter(|rest| !rest.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit(query: &str, name: &str) -> Option<Fit> {
        Query::read(query, 100)?.fit(&NameWords::of([name]))
    }

    #[test]
    fn parts_are_found_in_any_order_together_or_apart() {
        let name = "DUPONT-LEFÈVRE Marie";
        for query in [
            "d",
            "dup",
            "DUP mar",
            "mar dup",
            "dupont lefevre",
            "duponlefevre",
            "dupontlefèvremarie",
            "MARIEDUPONT",
            "lefevre marie",
            "m d",
            "dupont-lef",
            "du pont le fevre",
            "marie dupont lefevre",
            "Lefè",
        ] {
            assert!(fit(query, name).is_some(), "{query}");
        }
        for query in ["upont", "dm", "dulefevre", "marie marie", "dupontx", "dup mar x", "", " -' ", "martin"] {
            assert_eq!(fit(query, name), None, "{query}");
        }
        assert_eq!(fit("dup", name), Some(Fit::Beginning));
        assert_eq!(fit("mar", name), Some(Fit::Parts));
    }

    #[test]
    fn apostrophes_and_short_parts_do_not_count() {
        for query in ["dartagnan", "d'art", "d’Artagnan", "artagnan charles", "de la tour", "delatour", "delato"] {
            assert!(fit(query, "D'ARTAGNAN de la TOUR Charles").is_some(), "{query}");
        }
        assert!(fit("oeuvre", "Œuvré").is_some() && fit("ngo", "NGÔ Thị").is_some() && fit("王", "王 小明").is_some());
    }

    #[test]
    fn a_hostile_query_costs_little() {
        let name: Vec<String> = (3..19).map(|length| "a".repeat(length)).collect();
        let started = std::time::Instant::now();
        assert_eq!(fit(&format!("{}b", "a".repeat(99)), &name.join(" ")), None);
        assert_eq!(fit(&"a ".repeat(50), "aa ab"), None);
        assert!(started.elapsed() < std::time::Duration::from_millis(100));
    }

    proptest::proptest! {
        /// Beginnings of a name's parts find it, in any order, with or without spaces, as long as they are long enough.
        #[test]
        fn beginnings_find(
            parts in proptest::collection::vec("[a-zé]{3,8}", 1..5),
            keep in proptest::collection::vec(3usize..9, 5),
            turn in 0usize..5,
            apart in proptest::prelude::any::<bool>(),
        ) {
            let mut parts: Vec<String> = parts.iter().map(|part| fold(part)).collect();
            parts.sort();
            parts.dedup();
            let name = parts.join(" ");
            let turn = turn % parts.len();
            parts.rotate_left(turn);
            let typed: Vec<String> =
                parts.iter().zip(keep).map(|(part, keep)| part.chars().take(keep).collect()).collect();
            let query = typed.join(if apart { " " } else { "" });
            proptest::prop_assert!(fit(&query, &name).is_some(), "{query} in {name}");
        }
    }
}
