//! An event as bytes: what the journal keeps and the shards read.
//!
//! Fields that are absent cost a bit in a presence mask, not a byte. The first byte is the version of
//! this layout: a reader of a later version reads all former ones.

use super::*;
use crate::bytes::{Get, Malformed, Put};

const VERSION: u8 = 2;

/// The first version: its devices have a token, and no channel or permission.
const PLAIN_DEVICES: u8 = 1;

impl<'a> Event<'a> {
    /// Appends this event to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let mask = self.presence();
        out.extend_from_slice(&[VERSION, mask]);
        if self.key != 0 {
            out.extend_from_slice(&self.key.to_le_bytes());
        }
        out.put_int(self.at.0);
        for id in [self.user, self.anonymous].into_iter().flatten() {
            out.put_str(id);
        }
        put_text(out, self.name);
        self.context.encode(out);
        self.act.encode(out);
    }

    /// Reads an event that fills `bytes` to the end.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut get = Get::new(bytes);
        let event = Self::read(&mut get)?;
        if get.is_empty() { Ok(event) } else { Err(get.malformed("end of event")) }
    }

    fn read(get: &mut Get<'a>) -> Result<Self, Malformed> {
        let version = get.u8("event version")?;
        if !matches!(version, VERSION | PLAIN_DEVICES) {
            return Err(get.malformed("event version"));
        }
        let mask = get.u8("event mask")?;
        let has = |bit: u8| mask & bit != 0;
        Ok(Event {
            key: if has(KEY) { u128::from_le_bytes(get.array("event key")?) } else { 0 },
            at: Timestamp(get.int("event time")?),
            user: has(USER).then(|| get_id(get, "user id")).transpose()?,
            anonymous: has(ANONYMOUS).then(|| get_id(get, "anonymous id")).transpose()?,
            name: get_text(get)?,
            context: Context::read(version, mask, get)?,
            act: Act::read(get)?,
        })
    }

    fn presence(&self) -> u8 {
        let bit = |present: bool, bit: u8| if present { bit } else { 0 };
        bit(self.key != 0, KEY)
            | bit(self.user.is_some(), USER)
            | bit(self.anonymous.is_some(), ANONYMOUS)
            | bit(self.context.zone.is_some(), ZONE)
            | bit(self.context.language.is_some(), LANGUAGE)
            | bit(self.context.app.is_some(), APP)
            | bit(self.context.device.is_some(), DEVICE)
            | bit(self.context.network.is_some(), NETWORK)
    }
}

const KEY: u8 = 1;
const USER: u8 = 2;
const ANONYMOUS: u8 = 4;
const ZONE: u8 = 8;
const LANGUAGE: u8 = 16;
const APP: u8 = 32;
const DEVICE: u8 = 64;
const NETWORK: u8 = 128;

fn put_text(out: &mut Vec<u8>, text: Text<'_>) {
    out.put_str(text.text);
    if !text.text.is_empty() {
        out.extend_from_slice(&text.term.0.to_le_bytes());
    }
}

/// An id is never empty: a row of the store without one is a free row.
fn get_id<'a>(get: &mut Get<'a>, what: &'static str) -> Result<&'a str, Malformed> {
    let id = get.str(what)?;
    if id.is_empty() { Err(get.malformed(what)) } else { Ok(id) }
}

fn get_text<'a>(get: &mut Get<'a>) -> Result<Text<'a>, Malformed> {
    let text = get.str("name")?;
    let term = if text.is_empty() { 0 } else { u32::from_le_bytes(get.array("term")?) };
    Ok(Text { term: Term(term), text })
}

fn get_number<T>(get: &mut Get<'_>, of: fn(u8) -> Option<T>, what: &'static str) -> Result<T, Malformed> {
    let number = get.u8(what)?;
    of(number).ok_or(get.malformed(what))
}

impl<'a> Context<'a> {
    fn encode(&self, out: &mut Vec<u8>) {
        if let Some(zone) = self.zone {
            put_text(out, zone.name);
            out.put_int(zone.offset_min.into());
            out.put_uint(zone.until.into());
            out.put_int(zone.next_offset_min.into());
        }
        if self.language.is_some() {
            put_text(out, self.language);
        }
        if let Some(app) = self.app {
            out.put_str(app);
        }
        if let Some(device) = self.device {
            put_device(out, &device);
        }
        if let Some(network) = self.network {
            out.push(network as u8);
        }
    }

    fn read(version: u8, mask: u8, get: &mut Get<'a>) -> Result<Self, Malformed> {
        let has = |bit: u8| mask & bit != 0;
        Ok(Context {
            zone: if has(ZONE) { Some(get_zone(get)?) } else { None },
            language: if has(LANGUAGE) { get_text(get)? } else { Text::default() },
            app: has(APP).then(|| get.str("app")).transpose()?,
            device: if has(DEVICE) { Some(get_device(version, get)?) } else { None },
            network: if has(NETWORK) {
                Some(get_number(get, Network::from_number, "network")?)
            } else {
                None
            },
        })
    }
}

fn get_zone<'a>(get: &mut Get<'a>) -> Result<Zone<'a>, Malformed> {
    Ok(Zone {
        name: get_text(get)?,
        offset_min: get.i16("zone offset")?,
        until: get.u32("zone until")?,
        next_offset_min: get.i16("zone offset")?,
    })
}

fn put_device(out: &mut Vec<u8>, device: &Device<'_>) {
    out.put_str(device.id);
    out.put_str(device.platform);
    let word = match device.address {
        AddressWord::Silent => 0,
        AddressWord::TakenBack => 1,
        AddressWord::At(_) => 2,
    };
    out.push(word | device.permission.map_or(0, |it| it as u8) << 2);
    if let AddressWord::At(Address { channel, token }) = device.address {
        out.push(channel as u8);
        out.put_str(token);
    }
}

fn get_device<'a>(version: u8, get: &mut Get<'a>) -> Result<Device<'a>, Malformed> {
    let (id, platform) = (get.str("device id")?, get.str("device platform")?);
    let flags = get.u8("device flags")?;
    if version == PLAIN_DEVICES {
        let address = match flags {
            0 => AddressWord::Silent,
            _ => AddressWord::of(platform, get.str("token")?),
        };
        return Ok(Device { id, platform, address, permission: None });
    }
    let permission = match flags >> 2 {
        0 => None,
        number => Some(Permission::from_number(number).ok_or(get.malformed("permission"))?),
    };
    let address = match flags & 3 {
        0 => AddressWord::Silent,
        1 => AddressWord::TakenBack,
        2 => AddressWord::At(Address {
            channel: get_number(get, Channel::from_number, "channel")?,
            token: get.str("token")?,
        }),
        _ => return Err(get.malformed("device flags")),
    };
    Ok(Device { id, platform, address, permission })
}

impl<'a> ProductRef<'a> {
    fn encode(&self, out: &mut Vec<u8>) {
        for text in [self.id, self.category, self.brand, self.host] {
            put_text(out, text);
        }
        out.put_uint(self.tags.len() as u64);
        for tag in &self.tags {
            put_text(out, *tag);
        }
        out.put_uint(self.price_cents);
        out.put_uint(self.list_price_cents);
        out.put_uint(self.quantity.into());
    }

    fn read(get: &mut Get<'a>) -> Result<Self, Malformed> {
        let (id, category, brand, host) = (get_text(get)?, get_text(get)?, get_text(get)?, get_text(get)?);
        let tags = get_list(get, "tags", get_text)?;
        Ok(ProductRef {
            id,
            category,
            brand,
            host,
            tags,
            price_cents: get.uint("price")?,
            list_price_cents: get.uint("list price")?,
            quantity: get.u32("quantity")?,
        })
    }
}

fn get_list<'a, T>(
    get: &mut Get<'a>,
    what: &'static str,
    item: fn(&mut Get<'a>) -> Result<T, Malformed>,
) -> Result<Vec<T>, Malformed> {
    let len = get.len(what)?;
    let mut list = Vec::with_capacity(len.min(64));
    for _ in 0..len {
        list.push(item(get)?);
    }
    Ok(list)
}

impl<'a> Act<'a> {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Act::Other { raw } => {
                out.push(0);
                out.put_str(raw);
            }
            Act::Identify { traits } => {
                out.push(1);
                out.put_uint(traits.len() as u64);
                traits.iter().for_each(|it| it.encode(out));
            }
            Act::Alias { previous } => {
                out.push(2);
                out.put_str(previous);
            }
            Act::Product { what, product } => {
                out.extend_from_slice(&[3, *what as u8]);
                product.encode(out);
            }
            Act::Category { category } => {
                out.push(4);
                put_text(out, *category);
            }
            Act::Order { what, total_cents, discount_cents, coupon, products } => {
                out.extend_from_slice(&[5, *what as u8, u8::from(*coupon)]);
                out.put_uint(*total_cents);
                out.put_uint(*discount_cents);
                out.put_uint(products.len() as u64);
                products.iter().for_each(|it| it.encode(out));
            }
            Act::Room { what, room, host, style, show, dwell_s } => {
                out.extend_from_slice(&[6, *what as u8]);
                [room, host, style, show].into_iter().for_each(|it| put_text(out, *it));
                out.put_uint((*dwell_s).into());
            }
            Act::Device(state) => {
                out.push(7);
                state.encode(out);
            }
            Act::App(what) => out.extend_from_slice(&[8, *what as u8]),
            Act::Push { what, message } => {
                out.extend_from_slice(&[9, *what as u8]);
                out.put_str(message);
            }
            Act::Connection(it) => out.extend_from_slice(&[10, *it as u8]),
            Act::SignedOut => out.push(11),
            Act::Player { what, room, show, message, ms } => {
                out.extend_from_slice(&[12, *what as u8]);
                [room, show].into_iter().for_each(|it| put_text(out, *it));
                out.put_str(message);
                out.put_uint((*ms).into());
            }
        }
    }

    fn read(get: &mut Get<'a>) -> Result<Self, Malformed> {
        Ok(match get.u8("act")? {
            0 => Act::Other { raw: get.str("properties")? },
            1 => Act::Identify { traits: get_list(get, "traits", Trait::read)? },
            2 => Act::Alias { previous: get_id(get, "previous id")? },
            3 => Act::Product {
                what: get_number(get, ProductAct::from_number, "product act")?,
                product: ProductRef::read(get)?,
            },
            4 => Act::Category { category: get_text(get)? },
            5 => {
                let what = get_number(get, OrderAct::from_number, "order act")?;
                Act::Order {
                    what,
                    coupon: get.u8("coupon")? != 0,
                    total_cents: get.uint("total")?,
                    discount_cents: get.uint("discount")?,
                    products: get_list(get, "products", ProductRef::read)?,
                }
            }
            6 => Act::Room {
                what: get_number(get, RoomAct::from_number, "room act")?,
                room: get_text(get)?,
                host: get_text(get)?,
                style: get_text(get)?,
                show: get_text(get)?,
                dwell_s: get.u32("dwell")?,
            },
            7 => Act::Device(DeviceState::read(get)?),
            8 => Act::App(get_number(get, AppAct::from_number, "app act")?),
            9 => Act::Push {
                what: get_number(get, PushAct::from_number, "push act")?,
                message: get.str("message id")?,
            },
            10 => Act::Connection(get_number(get, Connection::from_number, "connection")?),
            11 => Act::SignedOut,
            12 => Act::Player {
                what: get_number(get, PlayerAct::from_number, "player act")?,
                room: get_text(get)?,
                show: get_text(get)?,
                message: get.str("message id")?,
                ms: get.u32("milliseconds of a picture")?,
            },
            _ => return Err(get.malformed("act")),
        })
    }
}

impl DeviceState {
    fn encode(&self, out: &mut Vec<u8>) {
        // 0 stands for "did not change" in every byte.
        let flag = |value: Option<bool>| value.map_or(0, |it| 1 + u8::from(it));
        out.extend_from_slice(&[
            flag(self.online),
            flag(self.foreground),
            flag(self.charging),
            self.battery_pct.map_or(0, |pct| 1 + pct.min(100)),
            self.network.map_or(0, |it| it as u8),
            self.place.map_or(0, |it| it as u8),
        ]);
        out.put_uint(self.downlink_kbps.map_or(0, |it| 1 + u64::from(it)));
    }

    fn read(get: &mut Get<'_>) -> Result<Self, Malformed> {
        let flag = |byte: u8| (byte != 0).then_some(byte > 1);
        let [online, foreground, charging, battery, network, place] = get.array("device state")?;
        let downlink = get.uint("downlink")?;
        Ok(DeviceState {
            online: flag(online),
            foreground: flag(foreground),
            charging: flag(charging),
            battery_pct: battery.checked_sub(1).map(|pct| pct.min(100)),
            network: Network::from_number(network),
            place: Place::from_number(place),
            downlink_kbps: downlink.checked_sub(1).map(|kbps| kbps.min(u32::MAX.into()) as u32),
        })
    }
}

impl<'a> Trait<'a> {
    fn encode(&self, out: &mut Vec<u8>) {
        match *self {
            Trait::BirthYear(year) => {
                out.push(0);
                out.put_uint(year.into());
            }
            Trait::Sex(sex) => out.extend_from_slice(&[1, sex as u8]),
            Trait::Region(region) => {
                out.push(2);
                put_text(out, region);
            }
            Trait::CityTier(tier) => out.extend_from_slice(&[3, tier]),
            Trait::Language(language) => {
                out.push(4);
                put_text(out, language);
            }
            Trait::SpendingPower(power) => out.extend_from_slice(&[5, power]),
            Trait::Consent { channel, class, granted } => {
                let channel = channel.map_or(u8::MAX, |it| it as u8);
                out.extend_from_slice(&[6, channel, class as u8, granted.into()]);
            }
            Trait::Custom { name, json } => {
                out.push(7);
                out.put_str(name);
                out.put_str(json);
            }
        }
    }

    fn read(get: &mut Get<'a>) -> Result<Self, Malformed> {
        Ok(match get.u8("trait")? {
            0 => Trait::BirthYear(get.u16("birth year")?),
            1 => Trait::Sex(get_number(get, Sex::from_number, "sex")?),
            2 => Trait::Region(get_text(get)?),
            3 => Trait::CityTier(get.u8("city tier")?),
            4 => Trait::Language(get_text(get)?),
            5 => Trait::SpendingPower(get.u8("spending power")?),
            6 => {
                let [channel, class, granted] = get.array("consent")?;
                Trait::Consent {
                    channel: match channel {
                        u8::MAX => None,
                        number => Some(Channel::from_number(number).ok_or(get.malformed("channel"))?),
                    },
                    class: Class::from_number(class).ok_or(get.malformed("class"))?,
                    granted: granted != 0,
                }
            }
            7 => Trait::Custom { name: get.str("trait name")?, json: get.str("trait value")? },
            _ => return Err(get.malformed("trait")),
        })
    }
}
