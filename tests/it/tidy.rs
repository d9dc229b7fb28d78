//! Rules about the code that the compiler does not check, each with its reason.

#![expect(clippy::case_sensitive_file_extension_comparisons, reason = "files of this repository have lower case names")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The folder of the repository.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Files with one of the endings below a folder of the repository, as paths from its root.
fn list_files(folder: &str, endings: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(next) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&next) else { continue };
        for entry in entries.map(Result::unwrap) {
            let path = entry.path();
            if entry.file_type().unwrap().is_dir() {
                if !path.ends_with("node_modules") {
                    folders.push(path);
                }
                continue;
            }
            let name = path.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
            if endings.iter().any(|ending| name.ends_with(ending)) {
                found.push(name);
            }
        }
    }
    found.sort();
    found
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The code of a file without its comments.
fn code_of(path: &str) -> String {
    let text = read(path);
    text.lines().map(|line| line.split("//").next().unwrap_or("")).collect::<Vec<_>>().join("\n")
}

/// Whether `word` stands in `code` as a word of its own.
fn names(code: &str, word: &str) -> bool {
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
    code.match_indices(word).any(|(start, _word)| {
        let (before, rest) = code.split_at(start);
        let after = rest.split_at(word.len()).1;
        !before.ends_with(is_part) && !after.starts_with(is_part)
    })
}

/// A reader learns what a file is for before how.
#[test]
fn every_file_says_what_it_is_for() {
    let mut files = list_files("src", &[".rs"]);
    files.extend(list_files("tests", &[".rs"]));
    files.extend(list_files("benches", &[".rs"]));
    assert!(files.len() > 100, "only {} files", files.len());
    for path in files {
        let text = read(&path);
        let first = text.lines().next().unwrap_or("");
        assert!(first.starts_with("//! ") && first.len() > 15, "{path} begins with {first:?}");
    }
}

/// A file no `mod` declares is code the compiler never sees.
#[test]
fn every_file_is_declared() {
    for path in list_files("src", &[".rs"]) {
        if path == "src/lib.rs" || path == "src/main.rs" {
            continue;
        }
        let file = PathBuf::from(&path);
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let folder = file.parent().unwrap();
        let parent = if folder == Path::new("src") { PathBuf::from("src/lib.rs") } else { folder.with_extension("rs") };
        let code = code_of(&parent.to_string_lossy());
        let declaration = format!("mod {name};");
        assert!(code.lines().any(|line| line.trim().ends_with(&declaration)), "{path} is not in {}", parent.display());
    }
}

/// What a file is promised (pragmas, migrations, one writer) holds only if there is one door.
#[test]
fn only_the_store_opens_connections() {
    for path in list_files("src", &[".rs"]) {
        let is_store = path == "src/store.rs" || path.starts_with("src/store/");
        let opens = code_of(&path).contains("Connection::open");
        assert!(is_store || !opens, "{path} opens a connection");
    }
}

/// The search engine can be replaced as long as one module knows it.
#[test]
fn only_search_names_the_search_engine() {
    let mut seen = false;
    for path in list_files("src", &[".rs"]) {
        let is_search = path == "src/search.rs" || path.starts_with("src/search/");
        let is_named = names(&code_of(&path), "tantivy");
        seen |= is_named;
        assert!(is_search || !is_named, "{path} names tantivy");
    }
    assert!(seen, "the rule looks for the right word");
}

/// Rules and SQL do not know that they are asked over HTTP: `api.rs` and `http/` do. The exceptions are routes too.
const HTTP_FILES: [(&str, &str); 5] = [
    ("src/outgoing/tests.rs", "a server for the guard to call"),
    ("src/inbox/search_api.rs", "the routes of search, beside those of the inbox in `api.rs`"),
    ("src/channel/instantly/webhook.rs", "the route of webhooks"),
    ("src/channel/instantly/simulator/post/tests.rs", "a receiver for what the simulator posts"),
    ("src/channel/instantly/simulator/server.rs", "the simulator answers as the provider's own API"),
];
/// The routes of the simulated provider.
const SIMULATED_PROVIDER: &str = "src/channel/instantly/simulator/server/";

#[test]
fn only_routes_name_the_http_framework() {
    for path in list_files("src", &[".rs"]) {
        let is_route = path.starts_with("src/http/")
            || path.ends_with("/api.rs")
            || path.starts_with(SIMULATED_PROVIDER)
            || HTTP_FILES.iter().any(|(exception, _reason)| *exception == path);
        assert!(is_route || !names(&code_of(&path), "axum"), "{path} names axum");
    }
    for (path, reason) in HTTP_FILES {
        assert!(names(&code_of(path), "axum"), "{path} is no exception any more: {reason}");
    }
}

/// One slice's SQL is not another one's business: what two need is a public function of its owner.
#[test]
fn a_slice_does_not_use_another_slices_store() {
    let slices =
        ["account", "activity", "api_key", "campaign", "connection", "contact", "inbox", "mailbox", "organization"];
    for path in list_files("src", &[".rs"]) {
        // The command line and the edge stand above the slices.
        let is_above = path.starts_with("src/cli/") || path.starts_with("src/http/");
        if is_above {
            continue;
        }
        let code = code_of(&path);
        for slice in slices {
            let is_own = path.starts_with(&format!("src/{slice}/"));
            let is_used = code.contains(&format!("crate::{slice}::store"));
            assert!(is_own || !is_used, "{path} uses the store of {slice}");
        }
    }
}

/// `axum`, `tantivy` and SQL stay behind their doors; `anyhow` stays in front of the command line.
#[test]
fn only_the_command_line_uses_errors_nobody_matches_on() {
    for path in list_files("src", &[".rs"]) {
        let is_command_line = path == "src/cli.rs" || path.starts_with("src/cli/");
        assert!(is_command_line || !names(&code_of(&path), "anyhow"), "{path} names anyhow");
    }
}

/// The paths in backticks of a text: those that begin with a folder of the repository, and names of source files.
fn paths_of(text: &str) -> BTreeSet<String> {
    let folders: BTreeSet<String> = std::fs::read_dir(root())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .chain(["src", "tests", "benches", "schema", "assets", "packaging", "docs", ".ci"].map(str::to_owned))
        .filter(|name| !["target", "data", ".git"].contains(&name.as_str()))
        .collect();
    let spans = text.split('`').skip(1).step_by(2).map(str::trim);
    let is_plain = |span: &&str| !span.is_empty() && !span.contains([' ', '<', '{', '*', '$', '"', '\n']);
    let is_path = |span: &&str| {
        let first = span.split('/').next().unwrap_or("");
        let is_below_folder = span.contains('/') && folders.contains(first);
        is_below_folder || folders.contains(*span) || span.ends_with(".rs") || span.ends_with(".sql")
    };
    spans.filter(is_plain).filter(is_path).map(str::to_owned).collect()
}

/// Documents that name what is gone lead readers astray.
#[test]
fn paths_named_in_the_readme_exist() {
    let text = read("README.md");
    // Blocks are shown commands; three backticks would turn inside and outside round.
    let without_blocks: String = text.split("```").step_by(2).collect();
    let paths = paths_of(&without_blocks);
    assert!(paths.len() >= 5, "README.md should name the parts of the code: {paths:?}");
    let sources: Vec<String> = ["src", "tests", "schema"].iter().flat_map(|folder| list_files(folder, &[""])).collect();
    for path in paths {
        // A name alone stands for the file of that name in each slice.
        let is_name = !path.contains('/') && sources.iter().any(|source| source.ends_with(&format!("/{path}")));
        let is_there = is_name || root().join(&path).try_exists().unwrap();
        assert!(is_there, "README.md names {path}, which is not there");
    }
}

#[test]
fn the_rule_about_paths_sees_paths() {
    let found =
        paths_of("`src/gone.rs` `cargo run` `GET /health` `./data` `Cargo.toml` `tests/it/` `--json` `a.rs` `x/y`");
    let expected = ["Cargo.toml", "a.rs", "src/gone.rs", "tests/it/"];
    assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), expected);
}

/// A test that is skipped proves nothing.
#[test]
fn no_test_is_skipped() {
    let marks = [["#[", "ignore"].concat(), ["should", "_panic"].concat(), [".skip", "("].concat()];
    for path in list_files("src", &[".rs"]).into_iter().chain(list_files("tests", &[".rs"])) {
        let code = code_of(&path);
        assert!(!code.contains(&marks[0]), "{path} skips a test");
        assert!(!code.contains(&marks[1]), "{path} has a test that passes for any panic");
    }
    for path in list_files("tests/browser", &[".ts", ".js", ".mjs"]) {
        let code = read(&path);
        for mark in [format!("test{}", marks[2]), format!("describe{}", marks[2]), ["test.", "fixme"].concat()] {
            assert!(!code.contains(&mark), "{path} skips a test");
        }
    }
}

/// What works in one person's folder only does not work.
#[test]
fn no_file_names_a_folder_of_one_machine() {
    let homes = ["home", "work", "root", "Users", "mnt"].map(|name| format!("/{name}/"));
    let temporary = ["/tmp", "/"].concat();
    let endings = [".rs", ".toml", ".sql", ".md", ".yml", ".yaml", ".sh", ".ts", ".tsx", ".service"];
    let mut files: Vec<String> = Vec::new();
    for folder in ["src", "tests", "benches", "schema", "packaging", ".ci", "assets/src"] {
        files.extend(list_files(folder, &endings));
    }
    let top = ["Cargo.toml", "clippy.toml", "deny.toml", "rustfmt.toml", "README.md", "CONTRIBUTING.md"];
    files.extend(top.into_iter().filter(|name| root().join(name).is_file()).map(str::to_owned));
    for path in files {
        let text = read(&path);
        // In an address the word after the host is no folder.
        let begins_path = |needle: &str| {
            text.match_indices(needle).any(|(start, _needle)| {
                let before = text.split_at(start).0;
                before.is_empty() || before.ends_with([' ', '"', '\'', '`', '(', '=', '\n', '\t'])
            })
        };
        for needle in homes.iter().chain([&temporary]) {
            assert!(!begins_path(needle), "{path} names {needle}");
        }
    }
}
