//! Whom a vendor's certificate must come from: Mozilla's list, which is part of the program so that it does
//! not depend on the machine, and authorities of the operator's own.

use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{self, PemObject};
use rustls::{ClientConfig, RootCertStore};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Why vendors cannot be called over TLS, and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file of authorities cannot be read.
    #[error("{} cannot be read as PEM certificates ({source}): check the path and its contents", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        source: pem::Error,
    },
    /// An authority is none.
    #[error(
        "a certificate cannot be used as an authority ({0}): give the issuer's certificate, not a server's"
    )]
    Authority(rustls::Error),
    /// There is nobody to trust.
    #[error("no authority is trusted: trust the public ones, or give the certificate of your own")]
    Empty,
    /// The library refuses for another reason.
    #[error("TLS cannot be set up: {0}")]
    Tls(rustls::Error),
}

/// Trusted authorities.
#[derive(Debug, Clone)]
pub struct Roots {
    /// Whether to trust those that browsers trust.
    pub public: bool,
    /// Further ones.
    pub own: Vec<CertificateDer<'static>>,
}

impl Default for Roots {
    fn default() -> Self {
        Roots { public: true, own: Vec::new() }
    }
}

impl Roots {
    /// Trusts also the certificates in a PEM file.
    pub fn with_file(mut self, file: &Path) -> Result<Self, Error> {
        let unread = |source| Error::Read { file: file.to_owned(), source };
        for certificate in CertificateDer::pem_file_iter(file).map_err(unread)? {
            self.own.push(certificate.map_err(unread)?);
        }
        Ok(self)
    }

    /// TLS 1.3 and 1.2 with HTTP/2 and HTTP/1.1.
    pub(super) fn client_config(&self) -> Result<Arc<ClientConfig>, Error> {
        let mut store = RootCertStore::empty();
        if self.public {
            store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        }
        for certificate in &self.own {
            store.add(certificate.clone()).map_err(Error::Authority)?;
        }
        if store.is_empty() {
            return Err(Error::Empty);
        }
        let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(Error::Tls)?
            .with_root_certificates(store)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}
