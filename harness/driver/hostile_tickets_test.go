package driver

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/tls"
	"encoding/binary"
	"encoding/hex"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/haproof/haproof/harness"
)

// TestSessionTicketsWithoutEndEndAttempts plays against a server that shakes hands
// and then sends session tickets, well encrypted, and nothing else.
func TestSessionTicketsWithoutEndEndAttempts(t *testing.T) {
	pair, rootPEM := certificate(t)
	everyDriver(t, func(t *testing.T, d harness.Driver) {
		address := hostile(t, func(c net.Conn) { flood(t, c, pair) }).HTTP
		w := usual()
		w.Targets = []harness.Request{{TLS: true, Method: "GET", Host: "a.ads.test", Path: "/"}}
		w.Requests, w.Rate, w.Timeout = 20, 100, 30*time.Second
		attempts, _, err := played(t.Context(), t, d, w, harness.Endpoint{Node: "tickets", HTTP: address, HTTPS: address, RootPEM: rootPEM})
		if err != nil {
			t.Fatal(err)
		}
		outcomes := map[harness.Outcome]int{}
		for _, a := range attempts {
			outcomes[a.Outcome]++
			if a.Cause == harness.CauseTimeout {
				t.Errorf("attempt %d was ended by its patience only: %+v", a.Seq, a)
			}
		}
		if outcomes[harness.OK] > 0 || len(attempts) != 20 {
			t.Errorf("%v", tally(attempts))
		}
	})
}

// flood shakes hands by TLS 1.3 and sends session tickets until the client has gone.
func flood(t *testing.T, c net.Conn, pair tls.Certificate) {
	var keys bytes.Buffer
	secure := tls.Server(c, &tls.Config{
		Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS13, KeyLogWriter: &keys,
		SessionTicketsDisabled: true, // so that its own records are numbered from 0
		NextProtos:             []string{"h2", "http/1.1"},
	})
	if secure.Handshake() != nil || secure.ConnectionState().CipherSuite != tls.TLS_AES_128_GCM_SHA256 {
		return // a client that has left, or one without AES in its processor
	}
	seal, iv := sealer(t, keys.String())
	// A message of RFC 8446, 4.6.1: lifetime, age, nonce, ticket, no extensions.
	body := append(make([]byte, 8), "\x01n\x00\x20"+strings.Repeat("t", 32)+"\x00\x00"...)
	message := append([]byte{4, 0, 0, byte(len(body))}, body...)
	for n := uint64(0); ; n++ {
		plain := append(bytes.Repeat(message, 4), 22) // the type of the record follows
		header := binary.BigEndian.AppendUint16([]byte{23, 3, 3}, uint16(len(plain)+seal.Overhead()))
		nonce := bytes.Clone(iv)
		for i := range 8 {
			nonce[4+i] ^= byte(n >> (56 - 8*i))
		}
		if _, err := c.Write(seal.Seal(header, nonce, plain, header)); err != nil {
			return
		}
	}
}

// sealer returns the server's cipher from a log of keys (RFC 8446, 7.3).
func sealer(t *testing.T, log string) (cipher.AEAD, []byte) {
	_, line, _ := strings.Cut(log, "SERVER_TRAFFIC_SECRET_0 ")
	fields := strings.Fields(line)
	secret, err := hex.DecodeString(fields[1])
	if err != nil {
		t.Error(err)
	}
	expand := func(label string, length int) []byte {
		info := append([]byte{0, byte(length), byte(len("tls13 " + label))}, "tls13 "+label+"\x00"...)
		out, err := hkdf.Expand(sha256.New, secret, string(info), length)
		if err != nil {
			t.Error(err)
		}
		return out
	}
	block, err := aes.NewCipher(expand("key", 16))
	if err != nil {
		t.Error(err)
	}
	seal, err := cipher.NewGCM(block)
	if err != nil {
		t.Error(err)
	}
	return seal, expand("iv", 12)
}
