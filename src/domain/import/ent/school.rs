//! PURE: which school a file is of. The ENT's own files do not say: the folder does, as the ENT wants it named
//! (`NAME@ID_UAI`), or any folder or file whose name holds a UAI, or the admin.

/// A school as a path tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PathSchool {
    /// As written.
    pub(super) uai: String,
    /// The name of a folder, without the UAI.
    pub(super) name: Option<String>,
}

/// The school of a path: of its innermost part that holds a UAI. `folder` is the folder that was given.
pub(super) fn of_path(folder: &str, path: &str) -> Option<PathSchool> {
    let (file, folders) = path.rsplit_once('/').map_or((path, ""), |(folders, file)| (file, folders));
    if let Some(uai) = uai_in(file) {
        let name = std::iter::once(folder).chain(folders.split('/')).rev().find_map(|part| named(part, &uai));
        return Some(PathSchool { uai, name });
    }
    let mut parts = std::iter::once(folder).chain(folders.split('/')).rev();
    parts.find_map(|part| {
        let uai = uai_in(part)?;
        Some(PathSchool { name: named(part, &uai), uai })
    })
}

/// The name of a school in the name of its folder.
fn named(part: &str, uai: &str) -> Option<String> {
    let at = part.find(uai)?;
    let name = match part.split_once('@') {
        Some((name, _)) => name,
        None => part.get(..at).filter(|before| !before.is_empty()).or_else(|| part.get(at + uai.len()..))?,
    };
    let name = name.trim_matches(|c: char| !c.is_alphanumeric() && !matches!(c, '«' | '»' | '(' | ')'));
    (!name.is_empty()).then(|| name.replace('_', " "))
}

/// Seven digits and a letter that stand by themselves (*unité administrative immatriculée*).
fn uai_in(text: &str) -> Option<String> {
    text.split(|c: char| !c.is_ascii_alphanumeric()).find(|word| is_uai(word)).map(str::to_owned)
}

/// Is it the code of a school?
pub(super) fn is_uai(word: &str) -> bool {
    let (digits, letter) = word.split_at_checked(7).unwrap_or(("", ""));
    !digits.is_empty()
        && digits.bytes().all(|octet| octet.is_ascii_digit())
        && letter.len() == 1
        && letter.bytes().all(|octet| octet.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn school(folder: &str, path: &str) -> Option<(String, Option<String>)> {
        of_path(folder, path).map(|school| (school.uai, school.name))
    }

    #[test]
    fn a_school_is_told_by_the_innermost_name_that_holds_its_code() {
        let found = |uai: &str, name: &str| Some((uai.to_owned(), Some(name.to_owned())));
        assert_eq!(school("in", "Lycée Hugo@12_0750001A_x/Eleves.csv"), found("0750001A", "Lycée Hugo"));
        assert_eq!(school("Collège Moulin 0750002b", "Eleves.csv"), found("0750002b", "Collège Moulin"));
        assert_eq!(school("0750002B - Collège Moulin", "a/Eleves.csv"), found("0750002B", "Collège Moulin"));
        assert_eq!(school("in", "0750003C/Eleves.csv"), Some(("0750003C".to_owned(), None)));
        assert_eq!(school("0750003C", "0750004D_Eleves.csv"), Some(("0750004D".to_owned(), None)));
        assert_eq!(school("in", "12345678/Eleves 2026.csv"), None);
    }
}
