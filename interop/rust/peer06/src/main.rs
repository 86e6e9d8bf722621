//! A peer on hypercore-protocol 0.6.1, which does its own Noise handshake; 0.5 speaks the same wire.

#[path = "../../source/peer.rs"]
mod peer;
#[path = "../../source/whole_frames.rs"]
mod whole_frames;

/// What differs between the versions of the crate.
mod wire {
    pub use hypercore::{
        DataBlock, Hypercore, HypercoreBuilder, PartialKeypair, RequestBlock, RequestSeek, RequestUpgrade,
        SigningKey, Storage, VerifyingKey,
    };
    pub use hypercore_protocol::{
        discovery_key, schema::*, Channel, Command, Event, Message, Protocol, ProtocolBuilder,
    };
    use tokio::net::TcpStream;
    use tokio_util::compat::{Compat, TokioAsyncReadCompatExt};

    use crate::whole_frames::WholeFrames;

    pub const VERSIONS: &str = "hypercore-protocol 0.6.1, hypercore 0.14.0";

    pub type Connection = Protocol<WholeFrames<Compat<TcpStream>>>;

    pub fn connect(stream: TcpStream, is_initiator: bool, whole_frames: bool) -> Connection {
        ProtocolBuilder::new(is_initiator).connect(WholeFrames::new(stream.compat(), whole_frames))
    }

    pub fn public_key(protocol: &Connection) -> String {
        protocol.public_key().map(hex::encode).unwrap_or_default()
    }

    pub fn request(
        id: u64,
        fork: u64,
        block: Option<RequestBlock>,
        hash: Option<RequestBlock>,
        seek: Option<RequestSeek>,
        upgrade: Option<RequestUpgrade>,
    ) -> Request {
        Request {
            id,
            fork,
            block,
            hash,
            seek,
            upgrade,
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    peer::main().await
}
