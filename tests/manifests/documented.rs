//! `docs/manifests.md` says what the code does, for every field of every kind.

use super::input::root;
use windtunnel::manifest::documentation::page;
use windtunnel::manifest::fields::describe;
use windtunnel::manifest::kinds::KINDS;

#[test]
fn the_page_is_made_from_the_kinds() {
    let path = root("docs/manifests.md");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, page()).expect("the page is writable");
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == page(), "UPDATE_GOLDEN=1 cargo test --test manifests rewrites the page");
}

#[test]
fn every_kind_says_something_of_every_field() {
    for part in KINDS {
        let fields = describe(part.read);
        assert!(fields.len() >= 5, "{}: {} fields", part.kind, fields.len());
        for field in fields {
            assert!(!field.becomes.is_empty(), "{}: {} is not explained", part.kind, field.path);
        }
    }
}
