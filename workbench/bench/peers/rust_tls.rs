// SPDX-License-Identifier: Apache-2.0
//
// rust_tls.rs -- rustls over the socket: write_vectored with advance_slices,
// and BufWriter of 64 KiB.

#[allow(dead_code)]
mod rust;

use std::io::{self, BufWriter, IoSlice, Write};
use std::sync::Arc;
use std::time::SystemTime;

use rust::{open, piece, serve, write_all_vectored, Chunk, Send};
use rustls::client::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
};
use rustls::internal::msgs::handshake::DigitallySignedStruct;
use rustls::{
    Certificate, ClientConfig, ClientConnection, Error, ServerName,
    StreamOwned,
};

// The reader's certificate is one that nobody looks at.
struct Anybody;

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &Certificate,
        _: &[Certificate],
        _: &ServerName,
        _: &mut dyn Iterator<Item = &[u8]>,
        _: &[u8],
        _: SystemTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &Certificate,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }
}

fn connection() -> ClientConnection {
    let config = ClientConfig::builder()
        .with_safe_defaults()
        .with_custom_certificate_verifier(Arc::new(Anybody))
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").expect("a name");
    ClientConnection::new(Arc::new(config), name).expect("a connection")
}

fn main() -> io::Result<()> {
    let (arena, out, variant) = open()?;
    let mut out = StreamOwned::new(connection(), out);
    while out.conn.is_handshaking() {
        out.conn.complete_io(&mut out.sock)?;
    }
    out.flush()?; // the end of the handshake
    if variant == "bufwriter" {
        let mut writer = BufWriter::with_capacity(64 << 10, out);
        let mut buffered = |chunks: &[Chunk]| {
            for c in chunks {
                writer.write_all(piece(arena, c))?;
            }
            writer.flush()
        };
        return serve(arena, &mut buffered as Send);
    }
    let mut bufs: Vec<IoSlice<'static>> = Vec::new();
    let mut vectored = |chunks: &[Chunk]| {
        bufs.clear();
        bufs.extend(chunks.iter().map(|c| IoSlice::new(piece(arena, c))));
        write_all_vectored(&mut out, &mut bufs)?;
        out.flush()
    };
    serve(arena, &mut vectored)
}
