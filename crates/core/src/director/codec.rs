//! Changes of the catalogue as bytes, for the journal and for snapshots.

use super::catalogue::{Change, Host, Name, Playback, Product, Room};
use crate::bytes::{Get, Malformed, Put};
use crate::event::Text;
use crate::id::Term;
use crate::names::Kind;
use crate::stage::Staged;

pub(crate) fn put_name(out: &mut Vec<u8>, name: &Name) {
    out.put_str(&name.text);
    if !name.text.is_empty() {
        out.put_uint(name.term.0.into());
    }
}

pub(crate) fn get_name(get: &mut Get<'_>) -> Result<Name, Malformed> {
    let text = get.str("name")?;
    let term = if text.is_empty() { 0 } else { get.u32("term")? };
    Ok(Name { term: Term(term), text: text.into() })
}

impl Change {
    /// Appends this change to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Change::PutProduct(product) => {
                out.push(0);
                product.encode(out);
            }
            Change::SeenProduct(product) => {
                out.push(1);
                product.encode(out);
            }
            Change::DeleteProduct(term) => {
                out.push(2);
                out.put_uint(term.0.into());
            }
            Change::PutHost(host) => {
                out.push(3);
                put_name(out, &host.id);
                out.put_str(&host.name);
                put_name(out, &host.style);
            }
            Change::DeleteHost(term) => {
                out.push(4);
                out.put_uint(term.0.into());
            }
            Change::PutRoom(room) => {
                // A room without a place of its own is written as it always was.
                let elsewhere = room.playback != Playback::default();
                out.push(if elsewhere { 8 } else { 5 });
                put_name(out, &room.id);
                out.put_str(&room.title);
                put_name(out, &room.host);
                if elsewhere {
                    let it = &room.playback;
                    [&it.whep, &it.hls, &it.player, &it.app, &it.poster]
                        .into_iter()
                        .for_each(|it| out.put_str(it));
                }
            }
            Change::DeleteRoom(term) => {
                out.push(6);
                out.put_uint(term.0.into());
            }
            Change::Staged(staged) => {
                out.push(7);
                staged.encode(out);
            }
        }
    }

    /// Reads what [`Change::encode`] wrote.
    pub fn read(get: &mut Get<'_>) -> Result<Self, Malformed> {
        Ok(match get.u8("change")? {
            0 => Change::PutProduct(Product::read(get)?),
            1 => Change::SeenProduct(Product::read(get)?),
            2 => Change::DeleteProduct(Term(get.u32("product")?)),
            3 => Change::PutHost(Host {
                id: get_name(get)?,
                name: get.str("host name")?.into(),
                style: get_name(get)?,
            }),
            4 => Change::DeleteHost(Term(get.u32("host")?)),
            kind @ (5 | 8) => Change::PutRoom(Room {
                id: get_name(get)?,
                title: get.str("room title")?.into(),
                host: get_name(get)?,
                playback: if kind == 8 { Playback::read(get)? } else { Playback::default() },
            }),
            6 => Change::DeleteRoom(Term(get.u32("room")?)),
            7 => Change::Staged(Staged::read(get)?),
            _ => return Err(get.malformed("change")),
        })
    }

    /// Calls `each` with every name in this change.
    pub fn for_each_name(&self, mut each: impl FnMut(Kind, Text<'_>)) {
        let each = &mut |kind: Kind, name: &Name| {
            if name.term != Term::NONE {
                each(kind, name.as_text());
            }
        };
        match self {
            Change::PutProduct(it) | Change::SeenProduct(it) => {
                each(Kind::Product, &it.id);
                each(Kind::Category, &it.category);
                each(Kind::Brand, &it.brand);
                each(Kind::Host, &it.host);
                it.tags.iter().for_each(|tag| each(Kind::Tag, tag));
            }
            Change::PutHost(it) => {
                each(Kind::Host, &it.id);
                each(Kind::Style, &it.style);
            }
            Change::PutRoom(it) => {
                each(Kind::Room, &it.id);
                each(Kind::Host, &it.host);
            }
            Change::DeleteProduct(_) | Change::DeleteHost(_) | Change::DeleteRoom(_) => {}
            Change::Staged(staged) => staged.for_each_name(each),
        }
    }
}

impl Playback {
    fn read(get: &mut Get<'_>) -> Result<Self, Malformed> {
        Ok(Playback {
            whep: get.str("WHEP URL")?.into(),
            hls: get.str("HLS URL")?.into(),
            player: get.str("player URL")?.into(),
            app: get.str("app link")?.into(),
            poster: get.str("poster URL")?.into(),
        })
    }
}

impl Product {
    fn encode(&self, out: &mut Vec<u8>) {
        for name in [&self.id, &self.category, &self.brand, &self.host] {
            put_name(out, name);
        }
        out.put_uint(self.tags.len() as u64);
        self.tags.iter().for_each(|tag| put_name(out, tag));
        for text in [&self.title, &self.image, &self.currency] {
            out.put_str(text);
        }
        out.put_uint(self.price_cents);
        out.put_uint(self.list_price_cents);
        out.push(self.seen_only.into());
    }

    fn read(get: &mut Get<'_>) -> Result<Self, Malformed> {
        let (id, category, brand, host) = (get_name(get)?, get_name(get)?, get_name(get)?, get_name(get)?);
        let mut tags = Vec::new();
        for _ in 0..get.len("tags")? {
            tags.push(get_name(get)?);
        }
        Ok(Product {
            id,
            category,
            brand,
            host,
            tags,
            title: get.str("title")?.into(),
            image: get.str("image")?.into(),
            currency: get.str("currency")?.into(),
            price_cents: get.uint("price")?,
            list_price_cents: get.uint("list price")?,
            seen_only: get.u8("seen only")? != 0,
        })
    }
}
