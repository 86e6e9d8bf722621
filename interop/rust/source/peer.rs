//! One connection at a time, steered by JSON lines: commands in on standard input, events out on standard output. Ends when
//! standard input does, and exits with 101 after telling of a panic.

use std::collections::HashMap;
use std::io::Write;
use std::sync::{Arc, Mutex as StdMutex};

use futures_lite::StreamExt;
use serde_json::{json, Value};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, Mutex};

use crate::wire::*;

/// What the command line asked for.
struct Options {
    listen: Option<String>,
    dial: Option<String>,
    /// writer, reader, echo, report, flood, or mixed: whatever fits the key.
    role: String,
    /// Keys that are known here; a writer's own is added.
    keys: Vec<[u8; 32]>,
    /// Keys among them whose cores a mixed peer reads.
    read: Vec<[u8; 32]>,
    seed: Option<[u8; 32]>,
    /// Opens every known key after the handshake, and not only when the remote opened it.
    active: bool,
    count: u64,
    size: usize,
    /// Requests a reader has in flight.
    window: u64,
    whole_frames: bool,
}

type Cores = HashMap<String, Arc<Mutex<Hypercore>>>;
type Outbox = mpsc::UnboundedSender<Outgoing>;

enum Outgoing {
    Messages(Vec<Message>),
    Close,
    Appended,
}

/// Everything the tasks of the process share.
struct Shared {
    options: Options,
    cores: Mutex<Cores>,
    outboxes: StdMutex<HashMap<String, Outbox>>,
    /// What the remote last said of the length of a core.
    remote_lengths: StdMutex<HashMap<String, u64>>,
}

pub async fn main() {
    std::panic::set_hook(Box::new(|info| {
        let message = info
            .payload()
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| info.payload().downcast_ref::<&str>().map(|text| text.to_string()))
            .unwrap_or_default();
        let place = info.location().map(|at| format!("{}:{}", at.file(), at.line())).unwrap_or_default();
        report(json!({ "event": "panic", "message": message, "place": place }));
        std::process::exit(101);
    }));

    let mut options = options();
    let mut cores = Cores::new();
    if let Some(seed) = options.seed {
        let core = write_core(&seed, options.count, options.size).await;
        let key = core.key_pair().public.to_bytes();
        options.keys.push(key);
        cores.insert(hex::encode(discovery_key(&key)), Arc::new(Mutex::new(core)));
    }
    let keys: Vec<String> = options.keys.iter().map(hex::encode).collect();
    report(json!({ "event": "ready", "versions": VERSIONS, "keys": keys }));

    let shared = Arc::new(Shared {
        options,
        cores: Mutex::new(cores),
        outboxes: StdMutex::new(HashMap::new()),
        remote_lengths: StdMutex::new(HashMap::new()),
    });
    let mut commands = commands();
    if let Some(address) = &shared.options.dial {
        let stream = TcpStream::connect(address).await.expect("cannot dial");
        converse(stream, true, &shared, &mut commands).await;
    } else {
        let address = shared.options.listen.clone().unwrap_or("127.0.0.1:0".into());
        let listener = TcpListener::bind(&address).await.expect("cannot listen");
        report(json!({ "event": "listening", "port": listener.local_addr().unwrap().port() }));
        loop {
            let (stream, _) = tokio::select! {
                accepted = listener.accept() => accepted.expect("cannot accept"),
                command = commands.recv() => if command.is_none() { return } else { continue },
            };
            if !converse(stream, false, &shared, &mut commands).await {
                return;
            }
        }
    }
}

/// Runs one connection; false when standard input ended.
async fn converse(
    stream: TcpStream,
    is_initiator: bool,
    shared: &Arc<Shared>,
    commands: &mut mpsc::UnboundedReceiver<Value>,
) -> bool {
    stream.set_nodelay(true).unwrap();
    let mut protocol = connect(stream, is_initiator, shared.options.whole_frames);
    report(json!({ "event": "connection" }));
    loop {
        tokio::select! {
            event = protocol.next() => match event {
                Some(Ok(event)) => on_event(event, &mut protocol, shared).await,
                Some(Err(error)) => {
                    report(json!({ "event": "error", "message": error.to_string() }));
                    return true;
                }
                None => return true,
            },
            command = commands.recv() => match command {
                Some(command) => {
                    if !on_command(&command, &mut protocol, shared).await {
                        return false;
                    }
                }
                None => return false,
            },
        }
    }
}

async fn on_event(event: Event, protocol: &mut Connection, shared: &Arc<Shared>) {
    match event {
        Event::Handshake(remote_public_key) => {
            report(json!({
                "event": "handshake",
                "publicKey": public_key(protocol),
                "remotePublicKey": hex::encode(remote_public_key),
            }));
            if shared.options.active {
                for key in &shared.options.keys {
                    protocol.command(Command::Open(*key)).await.unwrap();
                }
            }
        }
        Event::DiscoveryKey(remote) => {
            report(json!({ "event": "discovery-key", "discoveryKey": hex::encode(remote) }));
            let known = shared.options.keys.iter().find(|key| discovery_key(&key[..]) == remote);
            if let Some(key) = known {
                protocol.command(Command::Open(*key)).await.unwrap();
            }
        }
        Event::Channel(channel) => {
            let name = hex::encode(channel.discovery_key());
            report(json!({ "event": "channel", "discoveryKey": name, "id": channel.id() }));
            let (outbox, queue) = mpsc::unbounded_channel();
            shared.outboxes.lock().unwrap().insert(name.clone(), outbox.clone());
            tokio::spawn(send_all(channel.clone(), queue, shared.clone(), name.clone()));
            tokio::spawn(serve(channel, outbox, shared.clone(), name));
        }
        Event::Close(discovery_key) => {
            let name = hex::encode(discovery_key);
            shared.outboxes.lock().unwrap().remove(&name);
            report(json!({ "event": "close", "discoveryKey": name }));
        }
        Event::LocalSignal((name, _)) => report(json!({ "event": "signal", "name": name })),
        _ => {}
    }
}

/// Obeys; false for `quit`.
async fn on_command(command: &Value, protocol: &mut Connection, shared: &Arc<Shared>) -> bool {
    let outbox = || {
        let name = command["discoveryKey"].as_str().unwrap_or_default();
        let outboxes = shared.outboxes.lock().unwrap();
        outboxes.get(name).cloned()
    };
    match command["do"].as_str().unwrap_or_default() {
        "open" => protocol.command(Command::Open(bytes32(&command["key"]))).await.unwrap(),
        // What the crate calls closing by command: it forgets the channel and tells nobody.
        "forget" => protocol.command(Command::Close(bytes32(&command["discoveryKey"]))).await.unwrap(),
        "close" => {
            if let Some(outbox) = outbox() {
                let _ = outbox.send(Outgoing::Close);
            }
        }
        "send" => {
            if let Some(outbox) = outbox() {
                for message in messages(&command["messages"]) {
                    let _ = outbox.send(Outgoing::Messages(vec![message]));
                }
            }
        }
        "send-batch" => {
            if let Some(outbox) = outbox() {
                let _ = outbox.send(Outgoing::Messages(messages(&command["messages"])));
            }
        }
        "append" => {
            let name = command["discoveryKey"].as_str().unwrap_or_default();
            let core = shared.cores.lock().await.get(name).cloned().expect("no such core");
            append(
                &mut *core.lock().await,
                command["count"].as_u64().unwrap_or(1),
                command["size"].as_u64().unwrap_or(0) as usize,
            )
            .await;
            if let Some(outbox) = outbox() {
                let _ = outbox.send(Outgoing::Appended);
            }
        }
        "quit" => return false,
        other => panic!("unknown command {other}"),
    }
    true
}

/// Sends what is queued for a channel, in order, so that nobody waits for the crate's own queue but this task.
async fn send_all(
    #[allow(unused_mut)] mut channel: Channel,
    mut queue: mpsc::UnboundedReceiver<Outgoing>,
    shared: Arc<Shared>,
    name: String,
) {
    while let Some(outgoing) = queue.recv().await {
        let sent = match outgoing {
            Outgoing::Messages(messages) if messages.len() == 1 => channel.send(messages[0].clone()).await,
            Outgoing::Messages(messages) => channel.send_batch(&messages).await,
            Outgoing::Close => channel.close().await,
            Outgoing::Appended => match shared.cores.lock().await.get(&name) {
                Some(core) => {
                    let length = core.lock().await.info().length;
                    let remote_length = shared.remote_lengths.lock().unwrap().get(&name).copied().unwrap_or(0);
                    channel.send_batch(&[sync(length, remote_length), have(0, length)]).await
                }
                None => Ok(()),
            },
        };
        if sent.is_err() {
            return;
        }
    }
}

/// What a channel is for, by role.
async fn serve(channel: Channel, outbox: Outbox, shared: Arc<Shared>, name: String) {
    let role = match shared.options.role.as_str() {
        "mixed" if shared.options.read.contains(channel.key()) => "reader",
        "mixed" if shared.cores.lock().await.contains_key(&name) => "writer",
        "mixed" => "echo",
        role => role,
    };
    match role {
        "echo" => echo(channel, outbox).await,
        "report" => describe(channel, name).await,
        "flood" => flood(channel, outbox, &shared.options).await,
        "reader" => {
            let core = reader_core(&shared, &channel).await;
            replicate(channel, outbox, core, shared.clone(), name, true).await;
        }
        "writer" => {
            let core = shared.cores.lock().await.get(&name).cloned();
            if let Some(core) = core {
                replicate(channel, outbox, core, shared.clone(), name, false).await;
            }
        }
        role => panic!("unknown role {role}"),
    }
}

/// Every message goes back as it is.
async fn echo(mut channel: Channel, outbox: Outbox) {
    while let Some(message) = channel.next().await {
        if matches!(message, Message::Close(_)) {
            return;
        }
        let _ = outbox.send(Outgoing::Messages(vec![message]));
    }
}

async fn describe(mut channel: Channel, name: String) {
    while let Some(message) = channel.next().await {
        let mut text = format!("{message:?}");
        text.truncate(400);
        report(json!({ "event": "message", "discoveryKey": name, "text": text }));
    }
}

/// Blocks that nobody asked for, as fast as the crate takes them.
async fn flood(mut channel: Channel, outbox: Outbox, options: &Options) {
    for index in 0..options.count {
        let value = block_bytes(index, options.size, 0);
        let block = Some(DataBlock {
            index,
            value,
            nodes: vec![],
        });
        let data = Data {
            request: 0,
            fork: 0,
            block,
            hash: None,
            seek: None,
            upgrade: None,
        };
        let _ = outbox.send(Outgoing::Messages(vec![Message::Data(data)]));
        if index % 256 == 0 {
            tokio::task::yield_now().await;
        }
    }
    while channel.next().await.is_some() {}
}

/// Both halves of replication over one channel: answers requests with the crate's proofs, and asks for what is missing.
async fn replicate(
    mut channel: Channel,
    outbox: Outbox,
    core: Arc<Mutex<Hypercore>>,
    shared: Arc<Shared>,
    name: String,
    reads: bool,
) {
    let send = |message: Message| {
        let _ = outbox.send(Outgoing::Messages(vec![message]));
    };
    let mut remote_length = 0;
    let mut acknowledged = 0;
    let mut upgrading = false;
    let mut asked = 0;
    let mut in_flight = 0;
    // Blocks that the remote had not got; asked for again when it says that it has.
    let mut refused: Vec<u64> = vec![];

    let info = core.lock().await.info();
    if info.contiguous_length > 0 {
        let hello = vec![sync(info.length, 0), have(0, info.contiguous_length)];
        let _ = outbox.send(Outgoing::Messages(hello));
    } else {
        send(sync(info.length, 0));
    }

    while let Some(message) = channel.next().await {
        let mut core = core.lock().await;
        match message {
            Message::Synchronize(theirs) => {
                remote_length = theirs.length;
                shared.remote_lengths.lock().unwrap().insert(name.clone(), remote_length);
                acknowledged = theirs.remote_length;
                if theirs.length < core.info().length {
                    send(sync(core.info().length, remote_length));
                }
            }
            Message::Request(wanted) => {
                let proof = core.create_proof(wanted.block, wanted.hash, wanted.seek, wanted.upgrade).await;
                match proof {
                    Ok(Some(proof)) => send(Message::Data(Data {
                        request: wanted.id,
                        fork: core.info().fork,
                        block: proof.block,
                        hash: proof.hash,
                        seek: proof.seek,
                        upgrade: proof.upgrade,
                    })),
                    _ => send(Message::NoData(NoData { request: wanted.id })),
                }
            }
            #[allow(unused_mut)]
            Message::Data(mut data) => {
                let block = data.block.clone();
                let upgraded = data.upgrade.is_some();
                let proof = data.into_proof();
                match core.verify_and_apply_proof(&proof).await {
                    Ok(true) => {}
                    outcome => {
                        report(json!({ "event": "refused", "reason": format!("{outcome:?}") }));
                        return;
                    }
                }
                if upgraded {
                    upgrading = false;
                    let length = core.info().length;
                    send(sync(length, remote_length));
                    report(json!({ "event": "upgraded", "discoveryKey": name, "length": length }));
                }
                if let Some(block) = block {
                    in_flight -= 1;
                    let kept = core.get(block.index).await.unwrap().expect("the block was applied");
                    report(json!({
                        "event": "block",
                        "discoveryKey": name,
                        "index": block.index,
                        "length": kept.len(),
                        "sha256": hex::encode(Sha256::digest(&kept)),
                    }));
                    let info = core.info();
                    if info.contiguous_length == info.length {
                        report(json!({ "event": "downloaded", "discoveryKey": name, "length": info.length }));
                    }
                }
            }
            Message::NoData(answer) if answer.request > 1 => {
                in_flight -= 1;
                refused.push(answer.request - 2);
            }
            Message::Range(theirs) if !theirs.drop => {
                let is_there = |index: &u64| (theirs.start..theirs.start + theirs.length).contains(index);
                for index in refused.iter().copied().filter(is_there) {
                    let nodes = core.missing_nodes(index).await.unwrap();
                    let block = RequestBlock { index, nodes };
                    send(Message::Request(request(index + 2, 0, Some(block), None, None, None)));
                    in_flight += 1;
                }
                refused.retain(|index| !is_there(index));
            }
            Message::Close(_) => return,
            _ => {}
        }
        let length = core.info().length;
        if remote_length > length && acknowledged == length && !upgrading {
            upgrading = true;
            let upgrade = RequestUpgrade {
                start: length,
                length: remote_length - length,
            };
            send(Message::Request(request(1, 0, None, None, None, Some(upgrade))));
        }
        if reads {
            while in_flight < shared.options.window && asked < length {
                let nodes = core.missing_nodes(asked).await.unwrap();
                let block = RequestBlock { index: asked, nodes };
                send(Message::Request(request(asked + 2, 0, Some(block), None, None, None)));
                asked += 1;
                in_flight += 1;
            }
        }
    }
}

async fn write_core(seed: &[u8; 32], count: u64, size: usize) -> Hypercore {
    let secret = SigningKey::from_bytes(seed);
    let key_pair = PartialKeypair {
        public: secret.verifying_key(),
        secret: Some(secret),
    };
    let storage = Storage::new_memory().await.unwrap();
    let mut core = HypercoreBuilder::new(storage).key_pair(key_pair).build().await.unwrap();
    append(&mut core, count, size).await;
    core
}

async fn append(core: &mut Hypercore, count: u64, size: usize) {
    let first = core.info().length;
    let blocks: Vec<Vec<u8>> = (first..first + count).map(|index| block_bytes(index, size, 0)).collect();
    if !blocks.is_empty() {
        core.append_batch(&blocks).await.unwrap();
    }
}

/// The core a reader keeps for the channel's key; the same one when the channel opens again.
async fn reader_core(shared: &Shared, channel: &Channel) -> Arc<Mutex<Hypercore>> {
    let name = hex::encode(channel.discovery_key());
    let mut cores = shared.cores.lock().await;
    if let Some(core) = cores.get(&name) {
        return core.clone();
    }
    let key_pair = PartialKeypair {
        public: VerifyingKey::from_bytes(channel.key()).unwrap(),
        secret: None,
    };
    let storage = Storage::new_memory().await.unwrap();
    let core = HypercoreBuilder::new(storage).key_pair(key_pair).build().await.unwrap();
    let core = Arc::new(Mutex::new(core));
    cores.insert(name, core.clone());
    core
}

fn sync(length: u64, remote_length: u64) -> Message {
    Message::Synchronize(Synchronize {
        fork: 0,
        length,
        remote_length,
        downloading: true,
        uploading: true,
        can_upgrade: true,
    })
}

fn have(start: u64, length: u64) -> Message {
    Message::Range(Range {
        drop: false,
        start,
        length,
    })
}

/// The messages of a command; a field that is not given is zero, false or absent.
fn messages(list: &Value) -> Vec<Message> {
    let uint = |value: &Value| value.as_u64().unwrap_or(0);
    let block = |value: &Value| {
        value.is_object().then(|| RequestBlock {
            index: uint(&value["index"]),
            nodes: uint(&value["nodes"]),
        })
    };
    let message = |m: &Value| match m["type"].as_str().unwrap_or_default() {
        "synchronize" => Message::Synchronize(Synchronize {
            fork: uint(&m["fork"]),
            length: uint(&m["length"]),
            remote_length: uint(&m["remoteLength"]),
            downloading: m["downloading"] == true,
            uploading: m["uploading"] == true,
            can_upgrade: m["canUpgrade"] == true,
        }),
        "request" => Message::Request(request(
            uint(&m["id"]),
            uint(&m["fork"]),
            block(&m["block"]),
            block(&m["hash"]),
            m["seek"].is_object().then(|| RequestSeek {
                bytes: uint(&m["seek"]["bytes"]),
            }),
            m["upgrade"].is_object().then(|| RequestUpgrade {
                start: uint(&m["upgrade"]["start"]),
                length: uint(&m["upgrade"]["length"]),
            }),
        )),
        "cancel" => Message::Cancel(Cancel {
            request: uint(&m["request"]),
        }),
        "noData" => Message::NoData(NoData {
            request: uint(&m["request"]),
        }),
        "want" => Message::Want(Want {
            start: uint(&m["start"]),
            length: uint(&m["length"]),
        }),
        "unwant" => Message::Unwant(Unwant {
            start: uint(&m["start"]),
            length: uint(&m["length"]),
        }),
        "range" => Message::Range(Range {
            drop: m["drop"] == true,
            start: uint(&m["start"]),
            length: uint(&m["length"]),
        }),
        "extension" => Message::Extension(Extension {
            name: m["name"].as_str().unwrap_or_default().into(),
            message: hex::decode(m["payload"].as_str().unwrap_or_default()).unwrap(),
        }),
        other => panic!("cannot make a message of type {other}"),
    };
    list.as_array().into_iter().flatten().map(message).collect()
}

/// The content of a block, the same as in the specs' other peers.
fn block_bytes(index: u64, length: usize, seed: u32) -> Vec<u8> {
    let index = (index as u32).wrapping_add(1).wrapping_mul(0x9e37_79b1);
    let mut state = (index ^ seed.wrapping_add(1).wrapping_mul(0x85eb_ca6b)) | 1;
    (0..length)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state as u8
        })
        .collect()
}

fn commands() -> mpsc::UnboundedReceiver<Value> {
    let (given, commands) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut lines = BufReader::new(tokio::io::stdin()).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            let _ = given.send(serde_json::from_str(&line).expect("a command is one line of JSON"));
        }
        // Whoever started this process is gone, or wants it gone; nothing here is worth waiting for.
        std::process::exit(0);
    });
    commands
}

fn options() -> Options {
    let mut options = Options {
        listen: None,
        dial: None,
        role: "report".into(),
        keys: vec![],
        read: vec![],
        seed: None,
        active: false,
        count: 0,
        size: 0,
        window: 1,
        whole_frames: false,
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let mut value = || arguments.next().unwrap_or_else(|| panic!("{name} needs a value"));
        match name.as_str() {
            "--listen" => options.listen = Some(value()),
            "--dial" => options.dial = Some(value()),
            "--role" => options.role = value(),
            "--key" => options.keys.push(array32(&value())),
            "--read" => {
                let key = array32(&value());
                options.keys.push(key);
                options.read.push(key);
            }
            "--seed" => options.seed = Some(array32(&value())),
            "--active" => options.active = true,
            "--count" => options.count = value().parse().unwrap(),
            "--size" => options.size = value().parse().unwrap(),
            "--window" => options.window = value().parse().unwrap(),
            "--whole-frames" => options.whole_frames = true,
            other => panic!("unknown argument {other}"),
        }
    }
    options
}

fn array32(text: &str) -> [u8; 32] {
    hex::decode(text).ok().and_then(|bytes| bytes.try_into().ok()).expect("32 bytes in hex")
}

fn bytes32(value: &Value) -> [u8; 32] {
    array32(value.as_str().unwrap_or_default())
}

fn report(event: Value) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{event}");
    let _ = out.flush();
}
