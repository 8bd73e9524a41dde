//! Signatures against the vector that the specification's own libraries are tested with.

use beckon_channels::signature::{Secret, SecretError, TOLERANCE_S, VerifyError, sign, verify};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
const AT: i64 = 1_614_265_330;
const BODY: &[u8] = br#"{"test": 2432232314}"#;
const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

fn secret() -> Secret {
    Secret::parse(SECRET).unwrap()
}

#[test]
fn the_published_vector_is_met() {
    assert_eq!(secret().sign(ID, AT, BODY), SIGNATURE);
    assert_eq!(verify(&secret(), ID, "1614265330", SIGNATURE, BODY, AT), Ok(()));
}

#[test]
fn whatever_is_changed_breaks_it() {
    let check = |id: &str, at: &str, signature: &str, body: &[u8], now| {
        verify(&secret(), id, at, signature, body, now).unwrap_err()
    };
    assert_eq!(check("msg_other", "1614265330", SIGNATURE, BODY, AT), VerifyError::Mismatch);
    assert_eq!(check(ID, "1614265331", SIGNATURE, BODY, AT), VerifyError::Mismatch);
    assert_eq!(check(ID, "1614265330", SIGNATURE, b"{}", AT), VerifyError::Mismatch);
    assert_eq!(check(ID, "1614265330", &SIGNATURE.replace("v1", "v2"), BODY, AT), VerifyError::Mismatch);
    assert_eq!(check(ID, "1614265330", "", BODY, AT), VerifyError::Mismatch);
    assert_eq!(check(ID, "soon", SIGNATURE, BODY, AT), VerifyError::Timestamp);
    for now in [AT + TOLERANCE_S + 1, AT - TOLERANCE_S - 1, i64::MIN, i64::MAX] {
        assert_eq!(check(ID, "1614265330", SIGNATURE, BODY, now), VerifyError::TooOldOrNew);
    }
}

#[test]
fn while_a_secret_is_replaced_both_sign_and_either_verifies() {
    let new = Secret::parse("whsec_bmV3IHNlY3JldCB0aGF0IGlzIGxvbmcgZW5vdWdo").unwrap();
    let both = sign(&[new.clone(), secret()], ID, AT, BODY);
    assert_eq!(both.split(' ').count(), 2);
    for secret in [&new, &secret()] {
        assert_eq!(verify(secret, ID, "1614265330", &both, BODY, AT), Ok(()));
    }
    assert_eq!(verify(&new, ID, "1614265330", SIGNATURE, BODY, AT), Err(VerifyError::Mismatch));
}

#[test]
fn a_secret_is_long_enough_and_does_not_print() {
    assert_eq!(format!("{:?}", secret()), "\"…\"");
    let bare = Secret::parse("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
    assert_eq!(bare.sign(ID, AT, BODY), SIGNATURE);
    assert_eq!(Secret::parse("whsec_c2hvcnQ=").unwrap_err(), SecretError::Length(5));
    assert_eq!(Secret::parse(&"QUFB".repeat(22)).unwrap_err(), SecretError::Length(66));
    assert_eq!(Secret::parse("whsec_?").unwrap_err(), SecretError::NotBase64);
    Secret::parse("whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8").expect("padding may be left out");
}
