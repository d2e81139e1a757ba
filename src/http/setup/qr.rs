//! PURE: a text as a QR code (ISO/IEC 18004), a picture for a phone's camera.

use qrcode::{Color, EcLevel, QrCode};

/// Light modules around the code that readers need.
const MARGIN: usize = 4;

/// The picture as SVG, to stand in a page: no colours of its own (classes `qr-light` and `qr-dark`), no name. `None` where
/// the text is too long for a code.
pub fn svg(text: &str) -> Option<String> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let side = code.width();
    let mut dark = String::new();
    for (index, color) in code.to_colors().into_iter().enumerate() {
        if color == Color::Dark {
            let (row, column) = (index.checked_div(side)?, index.checked_rem(side)?);
            dark.push_str(&format!("M{} {}h1v1h-1z", column + MARGIN, row + MARGIN));
        }
    }
    let whole = side + 2 * MARGIN;
    Some(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {whole} {whole}\" shape-rendering=\"crispEdges\" \
         aria-hidden=\"true\" focusable=\"false\"><path class=\"qr-light\" fill=\"#fff\" d=\"M0 0h{whole}v{whole}H0z\"/>\
         <path class=\"qr-dark\" fill=\"#000\" d=\"{dark}\"/></svg>"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_its_three_corners_and_its_margin() {
        let text = svg("https://mail.ecole.fr/mobileconfig?address=marie%40ecole.fr").unwrap();
        assert!(text.starts_with("<svg ") && text.contains("M4 4h1v1h-1z"));
        assert!(!text.contains("M3 "), "nothing dark in the margin");
        assert!(!text.contains("style="), "pages allow no inline style");
    }

    #[test]
    fn what_is_too_long_has_no_code() {
        assert_eq!(svg(&"x".repeat(3000)), None);
    }
}
