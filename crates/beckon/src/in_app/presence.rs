//! What a connection tells of its device, as an event like those that are collected: in the same journal, folded by
//! the same rules.

use crate::runtime::Node;
use beckon_core::event::{Act, Context, Device, Event, Text};
use beckon_core::names::Kind;
use beckon_engine::record::EventsWriter;
use beckon_sessions::Presence;

/// The name under which it is counted, and by which SDKs tell the same.
const NAME: &str = "Device State Changed";

/// The record of a presence event; `key` counts it once.
pub fn record(node: &Node, default_offset_min: i16, key: u128, it: &Presence) -> Vec<u8> {
    let mut writer = EventsWriter::new(it.who.source, default_offset_min);
    let name = Text { term: node.names().intern(Kind::Event, NAME), text: NAME };
    let device = Device { id: &it.who.device, kind: &it.who.platform, token: None };
    let context = Context {
        app: Some(&*it.who.app).filter(|it| !it.is_empty()),
        device: Some(device),
        ..Context::default()
    };
    let user = it.who.user.as_deref();
    // Who both ids are is for identify calls to say: one that is proven, where that is asked for.
    let anonymous = it.who.anonymous.as_deref().filter(|_| user.is_none());
    let at = node.clock().now();
    writer.event(&Event { key, at, user, anonymous, name, context, act: Act::Device(it.state) });
    writer.finish(None)
}
