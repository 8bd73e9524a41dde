//! A message as it goes to a vendor: composed, last looked at, and with nothing left to decide.

/// Why a message is sent, in law and in vendors' caps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// Asked for by the shopper.
    Service,
    /// Promotion.
    Marketing,
}

impl Class {
    /// The word for it on the wire.
    pub fn word(self) -> &'static str {
        match self {
            Class::Service => "service",
            Class::Marketing => "marketing",
        }
    }
}

/// A message on its way to one device of one shopper. An empty text is "not given".
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// Our id of it, the same in every attempt; clients suppress one they have shown.
    pub id: String,
    /// The app or site.
    pub app: String,
    /// The device, by the id its SDK gave it.
    pub device: String,
    /// Where the vendor finds the device: push token or subscription.
    pub token: String,
    /// The known shopper.
    pub user_id: String,
    /// The visitor, where the shopper is not known.
    pub anonymous_id: String,
    /// The show it calls into.
    pub show_id: String,
    /// Its room.
    pub room_id: String,
    /// The product it speaks of.
    pub product_id: String,
    /// Title.
    pub title: String,
    /// Text.
    pub body: String,
    /// URL of a picture.
    pub image: String,
    /// Where a tap leads.
    pub link: String,
    /// Service or marketing.
    pub class: Class,
    /// Why the shopper became a candidate now, as a word.
    pub trigger: String,
    /// Which of the template's wordings it is.
    pub arm: String,
    /// BCP 47 tag of the words.
    pub language: String,
    /// From when on it must not be shown any more, in milliseconds since the epoch.
    pub expires_at_ms: i64,
}

impl std::fmt::Debug for Message {
    /// Who and what for; words, token and shopper do not belong in a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Message").field("id", &self.id).field("class", &self.class).finish_non_exhaustive()
    }
}
