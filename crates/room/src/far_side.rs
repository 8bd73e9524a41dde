//! The other side of WHIP and WHEP: a client's session without anybody in front of it, to load a server with and to
//! measure it by. [`Presenter`](crate::Presenter) and [`Spectator`](crate::Spectator) are made of it.

use crate::effects::Datagram;
use crate::peer::{Arrival, Via};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use str0m::change::{SdpAnswer, SdpApi, SdpPendingOffer};
use str0m::config::DtlsVersion;
use str0m::net::{Protocol, Receive};
use str0m::{Candidate, Event, Input, Output, Rtc};

/// Why an answer is of no use.
#[derive(Debug, thiserror::Error)]
#[error("the answer cannot be used: {0}")]
pub struct BadAnswer(String);

/// A client's session.
pub struct FarSide {
    pub rtc: Rtc,
    address: SocketAddr,
    pending: Option<SdpPendingOffer>,
    over: bool,
}

impl FarSide {
    /// A client at an address that wants these lines, with its offer. `None` if the address cannot be one of a client.
    pub fn new<T>(
        now: Instant,
        address: SocketAddr,
        lines: impl FnOnce(&mut SdpApi<'_>) -> T,
    ) -> Option<(FarSide, T, String)> {
        let config = Rtc::builder().set_rtp_mode(true).set_dtls_version(DtlsVersion::Auto);
        let mut rtc = config.build(now);
        rtc.add_local_candidate(Candidate::host(address, "udp").ok()?);
        let mut api = rtc.sdp_api();
        let lines = lines(&mut api);
        let (offer, pending) = api.apply()?;
        let client = FarSide { rtc, address, pending: Some(pending), over: false };
        Some((client, lines, offer.to_sdp_string()))
    }

    /// Takes the server's answer.
    pub fn answered(&mut self, now: Instant, answer: &str) -> Result<(), BadAnswer> {
        let answer = SdpAnswer::from_sdp_string(answer).map_err(|error| BadAnswer(error.to_string()))?;
        let pending = self.pending.take().ok_or_else(|| BadAnswer("it came twice".into()))?;
        let taken = self.rtc.sdp_api().accept_answer(pending, answer);
        taken.map_err(|error| BadAnswer(error.to_string()))?;
        self.advance(now);
        Ok(())
    }

    /// Takes a datagram in.
    pub fn receive(&mut self, now: Instant, arrival: Arrival<'_>) {
        let proto = if arrival.via == Via::Udp { Protocol::Udp } else { Protocol::Tcp };
        let Ok(receive) = Receive::new(proto, arrival.from, self.address, arrival.bytes) else { return };
        let input = Input::Receive(now, receive);
        if self.rtc.accepts(&input) {
            self.over |= self.rtc.handle_input(input).is_err();
        }
    }

    /// Lets time pass.
    pub fn advance(&mut self, now: Instant) {
        self.over |= self.rtc.handle_input(Input::Timeout(now)).is_err();
    }

    /// Takes out what is to be sent, and tells what has happened; says when it wants to be called again. `None` if
    /// the session is over.
    pub fn poll(
        &mut self,
        now: Instant,
        sends: &mut Vec<Datagram>,
        mut each: impl FnMut(&mut Rtc, Event),
    ) -> Option<Duration> {
        while !self.over {
            match self.rtc.poll_output().ok()? {
                Output::Timeout(at) => return Some(at.saturating_duration_since(now)),
                Output::Transmit(transmit) => sends.push(Datagram {
                    from: transmit.source,
                    to: transmit.destination,
                    via: Via::Udp,
                    bytes: transmit.contents.into(),
                }),
                Output::Event(Event::Closed) => self.over = true,
                Output::Event(event) => each(&mut self.rtc, event),
            }
        }
        None
    }

    /// Leaves.
    pub fn close(&mut self) {
        self.over |= self.rtc.close().is_err();
    }
}
