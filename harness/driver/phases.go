package driver

import "time"

// phases are how long an attempt took to come how far. They are zero where it did not come so far, and
// where its connection stood already.
type phases struct {
	connect   time.Duration // until its new connection stood
	handshake time.Duration // from there until TLS did
	firstByte time.Duration // from when it was sent until the first byte of its answer was read
}
