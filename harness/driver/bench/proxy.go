package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/haproof/haproof/harness/runtimeapi"
)

// proxy is the HAProxy that serves all parts, warm from the first to the last.
type proxy struct {
	cmd     *exec.Cmd
	log     bytes.Buffer
	done    chan error
	api     *runtimeapi.Client
	version string

	plain, secure, fresh string // addresses: in clear, over TLS, over TLS without resumption
}

// configuration answers by itself: what it costs HAProxy is the same for all, and
// little. Nothing that the clients measure waits for a backend.
const configuration = `global
    nbthread 1
    maxconn 12000
    no strict-limits
    stats socket %[1]s level admin
    tune.ssl.cachesize 0
    ssl-default-bind-options ssl-min-ver TLSv1.2
defaults answers
    mode http
    timeout client 60s
    timeout server 60s
    timeout connect 5s
    timeout http-keep-alive 60s
    http-request return status 204 if { path_beg /beacon }
    http-request return status 200 content-type image/gif string 0123456789012345678901234567890123456789012
frontend plain
    bind %[2]s backlog 12000
frontend secure
    bind %[3]s backlog 12000 ssl crt %[5]s alpn http/1.1
frontend fresh
    bind %[4]s backlog 12000 ssl crt %[5]s alpn http/1.1 no-tls-tickets
`

// startProxy runs HAProxy on its core and returns when it answers.
func (b *bench) startProxy(ctx context.Context) (*proxy, error) {
	p := &proxy{done: make(chan error, 1)}
	for _, address := range []*string{&p.plain, &p.secure, &p.fresh} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		*address = l.Addr().String()
		l.Close()
	}
	pem, err := certificate()
	if err != nil {
		return nil, err
	}
	cert, config, socket := filepath.Join(b.dir, "cert.pem"), filepath.Join(b.dir, "haproxy.cfg"), filepath.Join(b.dir, "api")
	text := fmt.Sprintf(configuration, socket, p.plain, p.secure, p.fresh, cert)
	if err := errors.Join(os.WriteFile(cert, pem, 0o600), os.WriteFile(config, []byte(text), 0o600)); err != nil {
		return nil, err
	}
	p.cmd = exec.Command("taskset", "-c", b.on.server, "haproxy", "-db", "-f", config)
	p.cmd.Stderr = &p.log
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() { p.done <- p.cmd.Wait() }()
	p.api = runtimeapi.New(socket)
	if err := p.await(ctx); err != nil {
		return nil, errors.Join(err, p.stop())
	}
	return p, nil
}

// await polls until HAProxy answers.
func (p *proxy) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	poll := time.NewTicker(10 * time.Millisecond)
	defer poll.Stop()
	for {
		info, err := p.api.ShowInfo(ctx)
		if p.version = info["Version"]; err == nil {
			return nil
		}
		select {
		case <-poll.C:
		case <-ctx.Done():
			return fmt.Errorf("haproxy does not answer: %w: %s", err, &p.log)
		}
	}
}

// stop ends HAProxy.
func (p *proxy) stop() error {
	if err := p.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	err := <-p.done
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ProcessState.ExitCode() == -1 {
		return nil // by the signal
	}
	return fmt.Errorf("haproxy: %w: %s", err, strings.TrimSpace(p.log.String()))
}

// counts are what HAProxy has counted since it started.
type counts struct {
	requests    map[string]uint64 // by frontend
	connections map[string]uint64 // likewise
	handshakes  uint64
}

func (p *proxy) counts(ctx context.Context) (counts, error) {
	c := counts{requests: map[string]uint64{}, connections: map[string]uint64{}}
	rows, err := p.api.ShowStat(ctx)
	if err != nil {
		return c, err
	}
	var errs []error
	number := func(text string) uint64 {
		n, err := strconv.ParseUint(text, 10, 64)
		errs = append(errs, err)
		return n
	}
	for _, row := range rows {
		if row["svname"] == "FRONTEND" {
			c.requests[row["pxname"]] = number(row["req_tot"])
			c.connections[row["pxname"]] = number(row["conn_tot"])
		}
	}
	info, err := p.api.ShowInfo(ctx)
	if err != nil {
		return c, err
	}
	c.handshakes = number(info["CumSslConns"])
	return c, errors.Join(errs...)
}

// What contests count.
func plainRequests(c counts) uint64  { return c.requests["plain"] }
func secureRequests(c counts) uint64 { return c.requests["secure"] }
func handshakes(c counts) uint64     { return c.handshakes }
