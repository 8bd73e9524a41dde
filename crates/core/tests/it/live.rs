//! Live state: each value is the latest one, with its own time, and stale when that is long ago.

use crate::say::*;
use beckon_core::event::{Act, AppAct, Context, DeviceState, Event, Network, Place, RoomAct};
use beckon_core::profile::live::{Dated, Live, STALE_AFTER};

fn live(events: &[Event<'static>]) -> Live {
    profile(events).hot.live
}

fn state(secs: u32, state: DeviceState) -> Event<'static> {
    ann(secs, Act::Device(state))
}

const NONE: DeviceState = DeviceState {
    online: None,
    foreground: None,
    battery_pct: None,
    charging: None,
    network: None,
    downlink_kbps: None,
    place: None,
};

fn dated<T>(value: T, at: u32) -> Option<Dated<T>> {
    Some(Dated { value, at })
}

#[test]
fn what_was_never_told_is_unknown() {
    let live = Live::default();
    assert_eq!((live.online(), live.foreground(), live.room()), (None, None, None));
    assert_eq!((live.battery_pct(), live.charging(), live.network()), (None, None, None));
    assert_eq!((live.downlink_kbps(), live.place()), (None, None));
}

#[test]
fn each_value_is_the_latest_told_whatever_arrives_after_it() {
    let events = [
        state(T0 + 1, DeviceState { online: Some(true), network: Some(Network::Fast), ..NONE }),
        state(T0 + 2, DeviceState { battery_pct: Some(50), charging: Some(false), ..NONE }),
        state(T0 + 3, DeviceState { online: Some(false), downlink_kbps: Some(90), ..NONE }),
        state(T0 + 4, DeviceState { place: Some(Place::Commute), foreground: Some(true), ..NONE }),
        ann(T0 + 5, Act::App(AppAct::Backgrounded)),
        state(T0 + 6, DeviceState { charging: Some(true), ..NONE }),
    ];
    let mut late = events.to_vec();
    late.reverse();
    for live in [live(&events), live(&late)] {
        assert_eq!(live.online(), dated(false, T0 + 3));
        assert_eq!(live.network(), dated(Network::Fast, T0 + 1));
        assert_eq!(live.downlink_kbps(), dated(90, T0 + 3));
        assert_eq!(live.place(), dated(Place::Commute, T0 + 4));
        assert_eq!(live.foreground(), dated(false, T0 + 5));
        assert_eq!(
            live.battery_pct(),
            dated(50, T0 + 2),
            "the charger says nothing about the battery's level"
        );
        assert_eq!(live.charging(), dated(true, T0 + 6));
    }
}

#[test]
fn a_charger_alone_does_not_make_an_empty_battery() {
    let live = live(&[state(T0, DeviceState { charging: Some(true), ..NONE })]);
    assert_eq!((live.battery_pct(), live.charging()), (None, dated(true, T0)));
}

#[test]
fn the_network_of_any_event_counts_as_told() {
    let context = Context { network: Some(Network::Wifi), ..Context::default() };
    let live = live(&[Event { context, ..ann(T0, nothing()) }]);
    assert_eq!(live.network(), dated(Network::Wifi, T0));
}

#[test]
fn the_room_is_the_one_entered_last_until_it_is_left() {
    let inside = [ann(T0, room(RoomAct::Entered, "room-1")), ann(T0 + 60, room(RoomAct::Entered, "room-2"))];
    assert_eq!(live(&inside).room(), dated(Some(text("room-2").term), T0 + 60));
    let [first, second] = inside;
    assert_eq!(live(&[second, first.clone()]).room(), dated(Some(text("room-2").term), T0 + 60));
    let left = ann(T0 + 90, room(RoomAct::Left, "room-1"));
    assert_eq!(live(&[first.clone(), left.clone()]).room(), dated(None, T0 + 90));
    assert_eq!(live(&[first.clone(), left.clone()]), live(&[left, first]), "to the byte");
}

#[test]
fn within_one_second_the_later_arrival_wins() {
    let on = state(T0, DeviceState { online: Some(true), ..NONE });
    let off = state(T0, DeviceState { online: Some(false), ..NONE });
    assert_eq!(live(&[on.clone(), off.clone()]).online(), dated(false, T0));
    assert_eq!(live(&[off, on]).online(), dated(true, T0));
}

#[test]
fn presence_is_stale_first_then_the_network_then_the_surroundings() {
    let times = (STALE_AFTER.presence_s, STALE_AFTER.network_s, STALE_AFTER.surroundings_s);
    assert_eq!(times, (5 * MINUTE, 15 * MINUTE, HOUR));
}

#[test]
fn of_two_devices_states_the_newer_values_remain() {
    let old = live(&[state(
        T0,
        DeviceState { online: Some(true), battery_pct: Some(9), charging: Some(true), ..NONE },
    )]);
    let new = live(&[
        state(T0 + 5, DeviceState { online: Some(false), network: Some(Network::Slow), ..NONE }),
        ann(T0 + 6, room(RoomAct::Entered, "room-1")),
    ]);
    let (mut one, mut other) = (old, new);
    one.merge(&new);
    other.merge(&old);
    assert_eq!(one, other);
    assert_eq!((one.online(), one.battery_pct()), (dated(false, T0 + 5), dated(9, T0)));
    assert_eq!((one.charging(), one.network()), (dated(true, T0), dated(Network::Slow, T0 + 5)));
    assert_eq!(one.room(), dated(Some(text("room-1").term), T0 + 6));
}
