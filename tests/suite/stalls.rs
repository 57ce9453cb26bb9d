//! The real binary, stopped while its answer comes: what it measures then is itself, and it
//! says so.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::Stdio;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::program::{answers, bakeoff, err, home};
use crate::replies::chat;

/// The letter of a process in the system's table: `T` is stopped.
fn state(pid: u32) -> char {
    let line = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    line.rsplit_once(") ").unwrap().1.chars().next().unwrap()
}

#[test]
fn a_stopped_process_marks_its_answer_and_gives_no_figures_of_that_time() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (came, request) = channel();
    let (answer, may_answer) = channel::<()>();
    std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut length = 0;
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length: ") {
                length = value.trim().parse().unwrap();
            }
            if line.trim_end().is_empty() {
                break;
            }
        }
        reader.read_exact(&mut vec![0; length]).unwrap();
        came.send(()).unwrap();
        may_answer.recv().unwrap();
        let body = chat("hi").body;
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
        let mut out = stream;
        out.write_all(head.as_bytes()).and_then(|()| out.write_all(&body)).unwrap();
    });
    let home = home();
    let spec = format!("compatible:m@http://127.0.0.1:{port}/v1");
    let child = bakeoff(home.path())
        .args(["run", "hi", "--format", "json", "-e", &spec])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let id = child.id();
    let pid = Pid::from_raw(i32::try_from(id).unwrap()).unwrap();
    request.recv().unwrap();
    kill_process(pid, Signal::STOP).unwrap();
    let deadline = Instant::now() + Duration::from_secs(10);
    while state(id) != 'T' {
        assert!(Instant::now() < deadline, "the process does not stop");
        std::thread::yield_now();
    }
    // The time that is to be missed has to pass; nobody sends anything in it.
    let (_held, nothing) = channel::<()>();
    assert_eq!(nothing.recv_timeout(Duration::from_millis(700)), Err(RecvTimeoutError::Timeout));
    answer.send(()).unwrap();
    kill_process(pid, Signal::CONT).unwrap();
    let output = child.wait_with_output().unwrap();
    let answer = answers(&output).remove(0);
    assert_eq!(answer["status"], "complete", "{}", err(&output));
    assert_eq!(answer["text"], "hi");
    let stalls = answer["timeline"]["stalls"].as_array().unwrap();
    let lost: u64 = stalls.iter().map(|s| s["to"].as_u64().unwrap() - s["from"].as_u64().unwrap()).sum();
    // A beat was due at most 50 ms after the last one.
    assert!(lost >= 640_000_000, "{stalls:?}");
    assert!(stalls.iter().all(|s| s["slept"] == 0), "the machine was awake: {stalls:?}");
    for figure in ["ttfb_ms", "ttft_ms", "total_ms", "chars_per_s"] {
        assert!(answer["metrics"].get(figure).is_none(), "{figure}: {}", answer["metrics"]);
    }
    // The marks themselves stay: they say when it was seen.
    assert!(answer["timeline"]["first_text"].as_u64().unwrap() >= lost);
}
