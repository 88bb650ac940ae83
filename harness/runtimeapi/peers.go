package runtimeapi

import "context"

// PeersSection is one peers section of "show peers".
type PeersSection struct {
	Name     string
	Disabled bool
	Peers    []Peer
}

// Peer is one session of a peers section, or the local peer itself.
type Peer struct {
	Name           string
	Addr           string
	Remote         bool   // false for the local peer
	Active         bool   // has an applet: a connection, or an attempt at one
	Status         string // last_status: NONE, CONN, HSHK, ESTA …
	State          string // of the applet, EST once established; empty without one
	NewConnections uint64
	ProtocolErrors uint64
	Tables         []PeerTable
}

// PeerTable is where a session stands with one table. All ids are serial
// numbers of 32 bits that wrap (src/peers.c and src/stick_table.c@v3.0.0).
type PeerTable struct {
	Name           string // such as tracker/quota
	LastAcked      uint32 // newest update of the peer's that HAProxy acknowledged; says nothing of our own
	LastPushed     uint32 // newest local update that HAProxy has sent
	LastGet        uint32 // newest update received from the peer
	TeachingOrigin uint32 // where the current lesson began
	Update         uint32 // newest local update that the peer acknowledged (peer_treat_ackmsg)
	TableUpdate    uint32 // newest update of the table, learned ones included
	LocalUpdate    uint32 // newest update of the table made here
}

// ShowPeers returns "show peers": each section with its sessions.
func (c *Client) ShowPeers(ctx context.Context) ([]PeersSection, error) {
	reply, err := c.Command(ctx, "show peers")
	if err != nil {
		return nil, err
	}
	return parsePeers(reply)
}
