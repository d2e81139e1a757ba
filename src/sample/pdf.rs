//! PURE: a PDF of one page of text (ISO 32000-1 §7.5), enough for a school's letter.

/// Lines of text in Helvetica, the first as a title. Characters outside Latin-1 become `?`.
pub(super) fn page(lines: &[&str]) -> Vec<u8> {
    let content = content(lines);
    let stream = [format!("<< /Length {} >>\nstream\n", content.len()).as_bytes(), &content, b"\nendstream"].concat();
    let objects: [&[u8]; 5] = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R \
          /Resources << /Font << /F1 5 0 R >> >> >>",
        &stream,
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ];
    let mut file = b"%PDF-1.4\n%\xE2\xE3\xCF\xD3\n".to_vec();
    let mut places = Vec::new();
    for (number, object) in (1..).zip(objects) {
        places.push(file.len());
        file.extend_from_slice(format!("{number} 0 obj\n").as_bytes());
        file.extend_from_slice(object);
        file.extend_from_slice(b"\nendobj\n");
    }
    let table = file.len();
    file.extend_from_slice(format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1).as_bytes());
    for place in places {
        file.extend_from_slice(format!("{place:010} 00000 n \n").as_bytes());
    }
    let size = objects.len() + 1;
    file.extend_from_slice(format!("trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n").as_bytes());
    file
}

/// The drawing commands of the page.
fn content(lines: &[&str]) -> Vec<u8> {
    let mut content = b"BT\n/F1 16 Tf\n20 TL\n72 770 Td\n".to_vec();
    for (number, line) in lines.iter().enumerate() {
        if number == 1 {
            content.extend_from_slice(b"/F1 11 Tf\n");
        }
        content.push(b'(');
        for c in line.chars() {
            if matches!(c, '(' | ')' | '\\') {
                content.push(b'\\');
            }
            content.push(u8::try_from(u32::from(c)).unwrap_or(b'?'));
        }
        content.extend_from_slice(b") Tj T*\n");
    }
    content.extend_from_slice(b"ET");
    content
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_table_names_the_place_of_each_object() {
        let file = super::page(&["Titre (essai)", "Été \\ œuvre"]);
        let at = |place: usize| String::from_utf8_lossy(&file[place..]).into_owned();
        let text = at(0);
        let table: usize = text.rsplit("startxref\n").next().unwrap().lines().next().unwrap().parse().unwrap();
        // Octets above 127 are one in the file and three in `text`: so ask the octets.
        let rows = at(table);
        let mut rows = rows.lines().skip(3);
        for number in 1..=5 {
            let place: usize = rows.next().unwrap()[..10].parse().unwrap();
            assert!(at(place).starts_with(&format!("{number} 0 obj\n")));
        }
        assert!(file.windows(14).any(|octets| octets == b"(Titre \\(essai"));
    }
}
