//! Words of the core as the wire writes them. Each enum is the twin of one of the core's, so that a word that
//! does not exist is refused, and OpenAPI lists those that do.

use beckon_core::{event, show};
use serde::{Deserialize, Serialize};

/// Writes the twin of an enum of the core. Words are `tt`, not `literal`, which the schema's derive cannot read.
macro_rules! twins {
    ($($(#[$doc:meta])* $name:ident = $core:ty { $($(#[$about:meta])* $variant:ident = $word:tt,)+ })+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub enum $name { $($(#[$about])* #[serde(rename = $word)] $variant),+ }

        impl $name {
            /// All, in order.
            pub const ALL: &[$name] = &[$($name::$variant),+];

            /// The word.
            pub fn word(self) -> &'static str {
                match self { $($name::$variant => $word),+ }
            }

            /// The one with this word.
            pub fn of(word: &str) -> Option<Self> {
                match word { $($word => Some($name::$variant),)+ _ => None }
            }
        }

        impl From<$core> for $name {
            fn from(it: $core) -> Self {
                type Core = $core;
                match it { $(Core::$variant => $name::$variant),+ }
            }
        }

        impl From<$name> for $core {
            fn from(it: $name) -> Self {
                type Core = $core;
                match it { $($name::$variant => Core::$variant),+ }
            }
        }
    )+};
}

twins! {
    /// A part of a show.
    Phase = show::Phase {
        /// Shoppers gather.
        WarmUp = "warm_up",
        /// The main offers.
        Climax = "climax",
        /// The last call.
        Closing = "closing",
    }
    /// Why a shopper is called in now.
    Trigger = show::Trigger {
        /// The show's time has come and this is his moment.
        Moment = "moment",
        /// A phase began.
        PhaseBegins = "phase_begins",
        /// A product he cares for is being shown now.
        Pinned = "product_pinned",
        /// Something in his cart waits, and the show has it.
        CartHesitation = "cart_hesitation",
        /// An offer ends soon.
        OfferEnding = "offer_ending",
        /// A product he looked at costs less now.
        PriceDrop = "price_drop",
        /// A product he looked at can be had again.
        BackInStock = "back_in_stock",
        /// A host he follows went live.
        HostLive = "host_live",
        /// He booked a reminder.
        Reminder = "reminder",
        /// He just came online.
        CameOnline = "came_online",
        /// A campaign ends soon.
        CampaignEnding = "campaign_ending",
    }
    /// A push channel.
    Channel = event::Channel {
        /// The customer's own app, over a connection to Beckon.
        InApp = "in_app",
        /// Web Push.
        WebPush = "web_push",
        /// A server of the customer's own.
        Webhook = "webhook",
        /// Firebase Cloud Messaging.
        Fcm = "fcm",
        /// Apple Push Notification service.
        Apns = "apns",
        /// Huawei Push Kit.
        Huawei = "huawei",
        /// Honor Push.
        Honor = "honor",
        /// Xiaomi Push.
        Xiaomi = "xiaomi",
        /// OPPO Push.
        Oppo = "oppo",
        /// vivo Push.
        Vivo = "vivo",
        /// Meizu Push.
        Meizu = "meizu",
        /// JPush.
        Jpush = "jpush",
        /// Getui.
        Getui = "getui",
        /// WeChat.
        Wechat = "wechat",
    }
    /// Whether a device may show notifications.
    Permission = event::Permission {
        /// It may.
        Granted = "granted",
        /// It may not: nothing that is sent there is shown.
        Denied = "denied",
        /// Nobody has asked yet.
        Default = "default",
    }
    /// What kind of message a push is.
    Class = event::Class {
        /// The shopper asked for it.
        Service = "service",
        /// He did not.
        Marketing = "marketing",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_the_same_on_the_wire_and_in_the_core() {
        for it in show::Phase::ALL {
            assert_eq!(Phase::from(it).word(), it.word());
        }
        for it in show::Trigger::ALL {
            assert_eq!(Trigger::from(it).word(), it.word());
        }
        for it in event::Channel::ALL {
            let own = Channel::from(*it);
            assert_eq!(own.word().replace('_', ""), it.word().to_lowercase());
            assert_eq!(Channel::of(own.word()), Some(own));
        }
    }
}
