package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// authority signs certificates for a test.
type authority struct {
	t    *testing.T
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t, dir: t.TempDir()}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"},
		NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	a.cert, a.key = template, a.newKey()
	der, err := x509.CreateCertificate(rand.Reader, template, template, &a.key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	a.write("ca.pem", "CERTIFICATE", der)
	return a
}

func (a *authority) newKey() *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	return key
}

func (a *authority) write(name, kind string, der []byte) {
	b := pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
	if err := os.WriteFile(filepath.Join(a.dir, name), b, 0o600); err != nil {
		a.t.Fatal(err)
	}
}

// flags returns the flags of a peerdump with a certificate of that name.
func (a *authority) flags(name string) []string {
	a.t.Helper()
	key := a.newKey()
	template := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotAfter: time.Now().Add(time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &key.PublicKey, a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	secret, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		a.t.Fatal(err)
	}
	a.write(name+".crt", "CERTIFICATE", der)
	a.write(name+".key", "EC PRIVATE KEY", secret)
	path := func(file string) string { return filepath.Join(a.dir, file) }
	return []string{"-cert", path(name + ".crt"), "-key", path(name + ".key"), "-ca", path("ca.pem")}
}

func TestBothSidesShowTheirCertificates(t *testing.T) {
	ours, theirs := newAuthority(t), newAuthority(t)
	s := start(t, append(ours.flags("one"), "-listen", "127.77.8.1:0", "-name", "one")...)
	addr := s.find(s.said, `listening on (\S+) as one`)[1]
	call := func(by *authority, name string) result {
		args := append(by.flags("two"), "-name", "two", "-dial", name+"="+addr, "-count", "6")
		return peerdump(t, nil, args...)
	}
	if got := call(ours, "one"); got.code != exitOK || !strings.Contains(got.stdout, "< resync request") {
		t.Errorf("exit code %d: %s%s", got.code, got.stdout, got.stderr)
	}
	s.find(s.lines, "1< hello 2.1 to one from two ")
	if got := call(ours, "other"); got.code != exitCannot || !strings.Contains(got.stderr, "certificate is valid for one, not other") {
		t.Errorf("wrong name: exit code %d: %s", got.code, got.stderr)
	}
	s.find(s.said, "TLS handshake: ")
	if got := call(theirs, "one"); got.code != exitCannot || !strings.Contains(got.stderr, "unknown authority") {
		t.Errorf("another authority: exit code %d: %s", got.code, got.stderr)
	}
	if got := peerdump(t, nil, "-dial", "one="+addr, "-for", "5s"); got.code != exitCannot {
		t.Errorf("without TLS: exit code %d: %s", got.code, got.stderr)
	}
	if code, _, _ := s.interrupt(); code != exitOK {
		t.Errorf("exit code %d", code)
	}
}
