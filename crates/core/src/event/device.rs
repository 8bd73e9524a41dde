//! Devices as events name them: how one can be reached, whether its owner lets it show notifications, and whether
//! the app on it is connected right now.

use super::Channel;

/// The device an event came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Device<'a> {
    /// The SDK's own id of the device.
    pub id: &'a str,
    /// `android`, `ios`, `web` …, as the SDK says it.
    pub platform: &'a str,
    /// What the event says of its push address.
    pub address: AddressWord<'a>,
    /// Whether notifications may be shown on it; `None` when the event does not say.
    pub permission: Option<Permission>,
}

/// What an event says of a device's push address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AddressWord<'a> {
    /// Nothing.
    #[default]
    Silent,
    /// It has none any more.
    TakenBack,
    /// It is this.
    At(Address<'a>),
}

/// Where a push service finds a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Address<'a> {
    /// Whose service. [`Channel::Webhook`] stands for one that only the customer's own server knows.
    pub channel: Channel,
    /// The service's token; of Web Push the subscription as compact JSON text.
    pub token: &'a str,
}

impl<'a> AddressWord<'a> {
    /// The address that a token stands for when nobody names its channel; no token takes the address back.
    pub fn of(platform: &str, token: &'a str) -> Self {
        match token {
            "" => AddressWord::TakenBack,
            token => AddressWord::At(Address { channel: channel_of(platform, token), token }),
        }
    }

    /// The address, if the word is one.
    pub fn address(self) -> Option<Address<'a>> {
        match self {
            AddressWord::At(address) => Some(address),
            AddressWord::Silent | AddressWord::TakenBack => None,
        }
    }
}

/// Whose token it is, as far as platform and token tell. A subscription is an object; a browser's token that is none
/// is Firebase's.
fn channel_of(platform: &str, token: &str) -> Channel {
    let is = |word: &str| platform.eq_ignore_ascii_case(word);
    if token.starts_with('{') {
        Channel::WebPush
    } else if is("ios") {
        Channel::Apns
    } else if is("android") || is("web") {
        Channel::Fcm
    } else {
        // Some say the service in place of the platform.
        Channel::ALL.iter().copied().find(|it| is(it.word())).unwrap_or(Channel::Webhook)
    }
}

/// Whether a device may show notifications. It is the system's word, and no consent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Permission {
    /// Granted.
    Granted = 1,
    /// Denied: nothing that is sent there is shown.
    Denied,
    /// Nobody has asked yet.
    Default,
}

/// The in-app connection of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Connection {
    /// There is none.
    Closed = 1,
    /// It is open, and the app is not on screen.
    Background,
    /// It is open, and the app is on screen.
    Foreground,
}
