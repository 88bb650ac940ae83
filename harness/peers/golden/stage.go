package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// stage is what a scene plays on: HAProxy, an origin, and us as its peer.
type stage struct {
	dir    string // of HAProxy's files, as we see it
	config string
	proxy  process
	origin *http.Server
	peer   *recorder
	client *http.Client
	url    string
}

// open starts everything; on error it stops what it had started.
func (c *capture) open(ctx context.Context, s scene) (_ *stage, err error) {
	st := &stage{proxy: process{program: c.program}, client: &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}}
	defer func() {
		if err != nil {
			err = errors.Join(err, st.close())
		}
	}()
	if st.dir, err = os.MkdirTemp("", "golden-"); err != nil {
		return nil, err
	}
	if err := os.Chmod(st.dir, 0o755); err != nil {
		return nil, err
	}
	origin, err := net.Listen("tcp", c.host+":0")
	if err != nil {
		return nil, err
	}
	st.origin = &http.Server{Handler: http.NotFoundHandler(), ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = st.origin.Serve(origin) }() // close ends it
	if st.peer, err = newRecorder(c.host); err != nil {
		return nil, err
	}
	front, err := freeAddr(c.host)
	if err != nil {
		return nil, err
	}
	local, err := freeAddr(c.host)
	if err != nil {
		return nil, err
	}
	st.url = "http://" + front
	st.config = strings.NewReplacer("$SOCKET", st.socket(), "$FRONT", front, "$LOCAL", local,
		"$TRACKER", st.peer.addr(), "$ORIGIN", origin.Addr().String(), "$EXTRA", extraTypes(c.version)).Replace(s.config)
	file := filepath.Join(st.dir, "haproxy.cfg")
	if err := os.WriteFile(file, []byte(st.config), 0o644); err != nil {
		return nil, err
	}
	if err := st.peer.open(ctx, s.called, local); err != nil {
		return nil, err
	}
	if err := st.proxy.start(st.dir, "-W", "-db", "-L", "hap1", "-f", file); err != nil {
		return nil, err
	}
	if err := st.peer.await(ctx, 1, heardFinished); err != nil {
		return nil, fmt.Errorf("HAProxy did not connect: %w\n%s", err, st.proxy.said())
	}
	return st, nil
}

func (st *stage) socket() string { return filepath.Join(st.dir, "admin.sock") }

// extraTypes are data types that older versions do not have.
func extraTypes(version string) string {
	if strings.HasPrefix(version, "2.") {
		return ""
	}
	return ",glitch_cnt,glitch_rate(1h)"
}

// freeAddr returns an address that nobody listened on a moment ago.
func freeAddr(host string) (string, error) {
	ln, err := net.Listen("tcp", host+":0")
	if err != nil {
		return "", err
	}
	return ln.Addr().String(), ln.Close()
}

// attempt sends one request with these headers, given as name, value, name, value.
func (st *stage) attempt(ctx context.Context, path string, headers ...string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, st.url+path, nil)
	if err != nil {
		return err
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := st.client.Do(req)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, resp.Body)
	return errors.Join(err, resp.Body.Close())
}

// showTables asks HAProxy for its tables.
func (st *stage) showTables(names []string) (string, error) {
	var all strings.Builder
	for _, name := range names {
		text, err := st.ask("show table " + name)
		if err != nil {
			return "", err
		}
		all.WriteString(text)
	}
	return all.String(), nil
}

// set changes an entry, which HAProxy pushes like any other change.
func (st *stage) set(words string) error {
	text, err := st.ask("set table " + words)
	if err == nil && strings.TrimSpace(text) != "" {
		err = fmt.Errorf("set table %s: %s", words, strings.TrimSpace(text))
	}
	return err
}

// ask sends a command to HAProxy's socket.
func (st *stage) ask(command string) (string, error) {
	conn, err := net.Dial("unix", st.socket())
	if err != nil {
		return "", err
	}
	fmt.Fprintln(conn, command)
	text, err := io.ReadAll(conn)
	return string(text), errors.Join(err, conn.Close())
}

func (st *stage) write(dir, name, table string) error {
	files := map[string][]byte{name + ".cfg": []byte(st.config), name + ".table.txt": []byte(table)}
	for i, b := range st.peer.streams() {
		files[fmt.Sprintf("%s-%d.bin", name, i+1)] = b
	}
	for file, b := range files {
		if err := os.WriteFile(filepath.Join(dir, file), b, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// close stops what was started, in reverse.
func (st *stage) close() error {
	var errs []error
	errs = append(errs, st.proxy.stop())
	if st.peer != nil {
		errs = append(errs, st.peer.close())
	}
	if st.origin != nil {
		errs = append(errs, st.origin.Close())
	}
	return errors.Join(append(errs, os.RemoveAll(st.dir))...)
}
