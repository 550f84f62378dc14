//! `amends explore`: the Explorer answers, and an address that cannot be used is an error.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::amends::Home;

/// A process that ends with the test.
struct Explorer {
    child: Child,
    address: String,
}

impl Explorer {
    fn start(home: &Home) -> Explorer {
        let mut child = home
            .amends("explore order.toml --listen 127.0.0.1:0")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command runs");
        let mut line = String::new();
        let stderr = child.stderr.take().expect("it is piped");
        BufReader::new(stderr).read_line(&mut line).expect("it is text");
        let (_, rest) = line.split_once("http://").unwrap_or_else(|| panic!("no address: {line}"));
        let address = rest.split('/').next().unwrap_or_default().to_owned();
        Explorer { child, address }
    }

    /// The body of the answer to a request.
    fn get(&self, path: &str) -> String {
        let patience = Instant::now() + Duration::from_secs(20);
        let mut stream = loop {
            match TcpStream::connect(&self.address) {
                Ok(stream) => break stream,
                Err(error) => assert!(Instant::now() < patience, "{error}"),
            }
            sleep(Duration::from_millis(20));
        };
        write!(stream, "GET {path} HTTP/1.0\r\n\r\n").expect("the request can be sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("the answer is text");
        let (_, body) = answer.split_once("\r\n\r\n").expect("there is a body");
        body.to_owned()
    }
}

impl Drop for Explorer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_explorer_shows_properties_and_readable_actions() {
    let home = Home::with_order();
    let explorer = Explorer::start(&home);
    let status: Value = serde_json::from_str(&explorer.get("/.status")).expect("it is JSON");
    let names: Vec<&str> = status["properties"]
        .as_array()
        .expect("there are properties")
        .iter()
        .filter_map(|property| property[1].as_str())
        .collect();
    for name in ["atomic", "effect-once", "never oversold"] {
        assert!(names.contains(&name), "{names:?}");
    }
    let states: Value = serde_json::from_str(&explorer.get("/.states/0")).expect("it is JSON");
    let first = states[0]["action"].as_str().expect("there is an action");
    assert!(first.starts_with("coordinator #"), "{first}");
    assert!(states[0]["svg"].as_str().is_some_and(|svg| svg.starts_with("<svg")));
}

#[test]
fn an_address_in_use_exits_2() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    let address = taken.local_addr().expect("it has an address");
    let output = Home::with_order().run(&format!("explore order.toml --listen {address}"));
    assert_eq!(output.status.code(), Some(2));
    let complaint = String::from_utf8(output.stderr).expect("it is text");
    assert!(complaint.contains("cannot listen at"), "{complaint}");
    assert!(complaint.contains("--listen"), "{complaint}");
}
