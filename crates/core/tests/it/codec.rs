//! What was written is read back, whole; a part of it is never taken for the whole.

use crate::arbitrary;
use crate::prng::Prng;
use crate::say::{alias, ann, bytes, event, nothing};
use beckon_core::bytes::Get;
use beckon_core::director::catalogue::{Change, Host, Name, Playback, Product, Room};
use beckon_core::event::{Act, Channel, Class, Event, Trait};
use beckon_core::id::Term;
use beckon_core::shard::message::Message;
use beckon_core::time::Timestamp;

#[test]
fn every_event_comes_back_as_it_was() {
    let mut prng = Prng(1);
    for case in 0..20_000 {
        let event = arbitrary::event(&mut prng);
        assert_eq!(Event::decode(&bytes(&event)).as_ref(), Ok(&event), "case {case}");
    }
}

#[test]
fn every_channel_and_class_of_consent_comes_back() {
    for channel in Channel::ALL.iter().copied().map(Some).chain([None]) {
        for (class, granted) in [(Class::Service, true), (Class::Marketing, false)] {
            let traits = vec![Trait::Consent { channel, class, granted }];
            let event = ann(1, Act::Identify { traits });
            assert_eq!(Event::decode(&bytes(&event)), Ok(event));
        }
    }
}

#[test]
fn an_event_cut_anywhere_or_made_longer_is_refused() {
    let mut prng = Prng(2);
    for _ in 0..500 {
        let mut whole = bytes(&arbitrary::event(&mut prng));
        for cut in 0..whole.len() {
            assert!(Event::decode(&whole[..cut]).is_err(), "cut at {cut} of {whole:?}");
        }
        whole.push(0);
        assert!(Event::decode(&whole).is_err());
    }
}

#[test]
fn an_event_of_an_unknown_version_is_refused() {
    let mut whole = bytes(&ann(1, nothing()));
    whole[0] += 1;
    assert!(Event::decode(&whole).is_err());
}

#[test]
fn an_empty_id_is_refused_because_it_could_not_be_kept() {
    for event in [
        event(1, Some(""), None, nothing()),
        event(1, None, Some(""), nothing()),
        event(1, Some("ann"), None, alias("")),
    ] {
        assert!(Event::decode(&bytes(&event)).is_err(), "{event:?}");
    }
}

#[test]
fn every_message_comes_back_as_it_was_and_a_cut_one_is_refused() {
    let mut prng = Prng(3);
    for case in 0..2_000 {
        let event = bytes(&arbitrary::event(&mut prng));
        let message = arbitrary::message(&mut prng, &event);
        let sent = Timestamp(prng.next() as i64);
        let mut out = Vec::new();
        message.encode(sent, &mut out);
        assert_eq!(Message::decode(&out), Ok((sent, message)), "case {case}");
        for cut in (0..out.len()).step_by(1 + out.len() / 100) {
            assert!(Message::decode(&out[..cut]).is_err(), "case {case} cut at {cut}");
        }
        out.push(0);
        assert!(Message::decode(&out).is_err());
    }
}

pub fn change(prng: &mut Prng) -> Change {
    let name = |prng: &mut Prng| {
        let text = prng.pick(&["", "茶", "shoes", "lin", "room-1", "silk"]);
        let term = if text.is_empty() { 0 } else { 1 + prng.below(40) as u32 };
        Name { term: Term(term), text: text.into() }
    };
    let text =
        |prng: &mut Prng| -> Box<str> { prng.pick(&["", "Lin", "https://example.test/1.png", "茶"]).into() };
    let product = |prng: &mut Prng| Product {
        id: name(prng),
        category: name(prng),
        brand: name(prng),
        host: name(prng),
        tags: (0..prng.below(4)).map(|_| name(prng)).collect(),
        title: text(prng),
        image: text(prng),
        price_cents: prng.next() >> 40,
        list_price_cents: prng.next() >> 40,
        currency: text(prng),
        seen_only: prng.once_in(2),
    };
    match prng.below(7) {
        0 => Change::PutProduct(product(prng)),
        1 => Change::SeenProduct(product(prng)),
        2 => Change::DeleteProduct(Term(prng.below(40) as u32)),
        3 => Change::PutHost(Host { id: name(prng), name: text(prng), style: name(prng) }),
        4 => Change::DeleteHost(Term(prng.below(40) as u32)),
        5 => Change::PutRoom(Room {
            id: name(prng),
            title: text(prng),
            host: name(prng),
            playback: Playback {
                whep: text(prng),
                hls: text(prng),
                player: text(prng),
                app: text(prng),
                poster: text(prng),
            },
        }),
        _ => Change::DeleteRoom(Term(prng.below(40) as u32)),
    }
}

#[test]
fn every_change_of_the_catalogue_comes_back_as_it_was_and_a_cut_one_is_refused() {
    let mut prng = Prng(4);
    for case in 0..5_000 {
        let change = change(&mut prng);
        let mut out = Vec::new();
        change.encode(&mut out);
        for cut in 0..out.len() {
            assert!(Change::read(&mut Get::new(&out[..cut])).is_err(), "case {case} cut at {cut}");
        }
        let mut get = Get::new(&out);
        assert_eq!(Change::read(&mut get), Ok(change), "case {case}");
        assert!(get.is_empty());
    }
}
