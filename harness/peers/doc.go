// Package peers speaks version 2.1 of HAProxy's peers protocol: a codec, and a
// session that receives what an HAProxy has to say about its stick tables.
//
// The codec turns bytes into messages and back. It knows no socket, no clock and
// no logger: Decoder.Next takes a byte slice and AppendTo returns one. Reading
// updates allocates nothing once the tables are defined.
//
// A Session keeps one connection alive in either role: Accept answers a peer that
// called, Call calls one. Run then requests a resync until the peer has taught
// everything it knows, hands each update to a Handler, acknowledges what the
// Handler has applied, sends heartbeats, and returns when the connection ends.
//
// The protocol as implemented, with the places where HAProxy's own documentation
// is wrong, is described in docs/PEERS.md.
package peers
