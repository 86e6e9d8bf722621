//! A peer on hypercore-protocol 0.7.2, with handshake and framing from hypercore_handshake and uint24le_framing.

#[path = "../../source/peer.rs"]
mod peer;

/// What differs between the versions of the crate.
mod wire {
    pub use hypercore::{Hypercore, HypercoreBuilder, PartialKeypair, SigningKey, Storage, VerifyingKey};
    use hypercore_handshake::{
        state_machine::{hc_specific::generate_keypair, SecStream},
        Cipher,
    };
    pub use hypercore_protocol::{discovery_key, schema::*, Channel, Command, Event, Message, Protocol};
    pub use hypercore_schema::{DataBlock, RequestBlock, RequestSeek, RequestUpgrade};
    use tokio::net::TcpStream;
    use tokio_util::compat::TokioAsyncReadCompatExt;
    use uint24le_framing::Uint24LELengthPrefixedFraming;

    pub const VERSIONS: &str = "hypercore-protocol 0.7.2, hypercore_handshake 0.6.0, uint24le_framing 0.2.0, hypercore 0.16.0";

    pub type Connection = Protocol;

    pub fn connect(stream: TcpStream, is_initiator: bool, _whole_frames: bool) -> Connection {
        let framed = Box::new(Uint24LELengthPrefixedFraming::new(stream.compat()));
        let cipher = if is_initiator {
            Cipher::new(Some(framed), SecStream::new_initiator_xx(&[]).unwrap().into())
        } else {
            let keypair = generate_keypair().unwrap();
            Cipher::new(Some(framed), SecStream::new_responder_xx(&keypair, &[]).unwrap().into())
        };
        Protocol::new(Box::new(cipher))
    }

    pub fn public_key(protocol: &Connection) -> String {
        hex::encode(protocol.public_key())
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
            manifest: false,
            priority: 0,
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    peer::main().await
}
