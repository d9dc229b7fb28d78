//! Codes of an authenticator: RFC 6238 with what every authenticator understands (SHA-1, six digits, thirty seconds).
//!
//! A code is good for its own step and the one before and after it, for clocks that differ. Which step was used is kept, so
//! that no code works twice ([`super::second_factor`]).

use totp_rs::{Builder, Secret, Totp};

/// Length of a secret, as RFC 4226 recommends.
const SECRET_BYTES: usize = 20;
/// How the authenticator names us.
const ISSUER: &str = "Salesbrain";
/// Width of the picture, in pixels.
const PICTURE_PIXELS: u32 = 240;

/// A new secret.
pub fn random_secret() -> [u8; SECRET_BYTES] {
    rand::random()
}

fn generator(secret: &[u8]) -> Totp {
    // SHA-1, six digits, thirty seconds, one step to either side.
    Builder::new().with_secret(Secret::new(secret.into())).build_noncompliant()
}

/// The step a code belongs to, if it is one of those that are good now.
pub fn find_step(secret: &[u8], code: &str, now_ms: i64) -> Option<i64> {
    let now_s = u64::try_from(now_ms.div_euclid(1_000)).ok()?;
    i64::try_from(generator(secret).check(code, now_s)?).ok()
}

/// The secret as people type it.
pub fn base32(secret: &[u8]) -> String {
    Secret::new(secret.into()).to_base32()
}

/// The address an authenticator takes the secret from.
pub fn uri(secret: &[u8], email: &str) -> String {
    let email: String = url::form_urlencoded::byte_serialize(email.as_bytes()).collect();
    let secret = base32(secret);
    format!("otpauth://totp/{ISSUER}:{email}?secret={secret}&issuer={ISSUER}&algorithm=SHA1&digits=6&period=30")
}

/// The address as a picture; `None` if it is too long for one.
pub fn picture(uri: &str) -> Option<String> {
    use qrcode::render::svg;
    let code = qrcode::QrCode::new(uri.as_bytes()).ok()?;
    Some(code.render::<svg::Color<'_>>().min_dimensions(PICTURE_PIXELS, PICTURE_PIXELS).build())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B, for SHA-1: the last six of its eight digits.
    #[test]
    fn codes_are_those_of_the_standard() {
        let secret = b"12345678901234567890";
        for (at_s, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(find_step(secret, code, at_s * 1_000), Some(at_s / 30), "{at_s}");
            assert_eq!(find_step(secret, code, (at_s + 30) * 1_000), Some(at_s / 30), "a clock that is ahead");
            assert_eq!(find_step(secret, code, (at_s - 30) * 1_000), Some(at_s / 30), "a clock that is behind");
            assert_eq!(find_step(secret, code, (at_s + 60) * 1_000), None, "too late");
            assert_eq!(find_step(secret, code, (at_s - 60) * 1_000), None, "too early");
            assert_eq!(find_step(b"12345678901234567891", code, at_s * 1_000), None, "another secret");
        }
    }

    #[test]
    fn only_six_digits_are_a_code() {
        for code in ["", "28708", "2870820", "+87082", "28708a", "２８７０８２", " 287082"] {
            assert_eq!(find_step(b"12345678901234567890", code, 59_000), None, "{code:?}");
        }
        assert_eq!(find_step(b"12345678901234567890", "287082", -1), None);
    }

    #[test]
    fn the_address_names_everything_an_authenticator_needs() {
        let uri = uri(b"12345678901234567890", "o'hara+1&x=y@acme.example");
        assert_eq!(
            uri,
            "otpauth://totp/Salesbrain:o%27hara%2B1%26x%3Dy%40acme.example?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
             &issuer=Salesbrain&algorithm=SHA1&digits=6&period=30"
        );
        let picture = picture(&uri).unwrap();
        assert!(picture.contains("<svg") && !picture.contains("<script"), "{picture}");
        assert_eq!(picture.matches("<svg").count(), 1);
    }
}
