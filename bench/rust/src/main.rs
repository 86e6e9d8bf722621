//! The workloads of bench/workloads on hypercore-protocol 0.7.2, both ends in this process. One JSON line in is one run,
//! one line out is its time: `{"kind":"echo","via":"pipe","connections":10,"count":1000,"bytes":100}`.

use std::io::{BufRead, Write};
use std::time::Instant;

use futures::future::join_all;
use futures::StreamExt;
use hypercore_handshake::state_machine::{hc_specific::generate_keypair, SecStream};
use hypercore_handshake::Cipher;
use hypercore_protocol::{schema::Data, Channel, Event, Message, Protocol};
use hypercore_schema::DataBlock;
use serde::Deserialize;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio_util::compat::TokioAsyncReadCompatExt;
use uint24le_framing::Uint24LELengthPrefixedFraming;

#[derive(Deserialize, Clone)]
struct Workload {
    kind: String,
    #[serde(default)]
    via: String,
    #[serde(default)]
    pattern: String,
    #[serde(default = "one")]
    connections: usize,
    count: u64,
    #[serde(default)]
    bytes: usize,
    #[serde(default = "one")]
    batch: usize,
}

fn one() -> usize {
    1
}

fn main() {
    let threads = std::env::args().nth(1).unwrap_or("1".into());
    let runtime = if threads == "1" {
        tokio::runtime::Builder::new_current_thread().enable_all().build()
    } else {
        tokio::runtime::Builder::new_multi_thread().enable_all().build()
    }
    .unwrap();
    for line in std::io::stdin().lock().lines() {
        let Ok(workload) = serde_json::from_str::<Workload>(&line.unwrap()) else {
            println!("{{\"error\":\"not a workload\"}}");
            continue;
        };
        let handle = runtime.handle().clone();
        let seconds = runtime.block_on(async move { handle.spawn(run(workload)).await.unwrap() });
        println!("{{\"seconds\":{seconds}}}");
        std::io::stdout().flush().unwrap();
    }
}

async fn run(workload: Workload) -> f64 {
    match workload.kind.as_str() {
        "echo" => echo(workload).await,
        "flood" => flood(workload).await,
        "handshakes" => handshakes(workload).await,
        "first-message" => first_message(workload).await,
        other => panic!("unknown kind {other}"),
    }
}

async fn echo(workload: Workload) -> f64 {
    let started = Instant::now();
    join_all((0..workload.connections).map(|_| tokio::spawn(echo_once(workload.clone())))).await;
    started.elapsed().as_secs_f64()
}

async fn echo_once(workload: Workload) {
    let (client, server) = connect(&workload).await;
    let mut server = server.channel;
    tokio::spawn(async move {
        while let Some(message) = server.next().await {
            if let Message::Data(_) = message {
                if server.send(message).await.is_err() {
                    return;
                }
            }
        }
    });
    let mut channel = client.channel;
    let value = vec![1u8; workload.bytes];
    channel.send(data(1, value.clone())).await.unwrap();
    while let Some(message) = channel.next().await {
        if let Message::Data(data_message) = message {
            let index = data_message.request;
            if index >= workload.count {
                return;
            }
            channel.send(data(index + 1, value.clone())).await.unwrap();
        }
    }
    panic!("the channel closed");
}

async fn flood(workload: Workload) -> f64 {
    let (to, from) = connect(&workload).await;
    let sender = from.channel;
    let (done, all) = oneshot::channel();
    let Workload { count, bytes, batch, .. } = workload;
    let mut receiver = to.channel;
    let _hold = (from.hold, to.hold);
    let started = Instant::now();
    tokio::spawn(async move {
        let mut received = 0;
        let mut total = 0;
        while let Some(message) = receiver.next().await {
            if let Message::Data(message) = message {
                total += message.block.map_or(0, |block| block.value.len());
                received += 1;
                if received == count {
                    let _ = done.send(total);
                    return;
                }
            }
        }
    });
    let value = vec![1u8; bytes];
    let mut sent = 0;
    while sent < count {
        if batch == 1 {
            sender.send(data(sent, value.clone())).await.unwrap();
            sent += 1;
        } else {
            let mut messages = Vec::with_capacity(batch);
            while messages.len() < batch && sent < count {
                messages.push(data(sent, value.clone()));
                sent += 1;
            }
            sender.send_batch(&messages).await.unwrap();
        }
    }
    assert_eq!(all.await.unwrap(), count as usize * bytes);
    started.elapsed().as_secs_f64()
}

async fn first_message(workload: Workload) -> f64 {
    let once = Workload { count: 1, ..workload.clone() };
    let started = Instant::now();
    for _ in 0..workload.count {
        echo_once(once.clone()).await;
    }
    started.elapsed().as_secs_f64()
}

async fn handshakes(workload: Workload) -> f64 {
    let mut kept = Vec::new();
    let started = Instant::now();
    for _ in 0..workload.count {
        let (mut a, mut b) = protocols(&workload).await;
        let (first, second) = tokio::join!(a.next(), b.next());
        assert!(matches!(first, Some(Ok(Event::Handshake(_)))));
        assert!(matches!(second, Some(Ok(Event::Handshake(_)))));
        kept.push((a, b));
    }
    started.elapsed().as_secs_f64()
}

/// One end with its channel open. The protocol is driven by a task of its own until `hold` is dropped.
struct End {
    channel: Channel,
    hold: oneshot::Sender<()>,
}

async fn connect(workload: &Workload) -> (End, End) {
    let (a, b) = protocols(workload).await;
    tokio::join!(drive(a), drive(b))
}

async fn drive(mut protocol: Protocol) -> End {
    let (opened, channel) = oneshot::channel();
    let (hold, mut dropped) = oneshot::channel::<()>();
    tokio::spawn(async move {
        let mut opened = Some(opened);
        loop {
            let event = tokio::select! {
                event = protocol.next() => event,
                _ = &mut dropped => return,
            };
            match event {
                Some(Ok(Event::Handshake(_))) => protocol.open([0u8; 32]).await.unwrap(),
                Some(Ok(Event::Channel(channel))) => {
                    if let Some(opened) = opened.take() {
                        let _ = opened.send(channel);
                    }
                }
                Some(Ok(_)) => {}
                _ => return,
            }
        }
    });
    End { channel: channel.await.unwrap(), hold }
}

async fn protocols(workload: &Workload) -> (Protocol, Protocol) {
    if workload.via == "tcp" {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (dialled, accepted) = tokio::join!(TcpStream::connect(address), listener.accept());
        let (a, b) = (dialled.unwrap(), accepted.unwrap().0);
        a.set_nodelay(true).unwrap();
        b.set_nodelay(true).unwrap();
        secure(a, b, &workload.pattern)
    } else {
        // The crate's own benchmark has room for 10,000 bytes; large messages want more.
        let (a, b) = tokio::io::duplex(if workload.bytes > 1000 { 0x40000 } else { 10_000 });
        secure(a, b, &workload.pattern)
    }
}

fn secure<IO>(a: IO, b: IO, pattern: &str) -> (Protocol, Protocol)
where
    IO: AsyncRead + AsyncWrite + Send + Sync + Unpin + 'static,
{
    let a = Box::new(Uint24LELengthPrefixedFraming::new(a.compat()));
    let b = Box::new(Uint24LELengthPrefixedFraming::new(b.compat()));
    let keypair = generate_keypair().unwrap();
    let (a, b) = if pattern == "IK" {
        let remote = keypair.public.clone().try_into().unwrap();
        let initiator = SecStream::new_initiator_ik(&remote, &[]).unwrap();
        let responder = SecStream::new_responder_ik(&keypair, &[]).unwrap();
        (Cipher::new_init(a, initiator), Cipher::new_resp(b, responder))
    } else {
        let initiator = SecStream::new_initiator_xx(&[]).unwrap();
        let responder = SecStream::new_responder_xx(&keypair, &[]).unwrap();
        (Cipher::new(Some(a), initiator.into()), Cipher::new(Some(b), responder.into()))
    };
    (Protocol::new(Box::new(a)), Protocol::new(Box::new(b)))
}

fn data(index: u64, value: Vec<u8>) -> Message {
    Message::Data(Data {
        request: index,
        fork: 0,
        block: Some(DataBlock { index, value, nodes: vec![] }),
        hash: None,
        seek: None,
        upgrade: None,
    })
}
