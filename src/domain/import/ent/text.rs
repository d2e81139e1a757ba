//! PURE: what people type into cells → names that compare.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Composed, with plain single spaces, without marks that nobody sees.
pub(in crate::domain::import) fn clean(cell: &str) -> String {
    let mut out = String::with_capacity(cell.len());
    for c in cell.nfc() {
        match c {
            // Soft hyphen, zero-width characters, direction marks, a byte order mark in the middle of a file.
            '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{feff}' => {}
            c if c.is_whitespace() => {
                if !out.is_empty() && !out.ends_with(' ') {
                    out.push(' ');
                }
            }
            c => out.push(c),
        }
    }
    if out.ends_with(' ') {
        out.pop();
    }
    out
}

/// Letters and digits only, in lower case, without accents: what two spellings of one name have in common.
pub(in crate::domain::import) fn folded(text: &str) -> String {
    plain_letters(text).filter(|c| c.is_alphanumeric()).collect()
}

/// `[a-z0-9]` with `-` between words; empty where there is no such letter.
pub(super) fn slug(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in plain_letters(text) {
        if c.is_ascii_alphanumeric() {
            out.push(c);
        } else if !out.is_empty() && !out.ends_with('-') {
            out.push('-');
        }
    }
    out.truncate(out.trim_end_matches('-').len());
    out
}

/// Lower case, accents dropped, and the letters of Europe that are no letter with an accent written in two.
fn plain_letters(text: &str) -> impl Iterator<Item = char> + '_ {
    text.nfd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).flat_map(|c| {
        let (first, second) = match c {
            'œ' => ('o', Some('e')),
            'æ' => ('a', Some('e')),
            'ß' => ('s', Some('s')),
            'þ' => ('t', Some('h')),
            'ø' => ('o', None),
            'ł' => ('l', None),
            'đ' | 'ð' => ('d', None),
            'ħ' => ('h', None),
            'ı' => ('i', None),
            c => (c, None),
        };
        std::iter::once(first).chain(second)
    })
}

/// UTF-8 that somebody read as ISO-8859-1 (« ZoÃ© »), or a letter that was lost on the way.
pub(super) fn is_garbled(text: &str) -> bool {
    let continues = |c: char| {
        matches!(c, '\u{80}'..='\u{bf}' | '€' | '‚' | 'ƒ' | '„' | '…' | '†' | '‡' | 'ˆ' | '‰' | 'Š' | '‹' | 'Œ' | 'Ž')
            || matches!(c, '‘' | '’' | '“' | '”' | '•' | '–' | '—' | '˜' | '™' | 'š' | '›' | 'œ' | 'ž' | 'Ÿ')
    };
    let mut before = ' ';
    text.chars().any(|c| {
        let garbled = c == '\u{fffd}' || (matches!(before, 'Ã' | 'Â' | 'Å') && continues(c));
        before = c;
        garbled
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_cleaned() {
        assert_eq!(clean(" \u{feff}Zoe\u{301}\u{a0}\u{a0}D\u{2019}Arcy\t "), "Zoé D’Arcy");
        assert_eq!(clean("Jean\u{200b}-Paul\n"), "Jean-Paul");
        assert_eq!(clean(" \u{a0} "), "");
    }

    #[test]
    fn names_compare_whatever_their_spelling() {
        for spelling in ["D’Arcy-Zoé", "d'arcy zoe\u{301}", "DARCY ZOÉ"] {
            assert_eq!(folded(spelling), "darcyzoe");
        }
        assert_eq!(folded("Łukasz Bœuf"), "lukaszboeuf");
        assert_ne!(folded("Дмитрий"), "");
    }

    #[test]
    fn slugs_stand_in_addresses() {
        assert_eq!(slug("  2nde  « É » 3 "), "2nde-e-3");
        assert_eq!(slug("Дмитрий"), "");
    }

    #[test]
    fn text_read_in_a_wrong_encoding_is_seen() {
        assert!(is_garbled("ZoÃ©") && is_garbled("FranÃ§ois") && is_garbled("a\u{fffd}b") && is_garbled("Å“uvre"));
        assert!(!is_garbled("Zoé") && !is_garbled("JOÃO") && !is_garbled("Ålund") && !is_garbled("Â"));
    }
}
