//! PURE: the pictures that a letter's HTML shows by addresses in the ENT → parts of the letter (RFC 2392 `cid:`).

/// The HTML with other addresses in its pictures: `cid_of` says which, by the id at the end of an address in the ENT.
pub(super) fn rewrite(html: &str, cid_of: &mut dyn FnMut(&str) -> Option<String>) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = find_tag(rest) {
        let (before, tag) = rest.split_at(at);
        out.push_str(before);
        let end = tag_end(tag);
        let (tag, after) = tag.split_at(end);
        push_tag(&mut out, tag, cid_of);
        rest = after;
    }
    out.push_str(rest);
    out
}

/// Where the next `<img` begins.
fn find_tag(html: &str) -> Option<usize> {
    html.match_indices('<').map(|(at, _)| at).find(|at| {
        let tag = html.as_bytes().get(at + 1..at + 5);
        tag.is_some_and(|tag| {
            tag.split_at_checked(3).is_some_and(|(name, behind)| {
                name.eq_ignore_ascii_case(b"img")
                    && behind.iter().all(|octet| octet.is_ascii_whitespace() || *octet == b'/')
            })
        })
    })
}

/// Where a tag ends: at a `>` outside of quotation marks, or with the text.
fn tag_end(tag: &str) -> usize {
    let mut quote = None;
    for (at, octet) in tag.bytes().enumerate() {
        match (quote, octet) {
            (None, b'"' | b'\'') => quote = Some(octet),
            (None, b'>') => return at + 1,
            (Some(open), octet) if open == octet => quote = None,
            _ => {}
        }
    }
    tag.len()
}

fn push_tag(out: &mut String, tag: &str, cid_of: &mut dyn FnMut(&str) -> Option<String>) {
    let Some((start, end)) = source(tag) else { return out.push_str(tag) };
    let address = tag.get(start..end).unwrap_or_default();
    match ent_id(address).and_then(cid_of) {
        Some(cid) => {
            out.push_str(tag.get(..start).unwrap_or_default());
            out.push_str("cid:");
            out.push_str(&cid);
            out.push_str(tag.get(end..).unwrap_or_default());
        }
        None => out.push_str(tag),
    }
}

/// Where the value of `src` stands, without its quotation marks.
fn source(tag: &str) -> Option<(usize, usize)> {
    let octets = tag.as_bytes();
    let mut at = 4;
    while at < octets.len() {
        let name_start =
            at + octets.get(at..)?.iter().position(|octet| !octet.is_ascii_whitespace() && *octet != b'/')?;
        let is_name = |octet: &u8| !octet.is_ascii_whitespace() && !b"=>/".contains(octet);
        let name_end = name_start + octets.get(name_start..)?.iter().take_while(|octet| is_name(octet)).count();
        let spaces = |from: usize| {
            octets.get(from..).map_or(0, |rest| rest.iter().take_while(|o| o.is_ascii_whitespace()).count())
        };
        let equals = name_end + spaces(name_end);
        if octets.get(equals) != Some(&b'=') {
            at = name_end.max(name_start + 1);
            continue;
        }
        let value = equals + 1 + spaces(equals + 1);
        let (start, end) = match octets.get(value)? {
            quote @ (b'"' | b'\'') => {
                let length = octets.get(value + 1..)?.iter().position(|octet| octet == quote)?;
                (value + 1, value + 1 + length)
            }
            _ => {
                let is_value = |octet: &u8| !octet.is_ascii_whitespace() && *octet != b'>';
                (value, value + octets.get(value..)?.iter().take_while(|octet| is_value(octet)).count())
            }
        };
        if tag.get(name_start..name_end)?.eq_ignore_ascii_case("src") {
            return Some((start, end));
        }
        at = end + 1;
    }
    None
}

/// The id that an address in the ENT ends with: of a document of the workspace, or of a message's attachment.
fn ent_id(address: &str) -> Option<&str> {
    let path = address.split(['?', '#']).next()?;
    let is_ent = ["/workspace/document/", "/workspace/pub/document/"].iter().any(|part| path.contains(part))
        || (path.contains("/conversation/") && path.contains("/attachment/"));
    let id = path.rsplit('/').next()?;
    (is_ent && !id.is_empty()).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(html: &str) -> String {
        rewrite(html, &mut |id| (id == "p1").then(|| "p1@ent.test".to_owned()))
    }

    #[test]
    fn pictures_that_are_known_become_parts() {
        for (html, expected) in [
            ("<p><img src=\"/workspace/document/p1\"></p>", "<p><img src=\"cid:p1@ent.test\"></p>"),
            (
                "<IMG alt='a > b' data-x SRC = '/workspace/pub/document/p1?thumbnail=120x0'/>",
                "<IMG alt='a > b' data-x SRC = 'cid:p1@ent.test'/>",
            ),
            ("<img/src=https://ent.fr/workspace/document/p1>é", "<img/src=cid:p1@ent.test>é"),
            ("<img src=\"/conversation/message/m/attachment/p1\"", "<img src=\"cid:p1@ent.test\""),
        ] {
            assert_eq!(rewritten(html), expected);
        }
    }

    #[test]
    fn all_else_stays_as_it_is() {
        for html in [
            "",
            "é < 3",
            "<image src=\"/workspace/document/p1\">",
            "<img data-src=\"/workspace/document/p1\">",
            "<img src=\"/workspace/document/p2\">",
            "<img src=\"https://elsewhere.test/p1\">",
            "<img src=\"",
            "<img src",
            "<img src=",
            "<img",
            "<img =\"/workspace/document/p1\">",
            "<a href=\"/workspace/document/p1\">",
        ] {
            assert_eq!(rewritten(html), html);
        }
    }
}
