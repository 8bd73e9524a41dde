//! Where a room's picture is: in Beckon's own live room, or where the customer's room says.

use beckon_core::director::catalogue::{Playback, Room};
use serde::Serialize;

/// Where the page's player plays from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Source {
    #[serde(skip_serializing_if = "Option::is_none")]
    whep: Option<String>,
    /// The bearer token of the endpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    ticket: Option<String>,
    /// The endpoint knows an offer that comes a second time, so that it may be posted over two connections, and
    /// takes it packed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    twice: bool,
    /// The offer is to bring its candidates: servers of others may not find them out.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    gather: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    hls: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    page: Option<String>,
}

impl Source {
    /// The source of a room, `ticket` for a room of Beckon's own; `None` where only the shop's app plays it, and where
    /// there is no ticket because the live room is off.
    pub fn of(room: &str, known: Option<&Room>, ticket: Option<String>) -> Option<Source> {
        let Some(it) = known.map(|it| &it.playback).filter(|it| is_elsewhere(it)) else {
            let whep = format!("/whep/{}", super::html::segment(room));
            return ticket.map(|it| Source {
                whep: Some(whep),
                ticket: Some(it),
                twice: true,
                gather: false,
                hls: None,
                page: None,
            });
        };
        let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let page = given(&it.player).map(|page| page.replace("{url}", &super::html::segment(&it.hls)));
        let source = Source {
            whep: given(&it.whep),
            ticket: None,
            twice: false,
            gather: true,
            hls: given(&it.hls),
            page,
        };
        (source.whep.is_some() || source.hls.is_some()).then_some(source)
    }

    /// The web origins that the page must be allowed to talk to, and to show.
    pub fn origins(&self) -> Origins {
        let of = |url: &Option<String>| url.as_deref().and_then(origin).unwrap_or_default();
        Origins { connect: of(&self.whep), media: of(&self.hls), frame: of(&self.page) }
    }
}

/// Whether it is not Beckon that gives the picture out.
fn is_elsewhere(it: &Playback) -> bool {
    !(it.whep.is_empty() && it.hls.is_empty() && it.app.is_empty())
}

/// Origins beyond the page's own; empty for none.
#[derive(Debug, PartialEq, Eq)]
pub struct Origins {
    /// Of a WHEP endpoint.
    pub connect: String,
    /// Of an HLS playlist.
    pub media: String,
    /// Of a page that plays it.
    pub frame: String,
}

/// The origin of a URL that was checked when the room was put.
fn origin(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let place = rest.split('/').next()?;
    Some(format!("{scheme}://{place}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(playback: Playback) -> Room {
        Room { playback, ..Room::default() }
    }

    #[test]
    fn a_room_plays_here_unless_it_says_otherwise() {
        let own = Source::of(
            "a room/1",
            Some(&room(Playback { poster: "https://x.test/p".into(), ..Playback::default() })),
            Some("a ticket".into()),
        );
        let own = own.unwrap();
        assert_eq!((own.whep.as_deref(), own.gather), (Some("/whep/a%20room%2F1"), false));
        assert_eq!(own.ticket.as_deref(), Some("a ticket"));
        assert_eq!(own.origins(), Origins { connect: "".into(), media: "".into(), frame: "".into() });
        assert_eq!(Source::of("r", None, None), None, "the live room is off");
        let app = Playback { app: "shop://rooms/1".into(), ..Playback::default() };
        assert_eq!(Source::of("r", Some(&room(app)), None), None);
        let other = Playback {
            whep: "https://sfu.shop.test:8443/whep/1".into(),
            hls: "https://cdn.shop.test/1/live.m3u8?a=b".into(),
            player: "https://play.shop.test/?src={url}".into(),
            ..Playback::default()
        };
        let other = Source::of("r", Some(&room(other)), Some("a ticket".into())).unwrap();
        assert!(other.gather && other.ticket.is_none(), "a ticket of ours is not for others");
        assert!(own.twice && !other.twice, "an offer that comes twice is two sessions to others");
        assert_eq!(
            other.page.as_deref(),
            Some("https://play.shop.test/?src=https%3A%2F%2Fcdn.shop.test%2F1%2Flive.m3u8%3Fa%3Db")
        );
        let origins = other.origins();
        assert_eq!(
            (&*origins.connect, &*origins.media, &*origins.frame),
            ("https://sfu.shop.test:8443", "https://cdn.shop.test", "https://play.shop.test")
        );
    }
}
