package drain

import (
	"fmt"
	"strings"
)

// Stats are numbers since the Receiver was made.
type Stats struct {
	Lines     uint64 // delivered or about to be
	Foreign   uint64 // other lines of a log, which is normal
	Malformed uint64 // with a record that is not right
	TooLong   uint64 // beyond MaxLine
	Untrusted uint64 // of a source that is not in the sender's certificate
	Forbidden uint64 // datagrams and connections from addresses that are not allowed
	TurnedOff uint64 // connections beyond MaxConns
	Broken    uint64 // connections that we ended: no TLS, too slow, or not syslog
	Pending   int    // lines that wait
	Handled   int    // lines of the batch that is being handled
	Open      int    // connections
	LastFault string // what was last malformed, too long, untrusted, forbidden, turned off or broken
	Sockets   []SocketStats
}

// SocketStats is what the kernel says about an address, in the order of Config.Listen.
type SocketStats struct {
	Addr    string
	Buffer  int    // of udp on Linux: bytes that the kernel keeps
	Queue   int    // of unixgram on Linux: datagrams that the kernel keeps (net.unix.max_dgram_qlen)
	Waiting int    // of udp on Linux: bytes that nobody has read yet, as the kernel reckons them
	Lost    uint64 // of udp on Linux: datagrams for which there was no room
}

// fault is a reason to count something in Stats.
type fault uint8

const (
	malformed fault = iota
	tooLong
	untrusted
	forbidden
	turnedOff
	broken
)

// maxFault bounds Stats.LastFault, in bytes.
const maxFault = 300

// note counts a fault.
func (s *Stats) note(f fault, from string, detail any) {
	text := [...]string{"malformed", "too long", "untrusted", "forbidden", "turned off", "broken"}
	*[]*uint64{&s.Malformed, &s.TooLong, &s.Untrusted, &s.Forbidden, &s.TurnedOff, &s.Broken}[f]++
	line := fmt.Sprintf("%s: %s: %v", from, text[f], detail)
	s.LastFault = strings.ToValidUTF8(line[:min(len(line), maxFault)], "")
}
