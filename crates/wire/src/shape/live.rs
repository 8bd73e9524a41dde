//! The live room: access to it, and how it is doing.

use serde::{Deserialize, Serialize};

/// What a host enters in the encoder to publish.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PublishAccess {
    /// The WHIP address.
    pub url: String,
    /// The bearer token. It stays the same; whoever has it can publish in this room.
    pub token: String,
}

/// What a page or an app of the shop needs to watch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WatchAccess {
    /// The WHEP address.
    pub url: String,
    /// The bearer token.
    pub token: String,
    /// Until when the token lets one in. Who is inside stays.
    pub expires_at: String,
}

/// A live room now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LiveStatus {
    /// Whether media comes in.
    pub live: bool,
    /// Whether a publisher has a session, silent or not.
    pub publisher: bool,
    /// Whether sound comes in.
    pub audio: bool,
    /// Viewers with a session.
    pub viewers: u64,
    /// Those who are connected.
    pub connected: u64,
    /// Those of them whom media reaches over TCP: their networks let no UDP through.
    pub over_tcp: u64,
    /// The picture, one for each simulcast layer.
    pub layers: Vec<LiveLayer>,
    /// What the host should change.
    pub warnings: Vec<LiveWarning>,
}

/// A layer of the picture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LiveLayer {
    /// Its name, if there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it is coded with.
    pub codec: String,
    /// Bits a second, lately.
    pub bits_per_second: u64,
    /// How far the last two key frames were apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_frame_every_ms: Option<u64>,
    /// Viewers who see it.
    pub viewers: u64,
}

/// Something that the host should change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LiveWarning {
    /// A stable code.
    pub code: String,
    /// What it is, and what to do.
    pub detail: String,
}
