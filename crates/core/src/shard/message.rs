//! What one shard tells another about a shopper whose ids hash to both.

use super::claims::Release;
use super::store::{Key, Profile};
use crate::bytes::{Get, Malformed, Put};
use crate::profile::cold::Cold;
use crate::profile::columns::{row_bytes, row_from_bytes, row_size};
use crate::profile::device::ClaimKey;
use crate::profile::{HistoryPage, HotPage};
use crate::time::Timestamp;

/// A message between shards.
#[derive(Debug, Clone, PartialEq)]
pub enum Message<'a> {
    /// An event of a shopper whom the receiver owns.
    Forward {
        /// The event's bytes.
        event: &'a [u8],
        /// Whose it is.
        user: &'a str,
        /// The clock of a shopper whose zone is unknown.
        default_offset_min: i16,
        /// How often it was handed on.
        hops: u8,
    },
    /// An id turned out to be this user: here is its history, if it has one.
    Join {
        /// The user.
        user: &'a str,
        /// The id that joins him.
        key: Key<'a>,
        /// What was known under that id.
        history: Option<Box<Profile>>,
        /// When it joined (Unix seconds of the event).
        at: u32,
        /// How often it was handed on.
        hops: u8,
    },
    /// The user was erased: the receiver forgets this other name of his.
    Unbind {
        /// The name.
        key: Key<'a>,
        /// The user it must still belong to.
        user: &'a str,
    },
    /// Erase this user.
    Erase {
        /// The user.
        user: &'a str,
        /// How often it was handed on.
        hops: u8,
    },
    /// A device or a push address, which hashes to the receiver, is this shopper's.
    Claim {
        /// What.
        what: ClaimKey,
        /// Whose; nobody's when its shopper signed out.
        of: Option<Key<'a>>,
        /// Under which id he had it before.
        former: Option<Key<'a>>,
        /// Since when (Unix seconds).
        at: u32,
    },
    /// Another shopper has what the receiver's had.
    Release {
        /// What, and who.
        release: Release<'a>,
        /// How often it was handed on.
        hops: u8,
    },
    /// This owner of a device or a push address was forgotten.
    Disclaim {
        /// What.
        what: ClaimKey,
        /// Whose it must still be.
        of: Key<'a>,
    },
    /// A push service called this address gone.
    Dead {
        /// The address.
        what: ClaimKey,
        /// When (Unix seconds).
        at: u32,
    },
}

fn put_key(out: &mut Vec<u8>, key: Key<'_>) {
    out.push(key.known.into());
    out.put_str(key.id);
}

fn get_key<'a>(get: &mut Get<'a>) -> Result<Key<'a>, Malformed> {
    Ok(Key { known: get.u8("kind of id")? != 0, id: get.str("id")? })
}

fn put_owner(out: &mut Vec<u8>, key: Option<Key<'_>>) {
    out.push(key.is_some().into());
    key.into_iter().for_each(|it| put_key(out, it));
}

fn get_owner<'a>(get: &mut Get<'a>) -> Result<Option<Key<'a>>, Malformed> {
    Ok(if get.u8("owner")? == 0 { None } else { Some(get_key(get)?) })
}

fn get_what(get: &mut Get<'_>) -> Result<ClaimKey, Malformed> {
    Ok(ClaimKey(u64::from_le_bytes(get.array("what is claimed")?)))
}

impl<'a> Message<'a> {
    /// Appends the message, and when it was sent, to `out`.
    pub fn encode(&self, sent: Timestamp, out: &mut Vec<u8>) {
        out.put_int(sent.0);
        match self {
            Message::Forward { event, user, default_offset_min, hops } => {
                out.extend_from_slice(&[0, *hops]);
                out.put_int((*default_offset_min).into());
                out.put_str(user);
                out.put_bytes(event);
            }
            Message::Join { user, key, history, at, hops } => {
                out.extend_from_slice(&[1, *hops, history.is_some().into()]);
                out.put_str(user);
                put_key(out, *key);
                out.put_uint((*at).into());
                if let Some(profile) = history {
                    row_bytes::<HotPage>(&profile.hot, out);
                    row_bytes::<HistoryPage>(&profile.history, out);
                    profile.cold.encode(out);
                }
            }
            Message::Unbind { key, user } => {
                out.push(2);
                put_key(out, *key);
                out.put_str(user);
            }
            Message::Erase { user, hops } => {
                out.extend_from_slice(&[3, *hops]);
                out.put_str(user);
            }
            Message::Claim { what, of, former, at } => {
                out.push(4);
                out.extend_from_slice(&what.0.to_le_bytes());
                put_owner(out, *of);
                put_owner(out, *former);
                out.put_uint((*at).into());
            }
            Message::Release { release: Release { what, holder, owner, at, dead }, hops } => {
                out.extend_from_slice(&[5, *hops, (*dead).into()]);
                out.extend_from_slice(&what.0.to_le_bytes());
                put_key(out, *holder);
                put_owner(out, *owner);
                out.put_uint((*at).into());
            }
            Message::Disclaim { what, of } => {
                out.push(6);
                out.extend_from_slice(&what.0.to_le_bytes());
                put_key(out, *of);
            }
            Message::Dead { what, at } => {
                out.push(7);
                out.extend_from_slice(&what.0.to_le_bytes());
                out.put_uint((*at).into());
            }
        }
    }

    /// Reads what [`Message::encode`] wrote.
    pub fn decode(bytes: &'a [u8]) -> Result<(Timestamp, Self), Malformed> {
        let mut get = Get::new(bytes);
        let sent = Timestamp(get.int("time of a message")?);
        let message = match get.u8("message")? {
            0 => {
                let hops = get.u8("hops")?;
                let default_offset_min = get.i16("default offset")?;
                Message::Forward {
                    default_offset_min,
                    user: get.str("user")?,
                    event: get.bytes("event")?,
                    hops,
                }
            }
            1 => {
                let [hops, has_history] = get.array("join")?;
                let (user, key, at) = (get.str("user")?, get_key(&mut get)?, get.u32("time of a join")?);
                let history = if has_history != 0 { Some(Box::new(get_profile(&mut get)?)) } else { None };
                Message::Join { user, key, history, at, hops }
            }
            2 => Message::Unbind { key: get_key(&mut get)?, user: get.str("user")? },
            3 => Message::Erase { hops: get.u8("hops")?, user: get.str("user")? },
            4 => Message::Claim {
                what: get_what(&mut get)?,
                of: get_owner(&mut get)?,
                former: get_owner(&mut get)?,
                at: get.u32("time of a claim")?,
            },
            5 => {
                let [hops, dead] = get.array("release")?;
                let (what, holder) = (get_what(&mut get)?, get_key(&mut get)?);
                let (owner, at) = (get_owner(&mut get)?, get.u32("time of a claim")?);
                Message::Release { release: Release { what, holder, owner, at, dead: dead != 0 }, hops }
            }
            6 => Message::Disclaim { what: get_what(&mut get)?, of: get_key(&mut get)? },
            7 => Message::Dead { what: get_what(&mut get)?, at: get.u32("time of a death")? },
            _ => return Err(get.malformed("message")),
        };
        if get.is_empty() { Ok((sent, message)) } else { Err(get.malformed("end of message")) }
    }
}

fn get_profile(get: &mut Get<'_>) -> Result<Profile, Malformed> {
    let hot = row_from_bytes::<HotPage>(get.take(row_size::<HotPage>(), "hot columns")?);
    let history = row_from_bytes::<HistoryPage>(get.take(row_size::<HistoryPage>(), "history columns")?);
    let (Some(hot), Some(history)) = (hot, history) else { return Err(get.malformed("columns")) };
    Ok(Profile { hot, history, cold: Cold::read(get)? })
}
