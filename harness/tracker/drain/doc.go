// Package drain receives what a stopping HAProxy logs instead of counting.
//
// A worker that has been told to stop cuts its sessions with peers at once, and goes
// on answering on the connections that it has. What it counts then reaches nobody.
// So it is configured not to count these answers but to log them, and each line is
// one answer:
//
//	QT1 source="hap1" gen="1763683530123" seq="7" customer="c0001"
//
// source is the name of the peer, gen identifies its process, seq is the number of
// the request in that process (%rt in HAProxy, unsigned with 32 bits, from one atomic
// counter: src/stream.c@v3.4.0, stream_new). No two lines of a process have the same
// seq unless it serves 2^32 requests while it stops. In the values, "%XX" stands for
// any byte, as HAProxy's converter url_enc writes it; the closing quote proves that a
// line was not cut.
//
// The record is the message of a syslog line, or the first element of structured
// data in RFC 5424. There it travels beside HAProxy's normal log, whose text, in
// which clients have a say, is never searched for a record.
//
// A Receiver listens and delivers Lines; Seen knows which of them were counted
// before. Syslog acknowledges nothing: a line that is lost is an answer not counted.
package drain
