//! A client of the in-app connection, and a server in this process to connect to: what the tests of `/ws` and `/sse`
//! share.

use crate::server::{Answer, SERVER_KEY, WRITE_KEY, bearer, request};
use beckon::config::{Config, FirstKeys, InApp, Secret};
use beckon::serve::Server;
use beckon_channels::{Class, Message};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// Nothing takes so long; it ends a test that would hang.
const PATIENCE: Duration = Duration::from_secs(30);

/// 2026-11-28 12:00 UTC, in milliseconds.
pub const NOON: i64 = 1_795_867_200_000;

/// A server with a virtual clock that stands at [`NOON`].
pub struct Shop {
    pub server: Server,
    _dir: TempDir,
}

impl Shop {
    pub async fn open(change: impl FnOnce(&mut Config)) -> Shop {
        let dir = tempfile::tempdir().unwrap();
        let first_keys =
            FirstKeys { write: Some(Secret::new(WRITE_KEY)), server: Some(Secret::new(SERVER_KEY)) };
        let mut config = Config {
            listen: "127.0.0.1:0".parse().unwrap(),
            data: dir.path().join("data"),
            first_keys,
            in_app: InApp { ping_s: 300, ..InApp::default() },
            ..Config::default()
        };
        change(&mut config);
        let server = Server::start(&config, true).await.unwrap();
        let shop = Shop { server, _dir: dir };
        shop.set_clock(NOON);
        shop
    }

    pub fn control(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let body = body.map(|it| it.to_string().into_bytes());
        let path = format!("/api/v1/{path}");
        let answer = request(self.server.address, method, &path, &[bearer(SERVER_KEY)], body.as_deref());
        assert!(answer.status / 100 == 2, "{path}: {answer:?}");
        answer
    }

    pub fn put(&self, path: &str, body: &Value) {
        self.control("PUT", path, Some(body));
    }

    pub fn get(&self, path: &str) -> Value {
        self.control("GET", path, None).json()
    }

    pub fn track(&self, path: &str, body: &Value) {
        let body = body.to_string();
        let answer = request(self.server.address, "POST", path, &[bearer(WRITE_KEY)], Some(body.as_bytes()));
        assert_eq!(answer.status, 200, "{answer:?}");
    }

    pub fn set_clock(&self, to: i64) {
        self.control("POST", "clock", Some(&json!({ "to": to })));
    }

    pub fn clock(&self) -> i64 {
        self.server.node.clock().now().0
    }

    pub fn wait(&self, ms: i64) {
        self.set_clock(self.clock() + ms);
    }

    /// Asks until it is as wanted: what goes over a socket takes a moment.
    pub async fn until<T>(&self, mut ask: impl FnMut(&Shop) -> Option<T>) -> T {
        for _ in 0..3_000 {
            if let Some(it) = ask(self) {
                return it;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("it never came to be as wanted");
    }

    pub async fn connect(&self) -> Client {
        self.upgrade(&[]).await.expect("it is upgraded")
    }

    /// Opens a WebSocket with these headers; an error is HTTP's status.
    pub async fn upgrade(&self, headers: &[(&'static str, &str)]) -> Result<Client, u16> {
        let mut request = format!("ws://{}/ws", self.server.address).into_client_request().unwrap();
        for (name, value) in [("sec-websocket-protocol", "beckon.v1")].iter().chain(headers) {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        match connect_async(request).await {
            Ok((socket, answer)) => {
                assert_eq!(answer.headers()["sec-websocket-protocol"], "beckon.v1");
                Ok(Client { socket })
            }
            Err(tokio_tungstenite::tungstenite::Error::Http(answer)) => Err(answer.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    /// Connects and is welcomed; gives the session too.
    pub async fn enter(&self, hello: &Value) -> (Client, String, bool) {
        let mut client = self.connect().await;
        client.say(hello).await;
        let welcome = client.frame().await;
        assert_eq!(welcome["type"], "welcome", "{welcome}");
        let session = welcome["session"].as_str().unwrap().to_owned();
        (client, session, welcome["resumed"] == true)
    }

    pub async fn send(&self, id: &str, device: &str, anonymous: &str) {
        self.server.hub().send(&message(id, device, anonymous)).await;
    }
}

/// A WebSocket client.
pub struct Client {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Client {
    pub async fn say(&mut self, frame: &Value) {
        self.say_text(frame.to_string()).await;
    }

    pub async fn say_text(&mut self, text: String) {
        // What is said to a closed connection is lost, as it would be to any client.
        let _ = self.socket.send(Frame::Text(text.into())).await;
    }

    pub async fn ack(&mut self, ids: &[&str]) {
        self.say(&json!({ "type": "ack", "ids": ids })).await;
    }

    /// The next frame.
    pub async fn frame(&mut self) -> Value {
        match self.next().await {
            Frame::Text(text) => serde_json::from_str(&text).unwrap(),
            other => panic!("a frame was awaited, and {other:?} came"),
        }
    }

    /// The id of the next frame's message.
    pub async fn message(&mut self) -> String {
        let frame = self.frame().await;
        assert_eq!(frame["type"], "message", "{frame}");
        frame["message"]["id"].as_str().unwrap().to_owned()
    }

    /// The code that closes the connection; what comes before it is passed over.
    pub async fn closed(&mut self) -> u16 {
        loop {
            if let Frame::Close(why) = self.next().await {
                return why.expect("a close has a code").code.into();
            }
        }
    }

    /// What comes next; pings are answered by reading on.
    async fn next(&mut self) -> Frame {
        loop {
            let next = tokio::time::timeout(PATIENCE, self.socket.next());
            match next.await.expect("something comes in time").expect("it is open").expect("it works") {
                Frame::Ping(_) => {}
                other => return other,
            }
        }
    }
}

pub fn hello(device: &str, anonymous: &str) -> Value {
    json!({ "type": "hello", "write_key": WRITE_KEY, "app": "shop", "device": { "id": device, "type": "web" },
            "anonymous_id": anonymous, "state": { "app_state": "foreground", "network": "wifi" } })
}

pub fn resumed(mut hello: Value, session: &str) -> Value {
    hello["session"] = session.into();
    hello
}

/// A message for a visitor's device.
pub fn message(id: &str, device: &str, anonymous: &str) -> Message {
    let none = String::new;
    Message {
        id: id.to_owned(),
        app: "shop".to_owned(),
        device: device.to_owned(),
        token: none(),
        user_id: none(),
        anonymous_id: anonymous.to_owned(),
        show_id: none(),
        room_id: none(),
        product_id: none(),
        title: "Now".to_owned(),
        body: none(),
        image: none(),
        link: none(),
        class: Class::Marketing,
        trigger: none(),
        arm: none(),
        language: none(),
        expires_at_ms: NOON + 3_600_000,
    }
}
