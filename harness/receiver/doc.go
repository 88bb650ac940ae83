// Package receiver is a small HTTP/1.1 server that measures whoever loads it. It
// stamps every request, keeps a receipt of it by its sequence id, and answers as the
// query string says. It shares no code with the drivers that it judges.
//
//	GET /?size=1000&status=404&delay=20ms&chunked=1&close=1
//
// size is the length of the body in bytes (up to MaxSize), status that of the
// answer (200 to 599), delay the time until it is sent (up to MaxDelay), chunked
// sends the body in chunks instead of with a length, trailer adds a trailer field
// to those, and close ends the connection afterwards. interim is how many answers
// of status 103 come before (up to MaxInterim), rate bounds the body to so many
// bytes per second, and reset=N resets the connection after N bytes of the body.
// All of them may be combined; other parameters are ignored. What cannot be read
// is answered 400 and its connection closed.
//
// On Linux a request bears the time at which the kernel took in its last packet
// (SO_TIMESTAMPNS of socket(7), which TCP honours too), so that it does not matter
// how late the receiver itself came to read it. Elsewhere, and on connections that
// have asked for what takes time (delay, rate, reset, more than 16 KiB), it is the
// time right after reading. Requests that come in one packet bear one time.
package receiver
