//! Folders by the log that hypercore-protocol 0.7 comes with, hypercore 0.16.0.

#[path = "../../../source/folder.rs"]
mod folder;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    folder::main().await
}
