// Package peers speaks versions 2.0 and 2.1 of HAProxy's peers protocol: a codec, and
// sessions that receive what an HAProxy has to say about its stick tables and teach it
// what others know. It needs the standard library only.
//
// The codec turns bytes into messages and back. It knows no socket, no clock and
// no logger: Decoder.Next takes a byte slice and AppendTo returns one. Reading
// updates allocates nothing once the tables are defined. Every length from the wire
// is compared with a limit before anything is allocated for it.
//
// A Session keeps one connection alive in either role: Accept answers a peer that
// called, Call calls one. Run then requests a resync until the peer has taught
// everything it knows, hands each update to a Handler, acknowledges what the
// Handler has committed, sends heartbeats, and returns when the connection ends.
// Session.Teach sends entries the other way, and a Handler that is a Teacher has a
// peer taught that starts with empty tables. Serve and Caller keep sessions going, the
// one for peers that call, the other for peers to be called.
//
// The protocol as implemented, with the places where HAProxy's own documentation
// is wrong, is described in docs/PEERS.md.
package peers
