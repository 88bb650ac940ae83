package driver

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/haproof/haproof/harness"
)

// origin is a whole lab in one process: it answers as the proxy, nginx and the
// PHP application would together, and keeps its own count.
type origin struct {
	mu        sync.Mutex
	receipts  map[uint64]int // sequence id -> how often it arrived
	hosts     map[string]bool
	conns     map[net.Conn]http.ConnState
	opened    int
	numbers   atomic.Int64                                      // of connections so far
	meanwhile func(w http.ResponseWriter, r *http.Request) bool // true: it has answered itself
}

// newOrigin serves in clear and over TLS until the test ends.
func newOrigin(t testing.TB) (*origin, harness.Endpoint) {
	o := &origin{receipts: map[uint64]int{}, hosts: map[string]bool{}, conns: map[net.Conn]http.ConnState{}}
	serve := func() *httptest.Server {
		s := httptest.NewUnstartedServer(o)
		s.Config.ErrorLog = log.New(io.Discard, "", 0)
		s.Config.ConnState, s.Config.ConnContext = o.track, o.number
		return s
	}
	clear, secure := serve(), serve()
	pair, rootPEM := certificate(t)
	secure.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	secure.EnableHTTP2 = true // for those who ask for it
	clear.Start()
	secure.StartTLS()
	t.Cleanup(func() { clear.Close(); secure.Close() })
	return o, harness.Endpoint{
		Node: "origin", HTTP: clear.Listener.Addr().String(), HTTPS: secure.Listener.Addr().String(), RootPEM: rootPEM,
	}
}

func (o *origin) track(c net.Conn, state http.ConnState) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if state == http.StateNew {
		o.opened++
	}
	if o.conns[c] = state; state == http.StateClosed || state == http.StateHijacked {
		delete(o.conns, c)
	}
}

// connNumber is where an attempt's context has the number of its connection.
type connNumber struct{}

// number gives each connection a number of its own, which an address is not: a port may
// be used again.
func (o *origin) number(ctx context.Context, _ net.Conn) context.Context {
	return context.WithValue(ctx, connNumber{}, o.numbers.Add(1))
}

func (o *origin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	seq, err := strconv.ParseUint(r.Header.Get(harness.SeqHeader), 10, 64)
	if err != nil {
		panic(err)
	}
	o.mu.Lock()
	o.receipts[seq]++
	o.hosts[r.Host] = true
	o.mu.Unlock()
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		return
	}
	if o.meanwhile == nil || !o.meanwhile(w, r) {
		_ = answerAsLab(w, r) // the client says whether it got the answer
	}
}

var staticBytes = map[string]int{"/pixel.gif": 43, "/static/1k.css": 1024, "/static/10k.js": 10240, "/static/100k.bin": 102400}

// answerAsLab returns an error where the client is gone before the answer is.
func answerAsLab(w http.ResponseWriter, r *http.Request) error {
	if r.URL.Path == "/beacon" {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	if n, ok := staticBytes[r.URL.Path]; ok {
		w.Header().Set("Content-Length", strconv.Itoa(n))
		_, err := io.WriteString(w, strings.Repeat("s", n))
		if r.Method == http.MethodHead {
			return nil
		}
		return err
	}
	status, _ := strconv.Atoi(r.URL.Query().Get("status"))
	size, _ := strconv.Atoi(r.URL.Query().Get("size"))
	w.Header().Set(harness.PHPHeader, "1") // without a length: large answers are chunked
	w.WriteHeader(status)
	_, err := io.WriteString(w, strings.Repeat("p", size))
	if r.Method == http.MethodHead {
		return nil // an answer to HEAD takes no body
	}
	return err
}

// arrivals returns how many attempts arrived, and how many ids did more than once.
func (o *origin) arrivals() (arrived, repeated int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, n := range o.receipts {
		arrived += n
		if n > 1 {
			repeated++
		}
	}
	return arrived, repeated
}

func (o *origin) open() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.conns)
}

// closeAll ends all connections.
func (o *origin) closeAll() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for c := range o.conns {
		_ = c.Close()
	}
}

// certificate returns a self-signed pair for the hosts of all profiles.
func certificate(t testing.TB) (tls.Certificate, []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "lab"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{"*.customers.test", "*.ads.test"},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}
