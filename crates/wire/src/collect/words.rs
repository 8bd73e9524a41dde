//! The words that SDKs use for networks, places, sexes and channels.

use super::json::{Value, is_any};
use beckon_core::event::{Channel, Class, Network, Permission, Place, Sex};

/// A kind of network, by the browser's, the phone's or our own word for it.
pub fn network(word: &str) -> Option<Network> {
    const WORDS: &[(Network, &[&str])] = &[
        (Network::Wifi, &["wifi", "wi-fi", "wlan", "ethernet", "wired"]),
        (Network::Fastest, &["5g", "nr", "fastest"]),
        (Network::Fast, &["4g", "lte", "fast"]),
        (Network::Cellular, &["3g", "cellular", "mobile", "wwan"]),
        (Network::Slow, &["2g", "slow-2g", "edge", "gprs", "slow"]),
        (Network::Offline, &["none", "offline"]),
    ];
    find(WORDS, word)
}

/// Where a shopper is. A word that we do not know is somewhere else.
pub(crate) fn place(word: &str) -> Place {
    const WORDS: &[(Place, &[&str])] = &[
        (Place::Home, &["home"]),
        (Place::Commute, &["commute", "commuting", "transit"]),
        (Place::Work, &["work", "office"]),
    ];
    find(WORDS, word).unwrap_or(Place::Elsewhere)
}

/// A sex. What is neither stated nor a word of ours (`unknown`) is none.
pub(crate) fn sex(word: &str) -> Option<Sex> {
    const WORDS: &[(Sex, &[&str])] = &[
        (Sex::Female, &["female", "f", "woman", "女", "女性"]),
        (Sex::Male, &["male", "m", "man", "男", "男性"]),
        (Sex::Other, &["other", "non-binary", "nonbinary", "diverse", "x", "其他"]),
    ];
    find(WORDS, word)
}

/// Whether the app is on screen.
pub(crate) fn foreground(word: &str) -> Option<bool> {
    find(&[(true, &["foreground", "active"]), (false, &["background", "inactive"])], word)
}

/// A push channel by its snake-case name.
pub(crate) fn channel(word: &str) -> Option<Channel> {
    const WORDS: &[(Channel, &[&str])] = &[
        (Channel::InApp, &["in_app", "inapp"]),
        (Channel::WebPush, &["web_push", "webpush"]),
        (Channel::Webhook, &["webhook"]),
        (Channel::Fcm, &["fcm"]),
        (Channel::Apns, &["apns"]),
        (Channel::Huawei, &["huawei"]),
        (Channel::Honor, &["honor"]),
        (Channel::Xiaomi, &["xiaomi"]),
        (Channel::Oppo, &["oppo"]),
        (Channel::Vivo, &["vivo"]),
        (Channel::Meizu, &["meizu"]),
        (Channel::Jpush, &["jpush"]),
        (Channel::Getui, &["getui"]),
        (Channel::Wechat, &["wechat"]),
    ];
    find(WORDS, word)
}

/// Whether a device may show notifications, by the browser's word.
pub(crate) fn permission(word: &str) -> Option<Permission> {
    const WORDS: &[(Permission, &[&str])] = &[
        (Permission::Granted, &["granted"]),
        (Permission::Denied, &["denied"]),
        (Permission::Default, &["default", "prompt"]),
    ];
    find(WORDS, word)
}

/// A class of message by its name.
pub(crate) fn class(word: &str) -> Option<Class> {
    find(&[(Class::Marketing, &["marketing"]), (Class::Service, &["service"])], word)
}

/// Battery in percent. Browsers say 0 to 1, others 0 to 100; 1 is read as full. Below 0 is "unknown".
pub(crate) fn battery_pct(value: &Value<'_>) -> Option<u8> {
    match value.number()? {
        level if (0.0..=1.0).contains(&level) => Some((level * 100.0).round() as u8),
        level if (0.0..=100.0).contains(&level) => Some(level.round() as u8),
        _ => None,
    }
}

fn find<T: Copy>(words: &[(T, &[&str])], word: &str) -> Option<T> {
    words.iter().find(|(_, spellings)| is_any(word, spellings)).map(|(meaning, _)| *meaning)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_channel_and_network_has_a_word() {
        for known in Channel::ALL {
            assert_eq!(channel(known.word()), Some(*known), "{known:?}");
        }
        for known in Network::ALL {
            assert_eq!(network(known.word()), Some(*known), "{known:?}");
        }
    }

    #[test]
    fn battery_levels_are_read_on_both_scales() {
        let of = |number| battery_pct(&Value::Real(number));
        assert_eq!(of(0.0), Some(0));
        assert_eq!(of(0.55), Some(55));
        assert_eq!(of(1.0), Some(100));
        assert_eq!(of(2.0), Some(2));
        assert_eq!(of(100.0), Some(100));
        assert_eq!((of(-1.0), of(100.5)), (None, None));
    }
}
