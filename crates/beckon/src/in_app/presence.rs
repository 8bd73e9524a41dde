//! What a connection tells of its device, as events in the same journal as those that are collected, folded by the
//! same rules.

use crate::runtime::Node;
use beckon_core::event::{Act, Context, Device, DeviceState, Event, Text};
use beckon_core::names::Kind;
use beckon_engine::record::EventsWriter;
use beckon_sessions::Presence;

/// Under which name a connection is counted.
const CONNECTION: &str = "In-App Connection Changed";

/// Under which name the rest is counted; SDKs tell the same by it.
const STATE: &str = "Device State Changed";

/// The record of what is told; `key` counts the second of its events once, as the first is told only here.
pub fn record(node: &Node, default_offset_min: i16, key: u128, it: &Presence) -> Vec<u8> {
    let mut writer = EventsWriter::new(it.who.source, default_offset_min);
    let named = |text| Text { term: node.names().intern(Kind::Event, text), text };
    let context = Context {
        app: Some(&*it.who.app).filter(|it| !it.is_empty()),
        device: Some(Device { id: &it.who.device, platform: &it.who.platform, ..Device::default() }),
        ..Context::default()
    };
    let user = it.who.user.as_deref();
    // Who both ids are is for identify calls to say: one that is proven, where that is asked for.
    let anonymous = it.who.anonymous.as_deref().filter(|_| user.is_none());
    let at = node.clock().now();
    if let Some(connection) = it.connection {
        writer.event(&Event::of_connection(at, user, anonymous, named(CONNECTION), context, connection));
    }
    if it.state != DeviceState::default() {
        let (name, act) = (named(STATE), Act::Device(it.state));
        writer.event(&Event { key, at, user, anonymous, name, context, act });
    }
    writer.finish(None)
}
