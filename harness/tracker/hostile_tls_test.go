package tracker_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/haproof/haproof/harness/peers"
	"github.com/haproof/haproof/harness/tracker"
)

// signer is an authority that lives in memory.
type signer struct {
	t    *testing.T
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
	pool *x509.CertPool
}

func newSigner(t *testing.T) *signer {
	t.Helper()
	s := &signer{t: t, pool: x509.NewCertPool()}
	template := certificateFor("authority")
	template.IsCA, template.BasicConstraintsValid, template.KeyUsage = true, true, x509.KeyUsageCertSign
	var der []byte
	der, s.key = s.sign(template, template)
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	s.cert = cert
	s.pool.AddCert(cert)
	return s
}

func certificateFor(name string) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
}

// sign signs with its own key, or the new one if there is none yet.
func (s *signer) sign(template, parent *x509.Certificate) (der []byte, key *ecdsa.PrivateKey) {
	s.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		s.t.Fatal(err)
	}
	by := s.key
	if by == nil {
		by = key
	}
	if der, err = x509.CreateCertificate(rand.Reader, template, parent, key.Public(), by); err != nil {
		s.t.Fatal(err)
	}
	return der, key
}

// config is for both roles of the peer of that name.
func (s *signer) config(name string) *tls.Config {
	der, key := s.sign(certificateFor(name), s.cert)
	return &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}},
		RootCAs:      s.pool, ClientCAs: s.pool, ClientAuth: tls.RequireAndVerifyClientCert, ServerName: "tracker",
	}
}

func TestStrangersWithTLSAreTurnedAwayWithTheReason(t *testing.T) {
	authority, other := newSigner(t), newSigner(t)
	s := besiege(t, tracker.Config{TLS: authority.config("tracker"), Peers: peers.Config{Handshake: 2 * soon}}, authority.config("hap1"))
	hello := peers.Hello{Major: 2, Minor: 1, To: "tracker", From: "hap1", PID: 1}.AppendTo(nil)
	naked := authority.config("hap1")
	naked.Certificates = nil
	forged := other.config("hap1")
	forged.RootCAs = authority.pool
	for what, c := range map[string]struct {
		connect func(net.Conn) io.ReadWriter
		want    string
	}{
		"wrong name":       {func(c net.Conn) io.ReadWriter { return tls.Client(c, authority.config("hap9")) }, peers.StatusUnknownPeer.Error()},
		"another signer":   {func(c net.Conn) io.ReadWriter { return tls.Client(c, forged) }, "unknown authority"},
		"no certificate":   {func(c net.Conn) io.ReadWriter { return tls.Client(c, naked) }, "didn't provide a certificate"},
		"no TLS":           {func(c net.Conn) io.ReadWriter { return c }, "does not look like a TLS handshake"},
		"endless greeting": {func(c net.Conn) io.ReadWriter { return tls.Client(c, authority.config("hap1")) }, "i/o timeout"},
	} {
		conn := c.connect(s.dial())
		said := hello
		if what == "endless greeting" {
			said = hello[:20]
		}
		_, _ = conn.Write(said) // what the reader reports is what counts
		if b, _ := io.ReadAll(conn); len(b) > 0 && what != "no TLS" {
			t.Errorf("%s: answered %q, want nothing", what, b)
		}
		s.await(what, func(e tracker.Event) bool {
			return e.Source == "" && e.Text == "peer turned away" && e.Err != nil && strings.Contains(e.Err.Error(), c.want)
		})
	}
	s.demandUnharmed()
}

// A handshake that never ends has no more time than a greeting.
func TestTLSHandshakesThatDoNotEndAreCut(t *testing.T) {
	authority := newSigner(t)
	s := besiege(t, tracker.Config{TLS: authority.config("tracker"), Peers: peers.Config{Handshake: soon}}, authority.config("hap1"))
	before := live()
	const strangers = 60
	for i := range strangers {
		conn := s.dial()
		if i%2 == 0 { // the beginning of a ClientHello of 512 bytes
			if _, err := conn.Write([]byte{0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc}); err != nil {
				t.Fatal(err)
			}
		}
	}
	demandMemory(t, "60 handshakes under way", before, strangers*perSession)
	s.poll("an end of each", func() bool {
		return s.count(func(e tracker.Event) bool { return e.Source == "" && e.Text == "peer turned away" && e.Err != nil }) == strangers
	})
	s.demandUnharmed()
}
