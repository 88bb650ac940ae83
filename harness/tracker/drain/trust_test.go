package drain

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestReceiverBelievesASenderAboutItselfOnly(t *testing.T) {
	a := newAuthority(t)
	r := newRig(t, Config{Listen: []string{"tcp://127.0.0.1:0"}, TLS: a.server()})
	conn := a.dial(r, a.issue("hap1"))
	send(t, conn, `QT1 source="hap2" gen="1" seq="0" customer="c0"`+"\n"+numbered(0))
	r.awaitLines(1)
	if diff := cmp.Diff(counted(1), r.lines()); diff != "" {
		t.Error(diff)
	}
	if s := r.Stats(); s.Untrusted != 1 || !strings.Contains(s.LastFault, "hap2") {
		t.Errorf("got %+v", s)
	}
}

func TestReceiverRefusesSendersWithoutCertificate(t *testing.T) {
	a := newAuthority(t)
	r := newRig(t, Config{Listen: []string{"tcp://127.0.0.1:0"}, TLS: a.server()})
	for _, certificates := range [][]tls.Certificate{nil, newAuthority(t).issue("hap1")} { // none, or of another authority
		conn := a.dial(r, certificates)
		_, _ = conn.Write([]byte(numbered(0))) // TLS 1.3: the client learns later that it is refused
		if _, err := conn.Read(make([]byte, 1)); err == nil {
			t.Error("not refused")
		}
	}
	plain := r.dial(0)
	send(t, plain, numbered(0))
	r.awaitStats("all three refused", func(s Stats) bool { return s.Broken == 3 && s.Open == 0 })
	if got := r.lines(); len(got) != 0 {
		t.Errorf("got %v", got)
	}
}

// authority signs certificates for one test.
type authority struct {
	t           *testing.T
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t}
	a.key = a.newKey()
	a.certificate = a.sign(&x509.Certificate{
		Subject: pkix.Name{CommonName: "authority"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}, a.key)
	return a
}

func (a *authority) newKey() *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	return key
}

// sign completes a certificate for key; the first one signs itself.
func (a *authority) sign(c *x509.Certificate, key *ecdsa.PrivateKey) *x509.Certificate {
	a.t.Helper()
	c.SerialNumber, c.NotBefore, c.NotAfter = big.NewInt(1), time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	parent := a.certificate
	if parent == nil {
		parent = c
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	signed, err := x509.ParseCertificate(der)
	if err != nil {
		a.t.Fatal(err)
	}
	return signed
}

func (a *authority) issue(name string) []tls.Certificate {
	a.t.Helper()
	key := a.newKey()
	leaf := a.sign(&x509.Certificate{
		Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
	}, key)
	return []tls.Certificate{{Certificate: [][]byte{leaf.Raw}, PrivateKey: key}}
}

func (a *authority) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.certificate)
	return pool
}

func (a *authority) server() *tls.Config {
	return &tls.Config{Certificates: a.issue("tracker"), ClientCAs: a.pool(), ClientAuth: tls.RequireAndVerifyClientCert}
}

func (a *authority) dial(r *rig, certificates []tls.Certificate) net.Conn {
	a.t.Helper()
	conn, err := tls.Dial("tcp", r.Addrs()[0].String(), &tls.Config{Certificates: certificates, RootCAs: a.pool(), ServerName: "tracker"})
	if err != nil {
		a.t.Fatal(err)
	}
	a.t.Cleanup(func() { conn.Close() })
	return conn
}
