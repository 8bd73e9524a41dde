//! The first page of a server: it says what this is and leads on, and tells nothing that needs a key.

use crate::server::{SERVER_KEY, Server, WRITE_KEY, request};

#[test]
fn the_root_says_what_this_is_to_browsers_and_to_programs() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), &[]);
    let get = |path: &str, accept: &str| {
        request(server.address, "GET", path, &[("accept".into(), accept.into())], None)
    };
    let page = get("/", "text/html,application/xhtml+xml,*/*;q=0.8");
    assert_eq!(
        (page.status, page.header("content-type").as_deref()),
        (200, Some("text/html; charset=utf-8"))
    );
    let page = String::from_utf8(page.body).unwrap();
    assert!(page.contains(env!("CARGO_PKG_VERSION")) && !page.contains("{version}"), "{page}");
    let json = get("/", "*/*");
    assert_eq!(json.header("content-type").as_deref(), Some("application/json"));
    let front = json.json();
    assert_eq!((&front["name"], &front["version"]), (&"beckon".into(), &env!("CARGO_PKG_VERSION").into()));
    let links = front["links"].as_object().unwrap();
    assert_eq!(links.len(), 8);
    for link in links.values() {
        let link = link.as_str().unwrap();
        assert!(page.contains(&format!("href=\"{link}\"")), "{link} is not on the page");
        assert_eq!(get(link, "*/*").status, 200, "{link}");
    }
    for secret in [SERVER_KEY, WRITE_KEY, dir.path().to_str().unwrap()] {
        assert!(!page.contains(secret) && !front.to_string().contains(secret));
    }
    assert_eq!(get("/nothing-here", "text/html").status, 404);
}

#[test]
fn a_server_has_the_documents_that_fit_it() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), &[]);
    let get = |name: &str| request(server.address, "GET", &format!("/docs/{name}"), &[], None);
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    for name in ["shows.md", "room.md", "room-page.md", "operating.md", "beckon.example.toml"] {
        let answer = get(name);
        assert_eq!(answer.header("content-type").as_deref(), Some("text/plain; charset=utf-8"), "{name}");
        assert!(answer.body == std::fs::read(folder.join(name)).unwrap(), "{name}");
    }
    let none = get("compare_activity.py");
    assert_eq!((none.status, none.code().as_str()), (404, "path-unknown"));
}
