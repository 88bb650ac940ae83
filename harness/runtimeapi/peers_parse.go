package runtimeapi

import (
	"fmt"
	"strconv"
	"strings"
)

// parsePeers reads "show peers" of HAProxy 2.6 to 3.4. Lines are known by what
// they bear, not by their indentation: a section has resync_timeout, a session
// last_status, a table localupdate. Unknown lines and fields are passed over.
func parsePeers(reply string) ([]PeersSection, error) {
	p := peersParser{}
	number := 0
	for line := range strings.Lines(reply) {
		number++
		if err := p.line(strings.TrimSpace(line)); err != nil {
			return nil, fmt.Errorf("show peers: line %d %q: %w", number, line, err)
		}
	}
	return p.sections, nil
}

type peersParser struct {
	sections []PeersSection
	cursor   PeerTable // of the line before the table's own
	pending  bool      // cursor waits for its table
}

func (p *peersParser) line(line string) error {
	f := fieldsOf(line)
	switch {
	case f.has("resync_timeout"):
		p.sections = append(p.sections, PeersSection{Name: f["id"], Disabled: f["disabled"] == "1"})
		return nil
	case f.has("last_status"):
		return p.peer(f)
	case f.has("proto_err"):
		return p.counters(f)
	case f.has("last_pushed"):
		return p.position(f)
	case f.has("localupdate"):
		return p.table(f)
	case f.has("state"):
		return p.applet(f)
	}
	return nil
}

// peer reads "id=tracker(remote,active) addr=… last_status=ESTA …".
func (p *peersParser) peer(f fields) error {
	if len(p.sections) == 0 {
		return fmt.Errorf("a session outside a section")
	}
	name, kind, ok := strings.Cut(strings.TrimSuffix(f["id"], ")"), "(")
	where, activity, both := strings.Cut(kind, ",")
	if !ok || !both || (where != "remote" && where != "local") {
		return fmt.Errorf("id %q says neither remote nor local", f["id"])
	}
	s := &p.sections[len(p.sections)-1]
	s.Peers = append(s.Peers, Peer{
		Name: name, Addr: f["addr"], Status: f["last_status"],
		Remote: where == "remote", Active: activity == "active",
	})
	return nil
}

func (p *peersParser) counters(f fields) error {
	peer, err := p.current()
	if err != nil {
		return err
	}
	if peer.NewConnections, err = f.number("new_conn", 64); err != nil {
		return err
	}
	peer.ProtocolErrors, err = f.number("proto_err", 64)
	return err
}

func (p *peersParser) applet(f fields) error {
	peer, err := p.current()
	if err == nil {
		peer.State = f["state"]
	}
	return err
}

// position reads "last_acked=6 last_pushed=20 last_get=6 teaching_origin=0 update=20".
func (p *peersParser) position(f fields) error {
	p.cursor, p.pending = PeerTable{}, true
	return f.serials(map[string]*uint32{
		"last_acked": &p.cursor.LastAcked, "last_pushed": &p.cursor.LastPushed,
		"last_get": &p.cursor.LastGet, "teaching_origin": &p.cursor.TeachingOrigin,
		"update": &p.cursor.Update,
	})
}

// table reads "table:0x55… id=tracker/quota update=21 localupdate=20 …".
func (p *peersParser) table(f fields) error {
	peer, err := p.current()
	if err != nil {
		return err
	}
	if !p.pending {
		return fmt.Errorf("a table without its position")
	}
	t := p.cursor
	t.Name, p.pending = f["id"], false
	err = f.serials(map[string]*uint32{"update": &t.TableUpdate, "localupdate": &t.LocalUpdate})
	peer.Tables = append(peer.Tables, t)
	return err
}

func (p *peersParser) current() (*Peer, error) {
	if len(p.sections) == 0 || len(p.sections[len(p.sections)-1].Peers) == 0 {
		return nil, fmt.Errorf("a line of a session outside a session")
	}
	peers := p.sections[len(p.sections)-1].Peers
	return &peers[len(peers)-1], nil
}

// fields are the name=value pairs of a line.
type fields map[string]string

func fieldsOf(line string) fields {
	f := fields{}
	for _, word := range strings.Fields(line) {
		if name, value, ok := strings.Cut(word, "="); ok {
			f[name] = value
		}
	}
	return f
}

func (f fields) has(name string) bool { _, ok := f[name]; return ok }

func (f fields) number(name string, bits int) (uint64, error) {
	n, err := strconv.ParseUint(f[name], 10, bits)
	if err != nil {
		return 0, fmt.Errorf("%s=%q is no number", name, f[name])
	}
	return n, nil
}

func (f fields) serials(into map[string]*uint32) error {
	for name, target := range into {
		n, err := f.number(name, 32)
		if err != nil {
			return err
		}
		*target = uint32(n)
	}
	return nil
}
