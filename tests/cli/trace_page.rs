//! The page of a trace, in a browser: no errors, and no network. The page's own policy forbids to load
//! anything, so that whatever it would load is an error on the console.

use std::path::Path;
use std::process::Command;

use crate::amends::Home;

/// The browser, if there is one. Where all changes are tested, there must be.
fn browser() -> Option<&'static str> {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let found = names.into_iter().find(|name| Command::new(name).arg("--version").output().is_ok());
    let needed = std::env::var_os("CI").is_some();
    assert!(
        found.is_some() || !needed,
        "chromium is missing; install Debian's package of that name"
    );
    found
}

/// What the browser makes of a page, and what it says on the console and of requests.
fn open(browser: &str, page: &Path, home: &Path) -> (String, String) {
    let output = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"])
        .args(["--disable-background-networking", "--no-first-run", "--disable-extensions"])
        // Whatever is asked of the network fails, and is said.
        .args(["--host-resolver-rules=MAP * ~NOTFOUND", "--enable-logging=stderr", "--v=0"])
        .arg(format!("--user-data-dir={}", home.join("profile").display()))
        .arg("--dump-dom")
        .arg(format!("file://{}", page.display()))
        .output()
        .expect("the browser runs");
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (text(output.stdout), text(output.stderr))
}

/// Lines of a page's console, which the browser logs.
fn console(log: &str) -> Vec<&str> {
    log.lines().filter(|line| line.contains("CONSOLE")).collect()
}

#[test]
fn a_page_opens_without_errors_and_without_network() {
    let Some(browser) = browser() else { return };
    let home = Home::empty().with("shop.ndjson", include_str!("traces/shop.ndjson"));
    let shown = home.run("trace show shop.ndjson --workflow o-2 --format html --save pages");
    assert!(shown.status.success());
    let (page, log) = open(browser, &home.path().join("pages/o-2.html"), home.path());
    assert!(page.contains("saga order o-2: compensated after 200 ms"), "{log}");
    assert!(page.contains("class=\"on-path\""), "bars are drawn");
    assert_eq!(console(&log), [""; 0], "{log}");
}

#[test]
fn errors_of_a_page_would_be_noticed() {
    let Some(browser) = browser() else { return };
    let policy = "<meta http-equiv='Content-Security-Policy' content=\"default-src 'none'\">";
    let wrong =
        format!("<!DOCTYPE html>{policy}<img src='http://example.invalid/x'><script>x()</script>");
    let home = Home::empty().with("wrong.html", wrong);
    let (_, log) = open(browser, &home.path().join("wrong.html"), home.path());
    let refused = console(&log).iter().filter(|line| line.contains("Security Policy")).count();
    assert_eq!(refused, 2, "{log}");
}
