//! The OpenAPI document: what is in the repository, what the program serves and what the router has are the same.

use std::collections::BTreeSet;

use salesbrain::http::access::Access;
use salesbrain::http::aliases::is_alias;
use salesbrain::http::openapi::{document_text, documented_routes};
use salesbrain::http::router::routes;
use serde_json::Value;

use crate::support::TestApp;

/// Routes that are no part of the API a program is written against.
const UNDOCUMENTED: [&str; 6] =
    ["/docs", "/docs/{*path}", "/metrics", "/openapi.json", "/ws/campaigns", "/ws/conversations"];

#[test]
fn the_snapshot_is_the_document() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
    let snapshot = std::fs::read_to_string(path).unwrap();
    let is_same = snapshot == document_text().unwrap();
    assert!(is_same, "openapi.json is not up to date: run `salesbrain openapi > openapi.json`");
}

#[test]
fn the_document_names_every_route_of_the_router_and_no_other() {
    let documented: BTreeSet<(String, String)> = documented_routes().into_iter().collect();
    let table: BTreeSet<(String, String)> = routes()
        .table()
        .iter()
        .filter(|route| !is_alias(route.path) && !UNDOCUMENTED.contains(&route.path))
        .map(|route| (route.method.to_string(), route.path.to_owned()))
        .collect();
    let undocumented: Vec<_> = table.difference(&documented).collect();
    let gone: Vec<_> = documented.difference(&table).collect();
    assert!(undocumented.is_empty(), "not documented: {undocumented:?}");
    assert!(gone.is_empty(), "documented, but no route: {gone:?}");
    assert!(table.len() > 40, "only {} routes", table.len());
}

#[test]
fn every_exception_is_a_route() {
    let paths: BTreeSet<&str> = routes().table().iter().map(|route| route.path).collect();
    for path in UNDOCUMENTED {
        assert!(paths.contains(path), "{path} is no route any more");
    }
    assert!(is_alias("/api/v1/chats") && !is_alias("/api/v1/conversations"));
}

/// Clients are generated with one function per operation: of two with one name a program would get either.
#[test]
fn every_operation_has_a_name_of_its_own() {
    let document: Value = serde_json::from_str(&document_text().unwrap()).unwrap();
    let mut names = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let name = operation["operationId"].as_str().unwrap();
            assert!(names.insert(name.to_owned()), "{method} {path} is called {name} like another operation");
        }
    }
}

#[test]
fn every_operation_says_who_may_use_it_and_what_it_answers() {
    let document: Value = serde_json::from_str(&document_text().unwrap()).unwrap();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let name = format!("{method} {path}");
            let route = routes()
                .table()
                .into_iter()
                .find(|route| route.path == path && route.method.as_str().eq_ignore_ascii_case(method));
            let needs_session = !matches!(route.unwrap().access, Access::Public | Access::Own | Access::MetricsToken);
            assert_eq!(operation.get("security").is_some(), needs_session, "{name}: security");
            assert!(operation["summary"].as_str().is_some_and(|summary| !summary.is_empty()), "{name}: summary");
            assert!(operation["responses"].as_object().is_some_and(|all| !all.is_empty()), "{name}: responses");
            for parameter in path.split('{').skip(1).filter_map(|rest| rest.split('}').next()) {
                let all = operation["parameters"].as_array().unwrap();
                assert!(
                    all.iter().any(|given| given["name"] == parameter && given["in"] == "path"),
                    "{name}: {parameter}"
                );
            }
        }
    }
}

#[test]
fn every_reference_in_the_document_leads_somewhere() {
    let text = document_text().unwrap();
    let document: Value = serde_json::from_str(&text).unwrap();
    let mut seen = 0;
    for reference in text.split("\"$ref\": \"#").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(document.pointer(reference).is_some(), "{reference} is nowhere");
        seen += 1;
    }
    assert!(seen > 50, "only {seen} references");
}

#[tokio::test]
async fn the_program_serves_the_same_document() {
    let test = TestApp::start_empty();
    let served = test.get_anonymous("/openapi.json").await.expect(200);
    assert!(served.header("content-type").starts_with("application/json"));
    let snapshot: Value = serde_json::from_str(&document_text().unwrap()).unwrap();
    assert_eq!(served.json(), snapshot);
    assert!(!served.text.contains("\"name\":\"\""), "something in the document has an empty name");
    assert!(!served.text.contains("/metrics"), "the document names what is not for programs");
}
