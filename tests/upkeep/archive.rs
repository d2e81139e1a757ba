//! A backup as the tests read it, with no code of the program's: names of members, and their octets.

use std::collections::BTreeMap;
use std::path::Path;

/// Members by name.
pub fn members(path: &Path) -> BTreeMap<String, Vec<u8>> {
    let octets = std::fs::read(path).unwrap();
    let (mut at, mut found) = (0, BTreeMap::new());
    while octets[at] != 0 {
        let name = octets[at..at + 100].split(|octet| *octet == 0).next().unwrap();
        let size = std::str::from_utf8(&octets[at + 124..at + 135]).unwrap();
        let size = usize::from_str_radix(size, 8).unwrap();
        let content = octets[at + 512..at + 512 + size].to_vec();
        assert!(found.insert(String::from_utf8(name.to_vec()).unwrap(), content).is_none());
        at += 512 + size.div_ceil(512) * 512;
    }
    assert_eq!(octets.len(), at + 1024);
    found
}

/// What a backup keeps, whatever order it keeps it in: table → rows, and the bodies.
pub fn content(path: &Path) -> BTreeMap<String, Vec<Vec<u8>>> {
    let mut content = BTreeMap::<String, Vec<Vec<u8>>>::new();
    for (name, octets) in members(path) {
        match name.split_once('/') {
            Some(("rows", rest)) => {
                let table = rest.split_once('/').unwrap().0;
                let lines = octets.split(|octet| *octet == b'\n').filter(|line| !line.is_empty());
                content.entry(table.to_owned()).or_default().extend(lines.map(<[u8]>::to_vec));
            }
            Some(_) => drop(content.insert(name, vec![octets])),
            None => assert!(["manifest.json", "end.json"].contains(&name.as_str()), "{name}"),
        }
    }
    content.values_mut().for_each(|rows| rows.sort());
    content
}
