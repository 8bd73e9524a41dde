//! Who the server is to its clients: a certificate that stays the same, so that its fingerprint can be carried
//! in a message and pinned.

use str0m::config::{DtlsCert, Fingerprint};

/// The certificate of the server, with its key.
#[derive(Clone)]
pub struct Identity(DtlsCert);

impl Identity {
    /// Makes a new one. `None` if the system gives no randomness.
    pub fn generate() -> Option<Self> {
        str0m::crypto::from_feature_flags().dtls_provider.generate_certificate().map(Identity)
    }

    /// From a certificate and a private key that were kept, both DER.
    pub fn from_der(certificate: Vec<u8>, private_key: Vec<u8>) -> Self {
        Identity(DtlsCert { certificate, private_key })
    }

    /// The certificate, DER.
    pub fn certificate(&self) -> &[u8] {
        &self.0.certificate
    }

    /// The private key, DER (PKCS #8).
    pub fn private_key(&self) -> &[u8] {
        &self.0.private_key
    }

    /// SHA-256 of the certificate as an answer carries it: `AB:CD:…`.
    pub fn fingerprint(&self) -> String {
        let provider = str0m::crypto::from_feature_flags();
        let bytes = provider.sha256_provider.sha256(&self.0.certificate).to_vec();
        let fingerprint = Fingerprint { hash_func: "sha-256".into(), bytes };
        fingerprint.bytes.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":")
    }

    pub(super) fn dtls(&self) -> DtlsCert {
        self.0.clone()
    }
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Identity({})", self.fingerprint())
    }
}
