package tracker

import (
	"crypto/tls"
	"net"
	"os"
	"testing"
)

func TestCertificatesAreExchangedWhileTheServerRuns(t *testing.T) {
	old, renewed := newAuthority(t), newAuthority(t)
	cert, key, _ := old.issue("tracker")
	server, err := ReadCertificates(cert, key, old.ca)
	if err != nil {
		t.Fatal(err)
	}
	before, after := client(t, old), client(t, renewed)
	if err := meet(t, server.Config(), before, "tracker"); err != nil {
		t.Errorf("same authority: got %v", err)
	}
	if err := meet(t, server.Config(), after, "tracker"); err == nil {
		t.Error("strange authority: got no error")
	}
	if err := meet(t, server.Config(), before, "other"); err == nil {
		t.Error("wrong name: got no error")
	}

	newCert, newKey, _ := renewed.issue("tracker")
	for from, to := range map[string]string{newCert: cert, newKey: key, renewed.ca: old.ca} {
		if err := os.Rename(from, to); err != nil {
			t.Fatal(err)
		}
	}
	kept := server.Config() // made before the reload, as a server's is
	if err := server.Reload(); err != nil {
		t.Fatal(err)
	}
	if err := meet(t, kept, after, "tracker"); err != nil {
		t.Errorf("after the reload: got %v", err)
	}
	if err := meet(t, kept, before, "tracker"); err == nil {
		t.Error("old authority after the reload: got no error")
	}
	if err := os.WriteFile(cert, []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := server.Reload(); err == nil {
		t.Error("nonsense in a file: got no error")
	}
	if err := meet(t, kept, after, "tracker"); err != nil {
		t.Errorf("after a reload that failed: got %v", err)
	}
}

// client returns what a client with a certificate of that authority uses.
func client(t *testing.T, a *authority) *tls.Config {
	cert, key, _ := a.issue("hap1")
	cfg, err := MutualTLS(cert, key, a.ca)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// meet shakes hands and returns what either side has against it.
func meet(t *testing.T, server, client *tls.Config, name string) error {
	client = client.Clone()
	client.ServerName = name
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	served := make(chan error, 1)
	go func() {
		err := tls.Server(a, server).HandshakeContext(t.Context())
		if err != nil {
			a.Close()
		}
		served <- err
	}()
	err := tls.Client(b, client).HandshakeContext(t.Context())
	if err != nil {
		b.Close()
	}
	if other := <-served; err == nil {
		err = other
	}
	return err
}
