//! What makes crate 0.6 survive a network: one whole frame per read, never half a frame, never two.

use std::io::Result;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_lite::io::{AsyncRead, AsyncWrite};

/// Gathers bytes until a frame (three bytes of length, little endian, and as many bytes) is whole, then hands out that
/// frame alone. The crate's reader loses its place if a read ends inside a frame, and misreads some frames that share
/// a read. Frames above 128 KiB stay beyond it all the same.
pub struct WholeFrames<IO> {
    io: IO,
    enabled: bool,
    gathered: Vec<u8>,
    /// Bytes of the frame at the front that are still to be handed out.
    due: usize,
}

impl<IO> WholeFrames<IO> {
    pub fn new(io: IO, enabled: bool) -> Self {
        Self {
            io,
            enabled,
            gathered: Vec::new(),
            due: 0,
        }
    }

    fn whole(&self) -> usize {
        if self.gathered.len() < 3 {
            return 0;
        }
        let body = usize::from(self.gathered[0])
            | usize::from(self.gathered[1]) << 8
            | usize::from(self.gathered[2]) << 16;
        if self.gathered.len() < 3 + body {
            0
        } else {
            3 + body
        }
    }
}

impl<IO: AsyncRead + Unpin> AsyncRead for WholeFrames<IO> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<Result<usize>> {
        let this = &mut *self;
        if !this.enabled {
            return Pin::new(&mut this.io).poll_read(cx, buf);
        }
        loop {
            if this.due == 0 {
                this.due = this.whole();
            }
            if this.due > 0 {
                let n = this.due.min(buf.len());
                buf[..n].copy_from_slice(&this.gathered[..n]);
                this.gathered.drain(..n);
                this.due -= n;
                return Poll::Ready(Ok(n));
            }
            let mut chunk = [0u8; 16 * 1024];
            match Pin::new(&mut this.io).poll_read(cx, &mut chunk) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Ok(0)),
                Poll::Ready(Ok(n)) => this.gathered.extend_from_slice(&chunk[..n]),
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

impl<IO: AsyncWrite + Unpin> AsyncWrite for WholeFrames<IO> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.io).poll_close(cx)
    }
}
