package api

import (
	"compress/gzip"
	"net"
	"net/http"
	"slices"
	"strings"
)

// minCompressed is the size in bytes from which on an answer is compressed.
const minCompressed = 4 << 10

// wantsCompressed says whether an answer is worth to be compressed: for clients that
// take it and are on another machine. A proxy on ours can do it as well.
func wantsCompressed(r *http.Request) bool {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil || isLoopback(host) || r.Method == http.MethodHead {
		return false
	}
	return slices.ContainsFunc(strings.Split(r.Header.Get("Accept-Encoding"), ","), func(coding string) bool {
		coding, weight, _ := strings.Cut(strings.ReplaceAll(coding, " ", ""), ";")
		return strings.EqualFold(coding, "gzip") && weight != "q=0"
	})
}

// compressor holds back the beginning of an answer until it is known to be large.
type compressor struct {
	http.ResponseWriter
	status int
	start  []byte
	zip    *gzip.Writer // nil while the answer is small
}

func newCompressor(w http.ResponseWriter) *compressor { return &compressor{ResponseWriter: w} }

// Unwrap lets http.ResponseController reach the connection.
func (c *compressor) Unwrap() http.ResponseWriter { return c.ResponseWriter }

// WriteHeader remembers the status.
func (c *compressor) WriteHeader(status int) { c.status = status }

// Write compresses what comes after the first few kilobytes, and those.
func (c *compressor) Write(b []byte) (int, error) {
	if c.zip == nil {
		if len(c.start)+len(b) < minCompressed {
			c.start = append(c.start, b...)
			return len(b), nil
		}
		if err := c.begin(); err != nil {
			return 0, err
		}
	}
	return c.zip.Write(b)
}

func (c *compressor) begin() error {
	h := c.Header()
	h.Set("Content-Encoding", "gzip")
	h.Add("Vary", "Accept-Encoding")
	h.Del("Content-Length")
	c.header()
	c.zip, _ = gzip.NewWriterLevel(c.ResponseWriter, gzip.BestSpeed) // an error would be about the level
	_, err := c.zip.Write(c.start)
	return err
}

func (c *compressor) header() {
	if c.status != 0 {
		c.ResponseWriter.WriteHeader(c.status)
	}
}

// close writes what is left.
func (c *compressor) close() error {
	if c.zip != nil {
		return c.zip.Close()
	}
	c.header()
	if len(c.start) == 0 {
		return nil
	}
	_, err := c.ResponseWriter.Write(c.start)
	return err
}
