//! The house keeps its own rules: what can be checked by reading the tree is checked here, so that reviews
//! can talk about meaning.

use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn files(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap().map(|it| it.unwrap().path()) {
        let name = entry.file_name().unwrap().to_string_lossy().into_owned();
        if entry.is_dir() {
            if !name.starts_with('.') && name != "target" && name != "node_modules" {
                files(&entry, ending, found);
            }
        } else if name.ends_with(ending) {
            found.push(entry);
        }
    }
}

fn sources() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    files(&root().join("crates"), ".rs", &mut found);
    assert!(found.len() > 50, "the sources were not found");
    found.into_iter().map(|it| (it.clone(), std::fs::read_to_string(it).unwrap())).collect()
}

/// A file beyond this holds two ideas.
const LINES_MAX: usize = 500;

#[test]
fn every_file_says_why_it_exists() {
    for (path, text) in sources() {
        assert!(text.starts_with("//! ") || text.starts_with("#!["), "{} opens without //!", path.display());
    }
}

#[test]
fn no_file_is_far_beyond_its_neighbours() {
    // A test's expected text may be long.
    for (path, text) in sources().into_iter().filter(|it| it.0.components().any(|it| it.as_os_str() == "src"))
    {
        let lines = text.lines().count();
        assert!(lines <= LINES_MAX, "{} has {lines} lines: find the two ideas in it", path.display());
    }
}

#[test]
fn nothing_is_left_unfinished() {
    for (path, text) in sources().into_iter().filter(|it| !it.0.ends_with("tidy.rs")) {
        for word in ["todo!(", "unimplemented!(", "FIXME", "XXX:", "#[ignore"] {
            assert!(!text.contains(word), "{} contains {word}", path.display());
        }
    }
}

#[test]
fn the_pure_crates_stay_pure() {
    let forbidden = [
        ("core", &["tokio", "serde", "rand", "std::fs", "std::net", "std::thread", "std::time"][..]),
        ("engine", &["tokio", "serde", "rand", "std::fs", "std::net", "std::thread", "std::time"][..]),
        ("channels", &["tokio", "hyper", "beckon", "rand", "std::fs", "std::thread", "std::time"][..]),
        ("wire", &["tokio", "std::fs", "std::net", "std::thread", "std::time::"][..]),
        ("market", &["tokio", "rand", "std::fs", "std::net", "std::thread", "std::time"][..]),
        ("sessions", &["tokio", "serde", "rand", "std::fs", "std::net", "std::thread", "std::time"][..]),
        ("journal", &["tokio", "serde", "std::net", "std::thread", "std::time"][..]),
    ];
    for (name, words) in forbidden {
        let manifest = std::fs::read_to_string(root().join("crates").join(name).join("Cargo.toml")).unwrap();
        let mut found = Vec::new();
        files(&root().join("crates").join(name).join("src"), ".rs", &mut found);
        let dependencies = manifest.split("[dev-dependencies]").next().unwrap();
        for word in words {
            assert!(!dependencies.lines().any(|it| it.starts_with(word)), "{name} depends on {word}");
            // What Web Push draws is kept nowhere and decides nothing, see there.
            let may_draw =
                |it: &&PathBuf| *word == "rand" && it.components().any(|it| it.as_os_str() == "webpush");
            for path in found.iter().filter(|it| !may_draw(it)) {
                let text = std::fs::read_to_string(path).unwrap();
                let code = text.lines().filter(|it| !it.trim_start().starts_with("//"));
                let uses = code
                    .filter(|it| it.contains(&format!("{word}::")) || it.contains(&format!("use {word}")));
                assert_eq!(uses.count(), 0, "{} uses {word}", path.display());
            }
        }
    }
}

#[test]
fn every_path_that_the_documents_name_exists() {
    for document in ["ARCHITECTURE.md", "README.md", "README.zh-CN.md", "STYLE.md"] {
        let text = std::fs::read_to_string(root().join(document)).unwrap();
        let named = text.split('`').skip(1).step_by(2);
        let paths = named.filter(|it| {
            let roots = ["crates/", "docs/", "tests/", ".ci/"];
            roots.iter().any(|root| it.starts_with(root)) && !it.contains([' ', '*', '{', '<', '$'])
        });
        for path in paths {
            let path = path.split("::").next().unwrap().split(':').next().unwrap();
            assert!(root().join(path).exists(), "{document} names {path}, which is not there");
        }
    }
}

#[test]
fn the_table_of_errors_is_that_of_the_code() {
    let text = std::fs::read_to_string(root().join("docs/errors.md")).unwrap();
    let table = beckon_wire::problem::table();
    assert!(text.ends_with(&table), "docs/errors.md must end with this table:\n{table}");
}

#[test]
fn no_path_of_a_machine_and_no_secret_is_in_the_tree() {
    let mut all = Vec::new();
    for ending in [".rs", ".md", ".toml", ".mjs", ".py", ".json", ".html"] {
        files(&root(), ending, &mut all);
    }
    for path in all.into_iter().filter(|it| !it.ends_with("tidy.rs")) {
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        for word in ["/home/", "/root/", "BEGIN PRIVATE KEY"] {
            let found = text.lines().any(|it| it.contains(word));
            assert!(!found, "{} contains {word}", path.display());
        }
    }
}
