package runtimeapi

import "fmt"

// Quiet judges whether HAProxy has nothing left to say to any remote peer, and
// if not says what is left. Every remote session must be established, and on
// every table the newest local update must have been pushed and acknowledged.
// The local peer is left out: it speaks only at a reload. No remote peer at all
// is not quiet, because then nobody listened.
//
// Since HAProxy 3.2 an update waits up to some milliseconds in a list of its
// thread group before localupdate shows it: ask twice, some time apart.
func Quiet(sections []PeersSection) (bool, string) {
	remotes := 0
	for _, s := range sections {
		for _, p := range s.Peers {
			if !p.Remote {
				continue
			}
			remotes++
			if left := p.unsaid(); left != "" {
				return false, fmt.Sprintf("peers %s: %s: %s", s.Name, p.Name, left)
			}
		}
	}
	if remotes == 0 {
		return false, "no remote peer in any peers section"
	}
	return true, ""
}

// Established says whether the session to the peer is up.
func (p Peer) Established() bool {
	return p.Active && p.Status == "ESTA" && p.State == "EST"
}

func (p Peer) unsaid() string {
	if !p.Established() {
		return fmt.Sprintf("not established (last_status=%s state=%s)", p.Status, p.State)
	}
	for _, t := range p.Tables {
		if left := t.unsaid(); left != "" {
			return t.Name + ": " + left
		}
	}
	return ""
}

// unsaid wants the position exactly at the newest local update: HAProxy moves it
// there when nothing remains, and only in a lesson does it lie elsewhere, among
// the ids of learned entries 2^31 ahead. Acknowledgements may run ahead, by the
// last learned id of a lesson; they are compared as HAProxy does, by the sign of
// the difference (src/peers.c@v3.0.0).
func (t PeerTable) unsaid() string {
	if t.LastPushed != t.LocalUpdate {
		return fmt.Sprintf("pushed up to %d, local update is %d", t.LastPushed, t.LocalUpdate)
	}
	if int32(t.Update-t.LastPushed) < 0 {
		return fmt.Sprintf("acknowledged up to %d, pushed up to %d", t.Update, t.LastPushed)
	}
	return ""
}
