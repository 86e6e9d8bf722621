//! Folders by the log that hypercore-protocol 0.6 comes with, hypercore 0.14.0.

#[path = "../../../source/folder.rs"]
mod folder;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    folder::main().await
}
