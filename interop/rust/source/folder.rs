//! The crate's log on a folder, steered by JSON lines: a command on standard input, its answer on standard output. Byte
//! strings are hex. Ends when standard input does, with 0.

use std::io::{BufRead, Write};
use std::path::PathBuf;

use hypercore::{Hypercore, HypercoreBuilder, HypercoreError, PartialKeypair, SigningKey, Storage};
use serde_json::{json, Value};

pub async fn main() {
    let mut core: Option<Hypercore> = None;
    for line in std::io::stdin().lock().lines() {
        let command: Value = serde_json::from_str(&line.unwrap()).unwrap();
        let mut answer = match obey(&mut core, &command).await {
            Ok(answer) => answer,
            Err(error) => json!({ "error": error.to_string() }),
        };
        answer["id"] = command["id"].clone();
        println!("{answer}");
        std::io::stdout().flush().unwrap();
    }
}

async fn obey(core: &mut Option<Hypercore>, command: &Value) -> Result<Value, HypercoreError> {
    match command["do"].as_str().unwrap() {
        "open" => *core = Some(open(command).await?),
        "append" => {
            let blocks: Vec<Vec<u8>> = command["blocks"].as_array().unwrap().iter().map(bytes).collect();
            core.as_mut().unwrap().append_batch(blocks).await?;
        }
        "clear" => {
            let [start, end] = ["start", "end"].map(|name| command[name].as_u64().unwrap());
            core.as_mut().unwrap().clear(start, end).await?;
        }
        "close" => {
            *core = None;
            return Ok(json!({}));
        }
        other => panic!("no command {other}"),
    }
    picture(core.as_mut().unwrap()).await
}

/// What is stored there, or with a seed a new core.
async fn open(command: &Value) -> Result<Hypercore, HypercoreError> {
    let folder = PathBuf::from(command["folder"].as_str().unwrap());
    let builder = HypercoreBuilder::new(Storage::new_disk(&folder, false).await?);
    match &command["seed"] {
        Value::Null => builder.open(true).build().await,
        seed => {
            let secret = SigningKey::from_bytes(&bytes(seed).try_into().unwrap());
            let pair = PartialKeypair { public: secret.verifying_key(), secret: Some(secret) };
            builder.key_pair(pair).build().await
        }
    }
}

async fn picture(core: &mut Hypercore) -> Result<Value, HypercoreError> {
    let info = core.info();
    let mut blocks = Vec::new();
    for index in 0..info.length {
        blocks.push(core.get(index).await?.map(hex::encode));
    }
    Ok(json!({
        "key": hex::encode(core.key_pair().public.to_bytes()),
        "fork": info.fork,
        "length": info.length,
        "byteLength": info.byte_length,
        "contiguousLength": info.contiguous_length,
        "writable": info.writeable,
        "blocks": blocks,
    }))
}

fn bytes(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().unwrap()).unwrap()
}
