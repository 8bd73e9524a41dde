//! TLS from certificate files. Shoppers' keys and tokens travel in headers, so plain HTTP is only for the
//! own machine or behind a named proxy; everyone else gets this.

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The protocols offered, the preferred one first.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// Why the files give no TLS, and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file could not be read.
    #[error("{} cannot be read ({source}): check the path and that this user may read it", file.display())]
    Read {
        /// Which file.
        file: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file is not PEM.
    #[error("{} is not a whole PEM file ({detail}): give the file with the `-----BEGIN …-----` lines", file.display())]
    Pem {
        /// Which file.
        file: PathBuf,
        /// What is wrong.
        detail: String,
    },
    /// There is no certificate in the file.
    #[error("{} holds no certificate in PEM form: give the full chain, the server's own certificate first", .0.display())]
    NoCertificate(PathBuf),
    /// There is no usable private key in the file.
    #[error(
        "{} holds no private key that can be used: give an unencrypted PKCS #8, PKCS #1 or SEC 1 key",
        .0.display()
    )]
    NoPrivateKey(PathBuf),
    /// Certificate and key are fine by themselves and do not go together.
    #[error(
        "the private key {} does not belong to the first certificate in {}: \
         give the key it was issued for, and the server's own certificate first in the chain",
        private_key.display(), certificate.display()
    )]
    Mismatch {
        /// The certificates' file.
        certificate: PathBuf,
        /// The key's file.
        private_key: PathBuf,
    },
    /// The library refuses them for another reason.
    #[error("the certificate {} cannot be used ({source}): ask for an RSA, ECDSA or Ed25519 one", file.display())]
    Unusable {
        /// The certificates' file.
        file: PathBuf,
        /// What the library said.
        source: rustls::Error,
    },
}

/// What a listener needs: HTTP/2 and HTTP/1.1 over TLS 1.3 and 1.2, with the certificates (the server's
/// first, then its chain) and the key of these PEM files. Sessions resume by ticket, without server state.
pub fn server_config(certificate: &Path, private_key: &Path) -> Result<Arc<ServerConfig>, Error> {
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| unread(certificate, error, Error::NoCertificate))?;
    if chain.is_empty() {
        return Err(Error::NoCertificate(certificate.to_owned()));
    }
    let key = PrivateKeyDer::from_pem_file(private_key)
        .map_err(|error| unread(private_key, error, Error::NoPrivateKey))?;

    let unusable = |source| Error::Unusable { file: certificate.to_owned(), source };
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(unusable)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|source| match source {
            rustls::Error::InconsistentKeys(_) => {
                Error::Mismatch { certificate: certificate.to_owned(), private_key: private_key.to_owned() }
            }
            rustls::Error::General(_) => Error::NoPrivateKey(private_key.to_owned()),
            other => unusable(other),
        })?;
    config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
    config.ticketer = ring::Ticketer::new().map_err(unusable)?;
    Ok(Arc::new(config))
}

fn unread(file: &Path, error: pem::Error, missing: fn(PathBuf) -> Error) -> Error {
    let file = file.to_owned();
    match error {
        pem::Error::Io(source) if source.kind() == std::io::ErrorKind::InvalidData => {
            Error::Pem { file, detail: source.to_string() }
        }
        pem::Error::Io(source) => Error::Read { file, source },
        pem::Error::NoItemsFound => missing(file),
        pem::Error::MissingSectionEnd { .. } => Error::Pem { file, detail: "it ends too early".to_owned() },
        pem::Error::IllegalSectionStart { .. } => {
            Error::Pem { file, detail: "a line that begins a section is damaged".to_owned() }
        }
        other => Error::Pem { file, detail: other.to_string() },
    }
}
